import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CallSignal, LegSignal } from '../../../src/call/signal.ts';
import { scenario, type ScenarioSettings } from '../../../src/source/simulator/scenario.ts';
import type { Cue } from '../../../src/source/simulator/stage.ts';

const startedAtMs = Date.UTC(2026, 4, 1, 8);
const usual: ScenarioSettings = { name: 'demo', rate: 0.5, seed: 7, agents: 12 };

/** All signals up to `untilMs`, then whatever the legs begun by then still have to say. */
function play(settings: Partial<ScenarioSettings>, untilMs: number, atMs = startedAtMs): Cue[] {
  const cues: Cue[] = [];
  const open = new Set<string>();
  const known = new Set<string>();
  for (const cue of scenario({ ...usual, ...settings }, atMs)) {
    const { signal, offsetMs } = cue;
    if (!('leg' in signal)) throw new Error(`a call said ${signal.kind}`);
    if (offsetMs > untilMs && open.size === 0) break;
    if (offsetMs > untilMs + 2 * 3_600_000) throw new Error(`never ended: ${[...open].join(' ')}`);
    if (offsetMs > untilMs && !known.has(signal.leg)) {
      // A new leg after the end of the test counts only where it belongs to a call that we watch.
      const call = signal.kind === 'leg.offered' ? signal.facts?.call : undefined;
      if (call === undefined || !known.has(call)) continue;
    }
    known.add(signal.leg);
    if (signal.kind === 'leg.offered') open.add(signal.leg);
    if (signal.kind === 'leg.ended') open.delete(signal.leg);
    cues.push(cue);
  }
  return cues;
}

function take(settings: Partial<ScenarioSettings>, count: number, atMs = startedAtMs): Cue[] {
  const cues: Cue[] = [];
  for (const cue of scenario({ ...usual, ...settings }, atMs)) {
    cues.push(cue);
    if (cues.length === count) break;
  }
  return cues;
}

function legSignals(cues: readonly Cue[]): Map<string, CallSignal[]> {
  const legs = new Map<string, CallSignal[]>();
  for (const { signal } of cues) {
    if (!('leg' in signal)) continue;
    legs.set(signal.leg, [...(legs.get(signal.leg) ?? []), signal]);
  }
  return legs;
}

const anyCentre = fc.record({
  seed: fc.nat(),
  agents: fc.integer({ min: 1, max: 25 }),
  rate: fc.constantFrom(0.1, 0.5, 2),
  timeScale: fc.constantFrom(0.01, 0.25, 1),
});

describe('a scenario', () => {
  it('is the same for the same seed, but for the keys of another start', () => {
    const monday = take({}, 3000);
    const tuesday = take({}, 3000, startedAtMs + 86_400_000);
    expect(take({}, 3000)).toEqual(monday);

    const keyOf = (at: number): string => `sim-${at.toString(36)}.`;
    const retold = JSON.stringify(tuesday.map(({ offsetMs, signal }) => [offsetMs, signal.kind]));
    expect(retold).toBe(
      JSON.stringify(monday.map(({ offsetMs, signal }) => [offsetMs, signal.kind])),
    );
    expect(JSON.stringify(monday)).toContain(keyOf(startedAtMs));
    expect(JSON.stringify(tuesday)).not.toContain(keyOf(startedAtMs));
    expect(tuesday.every((c) => c.signal.atMs === startedAtMs + 86_400_000 + c.offsetMs)).toBe(
      true,
    );
  });

  it('is another one for another seed', () => {
    expect(take({ seed: 8 }, 50)).not.toEqual(take({ seed: 7 }, 50));
  });

  it('never goes back in time, and begins and ends every leg exactly once', () => {
    fc.assert(
      fc.property(anyCentre, (centre) => {
        const cues = play(centre, 120_000);
        cues.forEach((cue, at) => {
          expect(cue.offsetMs).toBeGreaterThanOrEqual(cues[at - 1]?.offsetMs ?? 0);
          expect(Number.isInteger(cue.offsetMs)).toBe(true);
        });
        for (const [leg, signals] of legSignals(cues)) {
          const kinds = signals.map(({ kind }) => kind);
          expect([leg, kinds[0]]).toEqual([leg, 'leg.offered']);
          expect([leg, kinds.filter((kind) => kind === 'leg.offered').length]).toEqual([leg, 1]);
          expect([leg, kinds.filter((kind) => kind === 'leg.ended').length]).toEqual([leg, 1]);
          // The end of a leg is the last that is heard of it.
          expect([leg, kinds.at(-1)]).toEqual([leg, 'leg.ended']);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('finishes what it begins: dials, holds, pauses, bridges', () => {
    fc.assert(
      fc.property(anyCentre, (centre) => {
        for (const [leg, signals] of legSignals(play(centre, 120_000))) {
          const count = (kind: LegSignal['kind'] | CallSignal['kind']): number =>
            signals.filter((signal) => signal.kind === kind).length;
          expect([leg, count('dial.ended')]).toEqual([leg, count('dial.started')]);
          expect([leg, count('bridge.left')]).toEqual([leg, count('bridge.joined')]);
          expect([leg, count('recording.resumed')]).toEqual([leg, count('recording.paused')]);
          expect([leg, count('queue.left')]).toEqual([leg, count('queue.joined')]);
          // Only who consults a colleague leaves somebody on hold until the end.
          const consults = signals.some(
            (s) => s.kind === 'transfer.completed' && s.style === 'attended',
          );
          expect([leg, count('leg.held') - count('leg.resumed')]).toEqual([leg, consults ? 1 : 0]);
          expect(count('recording.started')).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('never has an agent in two calls at once, but for the call in which one consults a colleague', () => {
    fc.assert(
      fc.property(anyCentre, (centre) => {
        const cues = play(centre, 120_000);
        const consulting = new Map<string, string>();
        const spans = new Map<string, { leg: string; fromMs: number; toMs: number }[]>();
        for (const { signal } of cues) {
          if (signal.kind === 'transfer.completed' && signal.consultLeg !== undefined) {
            consulting.set(signal.consultLeg, signal.leg);
          }
        }
        for (const [leg, signals] of legSignals(cues)) {
          const [first, last] = [signals[0], signals.at(-1)];
          if (first?.kind !== 'leg.offered' || last === undefined) throw new Error('no such leg');
          const number = first.facts?.number ?? '';
          if (!/^1\d{3}$/.test(number)) continue;
          spans.set(number, [
            ...(spans.get(number) ?? []),
            { leg, fromMs: first.atMs, toMs: last.atMs },
          ]);
        }
        for (const [number, legs] of spans) {
          legs.forEach((one, at) => {
            for (const other of legs.slice(at + 1)) {
              if (consulting.get(other.leg) === one.leg) continue;
              const apart = other.fromMs >= one.toMs || one.fromMs >= other.toMs;
              expect([number, one, other, apart]).toEqual([number, one, other, true]);
            }
          });
        }
      }),
      { numRuns: 40 },
    );
  });

  it('lets the telephone of 1001 ring within three seconds, whatever the seed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 30 }), (seed, agents) => {
        const early = take({ seed, agents }, 40).filter(({ offsetMs }) => offsetMs < 3000);
        const offered = early.find(
          ({ signal }) => signal.kind === 'leg.offered' && signal.facts?.number === '1001',
        );
        const rings = early.some(
          ({ signal }) =>
            signal.kind === 'leg.ringing' &&
            offered?.signal.kind === 'leg.offered' &&
            signal.leg === offered.signal.leg,
        );
        expect(rings).toBe(true);
      }),
    );
  });

  it('tells an answered call in the order in which a telephone system does', () => {
    // Nobody but the opening call: somebody outside rings 1001, who answers; no transfer with this seed.
    const cues = [...scenario({ ...usual, rate: 0, agents: 1, seed: 3 }, startedAtMs)];
    const caller = `sim-${startedAtMs.toString(36)}.1`;
    const agent = `sim-${startedAtMs.toString(36)}.2`;
    const told = cues
      .filter(({ signal }) => !/held|resumed|recording/.test(signal.kind))
      .map(({ signal }) =>
        'leg' in signal ? `${signal.leg === agent ? '1001' : 'out'} ${signal.kind}` : '',
      );

    expect(told.slice(0, 8)).toEqual([
      'out leg.offered',
      '1001 leg.offered',
      '1001 dial.started',
      '1001 leg.ringing',
      '1001 dial.ended',
      '1001 leg.connected',
      'out leg.connected',
      '1001 bridge.joined',
    ]);
    expect(told.slice(8).sort()).toEqual(
      [
        'out bridge.joined',
        '1001 leg.hangup-requested',
        'out leg.hangup-requested',
        '1001 bridge.left',
        'out bridge.left',
        '1001 leg.ended',
        'out leg.ended',
      ].sort(),
    );
    const first = cues[0]?.signal;
    expect(first).toMatchObject({
      kind: 'leg.offered',
      leg: caller,
      source: 'demo',
      facts: { call: caller, dialled: '1001', device: 'trunk-1' },
    });
    expect(first?.kind === 'leg.offered' && first.facts?.number).toMatch(/^\+49\d{10}$/);
    expect(cues[1]?.signal).toMatchObject({
      kind: 'leg.offered',
      leg: agent,
      facts: { call: caller, number: '1001', name: 'Ada Brandt', device: '1001' },
    });
  });

  it('plays everything that can happen in a contact centre within an hour', () => {
    const cues = play({ agents: 20 }, 3_600_000);
    const seen = new Set(cues.map(({ signal }) => signal.kind));
    expect([...seen].sort()).toEqual(
      [
        'agent.completed',
        'agent.connected',
        'agent.missed',
        'agent.offered',
        'bridge.joined',
        'bridge.left',
        'dial.ended',
        'dial.started',
        'leg.connected',
        'leg.ended',
        'leg.hangup-requested',
        'leg.held',
        'leg.offered',
        'leg.resumed',
        'leg.ringing',
        'queue.abandoned',
        'queue.joined',
        'queue.left',
        'recording.paused',
        'recording.resumed',
        'recording.started',
        'recording.stopped',
        'transfer.completed',
      ].sort(),
    );
    const results = new Set(
      cues.flatMap(({ signal }) => (signal.kind === 'dial.ended' ? [signal.result] : [])),
    );
    expect([...results].sort()).toEqual(['answered', 'busy', 'cancelled', 'no-answer', 'rejected']);
    const styles = cues.flatMap(({ signal }) =>
      signal.kind === 'transfer.completed' ? [signal.style] : [],
    );
    expect(new Set(styles)).toEqual(new Set(['blind', 'attended']));
    const rooms = cues.flatMap(({ signal }) =>
      signal.kind === 'bridge.joined' ? [signal.conference] : [],
    );
    expect(rooms).toContain('room-700');
    const elsewhere = cues.some(
      ({ signal }) => signal.kind === 'leg.ended' && signal.cause?.code === 26,
    );
    expect(elsewhere).toBe(true);
    const twiceHeld = [...legSignals(cues).values()].some(
      (signals) => signals.filter(({ kind }) => kind === 'leg.held').length > 1,
    );
    expect(twiceHeld).toBe(true);
    const queues = new Set(
      cues.flatMap(({ signal }) => (signal.kind === 'queue.joined' ? [signal.queue] : [])),
    );
    expect([...queues].sort()).toEqual(['billing', 'sales', 'support']);
  });

  it('begins about as many calls a second as it was told to', () => {
    const cues = play({ rate: 2, agents: 60 }, 1_000_000);
    const begun = cues.filter(({ signal, offsetMs }) => {
      const first = signal.kind === 'leg.offered' && signal.facts?.call === signal.leg;
      return first && signal.facts?.dialled !== undefined && offsetMs <= 1_000_000;
    });
    // Consultations and further guests of a conference are calls of their own, hence the upper bound.
    expect(begun.length).toBeGreaterThan(1850);
    expect(begun.length).toBeLessThan(2600);
  });

  it('lets callers wait in line, and give up, when there are too few agents', () => {
    const cues = play({ rate: 2, agents: 3 }, 60_000);
    const positions = cues.flatMap(({ signal }) =>
      signal.kind === 'queue.joined' ? [signal.position ?? 0] : [],
    );
    expect(Math.max(...positions)).toBeGreaterThan(5);
    expect(Math.min(...positions)).toBe(1);
    const abandoned = cues.filter(({ signal }) => signal.kind === 'queue.abandoned');
    expect(abandoned.length).toBeGreaterThan(positions.length / 3);
  });

  it('makes attended transfers of two calls that become one', () => {
    const cues = play({ agents: 20 }, 1_800_000);
    const transfer = cues.find(
      ({ signal }) => signal.kind === 'transfer.completed' && signal.style === 'attended',
    );
    if (transfer?.signal.kind !== 'transfer.completed') throw new Error('nobody transferred');
    const { leg, consultLeg = '', target = '', transferee = '' } = transfer.signal;
    const legs = legSignals(cues);
    const facts = (key: string): unknown => {
      const first = legs.get(key)?.[0];
      return first?.kind === 'leg.offered' ? first.facts?.call : undefined;
    };
    expect(facts(consultLeg)).toBe(consultLeg);
    expect(facts(target)).toBe(consultLeg);
    expect(facts(leg)).toBe(facts(transferee));
    const joins = legs.get(target)?.filter((signal) => signal.kind === 'bridge.joined') ?? [];
    expect(joins).toHaveLength(2);
    expect(joins[1]).toMatchObject({ facts: { call: facts(leg) } });
    expect(
      legs
        .get(transferee)
        ?.some((s) => s.kind === 'bridge.joined' && s.bridge === joins[1]?.bridge),
    ).toBe(true);
  });
});
