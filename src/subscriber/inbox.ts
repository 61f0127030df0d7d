/**
 * What has come from one client and waits for its turn: in order, bounded, and at the pace that the client
 * may have. Nothing of it is dropped; who asks too often is answered later.
 */
import { Bucket, type Rate } from '../access/bucket.ts';

/** Documents of one client that may wait for their turn; beyond it, the client is not read. */
const mostWaiting = 64;
/** An answer counts as one document more for each so many bytes of it. */
const answerBytesPerDocument = 16 * 1024;

export class Inbox<T> {
  readonly #rate: Rate;
  readonly #pace: Bucket;
  #waiting: T[] = [];
  #resumeAtMs = Infinity;

  /** @param documentRate documents a second, twice as many at once; 0: as they come */
  constructor(documentRate: number, nowMs: number) {
    this.#rate = { perSecond: documentRate, burst: Math.max(1, 2 * documentRate) };
    this.#pace = new Bucket(this.#rate, nowMs);
  }

  /** When to go on with what waits, where the pace holds it back; else Infinity. */
  get resumeAtMs(): number {
    return this.#resumeAtMs;
  }

  /** True when no more is to be read for now. */
  get isFull(): boolean {
    return this.#waiting.length >= mostWaiting || this.#resumeAtMs !== Infinity;
  }

  push(item: T): void {
    this.#waiting.push(item);
  }

  /** What is to be served now; undefined when nothing waits, or the pace holds it back. */
  next(nowMs: number): T | undefined {
    this.#resumeAtMs = Infinity;
    if (this.#waiting.length === 0) return undefined;
    if (this.#pace.take(this.#rate, nowMs)) return this.#waiting.shift();
    this.#resumeAtMs = nowMs + this.#pace.waitMs(this.#rate, nowMs);
    return undefined;
  }

  /** An answer of so many bytes was made. */
  answered(bytes: number, nowMs: number): void {
    const documents = Math.floor(bytes / answerBytesPerDocument);
    if (documents > 0) this.#pace.spend(this.#rate, documents, nowMs);
  }

  /** Nobody will be served any more. */
  clear(): void {
    this.#waiting = [];
    this.#resumeAtMs = Infinity;
  }
}
