/**
 * The client's half: what a server sent, out of a document. Tolerant of what it does not know, so that
 * an old client can listen to a newer server.
 */
import { ProtocolError } from '../base/errors.ts';
import { readCallView } from './call-codec.ts';
import type { CallView } from './call-view.ts';
import { parseDocument, type Element } from './document-codec.ts';
import type { FrameBounds } from './lexer.ts';
import { wire, type RequestHead } from './message.ts';

/** What a client takes from its server; lists of calls are far larger than any request. */
export const readingBounds: FrameBounds = {
  messageBytes: 64 * 1024 * 1024,
  depth: 16,
  elements: 1_000_000,
  attributesPerElement: 32,
  valueBytes: 64 * 1024,
};

/** A `verbacdr` element: its fields by element name, in the order they came. */
export interface CdrReading {
  readonly ended: boolean;
  readonly fields: ReadonlyMap<string, string>;
}

export interface SourceReading {
  readonly name: string;
  readonly state: string;
  /** When it was last heard, as the server tells times. */
  readonly heard: string | undefined;
  /** How late the server took its last signal, milliseconds; undefined where the source tells no times. */
  readonly lagMs: number | undefined;
}

export interface OngoingReading {
  readonly id: string;
  readonly caller: string | undefined;
  readonly called: string | undefined;
  readonly start: string;
}

export interface FeedReading {
  readonly position: string;
  /** How many snapshot calls follow. */
  readonly calls: number | undefined;
  /** False: events after the asked position are lost, and a snapshot follows. */
  readonly recovered: boolean | undefined;
}

export interface SummaryReading {
  readonly version: string;
  readonly uptimeS: number;
  readonly subscribers: number;
  readonly calls: number;
  readonly sources: readonly SourceReading[];
}

export interface AnswerReading {
  readonly kind: 'answer';
  readonly head: RequestHead;
  /** Seconds; absent when keep-alive is off or it answers something else than a subscribe. */
  readonly keepAliveS: number | undefined;
  readonly feed: FeedReading | undefined;
  readonly calls: readonly OngoingReading[];
  readonly cdr: CdrReading | undefined;
  readonly mute: { readonly callerMuted: boolean; readonly calleeMuted: boolean } | undefined;
  readonly summary: SummaryReading | undefined;
}

export type ServerMessage =
  | AnswerReading
  | {
      readonly kind: 'failure';
      readonly code: number;
      readonly head: RequestHead | undefined;
      readonly failure: string;
      readonly detail: string;
    }
  | {
      readonly kind: 'keepalive';
      /** Seconds. */
      readonly intervalS: number;
      readonly position: string | undefined;
      readonly sources: readonly SourceReading[];
    }
  | {
      readonly kind: 'call';
      readonly type: string;
      readonly cdr: CdrReading;
      readonly position: string | undefined;
      readonly snapshot: boolean;
      /** Only in the opted-in form. */
      readonly view: CallView | undefined;
    }
  | {
      readonly kind: 'source';
      readonly type: string;
      readonly source: string;
      readonly from: string;
      readonly to: string | undefined;
      readonly reason: string | undefined;
      readonly position: string | undefined;
    }
  | {
      readonly kind: 'goodbye';
      readonly reason: string;
      readonly position: string | undefined;
    }
  /** Well-formed, and nothing this client knows. */
  | { readonly kind: 'unknown'; readonly name: string };

/** What the server says in one document, or why it is none. */
export function readServerDocument(document: Uint8Array | string): ServerMessage | ProtocolError {
  const bytes = typeof document === 'string' ? Buffer.from(document) : document;
  const root = parseDocument(bytes, readingBounds);
  if (root instanceof ProtocolError) return root;
  const [message] = root.children;
  if (root.name === wire.root && message?.name === 'Response') return readResponse(message);
  if (root.name === wire.root && message?.name === wire.notification) {
    return readNotification(message);
  }
  return { kind: 'unknown', name: message?.name ?? root.name };
}

function readResponse(response: Element): ServerMessage {
  const code = Number(response.attributes.get('code'));
  const error = childOf(response, 'ErrorMessage');
  if (code !== 0 || error !== undefined) {
    return {
      kind: 'failure',
      code,
      head: headOf(response),
      failure: error?.attributes.get('description') ?? '',
      detail: error?.text ?? '',
    };
  }
  const keepAlive = childOf(response, 'Keepalive');
  const head = headOf(childOf(response, 'Request'));
  if (head !== undefined) return readAnswer(response, head, keepAlive);
  if (keepAlive === undefined) return { kind: 'unknown', name: response.name };
  return {
    kind: 'keepalive',
    intervalS: Number(keepAlive.attributes.get('time')),
    position: keepAlive.attributes.get('position'),
    sources: sourcesOf(response),
  };
}

function readAnswer(
  response: Element,
  head: RequestHead,
  keepAlive: Element | undefined,
): AnswerReading {
  const feed = childOf(response, wire.elements.feed)?.attributes;
  const state = childOf(response, 'State')?.attributes;
  const summary = childOf(response, wire.elements.summary);
  return {
    kind: 'answer',
    head,
    keepAliveS: numberOf(keepAlive?.attributes.get('time')),
    feed: feed && {
      position: feed.get('position') ?? '',
      calls: numberOf(feed.get('calls')),
      recovered: flagOf(feed.get('recovered')),
    },
    calls: response.children.filter(({ name }) => name === 'Call').map(readOngoing),
    cdr: readCdr(response),
    mute: state && {
      callerMuted: state.get('callerMuted') === 'true',
      calleeMuted: state.get('calleeMuted') === 'true',
    },
    summary: summary && {
      version: summary.attributes.get('version') ?? '',
      uptimeS: Number(summary.attributes.get('uptime')),
      subscribers: Number(summary.attributes.get('subscribers')),
      calls: Number(summary.attributes.get('calls')),
      sources: sourcesOf(summary),
    },
  };
}

function readNotification(notification: Element): ServerMessage {
  const { attributes } = notification;
  const type = attributes.get('type') ?? '';
  const position = attributes.get('position');
  if (type === wire.goodbye) {
    return { kind: 'goodbye', reason: attributes.get('reason') ?? '', position };
  }
  const cdr = readCdr(notification);
  if (cdr !== undefined) {
    const snapshot = attributes.get('snapshot') === 'true';
    return { kind: 'call', type, cdr, position, snapshot, view: readCallView(notification) };
  }
  const source = childOf(notification, wire.elements.source)?.attributes;
  if (source === undefined) return { kind: 'unknown', name: type };
  return {
    kind: 'source',
    type,
    source: source.get('name') ?? '',
    from: source.get('from') ?? '',
    to: source.get('to'),
    reason: source.get('reason'),
    position,
  };
}

function readCdr(parent: Element): CdrReading | undefined {
  const cdr = childOf(parent, 'verbacdr');
  return cdr && readCdrElement(cdr);
}

/** What a `verbacdr` element says. */
export function readCdrElement({ attributes, children }: Element): CdrReading {
  return {
    ended: attributes.get('state') === '1',
    fields: new Map(children.map(({ name, text }) => [name, text])),
  };
}

function readOngoing({ attributes }: Element): OngoingReading {
  return {
    id: attributes.get('id') ?? '',
    caller: attributes.get('caller'),
    called: attributes.get('called'),
    start: attributes.get('start') ?? '',
  };
}

function sourcesOf(parent: Element): readonly SourceReading[] {
  return parent.children
    .filter(({ name }) => name === wire.elements.source)
    .map(({ attributes }) => ({
      name: attributes.get('name') ?? '',
      state: attributes.get('state') ?? '',
      heard: attributes.get('heard'),
      lagMs: numberOf(attributes.get('lag')),
    }));
}

function headOf(element: Element | undefined): RequestHead | undefined {
  const type = element?.attributes.get('type');
  const id = element?.attributes.get('id');
  if (type === undefined) return undefined;
  return id === undefined ? { type } : { type, id };
}

function childOf(parent: Element, name: string): Element | undefined {
  return parent.children.find((child) => child.name === name);
}

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function flagOf(text: string | undefined): boolean | undefined {
  return text === undefined ? undefined : text === 'true';
}
