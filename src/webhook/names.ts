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
 * slow is a suspect: of these one is looked up at a time, all others as they come.
 */
export class Names<Answer> {
  readonly #lookUp: (name: string) => Promise<Answer>;
  readonly #nowMs: () => number;
  readonly #underWay = new Map<string, Promise<Answer>>();
  readonly #suspects = new Set<string>();
  /** The end of the queue of suspects. */
  #last: Promise<unknown> = Promise.resolve();

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

  #inTurn(name: string): Promise<Answer> {
    const answer = this.#last.then(() => this.#timed(name));
    this.#last = answer.catch(() => undefined);
    return answer;
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
    if (this.#suspects.size < mostSuspects) this.#suspects.add(name);
  }
}
