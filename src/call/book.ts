/**
 * The book of open calls: which call a source's key names, which call a leg is in, and what has ended
 * lately, so that a late signal starts nothing again. It keeps the indexes true; what a signal means is
 * decided elsewhere.
 */
import type { Call } from './call.ts';
import { type CallDraft, type LegDraft, newDraft } from './draft.ts';
import { callIdOf } from './identity.ts';
import type { LegFacts } from './signal.ts';
import { draftOf } from './view.ts';

/** How many ended legs and call keys are remembered; beyond it the oldest are forgotten. */
const rememberedKeys = 100_000;
/** Calls that went one into the other; a longer chain is a circle. */
const longestMergeChain = 100;
/** Beyond this many legs a call forgets ended ones: a queue may ring twenty phones for an hour. */
const mostLegs = 50;

type MergeField = 'id' | 'source' | 'platformIds' | 'mergedInto';

export interface Placed {
  readonly call: CallDraft;
  readonly leg: LegDraft;
}

/** A map that forgets its oldest entries beyond a size. */
class RecentMap<V> {
  readonly #entries = new Map<string, V>();

  get(key: string): V | undefined {
    return this.#entries.get(key);
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }

  set(key: string, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= rememberedKeys) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }
}

const keyOf = (source: string, key: string): string => `${source}\n${key}`;

export class CallBook {
  readonly #calls = new Map<string, CallDraft>();
  readonly #byCallKey = new Map<string, CallDraft>();
  readonly #byLegKey = new Map<string, CallDraft>();
  readonly #endedLegs = new RecentMap<true>();
  readonly #occurrences = new RecentMap<number>();
  /** Id of the call whose legs are in a bridge. */
  readonly #bridges = new RecentMap<string>();
  /** Where a call's keys lead after it went into another call, by key, and by id for the next hop. */
  readonly #mergedInto = new RecentMap<string>();
  /** Counts how often each source has come back; a leg carries the count at which it was last heard. */
  readonly #generations = new Map<string, number>();

  #lastSegmentId = 0;

  /** Numbers of recorded segments, from 1, each given once. */
  nextSegmentId(): number {
    this.#lastSegmentId += 1;
    return this.#lastSegmentId;
  }

  reserveSegmentIds(through: number): void {
    this.#lastSegmentId = Math.max(this.#lastSegmentId, through);
  }

  get open(): Iterable<CallDraft> {
    return this.#calls.values();
  }

  get size(): number {
    return this.#calls.size;
  }

  call(id: string): CallDraft | undefined {
    return this.#calls.get(id);
  }

  /** The open call that the key names, or the one that has taken that call's parties over. */
  callOfKey(source: string, callKey: string): CallDraft | undefined {
    const key = keyOf(source, callKey);
    const call = this.#byCallKey.get(key);
    if (call !== undefined) return call;
    let id = this.#mergedInto.get(key);
    for (let hops = 0; id !== undefined && hops < longestMergeChain; hops += 1) {
      const into = this.#calls.get(id);
      if (into !== undefined) return into;
      id = this.#mergedInto.get(id);
    }
    return undefined;
  }

  generation(source: string): number {
    return this.#generations.get(source) ?? 0;
  }

  nextGeneration(source: string): void {
    this.#generations.set(source, this.generation(source) + 1);
  }

  leg(source: string, legKey: string): Placed | undefined {
    const call = this.#byLegKey.get(keyOf(source, legKey));
    const leg = call?.legs.get(legKey);
    return call === undefined || leg === undefined ? undefined : { call, leg };
  }

  hasEnded(source: string, legKey: string): boolean {
    return this.#endedLegs.get(keyOf(source, legKey)) !== undefined;
  }

  /** Remembers that a leg has ended, even one that was never seen alive. */
  rememberEnded(source: string, legKey: string): void {
    this.#endedLegs.set(keyOf(source, legKey), true);
  }

  /** A leg that was given up turns out to be alive after all: it may be opened again. */
  forgetEnded(source: string, legKey: string): void {
    this.#endedLegs.delete(keyOf(source, legKey));
  }

  /** Opens a leg in the call its facts name, or in a new call. */
  openLeg(source: string, legKey: string, facts: LegFacts, atMs: number): Placed {
    const callKey = facts.call ?? legKey;
    const call = this.callOfKey(source, callKey) ?? this.#openCall(source, callKey, atMs);
    // A call is named after the leg it began with, of which we may hear after others.
    const begins = legKey === callKey && call.platformIds[0] === callKey;
    if (begins) for (const other of call.legs.values()) other.role = 'called';
    const leg: LegDraft = {
      key: legKey,
      state: 'offered',
      role: begins || call.legs.size === 0 ? 'caller' : 'called',
      callKey,
      offeredAtMs: atMs,
      generation: this.generation(source),
    };
    if (facts.loop !== undefined) leg.loop = facts.loop;
    this.place(call, leg);
    call.touched = true;
    return { call, leg };
  }

  #openCall(source: string, callKey: string, atMs: number): CallDraft {
    const key = keyOf(source, callKey);
    const occurrence = (this.#occurrences.get(key) ?? 0) + 1;
    const id = callIdOf(source, callKey, occurrence);
    const call = newDraft(id, source, callKey, atMs);
    this.#occurrences.set(key, occurrence);
    this.#calls.set(call.id, call);
    this.#byCallKey.set(key, call);
    return call;
  }

  /** Puts a leg into a call; it leaves the index of the call it was in. */
  place(call: CallDraft, leg: LegDraft): void {
    // Whoever comes, the call goes on here.
    delete call.mergedInto;
    call.legs.set(leg.key, leg);
    this.#byLegKey.set(keyOf(call.source, leg.key), call);
    if (call.legs.size > mostLegs) this.#forgetOneLeg(call);
  }

  /** The oldest that has ended, unless it is who calls or who answered. */
  #forgetOneLeg(call: CallDraft): void {
    for (const leg of call.legs.values()) {
      if (leg.state !== 'ended' || leg.role === 'caller' || leg.key === call.answeredBy) continue;
      call.legs.delete(leg.key);
      const key = keyOf(call.source, leg.key);
      if (this.#byLegKey.get(key) !== call) return;
      this.#byLegKey.delete(key);
      this.#endedLegs.set(key, true);
      return;
    }
  }

  /** From now on `callKey` names `call` too. */
  alias(call: CallDraft, callKey: string): void {
    const key = keyOf(call.source, callKey);
    if (this.#byCallKey.has(key)) return;
    this.#byCallKey.set(key, call);
    call.platformIds.push(callKey);
  }

  /** The open call whose legs are in the bridge, or undefined when nobody is. */
  callInBridge(source: string, bridge: string): CallDraft | undefined {
    const call = this.#calls.get(this.#bridges.get(keyOf(source, bridge)) ?? '');
    if (call === undefined) return undefined;
    for (const leg of call.legs.values()) {
      if (leg.bridge === bridge && leg.state !== 'ended') return call;
    }
    return undefined;
  }

  holdBridge(call: CallDraft, bridge: string): void {
    this.#bridges.set(keyOf(call.source, bridge), call.id);
  }

  /** Takes an ended call out of the book; its keys stay known as ended. */
  close(call: CallDraft): void {
    this.#calls.delete(call.id);
    for (const callKey of call.platformIds) this.#byCallKey.delete(keyOf(call.source, callKey));
    this.#rememberMerge(call);
    for (const leg of call.legs.values()) {
      const key = keyOf(call.source, leg.key);
      if (this.#byLegKey.get(key) !== call) continue;
      this.#byLegKey.delete(key);
      this.#endedLegs.set(key, true);
    }
  }

  #rememberMerge({ id, source, platformIds, mergedInto }: Pick<Call, MergeField>): void {
    if (mergedInto === undefined) return;
    this.#mergedInto.set(id, mergedInto);
    for (const callKey of platformIds) this.#mergedInto.set(keyOf(source, callKey), mergedInto);
  }

  restoreOpen(call: Call): void {
    const draft = draftOf(call);
    this.#reserveIdsOf(call);
    for (const segment of draft.recordings) {
      // Written by a version that did not number them.
      if (!Number.isInteger(segment.id)) segment.id = this.nextSegmentId();
    }
    this.#calls.set(draft.id, draft);
    for (const callKey of draft.platformIds) {
      this.#byCallKey.set(keyOf(call.source, callKey), draft);
    }
    this.#restoreOccurrence(call);
    for (const leg of draft.legs.values()) {
      if (leg.movedTo === undefined) this.#byLegKey.set(keyOf(call.source, leg.key), draft);
      if (leg.bridge !== undefined) this.holdBridge(draft, leg.bridge);
    }
  }

  restoreEnded(call: Call): void {
    this.#reserveIdsOf(call);
    this.#restoreOccurrence(call);
    this.#rememberMerge(call);
    // Its legs were given up, not seen to end: a snapshot may still list them.
    if (call.ending === 'timed-out') return;
    for (const leg of call.legs) {
      if (leg.movedTo === undefined) this.rememberEnded(call.source, leg.key);
    }
  }

  #reserveIdsOf({ recordings }: Call): void {
    for (const { id } of recordings) if (Number.isInteger(id)) this.reserveSegmentIds(id);
  }

  /** Which occurrence of its key a stored call was is told by its id. */
  #restoreOccurrence(call: Call): void {
    const first = call.platformIds[0];
    if (first === undefined) return;
    const key = keyOf(call.source, first);
    const known = this.#occurrences.get(key) ?? 0;
    for (let occurrence = known + 1; occurrence <= known + 100; occurrence += 1) {
      if (callIdOf(call.source, first, occurrence) !== call.id) continue;
      this.#occurrences.set(key, occurrence);
      return;
    }
  }
}
