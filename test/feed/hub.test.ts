import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { filterOf } from '../../src/call/extension.ts';
import { sightOf } from '../../src/feed/sight.ts';
import { type Audience, type Delivery, Hub } from '../../src/feed/hub.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { history, somePatterns } from '../support/any-history.ts';
import { answered, ended, gapOf, offeredCall, started } from '../support/calls.ts';

/** Takes what it gets, and tells the order in which all of them did. */
class Seat implements Audience {
  readonly filter;
  readonly turns: (readonly Delivery[])[] = [];
  readonly #onDeliver: (seat: Seat) => void;

  constructor(numbers: readonly string[], onDeliver: (seat: Seat) => void = () => undefined) {
    this.filter = filterOf(numbers.map((number) => ({ kind: 'number', number })));
    this.#onDeliver = onDeliver;
  }

  deliver(deliveries: readonly Delivery[]): void {
    this.turns.push([...deliveries]);
    this.#onDeliver(this);
  }

  get seqs(): number[][] {
    return this.turns.map((turn) => turn.map(({ entry }) => entry.seq));
  }
}

function open(head = 0): { hub: Hub; flushes: (() => void)[] } {
  const flushes: (() => void)[] = [];
  return { hub: new Hub((flush) => flushes.push(flush), head, []), flushes };
}

const entry = (seq: number, event: JournalEntry['event']): JournalEntry => ({ seq, event });

describe('a hub', () => {
  it('hands out what a turn brought at once, in order, when it is told to', () => {
    const { hub, flushes } = open();
    const seat = new Seat(['1000']);
    hub.add(seat);
    hub.publish([entry(1, started(0)), entry(2, started(1))]);
    hub.publish([entry(3, answered(0))]);
    expect(flushes).toHaveLength(1);
    expect(seat.turns).toEqual([]);

    flushes[0]?.();
    expect(seat.seqs).toEqual([[1, 3]]);
    expect(seat.turns[0]?.map(({ first }) => first)).toEqual([true, false]);

    hub.publish([entry(4, ended(0))]);
    expect(flushes).toHaveLength(2);
    flushes[1]?.();
    expect(seat.seqs).toEqual([[1, 3], [4]]);
  });

  it('arranges nothing when nobody is to get anything', () => {
    const { hub, flushes } = open();
    hub.add(new Seat(['1001']));
    hub.publish([entry(1, started(0))]);
    expect(flushes).toEqual([]);
    expect(hub.head).toBe(1);
  });

  it('serves audiences in the order in which something came for them', () => {
    const { hub, flushes } = open();
    const served: string[] = [];
    const seats = ['1002', '1000', '1001'].map(
      (number) => new Seat([number], () => served.push(number)),
    );
    for (const seat of seats) hub.add(seat);
    hub.publish([entry(1, started(0)), entry(2, started(1)), entry(3, started(2))]);
    flushes[0]?.();
    expect(served).toEqual(['1000', '1001', '1002']);
  });

  it('tells everybody once of what happens to a source, whatever they watch', () => {
    const { hub, flushes } = open();
    const seats = [new Seat(['1000', '1001', '1002']), new Seat(['1001']), new Seat([])];
    for (const seat of seats) hub.add(seat);
    hub.publish([entry(1, gapOf('pbx', 5))]);
    flushes[0]?.();
    expect(seats.map(({ seqs }) => seqs)).toEqual([[[1]], [[1]], [[1]]]);
  });

  it('serves an audience from the next event on', () => {
    const { hub, flushes } = open();
    const [early, late] = [new Seat(['1000']), new Seat(['1000'])];
    hub.add(early);
    hub.publish([entry(1, started(0))]);
    hub.add(late);
    hub.publish([entry(2, answered(0))]);
    flushes[0]?.();
    expect(early.seqs).toEqual([[1, 2]]);
    expect(late.seqs).toEqual([[2]]);
  });

  it('gives an audience nothing more once it is removed, though something waited for it', () => {
    const { hub, flushes } = open();
    const [stays, goes] = [new Seat(['1000']), new Seat(['1000', '1001'])];
    hub.add(goes);
    hub.add(stays);
    hub.publish([entry(1, started(0))]);
    hub.remove(goes);
    hub.publish([entry(2, started(1)), entry(3, answered(0))]);
    flushes[0]?.();
    expect(goes.turns).toEqual([]);
    expect(stays.seqs).toEqual([[1, 3]]);
    expect(hub.audiences).toBe(1);
  });

  it('gives it nothing when it is removed while another one is served', () => {
    const { hub, flushes } = open();
    const goes = new Seat([]);
    const first = new Seat([], () => hub.remove(goes));
    hub.add(first);
    hub.add(goes);
    hub.publish([entry(1, started(0))]);
    flushes[0]?.();
    expect(first.turns).toHaveLength(1);
    expect(goes.turns).toEqual([]);
  });

  it('may be asked to hand out before its time, and then has nothing left', () => {
    const { hub, flushes } = open();
    const seat = new Seat(['1000']);
    hub.add(seat);
    hub.publish([entry(1, started(0))]);
    hub.flush();
    flushes[0]?.();
    expect(seat.seqs).toEqual([[1]]);
  });

  it('holds the calls that go on, the oldest first, as they were last told', () => {
    const flushes: (() => void)[] = [];
    const hub = new Hub((flush) => flushes.push(flush), 7, [offeredCall(0)]);
    expect(hub.head).toBe(7);
    hub.publish([entry(8, started(1)), entry(9, answered(0)), entry(10, started(2))]);
    const all = filterOf([]);
    expect(hub.ongoing(all).map(({ id }) => id)).toEqual([0, 1, 2].map((n) => offeredCall(n).id));
    expect(hub.call(offeredCall(0).id)?.state).toBe('connected');
    expect(hub.ongoing(filterOf([{ kind: 'number', number: '1001' }]))).toHaveLength(1);

    hub.publish([entry(11, ended(0))]);
    expect(hub.call(offeredCall(0).id)).toBeUndefined();
    expect(hub.ongoingCount).toBe(2);
  });
});

describe('the index of a hub', () => {
  it('finds those that looking at every audience would find, and tells them the same', () => {
    const audiences = fc.array(somePatterns, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(history, audiences, fc.array(fc.nat(5)), (entries, all, removed) => {
        const hub = new Hub(() => undefined, 0, []);
        const got = all.map((): Delivery[] => []);
        const seats = all.map((patterns, at): Audience => ({
          filter: filterOf(patterns),
          deliver: (deliveries) => void got[at]?.push(...deliveries),
        }));
        for (const seat of seats) hub.add(seat);
        const gone = new Set(removed.flatMap((at) => seats[at] ?? []));
        for (const seat of gone) hub.remove(seat);
        hub.publish(entries);
        hub.flush();

        for (const [at, seat] of seats.entries()) {
          const expected = entries.flatMap((each): Delivery[] => {
            const sight = sightOf(seat.filter, each.event);
            return sight === 'none' ? [] : [{ entry: each, first: sight === 'first' }];
          });
          expect(got[at]).toEqual(gone.has(seat) ? [] : expected);
        }
      }),
      { numRuns: 150 },
    );
  });
});
