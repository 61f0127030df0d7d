/**
 * Lets what belongs together pass one after the other, and only so many in all.
 */
export interface Turn {
  /** Resolves when those before have left. */
  readonly begins: Promise<void>;
  readonly leave: () => void;
}

export class Turnstile {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #lanes = new Map<string, { last: Promise<void>; count: number }>();
  #count = 0;

  /** @param most at one time, waiting or having their turn, in all and of one key */
  constructor(most: number, mostOfOne: number) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  /** Undefined when there are too many already; who gets a turn must leave, once. */
  enter(key: string): Turn | undefined {
    const lane = this.#lanes.get(key) ?? { last: Promise.resolve(), count: 0 };
    if (this.#count >= this.#most || lane.count >= this.#mostOfOne) return undefined;
    this.#lanes.set(key, lane);
    this.#count += 1;
    lane.count += 1;
    const begins = lane.last;
    let open: () => void = () => undefined;
    const left = new Promise<void>((resolve) => (open = resolve));
    lane.last = begins.then(() => left);
    return {
      begins,
      leave: () => {
        this.#count -= 1;
        lane.count -= 1;
        if (lane.count === 0) this.#lanes.delete(key);
        open();
      },
    };
  }
}
