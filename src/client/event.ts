/**
 * What a feed tells: calls, recordings, sources, and the fate of its own connection; and how that is made of
 * what the server sent. Values only, the same on every transport.
 */
import type { CallView } from '../subscriber/call-view.ts';
import type { CdrReading, ServerMessage } from '../subscriber/reading.ts';

/** The fields of a `verbacdr` by element name, as the server wrote them; what is not known is not there. */
export type CallRecord = Readonly<Record<string, string>>;

export interface FeedParty {
  readonly number: string | undefined;
  readonly name: string | undefined;
}

/**
 * A call as a whole: who is in it now and what has become of it. Every time is ISO 8601 in UTC; what is not
 * known is undefined. Words such as `state` are those of protocol/feed; a newer server may know more.
 */
export interface FeedCall extends CallView {
  /** Stays the same to the call's end, over transfers and restarts. */
  readonly id: string;
  readonly caller: FeedParty;
  readonly called: FeedParty;
  readonly start: string | undefined;
  readonly end: string | undefined;
}

export type CallEventType = 'CallStart' | 'CallAnswer' | 'CallUpdate' | 'CallEnd';
export type RecordingEventType =
  'RecordingStart' | 'RecordingPause' | 'RecordingResume' | 'RecordingEnd';
export type SourceEventType = 'SourceGap' | 'SourceUp';

/** Something happened to a call or to a recording of it. */
export interface CallEvent {
  readonly kind: 'call';
  readonly type: CallEventType | RecordingEventType;
  /** Everything up to here has been told with this event. */
  readonly position: string;
  /** True when it tells what goes on already, not what has just happened. */
  readonly snapshot: boolean;
  readonly call: FeedCall;
  readonly record: CallRecord;
}

/** The server lost sight of a telephony system, or sees it again. */
export interface SourceEvent {
  readonly kind: 'source';
  readonly type: SourceEventType;
  readonly position: string;
  readonly source: string;
  /** When sight was lost, ISO 8601. */
  readonly from: string | undefined;
  /** When it came back; only in `SourceUp`. */
  readonly to: string | undefined;
  readonly reason: string | undefined;
}

/** Subscribed, for the first time or again. */
export interface ConnectedEvent {
  readonly kind: 'connected';
  /** True when it is not the first time. */
  readonly again: boolean;
  /**
   * False: events were missed that the server no longer has. The calls that go on now follow as a snapshot;
   * one that you know and that is not among them has ended meanwhile.
   */
  readonly recovered: boolean;
  /** How many snapshot events follow. */
  readonly calls: number;
}

/** The connection is gone; the feed comes back by itself. */
export interface LostEvent {
  readonly kind: 'lost';
  /** For people. */
  readonly reason: string;
  /** Milliseconds to the next attempt; it is later while the consumer is far behind. */
  readonly retryMs: number;
}

export type FeedEvent = CallEvent | SourceEvent | ConnectedEvent | LostEvent;

/** The clock by which a server on TCP tells times: UTC, or its time zone, which must then be ours. */
export type FeedTimes = 'utc' | 'local';

const callTypes: readonly CallEvent['type'][] = [
  'CallStart',
  'CallAnswer',
  'CallUpdate',
  'CallEnd',
  'RecordingStart',
  'RecordingPause',
  'RecordingResume',
  'RecordingEnd',
];
const sourceTypes: readonly SourceEventType[] = ['SourceGap', 'SourceUp'];

/** The event that a message tells of; undefined for a type that this client does not know. */
export function eventOf(
  message: Extract<ServerMessage, { readonly kind: 'call' | 'source' }>,
  times: FeedTimes,
): CallEvent | SourceEvent | undefined {
  const { position = '' } = message;
  if (message.kind === 'call') {
    const type = callTypes.find((known) => known === message.type);
    if (type === undefined) return undefined;
    const { snapshot, cdr, view } = message;
    const call = callOf(cdr, view, times);
    return { kind: 'call', type, position, snapshot, call, record: recordOf(cdr) };
  }
  const type = sourceTypes.find((known) => known === message.type);
  if (type === undefined) return undefined;
  const { source, reason } = message;
  const from = isoTime(message.from, times);
  return { kind: 'source', type, position, source, from, to: isoTime(message.to, times), reason };
}

export function recordOf({ fields }: CdrReading): CallRecord {
  return Object.fromEntries(fields);
}

function callOf(cdr: CdrReading, view: CallView | undefined, times: FeedTimes): FeedCall {
  const { fields } = cdr;
  const time = (text: string | undefined) => isoTime(text, times);
  const told = view ?? { ...unknownView, state: cdr.ended ? 'ended' : 'offered' };
  return {
    id: fields.get('id') ?? '',
    caller: { number: fields.get('source_caller_id'), name: fields.get('source_name') },
    called: { number: fields.get('destination_caller_id'), name: fields.get('destination_name') },
    start: time(fields.get('start_time')),
    end: time(fields.get('end_time')),
    ...told,
    answered: time(told.answered),
    transfers: told.transfers.map((each) => ({ ...each, at: time(each.at) ?? '' })),
    queue: told.queue.map((each) => ({
      ...each,
      joined: time(each.joined) ?? '',
      left: time(each.left),
    })),
    recordings: told.recordings.map((each) => ({
      ...each,
      started: time(each.started) ?? '',
      ended: time(each.ended),
    })),
  };
}

/** Of a server that tells nothing beyond the record. */
const unknownView: CallView = {
  state: '',
  revision: 0,
  source: '',
  dialled: undefined,
  answered: undefined,
  outcome: undefined,
  ending: undefined,
  endedBy: undefined,
  mergedInto: undefined,
  conference: undefined,
  parties: [],
  transfers: [],
  queue: [],
  recordings: [],
};

/** `YYYY-MM-DD hh:mm:ss.SSS`, as records have it. */
const recordTime = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3})$/;

/** ISO 8601 in UTC; anything that is no time of a record is left as it is. */
export function isoTime(text: string | undefined, times: FeedTimes): string | undefined {
  const match = text === undefined ? null : recordTime.exec(text);
  if (match === null) return text === '' ? undefined : text;
  const iso = `${match[1]}T${match[2]}`;
  if (times === 'utc') return `${iso}Z`;
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? text : at.toISOString();
}
