/**
 * Who takes part in a call: which legs are parties, who calls, who is called, and under which numbers
 * somebody may be watching. Computed from the legs, never stored beside them.
 */
import type { Direction, Party } from './call.ts';
import type { CallDraft, LegDraft } from './draft.ts';
import { extensionKey } from './extension.ts';

/** Platform-internal halves are no party, nor is a stand-in once the real party is known. */
export function isParty(leg: LegDraft): boolean {
  return leg.loop?.half !== 'far' && leg.standsFor === undefined;
}

/** The leg of the real party that `leg` stands for, or `leg` itself. */
export function resolve(call: CallDraft, leg: LegDraft): LegDraft {
  let real = leg;
  // Loops may be chained; a chain longer than the call has legs would be a circle.
  for (let hops = 0; hops < call.legs.size && real.standsFor !== undefined; hops += 1) {
    const next = call.legs.get(real.standsFor);
    if (next === undefined) break;
    real = next;
  }
  return real;
}

/** The other half of a loop. */
export function twinOf(call: CallDraft, leg: LegDraft): LegDraft | undefined {
  if (leg.loop === undefined) return undefined;
  for (const other of call.legs.values()) {
    if (other !== leg && other.loop?.pair === leg.loop.pair) return other;
  }
  return undefined;
}

function callerLegOf(call: CallDraft): LegDraft | undefined {
  for (const leg of call.legs.values()) {
    if (leg.role === 'caller') return resolve(call, leg);
  }
  return undefined;
}

/** True when `leg` is the one the call began with, or stands for it. */
export function isCaller(call: CallDraft, leg: LegDraft): boolean {
  return callerLegOf(call) === resolve(call, leg);
}

/** The number a party is known by. */
export function numberOf(call: CallDraft, leg: LegDraft): string | undefined {
  return ownNumberOf(call, resolve(call, leg));
}

/** The number of the leg itself, even where it only stands for another. */
export function ownNumberOf(call: CallDraft, leg: LegDraft): string | undefined {
  if (leg.number === undefined) return leg.device;
  return leg.device !== undefined && isBorrowed(call, leg) ? leg.device : leg.number;
}

/** A device that is called by its number. */
const namedByNumber = /^\d{2,6}$/;

/**
 * A platform lends a leg the other side's number before it knows its own: an agent's leg carries the
 * waiting caller's number, a click-to-dial leg the number it is about to call, or the house's. A phone
 * without a number of its own is lent the one that was dialled: each phone of a group carries the group's.
 */
function isBorrowed(call: CallDraft, leg: LegDraft): boolean {
  const hasNumberedLine = namedByNumber.test(leg.device ?? '');
  if (leg.role === 'caller') {
    if (leg.originated !== true) return false;
    return hasNumberedLine || (leg.dialled !== undefined && leg.number === leg.dialled);
  }
  const dialer = dialerOf(call, leg);
  if (dialer === undefined) return false;
  // The one who dials may himself bear the number that he calls.
  if (leg.number === dialer.dialled) return hasNumberedLine;
  return leg.number === dialer.number;
}

function dialerOf(call: CallDraft, leg: LegDraft): LegDraft | undefined {
  const dialer = leg.dialledBy === undefined ? undefined : call.legs.get(leg.dialledBy);
  return dialer ?? callerLegOf(call);
}

/** The name a party is known by; of a queue's agent at least the agent's. */
export function nameOf(call: CallDraft, leg: LegDraft): string | undefined {
  const real = resolve(call, leg);
  const agent = leg.agent ?? real.agent;
  if (numberOf(call, real) !== real.number) return agent;
  // The near half of a loop is given its caller's name together with its own number.
  const lent = real.loop !== undefined && real.role !== 'caller';
  if (lent && real.name === dialerOf(call, real)?.name) return agent;
  return real.name ?? agent;
}

function partyOf(call: CallDraft, leg: LegDraft): Party {
  const number = numberOf(call, leg);
  const name = nameOf(call, leg);
  const { address } = resolve(call, leg);
  return {
    ...(number !== undefined && { number }),
    ...(name !== undefined && { name }),
    ...(address !== undefined && { address }),
  };
}

export function callerOf(call: CallDraft): Party {
  const leg = callerLegOf(call);
  return leg === undefined ? {} : partyOf(call, leg);
}

/** Legs that were rung for this call, loops counted once. */
export function attemptsOf(call: CallDraft): LegDraft[] {
  const legs = [...call.legs.values()];
  const reached = new Set(legs.map((leg) => leg.standsFor));
  return legs.filter(
    (leg) =>
      leg.role === 'called' &&
      leg.loop?.half !== 'far' &&
      !reached.has(leg.key) &&
      call.legs.get(leg.dialledBy ?? '')?.loop?.half !== 'far',
  );
}

/** Who answered; until then the one who is rung, or the dialled number when several may take it. */
export function calledOf(call: CallDraft): Party {
  const answered = call.answeredBy === undefined ? undefined : call.legs.get(call.answeredBy);
  if (answered !== undefined) return partyOf(call, answered);
  const attempts = attemptsOf(call);
  const dialled = dialledOf(call);
  const only = attempts.length === 1 && call.queue.length === 0 ? attempts[0] : undefined;
  if (only !== undefined) return partyOf(call, only);
  if (dialled !== undefined) return { number: dialled };
  return attempts[0] === undefined ? {} : partyOf(call, attempts[0]);
}

export function dialledOf(call: CallDraft): string | undefined {
  for (const leg of call.legs.values()) {
    if (leg.role === 'caller' && leg.dialled !== undefined) return leg.dialled;
  }
  return undefined;
}

/** Every number and device by which a party of this call may be watched. */
export function extensionsOf(call: CallDraft): Set<string> {
  const found = new Set<string>();
  for (const leg of call.legs.values()) {
    if (!isParty(leg)) continue;
    const number = numberOf(call, leg);
    if (number !== undefined) found.add(extensionKey(number));
    if (leg.device !== undefined) found.add(extensionKey(leg.device));
  }
  const dialled = dialledOf(call);
  if (dialled !== undefined) found.add(extensionKey(dialled));
  return found;
}

/** Short all-digit devices, and devices named after their number, are ours; trunks are neither. */
export function isInside(leg: Pick<LegDraft, 'loop' | 'device' | 'number'>): boolean {
  if (leg.loop !== undefined) return true;
  if (leg.device === undefined) return leg.number !== undefined && leg.number.length <= 5;
  return leg.device === leg.number || namedByNumber.test(leg.device);
}

export function directionOf(call: CallDraft): Direction {
  const caller = callerLegOf(call);
  const fromInside = caller === undefined || isInside(caller);
  const answered = call.answeredBy === undefined ? undefined : call.legs.get(call.answeredBy);
  const rung = answered === undefined ? attemptsOf(call)[0] : resolve(call, answered);
  const toInside = rung === undefined || isInside(resolve(call, rung));
  if (fromInside) return toInside ? 'internal' : 'outgoing';
  return toInside ? 'incoming' : 'external';
}
