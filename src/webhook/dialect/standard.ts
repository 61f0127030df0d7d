/**
 * Our own dialect: one event per request as JSON, signed as Standard Webhooks describes it. The contract is in
 * protocol/webhook/standard.
 */
import { z } from 'zod';
import { atMsOf, type Occurrence } from '../occurrence.ts';
import { parseSecret, secretShape, signatureHeaders } from '../signature.ts';
import { type Dialect, isRequestsFault, isSuccess, type Item, type Part } from './dialect.ts';
import { jsonOf } from './json-text.ts';
import { isoTime, standardCall } from './standard-call.ts';
import { callTypes, type StandardEvent } from './standard-schema.ts';
import { trialEvent } from './trial-call.ts';

/** What may be wished for: types by name, or all of a family. */
const wishes = [
  ...callTypes,
  'recording.command-failed',
  'source.gap',
  'source.up',
  'event.notified',
  'call.*',
  'recording.*',
  'source.*',
  'event.*',
  'model.*',
] as const;

/** Objects of models, the audit log among them, are told to those only who ask for them. */
const usualEvents: readonly string[] = ['call.*', 'recording.*', 'source.*', 'event.*'];

const modelType = /^model\.[a-z_]{1,57}$/;

const secret = z
  .string()
  .max(256)
  .transform((text, context) => {
    const key = parseSecret(text);
    if (key !== undefined) return key;
    context.addIssue({ code: 'custom', message: secretShape });
    return z.NEVER;
  });

const options = z.strictObject({
  /** The first one signs first; a second one while receivers are given another. */
  secrets: z.array(secret).min(1).max(2),
  events: z
    .array(
      z
        .string()
        .max(64)
        .refine((text) => wishes.some((wish) => wish === text) || modelType.test(text), {
          message: `one of ${wishes.join(', ')}, or "model." and the name of a model`,
        }),
    )
    .min(1)
    .max(64)
    .default([...usualEvents]),
  method: z.literal('POST').default('POST'),
});
export type StandardOptions = z.output<typeof options>;

/** The type of the event, as its receivers know it. */
function typeOf(occurrence: Occurrence): string {
  switch (occurrence.kind) {
    case 'call':
    case 'source':
      return occurrence.event.kind;
    case 'command-failed':
      return 'recording.command-failed';
    case 'model':
      return `model.${occurrence.model}`;
    case 'notified':
      return 'event.notified';
  }
}

function isWanted(type: string, events: readonly string[]): boolean {
  return events.includes(type) || events.includes(`${type.slice(0, type.indexOf('.'))}.*`);
}

function partOf(topic: string): Part {
  switch (topic) {
    case 'call.started':
    case 'call.answered':
      return { topic, class: 'live', supersedes: 'nothing' };
    case 'call.updated':
      // Each tells the whole call: of several that nobody has heard, the last one says it all.
      return { topic, class: 'live', supersedes: 'topic' };
    case 'call.ended':
      return { topic, class: 'record', supersedes: 'live' };
    default:
      return { topic, class: 'record', supersedes: 'nothing' };
  }
}

/** @throws {RangeError} for a model whose name is none */
function eventOf({ occurrence, key: id, sequence }: Item): StandardEvent {
  const head = { id, timestamp: isoTime(atMsOf(occurrence)), sequence };
  switch (occurrence.kind) {
    case 'call': {
      const { kind: type, call, joined } = occurrence.event;
      return { ...head, type, data: { call: standardCall(call), joined: [...joined] } };
    }
    case 'command-failed': {
      const { command, reason, call, leg } = occurrence;
      const number = call.legs.find((each) => each.key === leg)?.number;
      const data = { command, reason, number, call: standardCall(call) };
      return { ...head, type: 'recording.command-failed', data };
    }
    case 'source': {
      const { kind: type, source: name, fromMs, toMs, reason } = occurrence.event;
      const to = toMs === undefined ? undefined : isoTime(toMs);
      return { ...head, type, data: { source: { name, from: isoTime(fromMs), to, reason } } };
    }
    case 'model': {
      const type = typeOf(occurrence);
      if (!modelType.test(type)) {
        throw new RangeError(
          `seen a model called ${JSON.stringify(occurrence.model)}, expected a-z and "_"`,
        );
      }
      return { ...head, type, data: { object: { ...occurrence.object } } };
    }
    case 'notified': {
      const { event: name, parameters } = occurrence;
      const data = { event: { name, parameters: { ...parameters } } };
      return { ...head, type: 'event.notified', data };
    }
  }
}

/** An event of a type that is wanted, so that trying a destination is never met with silence. */
function sampleOf(events: readonly string[], id: string, atMs: number): Occurrence {
  const kind = callTypes.find((type) => isWanted(type, events));
  if (kind !== undefined) return { kind: 'call', event: trialEvent(kind, id, atMs) };
  if (isWanted('recording.command-failed', events)) {
    const { call } = trialEvent('recording.started', id, atMs);
    const [recording] = call.recordings;
    const leg = recording === undefined ? {} : { leg: recording.leg };
    const reason = 'offhook test: nothing was recorded';
    return { kind: 'command-failed', id, atMs, command: 'start', reason, call, ...leg };
  }
  const kindOfSource = (['source.gap', 'source.up'] as const).find((type) =>
    isWanted(type, events),
  );
  if (kindOfSource !== undefined) {
    const to = kindOfSource === 'source.up' ? { toMs: atMs } : {};
    const envelope = { id, atMs, seenAtMs: atMs, source: 'test', fromMs: atMs - 5_000, ...to };
    return { kind: 'source', event: { kind: kindOfSource, ...envelope, reason: 'offhook test' } };
  }
  if (isWanted('event.notified', events)) {
    const parameters = { note: 'offhook test' };
    return { kind: 'notified', id, atMs, event: 'Test', parameters };
  }
  const named = events.find((event) => event !== 'model.*') ?? 'model.test';
  const model = named.slice('model.'.length);
  return { kind: 'model', id, atMs, model, lane: 'test', object: { note: 'offhook test' } };
}

export const standard: Dialect<StandardOptions> = {
  name: 'standard',
  meaning: 'one event per request as JSON, signed as in Standard Webhooks',
  options,
  check: () => [],
  partsOf: (occurrence, _before, destination) => {
    const type = typeOf(occurrence);
    return isWanted(type, destination.options.events) ? [partOf(type)] : [];
  },
  render: ([item, ...others], { options: { secrets, method } }, { url, nowMs }) => {
    if (item === undefined || others.length > 0) {
      throw new RangeError(
        `seen ${others.length + (item ? 1 : 0)} events, expected one per request`,
      );
    }
    const body = jsonOf(eventOf(item));
    const signature = signatureHeaders(secrets, item.key, nowMs, body);
    return { method, url, headers: { 'content-type': 'application/json', ...signature }, body };
  },
  batches: false,
  isTaken: isSuccess,
  isFinal: isRequestsFault,
  retries: [1, 5, 30, 120, 600, 1_800, 7_200],
  sample: ({ options: { events } }, id, nowMs) => sampleOf(events, id, nowMs),
};
