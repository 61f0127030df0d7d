/**
 * Work that is done again and again, one round at a time, with a rest between two of them: retention and the
 * like. Knows nothing of what the work is.
 */

export class Rounds {
  readonly #round: () => Promise<void>;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;
  #stopped = false;

  /**
   * @param round one round of it; never rejects, and ends early when `isStopped`
   * @param everyMs from the end of one round to the next, milliseconds, > 0
   */
  constructor(round: () => Promise<void>, everyMs: number) {
    this.#round = round;
    this.#everyMs = everyMs;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  /** Begins a round now, or joins the one that is going on. */
  run(): Promise<void> {
    clearTimeout(this.#timer);
    this.#running ??= this.#round().finally(() => {
      this.#running = undefined;
      if (!this.#stopped) this.#timer = setTimeout(() => void this.run(), this.#everyMs);
    });
    return this.#running;
  }

  /** Resolves when nothing is under way; nothing begins any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }
}
