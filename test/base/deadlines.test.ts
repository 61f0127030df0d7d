import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Deadlines } from '../../src/base/deadlines.ts';

const slotMs = 100;
const startMs = 1_000_000_050;

const begin = (): Deadlines<string> => new Deadlines<string>(slotMs, startMs);

describe('an item', () => {
  it('comes when its deadline has passed, not before, and at most a slot late', () => {
    for (const inMs of [0, 1, 49, 50, 51, 99, 100, 101, 149, 150, 1_234]) {
      const deadlines = begin();
      deadlines.set('a', startMs + inMs);
      let atMs = startMs;
      // Looked for at every millisecond: what is late is late because of the slots.
      while (deadlines.due(atMs).length === 0 && atMs < startMs + 10_000) atMs += 1;
      expect(atMs).toBeGreaterThanOrEqual(startMs + inMs);
      expect(atMs).toBeLessThanOrEqual(startMs + inMs + slotMs);
    }
  });

  it('comes once', () => {
    const deadlines = begin();
    deadlines.set('a', startMs + 10);
    expect(deadlines.due(startMs + 500)).toEqual(['a']);
    expect(deadlines.due(startMs + 900)).toEqual([]);
    expect(deadlines.size).toBe(0);
  });

  it('that is moved comes at the later time only, or at the earlier one', () => {
    const deadlines = begin();
    deadlines.set('later', startMs + 200);
    deadlines.set('later', startMs + 700);
    deadlines.set('earlier', startMs + 700);
    deadlines.set('earlier', startMs + 200);
    expect(deadlines.size).toBe(2);
    expect(deadlines.due(startMs + 400)).toEqual(['earlier']);
    expect(deadlines.due(startMs + 900)).toEqual(['later']);
  });

  it('that is deleted does not come; deleting what is not there does nothing', () => {
    const deadlines = begin();
    deadlines.set('a', startMs + 200);
    deadlines.set('b', startMs + 200);
    deadlines.delete('a');
    deadlines.delete('never set');
    expect(deadlines.size).toBe(1);
    expect(deadlines.due(startMs + 900)).toEqual(['b']);
  });

  it('whose deadline is past when it is set comes at the next look', () => {
    const deadlines = begin();
    deadlines.set('a', startMs - 5_000);
    expect(deadlines.due(startMs + slotMs)).toEqual(['a']);
  });

  it('may be set again while those that are due are gone through', () => {
    const deadlines = begin();
    deadlines.set('a', startMs + 10);
    for (const item of deadlines.due(startMs + 200)) deadlines.set(item, startMs + 300);
    expect(deadlines.due(startMs + 250)).toEqual([]);
    expect(deadlines.due(startMs + 400)).toEqual(['a']);
  });
});

describe('a clock that jumps', () => {
  it('forward by a day brings everything whose time has passed, and nothing else', () => {
    const deadlines = begin();
    const dayMs = 86_400_000;
    deadlines.set('soon', startMs + 300);
    deadlines.set('tomorrow', startMs + dayMs - 1_000);
    deadlines.set('later', startMs + dayMs + 1_000);
    expect(deadlines.due(startMs + dayMs).sort()).toEqual(['soon', 'tomorrow']);
    expect(deadlines.due(startMs + dayMs + 1_100)).toEqual(['later']);
  });

  it('back by an hour holds up nothing that is set afterwards', () => {
    const deadlines = begin();
    const hourMs = 3_600_000;
    expect(deadlines.due(startMs - hourMs)).toEqual([]);
    deadlines.set('a', startMs - hourMs + 200);
    expect(deadlines.due(startMs - hourMs + 100)).toEqual([]);
    expect(deadlines.due(startMs - hourMs + 300)).toEqual(['a']);
  });

  it('back by an hour and forward again brings what was set before, at its time', () => {
    const deadlines = begin();
    deadlines.set('a', startMs + 500);
    expect(deadlines.due(startMs - 3_600_000)).toEqual([]);
    expect(deadlines.due(startMs + 400)).toEqual([]);
    expect(deadlines.due(startMs + 600)).toEqual(['a']);
  });
});

it('whatever is set, moved, deleted and looked for, nothing is early, late or twice there', () => {
  const item = fc.constantFrom('a', 'b', 'c', 'd');
  const step = fc.oneof(
    fc.record({
      kind: fc.constant('set' as const),
      item,
      inMs: fc.integer({ min: -500, max: 2_000 }),
    }),
    fc.record({ kind: fc.constant('delete' as const), item }),
    // Mostly about once a slot, as whoever owns the timer does; now and then it is asleep for long.
    fc.record({
      kind: fc.constant('look' as const),
      afterMs: fc.oneof(fc.integer({ min: 0, max: slotMs }), fc.integer({ min: 0, max: 60_000 })),
    }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const deadlines = begin();
      const expected = new Map<string, number>();
      let nowMs = startMs;
      for (const each of steps) {
        if (each.kind === 'set') {
          deadlines.set(each.item, nowMs + each.inMs);
          // One that is past already is due from now on.
          expected.set(each.item, Math.max(nowMs, nowMs + each.inMs));
        } else if (each.kind === 'delete') {
          deadlines.delete(each.item);
          expected.delete(each.item);
        } else {
          nowMs += each.afterMs;
          const due = deadlines.due(nowMs);
          expect(new Set(due).size).toBe(due.length);
          for (const found of due) {
            expect(expected.get(found)).toBeLessThanOrEqual(nowMs);
            expected.delete(found);
          }
          for (const atMs of expected.values()) expect(atMs).toBeGreaterThan(nowMs - slotMs);
        }
        expect(deadlines.size).toBe(expected.size);
      }
    }),
    { numRuns: 500 },
  );
});
