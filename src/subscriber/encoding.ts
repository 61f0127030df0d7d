/**
 * Events as ready bytes: each is made once per wire form, however many sessions get it in a turn. Nothing
 * in the bytes varies by session.
 */
import { type CallEvent, isOfCall } from '../call/event.ts';
import type { Call } from '../call/call.ts';
import type { JournalEntry } from '../journal/journal.ts';
import { formatPosition } from '../journal/position.ts';
import { cdrXml, type CdrSite } from '../record/cdr-xml.ts';
import type { NotificationType, SourceStatus } from './message.ts';
import { type Encoding, wires } from './wire.ts';

export interface Form {
  readonly transport: 'tcp' | 'websocket';
  readonly encoding: Encoding;
  /** True for clients that opted in by a Feed element. */
  readonly feed: boolean;
}

/** The parts of a notification of a call, in one encoding. */
interface Parts {
  readonly cdr: string;
  view?: string;
}

/** What has been made of an event in this turn. */
interface Ready {
  readonly parts: Map<Encoding, Parts>;
  readonly forms: Map<string, Buffer>;
}

const nothing = (): Ready => ({ parts: new Map(), forms: new Map() });

export class Encoder {
  readonly #site: CdrSite;
  readonly #epoch: string;
  /** Of this turn's events. A map that dies young: kept any longer it is what the collector works on. */
  #ready = new Map<CallEvent, Ready>();

  constructor(site: CdrSite, epoch: string) {
    this.#site = site;
    this.#epoch = epoch;
  }

  /** To be called when everybody has got the turn's events. */
  release(): void {
    if (this.#ready.size > 0) this.#ready = new Map();
  }

  position(seq: number): string {
    return formatPosition({ epoch: this.#epoch, seq });
  }

  /** An event as a notification of `type`, framed for the transport; made once until `release`. */
  notification(entry: JournalEntry, type: NotificationType, form: Form): Buffer {
    let ready = this.#ready.get(entry.event);
    if (ready === undefined) this.#ready.set(entry.event, (ready = nothing()));
    const key = `${type} ${form.transport} ${form.encoding} ${form.feed}`;
    let bytes = ready.forms.get(key);
    if (bytes === undefined) {
      bytes = this.#frame(entry, type, form, ready);
      ready.forms.set(key, bytes);
    }
    return bytes;
  }

  /** The same bytes for one reader, who is behind the turn: nothing is kept. */
  missed(entry: JournalEntry, type: NotificationType, form: Form): Buffer {
    return this.#frame(entry, type, form, nothing());
  }

  #frame(entry: JournalEntry, type: NotificationType, form: Form, ready: Ready): Buffer {
    const { event, seq } = entry;
    const { encoding, transport } = form;
    const wire = wires[encoding];
    const position = this.position(seq);
    if (!isOfCall(event)) return frame(wire.source(event, position, this.#site.times), transport);
    let parts = ready.parts.get(encoding);
    if (parts === undefined) {
      parts = { cdr: wire.record(event.call, this.#site) };
      ready.parts.set(encoding, parts);
    }
    const { cdr } = parts;
    if (!form.feed) return frame(wire.notification({ type, cdr }), transport);
    const view = (parts.view ??= wire.view(event.call, this.#site.times));
    return frame(wire.notification({ type, cdr, feed: { position, view } }), transport);
  }

  /** A call that goes on, as it is told to a client that takes stock at `seq`. */
  snapshot(call: Call, seq: number, { encoding, transport }: Omit<Form, 'feed'>): Buffer {
    const wire = wires[encoding];
    const view = wire.view(call, this.#site.times);
    const feed = { position: this.position(seq), snapshot: true, view };
    const cdr = wire.record(call, this.#site);
    return frame(wire.notification({ type: 'CallStart', cdr, feed }), transport);
  }

  /** The `verbacdr` element of a call. */
  cdr(call: Call): string {
    return cdrXml(call, this.#site);
  }

  /**
   * @param intervalS seconds, > 0
   * @param state only for a client that opted in
   */
  keepAlive(
    intervalS: number,
    { encoding, transport }: Omit<Form, 'feed'>,
    state?: { readonly position?: string; readonly sources: readonly SourceStatus[] },
  ): Buffer {
    return frame(wires[encoding].keepAlive({ intervalS, ...state }, this.#site.times), transport);
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
