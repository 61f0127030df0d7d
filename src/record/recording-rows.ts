/**
 * What an event says of the recordings of its call, as rows of the books; written in the transaction of the
 * event. Pure, and asked of every event.
 */
import { posix } from 'node:path';
import type { Call, Recording } from '../call/call.ts';
import { type CallEvent, isOfCall } from '../call/event.ts';
import { mutedSides } from '../call/recordings.ts';
import type { RecordingRow, RecordingRows, SegmentRow } from '../store/recording-messages.ts';
import type { Belonging } from './account.ts';
import {
  aniOf,
  aorOf,
  dnisOf,
  egressCallIdOf,
  ingressCallIdOf,
  tookPart,
  ucidOf,
} from './session.ts';

export interface RecordingSite {
  /** Number of this recorder service. */
  readonly rss: number;
  readonly belonging: (call: Call) => Belonging;
}

/** Who took part in a recorded session, as far as we know. */
export interface Participant {
  /** Key of the leg. */
  readonly id: string;
  readonly aor: string | null;
  readonly name: string | null;
  readonly isCalling: boolean;
  readonly startMs: number;
  readonly endMs: number | null;
}

/** More parties than this are not kept: a conference may have any number. */
const mostParticipants = 16;

/** Undefined when nothing of it is or was recorded. */
export function recordingRowsOf(
  events: readonly CallEvent[],
  site: RecordingSite,
): RecordingRows | undefined {
  // The last event of a call shows all that those before it do.
  const calls = new Map<string, Call>();
  for (const event of events) {
    if (isOfCall(event) && event.call.recordings.length > 0) calls.set(event.call.id, event.call);
  }
  if (calls.size === 0) return undefined;
  const recordings: RecordingRow[] = [];
  const continued: RecordingRow[] = [];
  const segments: SegmentRow[] = [];
  for (const call of calls.values()) {
    const facts = factsOf(call, site);
    const met = new Set<number>();
    for (const { id, of, startedAtMs } of call.recordings) {
      const recording = of ?? id;
      if (met.has(recording)) continue;
      met.add(recording);
      const row = { ...facts, id: recording, startMs: Math.trunc(startedAtMs) };
      (of === undefined ? recordings : continued).push(row);
    }
    segments.push(...call.recordings.map((each) => segmentOf(call, each)));
  }
  segments.sort((a, b) => a.id - b.id);
  return { recordings, continued, segments };
}

/** What a call says of everything that is recorded of it. */
function factsOf(
  call: Call,
  { rss, belonging }: RecordingSite,
): Omit<RecordingRow, 'id' | 'startMs'> {
  const participants = participantsOf(call);
  const aors = participants.flatMap(({ aor }) => (aor === null ? [] : [aor]));
  const { account, route } = belonging(call);
  return {
    callId: call.id,
    source: call.source,
    ...{ account, route, rss },
    ani: aniOf(call) ?? null,
    dnis: dnisOf(call) ?? null,
    isrUcid: ucidOf(call) ?? null,
    ingressCallId: ingressCallIdOf(call) ?? null,
    egressCallId: egressCallIdOf(call) ?? null,
    agentId: call.legs.findLast(({ agent }) => agent !== undefined)?.agent ?? null,
    participants: JSON.stringify(participants),
    extensions: JSON.stringify(call.extensions),
    aors: [...new Set(aors)],
  };
}

function participantsOf(call: Call): Participant[] {
  return call.legs
    .filter((leg) => (leg.party && leg.role === 'caller') || tookPart(leg))
    .slice(0, mostParticipants)
    .map((leg) => ({
      id: leg.key,
      aor: aorOf(leg) ?? null,
      name: leg.name ?? null,
      isCalling: leg.role === 'caller',
      startMs: leg.offeredAtMs,
      endMs: leg.endedAtMs ?? null,
    }));
}

function segmentOf(call: Call, recording: Recording): SegmentRow {
  const { id, of, leg, file, startedAtMs, endedAtMs, pauses, goesOn } = recording;
  const isPaused = mutedSides(recording).size === 2;
  const since = pauses.filter((pause) => pause.toMs === undefined).map(({ fromMs }) => fromMs);
  return {
    id,
    recording: of ?? id,
    callId: call.id,
    leg,
    startMs: Math.trunc(startedAtMs),
    endMs: endedAtMs === undefined ? null : Math.trunc(endedAtMs),
    pauseMs: Math.trunc(pausedMs(recording)),
    pausedSinceMs: isPaused ? Math.trunc(Math.max(...since)) : null,
    pausedWithSilence: pauses.length > 0 && pauses.every(({ cut }) => cut !== true),
    file: file ?? null,
    // Paths are the platform's, whatever this machine's look like.
    filename: file === undefined ? null : posix.basename(file),
    goesOn: goesOn === true,
  };
}

/**
 * How long the recording has been paused, milliseconds; what is muted on both sides counts once.
 * @param untilMs how far a pause that goes on is counted; absent: it is not
 */
export function pausedMs({ pauses }: Recording, untilMs?: number): number {
  const spans = pauses
    .map(({ fromMs, toMs }) => ({ fromMs, toMs: toMs ?? Math.max(untilMs ?? fromMs, fromMs) }))
    .sort((a, b) => a.fromMs - b.fromMs);
  let total = 0;
  let countedMs = -Infinity;
  for (const { fromMs, toMs } of spans) {
    total += Math.max(0, toMs - Math.max(fromMs, countedMs));
    countedMs = Math.max(countedMs, toMs);
  }
  return total;
}
