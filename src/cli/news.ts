/**
 * What is shown of a call, whatever brought it: the feed, or an event out of a replay. Values only; the
 * lines are made in line.ts.
 */
import type { Party } from '../call/call.ts';
import type { OfCall, OfSource } from '../call/event.ts';
import { cdrTime } from '../record/cdr-xml.ts';
import { callView } from '../subscriber/call-view.ts';
import type { CallView } from '../subscriber/call-view.ts';
import { notificationTypeOf } from '../subscriber/notification-codec.ts';
import type { CdrReading, ServerMessage } from '../subscriber/reading.ts';

export interface CallNews {
  /** A notification type, such as `CallStart`. */
  readonly type: string;
  readonly id: string;
  readonly snapshot: boolean;
  readonly caller: Party;
  readonly called: Party;
  /** `YYYY-MM-DD hh:mm:ss.SSS`, by the server's clock. */
  readonly start: string;
  readonly end: string | undefined;
  readonly view: CallView | undefined;
}

/** What is shown of a source that went out of sight or came back. */
export interface SourceNews {
  readonly type: string;
  readonly source: string;
  /** `YYYY-MM-DD hh:mm:ss.SSS`, by the server's clock. */
  readonly from: string;
  readonly reason: string | undefined;
}

export type CallMessage = Extract<ServerMessage, { readonly kind: 'call' }>;

export function newsOfMessage(message: CallMessage): CallNews {
  const { fields } = message.cdr;
  return {
    type: message.type,
    id: fields.get('id') ?? '',
    snapshot: message.snapshot,
    caller: partyOf(message.cdr, 'source'),
    called: partyOf(message.cdr, 'destination'),
    start: fields.get('start_time') ?? '',
    end: fields.get('end_time'),
    view: message.view,
  };
}

function partyOf({ fields }: CdrReading, side: 'source' | 'destination'): Party {
  const number = fields.get(`${side}_caller_id`);
  const name = fields.get(`${side}_name`);
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
  return text === undefined ? NaN : Date.parse(`${text.replace(' ', 'T')}Z`);
}
