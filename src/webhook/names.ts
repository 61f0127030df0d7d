/**
 * Resolving names for many receivers without the dead ones getting in the way of the others. The system has
 * only a few threads for it, and a name whose servers are silent keeps one of them for many seconds. Pure:
 * who resolves, and the clock, are given.
 */

/** Names that are remembered as bad. */
const mostSuspects = 10_000;
/** A lookup that takes longer makes a name a suspect, milliseconds. */
const slowMs = 1_000;

/**
 * A name that is asked for several times at once is looked up once. A name whose last lookup failed or was
 * slow is a suspect: of these one is looked up at a time, those that were so least often first, all others as
 * they come. So after a moment in which nothing could be resolved, the dead ones do not hold up those that work.
 */
export class Names<Answer> {
  readonly #lookUp: (name: string) => Promise<Answer>;
  readonly #nowMs: () => number;
  readonly #underWay = new Map<string, Promise<Answer>>();
  /** How many lookups in a row failed or were slow. */
  readonly #suspects = new Map<string, number>();
  /** Suspects that wait for their turn, with what begins it. */
  readonly #waiting = new Map<string, () => void>();
  #isBusy = false;

  /** @param nowMs any clock that does not go back */
  constructor(lookUp: (name: string) => Promise<Answer>, nowMs: () => number) {
    this.#lookUp = lookUp;
    this.#nowMs = nowMs;
  }

  /** Rejects as the lookup does. */
  resolve(name: string): Promise<Answer> {
    const known = this.#underWay.get(name);
    if (known !== undefined) return known;
    const answer = this.#suspects.has(name) ? this.#inTurn(name) : this.#timed(name);
    this.#underWay.set(name, answer);
    const done = (): void => void this.#underWay.delete(name);
    answer.then(done, done);
    return answer;
  }

  async #inTurn(name: string): Promise<Answer> {
    await new Promise<void>((begin) => {
      this.#waiting.set(name, begin);
      this.#next();
    });
    try {
      return await this.#timed(name);
    } finally {
      this.#isBusy = false;
      this.#next();
    }
  }

  /** Begins the turn of the least suspect. */
  #next(): void {
    if (this.#isBusy) return;
    let least: string | undefined;
    for (const name of this.#waiting.keys()) {
      if (least === undefined || this.#countOf(name) < this.#countOf(least)) least = name;
    }
    const begin = least === undefined ? undefined : this.#waiting.get(least);
    if (least === undefined || begin === undefined) return;
    this.#waiting.delete(least);
    this.#isBusy = true;
    begin();
  }

  #countOf(name: string): number {
    return this.#suspects.get(name) ?? 0;
  }

  async #timed(name: string): Promise<Answer> {
    const beganMs = this.#nowMs();
    try {
      const answer = await this.#lookUp(name);
      if (this.#nowMs() - beganMs > slowMs) this.#suspect(name);
      else this.#suspects.delete(name);
      return answer;
    } catch (error) {
      this.#suspect(name);
      throw error;
    }
  }

  #suspect(name: string): void {
    // A suspect too many is looked up as all others are.
    if (this.#suspects.size >= mostSuspects && !this.#suspects.has(name)) return;
    this.#suspects.set(name, this.#countOf(name) + 1);
  }
}
