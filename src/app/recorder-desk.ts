/**
 * Drives recorders for those who give commands: finds the leg, looks whether the order fits, has the call's source
 * carry it out, and waits until the journal shows it. What fails is told on, once.
 */
import { posix } from 'node:path';
import { nanoid } from 'nanoid';
import type { Call, Leg, Recording } from '../call/call.ts';
import { type CallEvent, isOfCall } from '../call/event.ts';
import { isCut, mutedSides, sideOf } from '../call/recordings.ts';
import type { Ordered, RecorderControl, RecorderOrder, WrongState } from '../record/control.ts';
import { nextSegmentFile, nextTakeFile } from '../source/segment-file.ts';
import type { RecorderCommand, Source } from '../source/source.ts';
import type { Refusal } from './desk.ts';
import { OngoingRecordings, recordingOf } from './ongoing-recordings.ts';
import { Turnstile } from './turnstile.ts';

export interface RecorderDeskParts {
  /** A call that goes on. */
  readonly call: (id: string) => Call | undefined;
  /** All calls that go on now. */
  readonly ongoing: readonly Call[];
  readonly source: (name: string) => Source | undefined;
  /** Whether there is a media file of that path: recorders write over what is there. */
  readonly isThere: (file: string) => Promise<boolean>;
  /** Our time, milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Told of every order for a known call that was not carried out. */
  readonly onRefused: (refusal: Refusal) => void;
}

type Failed = Exclude<Ordered, { kind: 'done' | 'unknown' }>;
/** What follows from an order: what to tell the recorder, and what the call looks like once it has been done. */
interface Plan {
  readonly command: RecorderCommand;
  readonly shownBy: (call: Call) => Recording | undefined;
}

/** What the order is for. */
interface Subject {
  readonly call: Call;
  /** The newest segment of the recording; absent for a start. */
  readonly recording?: Recording;
  readonly leg?: string;
}

/** The recorder has done it; the journal has this long to show it, milliseconds. */
const shownWithinMs = 2_000;
/** Orders under way and waiting at one time, in all and of one recording or call. */
const mostOrders = 64;
const mostOfOne = 8;
/** Every event of a call tells all its segments: beyond this it is divided no more, nor recorded anew. */
export const mostSegments = 500;
/** A name that no file system takes, or that Asterisk could not be told. */
const longestFile = 255;

export class RecorderDesk implements RecorderControl {
  readonly #parts: RecorderDeskParts;
  readonly #recordings: OngoingRecordings;
  readonly #turns = new Turnstile(mostOrders, mostOfOne);
  /** Those who wait to be shown what they have ordered. */
  readonly #watching = new Set<(call: Call) => void>();

  constructor(parts: RecorderDeskParts) {
    this.#parts = parts;
    this.#recordings = new OngoingRecordings(parts.ongoing);
  }

  /** To be told of every event once it is on the disk, after those who keep the calls that go on. */
  committed(events: readonly CallEvent[]): void {
    for (const event of events) {
      if (!isOfCall(event) || event.call.recordings.length === 0) continue;
      this.#recordings.take(event);
      for (const watch of this.#watching) watch(event.call);
    }
  }

  async order(order: RecorderOrder): Promise<Ordered> {
    const subject = this.#subjectOf(order);
    if ('kind' in subject) return subject;
    const { call } = subject;
    // Of one call after the other: which leg an order means may depend on the one before.
    const turn = this.#turns.enter(call.id);
    if (turn === undefined) {
      const reason = 'Too many orders for recorders are under way; try again in a moment.';
      return this.#failed(order, subject, { kind: 'unavailable', reason });
    }
    try {
      await turn.begins;
      return await this.#carryOut(order);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return this.#failed(order, subject, { kind: 'unavailable', reason });
    } finally {
      turn.leave();
    }
  }

  async #carryOut(order: RecorderOrder): Promise<Ordered> {
    // Looked up again: it may have ended, or moved, while others had their turn.
    const subject = this.#subjectOf(order);
    if ('kind' in subject) return subject;
    const plan = planOf(order, subject);
    if ('kind' in plan) return this.#failed(order, subject, plan);
    const { call } = subject;
    const source = this.#parts.source(call.source);
    if (source?.record === undefined) {
      const reason = `The source "${call.source}" has no recorder that could be driven.`;
      return this.#failed(order, subject, { kind: 'unavailable', reason });
    }
    if (begins(plan.command) && call.recordings.length >= mostSegments) {
      const reason = `The call has ${mostSegments} recorded segments, which is as many as it may have.`;
      return this.#failed(order, subject, { kind: 'refused', reason });
    }
    const taken = await this.#takenBy(plan.command);
    if (taken !== undefined) return this.#failed(order, subject, taken);
    // From before the command on, since the event may be on the disk before the answer is here.
    const shown = this.#watch(plan.shownBy);
    try {
      const result = await source.record(plan.command);
      if (result.kind !== 'done') {
        return this.#failed(order, { ...subject, leg: plan.command.leg }, result);
      }
      const recording = await shown.within(shownWithinMs);
      if (recording === undefined) return { kind: 'done' };
      return { kind: 'done', recording: recording.of ?? recording.id, segment: recording.id };
    } finally {
      shown.stop();
    }
  }

  async #takenBy(command: RecorderCommand): Promise<Failed | undefined> {
    if (!begins(command)) return undefined;
    const { file } = command;
    if (file === undefined || !(await this.#parts.isThere(file))) return undefined;
    const reason = `A file ${JSON.stringify(file)} is there already; give another name.`;
    return { kind: 'refused', reason };
  }

  #watch(shownBy: Plan['shownBy']): {
    readonly within: (ms: number) => Promise<Recording | undefined>;
    readonly stop: () => void;
  } {
    let show: (recording: Recording) => void = () => undefined;
    const seen = new Promise<Recording>((resolve) => (show = resolve));
    const watch = (call: Call): void => {
      const recording = shownBy(call);
      if (recording !== undefined) show(recording);
    };
    this.#watching.add(watch);
    let timer: NodeJS.Timeout | undefined;
    return {
      within: (ms) => {
        const late = new Promise<undefined>((resolve) => {
          timer = setTimeout(() => resolve(undefined), ms);
        });
        return Promise.race([seen, late]);
      },
      stop: () => {
        clearTimeout(timer);
        this.#watching.delete(watch);
      },
    };
  }

  #subjectOf(order: RecorderOrder): Subject | Extract<Ordered, { kind: 'unknown' }> {
    if (order.kind === 'start') {
      const call = this.#parts.call(order.callId);
      if (call !== undefined) return order.leg === undefined ? { call } : { call, leg: order.leg };
      return { kind: 'unknown', reason: `No call "${order.callId}" goes on.` };
    }
    const { recording: number } = order;
    const callId = this.#recordings.callOf(number);
    const call = callId === undefined ? undefined : this.#parts.call(callId);
    const recording = call === undefined ? undefined : recordingOf(call, number);
    if (call !== undefined && recording !== undefined) {
      return { call, recording, leg: recording.leg };
    }
    return { kind: 'unknown', reason: `No recording ${number} is in progress.` };
  }

  #failed(order: RecorderOrder, { call, leg }: Subject, failure: Failed): Failed {
    this.#parts.onRefused({
      ...{ id: nanoid(), atMs: this.#parts.nowMs(), command: order.kind, call },
      reason: failure.reason,
      ...(leg !== undefined && { leg }),
    });
    return failure;
  }
}

/** Whether another media file begins. */
function begins(
  command: RecorderCommand,
): command is Extract<RecorderCommand, { kind: 'start' | 'split' }> {
  return command.kind === 'start' || command.kind === 'split';
}

function planOf(order: RecorderOrder, subject: Subject): Plan | Failed {
  if (order.kind === 'start') return startOf(order, subject.call);
  const { call, recording } = subject;
  if (recording?.endedAtMs !== undefined || recording === undefined) {
    return wrong('not-started', `The recording ${order.recording} is not in progress any more.`);
  }
  const { leg } = recording;
  const muted = mutedSides(recording);
  const cut = isCut(recording);
  const shows = (holds: (recording: Recording) => boolean) => (later: Call) => {
    const found = recordingOf(later, order.recording);
    return found !== undefined && holds(found) ? found : undefined;
  };
  switch (order.kind) {
    case 'stop':
      return {
        command: { kind: 'stop', leg, ...(cut && { suspended: true }) },
        // One that has gone into another call has not been stopped.
        shownBy: shows(({ endedAtMs, goesOn }) => endedAtMs !== undefined && goesOn !== true),
      };
    case 'pause': {
      if (muted.size === 2) return wrong('paused', 'The recording is paused already.');
      const shownBy = shows((each) => mutedSides(each).size === 2);
      if (!order.silence) return { command: { kind: 'suspend', leg }, shownBy };
      return { command: { kind: 'mute', leg, side: 'both', muted: true }, shownBy };
    }
    case 'resume': {
      if (muted.size === 0) return wrong('not-paused', 'The recording is not paused.');
      const shownBy = shows((each) => mutedSides(each).size === 0);
      if (!cut) return { command: { kind: 'mute', leg, side: 'both', muted: false }, shownBy };
      const { file } = recording;
      return { command: { kind: 'continue', leg, ...(file !== undefined && { file }) }, shownBy };
    }
    case 'split': {
      if (cut)
        return wrong('paused', 'The recording is paused, with nothing to split; resume it first.');
      const fault = order.file === undefined ? undefined : faultOf(order.file);
      if (fault !== undefined) return { kind: 'refused', reason: fault };
      const file = order.file ?? (recording.file && nextSegmentFile(recording.file, filesOf(call)));
      const side = sideOf(muted);
      return {
        command: {
          ...{ kind: 'split', leg },
          ...(file !== undefined && { file }),
          ...(side !== undefined && { muted: side }),
        },
        shownBy: shows(({ id }) => id > recording.id),
      };
    }
  }
}

function startOf(order: Extract<RecorderOrder, { kind: 'start' }>, call: Call): Plan | Failed {
  const leg = legToRecord(call, order.leg);
  if (leg === undefined) {
    const reason =
      order.leg === undefined
        ? 'Nobody is connected in the call yet.'
        : `The call has no leg ${JSON.stringify(order.leg)} that goes on.`;
    return { kind: 'refused', reason };
  }
  // A call of which any leg is recorded is being recorded, unless another leg is asked for by its name.
  const isRecorded = call.recordings.some(
    (each) => each.endedAtMs === undefined && (order.leg === undefined || each.leg === leg.key),
  );
  if (isRecorded) return wrong('started', 'It is being recorded already.');
  const { format } = order;
  const fault = order.file === undefined ? undefined : faultOf(order.file);
  if (fault !== undefined) return { kind: 'refused', reason: fault };
  if (format !== undefined && !/^[A-Za-z0-9]{1,8}$/.test(format)) {
    const reason = `A format is a file extension of up to 8 letters and digits, and not ${JSON.stringify(format)}.`;
    return { kind: 'refused', reason };
  }
  const before = call.recordings.filter((each) => each.leg === leg.key);
  const last = before.findLast(({ file }) => file !== undefined)?.file;
  // The name that a platform gives by itself is of the leg, and the file of it is there already.
  const file = order.file ?? (last && nextTakeFile(last, filesOf(call), format));
  const known = new Set(before.map(({ id }) => id));
  return {
    command: {
      ...{ kind: 'start', leg: leg.key },
      ...(file !== undefined && { file }),
      ...(format !== undefined && { format }),
    },
    shownBy: ({ recordings }) =>
      recordings.find((each) => each.leg === leg.key && !known.has(each.id)),
  };
}

function legToRecord({ legs }: Call, named: string | undefined): Leg | undefined {
  const talks = ({ state }: Leg): boolean => state === 'connected' || state === 'held';
  if (named !== undefined) return legs.find(({ key, state }) => key === named && state !== 'ended');
  const parties = legs.filter((leg) => leg.party && talks(leg));
  return parties.find(({ role }) => role === 'caller') ?? parties[0];
}

function filesOf({ recordings }: Call): string[] {
  return recordings.flatMap(({ file }) => (file === undefined ? [] : [file]));
}

/** Why somebody's own file name is not taken: it must lie in the platform's folder of recordings. */
function faultOf(file: string): string | undefined {
  const isInside = !posix.isAbsolute(file) && !file.split(/[/\\]/).includes('..');
  if (file !== '' && file.length <= longestFile && isInside) return undefined;
  return `A file name is a path below the folder of recordings, of 1 to ${longestFile} characters.`;
}

function wrong(state: WrongState, reason: string): Failed {
  return { kind: 'wrong-state', state, reason };
}
