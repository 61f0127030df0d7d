/**
 * Requests out of JSON: the same values that request-codec.ts makes of XML. Strict throughout, since no
 * client was written before it: what is not known is refused by name.
 */
import { ProtocolError } from '../base/errors.ts';
import type { z } from 'zod';
import { parseJson } from './json-codec.ts';
import { complaint, requestSchemas } from './json-request-schema.ts';
import {
  type ExtensionPattern,
  type Refusal,
  type Request,
  type RequestHead,
  wire,
} from './message.ts';
import { isRefusal, refusal, unknownRequest } from './refusal.ts';
import { patternOf } from './subscription-codec.ts';

/**
 * The request in one message. A subscribe request always has feed options: whoever speaks JSON has opted in.
 * @returns a refusal to be answered when it is no request we can serve; a ProtocolError, to be answered
 *   once before the session ends, when it is not JSON within bounds
 */
export function parseJsonRequest(message: Uint8Array): Request | Refusal | ProtocolError {
  const parsed = parseJson(message);
  if (parsed instanceof ProtocolError) return parsed;
  const { value } = parsed;
  if (!isObject(value)) {
    return refusal(undefined, 'The message is no object; expected one such as {"type":"…"}.');
  }
  const { type, id } = value;
  if (typeof type !== 'string' || type === '') {
    const expected = 'expected a text such as "SubscribeOnCallEvent"';
    return refusal(undefined, `The message has no type; ${expected}.`);
  }
  const head = typeof id === 'string' ? { type, id } : { type };
  const parse = parsers.get(type);
  return parse === undefined ? unknownRequest(head, parsers.keys()) : parse(head, value);
}

/** Its members may have any name; all but those that a schema knows are refused before anybody asks. */
function isObject(value: unknown): value is { readonly type?: unknown; readonly id?: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Parser = (head: RequestHead, value: unknown) => Request | Refusal;
type Schemas = typeof requestSchemas;

function parser<T extends keyof Schemas>(
  type: T,
  make: (head: RequestHead, sent: z.infer<Schemas[T]>) => Request | Refusal,
): [string, Parser] {
  // Indexed by a type parameter, the union of all schemas is what the compiler would see.
  const schema: z.ZodType = requestSchemas[type];
  return [
    type,
    (head, value) => {
      const { success, data, error } = schema.safeParse(value);
      // The schema of this type has just said so.
      return success ? make(head, data as z.infer<Schemas[T]>) : refusal(head, complaint(error));
    },
  ];
}

const { requests } = wire;

const parsers: ReadonlyMap<string, Parser> = new Map<string, Parser>([
  parser(requests.subscribe, subscribe),
  parser(requests.unsubscribe, (head) => ({ kind: 'unsubscribe', head })),
  parser(requests.ongoing, (head, sent) => {
    const extensions = patternsOf(head, sent.extensions);
    return isRefusal(extensions) ? extensions : { kind: 'ongoing', head, extensions };
  }),
  ...requests.detail.map((type) => parser(type, detail)),
  parser(requests.mute, (head, { call, callerMuted, calleeMuted }) => {
    return { kind: 'mute', head, call, callerMuted, calleeMuted };
  }),
  parser(requests.muteState, (head, { call }) => ({ kind: 'mute-state', head, call })),
  parser(requests.summary, (head) => ({ kind: 'summary', head })),
  parser(requests.authenticate, (head, { token }) => ({ kind: 'authenticate', head, token })),
  parser(requests.keepalive, (head) => ({ kind: 'keepalive', head })),
]);

function subscribe(
  head: RequestHead,
  sent: z.infer<Schemas[typeof requests.subscribe]>,
): Request | Refusal {
  const extensions = patternsOf(head, sent.extensions);
  if (isRefusal(extensions)) return extensions;
  const { events, after, snapshot = false, ack = false } = sent.feed ?? {};
  const feed = {
    ...(events !== undefined && { events: [...new Set(events)] }),
    snapshot,
    ...(after !== undefined && { after }),
    ack,
  };
  return { kind: 'subscribe', head, extensions, feed };
}

function detail(head: RequestHead, { call }: { readonly call: string }): Request {
  return { kind: 'detail', head, call };
}

type SentExtensions = z.infer<Schemas[typeof requests.ongoing]>['extensions'];

function patternsOf(
  head: RequestHead,
  sent: SentExtensions = [],
): readonly ExtensionPattern[] | Refusal {
  const patterns: ExtensionPattern[] = [];
  for (const each of sent) {
    const pattern = patternOf(each, (name, text) => `"${name}":${text}`);
    if (typeof pattern === 'string') return refusal(head, pattern);
    patterns.push(pattern);
  }
  return patterns;
}
