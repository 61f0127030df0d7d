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

/** What is recorded of a leg that is about to go on in another call, as it is to go on there. */
export function leaving(call: CallDraft, legKey: string, atMs: number): RecordingDraft[] {
  // Of a call that nobody has been told of nobody may ever be told: all of it goes along.
  if (call.revision === 0) {
    const all = call.recordings.splice(0);
    call.recordings.push(...all.filter(({ leg }) => leg !== legKey));
    if (call.recordings.length === 0) {
      const owed = call.owed.splice(0);
      call.owed.push(...owed.filter((kind) => !kind.startsWith('recording.')));
    }
    return all.filter(({ leg }) => leg === legKey);
  }
  const open = openRecording(call, legKey);
  if (open === undefined) return [];
  // To whoever looks at that call alone it would seem over.
  open.goesOn = true;
  const { goesOn: _, ...next } = { ...open, of: open.of ?? open.id, startedAtMs: atMs, pauses: [] };
  const muted = sideOf(mutedSides(open));
  if (muted !== undefined) pause(next, muted, atMs, isCut(open));
  return [next];
}

/** Takes over what has left another call, each as a segment of its own. */
export function arriving(
  call: CallDraft,
  segments: readonly RecordingDraft[],
  nextId: () => number,
): void {
  const ids = new Map<number, number>();
  for (const segment of segments) {
    const id = nextId();
    // The first one may have come along before, and have another number now.
    const of = segment.of === undefined ? {} : { of: ids.get(segment.of) ?? segment.of };
    ids.set(segment.id, id);
    call.recordings.push({ ...segment, id, ...of });
    call.owed.push('recording.started');
    if (segment.endedAtMs !== undefined) call.owed.push('recording.ended');
  }
}

function finish(open: RecordingDraft, atMs: number): void {
  open.endedAtMs = Math.max(atMs, open.startedAtMs);
  for (const each of open.pauses) each.toMs ??= Math.max(open.endedAtMs, each.fromMs);
}
