/**
 * Follows WebSocket frames (RFC 6455 §5.2) through a stream of bytes, only to know whether a message is
 * half received. The library reads the frames, and holds them against the bounds; how long half a message
 * may stay it does not ask.
 */

/** Two bytes, at most eight of length, four of the mask. */
const mostHeadBytes = 14;

export class FrameWatch {
  readonly #head = Buffer.alloc(mostHeadBytes);
  #headBytes = 0;
  /** Of the frame's payload, how much is still to come. */
  #payloadBytes = 0;
  /** A fragment has come, and the last one has not. */
  #isFragmented = false;

  /** True while a frame or a message has begun and not ended. */
  get half(): boolean {
    return this.#headBytes > 0 || this.#isFragmented;
  }

  /** @returns how many messages `chunk` completes; pings and their like are none */
  push(chunk: Uint8Array): number {
    let messages = 0;
    for (let at = 0; at < chunk.length;) {
      if (this.#payloadBytes > 0) {
        const taken = Math.min(this.#payloadBytes, chunk.length - at);
        this.#payloadBytes -= taken;
        at += taken;
      } else {
        this.#head[this.#headBytes] = chunk[at] ?? 0;
        this.#headBytes += 1;
        at += 1;
        if (this.#headBytes < this.#headLength()) continue;
        this.#payloadBytes = this.#payloadLength();
      }
      if (this.#payloadBytes === 0) messages += this.#frameEnds() ? 1 : 0;
    }
    return messages;
  }

  /** How long the head is, as far as its first two bytes tell. */
  #headLength(): number {
    if (this.#headBytes < 2) return 2;
    const second = this.#head[1] ?? 0;
    const length = second & 0x7f;
    return 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + ((second & 0x80) === 0 ? 0 : 4);
  }

  #payloadLength(): number {
    const length = (this.#head[1] ?? 0) & 0x7f;
    if (length === 126) return this.#head.readUInt16BE(2);
    // More than the library lets pass; that it is not exact beyond 2^53 is all the same.
    return length === 127 ? Number(this.#head.readBigUInt64BE(2)) : length;
  }

  /** @returns true when a message ends with the frame */
  #frameEnds(): boolean {
    const first = this.#head[0] ?? 0;
    this.#headBytes = 0;
    const isControl = (first & 0x08) !== 0;
    if (isControl) return false;
    this.#isFragmented = (first & 0x80) === 0;
    return !this.#isFragmented;
  }
}
