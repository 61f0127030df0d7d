/**
 * Calls and events as the registry would make them, for tests of the rooms that carry or keep them: one
 * incoming call, answered at an extension, recorded and hung up by the caller, or parts of that.
 */
import type { Call, Leg } from '../../src/call/call.ts';
import type { CallEventKind, OfCall, OfSource } from '../../src/call/event.ts';
import { callIdOf, uuidOf } from '../../src/call/identity.ts';

/** 2025-03-14T09:26:53.589Z, when call 0 starts; call n starts n seconds later. */
export const firstCallAtMs = 1_741_944_413_589;

/** Call number `n` while it is connected; the same `n` gives the same call. */
export function connectedCall(n: number, changes: Partial<Call> = {}): Call {
  const startedAtMs = firstCallAtMs + n * 1000;
  const key = `${Math.floor(startedAtMs / 1000)}.${n * 2}`;
  const extension = String(1000 + (n % 100));
  const callerLeg: Leg = {
    key,
    state: 'connected',
    role: 'caller',
    party: true,
    number: `+49301234${String(n % 1000).padStart(3, '0')}`,
    name: 'Jürgen & Söhne <GmbH>',
    device: 'trunk-berlin',
    address: '192.0.2.17',
    dialled: '4930555100',
    callKey: key,
    bridge: uuidOf('bridge', key),
    offeredAtMs: startedAtMs,
    connectedAtMs: startedAtMs + 6_400,
  };
  const calledLeg: Leg = {
    key: `${Math.floor(startedAtMs / 1000)}.${n * 2 + 1}`,
    state: 'connected',
    role: 'called',
    party: true,
    number: extension,
    name: 'Ана Петрова',
    device: extension,
    address: '192.0.2.201',
    callKey: key,
    dialledBy: key,
    dialResult: 'answered',
    bridge: uuidOf('bridge', key),
    agent: `Agent/${extension}`,
    offeredAtMs: startedAtMs + 900,
    ringingAtMs: startedAtMs + 1_000,
    connectedAtMs: startedAtMs + 6_300,
  };
  return {
    id: callIdOf('pbx', key, 1),
    source: 'pbx',
    platformIds: [key],
    revision: 2,
    state: 'connected',
    direction: 'incoming',
    caller: { number: callerLeg.number ?? '', name: callerLeg.name ?? '', address: '192.0.2.17' },
    called: { number: extension, name: 'Ана Петрова', address: '192.0.2.201' },
    dialled: '4930555100',
    startedAtMs,
    answeredAtMs: startedAtMs + 6_300,
    answeredBy: calledLeg.key,
    legs: [callerLeg, calledLeg],
    holds: [],
    transfers: [],
    queue: [
      {
        queue: 'support',
        joinedAtMs: startedAtMs + 300,
        leftAtMs: startedAtMs + 6_350,
        position: 1,
        result: 'answered',
        missedBy: ['Agent/1007'],
        agent: `Agent/${extension}`,
      },
    ],
    recordings: [
      {
        id: 1,
        leg: calledLeg.key,
        startedAtMs: startedAtMs + 6_500,
        pauses: [{ side: 'both', fromMs: startedAtMs + 20_000, toMs: startedAtMs + 31_000 }],
        file: `/var/spool/asterisk/monitor/2025/03/14/in-${extension}-${key}.wav`,
      },
    ],
    extensions: [extension, '4930555100', callerLeg.number ?? '', 'trunk-berlin'],
    ...changes,
  };
}

/** Call number `n` after the caller has hung up. */
export function endedCall(n: number, changes: Partial<Call> = {}): Call {
  const call = connectedCall(n);
  const endedAtMs = call.startedAtMs + 95_000;
  const cause = { code: 16, text: 'Normal Clearing' };
  return {
    ...call,
    revision: 3,
    state: 'ended',
    endedAtMs,
    outcome: 'answered',
    ending: 'observed',
    endedBy: { side: 'caller', number: call.caller.number ?? '' },
    cause,
    legs: call.legs.map((leg) => ({ ...leg, state: 'ended', endedAtMs, cause })),
    recordings: call.recordings.map((recording) => ({ ...recording, endedAtMs })),
    ...changes,
  };
}

/** Call number `n` when it has just been seen. */
export function offeredCall(n: number, changes: Partial<Call> = {}): Call {
  const { answeredAtMs: _at, answeredBy: _by, ...call } = connectedCall(n);
  const legs = call.legs.slice(0, 1).map((leg) => ({ ...leg, state: 'offered' as const }));
  return { ...call, revision: 1, state: 'offered', legs, queue: [], recordings: [], ...changes };
}

/** An event of the call; seen 40 ms after it happened unless told otherwise. */
export function eventOf(kind: CallEventKind, call: Call, seenAtMs?: number): OfCall {
  const atMs = call.endedAtMs ?? call.startedAtMs + (call.revision - 1) * 6_300;
  return {
    kind,
    id: uuidOf('event', call.id, String(call.revision)),
    atMs,
    seenAtMs: seenAtMs ?? atMs + 40,
    source: call.source,
    call,
    joined: kind === 'call.started' ? call.extensions : [],
  };
}

export function started(n: number, seenAtMs?: number): OfCall {
  return eventOf('call.started', offeredCall(n), seenAtMs);
}

export function answered(n: number, seenAtMs?: number): OfCall {
  return eventOf('call.answered', connectedCall(n), seenAtMs);
}

export function ended(n: number, seenAtMs?: number): OfCall {
  return eventOf('call.ended', endedCall(n), seenAtMs);
}

/** The whole life of call number `n`. */
export function lifeOf(n: number, seenAtMs?: number): readonly OfCall[] {
  return [started(n, seenAtMs), answered(n, seenAtMs), ended(n, seenAtMs)];
}

export function gapOf(source: string, fromMs: number): OfSource {
  const id = uuidOf('gap', source, String(fromMs));
  return {
    kind: 'source.gap',
    id,
    atMs: fromMs,
    seenAtMs: fromMs,
    source,
    fromMs,
    reason: 'reset',
  };
}

export function upOf(source: string, fromMs: number, toMs: number): OfSource {
  const id = uuidOf('up', source, String(fromMs));
  return { kind: 'source.up', id, atMs: toMs, seenAtMs: toMs, source, fromMs, toMs };
}
