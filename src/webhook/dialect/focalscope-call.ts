/**
 * A call in the words of FocalScope: which of its events it is told by, of which type it is, which agent is
 * responsible, and what each placeholder stands for. Pure.
 * Source: FocalScope help center, "Integration - Call Events"; values by event from its sample requests.
 */
import type { Call, Direction, Leg, QueueVisit } from '../../call/call.ts';
import { numberOf } from '../../call/identity.ts';
import { baseNameOf, tellable } from './query.ts';

/** By name; the code is the place in this list, which is not the order of time. */
export const eventNames = ['start', 'hangup', 'pickup', 'missed'] as const;
export type EventName = (typeof eventNames)[number];

const typeNames = ['Incoming', 'Outgoing', 'Internal', 'Login', 'API', 'Conference'] as const;

/** A call from trunk to trunk came from outside; logins and calls made over an API are not seen as such. */
const typeOfDirection: Readonly<Record<Direction, (typeof typeNames)[number]>> = {
  incoming: 'Incoming',
  outgoing: 'Outgoing',
  internal: 'Internal',
  external: 'Incoming',
};

export interface User {
  readonly id: number;
  readonly name: string;
  readonly agent?: string | undefined;
}

export interface Told {
  readonly event: EventName;
  readonly call: Call;
  /** When the event happened, milliseconds since 1970. */
  readonly atMs: number;
  readonly users: Readonly<Record<string, User>>;
  /** Where a recording is found, with `{callId}`, `{nId}` and `{file}`; undefined when nowhere. */
  readonly recordingUrl: string | undefined;
  /** Whether `CallID` is the platform's own id, where that is a number. */
  readonly callNumber: 'derived' | 'platform';
}

/** True when it ended and nobody took it; of one that went on elsewhere, or out of our sight, nobody can say so. */
export function isMissed(call: Call): boolean {
  if (call.endedAtMs === undefined || isAnswered(call)) return false;
  return call.direction !== 'internal' && call.outcome !== 'merged' && call.outcome !== 'unknown';
}

/** A machine that took the call has answered it, though nobody was rung. */
function isAnswered({ answeredAtMs, outcome }: Call): boolean {
  return answeredAtMs !== undefined || outcome === 'answered';
}

function pickupMsOf(call: Call): number | undefined {
  if (call.answeredAtMs !== undefined || !isAnswered(call)) return call.answeredAtMs;
  return call.legs.find(({ role }) => role === 'caller')?.connectedAtMs;
}

/** In queues, or without any until it was answered or ended. */
function waitMsOf(call: Call, nowMs: number): number {
  const untilMs = pickupMsOf(call) ?? call.endedAtMs ?? nowMs;
  if (call.queue.length === 0) return Math.max(0, untilMs - call.startedAtMs);
  const waitedMs = ({ joinedAtMs, leftAtMs }: QueueVisit): number =>
    Math.max(0, (leftAtMs ?? untilMs) - joinedAtMs);
  return call.queue.reduce((total, visit) => total + waitedMs(visit), 0);
}

interface Responder {
  readonly extension: string | undefined;
  readonly name: string | undefined;
}

/**
 * The agent: who answered; when nobody did, who was rung last. On a call to the outside it is who made it.
 */
function responderOf(call: Call): Responder {
  if (call.direction === 'outgoing') {
    return { extension: call.caller.number, name: call.caller.name };
  }
  const answered = call.legs.find(({ key }) => key === call.answeredBy);
  const leg = reached(call, answered) ?? call.legs.findLast(wasRung);
  const served = call.queue.findLast(({ agent }) => agent !== undefined)?.agent;
  const missed = call.queue.findLast(({ missedBy }) => missedBy.length > 0)?.missedBy.at(-1);
  const name = leg?.agent ?? leg?.name ?? (isAnswered(call) ? served : missed);
  return { extension: leg?.number, name };
}

/** The leg of the party that a leg stands for. */
function reached(call: Call, leg: Leg | undefined): Leg | undefined {
  return call.legs.find(({ key }) => key === leg?.standsFor) ?? leg;
}

function wasRung({ role, party, ringingAtMs }: Leg): boolean {
  return role === 'called' && party && ringingAtMs !== undefined;
}

/** A whole number of at most 53 bits, so that it is exact wherever it is read. */
function callNumberOf({ call, callNumber }: Told): number {
  const own = Number(/^[1-9]\d{0,15}$/.exec(call.platformIds[0] ?? '')?.[0]);
  return callNumber === 'platform' && Number.isSafeInteger(own) ? own : numberOf('call', call.id);
}

/** The names that stand in braces in a recording's URL. */
export const recordingNames = ['callId', 'nId', 'file'] as const;

/** The first recording's; empty when the call has none, or its file is asked for and not known. */
function recordingUrlOf(told: Told): string {
  const { call, recordingUrl } = told;
  if (recordingUrl === undefined || call.recordings.length === 0) return '';
  const named = call.recordings.find(({ file }) => file !== undefined);
  const file = tellable(baseNameOf(named?.file));
  if (file === '' && recordingUrl.includes('{file}')) return '';
  const values = { callId: call.id, nId: String(callNumberOf(told)), file };
  return recordingNames.reduce(
    (url, name) => url.replaceAll(`{${name}}`, () => encodeURIComponent(values[name])),
    recordingUrl,
  );
}

const moment = (ms: number | undefined): string => (ms === undefined ? '' : String(ms));
const bit = (isSet: boolean): string => (isSet ? '1' : '0');

/** What the agent and the queue are is said from the pickup on. */
const later = (value: (told: Told) => string) => (told: Told) =>
  told.event === 'start' ? '' : value(told);

const atHangup = (value: (told: Told) => string) => (told: Told) =>
  told.event === 'hangup' ? value(told) : '';

const extensionOf = ({ call }: Told): string => tellable(responderOf(call).extension);

function userOf(told: Told): User | undefined {
  const extension = extensionOf(told);
  return Object.hasOwn(told.users, extension) ? told.users[extension] : undefined;
}

const endOf = ({ event, call, atMs }: Told): number => {
  if (event === 'start') return call.startedAtMs;
  return call.endedAtMs ?? Math.max(atMs, call.answeredAtMs ?? 0);
};

const typeOf = ({ call }: Told): (typeof typeNames)[number] =>
  call.conference === undefined ? typeOfDirection[call.direction] : 'Conference';

/** What each placeholder stands for, not encoded; empty where it has no meaning. */
export const placeholders: Readonly<Record<string, (told: Told) => string>> = {
  DialApiEventName: ({ event }) => event,
  DialApiEventCode: ({ event }) => String(eventNames.indexOf(event)),
  // Of calls that were asked for over the vendor's own dial API.
  DialApiRequestID: () => '',
  CallID: (told) => String(callNumberOf(told)),
  CallUUID: ({ call }) => call.id,
  CallerID: ({ call }) => tellable(call.caller.number ?? call.caller.name),
  DID: ({ call }) => tellable(call.dialled),
  ResponderAgentExt: later(extensionOf),
  ResponderAgent: later((told) => tellable(userOf(told)?.agent ?? responderOf(told.call).name)),
  ResponderUserID: later((told) => moment(userOf(told)?.id)),
  ResponderUserName: later((told) => tellable(userOf(told)?.name)),
  LastQueueName: later(({ call }) => tellable(call.queue.at(-1)?.queue)),
  CallTypeName: typeOf,
  CallTypeCode: (told) => String(typeNames.indexOf(typeOf(told)) + 1),
  StartTimestampUTC: ({ call }) => String(call.startedAtMs),
  PickupTimestampUTC: later(({ call }) => moment(pickupMsOf(call))),
  TotalWaitTimeMs: later(({ call, atMs }) => String(waitMsOf(call, atMs))),
  EndTimestampUTC: (told) => String(endOf(told)),
  IsCallAnswered: (told) => bit(told.event !== 'start' && isAnswered(told.call)),
  IsCallRecorded: atHangup(({ call }) => bit(call.recordings.length > 0)),
  RecordingURL: atHangup(recordingUrlOf),
  RecordingURL_asBase64: atHangup((told) => Buffer.from(recordingUrlOf(told)).toString('base64')),
  // Encoded as every value is, which is once.
  RecordingURL_asURIComponent: atHangup(recordingUrlOf),
};
