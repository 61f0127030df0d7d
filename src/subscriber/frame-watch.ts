/**
 * Follows WebSocket frames (RFC 6455 §5.2) through a stream of bytes, only to know where each ends and
 * whether a message is half received. The library reads the frames, and holds them against the bounds; how
 * long half a message may stay it does not ask, nor how much it does in one turn.
 */

/** Two bytes, at most eight of length, four of the mask. */
const mostHeadBytes = 14;
const closeOpcode = 0x8;

export class FrameWatch {
  readonly #head = Buffer.alloc(mostHeadBytes);
  #headBytes = 0;
  /** Of the frame's payload, how much is still to come. */
  #payloadBytes = 0;
  /** A fragment has come, and the last one has not. */
  #isFragmented = false;
  #isClosed = false;
  #isLong = false;

  /** True while a frame or a message has begun and not ended. */
  get half(): boolean {
    return this.#headBytes > 0 || this.#isFragmented;
  }

  /** True once a close frame has come: nothing after it is to be read (RFC 6455 §5.5.1). */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** True once a frame has come whose length is written longer than need be, which RFC 6455 §5.2 forbids. */
  get isLong(): boolean {
    return this.#isLong;
  }

  /** Follows `bytes` to the end of the next frame, or as far as they go. */
  next(bytes: Uint8Array): { readonly taken: number; readonly endsMessage: boolean } {
    for (let at = 0; at < bytes.length;) {
      if (this.#payloadBytes > 0) {
        const taken = Math.min(this.#payloadBytes, bytes.length - at);
        this.#payloadBytes -= taken;
        at += taken;
      } else {
        this.#head[this.#headBytes] = bytes[at] ?? 0;
        this.#headBytes += 1;
        at += 1;
        if (this.#headBytes < this.#headLength()) continue;
        this.#payloadBytes = this.#payloadLength();
      }
      if (this.#payloadBytes === 0) return { taken: at, endsMessage: this.#frameEnds() };
    }
    return { taken: bytes.length, endsMessage: false };
  }

  /** How long the head is, as far as its first two bytes tell. */
  #headLength(): number {
    if (this.#headBytes < 2) return 2;
    const second = this.#head[1] ?? 0;
    const length = second & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
  }

  #payloadLength(): number {
    const short = (this.#head[1] ?? 0) & 0x7f;
    if (short < 126) return short;
    // More than the library lets pass; that it is not exact beyond 2^53 is all the same.
    const length =
      short === 126 ? this.#head.readUInt16BE(2) : Number(this.#head.readBigUInt64BE(2));
    this.#isLong ||= length < (short === 126 ? 126 : 65_536);
    return length;
  }

  /** @returns true when a message ends with the frame */
  #frameEnds(): boolean {
    const first = this.#head[0] ?? 0;
    this.#headBytes = 0;
    const isControl = (first & 0x08) !== 0;
    this.#isClosed ||= (first & 0x0f) === closeOpcode;
    if (isControl) return false;
    this.#isFragmented = (first & 0x80) === 0;
    return !this.#isFragmented;
  }
}
