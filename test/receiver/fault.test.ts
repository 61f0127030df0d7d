// Faults as people write them, and when each strikes.
import { describe, expect, it } from 'vitest';
import { type FaultKind, FaultPlan, parseFault } from '../../src/receiver/fault.ts';
import { faults } from '../support/receivers.ts';

const next = (plan: FaultPlan, count: number): FaultKind[] =>
  Array.from({ length: count }, () => plan.next());

describe('a fault', () => {
  it.each([
    ['500', { kind: 500 }],
    ['200', { kind: 200 }],
    ['599', { kind: 599 }],
    ['429:3', { kind: 429, count: 3 }],
    ['hang', { kind: 'hang' }],
    ['slow-body:1', { kind: 'slow-body', count: 1 }],
    ['reset:10%', { kind: 'reset', probability: 0.1 }],
    ['reset:0.5%', { kind: 'reset', probability: 0.005 }],
    ['ok:100%', { kind: 'ok', probability: 1 }],
  ])('is written %s', (text, fault) => {
    expect(parseFault(text)).toEqual(fault);
  });

  it.each([
    '',
    '199',
    '600',
    '1000',
    'nap',
    'HANG',
    '500:',
    '500:0',
    '500:-1',
    '500:101%',
    '500:%',
    '500:3:3',
    'toString',
    '500:1e3',
  ])('is not written %j', (text) => {
    expect(parseFault(text)).toBeUndefined();
  });
});

describe('faults', () => {
  it('strike for as many requests as they say, one after the other', () => {
    const plan = new FaultPlan(faults('500:2', 'ok:1', 'hang:1', '429:2'));
    expect(next(plan, 8)).toEqual([500, 500, 'ok', 'hang', 429, 429, 'ok', 'ok']);
  });

  it('without a number strike for good', () => {
    expect(next(new FaultPlan(faults('500:1', 'hang')), 3)).toEqual([500, 'hang', 'hang']);
    expect(next(new FaultPlan([]), 2)).toEqual(['ok', 'ok']);
  });

  it('by chance strike about as often as they say, and alike for one seed', () => {
    const plan = (seed?: number) => new FaultPlan(faults('500:30%', 'hang:50%'), seed);
    const met = next(plan(7), 10_000);
    const share = (kind: FaultKind): number => met.filter((each) => each === kind).length / 10_000;
    expect(share(500)).toBeCloseTo(0.3, 1);
    expect(share('hang')).toBeCloseTo(0.35, 1);
    expect(share('ok')).toBeCloseTo(0.35, 1);
    expect(next(plan(7), 10_000)).toEqual(met);
    expect(next(plan(8), 10_000)).not.toEqual(met);
    expect(new Set(next(plan(0), 1_000)).size).toBe(3);
  });

  it('of no chance never strike, of all chance always', () => {
    expect(new Set(next(new FaultPlan(faults('500:0%')), 1_000))).toEqual(new Set(['ok']));
    expect(new Set(next(new FaultPlan(faults('500:100%')), 1_000))).toEqual(new Set([500]));
  });

  it('can be set anew', () => {
    const plan = new FaultPlan(faults('500'));
    expect(plan.next()).toBe(500);
    plan.set(faults('hang:1'));
    expect(next(plan, 2)).toEqual(['hang', 'ok']);
  });
});
