// What follows from an attempt, for every outcome, class and number of tries.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRequestsFault, isSuccess } from '../../src/webhook/dialect/dialect.ts';
import type { FailureClass, Outcome } from '../../src/webhook/sending.ts';
import { type Attempted, verdictOf } from '../../src/webhook/verdict.ts';

const dialect = { isTaken: isSuccess, isFinal: isRequestsFault };
const nowMs = 1_000_000_000_000;
const record: Attempted = {
  dialect,
  class: 'record',
  attempts: 0,
  retriesMs: [1_000, 5_000, 30_000],
  expiresMs: nowMs + 3 * 86_400_000,
  nowMs,
  random: 0.5,
};
const live: Attempted = { ...record, class: 'live', expiresMs: nowMs + 30_000 };

const answered = (status: number, retryAfterMs?: number): Outcome => ({
  kind: 'answered',
  status,
  answer: 'words',
  ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
});
const failure = (error: FailureClass): Outcome => ({ kind: 'failed', error, detail: 'Why.' });

describe('an answer', () => {
  it.each([200, 201, 204, 299])('%i delivers', (status) => {
    expect(verdictOf(answered(status), record)).toEqual({
      to: 'delivered',
      afterMs: 0,
      reason: null,
      receiver: 'works',
      holdMs: 0,
      disable: false,
    });
  });

  it.each([400, 401, 403, 404, 409, 422])('%i is final, and the receiver works', (status) => {
    expect(verdictOf(answered(status), record)).toMatchObject({
      to: 'dead',
      reason: `answered ${status}: words`,
      receiver: 'works',
      disable: false,
    });
  });

  it.each([
    [408, 'fails'],
    [425, 'works'],
    [429, 'fails'],
    [500, 'fails'],
    [502, 'fails'],
    [503, 'fails'],
    [301, 'works'],
    [302, 'works'],
  ])('%i is tried again, and the receiver %s', (status, receiver) => {
    expect(verdictOf(answered(status), record)).toMatchObject({ to: 'retry', receiver });
    expect(verdictOf(answered(status), live)).toMatchObject({ to: 'retry', receiver });
  });

  it('is what the dialect makes of it', () => {
    const lenient = { isTaken: (status: number) => status <= 302, isFinal: () => false };
    expect(verdictOf(answered(302), { ...record, dialect: lenient }).to).toBe('delivered');
    expect(verdictOf(answered(404), { ...record, dialect: lenient }).to).toBe('retry');
  });

  it('410 disables the destination, and the delivery waits, whatever the dialect says', () => {
    for (const attempted of [
      record,
      live,
      { ...record, attempts: 99 },
      { ...live, attempts: 99 },
    ]) {
      for (const isFinal of [() => true, () => false]) {
        const verdict = verdictOf(answered(410), {
          ...attempted,
          dialect: { isTaken: isSuccess, isFinal },
        });
        expect(verdict).toMatchObject({ to: 'retry', disable: true, receiver: 'works' });
        expect(verdict.reason).toContain('gone for good');
        expect(verdict.afterMs).toBeGreaterThan(0);
      }
    }
  });

  it.each([429, 503, 500])('%i that asks for patience gets it, as a whole', (status) => {
    const verdict = verdictOf(answered(status, 20_000), record);
    expect(verdict).toMatchObject({ to: 'retry', holdMs: 20_000, afterMs: 20_000 });
    // Less than the schedule has is no shorter wait.
    const short = verdictOf(answered(status, 10), { ...record, attempts: 2 });
    expect(short).toMatchObject({ holdMs: 10, afterMs: 15_000 });
  });

  it('that asks something live to wait for too long lets it expire', () => {
    const verdict = verdictOf(answered(503, 60_000), live);
    expect(verdict).toMatchObject({ to: 'expired', holdMs: 60_000, receiver: 'fails' });
  });
});

describe('a failure', () => {
  it.each<FailureClass>(['dns', 'address', 'connect', 'tls', 'reset', 'timeout', 'protocol'])(
    'of class %s is tried again, and the receiver fails',
    (error) => {
      const verdict = verdictOf(failure(error), record);
      expect(verdict).toMatchObject({ to: 'retry', receiver: 'fails', reason: 'Why.', holdMs: 0 });
    },
  );

  it('of the request itself is final, and says nothing of the receiver', () => {
    for (const attempted of [record, live]) {
      const verdict = verdictOf(failure('request'), attempted);
      expect(verdict).toMatchObject({ to: 'dead', receiver: 'works', reason: 'Why.' });
    }
  });
});

describe('waits', () => {
  const waitsOf = (attempted: Attempted, count: number): number[] =>
    Array.from({ length: count }, (_, attempts) => {
      const verdict = verdictOf(failure('reset'), { ...attempted, attempts });
      return verdict.to === 'retry' ? verdict.afterMs : -1;
    });

  it('of a record follow the schedule, then grow to an hour', () => {
    // Dice that nearly fall on the whole wait.
    const waits = waitsOf({ ...record, random: 0.999_999_999 }, 12);
    expect(waits).toEqual([
      1_000, 5_000, 30_000, 60_000, 120_000, 240_000, 480_000, 960_000, 1_920_000, 3_600_000,
      3_600_000, 3_600_000,
    ]);
  });

  it('of a record without a schedule, or with nothing in it, grow as well', () => {
    const all = { ...record, random: 0.999_999_999 };
    expect(waitsOf({ ...all, retriesMs: [] }, 3)).toEqual([60_000, 120_000, 240_000]);
    expect(waitsOf({ ...all, retriesMs: [0] }, 4)).toEqual([0, 2_000, 4_000, 8_000]);
    expect(waitsOf({ ...all, retriesMs: [7_200_000] }, 3)).toEqual([
      7_200_000, 7_200_000, 7_200_000,
    ]);
    expect(waitsOf({ ...all, attempts: 0 }, 2_000).at(-1)).toBe(3_600_000);
  });

  it('of something live end with the schedule', () => {
    const attempted = { ...live, expiresMs: nowMs + 1_000_000 };
    expect(waitsOf(attempted, 5)).toEqual([500, 2_500, 15_000, -1, -1]);
    expect(verdictOf(failure('reset'), { ...attempted, attempts: 3 })).toMatchObject({
      to: 'expired',
      reason: 'tried 4 times; Why.',
    });
    expect(verdictOf(failure('reset'), { ...live, retriesMs: [] })).toMatchObject({
      to: 'expired',
      reason: 'tried once; Why.',
    });
  });

  it('are anything from a tenth of the whole to all of it', () => {
    const least = waitsOf({ ...record, random: 0 }, 3);
    expect(least).toEqual([100, 500, 3_000]);
  });

  it('end when the time is over', () => {
    const over = { expiresMs: nowMs };
    expect(verdictOf(answered(500), { ...record, ...over }).to).toBe('dead');
    expect(verdictOf(answered(500), { ...live, ...over }).to).toBe('expired');
    // What could be told again only after its time is not tried again.
    expect(verdictOf(answered(500), { ...live, expiresMs: nowMs + 500 }).to).toBe('expired');
    expect(verdictOf(answered(500), { ...live, expiresMs: nowMs + 501 }).to).toBe('retry');
  });
});

it('any verdict holds together', () => {
  const outcome = fc.oneof(
    fc
      .record({
        status: fc.integer({ min: 200, max: 599 }),
        retryAfterMs: fc.option(fc.integer({ min: 0, max: 86_400_000 }), { nil: undefined }),
      })
      .map(({ status, retryAfterMs }) => answered(status, retryAfterMs)),
    fc
      .constantFrom<FailureClass>('dns', 'address', 'connect', 'tls', 'reset', 'timeout', 'request')
      .map(failure),
  );
  const attempted = fc.record({
    dialect: fc.constant(dialect),
    class: fc.constantFrom<'live' | 'record'>('live', 'record'),
    attempts: fc.nat(1_000),
    retriesMs: fc.array(fc.nat(86_400_000), { maxLength: 20 }),
    expiresMs: fc.integer({ min: nowMs - 86_400_000, max: nowMs + 86_400_000 }),
    nowMs: fc.constant(nowMs),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(outcome, attempted, (came, tried) => {
      const verdict = verdictOf(came, tried);
      expect(Number.isInteger(verdict.afterMs)).toBe(true);
      expect(verdict.afterMs).toBeGreaterThanOrEqual(0);
      expect(verdict.afterMs).toBeLessThanOrEqual(86_400_000);
      expect(verdict.reason === null).toBe(verdict.to === 'delivered');
      if (verdict.to !== 'retry') expect(verdict.afterMs).toBe(0);
      if (verdict.disable) expect(came).toMatchObject({ status: 410 });
      if (tried.class === 'record') expect(verdict.to).not.toBe('expired');
      // A wait is never shorter than what was asked for.
      if (verdict.to === 'retry') expect(verdict.afterMs).toBeGreaterThanOrEqual(verdict.holdMs);
      if (verdict.to === 'retry' && tried.class === 'live' && !verdict.disable) {
        expect(nowMs + verdict.afterMs).toBeLessThan(tried.expiresMs);
      }
    }),
  );
});
