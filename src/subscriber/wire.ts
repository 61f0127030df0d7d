/**
 * The two encodings of one protocol, side by side: everything that a session hears or says goes through
 * one of these, and nothing else about a session depends on which.
 */
import type { ProtocolError } from '../base/errors.ts';
import type { Call } from '../call/call.ts';
import type { OfSource } from '../call/event.ts';
import { type CdrSite, type CdrTimes, cdrXml } from '../record/cdr-xml.ts';
import { answerXml, type KeepAlive, keepaliveXml } from './answer-codec.ts';
import { callViewXml } from './call-codec.ts';
import { callView } from './call-view.ts';
import {
  answerJson,
  callViewJson,
  cdrJson,
  goodbyeJson,
  keepaliveJson,
  notificationJson,
  sourceNotificationJson,
} from './json-answer-codec.ts';
import { parseJsonRequest } from './json-request-codec.ts';
import type { Answer, Refusal, Request } from './message.ts';
import {
  type CallNotification,
  type Goodbye,
  goodbyeXml,
  notificationXml,
  sourceNotification,
  sourceNotificationXml,
} from './notification-codec.ts';
import { parseRequest } from './request-codec.ts';

export type Encoding = 'xml' | 'json';

export interface Wire {
  readonly encoding: Encoding;
  /** Its name where a client chooses between them. */
  readonly subprotocol: string;
  /** True where every client knows what the outside system's clients do not. */
  readonly optedIn: boolean;
  /** What one whole message asks; a ProtocolError is answered once before the session ends. */
  request(document: Uint8Array): Request | Refusal | ProtocolError;
  /** Messages to the client, without what the transport puts around them. `times` is how records tell them. */
  answer(answer: Answer, times: CdrTimes): string;
  keepAlive(keepAlive: KeepAlive, times: CdrTimes): string;
  notification(notification: CallNotification): string;
  source(event: OfSource, position: string, times: CdrTimes): string;
  goodbye(goodbye: Goodbye): string;
  /** The parts of a notification, to be made once for all that hold them: the record, and the call as it is. */
  record(call: Call, site: CdrSite): string;
  view(call: Call, times: CdrTimes): string;
}

export const xmlWire: Wire = {
  encoding: 'xml',
  subprotocol: 'offhook.xml',
  optedIn: false,
  request: (document) => parseRequest(document),
  answer: answerXml,
  keepAlive: keepaliveXml,
  notification: notificationXml,
  source: (event, position, times) =>
    sourceNotificationXml(sourceNotification(event, position, times)),
  goodbye: goodbyeXml,
  record: cdrXml,
  view: (call, times) => callViewXml(callView(call, times)),
};

export const jsonWire: Wire = {
  encoding: 'json',
  subprotocol: 'offhook.json',
  optedIn: true,
  request: (message) => parseJsonRequest(message),
  answer: (answer) => answerJson(answer),
  keepAlive: (keepAlive) => keepaliveJson(keepAlive),
  notification: notificationJson,
  source: (event, position) => sourceNotificationJson(sourceNotification(event, position, 'iso')),
  goodbye: goodbyeJson,
  record: cdrJson,
  view: (call) => callViewJson(callView(call, 'iso')),
};

export const wires: Readonly<Record<Encoding, Wire>> = { xml: xmlWire, json: jsonWire };
