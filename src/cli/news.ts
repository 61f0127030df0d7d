/**
 * What is shown of a call, whatever brought it: the feed, or an event out of a replay. Values only; the
 * lines are made in line.ts.
 */
import type { Party } from '../call/call.ts';
import type { OfCall, OfSource } from '../call/event.ts';
import type { CallEvent, FeedParty } from '../client/event.ts';
import { cdrTime } from '../record/cdr-xml.ts';
import { callView } from '../subscriber/call-view.ts';
import type { CallView } from '../subscriber/call-view.ts';
import { notificationTypeOf } from '../subscriber/notification-codec.ts';

export interface CallNews {
  /** A notification type, such as `CallStart`. */
  readonly type: string;
  readonly id: string;
  readonly snapshot: boolean;
  readonly caller: Party;
  readonly called: Party;
  /** `YYYY-MM-DD hh:mm:ss.SSS`, or ISO 8601, by the server's clock; so are all times here. */
  readonly start: string;
  readonly end: string | undefined;
  readonly view: CallView | undefined;
}

/** What is shown of a source that went out of sight or came back. */
export interface SourceNews {
  readonly type: string;
  readonly source: string;
  readonly from: string | undefined;
  readonly reason: string | undefined;
}

export function newsOfCall({ type, snapshot, call }: CallEvent): CallNews {
  return {
    type,
    id: call.id,
    snapshot,
    caller: partyOf(call.caller),
    called: partyOf(call.called),
    start: call.start ?? '',
    end: call.end,
    view: call,
  };
}

function partyOf({ number, name }: FeedParty): Party {
  return { ...(number === undefined ? {} : { number }), ...(name === undefined ? {} : { name }) };
}

export function newsOfEvent(event: OfCall): CallNews {
  const { call } = event;
  return {
    type: notificationTypeOf[event.kind],
    id: call.id,
    snapshot: false,
    caller: call.caller,
    called: call.called,
    start: cdrTime(call.startedAtMs, 'utc'),
    end: call.endedAtMs === undefined ? undefined : cdrTime(call.endedAtMs, 'utc'),
    view: callView(call, 'utc'),
  };
}

export function newsOfSource(event: OfSource): SourceNews {
  return {
    type: notificationTypeOf[event.kind],
    source: event.source,
    from: cdrTime(event.fromMs, 'utc'),
    reason: event.reason,
  };
}

/** From one time of the server to another, in milliseconds; undefined where either is none. */
export function elapsedMs(from: string | undefined, to: string | undefined): number | undefined {
  const ms = clockMs(to) - clockMs(from);
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

/** The zone is not known and does not matter for a difference. */
function clockMs(text: string | undefined): number {
  return text === undefined ? NaN : Date.parse(`${text.replace(' ', 'T').replace(/Z$/, '')}Z`);
}
