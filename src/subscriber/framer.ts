/**
 * Cuts a stream of bytes into documents: a message ends with the byte that closes its root. Works at
 * every cut, looks at each byte once, and keeps bytes only of a message that is half received and within
 * bounds. Never sees what a document means.
 */
import { ProtocolError } from '../base/errors.ts';
import { Lexer, type FrameBounds } from './lexer.ts';
import { bounds } from './message.ts';
import { isSpace, lt, shownByte } from './xml-bytes.ts';

export type Framed =
  /** From `<` to the `>` that closes the root. May share memory with the chunk it came in. */
  | { readonly kind: 'document'; readonly document: Buffer }
  /** The peer broke the rules; nothing after it can be understood. */
  | { readonly kind: 'error'; readonly error: ProtocolError };

const byteOrderMark = [0xef, 0xbb, 0xbf];
const firstHeldBytes = 1024;
/** One for all: sessions that hold nothing need no buffer each. */
const nothing = Buffer.alloc(0);

/** What a first byte that is none of XML often means. */
const hints: Readonly<Record<number, string>> = {
  0x16: ', which begins a TLS handshake: this listener speaks plain TCP',
  0xfe: ', which begins UTF-16: only UTF-8 is read',
  0xff: ', which begins UTF-16: only UTF-8 is read',
  0x7b: ', which begins JSON: only XML is read',
};

export class Framer {
  readonly #limits: FrameBounds;
  #lexer: Lexer | undefined;
  #held: Buffer = nothing;
  #heldBytes = 0;
  /** How many bytes of a byte order mark have been seen. */
  #mark = 0;
  #broken = false;

  constructor(limits: FrameBounds = bounds) {
    this.#limits = limits;
  }

  /** True while a message has begun and not ended. */
  get half(): boolean {
    return this.#lexer !== undefined || this.#mark !== 0;
  }

  /**
   * The documents that `chunk` completes, in order, and at most one error, which is the last thing this
   * framer ever says.
   */
  push(chunk: Uint8Array): readonly Framed[] {
    const framed: Framed[] = [];
    for (let rest = bytesOf(chunk); rest.length > 0;) {
      const { framed: next, taken } = this.next(rest);
      if (next !== undefined) framed.push(next);
      rest = rest.subarray(taken);
    }
    return framed;
  }

  /** Reads on until a document is complete or an error is met, or to the end of `bytes`. */
  next(bytes: Buffer): { readonly framed?: Framed; readonly taken: number } {
    if (this.#broken) return { taken: bytes.length };
    let start = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (this.#lexer === undefined) {
        if (byte !== lt || this.#mark !== 0) {
          const error = this.#between(byte);
          if (error === undefined) continue;
          return { framed: this.#break(error), taken: bytes.length };
        }
        this.#lexer = new Lexer(this.#limits);
        start = at;
      }
      const step = this.#lexer.step(byte);
      if (step === 'inside') continue;
      if (step !== 'complete') return { framed: this.#break(step), taken: bytes.length };
      this.#lexer = undefined;
      const document = this.#take(bytes.subarray(start, at + 1));
      return { framed: { kind: 'document', document }, taken: at + 1 };
    }
    if (this.#lexer !== undefined) this.#hold(bytes.subarray(start));
    return { taken: bytes.length };
  }

  /** What may stand between two messages: white space, NUL, a byte order mark. */
  #between(byte: number): ProtocolError | undefined {
    if (byte === byteOrderMark[this.#mark]) {
      this.#mark = (this.#mark + 1) % byteOrderMark.length;
      return undefined;
    }
    if (this.#mark === 0 && (byte === 0 || isSpace(byte))) return undefined;
    const expected =
      this.#mark === 0
        ? '"<" was expected to begin a message'
        : 'the rest of a byte order mark was expected';
    return new ProtocolError(
      'FEED_XML_MALFORMED',
      `Between messages: ${shownByte(byte)} where ${expected}${hints[byte] ?? ''}.`,
    );
  }

  /** Adds to what is held; the lexer has already held it against the bound on a message. */
  #hold(bytes: Buffer): void {
    const needed = this.#heldBytes + bytes.length;
    if (needed > this.#held.length) {
      const room = Math.min(
        Math.max(firstHeldBytes, this.#held.length * 2),
        this.#limits.messageBytes,
      );
      const larger = Buffer.allocUnsafeSlow(Math.max(room, needed));
      this.#held.copy(larger, 0, 0, this.#heldBytes);
      this.#held = larger;
    }
    bytes.copy(this.#held, this.#heldBytes);
    this.#heldBytes = needed;
  }

  #take(last: Buffer): Buffer {
    if (this.#heldBytes === 0) return last;
    this.#hold(last);
    const document = this.#held.subarray(0, this.#heldBytes);
    this.#release();
    return document;
  }

  #release(): void {
    this.#held = nothing;
    this.#heldBytes = 0;
  }

  #break(error: ProtocolError): Framed {
    this.#broken = true;
    this.#lexer = undefined;
    this.#release();
    return { kind: 'error', error };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/**
 * The one document in `message`, as a WebSocket message brings it: the same rules, but nothing may be
 * missing and nothing but white space may stand around it.
 */
export function frameWhole(message: Uint8Array, limits: FrameBounds = bounds): Framed {
  const framer = new Framer(limits);
  const [first, second] = framer.push(message);
  if (first?.kind === 'error') return first;
  if (second?.kind === 'error') return second;
  const problem =
    first === undefined
      ? 'no complete document'
      : second !== undefined || framer.half
        ? 'something after the end of the document'
        : undefined;
  if (first !== undefined && problem === undefined) return first;
  return {
    kind: 'error',
    error: new ProtocolError(
      'FEED_XML_MALFORMED',
      `The message holds ${problem ?? 'nothing'}; exactly one document was expected.`,
    ),
  };
}
