/**
 * A call as the opt-in part of a notification tells it: who is in it now and what has become of it, as
 * values. The server makes them of a call, a client gets them from the wire.
 */
import type { Call, QueueVisit, Recording } from '../call/call.ts';
import { timeText, type Times } from './times.ts';

/** A call as the wire tells it; times as in the `verbacdr` or, in JSON, ISO 8601. */
export interface CallView {
  readonly state: string;
  /** Counts the events of this call, from 1. */
  readonly revision: number;
  readonly source: string;
  readonly dialled: string | undefined;
  readonly answered: string | undefined;
  readonly outcome: string | undefined;
  readonly ending: string | undefined;
  readonly endedBy: string | undefined;
  /** Id of the call in which its parties went on. */
  readonly mergedInto: string | undefined;
  readonly conference: string | undefined;
  /** Who is in the call now; nobody once it has ended. */
  readonly parties: readonly PartyView[];
  readonly transfers: readonly TransferView[];
  readonly queue: readonly QueueView[];
  readonly recordings: readonly RecordingView[];
}

export interface PartyView {
  readonly number: string | undefined;
  readonly name: string | undefined;
  /** `caller`, `called` or `joined`. */
  readonly role: string;
  /** `offered`, `ringing`, `connected` or `held` (this party put the other on hold). */
  readonly state: string;
  readonly device: string | undefined;
  /** The queue agent at this party's phone. */
  readonly agent: string | undefined;
}

export interface TransferView {
  readonly style: string;
  readonly by: string | undefined;
  readonly transferee: string | undefined;
  readonly to: string | undefined;
  readonly at: string;
}

export interface QueueView {
  readonly name: string;
  readonly joined: string;
  readonly left: string | undefined;
  readonly position: number | undefined;
  readonly result: string | undefined;
  readonly agent: string | undefined;
  /** Agents that were rung and did not answer, in order. */
  readonly missedBy: readonly string[];
}

export interface RecordingView {
  /** `recording`, `paused` or `ended`. */
  readonly state: string;
  /** What a paused recording leaves out, seen from the recorded party: `says`, `hears` or `both`. */
  readonly side: string | undefined;
  readonly started: string;
  readonly ended: string | undefined;
  readonly file: string | undefined;
}

export function callView(call: Call, times: Times): CallView {
  const time = (atMs: number | undefined) =>
    atMs === undefined ? undefined : timeText(atMs, times);
  return {
    state: call.state,
    revision: call.revision,
    source: call.source,
    dialled: call.dialled,
    answered: time(call.answeredAtMs),
    outcome: call.outcome,
    ending: call.ending,
    endedBy: call.endedBy?.side,
    mergedInto: call.mergedInto,
    conference: call.conference,
    parties: call.legs
      .filter((leg) => leg.party && leg.state !== 'ended')
      .map(({ number, name, role, state, device, agent }) => ({
        number,
        name,
        role,
        state,
        device,
        agent,
      })),
    transfers: call.transfers.map(({ style, by, transferee, to, atMs }) => ({
      style,
      by,
      transferee,
      to,
      at: timeText(atMs, times),
    })),
    queue: call.queue.map((visit) => queueView(visit, times)),
    recordings: call.recordings.map((recording) => recordingView(recording, times)),
  };
}

function queueView(visit: QueueVisit, times: Times): QueueView {
  return {
    name: visit.queue,
    joined: timeText(visit.joinedAtMs, times),
    left: visit.leftAtMs === undefined ? undefined : timeText(visit.leftAtMs, times),
    position: visit.position,
    result: visit.result,
    agent: visit.agent,
    missedBy: visit.missedBy,
  };
}

function recordingView(recording: Recording, times: Times): RecordingView {
  const open = recording.pauses.filter((pause) => pause.toMs === undefined);
  const running = open.length === 0 ? 'recording' : 'paused';
  const sides = new Set(open.map((pause) => pause.side));
  const [side] = sides;
  return {
    state: recording.endedAtMs === undefined ? running : 'ended',
    side: recording.endedAtMs !== undefined ? undefined : sides.size > 1 ? 'both' : side,
    started: timeText(recording.startedAtMs, times),
    ended: recording.endedAtMs === undefined ? undefined : timeText(recording.endedAtMs, times),
    file: recording.file,
  };
}
