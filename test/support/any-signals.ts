/**
 * Signals that no telephony system ever sent in this order, for property tests: few legs, calls and bridges,
 * so that everything happens to everything, and the ways in which good signals arrive badly.
 */
import fc from 'fast-check';
import type { CallSignal, LegFacts, SignalKind } from '../../src/call/signal.ts';
import { morningMs } from './signals.ts';

const legKey = fc.constantFrom('l1', 'l2', 'l3', 'l4', 'l5', 'l6', 'l7');
const callKey = fc.constantFrom('c1', 'c2', 'c3');
const bridge = fc.constantFrom('b1', 'b2');
const number = fc.constantFrom('1001', '1002', '+4930123', 'bob@example.org', '*72');
const queue = fc.constantFrom('sales', 'support');
const agent = fc.constantFrom('Anna', 'Ben');
const source = fc.constantFrom('pbx', 'pbx', 'pbx', 'other');
const atMs = fc.integer({ min: morningMs, max: morningMs + 5_000 });
const side = fc.constantFrom('says' as const, 'hears' as const, 'both' as const);
const file = fc.constantFrom('a.wav', 'b.wav');

const knownOfLeg = {
  call: callKey,
  number,
  name: fc.constantFrom('Anna', 'Zoë'),
  device: fc.constantFrom('1001', '1002', 'trunk'),
  dialled: fc.constantFrom('1002', '600'),
  loop: fc.record({
    pair: fc.constantFrom('p1', 'p2'),
    half: fc.constantFrom('near' as const, 'far' as const),
  }),
};

/** Mostly known to belong somewhere. */
const facts: fc.Arbitrary<LegFacts> = fc.oneof(
  { arbitrary: fc.record(knownOfLeg, { requiredKeys: ['call'] }), weight: 5 },
  { arbitrary: fc.record(knownOfLeg, { requiredKeys: [] }), weight: 1 },
);

type Of<K extends SignalKind> = Extract<CallSignal, { readonly kind: K }>;

const envelope = { source, atMs };
const ofLeg = { ...envelope, leg: legKey, facts };
const ofDial = { ...ofLeg, from: legKey, fromFacts: facts };
const ofAgent = { ...ofLeg, queue, agent, agentLeg: legKey, agentFacts: facts };
const required = ['kind', 'source', 'atMs', 'leg'] as const;
const requiredOfAgent = [...required, 'queue', 'agent'] as const;

function named<K extends SignalKind>(kind: K): { readonly kind: fc.Arbitrary<K> } {
  return { kind: fc.constant(kind) };
}

function simple<K extends SignalKind>(kind: K) {
  return fc.record({ ...named(kind), ...ofLeg }, { requiredKeys: [...required] });
}

const ofEachKind: { readonly [K in SignalKind]: fc.Arbitrary<Of<K>> } = {
  'leg.offered': simple('leg.offered'),
  'leg.identified': simple('leg.identified'),
  'leg.ringing': simple('leg.ringing'),
  'leg.connected': simple('leg.connected'),
  'leg.held': simple('leg.held'),
  'leg.resumed': simple('leg.resumed'),
  'leg.ended': fc.record(
    { ...named('leg.ended'), ...ofLeg, cause: fc.record({ code: fc.constantFrom(16, 21) }) },
    { requiredKeys: [...required] },
  ),
  'leg.hangup-requested': fc.record({
    ...named('leg.hangup-requested'),
    ...ofLeg,
    by: fc.constantFrom('party' as const, 'platform' as const),
  }),
  'dial.started': fc.record(
    { ...named('dial.started'), ...ofDial },
    { requiredKeys: [...required] },
  ),
  'dial.ended': fc.record(
    {
      ...named('dial.ended'),
      ...ofDial,
      result: fc.constantFrom('answered', 'answered', 'no-answer', 'busy', 'cancelled'),
    },
    { requiredKeys: [...required, 'result'] },
  ),
  'bridge.joined': fc.record(
    { ...named('bridge.joined'), ...ofLeg, bridge, conference: fc.constant('room') },
    { requiredKeys: [...required, 'bridge'] },
  ),
  'bridge.left': fc.record({ ...named('bridge.left'), ...ofLeg, bridge }),
  'transfer.completed': fc.record(
    {
      ...named('transfer.completed'),
      ...ofLeg,
      style: fc.constantFrom('blind', 'attended'),
      transferee: legKey,
      target: legKey,
      to: number,
    },
    { requiredKeys: [...required, 'style'] },
  ),
  'queue.joined': fc.record(
    { ...named('queue.joined'), ...ofLeg, queue, position: fc.integer({ min: 1, max: 9 }) },
    { requiredKeys: [...required, 'queue'] },
  ),
  'queue.left': fc.record({ ...named('queue.left'), ...ofLeg, queue }),
  'queue.abandoned': fc.record({ ...named('queue.abandoned'), ...ofLeg, queue }),
  'agent.offered': fc.record(
    { ...named('agent.offered'), ...ofAgent },
    { requiredKeys: [...requiredOfAgent] },
  ),
  'agent.missed': fc.record(
    { ...named('agent.missed'), ...ofAgent },
    { requiredKeys: [...requiredOfAgent] },
  ),
  'agent.connected': fc.record(
    { ...named('agent.connected'), ...ofAgent },
    { requiredKeys: [...requiredOfAgent] },
  ),
  'agent.completed': fc.record(
    {
      ...named('agent.completed'),
      ...ofAgent,
      endedBy: fc.constantFrom('agent', 'caller', 'transfer'),
    },
    { requiredKeys: [...requiredOfAgent, 'endedBy'] },
  ),
  'recording.started': fc.record(
    { ...named('recording.started'), ...ofLeg, file },
    { requiredKeys: [...required] },
  ),
  'recording.named': fc.record({ ...named('recording.named'), ...ofLeg, file }),
  'recording.paused': fc.record(
    { ...named('recording.paused'), ...ofLeg, side, cut: fc.constant(true as const) },
    { requiredKeys: [...required, 'side'] },
  ),
  'recording.resumed': fc.record({ ...named('recording.resumed'), ...ofLeg, side }),
  'recording.split': fc.record(
    { ...named('recording.split'), ...ofLeg, file },
    { requiredKeys: [...required] },
  ),
  'recording.stopped': simple('recording.stopped'),
  'source.connected': fc.record({ ...named('source.connected'), ...envelope }),
  'source.lost': fc.record({
    ...named('source.lost'),
    ...envelope,
    reason: fc.constant('cable'),
  }),
  'source.snapshot': fc.record({
    ...named('source.snapshot'),
    ...envelope,
    legs: fc.uniqueArray(
      fc.record(
        {
          leg: legKey,
          state: fc.constantFrom('offered', 'ringing', 'connected'),
          ageMs: fc.nat(10_000),
          bridge,
          facts,
        },
        { requiredKeys: ['leg', 'state', 'facts'] },
      ),
      { maxLength: 5, selector: ({ leg }) => leg },
    ),
  }),
  'source.expired': fc.record({ ...named('source.expired'), ...envelope }),
};

/** Any signals, in any order. */
export const anySignals: fc.Arbitrary<CallSignal[]> = fc.array(
  fc.oneof(...Object.values(ofEachKind)),
  { maxLength: 60, size: 'max' },
);

/** How good signals arrive: each is lost, doubled or overtaken by some of those behind it, or none of it. */
export interface Mishap {
  readonly kind: 'none' | 'lost' | 'doubled' | 'late';
  /** By how many signals it comes late. */
  readonly by: number;
}

const mishap: fc.Arbitrary<Mishap> = fc.record({
  kind: fc.oneof(
    { arbitrary: fc.constant('none' as const), weight: 12 },
    { arbitrary: fc.constantFrom('lost' as const, 'doubled' as const, 'late' as const), weight: 3 },
  ),
  by: fc.integer({ min: 1, max: 12 }),
});

/** What befalls signals; gone through again and again when there are more signals. */
export const mishaps: fc.Arbitrary<Mishap[]> = fc.array(mishap, { minLength: 1, maxLength: 40 });

export function mangle(signals: readonly CallSignal[], by: readonly Mishap[]): CallSignal[] {
  const placed: { readonly place: number; readonly signal: CallSignal }[] = [];
  for (const [place, signal] of signals.entries()) {
    const each = by[place % by.length] ?? { kind: 'none', by: 0 };
    if (each.kind !== 'lost') {
      placed.push({ place: each.kind === 'late' ? place + each.by + 0.5 : place, signal });
    }
    if (each.kind === 'doubled') placed.push({ place: place + each.by + 0.5, signal });
  }
  return placed.sort((a, b) => a.place - b.place).map(({ signal }) => signal);
}
