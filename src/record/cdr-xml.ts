/**
 * The call record as the outside system's clients know it: one `verbacdr` element, and what it says as a
 * list of fields for whoever writes it otherwise. The same bytes go into notifications, detail answers
 * and metadata files. Element names and their order are the outside system's; the numbers in the tables
 * are explained in protocol/feed/README.md. On the hot path: called once per event.
 */
import { textElement } from '../base/xml.ts';
import type { Call, Direction, Outcome } from '../call/call.ts';

/** What the record says about the place where it was made. */
export interface CdrSite {
  /** Host name of this server. */
  readonly location: string;
  /** Number of the recorder service this server stands for, >= 0. */
  readonly recorderServiceId: number;
  readonly times: CdrTimes;
  /** Other numbers for `direction_id`; absent ones keep ours. */
  readonly directionIds?: Readonly<Partial<Record<Direction, number>>>;
}

/** Which clock the times are told by: UTC, or this machine's time zone. */
export type CdrTimes = 'utc' | 'local';

/** Only `internal` is known from the outside system; the others are ours. */
const directionIds: Readonly<Record<Direction, number>> = {
  internal: 0,
  incoming: 1,
  outgoing: 2,
  external: 3,
};

/** Names from the outside system's table of causes. */
const cause = {
  normal: 0,
  sourceDisconnected: 1,
  destinationDisconnected: 2,
  transfer: 4,
  cancelled: 5,
  busy: 6,
  error: 8,
  conference: 13,
  timeout: 80,
  unknown: 500,
} as const;

const causeOfOutcome: Readonly<Record<Exclude<Outcome, 'answered' | 'merged'>, number>> = {
  cancelled: cause.cancelled,
  abandoned: cause.cancelled,
  busy: cause.busy,
  missed: cause.timeout,
  unreachable: cause.timeout,
  rejected: cause.destinationDisconnected,
  failed: cause.error,
  unknown: cause.unknown,
};

/**
 * The `cause_id` of an ended call. A call whose end was not seen has no cause that anybody could know.
 */
export function causeId(call: Call): number {
  if (call.ending !== 'observed' || call.outcome === undefined) return cause.unknown;
  switch (call.outcome) {
    case 'answered':
      if (call.endedBy?.side === 'caller') return cause.sourceDisconnected;
      return call.endedBy?.side === 'called' ? cause.destinationDisconnected : cause.normal;
    case 'merged':
      return call.conference === undefined ? cause.transfer : cause.conference;
    default:
      return causeOfOutcome[call.outcome];
  }
}

/** SIP, the only number known from the outside system. */
const signalingId = 2;

/** 9999-12-31 23:59:59.999, the last moment that the format can tell. */
const lastMs = 253_402_300_799_999;

/**
 * `YYYY-MM-DD hh:mm:ss.SSS`.
 * @param atMs milliseconds since 1970; what lies outside 1970..9999 is moved to the nearer end
 */
export function cdrTime(atMs: number, times: CdrTimes): string {
  const ms = withinFormat(atMs);
  const offsetMs = times === 'utc' ? 0 : new Date(ms).getTimezoneOffset() * 60_000;
  const text = new Date(withinFormat(ms - offsetMs)).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, 23)}`;
}

/** NaN too becomes the beginning: a bad clock must not cost the record. */
function withinFormat(ms: number): number {
  return ms >= 0 ? Math.min(ms, lastMs) : 0;
}

/** The record of `call` as it is now, on one line: `<verbacdr state="0|1">…</verbacdr>`. */
export function cdrXml(call: Call, site: CdrSite): string {
  let content = '';
  tellCdr(call, site, (name, value) => (content += textElement(name, value)));
  return `<verbacdr state="${cdrState(call)}">${content}</verbacdr>`;
}

/** 1 when the call has ended. */
export function cdrState(call: Call): 0 | 1 {
  return call.state === 'ended' ? 1 : 0;
}

/**
 * What the record of `call` says now, whatever it is written in.
 * @param tell called for each field in its order; a field whose value is undefined is to be left out
 */
export function tellCdr(
  call: Call,
  site: CdrSite,
  tell: (name: string, value: string | number | boolean | undefined) => void,
): void {
  const { caller, called, direction, endedAtMs } = call;
  const platformId = known(call.platformIds[0]);
  tell('id', call.id);
  tell('ccdr_id', call.id);
  tell('modality_id', 'voice');
  tell('native_id', known(call.platformIds.join('|')));
  tell('native_call_id', platformId);
  tell('location', known(site.location));
  tell('source_ip', known(caller.address));
  tell('source_caller_id', known(caller.number));
  tell('source_name', known(caller.name));
  tell('destination_ip', known(called.address));
  tell('destination_caller_id', known(called.number));
  tell('destination_name', known(called.name));
  tell('start_time', cdrTime(call.startedAtMs, site.times));
  if (call.state === 'ended') {
    tell('end_time', endedAtMs === undefined ? undefined : cdrTime(endedAtMs, site.times));
    tell('cause_id', causeId(call));
  }
  tell('direction_id', site.directionIds?.[direction] ?? directionIds[direction]);
  tell('signaling_id', signalingId);
  tell('recorder_service_id', site.recorderServiceId);
  tell('ondemand', false);
  tell('conference', call.conference !== undefined);
  tell('platform_call_id', platformId);
}

/** An empty text says as little as none: both leave the element out. */
function known(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}
