/**
 * The ids of signals that are known to be durable, the latest ones: an answer without asking the store.
 * An id that has been forgotten here is still found there.
 */
export class RecentIds {
  readonly #ids = new Set<string>();
  readonly #limit: number;

  /** @param limit how many ids are kept, > 0 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(id: string): void {
    this.#ids.delete(id);
    this.#ids.add(id);
    if (this.#ids.size <= this.#limit) return;
    for (const oldest of this.#ids) {
      this.#ids.delete(oldest);
      break;
    }
  }

  /** True when the id is known; what is asked for is kept longer. */
  has(id: string): boolean {
    if (!this.#ids.has(id)) return false;
    this.add(id);
    return true;
  }

  get size(): number {
    return this.#ids.size;
  }
}
