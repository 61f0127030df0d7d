import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lockout } from '../../src/access/lockout.ts';

const limits = { lockAfter: 3, lockForMs: 60_000 };

describe('a lock', () => {
  it('is counted while it holds', () => {
    const lockout = new Lockout({ lockAfter: 2, lockForMs: 100 }, 10);
    lockout.failed('ann', 0);
    expect(lockout.locked(0)).toBe(0);
    lockout.failed('ann', 10);
    lockout.failed('bob', 20);
    lockout.failed('bob', 30);
    expect([30, 109, 110, 129, 130].map((nowMs) => lockout.locked(nowMs))).toEqual([2, 2, 1, 1, 0]);
    // As long as the limits now say.
    lockout.limits = { lockAfter: 2, lockForMs: 200 };
    expect(lockout.locked(130)).toBe(2);
    lockout.isLocked('ann', 210);
    expect(lockout.locked(210)).toBe(1);
  });

  it('closes with the last failure that may be, and opens after its time', () => {
    const lockout = new Lockout(limits, 10);
    expect([0, 1, 2].map((ms) => lockout.failed('ann', ms))).toEqual([false, false, true]);
    expect(lockout.isLocked('ann', 2)).toBe(true);
    expect(lockout.isLocked('bob', 2)).toBe(false);
    expect(lockout.isLocked('ann', 60_001)).toBe(true);
    expect(lockout.isLocked('ann', 60_002)).toBe(false);
    expect(lockout.size).toBe(0);
  });

  it('is not closed by failures that lie too far apart, or before a success', () => {
    const lockout = new Lockout(limits, 10);
    const locks = [0, 30_000, 60_000, 90_001].map((ms) => lockout.failed('ann', ms));
    expect(locks).toEqual([false, false, false, false]);
    lockout.succeeded('ann');
    expect([90_002, 90_003].map((ms) => lockout.failed('ann', ms))).toEqual([false, false]);
  });

  it('holds by the limits as they are now', () => {
    const lockout = new Lockout(limits, 10);
    lockout.failed('ann', 0);
    lockout.limits = { lockAfter: 2, lockForMs: 10 };
    expect(lockout.failed('ann', 5)).toBe(true);
    expect(lockout.isLocked('ann', 14)).toBe(true);
    expect(lockout.isLocked('ann', 15)).toBe(false);
  });

  it('remembers so many and no more, those who failed last', () => {
    const lockout = new Lockout({ lockAfter: 1, lockForMs: 60_000 }, 100);
    for (let n = 0; n < 10_000; n += 1) lockout.failed(`user ${n}`, n);
    expect(lockout.size).toBe(100);
    expect(lockout.isLocked('user 9999', 10_000)).toBe(true);
    expect(lockout.isLocked('user 9899', 10_000)).toBe(false);
  });

  /** What has happened, looked at as a whole each time: slow, and easy to believe. */
  function naivelyLocked(
    history: readonly { readonly atMs: number; readonly isRight: boolean }[],
    atMs: number,
  ): boolean {
    let failures: number[] = [];
    let lockedMs: number | undefined;
    for (const each of history) {
      if (lockedMs !== undefined && each.atMs < lockedMs + limits.lockForMs) continue;
      if (lockedMs !== undefined) [lockedMs, failures] = [undefined, []];
      if (each.isRight) failures = [];
      else failures.push(each.atMs);
      const recent = failures.filter((ms) => ms > each.atMs - limits.lockForMs);
      if (recent.length >= limits.lockAfter) lockedMs = each.atMs;
    }
    return lockedMs !== undefined && atMs < lockedMs + limits.lockForMs;
  }

  it('is what its definition says, whatever happens', () => {
    const step = fc.record({ afterMs: fc.nat(45_000), isRight: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const lockout = new Lockout(limits, 10);
        const history: { atMs: number; isRight: boolean }[] = [];
        let atMs = 0;
        for (const { afterMs, isRight } of steps) {
          atMs += afterMs;
          const isLocked = lockout.isLocked('ann', atMs);
          expect(isLocked).toBe(naivelyLocked(history, atMs));
          if (!isLocked && isRight) lockout.succeeded('ann');
          if (!isLocked && !isRight) lockout.failed('ann', atMs);
          history.push({ atMs, isRight });
        }
      }),
      { numRuns: 500 },
    );
  });
});
