import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lanes } from '../../src/webhook/lanes.ts';
import { delivery } from '../support/deliveries.ts';

const ids = (deliveries: readonly { readonly id: number }[]): number[] =>
  deliveries.map(({ id }) => id);

describe('lanes', () => {
  it('give one delivery of each lane at a time, in order', () => {
    const lanes = new Lanes();
    for (const [id, lane] of [
      [1, 'a'],
      [2, 'a'],
      [3, 'b'],
    ] as const) {
      lanes.add(delivery(id, lane));
    }
    const first = lanes.take(1);
    expect(ids(first)).toEqual([1]);
    expect(ids(lanes.take(1))).toEqual([3]);
    expect(lanes.hasReady).toBe(false);
    lanes.done(first[0] ?? delivery(0, ''));
    expect(ids(lanes.take(1))).toEqual([2]);
  });

  it('take a delivery once, until what became of it is written', () => {
    const lanes = new Lanes();
    const one = delivery(1, 'a');
    lanes.add(one);
    lanes.add(delivery(1, 'a'));
    expect(lanes.size).toBe(1);
    lanes.take(1);
    lanes.done(one);
    lanes.add(delivery(1, 'a'));
    expect(lanes.hasReady).toBe(false);
    lanes.settled(1);
    lanes.add(delivery(1, 'a'));
    expect(lanes.hasReady).toBe(true);
  });

  it('let what is newer make live ones superfluous, but not what is under way', () => {
    const lanes = new Lanes();
    lanes.add(delivery(1, 'a', { class: 'live', topic: 'start' }));
    lanes.take(1);
    lanes.add(delivery(2, 'a', { class: 'live', topic: 'update' }));
    lanes.add(delivery(3, 'a', { class: 'record', topic: 'recording' }));
    const newer = delivery(4, 'a', { class: 'live', topic: 'update', supersedes: 'topic' });
    expect(ids(lanes.supersede(newer))).toEqual([2]);
    lanes.add(newer);
    lanes.add(delivery(5, 'b', { class: 'live' }));
    const end = delivery(6, 'a', { topic: 'end', supersedes: 'live' });
    expect(ids(lanes.supersede(end))).toEqual([4]);
    lanes.add(end);
    expect(lanes.size).toBe(4);
  });

  it('whose delivery is tried again wait in the store until that is written', () => {
    const lanes = new Lanes();
    const one = delivery(1, 'a');
    lanes.add(one);
    lanes.add(delivery(2, 'a'));
    lanes.take(1);
    lanes.park(one);
    expect(lanes.size).toBe(0);
    lanes.add(delivery(3, 'a'));
    expect(lanes.size).toBe(0);
    lanes.parked('a');
    lanes.add(delivery(1, 'a'));
    expect(ids(lanes.take(9))).toEqual([1]);
  });

  it('give whole lanes where several may be told together', () => {
    const lanes = new Lanes();
    const all = [1, 2, 3, 4].map((id) => delivery(id, id < 4 ? 'a' : 'b'));
    for (const each of all) lanes.add(each);
    const taken = lanes.take(2);
    expect(ids(taken)).toEqual([1, 2]);
    for (const each of taken) lanes.done(each);
    expect(ids(lanes.take(9))).toEqual([4, 3]);
  });

  it('let go of what has expired when it stands first', () => {
    const lanes = new Lanes();
    lanes.add(delivery(1, 'a', { expiresMs: 10 }));
    lanes.add(delivery(2, 'a', { expiresMs: 100 }));
    lanes.add(delivery(3, 'b', { expiresMs: 10 }));
    expect(ids(lanes.expire(10))).toEqual([1, 3]);
    expect(ids(lanes.take(9))).toEqual([2]);
    expect(lanes.size).toBe(1);
  });

  it('let go of what has expired behind one that was under way, once its turn comes', () => {
    const lanes = new Lanes();
    const one = delivery(1, 'a', { expiresMs: 10 });
    lanes.add(one);
    lanes.add(delivery(2, 'a', { expiresMs: 30 }));
    lanes.add(delivery(3, 'b', { expiresMs: 20 }));
    expect(ids(lanes.take(1))).toEqual([1]);
    expect(ids(lanes.expire(20))).toEqual([3]);
    expect(ids(lanes.expire(40))).toEqual([]);
    lanes.done(one);
    expect(ids(lanes.expire(40))).toEqual([2]);
    lanes.add(delivery(4, 'c', { expiresMs: 50 }));
    expect(ids(lanes.expire(50))).toEqual([4]);
  });

  it('let go of what is not true any more before it is taken, and of nothing else', () => {
    const lanes = new Lanes();
    for (const [id, lane] of [
      [1, 'a'],
      [2, 'b'],
      [3, 'b'],
      [4, 'b'],
    ] as const) {
      lanes.add(delivery(id, lane));
    }
    const isOdd = ({ id }: { readonly id: number }): boolean => id % 2 === 1;
    expect(ids(lanes.drop(9, isOdd))).toEqual([1, 3]);
    expect(lanes.size).toBe(2);
    expect(lanes.knows(3)).toBe(true);
    expect(ids(lanes.take(9))).toEqual([2, 4]);
  });

  it('keep the order of each lane whatever happens, and lose nothing', () => {
    const steps = fc.array(
      fc.record({
        what: fc.constantFrom('add', 'add', 'take', 'done', 'park', 'parked', 'clear'),
        lane: fc.constantFrom('a', 'b', 'c'),
        most: fc.integer({ min: 1, max: 3 }),
      }),
      { maxLength: 80 },
    );
    fc.assert(
      fc.property(steps, (all) => {
        const lanes = new Lanes();
        const told = new Map<string, number>();
        const underWay: ReturnType<typeof delivery>[] = [];
        const inMemory = new Set<number>();
        let next = 0;
        for (const { what, lane, most } of all) {
          if (what === 'add') {
            const one = delivery((next += 1), lane);
            const before = lanes.size;
            lanes.add(one);
            if (lanes.size > before) inMemory.add(one.id);
          } else if (what === 'take') {
            const taken = lanes.take(most);
            expect(taken.length).toBeLessThanOrEqual(most);
            for (const each of taken) {
              // Nothing of a lane is taken while something of it is under way.
              const others = underWay.filter((other) => other.lane === each.lane);
              expect(others.every((other) => taken.includes(other))).toBe(true);
              underWay.push(each);
            }
          } else if (what === 'done') {
            const [one] = underWay.splice(0, 1);
            if (one === undefined) continue;
            expect(one.id).toBeGreaterThan(told.get(one.lane) ?? 0);
            told.set(one.lane, one.id);
            inMemory.delete(one.id);
            lanes.done(one);
            lanes.settled(one.id);
          } else if (what === 'park') {
            const [one] = underWay;
            if (one === undefined) continue;
            const of = underWay.filter((each) => each.lane === one.lane);
            underWay.splice(0, underWay.length, ...underWay.filter((each) => !of.includes(each)));
            lanes.park(one);
            for (const id of inMemory) if (laneOf(id, all) === one.lane) inMemory.delete(id);
          } else if (what === 'parked') {
            lanes.parked(lane);
          } else {
            lanes.clear();
            for (const id of inMemory)
              if (!underWay.some((each) => each.id === id)) inMemory.delete(id);
          }
          expect(lanes.size).toBe(inMemory.size);
          expect(lanes.known).toBe(inMemory.size);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The lane of the delivery that the n-th `add` of the steps made. */
function laneOf(
  id: number,
  steps: readonly { readonly what: string; readonly lane: string }[],
): string | undefined {
  return steps.filter(({ what }) => what === 'add')[id - 1]?.lane;
}
