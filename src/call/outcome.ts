/**
 * What came of a call that has ended, who ended it, and the cause the platform gave. The hang-up cause
 * alone does not tell: after a dial timeout Asterisk clears the caller's leg with 16, "normal".
 */
import type { EndedBy, Outcome } from './call.ts';
import type { CallDraft, LegDraft } from './draft.ts';
import { attemptsOf, isCaller, numberOf, resolve } from './parties.ts';
import type { Cause } from './signal.ts';

/** Q.850 cause 21: the called party refuses. */
const callRejected = 21;

/** What the platform's cause (Q.850) means for a call for which nobody could be rung. */
const outcomeOfCause: Readonly<Record<number, Outcome>> = {
  17: 'busy',
  18: 'unreachable',
  19: 'missed',
  20: 'unreachable',
  [callRejected]: 'rejected',
  27: 'unreachable',
};

export function outcomeOf(call: CallDraft): Outcome {
  if (call.mergedInto !== undefined) return 'merged';
  if (call.answeredAtMs !== undefined) return 'answered';
  if (call.ending !== 'observed') return 'unknown';
  if (call.queue.length > 0) return 'abandoned';
  const attempts = attemptsOf(call);
  const originated = [...call.legs.values()].filter((leg) => leg.originated === true);
  if (attempts.length > 0) return outcomeOfAttempts(call, attempts);
  if (callerLeg(call)?.connectedAtMs !== undefined) return 'answered';
  if (originated.length > 0) return outcomeOfAttempts(call, originated);
  if (call.hangup?.by === 'party') return 'cancelled';
  return outcomeOfCause[causeOf(call)?.code ?? 0] ?? 'failed';
}

function outcomeOfAttempts(call: CallDraft, attempts: readonly LegDraft[]): Outcome {
  const lastMs = Math.max(...attempts.map((leg) => leg.endedAtMs ?? 0));
  // What was cancelled while others were rung, or before they were, was forwarded: nobody gave up.
  const counted = attempts.filter(
    (leg) => leg.dialResult !== 'cancelled' || (leg.endedAtMs ?? 0) === lastMs,
  );
  const each = counted.map((leg) => outcomeOfAttempt(call, leg));
  const order: readonly Outcome[] = ['cancelled', 'missed', 'busy', 'rejected', 'failed'];
  return order.find((outcome) => each.includes(outcome)) ?? 'unreachable';
}

function outcomeOfAttempt(call: CallDraft, leg: LegDraft): Outcome {
  switch (leg.dialResult) {
    case 'busy':
      return 'busy';
    case 'rejected':
      return 'rejected';
    case 'congestion':
    case 'failed':
      return 'failed';
    case 'cancelled':
      return 'cancelled';
    default: {
      if (resolve(call, leg).cause?.code === callRejected) return 'rejected';
      if (leg.dialResult === undefined && callerHungUp(call)) return 'cancelled';
      return leg.ringingAtMs === undefined ? 'unreachable' : 'missed';
    }
  }
}

function callerHungUp(call: CallDraft): boolean {
  const leg = call.hangup?.by === 'party' ? call.legs.get(call.hangup.leg) : undefined;
  return leg !== undefined && isCaller(call, leg);
}

export function endedByOf(call: CallDraft): EndedBy | undefined {
  if (call.ending !== 'observed') return undefined;
  if (call.completedBy !== undefined) return endedByQueue(call, call.completedBy);
  if (call.hangup === undefined) return undefined;
  if (call.hangup.by === 'platform') return { side: 'platform' };
  const leg = call.legs.get(call.hangup.leg);
  if (leg === undefined) return undefined;
  return withNumber(isCaller(call, leg) ? 'caller' : 'called', numberOf(call, leg));
}

function endedByQueue(call: CallDraft, by: 'agent' | 'caller'): EndedBy {
  const key = by === 'caller' ? callerLeg(call)?.key : call.answeredBy;
  const leg = key === undefined ? undefined : call.legs.get(key);
  const number = leg === undefined ? undefined : numberOf(call, leg);
  return withNumber(by === 'caller' ? 'caller' : 'called', number);
}

function withNumber(side: 'caller' | 'called', number: string | undefined): EndedBy {
  return number === undefined ? { side } : { side, number };
}

/** The cause on the caller's leg, else on whichever leg was given one last. */
export function causeOf(call: CallDraft): Cause | undefined {
  const last = [...call.legs.values()].findLast((leg) => leg.cause !== undefined);
  return callerLeg(call)?.cause ?? last?.cause;
}

function callerLeg(call: CallDraft): LegDraft | undefined {
  for (const leg of call.legs.values()) if (leg.role === 'caller') return leg;
  return undefined;
}
