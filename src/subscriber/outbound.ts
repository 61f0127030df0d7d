/**
 * The way out of one session: what is written, what waits, and since when nothing has gone out. Memory
 * is bounded by the limit plus one write; a reader beyond it is reported slow.
 */

/** The socket below, TCP or WebSocket: whole messages in, framing included. */
export interface Transport {
  readonly kind: 'tcp' | 'websocket';
  /** The peer's address, for the log. */
  readonly peer: string;
  /** Takes whole messages; what the kernel does not take at once waits in our memory. */
  write(bytes: Buffer): void;
  /** Bytes that wait in our memory; a write under way counts in full until it is done. */
  readonly pendingBytes: number;
  /** Of the write under way, what the kernel has not taken yet; 0 where that is not known. */
  readonly underWayBytes: number;
  /** Calls back once, when everything written before has gone out or never will. */
  flushed(callback: () => void): void;
  ping(): void;
  /** Stops and goes on reading from the peer. */
  pause(): void;
  resume(): void;
  /** Ends in order: what waits is still sent, for a while. `code` and `reason` where there are such. */
  end(code: number, reason: string): void;
}

export class Outbound {
  readonly #transport: Transport;
  readonly #limitBytes: number;
  #blockedSinceMs: number | undefined;
  #writtenBytes = 0;
  /** At the last look: of what was written, how much was done, and what was left of the write under way. */
  #doneBytes = 0;
  #underWayBytes = 0;

  constructor(transport: Transport, limitBytes: number) {
    this.#transport = transport;
    this.#limitBytes = limitBytes;
  }

  /** Hands over whole messages. `overflow` when more waits than allowed; then nothing was written. */
  write(bytes: Buffer, nowMs: number): 'sent' | 'waits' | 'overflow' {
    const { pendingBytes } = this.#transport;
    // Checked before the write, so that one answer larger than the whole queue can still be sent.
    if (pendingBytes > this.#limitBytes) return 'overflow';
    if (pendingBytes === 0) this.#blockedSinceMs = undefined;
    this.#transport.write(bytes);
    this.#writtenBytes += bytes.length;
    if (this.#transport.pendingBytes === 0) return 'sent';
    if (this.#blockedSinceMs === undefined) this.#look(nowMs);
    return 'waits';
  }

  /** Since when nothing has gone out; undefined when nothing waits. */
  blockedSinceMs(nowMs: number): number | undefined {
    if (this.#blockedSinceMs === undefined) return undefined;
    const { pendingBytes, underWayBytes } = this.#transport;
    if (pendingBytes === 0) {
      this.#blockedSinceMs = undefined;
      return undefined;
    }
    const hasMoved =
      this.#writtenBytes - pendingBytes > this.#doneBytes || underWayBytes < this.#underWayBytes;
    // The reader is slow, but it reads.
    if (hasMoved) this.#look(nowMs);
    return this.#blockedSinceMs;
  }

  #look(nowMs: number): void {
    const { pendingBytes, underWayBytes } = this.#transport;
    this.#blockedSinceMs = nowMs;
    this.#doneBytes = this.#writtenBytes - pendingBytes;
    this.#underWayBytes = underWayBytes;
  }

  /** Resolves when what was written so far has gone out or never will; at once when nothing waits. */
  drained(): Promise<void> {
    if (this.#transport.pendingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#transport.flushed(resolve));
  }
}
