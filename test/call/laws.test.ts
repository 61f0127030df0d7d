import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { type CallEvent, isOfCall } from '../../src/call/event.ts';
import type { CallSignal } from '../../src/call/signal.ts';
import { scenario } from '../../src/source/simulator/scenario.ts';
import { anySignals, mangle, mishaps } from '../support/any-signals.ts';
import { Listener } from '../support/listener.ts';
import { morningMs } from '../support/signals.ts';

// What holds of each single event (one start, one end, revisions 1, 2, 3, …, the state is what the legs
// say) is checked by the listener. A failing property prints the seed that makes it fail again.

const endMs = morningMs + 86_400_000;
const sources = ['pbx', 'other'] as const;

/** The sources come back and see nothing any more. */
const allSilent = sources.flatMap((source): CallSignal[] => [
  { kind: 'source.connected', source, atMs: endMs },
  { kind: 'source.snapshot', source, atMs: endMs, legs: [] },
]);

/** The first `count` signals of a busy centre. */
function play(seed: number, count: number): CallSignal[] {
  const signals: CallSignal[] = [];
  const centre = { name: 'pbx', rate: 2, seed, agents: 9, timeScale: 0.1 };
  for (const { signal } of scenario(centre, morningMs)) {
    signals.push(signal);
    if (signals.length === count) break;
  }
  return signals;
}

/** Good signals that arrive badly. */
const mangled = fc
  .record({ seed: fc.nat(), count: fc.integer({ min: 1, max: 400 }), mishaps })
  .map(({ seed, count, mishaps }) => mangle(play(seed, count), mishaps));

const anything = fc.oneof(anySignals, mangled);

describe('whatever signals come, in whatever order', () => {
  it('every call that started has ended once when its source sees nothing any more', () => {
    fc.assert(
      fc.property(anything, (signals) => {
        const listener = new Listener().hear(signals).hear(allSilent);
        expect(listener.open).toEqual([]);
        expect([...listener.registry.ongoing()]).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('every call that started has ended once when its source is given up', () => {
    fc.assert(
      fc.property(anything, (signals) => {
        const listener = new Listener().hear(signals);
        for (const source of sources) {
          listener.hear([{ kind: 'source.expired', source, atMs: endMs }]);
        }
        expect(listener.open).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('the calls that go on are those whose end has not been told, as last told or later', () => {
    fc.assert(
      fc.property(anything, (signals) => {
        const listener = new Listener().hear(signals);
        const idOf = ({ id, revision }: Call): string => `${id}/${revision}`;
        const ongoing = [...listener.registry.ongoing()].map(idOf);
        expect(ongoing.sort()).toEqual(listener.open.map(idOf).sort());
      }),
      { numRuns: 200 },
    );
  });

  it('what is ignored has changed nothing', () => {
    fc.assert(
      fc.property(anything, (signals) => {
        const listener = new Listener();
        for (const signal of signals) {
          const before = JSON.stringify([...listener.registry.ongoing()]);
          listener.hear([signal]);
          if (listener.outcome?.kind !== 'ignored') continue;
          expect(JSON.stringify([...listener.registry.ongoing()])).toBe(before);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('the same signals give the same events, to the byte', () => {
    fc.assert(
      fc.property(anything, (signals) => {
        const [one, other] = [new Listener(), new Listener()].map((each) => each.hear(signals));
        expect(JSON.stringify(one?.events)).toBe(JSON.stringify(other?.events));
      }),
      { numRuns: 50 },
    );
  });

  it('a restart in between starts nothing twice and forgets no end', () => {
    fc.assert(
      fc.property(anything, fc.nat(400), (signals, at) => {
        const place = at % (signals.length + 1);
        const listener = new Listener().hear(signals.slice(0, place)).restart();
        listener.hear(signals.slice(place)).hear(allSilent);
        expect(listener.open).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

/**
 * What an event tells, without what is only noted until the next one (bridges, dial results, who asked for
 * the end): that much a restart may cost.
 */
function gist(event: CallEvent): unknown {
  if (!isOfCall(event)) return event;
  const { call, ...about } = event;
  const { endedBy: _, outcome, legs, ...rest } = call;
  const parties = legs.filter(({ party }) => party);
  return {
    ...about,
    ...rest,
    // Of a call that nobody took, why nobody did is noted too.
    outcome: outcome === 'answered' || outcome === 'merged' ? outcome : outcome && 'not taken',
    parties: parties.map(({ key, state, number, name }) => ({ key, state, number, name })),
  };
}

/** An agent's leg without a name, and the near half of a loop that bears the agent's. */
const agentNamedByQueue: CallSignal[] = [
  {
    ...{ kind: 'agent.offered', source: 'pbx', atMs: 1, leg: 'l4', facts: { call: 'c2' } },
    ...{ queue: 'sales', agent: 'Anna', agentLeg: 'l4' },
  },
  {
    ...{ kind: 'leg.offered', source: 'pbx', atMs: 1, leg: 'l1' },
    facts: { call: 'c2', name: 'Anna', loop: { pair: 'p1', half: 'near' } },
  },
];

describe('after a restart', () => {
  it('a new run believes what was last told, whatever came before', () => {
    fc.assert(
      fc.property(anything, (signals) => {
        const listener = new Listener().hear(signals);
        const told = listener.open;
        const ongoing = [...listener.restart().registry.ongoing()];
        expect(ongoing).toEqual(told);
      }),
      { numRuns: 200, examples: [[agentNamedByQueue]] },
    );
  });

  it('good signals go on to make the events that they would have made', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 300 }), (seed, place) => {
        const signals = play(seed, place + 200);
        const [before, after] = [signals.slice(0, place), signals.slice(place)];
        const one = new Listener().hear(before);
        const told = one.events.length;
        one.hear(after);
        const other = new Listener().hear(before).restart().hear(after);
        const later = (listener: Listener): unknown => listener.events.slice(told).map(gist);
        expect(later(other)).toEqual(later(one));
      }),
      { numRuns: 40 },
    );
  });
});
