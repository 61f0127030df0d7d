/**
 * How often something may happen: so many a second, and so many at once after a rest. Pure; time is given
 * in, and three numbers are all it keeps.
 */

export interface Rate {
  /** Times a second; 0: as often as one likes. */
  readonly perSecond: number;
  /** How many may come at once, at least 1. */
  readonly burst: number;
}

export class Bucket {
  #left: number;
  #atMs: number;

  constructor(rate: Rate, nowMs: number) {
    this.#left = rate.burst;
    this.#atMs = nowMs;
  }

  /** Takes one, if one is left. */
  take(rate: Rate, nowMs: number): boolean {
    if (rate.perSecond === 0) return true;
    this.#fill(rate, nowMs);
    if (this.#left < 1) return false;
    this.#left -= 1;
    return true;
  }

  /** Takes more than there may be: what it cost is known only afterwards. */
  spend(rate: Rate, count: number, nowMs: number): void {
    if (rate.perSecond === 0) return;
    this.#fill(rate, nowMs);
    this.#left -= count;
  }

  /** Milliseconds until one is left; 0 when one is. */
  waitMs(rate: Rate, nowMs: number): number {
    if (rate.perSecond === 0) return 0;
    this.#fill(rate, nowMs);
    return this.#left >= 1 ? 0 : Math.ceil(((1 - this.#left) / rate.perSecond) * 1_000);
  }

  /** True when it is as if nothing had ever been taken. */
  isFull(rate: Rate, nowMs: number): boolean {
    this.#fill(rate, nowMs);
    return this.#left >= rate.burst;
  }

  #fill(rate: Rate, nowMs: number): void {
    const gained = (Math.max(0, nowMs - this.#atMs) / 1_000) * rate.perSecond;
    this.#left = Math.min(rate.burst, this.#left + gained);
    this.#atMs = nowMs;
  }
}
