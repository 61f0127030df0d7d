import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { isOfCall } from '../../src/call/event.ts';
import { type ExtensionFilter, filterOf, seesAny } from '../../src/call/extension.ts';
import { type Delivery, Hub } from '../../src/feed/hub.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { history, somePatterns } from '../support/any-history.ts';

/** A subscriber, who knows the calls that it is told of and believes every word. */
class Subscriber {
  readonly calls = new Map<string, Call>();
  /** What a subscriber must never be told. */
  readonly complaints: string[] = [];
  readonly filter: ExtensionFilter;

  constructor(filter: ExtensionFilter, snapshot: readonly Call[]) {
    this.filter = filter;
    for (const call of snapshot) this.calls.set(call.id, call);
  }

  deliver(deliveries: readonly Delivery[]): void {
    for (const delivery of deliveries) this.take(delivery);
  }

  take({ entry: { seq, event }, first }: Delivery): void {
    if (!isOfCall(event)) return;
    const { id } = event.call;
    if (first === this.calls.has(id)) {
      this.complaints.push(first ? `${seq}: starts again` : `${seq}: of a call never heard of`);
    }
    if (event.kind === 'call.ended' && !first) this.calls.delete(id);
    else this.calls.set(id, event.call);
  }
}

const byId = (calls: Iterable<Call>): Call[] => [...calls].sort((a, b) => (a.id < b.id ? -1 : 1));

/** The calls that go on after the events, by reading all of them. */
function stateAfter(entries: readonly JournalEntry[], filter: ExtensionFilter): Call[] {
  const calls = new Map<string, Call>();
  for (const { event } of entries) {
    if (!isOfCall(event)) continue;
    if (event.kind === 'call.ended') calls.delete(event.call.id);
    else calls.set(event.call.id, event.call);
  }
  return byId(calls.values()).filter((call) => seesAny(filter, call.extensions));
}

it('the snapshot at any moment and the events after it are the state at the end', () => {
  fc.assert(
    fc.property(history, somePatterns, fc.nat(), (entries, patterns, moment) => {
      const at = moment % (entries.length + 1);
      const filter = filterOf(patterns);
      const flushes: (() => void)[] = [];
      const hub = new Hub((flush) => flushes.push(flush), 0, []);
      hub.add({ filter: filterOf([]), deliver: () => undefined });
      hub.publish(entries.slice(0, at));
      // Subscribed while what came before still waits to be handed out to others.
      const subscriber = new Subscriber(filter, hub.ongoing(filter));
      expect(hub.head).toBe(at);
      hub.add(subscriber);
      for (const entry of entries.slice(at)) hub.publish([entry]);
      for (const flush of flushes) flush();

      expect(subscriber.complaints).toEqual([]);
      expect(byId(subscriber.calls.values())).toEqual(stateAfter(entries, filter));
    }),
    { numRuns: 300 },
  );
});

it('a hub that begins with the calls that go on is one that has heard how they came to be', () => {
  fc.assert(
    fc.property(history, somePatterns, fc.nat(), (entries, patterns, moment) => {
      const at = moment % (entries.length + 1);
      const filter = filterOf(patterns);
      const all = new Hub(() => undefined, 0, []);
      all.publish(entries);
      const late = new Hub(() => undefined, at, stateAfter(entries.slice(0, at), filterOf([])));
      late.publish(entries.slice(at));
      expect(late.head).toBe(at === entries.length ? at : all.head);
      expect(byId(late.ongoing(filter))).toEqual(byId(all.ongoing(filter)));
      expect(byId(all.ongoing(filter))).toEqual(stateAfter(entries, filter));
      expect(late.ongoingCount).toBe(all.ongoingCount);
    }),
    { numRuns: 100 },
  );
});
