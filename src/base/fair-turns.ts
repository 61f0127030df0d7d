/**
 * Work that costs much, a few pieces at a time: the others wait in turns, one of each who waits before the
 * second of anybody. When no more may wait, whoever has most waiting gives way to who has none. Pure.
 */

export interface TurnBounds {
  /** Pieces under way at one time, at least 1. */
  readonly atOnce: number;
  /** Pieces that wait, over all. */
  readonly waiting: number;
}

interface Waiting {
  begin(): void;
  giveUp(): void;
}

export class FairTurns {
  readonly #bounds: TurnBounds;
  /** Those who wait, each with what waits; whose turn is next comes first. */
  readonly #lines = new Map<string, Waiting[]>();
  #underWay = 0;
  #waiting = 0;

  constructor(bounds: TurnBounds) {
    this.#bounds = bounds;
  }

  get underWay(): number {
    return this.#underWay;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /**
   * Has the work done when its turn has come; rejects as it does.
   * @returns undefined when too much waits, and nothing was begun
   */
  async take<T>(who: string, work: () => Promise<T>): Promise<T | undefined> {
    if (!(await this.#turn(who))) return undefined;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      this.#next();
    }
  }

  /** Resolves when it is the turn of `who`, or with false when it never will be. */
  #turn(who: string): Promise<boolean> {
    if (this.#underWay < this.#bounds.atOnce) {
      this.#underWay += 1;
      return Promise.resolve(true);
    }
    if (this.#waiting >= this.#bounds.waiting && !this.#makeRoom(who)) {
      return Promise.resolve(false);
    }
    return new Promise((resolve) => {
      const line = this.#lines.get(who) ?? [];
      line.push({ begin: () => resolve(true), giveUp: () => resolve(false) });
      this.#lines.set(who, line);
      this.#waiting += 1;
    });
  }

  #next(): void {
    const [first] = this.#lines;
    if (first === undefined) return;
    const [who, line] = first;
    const one = line.shift();
    this.#lines.delete(who);
    if (line.length > 0) this.#lines.set(who, line);
    this.#waiting -= 1;
    this.#underWay += 1;
    one?.begin();
  }

  /** Who came last of the longest line gives way, if somebody else's line is shorter by more than one. */
  #makeRoom(who: string): boolean {
    let longest: Waiting[] = [];
    for (const line of this.#lines.values()) if (line.length > longest.length) longest = line;
    if (longest.length <= (this.#lines.get(who)?.length ?? 0) + 1) return false;
    longest.pop()?.giveUp();
    this.#waiting -= 1;
    return true;
  }
}
