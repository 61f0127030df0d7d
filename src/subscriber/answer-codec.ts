/**
 * Answers and keep-alives as whole documents. The envelope, the subscribe answer and the mute answers
 * are the outside system's to the byte; what goes beyond is written only for a client that asked for it.
 */
import { attribute, declaration, element, escapeText } from '../base/xml.ts';
import type { Call } from '../call/call.ts';
import { cdrTime, type CdrTimes } from '../record/cdr-xml.ts';
import { wire, type Answer, type RequestHead, type SourceStatus, type Summary } from './message.ts';
import { muteXml } from './request-codec.ts';

export interface KeepAlive {
  /** Seconds until the next one, > 0. */
  readonly intervalS: number;
  /** Position and sources only for a client that opted in. */
  readonly position?: string;
  readonly sources?: readonly SourceStatus[];
}

/** The answer as the client is to get it: declaration, document, one line feed. */
export function answerXml(answer: Answer, times: CdrTimes = 'utc'): string {
  if (answer.kind === 'failure') return failureXml(answer);
  return successXml(echoXml(answer) + payloadXml(answer, times));
}

/** Server-sent, with no request to echo. */
export function keepaliveXml(keepAlive: KeepAlive, times: CdrTimes = 'utc'): string {
  const { intervalS, position, sources = [] } = keepAlive;
  return successXml(
    intervalXml(intervalS, position) + sources.map((source) => sourceXml(source, times)).join(''),
  );
}

type Success = Exclude<Answer, { readonly kind: 'failure' }>;

function successXml(content: string): string {
  return documentXml(element('Response', attribute('code', 0), content));
}

function failureXml(answer: Extract<Answer, { readonly kind: 'failure' }>): string {
  const head = attribute('code', 2) + headXml(answer.head);
  const description = attribute('description', answer.failure);
  return documentXml(
    element('Response', head, element('ErrorMessage', description, escapeText(answer.detail))),
  );
}

/** A whole document of ours around its one element. */
export function documentXml(content: string): string {
  return `${declaration}<${wire.root}>${content}</${wire.root}>\n`;
}

function echoXml(answer: Success): string {
  const head =
    answer.kind === 'mute-state'
      ? { ...answer.head, type: wire.requests.muteStateEcho }
      : answer.head;
  return element('Request', headXml(head));
}

function headXml(head: RequestHead | undefined): string {
  return attribute('type', head?.type) + attribute('id', head?.id);
}

function payloadXml(answer: Success, times: CdrTimes): string {
  switch (answer.kind) {
    case 'subscribed':
      return intervalXml(answer.keepAliveS) + feedAnswerXml(answer.feed);
    case 'done':
      return '';
    case 'ongoing':
      return answer.calls.map((call) => ongoingXml(call, times)).join('');
    case 'detail':
      return answer.cdr;
    case 'mute-state':
      return muteXml(answer);
    case 'summary':
      return summaryXml(answer.summary, times);
  }
}

function intervalXml(intervalS: number, position?: string): string {
  if (intervalS === 0) return '';
  return element('Keepalive', attribute('time', intervalS) + attribute('position', position));
}

function feedAnswerXml(feed: Extract<Answer, { readonly kind: 'subscribed' }>['feed']): string {
  if (feed === undefined) return '';
  return element(
    wire.elements.feed,
    attribute('recovered', feed.recovered) +
      attribute('position', feed.position) +
      attribute('calls', feed.calls),
  );
}

function ongoingXml(call: Call, times: CdrTimes): string {
  return element(
    'Call',
    attribute('id', call.id) +
      attribute('caller', call.caller.number) +
      attribute('called', call.called.number) +
      attribute('start', cdrTime(call.startedAtMs, times)),
  );
}

function summaryXml(summary: Summary, times: CdrTimes): string {
  return element(
    wire.elements.summary,
    attribute('version', summary.version) +
      attribute('uptime', summary.uptimeS) +
      attribute('subscribers', summary.subscribers) +
      attribute('calls', summary.ongoingCalls),
    summary.sources.map((source) => sourceXml(source, times)).join(''),
  );
}

function sourceXml(source: SourceStatus, times: CdrTimes): string {
  const { name, state, heardAtMs, lagMs } = source;
  return element(
    wire.elements.source,
    attribute('name', name) +
      attribute('state', state) +
      attribute('heard', heardAtMs === undefined ? undefined : cdrTime(heardAtMs, times)) +
      attribute('lag', lagMs),
  );
}
