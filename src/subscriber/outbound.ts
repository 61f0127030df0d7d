/**
 * The way out of one session: what is written, what waits, and since when nothing drained. Memory is
 * bounded by the limit plus one write; a reader beyond it is reported slow, once.
 */

/** The socket below, TCP or WebSocket: whole messages in, framing included. */
export interface Transport {
  readonly kind: 'tcp' | 'websocket';
  /** The peer's address, for the log. */
  readonly peer: string;
  /** False when the bytes could not be handed to the kernel at once. */
  write(bytes: Buffer): boolean;
  /** Bytes that wait in our memory. */
  readonly pendingBytes: number;
  /** Calls back each time that everything has drained. */
  onDrain(listener: () => void): void;
  ping(): void;
  /** Stops and goes on reading from the peer. */
  pause(): void;
  resume(): void;
  /** Ends in order: what waits is still sent, for a while. `code` and `reason` where there are such. */
  end(code: number, reason: string): void;
  destroy(): void;
}

export class Outbound {
  readonly #transport: Transport;
  readonly #limitBytes: number;
  #blockedSinceMs: number | undefined;
  #writtenBytes = 0;
  /** Of what was written, how much had drained at the last look. */
  #drainedBytes = 0;
  #drained: (() => void)[] = [];

  constructor(transport: Transport, limitBytes: number) {
    this.#transport = transport;
    this.#limitBytes = limitBytes;
    transport.onDrain(() => {
      this.#blockedSinceMs = undefined;
      const waiting = this.#drained;
      this.#drained = [];
      for (const each of waiting) each();
    });
  }

  /** Hands over whole messages. `overflow` when more waits than allowed; then nothing was written. */
  write(bytes: Buffer, nowMs: number): 'sent' | 'waits' | 'overflow' {
    // Checked before the write, so that one answer larger than the whole queue can still be sent.
    if (this.#transport.pendingBytes > this.#limitBytes) return 'overflow';
    this.#writtenBytes += bytes.length;
    if (this.#transport.write(bytes)) return 'sent';
    if (this.#blockedSinceMs === undefined) {
      this.#blockedSinceMs = nowMs;
      this.#drainedBytes = this.#writtenBytes - this.#transport.pendingBytes;
    }
    return 'waits';
  }

  /** Since when nothing has drained; undefined when nothing waits. */
  blockedSinceMs(nowMs: number): number | undefined {
    if (this.#blockedSinceMs === undefined) return undefined;
    const pending = this.#transport.pendingBytes;
    const drained = this.#writtenBytes - pending;
    if (pending === 0) {
      this.#blockedSinceMs = undefined;
    } else if (drained > this.#drainedBytes) {
      // Some went out since the last look: the reader is slow, but it reads.
      this.#blockedSinceMs = nowMs;
      this.#drainedBytes = drained;
    }
    return this.#blockedSinceMs;
  }

  /** Resolves when nothing waits any more; at once when nothing does. */
  drained(): Promise<void> {
    if (this.#transport.pendingBytes === 0) return Promise.resolve();
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  /** Lets go of whoever waits for the reader: the session has ended. */
  release(): void {
    for (const each of this.#drained.splice(0)) each();
  }
}
