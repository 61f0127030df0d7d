/**
 * Recordings of a call: one segment at a time per leg, with the stretches in which a side was muted.
 */
import type { CallDraft, RecordingDraft } from './draft.ts';
import type { Pause } from './call.ts';
import type { AudioSide, RecordingSignal } from './signal.ts';

function openRecording(call: CallDraft, legKey: string): RecordingDraft | undefined {
  return call.recordings.findLast((each) => each.leg === legKey && each.endedAtMs === undefined);
}

/**
 * True when the signal changed a recording.
 * @param nextId the number of a segment that begins
 */
export function record(call: CallDraft, signal: RecordingSignal, nextId: () => number): boolean {
  const open = openRecording(call, signal.leg);
  switch (signal.kind) {
    case 'recording.started':
      if (open !== undefined && !isCut(open)) return false;
      // One that was suspended is over once the recorder begins another.
      stopRecordings(call, signal.leg, signal.atMs);
      begin(call, signal, { id: nextId() });
      return true;
    case 'recording.split': {
      if (open === undefined) return false;
      const muted = sideOf(mutedSides(open));
      const cut = isCut(open);
      finish(open, signal.atMs);
      open.goesOn = true;
      call.owed.push('recording.ended');
      const next = begin(call, signal, { id: nextId(), of: open.of ?? open.id });
      // Who was muted stays so.
      if (muted !== undefined) pause(next, muted, next.startedAtMs, cut);
      return true;
    }
    case 'recording.named':
      if (open === undefined || open.file === signal.file) return false;
      open.file = signal.file;
      call.touched = true;
      return true;
    case 'recording.paused':
      if (open === undefined || !pause(open, signal.side, signal.atMs, signal.cut)) return false;
      call.owed.push('recording.paused');
      return true;
    case 'recording.resumed':
      if (open === undefined || !resume(open, signal.side, signal.atMs)) return false;
      call.owed.push('recording.resumed');
      return true;
    case 'recording.stopped':
      return stopRecordings(call, signal.leg, signal.atMs);
  }
}

const sidesOf = (side: AudioSide): readonly ('says' | 'hears')[] =>
  side === 'both' ? ['says', 'hears'] : [side];

/** The sides that are muted now. */
export function mutedSides(recording: {
  readonly pauses: readonly Pause[];
}): Set<'says' | 'hears'> {
  const open = recording.pauses.filter((each) => each.toMs === undefined);
  return new Set(open.flatMap((each) => sidesOf(each.side)));
}

/** Both sides as one word; undefined for none. */
export function sideOf(sides: ReadonlySet<'says' | 'hears'>): AudioSide | undefined {
  const [first] = sides;
  return sides.size > 1 ? 'both' : first;
}

/** Whether the file leaves out what is said now. */
export function isCut(recording: { readonly pauses: readonly Pause[] }): boolean {
  return recording.pauses.some((each) => each.toMs === undefined && each.cut === true);
}

function begin(
  call: CallDraft,
  { leg, atMs, file }: Extract<RecordingSignal, { kind: 'recording.started' | 'recording.split' }>,
  of: Pick<RecordingDraft, 'id' | 'of'>,
): RecordingDraft {
  const named = file === undefined ? {} : { file };
  const begun: RecordingDraft = { ...of, leg, startedAtMs: atMs, pauses: [], ...named };
  call.recordings.push(begun);
  call.owed.push('recording.started');
  return begun;
}

function pause(
  recording: RecordingDraft,
  side: AudioSide,
  atMs: number,
  isCutNow: boolean | undefined,
): boolean {
  const muted = mutedSides(recording);
  const fresh = sideOf(new Set(sidesOf(side).filter((each) => !muted.has(each))));
  if (fresh === undefined) return false;
  const cut = isCutNow === true ? { cut: true as const } : {};
  recording.pauses.push({ side: fresh, fromMs: atMs, ...cut });
  return true;
}

function resume(recording: RecordingDraft, side: AudioSide, atMs: number): boolean {
  const freed = sidesOf(side);
  let changed = false;
  for (const each of [...recording.pauses]) {
    if (each.toMs !== undefined || !sidesOf(each.side).some((one) => freed.includes(one))) continue;
    each.toMs = Math.max(atMs, each.fromMs);
    changed = true;
    const still = sidesOf(each.side).filter((one) => !freed.includes(one));
    for (const one of still) pause(recording, one, each.toMs, each.cut);
  }
  return changed;
}

/** Ends the recording on a leg, as the platform does without a word when the leg ends. */
export function stopRecordings(call: CallDraft, legKey: string, atMs: number): boolean {
  const open = openRecording(call, legKey);
  if (open === undefined) return false;
  finish(open, atMs);
  call.owed.push('recording.ended');
  return true;
}

function finish(open: RecordingDraft, atMs: number): void {
  open.endedAtMs = Math.max(atMs, open.startedAtMs);
  for (const each of open.pauses) each.toMs ??= Math.max(open.endedAtMs, each.fromMs);
}
