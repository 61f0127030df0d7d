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
export interface Subject {
  readonly occurrence: Occurrence;
  /** Place of the recording in its call; undefined when there is none, as after a start that failed. */
  readonly recording: number | undefined;
  /** In the receiver's words. */
  readonly result: string;
}

/**
 * The value of each parameter, not encoded; empty where there is nothing to tell.
 * @throws {RangeError} when the occurrence is of no call, or the call has no such recording
 */
export function valuesOf({
  occurrence,
  recording: index,
  result,
}: Subject): Readonly<Record<Parameter, string>> {
  const call = callOf(occurrence);
  if (call === undefined) throw new RangeError(`of no call: ${occurrence.kind}`);
  const recording = index === undefined ? undefined : call.recordings[index];
  if (index !== undefined && recording === undefined) {
    throw new RangeError(`recording ${index} of a call that has ${call.recordings.length}`);
  }
  const idOf = (what: string): string =>
    recording === undefined ? '' : String(recordingNumber(what, call, recording, index ?? 0));
  const ended = recording?.endedAtMs !== undefined;
  const shared = ofCall(call);
  return {
    ...shared,
    ...(recording === undefined ? ofNoRecording : ofRecording(recording, atMsOf(occurrence))),
    RESULT: result,
    TMP_RECORDING_ID: idOf('tmp-recording'),
    TMP_SEGMENT_ID: idOf('tmp-segment'),
    // Permanent ids exist once the recording has ended.
    RECORDING_ID: ended ? idOf('recording') : '',
    SEGMENT_ID: ended ? idOf('segment') : '',
    // Asterisk's mute writes silence; it never cuts.
    PAUSE_SILENCE: 'true',
    DELETE_FLAG: 'false',
  };
}

type OfCallOnly =
  | 'ISR_UCID'
  | 'INGRESS_CALLID'
  | 'EGRESS_CALLID'
  | 'SESSION_ID'
  | 'ANI'
  | 'DNIS'
  | 'CALLING_AORS'
  | 'CALLED_AORS';

function ofCall(call: Call): Record<OfCallOnly, string> {
  const caller = call.legs.find(({ role }) => role === 'caller');
  const called =
    call.legs.find(({ key }) => key === call.answeredBy) ??
    call.legs.findLast(({ role, party }) => role === 'called' && party);
  return {
    ISR_UCID: tellable(call.platformIds[0]),
    INGRESS_CALLID: tellable(caller?.key ?? call.platformIds[0]),
    EGRESS_CALLID: tellable(called?.key),
    SESSION_ID: call.id,
    ANI: tellable(call.caller.number),
    DNIS: tellable(call.dialled ?? call.called.number),
    CALLING_AORS: aorOf(call.caller),
    CALLED_AORS: aorsOf([call.called, ...call.legs.filter(tookPart)]),
  };
}

type OfRecordingOnly = 'FILENAME' | 'START_TIME' | 'END_TIME' | 'DURATION' | 'PAUSE_LENGTH';

const ofNoRecording: Readonly<Record<OfRecordingOnly, string>> = {
  FILENAME: '',
  START_TIME: '',
  END_TIME: '',
  DURATION: '',
  PAUSE_LENGTH: '',
};

function ofRecording(recording: Recording, atMs: number): Record<OfRecordingOnly, string> {
  const { startedAtMs, endedAtMs, file } = recording;
  return {
    FILENAME: tellable(baseNameOf(file)),
    START_TIME: timeOf(startedAtMs),
    END_TIME: endedAtMs === undefined ? '' : timeOf(endedAtMs),
    DURATION: endedAtMs === undefined ? '' : String(endedAtMs - startedAtMs),
    PAUSE_LENGTH: String(pausedMs(recording, endedAtMs ?? atMs)),
  };
}

/** The same on every repeat and in every version: receivers keep it. */
function recordingNumber(what: string, call: Call, recording: Recording, index: number): number {
  return numberOf(what, call.id, recording.leg, String(recording.startedAtMs), String(index));
}

/** `yyyy-MM-dd HH:mm:ss.SSS`, UTC, as the recorder's metadata have it. */
function timeOf(ms: number): string {
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
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
