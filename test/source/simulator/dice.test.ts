import { describe, expect, it } from 'vitest';
import { among, seededDice } from '../../../src/source/simulator/dice.ts';

const rolls = (seed: number, count: number): number[] => {
  const dice = seededDice(seed);
  return Array.from({ length: count }, () => dice.roll());
};

describe('seeded dice', () => {
  it('fall the same way for the same seed and another way for another', () => {
    expect(rolls(1, 100)).toEqual(rolls(1, 100));
    expect(rolls(1, 100)).not.toEqual(rolls(2, 100));
  });

  it('fall evenly over [0, 1)', () => {
    const counts = new Array<number>(10).fill(0);
    for (const roll of rolls(42, 20_000)) {
      expect(roll).toBeGreaterThanOrEqual(0);
      expect(roll).toBeLessThan(1);
      const tenth = Math.floor(roll * 10);
      counts[tenth] = (counts[tenth] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  });

  it('draw whole numbers with both ends and wait as long as they should on average', () => {
    const dice = seededDice(5);
    const drawn = new Set(Array.from({ length: 200 }, () => dice.whole(1, 3)));
    expect([...drawn].sort()).toEqual([1, 2, 3]);
    let sum = 0;
    for (let nth = 0; nth < 20_000; nth++) sum += dice.waiting(10);
    expect(sum / 20_000).toBeGreaterThan(9.5);
    expect(sum / 20_000).toBeLessThan(10.5);
  });

  it('choose by weight, and say so when there is nothing to choose from', () => {
    const dice = seededDice(9);
    const chosen = Array.from({ length: 1000 }, () =>
      among(dice, [
        [9, 'often'],
        [1, 'seldom'],
        [0, 'never'],
      ]),
    );
    const seldom = chosen.filter((choice) => choice === 'seldom').length;
    expect(seldom).toBeGreaterThan(60);
    expect(seldom).toBeLessThan(140);
    expect(chosen).not.toContain('never');
    expect(() => among(dice, [])).toThrow(RangeError);
    expect(() => dice.pick([])).toThrow(RangeError);
  });
});
