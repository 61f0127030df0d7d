// Which of several receivers is tried, through any order of successes and failures.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Receivers } from '../../src/webhook/receivers.ts';

const use = (index: number, probe = false) => ({ kind: 'use', index, probe });
/** Dice that fall on the whole wait, or nearly. */
const all = 0.999_999_999;

function down(receivers: Receivers, index: number, nowMs: number): void {
  for (let i = 0; i < 3; i += 1) receivers.fails(index, nowMs, all);
}

describe('receivers', () => {
  it('are used in order of preference, and where there are others one failure is enough', () => {
    const receivers = new Receivers(2);
    expect(receivers.pick(0)).toEqual(use(0));
    receivers.fails(0, 0, all);
    expect(receivers.pick(0)).toEqual(use(1));
  });

  it('are not left alone for two failures where there is only one', () => {
    const receivers = new Receivers(1);
    expect(receivers.pick(0)).toEqual(use(0));
    receivers.fails(0, 0, all);
    receivers.fails(0, 0, all);
    expect(receivers.pick(0)).toEqual(use(0));
    receivers.works(0);
    receivers.fails(0, 0, all);
    receivers.fails(0, 0, all);
    expect(receivers.pick(0)).toEqual(use(0));
  });

  it('are left alone after three failures in a row, then tried with one request', () => {
    const receivers = new Receivers(2);
    down(receivers, 0, 0);
    expect(receivers.pick(0)).toEqual(use(1));
    expect(receivers.pick(999)).toEqual(use(1));
    expect(receivers.pick(1_000)).toEqual(use(0, true));
    expect(receivers.pick(1_000)).toEqual(use(1));
    receivers.works(0);
    expect(receivers.pick(1_000)).toEqual(use(0));
  });

  it('are left alone for longer each time, up to a minute', () => {
    const receivers = new Receivers(1);
    down(receivers, 0, 0);
    const waits = [];
    let nowMs = 0;
    for (let i = 0; i < 9; i += 1) {
      const pick = receivers.pick(nowMs);
      expect(pick.kind).toBe('wait');
      const untilMs = pick.kind === 'wait' ? pick.untilMs : 0;
      waits.push((untilMs - nowMs) / 1_000);
      nowMs = untilMs;
      expect(receivers.pick(nowMs)).toEqual(use(0, true));
      receivers.fails(0, nowMs, all);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
    receivers.works(0);
    down(receivers, 0, nowMs);
    expect(receivers.pick(nowMs)).toEqual({ kind: 'wait', untilMs: nowMs + 1_000 });
  });

  it('do not wait longer because several requests were under way when one went down', () => {
    const receivers = new Receivers(1);
    for (let i = 0; i < 64; i += 1) receivers.fails(0, 0, all);
    expect(receivers.pick(0)).toEqual({ kind: 'wait', untilMs: 1_000 });
  });

  it('that are all down are awaited until the earliest of them', () => {
    const receivers = new Receivers(3);
    down(receivers, 0, 500);
    expect(receivers.areDown).toBe(false);
    down(receivers, 1, 0);
    down(receivers, 2, 700);
    expect(receivers.areDown).toBe(true);
    expect(receivers.pick(900)).toEqual({ kind: 'wait', untilMs: 1_000 });
    expect(receivers.pick(1_000)).toEqual(use(1, true));
    expect(receivers.pick(1_000)).toEqual({ kind: 'wait', untilMs: 1_500 });
    receivers.works(1);
    expect(receivers.areDown).toBe(false);
  });

  it('that ask for patience get it, and are not down', () => {
    const receivers = new Receivers(2);
    receivers.hold(0, 5_000);
    expect(receivers.pick(0)).toEqual(use(1));
    receivers.hold(1, 3_000);
    expect(receivers.pick(0)).toEqual({ kind: 'wait', untilMs: 3_000 });
    expect(receivers.areDown).toBe(false);
    // One that was sent before does not end the wait.
    receivers.works(0);
    receivers.hold(0, 100);
    expect(receivers.pick(4_999)).toEqual(use(1));
    expect(receivers.pick(5_000)).toEqual(use(0));
  });

  it('give back a probe that was not sent', () => {
    const receivers = new Receivers(1);
    down(receivers, 0, 0);
    expect(receivers.pick(1_000)).toEqual(use(0, true));
    receivers.hold(0, 1_000);
    expect(receivers.pick(1_000)).toEqual(use(0, true));
  });

  it('draw their waits', () => {
    const untilMs = (random: number): unknown => {
      const receivers = new Receivers(1);
      for (let i = 0; i < 3; i += 1) receivers.fails(0, 0, random);
      return receivers.pick(0);
    };
    expect(untilMs(0)).toEqual({ kind: 'wait', untilMs: 100 });
    expect(untilMs(0.5)).toEqual({ kind: 'wait', untilMs: 500 });
  });

  it('are one or more', () => {
    for (const count of [0, -1, 1.5, NaN]) expect(() => new Receivers(count)).toThrow(RangeError);
  });

  it('take no notice of one that is no longer among them', () => {
    const receivers = new Receivers(1);
    receivers.works(7);
    down(receivers, 7, 0);
    receivers.hold(7, 5_000);
    expect(receivers.pick(0)).toEqual(use(0));
  });
});

it('in any order of outcomes: one probe at a time, a working one is used, the preferred one comes back', () => {
  const step = fc.record({
    kind: fc.constantFrom('pick', 'pick', 'works', 'fails', 'fails', 'hold', 'wait'),
    which: fc.nat(7),
    ms: fc.nat(5_000),
    random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(step, { maxLength: 200 }),
      (count, steps) => {
        const receivers = new Receivers(count);
        const enough = count === 1 ? 3 : 1;
        const probes = new Set<number>();
        const failures = Array.from({ length: count }, () => 0);
        const heldMs = Array.from({ length: count }, () => 0);
        let nowMs = 0;
        for (const { kind, which, ms, random } of steps) {
          const index = which % count;
          // Too few failures in a row and not held: it works, for all we can know.
          const isWorking = (each: number): boolean =>
            (failures[each] ?? 0) < enough && (heldMs[each] ?? 0) <= nowMs;
          if (kind === 'wait') nowMs += ms;
          else if (kind === 'works') {
            receivers.works(index);
            probes.delete(index);
            failures[index] = 0;
          } else if (kind === 'fails') {
            receivers.fails(index, nowMs, random);
            probes.delete(index);
            failures[index] = (failures[index] ?? 0) + 1;
          } else if (kind === 'hold') {
            receivers.hold(index, nowMs + ms);
            probes.delete(index);
            heldMs[index] = Math.max(heldMs[index] ?? 0, nowMs + ms);
          } else {
            const working = failures.findIndex((_, each) => isWorking(each));
            const pick = receivers.pick(nowMs);
            if (pick.kind === 'wait') {
              expect(working).toBe(-1);
              expect(pick.untilMs).toBeGreaterThan(nowMs);
              expect(pick.untilMs).toBeLessThanOrEqual(nowMs + 60_000);
            } else {
              expect(probes.has(pick.index)).toBe(false);
              expect(pick.probe).toBe((failures[pick.index] ?? 0) >= enough);
              expect(heldMs[pick.index]).toBeLessThanOrEqual(nowMs);
              if (pick.probe) probes.add(pick.index);
              // Before the first one that works there is nothing but a probe.
              if (working >= 0) expect(pick.index).toBeLessThanOrEqual(working);
              if (!pick.probe) expect(pick.index).toBe(working);
            }
          }
          expect(receivers.areDown).toBe(failures.every((times) => times >= enough));
        }
        // Once it works, and nobody asked for patience, the preferred one is used.
        receivers.works(0);
        expect(receivers.pick(nowMs + 5_000)).toEqual(use(0));
      },
    ),
  );
});
