/**
 * What an Oracle Interactive Session Recorder tells of its recordings: the events, the parameters that each of
 * them offers, and what they are for a call of ours. Pure.
 * Source: Interactive Session Recorder API Guide, "External Event Notifications".
 */
import type { Call, Leg, Party, Recording } from '../../call/call.ts';
import { numberOf } from '../../call/identity.ts';
import { atMsOf, callOf, type Occurrence } from '../occurrence.ts';
import { baseNameOf, tellable } from './query.ts';
import { pausedMs } from './recordings.ts';

export const eventTypes = [
  'RECORDING_STARTED_EVENT',
  'RECORDING_PAUSED_EVENT',
  'RECORDING_RESUMED_EVENT',
  'RECORDING_ENDED_EVENT',
  'SEGMENT_STARTED_EVENT',
  'SEGMENT_ENDED_EVENT',
] as const;
export type EventType = (typeof eventTypes)[number];

const parameters = [
  'RESULT',
  'FILENAME',
  'RECORDING_ID',
  'SEGMENT_ID',
  'TMP_SEGMENT_ID',
  'TMP_RECORDING_ID',
  'START_TIME',
  'END_TIME',
  'ISR_UCID',
  'INGRESS_CALLID',
  'EGRESS_CALLID',
  'SESSION_ID',
  'DURATION',
  'PAUSE_LENGTH',
  'PAUSE_SILENCE',
  'DELETE_FLAG',
  'ANI',
  'DNIS',
  'CALLING_AORS',
  'CALLED_AORS',
] as const;
export type Parameter = (typeof parameters)[number];

const always: readonly Parameter[] = [
  'RESULT',
  'FILENAME',
  'TMP_RECORDING_ID',
  'START_TIME',
  'ISR_UCID',
  'INGRESS_CALLID',
  'EGRESS_CALLID',
  'CALLING_AORS',
  'CALLED_AORS',
];

/** What each event offers beside what all of them do. */
const besides: Readonly<Record<EventType, readonly Parameter[]>> = {
  RECORDING_STARTED_EVENT: ['ANI', 'DNIS'],
  RECORDING_PAUSED_EVENT: ['ANI', 'DNIS', 'PAUSE_SILENCE'],
  RECORDING_RESUMED_EVENT: ['ANI', 'DNIS', 'PAUSE_SILENCE', 'PAUSE_LENGTH'],
  RECORDING_ENDED_EVENT: [
    'ANI',
    'DNIS',
    'PAUSE_LENGTH',
    'END_TIME',
    'RECORDING_ID',
    'DURATION',
    'DELETE_FLAG',
  ],
  SEGMENT_STARTED_EVENT: ['TMP_SEGMENT_ID', 'SESSION_ID'],
  SEGMENT_ENDED_EVENT: ['TMP_SEGMENT_ID', 'SEGMENT_ID', 'PAUSE_LENGTH', 'END_TIME'],
};

/** The parameters that an event offers, in the order of the vendor's lists. */
export function offeredBy(event: EventType): readonly Parameter[] {
  return parameters.filter((each) => always.includes(each) || besides[event].includes(each));
}

/** What is told of, and with what result. */
export interface Told {
  readonly call: Call;
  /** The recording and its place in the call; undefined when there is none, as after a start that failed. */
  readonly recording: { readonly index: number; readonly of: Recording } | undefined;
  /** When it happened, milliseconds since 1970. */
  readonly atMs: number;
  /** In the receiver's words. */
  readonly result: string;
}

/** @throws {RangeError} when the occurrence is of no call, or the call has no such recording */
export function toldOf(
  occurrence: Occurrence,
  recording: number | undefined,
  result: string,
): Told {
  const call = callOf(occurrence);
  if (call === undefined) throw new RangeError(`of no call: ${occurrence.kind}`);
  const told = { call, atMs: atMsOf(occurrence), result };
  if (recording === undefined) return { ...told, recording };
  const of = call.recordings[recording];
  if (of === undefined) {
    throw new RangeError(`recording ${recording} of a call that has ${call.recordings.length}`);
  }
  return { ...told, recording: { index: recording, of } };
}

/** The value of each parameter, not encoded; empty where there is nothing to tell. */
export const values: Readonly<Record<Parameter, (told: Told) => string>> = {
  RESULT: ({ result }) => result,
  FILENAME: ({ recording }) => tellable(baseNameOf(recording?.of.file)),
  // Permanent ids exist once the recording has ended.
  RECORDING_ID: (told) => (endOf(told) === undefined ? '' : idOf('recording', told)),
  SEGMENT_ID: (told) => (endOf(told) === undefined ? '' : idOf('segment', told)),
  TMP_SEGMENT_ID: (told) => idOf('tmp-segment', told),
  TMP_RECORDING_ID: (told) => idOf('tmp-recording', told),
  START_TIME: ({ recording }) => timeOf(recording?.of.startedAtMs),
  END_TIME: (told) => timeOf(endOf(told)),
  ISR_UCID: ({ call }) => tellable(call.platformIds[0]),
  INGRESS_CALLID: ({ call }) =>
    tellable(call.legs.find(({ role }) => role === 'caller')?.key ?? call.platformIds[0]),
  EGRESS_CALLID: ({ call }) => tellable(calledLegOf(call)?.key),
  SESSION_ID: ({ call }) => call.id,
  DURATION: ({ recording }) =>
    recording?.of.endedAtMs === undefined
      ? ''
      : String(recording.of.endedAtMs - recording.of.startedAtMs),
  PAUSE_LENGTH: ({ recording, atMs }) =>
    recording === undefined ? '' : String(pausedMs(recording.of, atMs)),
  // Asterisk's mute writes silence; it never cuts.
  PAUSE_SILENCE: () => 'true',
  DELETE_FLAG: () => 'false',
  ANI: ({ call }) => tellable(call.caller.number),
  DNIS: ({ call }) => tellable(call.dialled ?? call.called.number),
  CALLING_AORS: ({ call }) => aorOf(call.caller),
  CALLED_AORS: ({ call }) => aorsOf([call.called, ...call.legs.filter(tookPart)]),
};

function endOf({ recording }: Told): number | undefined {
  return recording?.of.endedAtMs;
}

/** The leg that answered, until then the one that was rung last. */
function calledLegOf({ legs, answeredBy }: Call): Leg | undefined {
  return (
    legs.find(({ key }) => key === answeredBy) ??
    legs.findLast(({ role, party }) => role === 'called' && party)
  );
}

/** The same on every repeat and in every version: receivers keep it. */
function idOf(what: string, { call, recording }: Told): string {
  if (recording === undefined) return '';
  const { leg, startedAtMs } = recording.of;
  return String(numberOf(what, call.id, leg, String(startedAtMs), String(recording.index)));
}

/** `yyyy-MM-dd HH:mm:ss.SSS`, UTC, as the recorder's metadata have it. */
function timeOf(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** Most addresses of one side; a conference may have any number of parties. */
const mostAors = 8;

function tookPart({ role, party, connectedAtMs }: Leg): boolean {
  return party && role !== 'caller' && connectedAtMs !== undefined;
}

function aorsOf(parties: readonly Party[]): string {
  const all = new Set(parties.map(aorOf).filter((aor) => aor !== ''));
  return [...all].slice(0, mostAors).join(',');
}

/** SIP URI of a party (RFC 3261 §19.1): what would end its user part, or the list, is escaped. */
function aorOf({ number, address }: Party): string {
  const host = hostOf(address);
  const given = tellable(number);
  if (given === '') return host === undefined ? '' : `sip:${host}`;
  const at = given.lastIndexOf('@');
  const own = at > 0 ? hostOf(given.slice(at + 1)) : undefined;
  const user = own === undefined ? given : given.slice(0, at);
  const known = own ?? host;
  const escaped = encodeURIComponent(user).replaceAll('%2B', '+');
  return known === undefined ? `sip:${escaped}` : `sip:${escaped}@${known}`;
}

/** A host, with or without port; undefined for what cannot be one. */
function hostOf(address: string | undefined): string | undefined {
  if (address === undefined || !/^[A-Za-z0-9.:[\]-]{1,255}$/.test(address)) return undefined;
  // An IPv6 address stands in brackets, where its colons are no port's.
  return /^[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*$/.test(address) ? `[${address}]` : address;
}
