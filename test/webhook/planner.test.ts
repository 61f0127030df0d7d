import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CallEvent, isOfCall } from '../../src/call/event.ts';
import type { Destination } from '../../src/webhook/destination.ts';
import { dialects } from '../../src/webhook/dialects.ts';
import type { Occurrence } from '../../src/webhook/occurrence.ts';
import { type Plan, Planner } from '../../src/webhook/planner.ts';
import { history } from '../support/any-history.ts';
import { answered, connectedCall, ended, gapOf, lifeOf, started } from '../support/calls.ts';
import { destinationOf } from '../support/deliveries.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const common = { url: 'http://x.example/', liveFor: 30, recordFor: 3_600 };
const own = {
  standard: { dialect: 'standard', standard: { secrets: [secret] } },
  focalscope: { dialect: 'focalscope' },
  calls: { dialect: 'netsapiens', netsapiens: { model: 'call' } },
  cdrs: { dialect: 'netsapiens', netsapiens: { model: 'cdr' } },
};

const to = (
  id: string,
  dialect: keyof typeof own = 'standard',
  more: Readonly<Record<string, unknown>> = {},
): Destination => destinationOf({ id, ...common, ...own[dialect], ...more });

function plannerFor(...destinations: readonly Destination[]): Planner {
  const planner = new Planner({ occurrence: 10, delivery: 100 }, [], (error) => {
    throw error;
  });
  for (const destination of destinations) enrol(planner, destination);
  return planner;
}

function enrol(planner: Planner, destination: Destination): void {
  planner.enrol(destination.id, { destination, origin: 'file', madeMs: 0, changedMs: 0 });
}

const nowMs = 1_000_000.7;

/** The plan of the events, made in one go. */
function planned(planner: Planner, events: readonly CallEvent[], atMs: number): Plan {
  const steps = planner.ofEvents(events, atMs);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

describe('a plan', () => {
  it('has a row for each part, and each occurrence once', () => {
    const plan = planned(plannerFor(to('a'), to('b'), to('c', 'focalscope')), lifeOf(1), nowMs);
    const { occurrences, deliveries } = plan.rows;
    expect(occurrences.map(({ id, key }) => [id, key])).toEqual(
      lifeOf(1).map(({ id }, n) => [11 + n, id]),
    );
    expect(deliveries.map(({ id }) => id)).toEqual(deliveries.map((_, n) => 101 + n));
    expect(deliveries.map(({ destination, topic }) => `${destination} ${topic}`)).toEqual([
      ...['a call.started', 'b call.started', 'c start'],
      ...['a call.answered', 'b call.answered', 'c pickup'],
      ...['a call.ended', 'b call.ended', 'c hangup'],
    ]);
    expect(plan.deliveries.map(({ delivery }) => delivery.id)).toEqual(
      deliveries.map(({ id }) => id),
    );
    for (const { lane, sequence, occurrence } of deliveries) {
      expect(lane).toBe(connectedCall(1).id);
      expect(sequence).toBe(occurrence - 10);
    }
  });

  it('gives what is live and what is a record their time, whole milliseconds', () => {
    const { rows } = planned(plannerFor(to('a')), lifeOf(1), nowMs);
    expect(rows.deliveries.map((row) => [row.class, row.madeMs, row.expiresMs])).toEqual([
      ['live', 1_000_000, 1_030_000],
      ['live', 1_000_000, 1_030_000],
      ['record', 1_000_000, 4_600_000],
    ]);
    expect(rows.deliveries.map(({ supersedes }) => supersedes)).toEqual([
      'nothing',
      'nothing',
      'live',
    ]);
  });

  it('gives each part of one occurrence a key of its own, the first that of the occurrence', () => {
    const { rows } = planned(plannerFor(to('cdrs', 'cdrs')), [ended(1)], nowMs);
    const keys = rows.deliveries.map(({ key }) => key);
    expect(keys.length).toBeGreaterThan(0);
    expect(keys[0]).toBe(ended(1).id);
    for (const [n, { key, topic }] of rows.deliveries.entries()) {
      if (n > 0) expect(key).toBe(`${ended(1).id}.${topic}`);
    }
  });

  it('is empty where nobody wants anything', () => {
    const planner = plannerFor(to('a', 'standard', { extensions: ['9999'] }));
    expect(planned(planner, lifeOf(1), nowMs)).toEqual({
      rows: { occurrences: [], deliveries: [] },
      deliveries: [],
    });
    // Ids are not used up by what nobody is told.
    enrol(planner, to('b'));
    const { rows } = planned(planner, [started(2)], nowMs);
    expect([rows.occurrences[0]?.id, rows.deliveries[0]?.id]).toEqual([11, 101]);
  });

  it('leaves out who is switched off or gone, and takes up what they are now', () => {
    const planner = plannerFor(to('a'), to('b', 'standard', { enabled: false }), to('c'));
    planner.enrol('c', undefined);
    enrol(planner, to('a', 'focalscope'));
    const { rows } = planned(planner, [started(1)], nowMs);
    expect(rows.deliveries.map(({ destination, topic }) => [destination, topic])).toEqual([
      ['a', 'start'],
    ]);
  });

  it('says to a dialect how the call was before, also one of the last run', () => {
    const destination = to('calls', 'calls');
    const parts = (planner: Planner): number =>
      planned(planner, [answered(1)], nowMs).rows.deliveries.length;
    const { call } = answered(1);
    const known = new Planner({ occurrence: 0, delivery: 0 }, [call], () => undefined);
    enrol(known, destination);
    // Told as it already is, there is nothing to tell of it.
    expect(parts(known)).toBe(0);
    expect(parts(plannerFor(destination))).toBeGreaterThan(0);
  });

  it('of what happens beside the journal goes to all that want it, or to one whatever it wants', () => {
    const shut = to('shut', 'standard', { sources: ['nowhere'] });
    const planner = plannerFor(to('a'), shut);
    const occurrence: Occurrence = { kind: 'call', event: started(1) };
    expect(
      planner.ofOccurrence(occurrence, nowMs).deliveries.map((each) => each.destination),
    ).toEqual(['a']);
    expect(
      planner.ofOccurrenceFor(shut, occurrence, nowMs).deliveries.map((each) => each.destination),
    ).toEqual(['shut']);
  });

  it('keeps ids apart that it gives away', () => {
    const planner = plannerFor(to('a'));
    expect(planner.reserve(5)).toBe(101);
    expect(planned(planner, [started(1)], nowMs).rows.deliveries[0]?.id).toBe(106);
  });

  it('holds nobody up over a dialect that fails', () => {
    const faults: string[] = [];
    const planner = new Planner({ occurrence: 0, delivery: 0 }, [], (error, destination) =>
      faults.push(`${destination}: ${String(error)}`),
    );
    enrol(planner, { ...to('broken'), options: undefined });
    enrol(planner, to('a'));
    const { rows } = planned(planner, [started(1)], nowMs);
    expect(rows.deliveries.map(({ destination }) => destination)).toEqual(['a']);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatch(/^broken: TypeError/);
  });

  it('puts what is of no call into the lane of its source', () => {
    const { rows } = planned(plannerFor(to('a')), [gapOf('pbx', 5)], nowMs);
    expect(rows.deliveries).toMatchObject([{ lane: 'source pbx', sequence: 0 }]);
    expect(rows.occurrences).toMatchObject([{ callId: null, atMs: 5 }]);
  });

  it('has ids without a gap, unique keys, and what the store hands out can be told', () => {
    fc.assert(
      fc.property(history, fc.integer({ min: 1, max: 9 }), (entries, step) => {
        const all = [to('a'), to('b', 'focalscope'), to('c', 'calls'), to('d', 'cdrs')];
        const planner = plannerFor(...all);
        let last = 100;
        const keys = new Set<string>();
        for (let at = 0; at < entries.length; at += step) {
          const events = entries.slice(at, at + step).map(({ event }) => event);
          const { rows } = planned(planner, events, nowMs);
          const bodies = new Map(rows.occurrences.map(({ id, body }) => [id, body]));
          for (const row of rows.deliveries) {
            expect(row.id).toBe((last += 1));
            const key = `${row.destination} ${row.key}`;
            expect(keys).not.toContain(key);
            keys.add(key);
            const occurrence = JSON.parse(bodies.get(row.occurrence) ?? '') as Occurrence;
            const destination = all.find(({ id }) => id === row.destination) ?? to('x');
            const { topic, sequence, about } = row;
            const item = { occurrence, topic, sequence, about: about ?? undefined };
            const made = dialects[destination.dialect].render(
              [{ ...item, key: row.key, attempts: 0 }],
              destination,
              { url: 'http://x.example/', nowMs },
            );
            expect(made.url).toMatch(/^http:\/\/x\.example\//);
          }
        }
        const ofCalls = entries.filter(({ event }) => isOfCall(event)).length;
        expect([...keys].filter((key) => key.startsWith('a '))).toHaveLength(
          ofCalls + entries.filter(({ event }) => !isOfCall(event)).length,
        );
      }),
      { numRuns: 60 },
    );
  });
});
