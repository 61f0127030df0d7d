import fc from 'fast-check';
import { expect, it } from 'vitest';
import { backoffMs, spreadMs } from '../../src/base/backoff.ts';

const plan = { firstMs: 1_000, maxMs: 60_000 };

it('doubles from the first wait to the longest, and stays there', () => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((attempt) => backoffMs(plan, attempt, 1 - 1e-9));
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

it('draws half of the wait, so that many do not come back in the same instant', () => {
  expect([0, 0.25, 0.5, 0.75].map((random) => backoffMs(plan, 3, random))).toEqual([
    2_000, 2_500, 3_000, 3_500,
  ]);
});

it('is never shorter than half the first wait and never longer than the longest', () => {
  const plans = fc
    .tuple(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 10_000_000 }))
    .map(([a, b]) => ({ firstMs: Math.min(a, b), maxMs: Math.max(a, b) }));
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(plans, fc.integer({ min: 1, max: 100_000 }), random, (each, attempt, dice) => {
      const waitMs = backoffMs(each, attempt, dice);
      expect(waitMs).toBeGreaterThanOrEqual(Math.floor(each.firstMs / 2));
      expect(waitMs).toBeLessThanOrEqual(each.maxMs);
      expect(Number.isInteger(waitMs)).toBe(true);
      expect(backoffMs(each, attempt + 1, dice)).toBeGreaterThanOrEqual(waitMs);
    }),
  );
});

it('with full jitter is anything from nothing to the whole wait', () => {
  expect([0, 0.25, 0.5, 1 - 1e-9].map((random) => spreadMs(plan, 3, random))).toEqual([
    0, 1_000, 2_000, 4_000,
  ]);
  expect(spreadMs(plan, 1_000, 0.5)).toBe(30_000);
});
