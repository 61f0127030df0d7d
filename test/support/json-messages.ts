/**
 * The client's half of the JSON encoding, for tests: requests to JSON, and what the server says to the values
 * that the XML reader gives. Every message is held against the schema; nothing unknown gets through.
 */
import type { z } from 'zod';
import type { CallView } from '../../src/subscriber/call-view.ts';
import { serverMessage } from '../../src/subscriber/json-schema.ts';
import type { ExtensionPattern, Request } from '../../src/subscriber/message.ts';
import type {
  AnswerReading,
  CdrReading,
  ServerMessage,
  SourceReading,
} from '../../src/subscriber/reading.ts';

/** The message that asks for `request`, as a program would write it. */
export function requestJson(request: Request): string {
  return JSON.stringify({ ...request.head, ...parametersOf(request) });
}

function parametersOf(request: Request): object {
  switch (request.kind) {
    case 'subscribe': {
      const { extensions, feed } = request;
      return {
        ...(extensions.length > 0 && { extensions: extensions.map(extensionOf) }),
        ...(feed && {
          feed: {
            ...(feed.events && { events: feed.events }),
            ...(feed.snapshot && { snapshot: true }),
            ...(feed.after !== undefined && { after: feed.after }),
            ...(feed.ack && { ack: true }),
          },
        }),
      };
    }
    case 'ongoing':
      return { extensions: request.extensions.map(extensionOf) };
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

function extensionOf({ kind: _, ...texts }: ExtensionPattern): object {
  return texts;
}

type Said = z.infer<typeof serverMessage>;

/**
 * What the server says in one message.
 * @throws {Error} when the message is not JSON, or not of the published schema
 */
export function readServerJson(text: string): ServerMessage {
  const said = serverMessage.parse(JSON.parse(text));
  if ('notification' in said) return notificationOf(said);
  if ('error' in said) {
    const { code, error } = said;
    const head = said.request;
    return { kind: 'failure', code, head, failure: error.description, detail: error.text };
  }
  if ('request' in said) return answerOf(said);
  const { keepalive, sources } = said;
  return {
    kind: 'keepalive',
    intervalS: keepalive.time,
    position: keepalive.position,
    sources: sources.map(sourceOf),
  };
}

function notificationOf(said: Extract<Said, { readonly notification: string }>): ServerMessage {
  const type = said.notification;
  if ('reason' in said) return { kind: 'goodbye', reason: said.reason, position: said.position };
  if ('source' in said) {
    const { position, source } = said;
    const { name, from, to, reason } = source;
    return { kind: 'source', type, source: name, from, to, reason, position };
  }
  const { position, snapshot = false, cdr, call } = said;
  return { kind: 'call', type, cdr: cdrOf(cdr), position, snapshot, view: viewOf(call) };
}

function answerOf(said: Extract<Said, { readonly code: 0; readonly request: object }>) {
  const feed = 'feed' in said ? said.feed : undefined;
  const summary = 'summary' in said ? said.summary : undefined;
  const answer: AnswerReading = {
    kind: 'answer',
    head: said.request,
    keepAliveS: 'keepalive' in said ? said.keepalive?.time : undefined,
    feed: feed && { position: feed.position, calls: feed.calls, recovered: feed.recovered },
    calls: 'calls' in said ? said.calls.map(ongoingOf) : [],
    cdr: 'cdr' in said ? cdrOf(said.cdr) : undefined,
    mute: 'state' in said ? said.state : undefined,
    summary: summary && {
      version: summary.version,
      uptimeS: summary.uptime,
      subscribers: summary.subscribers,
      calls: summary.calls,
      sources: summary.sources.map(sourceOf),
    },
  };
  return answer;
}

type Sent<K extends PropertyKey> = Extract<Said, { readonly [key in K]: unknown }>;

function ongoingOf({ id, caller, called, start }: Sent<'calls'>['calls'][number]) {
  return { id, caller, called, start };
}

function sourceOf({ name, state, heard, lag }: Sent<'sources'>['sources'][number]): SourceReading {
  return { name, state, heard, lagMs: lag };
}

function cdrOf({ state, ...fields }: Sent<'cdr'>['cdr']): CdrReading {
  return { ended: state === '1', fields: new Map(Object.entries(fields)) };
}

/** As the reader of XML gives it: what is not there is undefined. */
function viewOf(call: Sent<'call'>['call']): CallView {
  return {
    state: call.state,
    revision: call.revision,
    source: call.source,
    dialled: call.dialled,
    answered: call.answered,
    outcome: call.outcome,
    ending: call.ending,
    endedBy: call.endedBy,
    mergedInto: call.mergedInto,
    conference: call.conference,
    parties: call.parties.map(({ number, name, role, state, device, agent }) => {
      return { number, name, role, state, device, agent };
    }),
    transfers: call.transfers.map(({ style, by, transferee, to, at }) => {
      return { style, by, transferee, to, at };
    }),
    queue: call.queue.map(({ name, joined, left, position, result, agent, missedBy }) => {
      return { name, joined, left, position, result, agent, missedBy };
    }),
    recordings: call.recordings.map(({ state, side, started, ended, file }) => {
      return { state, side, started, ended, file };
    }),
  };
}

/**
 * A message so that what was said in either encoding can be compared: times outside the record are told one
 * way, and the echo of GetMuteState, which XML spells as the outside system does, is what was sent.
 */
export function asSaid(message: ServerMessage): unknown {
  const text = JSON.stringify(message, (_, value: unknown) =>
    value instanceof Map ? { record: [...value] } : value,
  );
  return JSON.parse(
    text
      .replace(/"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d\.\d{3})Z"/g, '"$1 $2"')
      .replace('"type":"MuteState"', '"type":"GetMuteState"'),
  );
}
