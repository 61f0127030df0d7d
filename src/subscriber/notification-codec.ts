/**
 * Notifications as whole documents: calls in the legacy and the opted-in form, sources, goodbye. Nothing
 * in their bytes varies by session, so each form of an event is made once for everybody.
 */
import { attribute, element } from '../base/xml.ts';
import type { EventKind, OfSource } from '../call/event.ts';
import { documentXml } from './answer-codec.ts';
import { wire, type GoodbyeReason, type NotificationType } from './message.ts';
import { timeText, type Times } from './times.ts';

export interface CallNotification {
  readonly type: NotificationType;
  /** The ready record, in the encoding of the notification. */
  readonly cdr: string;
  /** Only for clients that opted in; without it the document is what legacy clients get. */
  readonly feed?: {
    readonly position: string;
    /** True when it tells what is, not what happened. */
    readonly snapshot?: boolean;
    /** What `callViewXml` or `callViewJson` made of the call. */
    readonly view: string;
  };
}

export interface SourceNotification {
  readonly type: 'SourceGap' | 'SourceUp';
  readonly source: string;
  /** When sight was lost; times as in the `verbacdr` or, in JSON, ISO 8601. */
  readonly from: string;
  /** When it came back; only in `SourceUp`. */
  readonly to?: string;
  readonly reason?: string;
  readonly position: string;
}

export interface Goodbye {
  readonly reason: GoodbyeReason;
  /** The last position the client has got everything up to, where there is one. */
  readonly position?: string;
}

/** The notification type that tells of an event of this kind. */
export const notificationTypeOf: Readonly<Record<EventKind, NotificationType>> = {
  'call.started': 'CallStart',
  'call.answered': 'CallAnswer',
  'call.updated': 'CallUpdate',
  'call.ended': 'CallEnd',
  'recording.started': 'RecordingStart',
  'recording.paused': 'RecordingPause',
  'recording.resumed': 'RecordingResume',
  'recording.ended': 'RecordingEnd',
  'source.gap': 'SourceGap',
  'source.up': 'SourceUp',
};

/** On the hot path: joins what is ready. */
export function notificationXml({ type, cdr, feed }: CallNotification): string {
  const attributes =
    attribute('type', type) +
    attribute('position', feed?.position) +
    attribute('snapshot', feed?.snapshot === true ? true : undefined);
  return documentXml(element(wire.notification, attributes, cdr + (feed?.view ?? '')));
}

/** What an event of a source is on the wire. */
export function sourceNotification(
  event: OfSource,
  position: string,
  times: Times,
): SourceNotification {
  return {
    type: event.kind === 'source.gap' ? 'SourceGap' : 'SourceUp',
    source: event.source,
    from: timeText(event.fromMs, times),
    ...(event.toMs === undefined ? {} : { to: timeText(event.toMs, times) }),
    ...(event.reason === undefined ? {} : { reason: event.reason }),
    position,
  };
}

export function sourceNotificationXml(notification: SourceNotification): string {
  const { type, source, from, to, reason, position } = notification;
  const content = element(
    wire.elements.source,
    attribute('name', source) +
      attribute('from', from) +
      attribute('to', to) +
      attribute('reason', reason),
  );
  const attributes = attribute('type', type) + attribute('position', position);
  return documentXml(element(wire.notification, attributes, content));
}

export function goodbyeXml({ reason, position }: Goodbye): string {
  const attributes =
    attribute('type', wire.goodbye) + attribute('reason', reason) + attribute('position', position);
  return documentXml(element(wire.notification, attributes));
}
