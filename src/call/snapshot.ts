/**
 * Making our view true again from a source's list of everything it sees: what we believed and is not
 * listed has ended unseen (`reconciled`), what is listed and unknown to us is new. A leg that was heard
 * of since the source came back is never closed for missing in the list: the list may be older than it.
 */
import type { CallBook, Placed } from './book.ts';
import type { CallDraft, LegDraft } from './draft.ts';
import { endCallIfEmpty, endLeg, learn, move } from './legs.ts';
import { joinBridge } from './links.ts';
import type { SnapshotLeg } from './signal.ts';

/** Returns the calls that may have changed. */
export function reconcile(
  book: CallBook,
  source: string,
  listed: readonly SnapshotLeg[],
  atMs: number,
): Set<CallDraft> {
  const changed = new Set<CallDraft>();
  const generation = book.generation(source);
  // The oldest leg of a call is its first: who is listed first says nothing.
  const byAge = [...listed].sort((a, b) => (b.ageMs ?? 0) - (a.ageMs ?? 0) || firstOf(a, b));
  for (const each of byAge) {
    const placed = book.leg(source, each.leg) ?? adopt(book, source, each, atMs);
    if (placed === undefined || placed.leg.state === 'ended') continue;
    confirm(placed.call, placed.leg, each, atMs, generation);
    changed.add(placed.call);
  }
  endUnlisted(book, source, new Set(listed.map((leg) => leg.leg)), atMs, changed);
  // Who has gone is in no bridge any more, so only those who are there meet.
  for (const each of byAge) {
    const placed = book.leg(source, each.leg);
    if (placed === undefined || placed.leg.state === 'ended') continue;
    if (each.bridge === undefined || each.state !== 'connected') continue;
    const other = book.callInBridge(source, each.bridge);
    if (other !== undefined) changed.add(other);
    joinBridge(book, placed, each.bridge, each.conference, atMs);
  }
  for (const call of changed) endCallIfEmpty(book, call, atMs, 'reconciled');
  return changed;
}

function endUnlisted(
  book: CallBook,
  source: string,
  listed: ReadonlySet<string>,
  atMs: number,
  changed: Set<CallDraft>,
): void {
  const generation = book.generation(source);
  for (const call of book.open) {
    if (call.source !== source) continue;
    for (const leg of call.legs.values()) {
      if (listed.has(leg.key) || leg.generation >= generation) continue;
      if (endLeg(call, leg, atMs)) changed.add(call);
    }
  }
}

/** Of two equally old legs, the one whose key names the call came first. */
function firstOf(a: SnapshotLeg, b: SnapshotLeg): number {
  return Number(b.leg === b.facts.call) - Number(a.leg === a.facts.call);
}

function adopt(
  book: CallBook,
  source: string,
  listed: SnapshotLeg,
  atMs: number,
): Placed | undefined {
  // Its end was seen while the list was on its way, unless we only gave it up with its source.
  if (book.hasEnded(source, listed.leg)) return undefined;
  return book.openLeg(source, listed.leg, listed.facts, atMs - (listed.ageMs ?? 0));
}

function confirm(
  call: CallDraft,
  leg: LegDraft,
  listed: SnapshotLeg,
  atMs: number,
  generation: number,
): void {
  // What was heard since the source came back is newer than the list.
  if (leg.bridge !== listed.bridge && leg.generation < generation) delete leg.bridge;
  leg.generation = generation;
  learn(call, leg, listed.facts);
  if (listed.state === 'ringing') move(call, leg, 'ring', atMs);
  if (listed.state === 'connected') move(call, leg, 'connect', atMs);
}

/** Gives up all calls of a source that stays away. Returns them. */
export function expire(book: CallBook, source: string, atMs: number): Set<CallDraft> {
  const ended = new Set<CallDraft>();
  for (const call of [...book.open]) {
    if (call.source !== source) continue;
    for (const leg of call.legs.values()) endLeg(call, leg, atMs);
    if (!endCallIfEmpty(book, call, atMs, 'timed-out')) continue;
    ended.add(call);
    // The platform may still have these legs: if a later snapshot lists them, they are a new call.
    for (const leg of call.legs.values()) {
      if (leg.movedTo === undefined) book.forgetEnded(source, leg.key);
    }
  }
  return ended;
}
