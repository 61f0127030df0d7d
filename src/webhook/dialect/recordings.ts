/**
 * What has become of a call's recordings since its last event. One signal may end several at once, and the
 * event before may show it already; so what is told is the difference, whatever the event is called. Pure.
 */
import type { Call, Recording } from '../../call/call.ts';
import type { OfCall } from '../../call/event.ts';
import { mutedSides } from '../../call/recordings.ts';

export type RecordingStep = 'started' | 'paused' | 'resumed' | 'ended';

export interface RecordingChange {
  readonly step: RecordingStep;
  /** Place of the recording in `call.recordings`, which only grows. */
  readonly index: number;
}

interface Compared {
  readonly before: Call | undefined;
  readonly changes: readonly RecordingChange[];
}

/** An event is looked at for many destinations, one after the other. */
const compared = new WeakMap<OfCall, Compared>();

/**
 * What happened, in order: each change of a recording shows in exactly one event of its call.
 * @param before the call as of its last event; undefined for its first
 */
export function recordingChanges(
  event: OfCall,
  before: Call | undefined,
): readonly RecordingChange[] {
  const known = compared.get(event);
  if (known !== undefined && known.before === before) return known.changes;
  const changes = compare(event, before);
  compared.set(event, { before, changes });
  return changes;
}

function compare(event: OfCall, before: Call | undefined): RecordingChange[] {
  const { recordings, revision } = event.call;
  // Without what was, only the event's name tells what is new.
  if (before === undefined && revision > 1) return named(event);
  const was = before?.recordings ?? [];
  return recordings.flatMap((now, index) =>
    stepsOf(was[index], now).map((step) => ({ step, index })),
  );
}

function stepsOf(was: Recording | undefined, now: Recording): RecordingStep[] {
  if (was?.endedAtMs !== undefined) return [];
  const steps: RecordingStep[] = was === undefined ? ['started'] : [];
  if (now.endedAtMs !== undefined) return [...steps, 'ended'];
  const muted = mutedSides(now);
  const mutedBefore = mutedSides(was ?? { pauses: takenOver(now) });
  if ([...mutedBefore].some((side) => !muted.has(side))) steps.push('resumed');
  if ([...muted].some((side) => !mutedBefore.has(side))) steps.push('paused');
  return steps;
}

/** Whoever was muted when a recording went on in this segment has been so before: nothing that is new. */
function takenOver({ of, startedAtMs, pauses }: Recording): Recording['pauses'] {
  return of === undefined ? [] : pauses.filter(({ fromMs }) => fromMs === startedAtMs);
}

/** When the recording last did what the step says; undefined when it never did. */
const lastMs: Readonly<Record<RecordingStep, (recording: Recording) => number | undefined>> = {
  started: ({ startedAtMs }) => startedAtMs,
  paused: ({ pauses }) => pauses.findLast((pause) => pause.toMs === undefined)?.fromMs,
  resumed: ({ pauses }) => pauses.findLast((pause) => pause.toMs !== undefined)?.toMs,
  ended: ({ endedAtMs }) => endedAtMs,
};

/** The one recording that did last what the event is called after. */
function named({ kind, call }: OfCall): RecordingChange[] {
  const step = stepOf(kind);
  if (step === undefined) return [];
  let found: number | undefined;
  let latestMs = -Infinity;
  for (const [index, recording] of call.recordings.entries()) {
    const ms = lastMs[step](recording) ?? -Infinity;
    if (ms === -Infinity || ms < latestMs) continue;
    latestMs = ms;
    found = index;
  }
  return found === undefined ? [] : [{ step, index: found }];
}

function stepOf(kind: OfCall['kind']): RecordingStep | undefined {
  switch (kind) {
    case 'recording.started':
      return 'started';
    case 'recording.paused':
      return 'paused';
    case 'recording.resumed':
      return 'resumed';
    case 'recording.ended':
      return 'ended';
    default:
      return undefined;
  }
}
