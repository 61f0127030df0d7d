/**
 * Made-up calls to try a destination with: recognisable by a source, a caller and a number that say so.
 */
import type { Call, Leg } from '../../call/call.ts';
import type { CallEventKind, OfCall } from '../../call/event.ts';
import type { Occurrence } from '../occurrence.ts';

/** A name that no person has. */
const testName = 'offhook test';
const testSource = 'test';
const testCaller = '+4930000000';

/** Whom the made-up call rings, unless told otherwise. */
export const testNumber = '1000';

/**
 * An event of a call that never was: of 20 seconds, answered after 5 s by a queue's agent, recorded, hung up
 * by the caller.
 * @param id of the event; the call's is made from it
 * @param number of who is called
 */
export function sampleCallEvent(
  kind: CallEventKind,
  id: string,
  nowMs: number,
  number = testNumber,
): Occurrence {
  const isEnd = kind === 'call.ended';
  const isStart = kind === 'call.started';
  const call = sampleCall(id, nowMs, number, isStart ? 'ringing' : isEnd ? 'ended' : 'connected');
  const hasEnded = isEnd || kind === 'recording.ended';
  const recordings = isStart ? [] : recordingsOf(call, hasEnded ? nowMs : undefined);
  const event: OfCall = {
    kind,
    id,
    atMs: nowMs,
    seenAtMs: nowMs,
    source: testSource,
    call: { ...call, recordings },
    joined: isStart ? call.extensions : [],
  };
  return { kind: 'call', event };
}

function recordingsOf(call: Call, endedAtMs: number | undefined): Call['recordings'] {
  const startedAtMs = call.startedAtMs + 5_000;
  const leg = call.legs.at(-1)?.key ?? '';
  return [{ leg, startedAtMs, pauses: [], ...(endedAtMs !== undefined && { endedAtMs }) }];
}

function sampleCall(
  id: string,
  nowMs: number,
  number: string,
  state: 'ringing' | 'connected' | 'ended',
): Call {
  const startedAtMs = nowMs - (state === 'ended' ? 20_000 : 5_000);
  const answeredAtMs = startedAtMs + 5_000;
  const isAnswered = state !== 'ringing';
  const times = {
    ...(isAnswered && { connectedAtMs: answeredAtMs }),
    ...(state === 'ended' && { endedAtMs: nowMs, cause: { code: 16, text: 'Normal Clearing' } }),
  };
  const caller: Leg = {
    key: 'test-1',
    state: isAnswered ? state : 'offered',
    role: 'caller',
    party: true,
    number: testCaller,
    name: testName,
    device: 'test-trunk',
    dialled: number,
    callKey: 'test-1',
    offeredAtMs: startedAtMs,
    ...times,
  };
  const called: Leg = {
    key: 'test-2',
    state,
    role: 'called',
    party: true,
    number,
    name: testName,
    device: number,
    callKey: 'test-1',
    dialledBy: caller.key,
    agent: testName,
    offeredAtMs: startedAtMs,
    ringingAtMs: startedAtMs,
    ...times,
  };
  return {
    id: `${id}-call`,
    source: testSource,
    platformIds: ['test-1'],
    revision: state === 'ringing' ? 1 : state === 'connected' ? 2 : 3,
    state,
    direction: 'incoming',
    caller: { number: testCaller, name: testName },
    called: { number, name: testName },
    dialled: number,
    startedAtMs,
    ...(isAnswered && { answeredAtMs, answeredBy: called.key }),
    ...(state === 'ended' && {
      endedAtMs: nowMs,
      outcome: 'answered',
      ending: 'observed',
      endedBy: { side: 'caller', number: testCaller },
      cause: { code: 16, text: 'Normal Clearing' },
    }),
    legs: [caller, called],
    holds: [],
    transfers: [],
    queue: [
      {
        queue: 'test',
        joinedAtMs: startedAtMs,
        missedBy: [],
        ...(isAnswered && { leftAtMs: answeredAtMs, result: 'answered', agent: testName }),
      },
    ],
    recordings: [],
    extensions: [...new Set([number, testCaller, 'test-trunk'])],
  };
}
