/**
 * What may be sent to us: one schema per kind of signal, and the bounds on all of it. The published JSON
 * Schema (protocol/ingest) is made from these; nothing here says what a signal means.
 */
import { z } from 'zod';
import type { SignalKind } from '../../call/signal.ts';

export const bounds = {
  /** Characters of a key: of a leg, a call, a bridge, a signal. */
  keyChars: 128,
  /** Characters of any other text. */
  textChars: 256,
  signalsPerBatch: 1000,
  legsPerSnapshot: 10_000,
  /** Bytes of a request's body. */
  bodyBytes: 4 * 1024 * 1024,
  /** 2000-01-01 to 2100-01-01: outside of it somebody has sent seconds, or microseconds. */
  earliestMs: 946_684_800_000,
  latestMs: 4_102_444_800_000,
} as const;

/** No control characters, and no half of a surrogate pair: neither can be written to XML or a log. */
const clean = /^[^\p{Cc}\p{Cs}]*$/u;

const key = z.string().min(1).max(bounds.keyChars).regex(clean).meta({
  id: 'Key',
  description: "The sender's own name of a leg, a call, a bridge or a signal; compared as it is.",
});
const text = z.string().min(1).max(bounds.textChars).regex(clean).meta({ id: 'Text' });
const queue = text;
const agent = text.describe("The agent's name or login.");

const facts = z
  .strictObject({
    call: key.describe('Key of the call that the leg belongs to now.').exactOptional(),
    number: text.describe('Number of the party at this leg, as text.').exactOptional(),
    name: text.describe('Display name of the party at this leg.').exactOptional(),
    device: text.describe('The device or line that the leg runs over.').exactOptional(),
    dialled: text.describe('The number that this leg dialled.').exactOptional(),
    address: text.describe('Network address of the device.').exactOptional(),
    loop: z
      .strictObject({ pair: key, half: z.enum(['near', 'far']) })
      .describe('Set when the leg is one half of a loop inside the platform.')
      .exactOptional(),
  })
  .meta({ id: 'LegFacts', description: 'What is known about a leg; leave out what is not.' });

const cause = z
  .strictObject({
    code: z.int().min(0).max(127).describe('Q.850 cause number.'),
    text: text.exactOptional(),
  })
  .meta({ id: 'Cause' });

const side = z.enum(['says', 'hears', 'both']).meta({
  id: 'AudioSide',
  description: 'What the party of the recorded leg says, what it hears, or both.',
});

const snapshotLeg = z
  .strictObject({
    leg: key,
    state: z.enum(['offered', 'ringing', 'connected']),
    ageMs: z.int().min(0).max(bounds.latestMs).exactOptional(),
    bridge: key.exactOptional(),
    conference: text.exactOptional(),
    facts,
  })
  .meta({ id: 'SnapshotLeg' });

const envelope = {
  source: text.describe('Ignored: the source is the one that the server names.').exactOptional(),
  id: key.describe('A second signal with the same id is ignored.').exactOptional(),
  at: z.iso
    .datetime({ offset: true })
    .max(40)
    .describe('When it happened: ISO 8601 with an offset. Either this or atMs.')
    .exactOptional(),
  atMs: z
    .int()
    .min(bounds.earliestMs)
    .max(bounds.latestMs)
    .describe('When it happened: milliseconds since 1970. Either this or at.')
    .exactOptional(),
};
const ofLeg = { ...envelope, leg: key, facts: facts.exactOptional() };
const ofDial = { ...ofLeg, from: key.exactOptional(), fromFacts: facts.exactOptional() };
const ofQueue = { ...ofLeg, queue };
const ofAgent = {
  ...ofQueue,
  agent,
  agentLeg: key.exactOptional(),
  agentFacts: facts.exactOptional(),
};

/** JSON Schema's way of saying what `whenOf` checks. */
const eitherTime = { oneOf: [{ required: ['at'] }, { required: ['atMs'] }] };

function signal<K extends SignalKind, S extends z.core.$ZodLooseShape>(kind: K, fields: S) {
  return z.strictObject({ kind: z.literal(kind), ...fields }).meta(eitherTime);
}

const dialResult = z.enum([
  'answered',
  'no-answer',
  'busy',
  'cancelled',
  'rejected',
  'congestion',
  'failed',
]);

export const schemas = {
  'leg.offered': signal('leg.offered', ofLeg),
  'leg.identified': signal('leg.identified', ofLeg),
  'leg.ringing': signal('leg.ringing', ofLeg),
  'leg.connected': signal('leg.connected', ofLeg),
  'leg.held': signal('leg.held', ofLeg),
  'leg.resumed': signal('leg.resumed', ofLeg),
  'leg.ended': signal('leg.ended', { ...ofLeg, cause: cause.exactOptional() }),
  'leg.hangup-requested': signal('leg.hangup-requested', {
    ...ofLeg,
    by: z.enum(['party', 'platform']),
  }),
  'dial.started': signal('dial.started', ofDial),
  'dial.ended': signal('dial.ended', { ...ofDial, result: dialResult }),
  'bridge.joined': signal('bridge.joined', {
    ...ofLeg,
    bridge: key,
    conference: text.exactOptional(),
  }),
  'bridge.left': signal('bridge.left', { ...ofLeg, bridge: key }),
  'transfer.completed': signal('transfer.completed', {
    ...ofLeg,
    style: z.enum(['blind', 'attended']),
    consultLeg: key.exactOptional(),
    transferee: key.exactOptional(),
    target: key.exactOptional(),
    to: text.exactOptional(),
  }),
  'queue.joined': signal('queue.joined', {
    ...ofQueue,
    position: z.int().min(1).max(1_000_000).exactOptional(),
  }),
  'queue.left': signal('queue.left', ofQueue),
  'queue.abandoned': signal('queue.abandoned', ofQueue),
  'agent.offered': signal('agent.offered', ofAgent),
  'agent.missed': signal('agent.missed', ofAgent),
  'agent.connected': signal('agent.connected', ofAgent),
  'agent.completed': signal('agent.completed', {
    ...ofAgent,
    endedBy: z.enum(['agent', 'caller', 'transfer']),
  }),
  'recording.started': signal('recording.started', { ...ofLeg, file: text.exactOptional() }),
  'recording.named': signal('recording.named', { ...ofLeg, file: text }),
  'recording.paused': signal('recording.paused', {
    ...ofLeg,
    side,
    cut: z.literal(true).exactOptional(),
  }),
  'recording.resumed': signal('recording.resumed', { ...ofLeg, side }),
  'recording.split': signal('recording.split', { ...ofLeg, file: text.exactOptional() }),
  'recording.stopped': signal('recording.stopped', ofLeg),
  'source.connected': signal('source.connected', envelope),
  'source.lost': signal('source.lost', { ...envelope, reason: text }),
  'source.snapshot': signal('source.snapshot', {
    ...envelope,
    legs: z.array(snapshotLeg).max(bounds.legsPerSnapshot),
  }),
  'source.expired': signal('source.expired', envelope),
} as const satisfies { readonly [K in SignalKind]: z.ZodType<{ readonly kind: K }> };

/** A signal as it was sent, its form checked. */
export type SentSignal = z.infer<(typeof schemas)[SignalKind]>;

export function isSignalKind(kind: string): kind is SignalKind {
  return Object.hasOwn(schemas, kind);
}
