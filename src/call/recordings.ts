/**
 * Recordings of a call: one at a time per leg, with the stretches in which a side was muted.
 */
import type { CallDraft, RecordingDraft } from './draft.ts';
import type { Pause } from './call.ts';
import type { AudioSide, RecordingSignal } from './signal.ts';

function openRecording(call: CallDraft, legKey: string): RecordingDraft | undefined {
  return call.recordings.findLast((each) => each.leg === legKey && each.endedAtMs === undefined);
}

/** True when the signal changed a recording. */
export function record(call: CallDraft, signal: RecordingSignal): boolean {
  const open = openRecording(call, signal.leg);
  switch (signal.kind) {
    case 'recording.started': {
      if (open !== undefined) return false;
      const file = signal.file === undefined ? {} : { file: signal.file };
      call.recordings.push({ leg: signal.leg, startedAtMs: signal.atMs, pauses: [], ...file });
      call.owed.push('recording.started');
      return true;
    }
    case 'recording.named':
      if (open === undefined || open.file === signal.file) return false;
      open.file = signal.file;
      call.touched = true;
      return true;
    case 'recording.paused':
      if (open === undefined || !pause(open, signal.side, signal.atMs)) return false;
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

function pause(recording: RecordingDraft, side: AudioSide, atMs: number): boolean {
  const muted = mutedSides(recording);
  const fresh = sideOf(new Set(sidesOf(side).filter((each) => !muted.has(each))));
  if (fresh === undefined) return false;
  recording.pauses.push({ side: fresh, fromMs: atMs });
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
    for (const one of still) recording.pauses.push({ side: one, fromMs: each.toMs });
  }
  return changed;
}

/** Ends the recording on a leg, as the platform does without a word when the leg ends. */
export function stopRecordings(call: CallDraft, legKey: string, atMs: number): boolean {
  const open = openRecording(call, legKey);
  if (open === undefined) return false;
  open.endedAtMs = Math.max(atMs, open.startedAtMs);
  for (const each of open.pauses) each.toMs ??= Math.max(open.endedAtMs, each.fromMs);
  call.owed.push('recording.ended');
  return true;
}
