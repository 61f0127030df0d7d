/**
 * The state of a call, computed from its legs.
 */
import type { CallState } from './call.ts';
import type { CallDraft } from './draft.ts';
import { isParty } from './parties.ts';

export function stateOf(call: CallDraft): CallState {
  if (call.endedAtMs !== undefined) return 'ended';
  const live = [...call.legs.values()].filter((leg) => leg.state !== 'ended' && isParty(leg));
  if (live.some((leg) => leg.state === 'held')) return 'held';
  if (call.answeredAtMs !== undefined) return 'connected';
  const rung = live.filter((leg) => leg.role !== 'caller');
  // A leg that has just been taken rings until the platform says that the call is answered.
  if (rung.some((leg) => leg.state !== 'offered')) return 'ringing';
  // A caller that is up with nobody rung talks to a machine, unless it waits in a queue.
  const alone = rung.length === 0 && call.queue.length === 0;
  return alone && live.some((leg) => leg.state === 'connected') ? 'connected' : 'offered';
}

/**
 * True once we can say who calls, or the call has got further than being offered. One that went into
 * another call before that never was a call of its own.
 */
export function isAnnounceable(call: CallDraft): boolean {
  if (call.endedAtMs !== undefined) return call.mergedInto === undefined;
  for (const leg of call.legs.values()) {
    if (!isParty(leg)) continue;
    if (leg.number !== undefined || leg.state !== 'offered' || leg.role !== 'caller') return true;
  }
  return false;
}
