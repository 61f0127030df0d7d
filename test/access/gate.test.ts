/**
 * Who is let in: by address, number and frequency; and who is remembered.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Bucket } from '../../src/access/bucket.ts';
import { Gate, type GateSettings } from '../../src/access/gate.ts';
import { anybody } from '../../src/access/grant.ts';

const open: GateSettings = {
  allow: [],
  maxPerAddress: 0,
  maxPerToken: 0,
  acceptRate: 0,
  requestRate: 0,
};
const gate = (changes: Partial<GateSettings> = {}): Gate => new Gate({ ...open, ...changes });
const at = 1_000_000;

describe('the list of addresses', () => {
  const allow = ['10.1.0.0/16', '192.0.2.7', '2001:db8::/32'];

  it.each([
    ['10.1.200.3', true],
    ['10.2.0.1', false],
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['::ffff:10.1.0.9', true],
    ['::ffff:10.2.0.9', false],
    ['2001:db8:1::5', true],
    ['2001:db9::5', false],
    ['127.0.0.1', false],
    ['nonsense', false],
  ])('%s is let in: %s', (address, isIn) => {
    expect(gate({ allow }).knock(address, false, at)).toBe(isIn ? undefined : 'address');
  });

  it('that is empty lets everybody in', () => {
    expect(gate().knock('203.0.113.9', false, at)).toBeUndefined();
  });

  it('that is renewed holds for who comes next', () => {
    const one = gate({ allow });
    one.settings = open;
    expect(one.knock('203.0.113.9', false, at)).toBeUndefined();
    one.settings = { ...open, allow: ['10.0.0.0/8'] };
    expect(one.knock('203.0.113.9', false, at)).toBe('address');
    expect(() => (one.settings = { ...open, allow: ['10.0.0.0/99'] })).toThrow();
    expect(one.knock('10.0.0.1', false, at)).toBeUndefined();
  });
});

describe('connections of one address', () => {
  it('are so many at a time, and another address has its own', () => {
    const one = gate({ maxPerAddress: 2 });
    expect(one.knock('192.0.2.1', false, at)).toBeUndefined();
    expect(one.knock('::ffff:192.0.2.1', false, at)).toBeUndefined();
    expect(one.knock('192.0.2.1', false, at)).toBe('per-address');
    expect(one.knock('192.0.2.2', false, at)).toBeUndefined();
    one.left('192.0.2.1');
    expect(one.knock('192.0.2.1', false, at)).toBeUndefined();
    expect(one.refused).toMatchObject({ 'per-address': 1, address: 0, rate: 0, full: 0 });
  });

  it('of an IPv6 network of 64 bits are those of one', () => {
    const one = gate({ maxPerAddress: 1 });
    expect(one.knock('2001:db8:0:1::1', false, at)).toBeUndefined();
    expect(one.knock('2001:db8:0:1:ffff::2', false, at)).toBe('per-address');
    expect(one.knock('2001:db8:0:2::1', false, at)).toBeUndefined();
    expect(one.knock('::1', false, at)).toBeUndefined();
    expect(one.knock('::1', false, at)).toBe('per-address');
  });

  it('come so often, with a burst of four seconds’ worth', () => {
    const one = gate({ acceptRate: 10 });
    const come = (count: number, nowMs: number): number =>
      Array.from({ length: count }, () => one.knock('192.0.2.1', false, nowMs)).filter(
        (refusal) => refusal === undefined,
      ).length;
    expect(come(100, at)).toBe(40);
    expect(come(100, at + 500)).toBe(5);
    expect(one.knock('192.0.2.9', false, at + 500)).toBeUndefined();
    expect(one.refused.rate).toBe(155);
  });

  it('are turned away when there is no place, which counts as having come', () => {
    const one = gate();
    expect(one.knock('192.0.2.1', true, at)).toBe('full');
    expect(one.refused.full).toBe(1);
  });
});

it('those who left are forgotten, those who are in or came too often are not', () => {
  const one = gate({ acceptRate: 100 });
  for (let host = 0; host < 999; host += 1) one.knock(`10.0.${host >> 8}.${host & 255}`, false, at);
  for (let host = 1; host < 999; host += 1) one.left(`10.0.${host >> 8}.${host & 255}`);
  expect(one.visitors).toBe(999);
  one.knock('10.9.9.9', false, at + 60_000);
  expect(one.visitors).toBe(2);
});

it('HTTP requests of one address come so often; who is too fast is told how long to wait', () => {
  const one = gate({ requestRate: 5 });
  const waits = Array.from({ length: 12 }, () => one.request('192.0.2.1', at));
  expect(waits.slice(0, 10)).toEqual(Array(10).fill(0));
  expect(waits.slice(10)).toEqual([200, 200]);
  expect(one.request('192.0.2.1', at + 200)).toBe(0);
  expect(one.request('192.0.2.2', at)).toBe(0);
});

it('sessions of one token are so many at a time', () => {
  const one = gate({ maxPerToken: 2 });
  expect([one.seat(anybody), one.seat(anybody), one.seat(anybody)]).toEqual([true, true, false]);
  expect(one.seat({ ...anybody, name: 'other' })).toBe(true);
  one.unseat(anybody);
  expect(one.seat(anybody)).toBe(true);
});

describe('a bucket', () => {
  it('gives in any stretch of time no more than its burst and what has come in since', () => {
    const rate = { perSecond: 7, burst: 3 };
    fc.assert(
      fc.property(fc.array(fc.nat(400), { maxLength: 80 }), (pauses) => {
        const bucket = new Bucket(rate, 0);
        const taken: number[] = [];
        let nowMs = 0;
        for (const pause of pauses) {
          nowMs += pause;
          if (bucket.take(rate, nowMs)) taken.push(nowMs);
          else expect(bucket.waitMs(rate, nowMs)).toBeGreaterThan(0);
        }
        for (const [nth, from] of taken.entries()) {
          for (const [later, to] of taken.slice(nth).entries()) {
            expect(later + 1).toBeLessThanOrEqual(3 + ((to - from) / 1_000) * 7 + 1e-6);
          }
        }
      }),
    );
  });

  it('gives one after the time it says, and not before', () => {
    const rate = { perSecond: 3, burst: 1 };
    const bucket = new Bucket(rate, at);
    expect(bucket.take(rate, at)).toBe(true);
    const waitMs = bucket.waitMs(rate, at);
    expect(bucket.take(rate, at + waitMs - 1)).toBe(false);
    expect(bucket.take(rate, at + waitMs)).toBe(true);
    bucket.spend(rate, 6, at + waitMs);
    expect(bucket.waitMs(rate, at + waitMs)).toBeGreaterThan(2_000);
  });

  it('without a rate gives always', () => {
    const free = { perSecond: 0, burst: 1 };
    const bucket = new Bucket(free, at);
    bucket.spend(free, 1_000, at);
    expect([bucket.take(free, at), bucket.take(free, at), bucket.waitMs(free, at)]).toEqual([
      true,
      true,
      0,
    ]);
  });
});
