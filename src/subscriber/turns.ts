/**
 * Shares the server's time among peers that keep it busy: so much reading in one turn of the event loop,
 * for all of them together, each in its turn. Whoever floods slows down its own kind, and nobody who
 * listens. Pure; the clock and the next turn are given in.
 */
import type { Clock } from '../base/clock.ts';

/** Does one piece, soon done, of what is to be done. @returns true when more of it waits */
export type Work = () => boolean;

/** What reading may take of one turn, milliseconds; a piece that has begun is finished. */
const budgetMs = 2;

export class Turns {
  readonly #clock: Clock;
  readonly #later: (next: () => void) => void;
  /** In the order in which they have their turns. */
  readonly #waiting = new Set<Work>();
  /** When this turn began to be used; undefined before that. */
  #sinceMs: number | undefined;

  /** @param later calls back in the next turn of the event loop */
  constructor(clock: Clock, later: (next: () => void) => void) {
    this.#clock = clock;
    this.#later = later;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Does the work piece by piece: at once while nobody waits and the turn has time, else in turn with the
   * others.
   */
  take(work: Work): void {
    if (this.#waiting.size === 0) {
      while (!this.#isSpent()) if (!work()) return;
    }
    this.#waiting.add(work);
  }

  #isSpent(): boolean {
    const nowMs = this.#clock.now();
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      this.#later(() => this.#next());
    }
    return nowMs - this.#sinceMs >= budgetMs;
  }

  #next(): void {
    this.#sinceMs = undefined;
    // A set goes on to what is added while it is gone through: that is the round.
    for (const work of this.#waiting) {
      if (this.#isSpent()) return;
      this.#waiting.delete(work);
      if (work()) this.#waiting.add(work);
    }
  }
}
