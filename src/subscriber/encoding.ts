/**
 * Events as ready bytes: each is made once per wire form, however many sessions get it, and kept for as
 * long as its event is. Nothing in the bytes varies by session.
 */
import { type CallEvent, isOfCall } from '../call/event.ts';
import type { Call } from '../call/call.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { formatPosition } from '../journal/position.ts';
import { cdrXml, type CdrSite } from '../record/cdr-xml.ts';
import { keepaliveXml } from './answer-codec.ts';
import { callViewXml } from './call-codec.ts';
import { callView } from './call-view.ts';
import type { NotificationType, SourceStatus } from './message.ts';
import {
  notificationXml,
  sourceNotification,
  sourceNotificationXml,
} from './notification-codec.ts';

export interface Form {
  readonly transport: 'tcp' | 'websocket';
  /** True for clients that opted in by a Feed element. */
  readonly feed: boolean;
}

export class Encoder {
  readonly #site: CdrSite;
  readonly #epoch: string;
  readonly #ready = new WeakMap<CallEvent, Map<string, Buffer>>();
  readonly #texts = new WeakMap<Call, { cdr: string; view?: string }>();

  constructor(site: CdrSite, epoch: string) {
    this.#site = site;
    this.#epoch = epoch;
  }

  position(seq: number): string {
    return formatPosition({ epoch: this.#epoch, seq });
  }

  /** An event as a notification of `type`, framed for the transport. */
  notification(entry: JournalEntry, type: NotificationType, form: Form): Buffer {
    const { event } = entry;
    let ready = this.#ready.get(event);
    if (ready === undefined) this.#ready.set(event, (ready = new Map<string, Buffer>()));
    const key = `${type} ${form.transport} ${form.feed}`;
    let bytes = ready.get(key);
    if (bytes === undefined) {
      bytes = frame(this.#document(entry, type, form.feed), form.transport);
      ready.set(key, bytes);
    }
    return bytes;
  }

  #document(entry: JournalEntry, type: NotificationType, feed: boolean): string {
    const { event, seq } = entry;
    const { times } = this.#site;
    if (!isOfCall(event)) {
      return sourceNotificationXml(sourceNotification(event, this.position(seq), times));
    }
    const { cdr, view } = this.#text(event.call, feed);
    if (!feed) return notificationXml({ type, cdr });
    return notificationXml({ type, cdr, feed: { position: this.position(seq), view } });
  }

  /** A call that goes on, as it is told to a client that takes stock at `seq`. */
  snapshot(call: Call, seq: number, transport: Form['transport']): Buffer {
    const { cdr, view } = this.#text(call, true);
    const feed = { position: this.position(seq), snapshot: true, view };
    return frame(notificationXml({ type: 'CallStart', cdr, feed }), transport);
  }

  /** The ready `verbacdr` element of a call. */
  cdr(call: Call): string {
    return this.#text(call, false).cdr;
  }

  #text(call: Call, withView: boolean): { readonly cdr: string; readonly view: string } {
    let text = this.#texts.get(call);
    if (text === undefined) this.#texts.set(call, (text = { cdr: cdrXml(call, this.#site) }));
    if (withView) text.view ??= callViewXml(callView(call, this.#site.times));
    return { cdr: text.cdr, view: text.view ?? '' };
  }

  /**
   * @param intervalS seconds, > 0
   * @param state only for a client that opted in
   */
  keepAlive(
    intervalS: number,
    transport: Form['transport'],
    state?: { readonly position?: string; readonly sources: readonly SourceStatus[] },
  ): Buffer {
    return frame(keepaliveXml({ intervalS, ...state }, this.#site.times), transport);
  }
}

/** A document as it goes over the transport: bare on TCP, one unmasked text frame on WebSocket. */
export function frame(document: string, transport: Form['transport']): Buffer {
  return transport === 'tcp' ? Buffer.from(document) : textFrame(document);
}

/** RFC 6455 §5.2: FIN and opcode 1, then the length in 7, 16 or 64 bits, then the payload. */
function textFrame(document: string): Buffer {
  const length = Buffer.byteLength(document);
  const head = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(head + length);
  bytes[0] = 0x81;
  if (head === 2) {
    bytes[1] = length;
  } else if (head === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.write(document, head);
  return bytes;
}
