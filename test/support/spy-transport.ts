/**
 * A transport in memory whose reader the test plays: what was written is kept write by write, and waits
 * for as long as the reader takes nothing.
 */
import { ProtocolError } from '../../src/base/errors.ts';
import { Framer } from '../../src/subscriber/framer.ts';
import type { Transport } from '../../src/subscriber/outbound.ts';
import {
  readingBounds,
  readServerDocument,
  type ServerMessage,
} from '../../src/subscriber/reading.ts';

export class SpyTransport implements Transport {
  readonly kind: Transport['kind'];
  readonly peer = 'spy';
  /** Each write, the very buffer that was handed over. */
  readonly writes: Buffer[] = [];
  /** False: the reader takes nothing by itself. */
  reads = true;
  pings = 0;
  isPaused = false;
  ended: { readonly code: number; readonly reason: string } | undefined;
  #pending: number[] = [];
  #taken = 0;
  #flushing: { readonly after: number; readonly callback: () => void }[] = [];

  constructor(kind: Transport['kind'] = 'tcp') {
    this.kind = kind;
  }

  get pendingBytes(): number {
    return this.#pending.reduce((sum, bytes) => sum + bytes, 0);
  }

  get underWayBytes(): number {
    return this.#pending.length === 0 ? 0 : (this.#pending[0] ?? 0) - this.#taken;
  }

  write(bytes: Buffer): void {
    this.writes.push(bytes);
    if (!this.reads) this.#pending.push(bytes.length);
  }

  /** The reader takes so many bytes; a write counts as pending until it is taken in full. */
  take(bytes: number): void {
    this.#taken += bytes;
    while (this.#pending[0] !== undefined && this.#taken >= this.#pending[0]) {
      this.#taken -= this.#pending.shift() ?? 0;
    }
    if (this.#pending.length === 0) this.#taken = 0;
    const done = this.#flushing.filter(({ after }) => after <= this.#done);
    this.#flushing = this.#flushing.filter(({ after }) => after > this.#done);
    for (const { callback } of done) callback();
  }

  /** The reader takes everything, and goes on so. */
  takeAll(): void {
    this.reads = true;
    this.take(this.pendingBytes - this.#taken);
  }

  get #done(): number {
    return this.writes.length - this.#pending.length;
  }

  flushed(callback: () => void): void {
    this.#flushing.push({ after: this.writes.length, callback });
  }

  ping(): void {
    this.pings += 1;
  }

  pause(): void {
    this.isPaused = true;
  }

  resume(): void {
    this.isPaused = false;
  }

  end(code: number, reason: string): void {
    this.ended = { code, reason };
  }

  /** What the reader of a TCP transport makes of everything that was written. */
  get messages(): readonly ServerMessage[] {
    return new Framer(readingBounds).push(Buffer.concat(this.writes)).map((framed) => {
      const message = framed.kind === 'error' ? framed.error : readServerDocument(framed.document);
      if (message instanceof ProtocolError) throw message;
      return message;
    });
  }
}
