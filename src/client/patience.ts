/**
 * How long a line may be silent, and the sign of life that we owe while we do not read. Pure.
 */

/** The patience of either side, in intervals last announced. */
const patience = 1.5;
/** What came while we were busy lies unread when the time is over: it is read first. */
const lastLookMs = 100;
/** Whoever looks so much later than was due was asleep, as a machine or a page may be. */
const oversleptMs = 1_000;
const wakingMs = 2_000;

export class Patience {
  /** Between the server's keep-alives; undefined before the first was announced and where there are none. */
  #intervalMs: number | undefined;
  /** False until the subscribe answer: until then the deadline stands, whatever else comes. */
  #isLive = false;
  #timeoutMs = 0;
  #silentAtMs = Infinity;
  /** True when the time is over, and only what lies unread can save the line. */
  #isLast = false;
  #isPaused = false;
  #signAtMs = Infinity;

  /** A line is dialled, and has so long until it is subscribed. */
  begin(timeoutMs: number, nowMs: number): void {
    this.#isLive = false;
    this.#isPaused = false;
    this.#timeoutMs = timeoutMs;
    this.#silentAtMs = nowMs + timeoutMs;
  }

  /** @param intervalS seconds to the next keep-alive; undefined or 0 where there are none */
  announced(intervalS: number | undefined, nowMs: number): void {
    this.#isLive = true;
    this.#intervalMs = intervalS !== undefined && intervalS > 0 ? intervalS * 1_000 : undefined;
    this.heard(nowMs);
  }

  /** Something came, if only half a message. */
  heard(nowMs: number): void {
    if (!this.#isLive) return;
    this.#isLast = false;
    this.#silentAtMs = nowMs + patience * (this.#intervalMs ?? Infinity);
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** We read no more: the silence is ours, and the server must not take it for our end. */
  pause(nowMs: number): void {
    this.#isPaused = true;
    this.#signAtMs = nowMs + (this.#intervalMs ?? Infinity);
  }

  resume(nowMs: number): void {
    this.#isPaused = false;
    this.heard(nowMs);
  }

  get nextDeadlineMs(): number {
    return this.#isPaused ? this.#signAtMs : this.#silentAtMs;
  }

  /** What is due: a sign of life, giving the line up, or nothing yet. */
  look(nowMs: number): 'sign' | 'give-up' | 'wait' {
    if (nowMs < this.nextDeadlineMs) return 'wait';
    if (this.#isPaused) {
      this.#signAtMs = nowMs + (this.#intervalMs ?? Infinity);
      return 'sign';
    }
    const isLate = nowMs >= this.#silentAtMs + oversleptMs;
    if (!this.#isLive || (this.#isLast && !isLate)) return 'give-up';
    this.#isLast = true;
    this.#silentAtMs = nowMs + (isLate ? wakingMs : lastLookMs);
    return 'wait';
  }

  /** Why the line is given up, for people. */
  get silence(): string {
    if (!this.#isLive) return `no answer within ${this.#timeoutMs / 1_000} s`;
    return `silent for ${(patience * (this.#intervalMs ?? 0)) / 1_000} s`;
  }
}
