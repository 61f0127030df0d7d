/**
 * Every published JSON example by file name: the values of the XML examples, as our JSON writers turn them out.
 * What only a client of XML can get, the form without position, has no example.
 */
import { callView } from '../../src/subscriber/call-view.ts';
import {
  answerJson,
  callViewJson,
  cdrJson,
  goodbyeJson,
  keepaliveJson,
  notificationJson,
  sourceNotificationJson,
} from '../../src/subscriber/json-answer-codec.ts';
import type { Answer } from '../../src/subscriber/message.ts';
import { requestJson } from '../support/json-messages.ts';
import {
  type OptedInCall,
  optedInCalls,
  requests,
  type ServerDocument,
  serverDocuments,
} from './messages.ts';
import * as scene from './scene.ts';

function callJson({ type, call, seq, snapshot = false }: OptedInCall): string {
  const view = callViewJson(callView(call, 'iso'));
  const feed = { position: scene.position(seq), snapshot, view };
  return notificationJson({ type, cdr: cdrJson(call, scene.site), feed });
}

/** Whoever subscribes in JSON is told a position. */
function answerOf(answer: Answer): Answer {
  if (answer.kind !== 'subscribed' || answer.feed !== undefined) return answer;
  return { ...answer, feed: { position: scene.position(34) } };
}

/** What is said of a message is said in the words of its encoding. */
const details: Readonly<Record<string, string>> = {
  'answer-failure-invalid-request':
    'An Extension has "from":"99" "to":"100"; expected as many digits in both.',
  'answer-failure-malformed': 'Character 40 of the message: the end where "," or "}" was expected.',
};

function serverJson(name: string, document: ServerDocument): string | undefined {
  switch (document.kind) {
    case 'answer': {
      const answer = answerOf(document.answer);
      const detail = details[name];
      const isRetold = answer.kind === 'failure' && detail !== undefined;
      return answerJson(isRetold ? { ...answer, detail } : answer);
    }
    case 'call': {
      const told = optedInCalls[name];
      return told && callJson(told);
    }
    case 'source': {
      const { from, to, ...rest } = document.notification;
      const times = { from: iso(from), ...(to !== undefined && { to: iso(to) }) };
      return sourceNotificationJson({ ...rest, ...times });
    }
    case 'keepalive':
      return document.keepAlive.position === undefined
        ? undefined
        : keepaliveJson(document.keepAlive);
    case 'goodbye':
      return goodbyeJson(document.goodbye);
  }
}

function iso(time: string): string {
  return `${time.replace(' ', 'T')}Z`;
}

/** File name without `.json`, to the message. */
export const jsonExamples: ReadonlyMap<string, string> = new Map([
  ...Object.entries(requests).map(([name, request]): [string, string] => [
    `request-${name}`,
    requestJson(request),
  ]),
  ...Object.entries(serverDocuments).flatMap(([name, document]): [string, string][] => {
    const json = serverJson(name, document);
    return json === undefined ? [] : [[name, json]];
  }),
]);
