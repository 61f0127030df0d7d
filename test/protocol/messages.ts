/**
 * Every published example by file name, as the value that our writers are to turn into it.
 */
import type { Call } from '../../src/call/call.ts';
import { cdrXml } from '../../src/record/cdr-xml.ts';
import { answerXml, keepaliveXml, type KeepAlive } from '../../src/subscriber/answer-codec.ts';
import { callViewXml } from '../../src/subscriber/call-codec.ts';
import { callView } from '../../src/subscriber/call-view.ts';
import type {
  Answer,
  GoodbyeReason,
  NotificationType,
  Request,
} from '../../src/subscriber/message.ts';
import {
  goodbyeXml,
  notificationXml,
  sourceNotificationXml,
  type CallNotification,
  type Goodbye,
  type SourceNotification,
} from '../../src/subscriber/notification-codec.ts';
import { requestXml } from '../../src/subscriber/request-codec.ts';
import * as scene from './scene.ts';

const { position } = scene;

export const requests: Readonly<Record<string, Request>> = {
  subscribe: {
    kind: 'subscribe',
    head: { type: 'SubscribeOnCallEvent', id: '1' },
    extensions: [],
  },
  'subscribe-extension': {
    kind: 'subscribe',
    head: { type: 'SubscribeOnCallEvent', id: '1' },
    extensions: [{ kind: 'number', number: '1000' }],
  },
  'subscribe-extensions': {
    kind: 'subscribe',
    head: { type: 'SubscribeOnCallEvent', id: '2' },
    extensions: [
      { kind: 'number', number: '0012' },
      { kind: 'number', number: 'zoe@example.com' },
      { kind: 'prefix', prefix: '+4930' },
      { kind: 'range', from: '1000', to: '1099' },
    ],
  },
  'subscribe-feed': {
    kind: 'subscribe',
    head: { type: 'SubscribeOnCallEvent', id: '3' },
    extensions: [{ kind: 'number', number: '1001' }],
    feed: {
      events: ['CallStart', 'CallAnswer', 'CallUpdate', 'CallEnd', 'SourceGap', 'SourceUp'],
      snapshot: true,
      ack: true,
    },
  },
  'subscribe-resume': {
    kind: 'subscribe',
    head: { type: 'SubscribeOnCallEvent', id: '4' },
    extensions: [],
    feed: { snapshot: false, after: position(35), ack: false },
  },
  unsubscribe: { kind: 'unsubscribe', head: { type: 'Unsubscribe', id: '5' } },
  'get-ongoing-calls': {
    kind: 'ongoing',
    head: { type: 'GetOngoingCalls', id: '6' },
    extensions: [{ kind: 'prefix', prefix: '10' }],
  },
  'get-call-detail': {
    kind: 'detail',
    head: { type: 'GetCallDetail', id: '7' },
    call: scene.started.id,
  },
  'mute-channel': {
    kind: 'mute',
    head: { type: 'MuteChannel', id: '8' },
    call: scene.started.id,
    callerMuted: true,
    calleeMuted: false,
  },
  'get-mute-state': {
    kind: 'mute-state',
    head: { type: 'GetMuteState', id: '9' },
    call: scene.started.id,
  },
  'get-management-summary': {
    kind: 'summary',
    head: { type: 'GetManagementSummary', id: 'N' },
  },
  authenticate: {
    kind: 'authenticate',
    head: { type: 'Authenticate', id: '10' },
    token: 'a-token-of-the-operator',
  },
  keepalive: { kind: 'keepalive', head: { type: 'Keepalive' } },
};

const subscribe = { type: 'SubscribeOnCallEvent', id: '1' };

export const answers: Readonly<Record<string, Answer>> = {
  subscribed: { kind: 'subscribed', head: subscribe, keepAliveS: 10 },
  'subscribed-without-keepalive': { kind: 'subscribed', head: subscribe, keepAliveS: 0 },
  'subscribed-snapshot': {
    kind: 'subscribed',
    head: { type: 'SubscribeOnCallEvent', id: '3' },
    keepAliveS: 10,
    feed: { position: position(34), calls: 2 },
  },
  'subscribed-resumed': {
    kind: 'subscribed',
    head: { type: 'SubscribeOnCallEvent', id: '4' },
    keepAliveS: 10,
    feed: { recovered: true, position: position(35) },
  },
  'subscribed-not-recovered': {
    kind: 'subscribed',
    head: { type: 'SubscribeOnCallEvent', id: '4' },
    keepAliveS: 10,
    feed: { recovered: false, position: position(42), calls: 2 },
  },
  unsubscribed: { kind: 'done', head: { type: 'Unsubscribe', id: '5' } },
  'ongoing-calls': {
    kind: 'ongoing',
    head: { type: 'GetOngoingCalls', id: '6' },
    calls: [scene.answered, scene.second],
  },
  'ongoing-calls-none': {
    kind: 'ongoing',
    head: { type: 'GetOngoingCalls', id: '6' },
    calls: [],
  },
  'call-detail-ongoing': {
    kind: 'detail',
    head: { type: 'GetCallDetail', id: '7' },
    cdr: cdrXml(scene.answered, scene.site),
  },
  'call-detail-finished': {
    kind: 'detail',
    head: { type: 'GetCallDetails', id: '7' },
    cdr: cdrXml(scene.ended, scene.site),
  },
  muted: { kind: 'done', head: { type: 'MuteChannel', id: '8' } },
  'mute-state': {
    kind: 'mute-state',
    head: { type: 'GetMuteState', id: '9' },
    callerMuted: true,
    calleeMuted: false,
  },
  'management-summary': {
    kind: 'summary',
    head: { type: 'GetManagementSummary', id: 'N' },
    summary: scene.summary,
  },
  authenticated: { kind: 'done', head: { type: 'Authenticate', id: '10' } },
  'failure-invalid-request': {
    kind: 'failure',
    head: { type: 'SubscribeOnCallEvent', id: '1' },
    failure: 'Invalid Request',
    detail: 'An Extension has from="99" to="100"; expected as many digits in both.',
  },
  'failure-unknown-request': {
    kind: 'failure',
    head: { type: 'GetWeather', id: '11' },
    failure: 'Unknown Request',
    detail:
      'The type "GetWeather" is not known; expected one of SubscribeOnCallEvent, Unsubscribe, GetOngoingCalls, GetCallDetail, GetCallDetails, GetCallDetailRecord, MuteChannel, GetMuteState, GetManagementSummary, Authenticate, Keepalive.',
  },
  'failure-call-not-found': {
    kind: 'failure',
    head: { type: 'GetCallDetail', id: '7' },
    failure: 'Call Not Found',
    detail: 'No call has the id "1651d3c9-7bce-11e0-a220-005056c00008" here.',
  },
  'failure-not-authorized': {
    kind: 'failure',
    head: { type: 'SubscribeOnCallEvent', id: '1' },
    failure: 'Not Authorized',
    detail: 'SubscribeOnCallEvent came before Authenticate; this listener asks for a token first.',
  },
  'failure-processing-error': {
    kind: 'failure',
    head: { type: 'MuteChannel', id: '8' },
    failure: 'Processing Error',
    detail: 'The recorder of source "pbx" refused: Cannot set mute flag',
  },
  'failure-malformed': {
    kind: 'failure',
    failure: 'Invalid Request',
    detail: 'Byte 105 of the message: </Request> where </Call> was expected.',
  },
};

export type ServerDocument =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'call'; readonly notification: CallNotification }
  | { readonly kind: 'source'; readonly notification: SourceNotification }
  | { readonly kind: 'keepalive'; readonly keepAlive: KeepAlive }
  | { readonly kind: 'goodbye'; readonly goodbye: Goodbye };

function legacy(type: NotificationType, call: Call): ServerDocument {
  return { kind: 'call', notification: { type, cdr: cdrXml(call, scene.site) } };
}

/** What is told of a call to a client that opted in. */
export interface OptedInCall {
  readonly type: NotificationType;
  readonly call: Call;
  readonly seq: number;
  readonly snapshot?: boolean;
}

/** By the name of the example. */
export const optedInCalls: Readonly<Record<string, OptedInCall>> = {
  'notification-call-start-feed': { type: 'CallStart', call: scene.started, seq: 31 },
  'notification-call-start-snapshot': {
    type: 'CallStart',
    call: scene.ringing,
    seq: 34,
    snapshot: true,
  },
  'notification-call-answer-feed': { type: 'CallAnswer', call: scene.answered, seq: 35 },
  'notification-call-update-feed': { type: 'CallUpdate', call: scene.transferred, seq: 40 },
  'notification-call-end-feed': { type: 'CallEnd', call: scene.ended, seq: 42 },
  'notification-recording-start-feed': { type: 'RecordingStart', call: scene.recorded, seq: 36 },
  'notification-recording-pause-feed': { type: 'RecordingPause', call: scene.paused, seq: 37 },
  'notification-recording-resume-feed': { type: 'RecordingResume', call: scene.resumed, seq: 38 },
  'notification-recording-end-feed': {
    type: 'RecordingEnd',
    call: scene.recordingEnded,
    seq: 41,
  },
};

function optedIn({ type, call, seq, snapshot = false }: OptedInCall): ServerDocument {
  const view = callViewXml(callView(call, 'utc'));
  const feed = { position: position(seq), snapshot, view };
  return { kind: 'call', notification: { type, cdr: cdrXml(call, scene.site), feed } };
}

const goodbye = (reason: GoodbyeReason, seq?: number): ServerDocument => ({
  kind: 'goodbye',
  goodbye: seq === undefined ? { reason } : { reason, position: position(seq) },
});

export const serverDocuments: Readonly<Record<string, ServerDocument>> = {
  ...Object.fromEntries(
    Object.entries(answers).map(([name, answer]): [string, ServerDocument] => [
      `answer-${name}`,
      { kind: 'answer', answer },
    ]),
  ),
  'notification-call-start': legacy('CallStart', scene.started),
  'notification-call-end': legacy('CallEnd', scene.ended),
  ...Object.fromEntries(
    Object.entries(optedInCalls).map(([name, told]): [string, ServerDocument] => [
      name,
      optedIn(told),
    ]),
  ),
  'notification-source-gap': {
    kind: 'source',
    notification: {
      type: 'SourceGap',
      source: 'branch',
      from: '2026-03-02 08:41:07.003',
      reason: 'The connection was reset.',
      position: position(20),
    },
  },
  'notification-source-up': {
    kind: 'source',
    notification: {
      type: 'SourceUp',
      source: 'branch',
      from: '2026-03-02 08:41:07.003',
      to: '2026-03-02 09:04:00.000',
      position: position(44),
    },
  },
  'notification-goodbye-going-away': goodbye('going-away', 44),
  'notification-goodbye-slow-consumer': goodbye('slow-consumer', 12),
  'notification-goodbye-unauthorized': goodbye('unauthorized'),
  'notification-goodbye-idle': goodbye('idle', 44),
  'notification-goodbye-protocol-error': goodbye('protocol-error', 44),
  keepalive: { kind: 'keepalive', keepAlive: { intervalS: 10 } },
  'keepalive-feed': {
    kind: 'keepalive',
    keepAlive: { intervalS: 10, position: position(44), sources: scene.sources },
  },
};

export function serverXml(document: ServerDocument): string {
  switch (document.kind) {
    case 'answer':
      return answerXml(document.answer);
    case 'call':
      return notificationXml(document.notification);
    case 'source':
      return sourceNotificationXml(document.notification);
    case 'keepalive':
      return keepaliveXml(document.keepAlive);
    case 'goodbye':
      return goodbyeXml(document.goodbye);
  }
}

/** File name without `.xml`, to the bytes that our writers make of the value. */
export const examples: ReadonlyMap<string, string> = new Map([
  ...Object.entries(requests).map(([name, request]): [string, string] => [
    `request-${name}`,
    requestXml(request),
  ]),
  ...Object.entries(serverDocuments).map(([name, document]): [string, string] => [
    name,
    serverXml(document),
  ]),
]);
