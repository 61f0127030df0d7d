/**
 * What happens to a single leg: it learns facts, moves through its states, and takes its holds and
 * recordings with it when it ends. The last leg's end is the call's end.
 */
import type { CallBook } from './book.ts';
import type { Ending } from './call.ts';
import type { CallDraft, LegDraft } from './draft.ts';
import { isCaller, isParty, numberOf, twinOf } from './parties.ts';
import { arriving, leaving, stopRecordings } from './recordings.ts';
import type { Cause, LegFacts } from './signal.ts';
import { type LegMove, nextState } from './transitions.ts';

/** Takes over what a source now knows of a leg. True when something visible changed. */
export function learn(call: CallDraft, leg: LegDraft, facts: LegFacts | undefined): boolean {
  if (facts === undefined) return false;
  let changed = false;
  for (const field of ['number', 'name', 'device', 'address'] as const) {
    const value = facts[field];
    if (value === undefined || leg[field] === value) continue;
    leg[field] = value;
    changed = true;
  }
  // What was dialled first is what the caller dialled; later numbers are the dial plan's way. A leg that
  // is still "dialling" its own line has not dialled anything.
  const { dialled } = facts;
  const own = dialled === (leg.device ?? leg.number);
  if (dialled !== undefined && leg.dialled === undefined && !own) {
    leg.dialled = dialled;
    changed = true;
  }
  if (changed) call.touched = true;
  return changed;
}

/** Makes one move of the state table. False when the leg cannot make it. */
export function move(call: CallDraft, leg: LegDraft, how: LegMove, atMs: number): boolean {
  const next = nextState(leg.state, how);
  if (next === undefined) return false;
  leg.state = next;
  // Signals may overtake each other; nothing happens to a leg before it is there.
  const movedAtMs = Math.max(atMs, leg.offeredAtMs);
  if (how === 'ring') leg.ringingAtMs = movedAtMs;
  if (how === 'connect') leg.connectedAtMs = movedAtMs;
  if (how === 'end') leg.endedAtMs = movedAtMs;
  if (how === 'hold') startHold(call, leg, movedAtMs);
  if (how === 'resume') endHold(call, leg, movedAtMs);
  call.touched = true;
  return true;
}

function startHold(call: CallDraft, leg: LegDraft, atMs: number): void {
  const by = numberOf(call, leg);
  call.holds.push({ leg: leg.key, fromMs: atMs, ...(by !== undefined && { by }) });
}

function endHold(call: CallDraft, leg: LegDraft, atMs: number): void {
  const hold = call.holds.findLast((each) => each.leg === leg.key && each.toMs === undefined);
  if (hold !== undefined) hold.toMs = Math.max(atMs, hold.fromMs);
}

/** Ends a leg and what hangs on it. False when it had ended before. */
export function endLeg(call: CallDraft, leg: LegDraft, atMs: number, cause?: Cause): boolean {
  if (!move(call, leg, 'end', atMs)) return false;
  if (cause !== undefined) leg.cause = cause;
  delete leg.bridge;
  endHold(call, leg, atMs);
  stopRecordings(call, leg.key, atMs);
  // Who leaves while others go on talking, or ringing, has not ended the call.
  const goesOn = call.answeredAtMs !== undefined || !isCaller(call, leg);
  if (goesOn && call.hangup?.leg === leg.key && partiesLeft(call) > 1) delete call.hangup;
  return true;
}

/** Somebody asked for the leg to end. The first to ask ends the call. False when that was no news. */
export function requestHangup(call: CallDraft, leg: LegDraft, by: 'party' | 'platform'): boolean {
  // A far half is hung up by the platform's own machinery, never by somebody at a phone.
  if (by === 'party' && leg.loop?.half === 'far') return false;
  // An agent who refuses leaves the caller waiting.
  if (leg.agent !== undefined && leg.connectedAtMs === undefined) return false;
  if (call.hangup !== undefined) {
    const first = call.legs.get(call.hangup.leg);
    // Who was rung in vain has not ended what the caller did afterwards.
    const wasInVain = first?.state === 'ended' && first.connectedAtMs === undefined;
    if (by === 'platform' || !wasInVain) return false;
  }
  call.hangup = { leg: leg.key, by };
  return true;
}

function partiesLeft(call: CallDraft): number {
  let left = 0;
  for (const leg of call.legs.values()) if (leg.state !== 'ended' && isParty(leg)) left += 1;
  return left;
}

/** Ends the call when none of its legs is left. */
export function endCallIfEmpty(
  book: CallBook,
  call: CallDraft,
  atMs: number,
  ending: Ending,
): boolean {
  if (call.endedAtMs !== undefined) return false;
  for (const leg of call.legs.values()) {
    if (leg.state !== 'ended') return false;
  }
  call.endedAtMs = Math.max(atMs, call.startedAtMs);
  call.ending = ending;
  call.touched = true;
  for (const visit of call.queue) visit.leftAtMs ??= Math.max(call.endedAtMs, visit.joinedAtMs);
  book.close(call);
  return true;
}

/**
 * Moves a leg into another call, together with the other half of its loop and whatever that half has
 * reached. In the call it leaves, the leg has ended.
 */
export function moveLeg(
  book: CallBook,
  from: CallDraft,
  leg: LegDraft,
  into: CallDraft,
  atMs: number,
): void {
  const cluster = new Set<LegDraft>([leg]);
  for (const member of cluster) {
    const twin = twinOf(from, member);
    if (twin !== undefined) cluster.add(twin);
    for (const other of from.legs.values()) {
      const behind = other.dialledBy === member.key && member.loop?.half === 'far';
      if (behind && other.state !== 'ended') cluster.add(other);
    }
  }
  const going = [...cluster].filter((member) => member.state !== 'ended');
  for (const member of going) moveOne(book, from, member, into, atMs);
  if (going.length === 0) return;
  // Where two still talk, somebody has left them; they have not gone on in another call.
  if (partiesLeft(from) < 2) from.mergedInto = into.id;
  from.touched = true;
  into.touched = true;
}

function moveOne(
  book: CallBook,
  from: CallDraft,
  leg: LegDraft,
  into: CallDraft,
  atMs: number,
): void {
  const recordings = leaving(from, leg.key, atMs);
  // A leg that comes back is what it was here before.
  const moved: LegDraft = { ...leg, role: into.legs.get(leg.key)?.role ?? 'joined' };
  endLeg(from, leg, atMs);
  leg.movedTo = into.id;
  book.place(into, moved);
  if (moved.bridge !== undefined) book.holdBridge(into, moved.bridge);
  if (moved.state === 'held') startHold(into, moved, atMs);
  arriving(into, recordings, () => book.nextSegmentId());
}
