/**
 * What an Oracle Interactive Session Recorder tells of its recordings: the events, the parameters that each of
 * them offers, and what they are for a call of ours. Pure.
 * Source: Interactive Session Recorder API Guide, "External Event Notifications".
 */
import type { Call, Party, Recording } from '../../call/call.ts';
import { pausedMs } from '../../record/recording-rows.ts';
import {
  aniOf,
  aorOf,
  dnisOf,
  egressCallIdOf,
  ingressCallIdOf,
  tookPart,
  ucidOf,
} from '../../record/session.ts';
import { atMsOf, callOf, type Occurrence } from '../occurrence.ts';
import { baseNameOf, tellable } from './query.ts';

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
  /** The segment; undefined when there is none, as after a start that failed. */
  readonly segment: Recording | undefined;
  /**
   * What the event is about, up to the segment: that alone, or all segments of its recording as far as the call
   * shows them.
   */
  readonly scope: readonly Recording[];
  /** When it happened, milliseconds since 1970. */
  readonly atMs: number;
  /** In the receiver's words. */
  readonly result: string;
}

/**
 * @param index place of the segment in the call's recordings
 * @throws {RangeError} when the occurrence is of no call, or the call has no such segment
 */
export function toldOf(
  event: EventType,
  occurrence: Occurrence,
  index: number | undefined,
  result: string,
): Told {
  const call = callOf(occurrence);
  if (call === undefined) throw new RangeError(`of no call: ${occurrence.kind}`);
  const told = { call, atMs: atMsOf(occurrence), result };
  if (index === undefined) return { ...told, segment: undefined, scope: [] };
  const segment = call.recordings[index];
  if (segment === undefined) {
    throw new RangeError(`recording ${index} of a call that has ${call.recordings.length}`);
  }
  if (event.startsWith('SEGMENT')) return { ...told, segment, scope: [segment] };
  const scope = call.recordings
    .slice(0, index + 1)
    .filter((each) => recordingIdOf(each) === recordingIdOf(segment));
  return { ...told, segment, scope };
}

/** The value of each parameter, not encoded; empty where there is nothing to tell. */
export const values: Readonly<Record<Parameter, (told: Told) => string>> = {
  RESULT: ({ result }) => result,
  FILENAME: ({ segment }) => tellable(baseNameOf(segment?.file)),
  // Once it has ended, what was a temporary id is the permanent one.
  RECORDING_ID: ({ segment }) => (segment?.endedAtMs === undefined ? '' : recordingIdOf(segment)),
  SEGMENT_ID: ({ segment }) => (segment?.endedAtMs === undefined ? '' : numeral(segment.id)),
  TMP_SEGMENT_ID: ({ segment }) => numeral(segment?.id),
  TMP_RECORDING_ID: ({ segment }) => (segment === undefined ? '' : recordingIdOf(segment)),
  START_TIME: ({ scope: [first] }) => timeOf(first?.startedAtMs),
  END_TIME: ({ segment }) => timeOf(segment?.endedAtMs),
  ISR_UCID: ({ call }) => tellable(ucidOf(call)),
  INGRESS_CALLID: ({ call }) => tellable(ingressCallIdOf(call)),
  EGRESS_CALLID: ({ call }) => tellable(egressCallIdOf(call)),
  SESSION_ID: ({ call }) => call.id,
  DURATION: ({ segment, scope }) =>
    segment?.endedAtMs === undefined ? '' : String(sum(scope.map(lengthOf))),
  PAUSE_LENGTH: ({ segment, scope, atMs }) =>
    segment === undefined ? '' : String(sum(scope.map((each) => pausedMs(each, atMs)))),
  PAUSE_SILENCE: ({ segment }) => String(segment === undefined || !isLastPauseCut(segment)),
  DELETE_FLAG: () => 'false',
  ANI: ({ call }) => tellable(aniOf(call)),
  DNIS: ({ call }) => tellable(dnisOf(call)),
  CALLING_AORS: ({ call }) => aorsOf([call.caller]),
  CALLED_AORS: ({ call }) => aorsOf([call.called, ...call.legs.filter(tookPart)]),
};

function recordingIdOf({ id, of = id }: Recording): string {
  return numeral(of);
}

/** What was stored by a version that did not number segments has none. */
function numeral(id: number | undefined): string {
  return Number.isInteger(id) ? String(id) : '';
}

function lengthOf({ startedAtMs, endedAtMs = startedAtMs }: Recording): number {
  return endedAtMs - startedAtMs;
}

function sum(lengths: readonly number[]): number {
  return lengths.reduce((total, each) => total + each, 0);
}

/** Of the pauses that go on now, or else of the last one that was. */
function isLastPauseCut({ pauses }: Recording): boolean {
  const latestMs = Math.max(...pauses.map(({ toMs = Infinity }) => toMs));
  return pauses.some(({ toMs = Infinity, cut }) => toMs === latestMs && cut === true);
}

/** `yyyy-MM-dd HH:mm:ss.SSS`, UTC, as the recorder's metadata have it. */
function timeOf(ms: number | undefined): string {
  return ms === undefined ? '' : new Date(ms).toISOString().replace('T', ' ').replace('Z', '');
}

/** Most addresses of one side; a conference may have any number of parties. */
const mostAors = 8;

function aorsOf(parties: readonly Party[]): string {
  const all = parties.map((party) => aorOf({ ...party, number: tellable(party.number) }) ?? '');
  return [...new Set(all)]
    .filter((aor) => aor !== '')
    .slice(0, mostAors)
    .join(',');
}
