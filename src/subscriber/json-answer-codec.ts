/**
 * Everything the server says, in JSON: answers, keep-alives, notifications, goodbye. Whoever reads it has
 * opted in, so there is one form. Times are ISO 8601 but in the record, which says what it says in XML.
 */
import { ProtocolError } from '../base/errors.ts';
import { type CdrSite, cdrState, tellCdr } from '../record/cdr-xml.ts';
import type { Call } from '../call/call.ts';
import type { KeepAlive } from './answer-codec.ts';
import type { CallView } from './call-view.ts';
import { parseDocument } from './document-codec.ts';
import { jsonText, quotedJson } from './json-codec.ts';
import { type Answer, type SourceStatus, wire } from './message.ts';
import type { CallNotification, Goodbye, SourceNotification } from './notification-codec.ts';
import { readCdrElement, readingBounds } from './reading.ts';
import { timeText } from './times.ts';

/** The answer as the client is to get it. */
export function answerJson(answer: Answer): string {
  if (answer.kind === 'failure') {
    const error = { description: answer.failure, text: answer.detail };
    return jsonText({ code: 2, request: answer.head, error });
  }
  return jsonText({ code: 0, request: answer.head, ...payloadOf(answer) });
}

function payloadOf(answer: Exclude<Answer, { readonly kind: 'failure' }>): object {
  switch (answer.kind) {
    case 'subscribed': {
      const { keepAliveS, feed } = answer;
      return {
        keepalive: keepAliveS === 0 ? undefined : { time: keepAliveS },
        feed: feed && {
          recovered: feed.recovered,
          position: feed.position,
          calls: feed.calls,
        },
      };
    }
    case 'done':
      return {};
    case 'ongoing':
      return { calls: answer.calls.map(ongoingOf) };
    case 'detail':
      return { cdr: readRecord(answer.cdr) };
    case 'mute-state':
      return { state: { callerMuted: answer.callerMuted, calleeMuted: answer.calleeMuted } };
    case 'summary': {
      const { version, uptimeS, subscribers, ongoingCalls, sources } = answer.summary;
      const counts = { uptime: uptimeS, subscribers, calls: ongoingCalls };
      return { summary: { version, ...counts, sources: sources.map(sourceOf) } };
    }
  }
}

function ongoingOf({ id, caller, called, startedAtMs }: Call): object {
  return { id, caller: caller.number, called: called.number, start: timeText(startedAtMs, 'iso') };
}

function sourceOf({ name, state, heardAtMs, lagMs }: SourceStatus): object {
  return {
    name,
    state,
    heard: heardAtMs === undefined ? undefined : timeText(heardAtMs, 'iso'),
    lag: lagMs,
  };
}

/** Server-sent, with no request to echo. */
export function keepaliveJson({ intervalS, position, sources = [] }: KeepAlive): string {
  const keepalive = { time: intervalS, position };
  return jsonText({ code: 0, keepalive, sources: sources.map(sourceOf) });
}

/** On the hot path: joins what is ready; `cdr` and `view` are texts of `cdrJson` and `callViewJson`. */
export function notificationJson({ type, cdr, feed }: CallNotification): string {
  if (feed === undefined) return `{"notification":"${type}","cdr":${cdr}}`;
  const snapshot = feed.snapshot === true ? ',"snapshot":true' : '';
  const head = `"notification":"${type}","position":"${feed.position}"${snapshot}`;
  return `{${head},"cdr":${cdr},"call":${feed.view}}`;
}

/** The call of a notification. */
export function callViewJson(view: CallView): string {
  return jsonText(view);
}

/** @param notification with its times in ISO 8601 */
export function sourceNotificationJson(notification: SourceNotification): string {
  const { type, position, source: name, from, to, reason } = notification;
  return jsonText({ notification: type, position, source: { name, from, to, reason } });
}

export function goodbyeJson({ reason, position }: Goodbye): string {
  return jsonText({ notification: wire.goodbye, reason, position });
}

/** The record: the same fields, texts and order as in its XML. */
export function cdrJson(call: Call, site: CdrSite): string {
  let content = `"state":"${cdrState(call)}"`;
  tellCdr(call, site, (name, value) => {
    if (value !== undefined) content += `,"${name}":${quotedJson(String(value))}`;
  });
  return `{${content}}`;
}

/**
 * The record out of a ready `verbacdr` element.
 * @throws {Error} when it is none; what the books hold is our own
 */
export function readRecord(cdrXml: string): Readonly<Record<string, string>> {
  const element = parseDocument(Buffer.from(cdrXml), readingBounds);
  if (element instanceof ProtocolError) throw element;
  const { ended, fields } = readCdrElement(element);
  return { state: ended ? '1' : '0', ...Object.fromEntries(fields) };
}
