/**
 * Commands to recorders: start, stop, pause, resume and split. Each answers with the recording as it is afterwards.
 */
import type { Ordered, RecorderOrder, WrongState } from '../../record/control.ts';
import type { RecordingDossier } from '../../store/recording-messages.ts';
import { type Answer, severalMatches, told } from '../answers.ts';
import { type Update, wrongFilename } from '../body.ts';
import { nack, succeeded, type Verdict, verdicts } from '../codes.ts';
import type { Wanted } from '../criteria.ts';
import { callCriteria, callCriteriaOf, selectCalls } from '../live-calls.ts';
import { recordingMatches, sessionMatches } from '../matches.ts';
import { nameToRecord, takenName, withExtensionOf } from '../naming.ts';
import type { FacePorts } from '../ports.ts';
import { dossierOf, selectRecording } from '../selection.ts';
import { updateRecording } from '../updating.ts';
import {
  answer,
  type Asked,
  type Command,
  oneOf,
  type Or,
  wantedOf,
  withDetails,
} from './command.ts';
import { updateOf } from './details.ts';

export type Control = 'stop' | 'pause' | 'resume' | 'split';

/** What a recorder that is not in the right state says, by command. */
const wrongStates: Readonly<Record<Control | 'start', Readonly<Record<WrongState, Verdict>>>> = {
  start: {
    started: verdicts.alreadyStarted,
    'not-started': verdicts.recorder,
    paused: verdicts.alreadyStarted,
    'not-paused': verdicts.alreadyStarted,
  },
  stop: all(verdicts.cannotEnd),
  pause: { ...all(verdicts.cannotPause), paused: verdicts.alreadyPaused },
  resume: { ...all(verdicts.cannotResume), 'not-paused': verdicts.notPaused },
  split: all(verdicts.cannotSplit),
};

function all(verdict: Verdict): Readonly<Record<WrongState, Verdict>> {
  return { started: verdict, 'not-started': verdict, paused: verdict, 'not-paused': verdict };
}

/** What codec profiles are, as extensions of files that recorders write; the first is the recorder's own. */
const profiles: ReadonlyMap<number, string> = new Map([
  [2, 'gsm'],
  [3, 'wav49'],
  [4, 'wav16'],
  [5, 'wav'],
]);

export const start: Command = async (ports, asked) => {
  const update = updateOf(ports, asked);
  if (update.kind === 'answer') return update.answer;
  const wanted = wantedOf(ports, asked, 'change');
  if (wanted.kind === 'answer') return wanted.answer;
  const { criteria, hasUcid, mostListed, codecProfile } = wanted.found;
  const ofCall = callCriteriaOf(criteria);
  if (ofCall === undefined) return told(nack(`expected no criteria but ${callCriteria}`));
  const calls = selectCalls(ports.calls, asked.user, ofCall);
  const [call] = calls;
  if (call === undefined) return told(hasUcid ? verdicts.noSession : verdicts.noRecording);
  if (calls.length > 1) {
    const shown = sessionMatches(calls.slice(0, mostListed), asked.user.timeZone);
    return severalMatches(calls.length > mostListed, shown);
  }
  const format = codecProfile === undefined ? undefined : profiles.get(codecProfile);
  const { filename, ...rest } = update.found ?? {};
  const file = filename === undefined ? undefined : nameToRecord(filename, format);
  const fault = file === undefined ? undefined : await faultOf(ports, file);
  if (fault !== undefined) return told(fault);
  const ordered = await ordering(ports, asked, 'start', {
    kind: 'start',
    callId: call.id,
    ...(file !== undefined && { file }),
    ...(format !== undefined && { format }),
  });
  if (ordered.kind !== 'done') return told(refusal('start', ordered));
  const id = ordered.recording ?? (await newestOf(ports, call.id));
  if (id === undefined) return told(succeeded('start'));
  return finished(ports, asked, 'start', id, rest);
};

export function control(kind: Control): Command {
  return async (ports, asked) => {
    const update = updateOf(ports, asked);
    if (update.kind === 'answer') return update.answer;
    const wanted = wantedOf(ports, asked, 'change');
    if (wanted.kind === 'answer') return wanted.answer;
    const selected = await oneInProgress(ports, asked, kind, wanted.found);
    if (selected.kind === 'answer') return selected.answer;
    const { recording, segments } = selected.found;
    const { filename, ...rest } = update.found ?? {};
    if (filename !== undefined && kind !== 'split') {
      if (kind !== 'stop') return told(verdicts.renameInProgress);
      // Seen before anything is stopped, as the name is given afterwards.
      if (segments.length > 1) {
        const seen = `seen "filename" for a recording of ${segments.length} segments`;
        return told(
          nack(`${seen}, expected it with audioRecording/segment/details once it has ended`),
        );
      }
    }
    let file: string | undefined;
    if (filename !== undefined && kind === 'split') {
      const before = segments.at(-1)?.file ?? undefined;
      file =
        before === undefined
          ? nameToRecord(filename, undefined)
          : withExtensionOf(before, filename);
      const fault = await faultOf(ports, file);
      if (fault !== undefined) return told(fault);
    }
    const order = orderOf(kind, recording.id, wanted.found, file);
    const ordered = await ordering(ports, asked, kind, order);
    if (ordered.kind !== 'done') return told(refusal(kind, ordered));
    const after = kind === 'stop' ? (update.found ?? {}) : rest;
    return finished(ports, asked, kind, recording.id, after);
  };
}

function orderOf(
  kind: Control,
  recording: number,
  { fillWithSilence }: Wanted,
  file: string | undefined,
): RecorderOrder {
  switch (kind) {
    case 'pause':
      return { kind, recording, silence: fillWithSilence };
    case 'split':
      return { kind, recording, ...(file !== undefined && { file }) };
    case 'stop':
    case 'resume':
      return { kind, recording };
  }
}

async function ordering(
  { recorders, log }: FacePorts,
  { user }: Asked,
  command: string,
  order: RecorderOrder,
): Promise<Ordered> {
  const ordered = await recorders.order(order);
  const of = order.kind === 'start' ? { callId: order.callId } : { recording: order.recording };
  if (ordered.kind === 'done') {
    log.info({ user: user.email, command, ...of }, 'face.commanded');
  } else {
    const { kind: outcome, reason } = ordered;
    log.warn({ user: user.email, command, ...of, outcome, reason }, 'face.command-failed');
  }
  return ordered;
}

function refusal(command: Control | 'start', ordered: Exclude<Ordered, { kind: 'done' }>): Verdict {
  switch (ordered.kind) {
    case 'wrong-state':
      return wrongStates[command][ordered.state];
    case 'unknown':
      return command === 'start' ? verdicts.noSession : wrongStates[command]['not-started'];
    case 'refused':
    case 'unavailable':
      return verdicts.recorder;
  }
}

/** What was asked for beside the command, and the recording as it is then. */
async function finished(
  ports: FacePorts,
  asked: Asked,
  command: string,
  id: number,
  { filename, ...rest }: Update,
): Promise<Answer> {
  const dossier = await dossierOf(ports.books, asked.user, id);
  if (dossier === undefined) return told(succeeded(command));
  // What the recorder has done is done: of the rest as much is changed as can be, and only the name can be refused.
  let verdict: Verdict | undefined;
  for (const part of [rest, filename === undefined ? {} : { filename }]) {
    if (Object.keys(part).length > 0) {
      ({ verdict } = await updateRecording(ports, dossier, part));
    }
  }
  const after = (await dossierOf(ports.books, asked.user, id)) ?? dossier;
  return withDetails(ports, asked, verdict ?? succeeded(command), after);
}

/**
 * The one recording that goes on, of all that the criteria select: whoever stops "the one of 7777" does not mean
 * those of last year.
 */
async function oneInProgress(
  { books, calls }: FacePorts,
  { user }: Asked,
  kind: Control,
  wanted: Wanted,
): Promise<Or<RecordingDossier>> {
  const { criteria } = wanted;
  const listed = (rows: Parameters<typeof recordingMatches>[0]) =>
    recordingMatches(rows, user.timeZone);
  if (criteria.inProgress !== false) {
    const going = { ...wanted, criteria: { ...criteria, inProgress: true } };
    const selection = await selectRecording(books, user, going);
    if (selection.kind !== 'none') return oneOf(selection, wanted, listed);
  }
  const ended = { ...wanted, criteria: { ...criteria, inProgress: false } };
  const hasEnded =
    criteria.inProgress !== true && (await selectRecording(books, user, ended)).kind !== 'none';
  // A call that goes on and is not recorded is a session all the same.
  const ofCall = callCriteriaOf(criteria) ?? [];
  if (hasEnded || (ofCall.length > 0 && selectCalls(calls, user, ofCall).length > 0)) {
    return answer(wrongStates[kind]['not-started']);
  }
  return oneOf({ kind: 'none' }, wanted, listed);
}

/** Why a file of that name must not be recorded; what was added may have made it too long. */
async function faultOf(ports: FacePorts, file: string): Promise<Verdict | undefined> {
  const wrong = wrongFilename(file);
  return wrong === undefined ? takenName(ports, file) : nack(wrong);
}

async function newestOf({ books }: FacePorts, callId: string): Promise<number | undefined> {
  const { rows } = await books.search({ criteria: { callId, inProgress: true }, limit: 1 });
  return rows[0]?.id;
}
