/**
 * One signal of every kind with every field that it may have. The types hold it against the call model: a
 * kind or a field that is new there is missing here, and does not compile.
 */
import type { CallSignal, LegFacts, SignalKind, SnapshotLeg } from '../../../src/call/signal.ts';

type Whole<T> = T extends CallSignal ? Required<T> : never;

const at = { source: 'pbx', atMs: Date.UTC(2026, 0, 5, 8), id: 'signal-1' } as const;
const facts: Required<LegFacts> = {
  call: 'C-1',
  number: '0012',
  name: 'Zoë "Z" <Weiß> & Söhne',
  device: '1001',
  dialled: '+493023125000',
  address: '10.0.0.1',
  loop: { pair: 'P', half: 'near' },
};
const ofLeg = { ...at, leg: 'L-1', facts } as const;
const ofDial = { ...ofLeg, from: 'L-0', fromFacts: facts } as const;
const ofQueue = { ...ofLeg, queue: 'sales' } as const;
const ofAgent = { ...ofQueue, agent: 'Ada', agentLeg: 'L-2', agentFacts: facts } as const;
const cause = { code: 16, text: 'Normal Clearing' } as const;
const snapshotLeg: Required<SnapshotLeg> = {
  leg: 'L-1',
  state: 'connected',
  ageMs: 1000,
  bridge: 'B',
  conference: 'room 7',
  facts,
};

export const everyKind: { readonly [K in SignalKind]: Whole<Extract<CallSignal, { kind: K }>> } = {
  'leg.offered': { kind: 'leg.offered', ...ofLeg },
  'leg.identified': { kind: 'leg.identified', ...ofLeg },
  'leg.ringing': { kind: 'leg.ringing', ...ofLeg },
  'leg.connected': { kind: 'leg.connected', ...ofLeg },
  'leg.held': { kind: 'leg.held', ...ofLeg },
  'leg.resumed': { kind: 'leg.resumed', ...ofLeg },
  'leg.ended': { kind: 'leg.ended', ...ofLeg, cause },
  'leg.hangup-requested': { kind: 'leg.hangup-requested', ...ofLeg, by: 'party' },
  'dial.started': { kind: 'dial.started', ...ofDial },
  'dial.ended': { kind: 'dial.ended', ...ofDial, result: 'no-answer' },
  'bridge.joined': { kind: 'bridge.joined', ...ofLeg, bridge: 'B', conference: 'room' },
  'bridge.left': { kind: 'bridge.left', ...ofLeg, bridge: 'B' },
  'transfer.completed': {
    kind: 'transfer.completed',
    ...ofLeg,
    style: 'attended',
    consultLeg: 'L-3',
    transferee: 'L-4',
    target: 'L-5',
    to: '1003',
  },
  'queue.joined': { kind: 'queue.joined', ...ofQueue, position: 1 },
  'queue.left': { kind: 'queue.left', ...ofQueue },
  'queue.abandoned': { kind: 'queue.abandoned', ...ofQueue },
  'agent.offered': { kind: 'agent.offered', ...ofAgent },
  'agent.missed': { kind: 'agent.missed', ...ofAgent },
  'agent.connected': { kind: 'agent.connected', ...ofAgent },
  'agent.completed': { kind: 'agent.completed', ...ofAgent, endedBy: 'caller' },
  'recording.started': { kind: 'recording.started', ...ofLeg, file: 'a.wav' },
  'recording.named': { kind: 'recording.named', ...ofLeg, file: 'b.wav' },
  'recording.paused': { kind: 'recording.paused', ...ofLeg, side: 'both', cut: true },
  'recording.resumed': { kind: 'recording.resumed', ...ofLeg, side: 'says' },
  'recording.split': { kind: 'recording.split', ...ofLeg, file: 'c.wav' },
  'recording.stopped': { kind: 'recording.stopped', ...ofLeg },
  'source.connected': { kind: 'source.connected', ...at },
  'source.lost': { kind: 'source.lost', ...at, reason: 'cable' },
  'source.snapshot': { kind: 'source.snapshot', ...at, legs: [snapshotLeg] },
  'source.expired': { kind: 'source.expired', ...at },
};
