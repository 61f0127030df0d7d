import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { CallSignal } from '../../../src/call/signal.ts';
import { scenario } from '../../../src/source/simulator/scenario.ts';
import { Simulator } from '../../../src/source/simulator/simulator.ts';

const settings = { name: 'demo', rate: 2, seed: 11, agents: 8 };

function stageFor(told: CallSignal[], states: string[] = []) {
  return {
    signal: (signal: CallSignal) => void told.push(signal),
    state: (state: string) => void states.push(state),
    heard: () => undefined,
  };
}

describe('the simulator', () => {
  let told: CallSignal[];
  let states: string[];
  let simulator: Simulator;

  beforeEach(() => {
    vi.useFakeTimers({ now: Date.UTC(2026, 0, 5, 9) });
    told = [];
    states = [];
    simulator = new Simulator(settings, stageFor(told, states), { now: () => Date.now() });
  });
  afterEach(async () => {
    await simulator.stop();
    vi.useRealTimers();
  });

  it('says first that it is there and sees nobody', () => {
    simulator.start();
    const atMs = Date.now();
    expect(told).toEqual([
      { kind: 'source.connected', source: 'demo', atMs },
      { kind: 'source.snapshot', source: 'demo', atMs, legs: [] },
    ]);
    expect(states).toEqual(['up']);
  });

  it('tells each signal at its moment', () => {
    const startedAtMs = Date.now();
    const expected: CallSignal[] = [];
    for (const { offsetMs, signal } of scenario(settings, startedAtMs)) {
      if (offsetMs > 30_000) break;
      expected.push(signal);
    }
    simulator.start();
    vi.advanceTimersByTime(10_000);
    expect(told.slice(2)).toEqual(expected.filter((s) => s.atMs <= startedAtMs + 10_000));
    vi.advanceTimersByTime(20_000);
    expect(told.slice(2)).toEqual(expected);
    expect(expected.length).toBeGreaterThan(100);
  });

  it('falls silent when stopped and begins again with other keys and an empty house', async () => {
    simulator.start();
    simulator.start();
    vi.advanceTimersByTime(5000);
    await simulator.stop();
    const first = [...told];
    vi.advanceTimersByTime(60_000);
    expect(told).toEqual(first);

    simulator.start();
    expect(told.slice(first.length).map(({ kind }) => kind)).toEqual([
      'source.connected',
      'source.snapshot',
    ]);
    vi.advanceTimersByTime(5000);
    const keysOf = (signals: CallSignal[]): string[] =>
      signals.flatMap((signal) => ('leg' in signal ? [signal.leg] : []));
    const before = new Set(keysOf(first));
    const after = keysOf(told.slice(first.length));
    expect(after.length).toBeGreaterThan(10);
    expect(after.filter((key) => before.has(key))).toEqual([]);
  });

  it('tells nothing while it is held, and afterwards all that was due', () => {
    simulator.start();
    vi.advanceTimersByTime(5000);
    const before = told.length;
    simulator.hold(true);
    vi.advanceTimersByTime(5000);
    expect(told).toHaveLength(before);
    simulator.hold(false);
    vi.advanceTimersByTime(10);
    const undisturbed: CallSignal[] = [];
    for (const { offsetMs, signal } of scenario(settings, told[0]?.atMs ?? 0)) {
      if (offsetMs > 10_000) break;
      undisturbed.push(signal);
    }
    expect(undisturbed.length).toBeGreaterThan(before);
    expect(told.slice(2, 2 + undisturbed.length)).toEqual(undisturbed);
  });

  it('is held by a listener at once, in the middle of what happens in one moment', () => {
    simulator = new Simulator(
      settings,
      {
        ...stageFor(told),
        signal: (signal) => {
          told.push(signal);
          if (signal.kind === 'dial.ended') simulator.hold(true);
        },
      },
      { now: () => Date.now() },
    );
    simulator.start();
    vi.advanceTimersByTime(60_000);
    // Being connected comes in the same millisecond as the end of the dialling.
    expect(told.at(-1)?.kind).toBe('dial.ended');
    simulator.hold(false);
    vi.advanceTimersByTime(1);
    expect(told.filter(({ kind }) => kind === 'leg.connected').length).toBeGreaterThan(0);
  });

  it('serves the rest of the process when it is far behind', () => {
    simulator = new Simulator({ ...settings, rate: 500 }, stageFor(told), {
      now: () => Date.now(),
    });
    simulator.start();
    // The process was held for a minute: one turn must not tell all of that minute.
    const held = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 60_000);
    let turns = 0;
    const most: number[] = [];
    for (let before = told.length; turns < 5; turns++) {
      vi.advanceTimersToNextTimer();
      most.push(told.length - before);
      before = told.length;
    }
    held.mockRestore();
    expect(Math.max(...most)).toBeLessThanOrEqual(500);
    expect(told.length).toBeGreaterThan(1500);
  });

  it('lets its recorder be driven, and reports what the recorder then did', async () => {
    expect(await simulator.record({ kind: 'stop', leg: 'x' })).toMatchObject({
      kind: 'unavailable',
    });
    simulator.start();
    let leg: string | undefined;
    for (let second = 0; second < 120 && leg === undefined; second++) {
      vi.advanceTimersByTime(1000);
      const last = told.findLast((signal) => signal.kind === 'leg.connected');
      const over = told.some((s) => s.kind === 'leg.ended' && s.leg === last?.leg);
      const recorded = told.some((s) => s.kind === 'recording.started' && s.leg === last?.leg);
      if (last !== undefined && !over && !recorded) leg = last.leg;
    }
    if (leg === undefined) throw new Error('nobody was connected');

    const seen = told.length;
    expect(await simulator.record({ kind: 'start', leg })).toEqual({ kind: 'done' });
    expect(await simulator.record({ kind: 'mute', leg, side: 'both', muted: true })).toEqual({
      kind: 'done',
    });
    const atMs = Date.now();
    expect(told.slice(seen)).toEqual([
      {
        ...{ kind: 'recording.started', leg, source: 'demo', atMs },
        file: `sim/2026-01-05/${leg}.wav`,
      },
      { kind: 'recording.paused', leg, side: 'both', source: 'demo', atMs },
    ]);
    expect(await simulator.record({ kind: 'stop', leg: 'nobody' })).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('"nobody"'),
    });
  });
});
