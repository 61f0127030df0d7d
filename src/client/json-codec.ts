/**
 * The JSON form of the protocol, the client's half: requests to text, and text to what the server says.
 * Written by hand and small, because it is loaded into pages. Tolerant of what it does not know, so that an
 * old client can listen to a newer server.
 */
import type { ExtensionPattern } from '../call/extension.ts';
import type { CallView } from '../subscriber/call-view.ts';
import type { Request, RequestHead } from '../subscriber/message.ts';
import { wire } from '../subscriber/message.ts';
import type {
  AnswerReading,
  CdrReading,
  ServerMessage,
  SourceReading,
} from '../subscriber/reading.ts';

/** The name of this encoding as a WebSocket subprotocol. */
export const jsonSubprotocol = 'offhook.json';

/** The text that asks for `request`. */
export function requestJson(request: Request): string {
  return JSON.stringify({ ...request.head, ...parametersOf(request) });
}

function parametersOf(request: Request): object {
  switch (request.kind) {
    case 'subscribe':
      return { extensions: request.extensions.map(patternJson), feed: request.feed };
    case 'ongoing':
      return { extensions: request.extensions.map(patternJson) };
    case 'detail':
    case 'mute-state':
      return { call: request.call };
    case 'mute': {
      const { call, callerMuted, calleeMuted } = request;
      return { call, callerMuted, calleeMuted };
    }
    case 'authenticate':
      return { token: request.token };
    case 'unsubscribe':
    case 'summary':
    case 'keepalive':
      return {};
  }
}

function patternJson(pattern: ExtensionPattern): object {
  switch (pattern.kind) {
    case 'number':
      return { number: pattern.number };
    case 'prefix':
      return { prefix: pattern.prefix };
    case 'range':
      return { from: pattern.from, to: pattern.to };
  }
}

type Json = Readonly<Record<string, unknown>>;

/** What the server says in one message; undefined when it is no object of JSON. */
export function readServerJson(text: string): ServerMessage | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const type = textOf(value['notification']);
  if (type !== undefined) return readNotification(type, value);
  return typeof value['code'] === 'number' ? readResponse(value['code'], value) : unknown('');
}

function readResponse(code: number, response: Json): ServerMessage {
  const head = headOf(response['request']);
  const { error } = response;
  if (code !== 0 || isObject(error)) {
    const { description, text } = objectOf(error);
    const failure = textOf(description) ?? '';
    return { kind: 'failure', code, head, failure, detail: textOf(text) ?? '' };
  }
  const { keepalive } = response;
  const { time, position } = objectOf(keepalive);
  const intervalS = numberOf(time);
  if (head !== undefined) return readAnswer(response, head, intervalS);
  if (intervalS === undefined) return unknown('Response');
  const sources = listOf(response['sources']).map(readSource);
  return { kind: 'keepalive', intervalS, position: textOf(position), sources };
}

function readAnswer(
  response: Json,
  head: RequestHead,
  keepAliveS: number | undefined,
): AnswerReading {
  const { feed, state, summary } = response;
  const { position, calls, recovered } = objectOf(feed);
  const { callerMuted, calleeMuted } = objectOf(state);
  const counts = objectOf(summary);
  return {
    kind: 'answer',
    head,
    keepAliveS,
    feed: isObject(feed)
      ? {
          position: textOf(position) ?? '',
          calls: numberOf(calls),
          recovered: typeof recovered === 'boolean' ? recovered : undefined,
        }
      : undefined,
    calls: listOf(response['calls']).map((call) => ({
      id: textOf(call['id']) ?? '',
      caller: textOf(call['caller']),
      called: textOf(call['called']),
      start: textOf(call['start']) ?? '',
    })),
    cdr: isObject(response['cdr']) ? readCdr(response['cdr']) : undefined,
    mute: isObject(state)
      ? { callerMuted: callerMuted === true, calleeMuted: calleeMuted === true }
      : undefined,
    summary: isObject(summary)
      ? {
          version: textOf(counts['version']) ?? '',
          uptimeS: numberOf(counts['uptime']) ?? 0,
          subscribers: numberOf(counts['subscribers']) ?? 0,
          calls: numberOf(counts['calls']) ?? 0,
          sources: listOf(counts['sources']).map(readSource),
        }
      : undefined,
  };
}

function readNotification(type: string, notification: Json): ServerMessage {
  const position = textOf(notification['position']);
  if (type === wire.goodbye) {
    return { kind: 'goodbye', reason: textOf(notification['reason']) ?? '', position };
  }
  const { cdr, call, source } = notification;
  if (isObject(cdr)) {
    const snapshot = notification['snapshot'] === true;
    const view = isObject(call) ? readView(call) : undefined;
    return { kind: 'call', type, cdr: readCdr(cdr), position, snapshot, view };
  }
  if (!isObject(source)) return unknown(type);
  return {
    kind: 'source',
    type,
    source: textOf(source['name']) ?? '',
    from: textOf(source['from']) ?? '',
    to: textOf(source['to']),
    reason: textOf(source['reason']),
    position,
  };
}

function readCdr(cdr: Json): CdrReading {
  const { state, ...fields } = cdr;
  const known = Object.entries(fields).flatMap(([name, value]): (readonly [string, string])[] =>
    value === undefined || value === null || typeof value === 'object'
      ? []
      : [[name, String(value)]],
  );
  return { ended: String(state) === '1', fields: new Map(known) };
}

function readSource(source: Json): SourceReading {
  return {
    name: textOf(source['name']) ?? '',
    state: textOf(source['state']) ?? '',
    heard: textOf(source['heard']),
    lagMs: numberOf(source['lag']),
  };
}

function readView(view: Json): CallView {
  return {
    state: textOf(view['state']) ?? '',
    revision: numberOf(view['revision']) ?? 0,
    source: textOf(view['source']) ?? '',
    dialled: textOf(view['dialled']),
    answered: textOf(view['answered']),
    outcome: textOf(view['outcome']),
    ending: textOf(view['ending']),
    endedBy: textOf(view['endedBy']),
    mergedInto: textOf(view['mergedInto']),
    conference: textOf(view['conference']),
    parties: listOf(view['parties']).map((party) => ({
      number: textOf(party['number']),
      name: textOf(party['name']),
      role: textOf(party['role']) ?? '',
      state: textOf(party['state']) ?? '',
      device: textOf(party['device']),
      agent: textOf(party['agent']),
    })),
    transfers: listOf(view['transfers']).map((transfer) => ({
      style: textOf(transfer['style']) ?? '',
      by: textOf(transfer['by']),
      transferee: textOf(transfer['transferee']),
      to: textOf(transfer['to']),
      at: textOf(transfer['at']) ?? '',
    })),
    queue: listOf(view['queue']).map((visit) => ({
      name: textOf(visit['name']) ?? '',
      joined: textOf(visit['joined']) ?? '',
      left: textOf(visit['left']),
      position: numberOf(visit['position']),
      result: textOf(visit['result']),
      agent: textOf(visit['agent']),
      missedBy: Array.isArray(visit['missedBy'])
        ? visit['missedBy'].filter((each) => typeof each === 'string')
        : [],
    })),
    recordings: listOf(view['recordings']).map((recording) => ({
      state: textOf(recording['state']) ?? '',
      side: textOf(recording['side']),
      started: textOf(recording['started']) ?? '',
      ended: textOf(recording['ended']),
      file: textOf(recording['file']),
    })),
  };
}

function headOf(value: unknown): RequestHead | undefined {
  const { type, id } = objectOf(value);
  if (typeof type !== 'string') return undefined;
  return typeof id === 'string' ? { type, id } : { type };
}

function unknown(name: string): ServerMessage {
  return { kind: 'unknown', name };
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function listOf(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
