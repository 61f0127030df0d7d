/**
 * A call that never was, to try a destination with: from "offhook test", whose number is nobody's, to 1000;
 * recorded, so that there is something to tell of recordings. Pure.
 */
import type { Call, Leg, Recording } from '../../call/call.ts';
import type { CallEventKind, OfCall } from '../../call/event.ts';
import { uuidOf } from '../../call/identity.ts';
import type { RecordingStep } from './recordings.ts';

/** What became of it: nobody took it, or somebody did. */
export type TrialFate = 'missed' | 'answered';

/** It began ten seconds ago. */
const lengthMs = 10_000;
const caller = { number: '+4930000000', name: 'offhook test' };
const called = { number: '1000', name: 'offhook test' };

/** @param id of the event; that of the call follows from it */
export function trialEvent(
  kind: CallEventKind,
  id: string,
  nowMs: number,
  fate: TrialFate = 'answered',
): OfCall {
  const call = trialCall(kind, id, nowMs, fate);
  const joined = kind === 'call.started' ? call.extensions : [];
  return { kind, id, atMs: nowMs, seenAtMs: nowMs, source: call.source, call, joined };
}

function trialCall(kind: CallEventKind, id: string, nowMs: number, fate: TrialFate): Call {
  const hasStarted = kind === 'call.started';
  const hasEnded = kind === 'call.ended';
  const isAnswered = fate === 'answered' && !hasStarted;
  const startedAtMs = hasStarted ? nowMs : nowMs - lengthMs;
  const answeredAtMs = startedAtMs + lengthMs / 2;
  const state = hasEnded ? 'ended' : isAnswered ? 'connected' : 'offered';
  const times = {
    state,
    offeredAtMs: startedAtMs,
    ...(isAnswered && { connectedAtMs: answeredAtMs }),
    ...(hasEnded && { endedAtMs: nowMs }),
  } as const;
  const from: Leg = {
    ...{ key: 'test-1', role: 'caller', party: true, callKey: 'test-1', dialled: called.number },
    ...{ ...caller, ...times },
  };
  const to: Leg = {
    ...{ key: 'test-2', role: 'called', party: true, callKey: 'test-1', dialledBy: from.key },
    ...{ ...called, ...times, ringingAtMs: startedAtMs },
  };
  return {
    id: uuidOf('trial', id),
    source: 'test',
    platformIds: [from.key],
    revision: hasStarted ? 1 : 2,
    state,
    direction: 'incoming',
    caller,
    called,
    dialled: called.number,
    startedAtMs,
    ...(isAnswered && { answeredAtMs, answeredBy: to.key }),
    ...(hasEnded && {
      ...{ endedAtMs: nowMs, outcome: fate, ending: 'observed' },
    }),
    legs: [from, to],
    holds: [],
    transfers: [],
    queue: [],
    recordings: isAnswered ? [recordingOf(kind, to.key, answeredAtMs, nowMs)] : [],
    extensions: [caller.number, called.number],
  };
}

/** A recording that has just done what the event is called after. */
function recordingOf(
  kind: CallEventKind,
  leg: string,
  answeredAtMs: number,
  nowMs: number,
): Recording {
  const step: Readonly<Partial<Record<CallEventKind, RecordingStep>>> = {
    'recording.paused': 'paused',
    'recording.resumed': 'resumed',
    'recording.ended': 'ended',
    'call.ended': 'ended',
  };
  const pausedAtMs = answeredAtMs + 1_000;
  const pauses: Readonly<Partial<Record<RecordingStep, Recording['pauses']>>> = {
    paused: [{ side: 'both', fromMs: nowMs }],
    resumed: [{ side: 'both', fromMs: pausedAtMs, toMs: nowMs }],
  };
  const last = step[kind] ?? 'started';
  return {
    // The number of no recording that there is.
    id: 0,
    leg,
    startedAtMs: kind === 'recording.started' ? nowMs : answeredAtMs,
    ...(last === 'ended' && { endedAtMs: nowMs }),
    pauses: pauses[last] ?? [],
    file: '/test/offhook-test.wav',
  };
}
