/**
 * Things waiting for their moment, the earliest first. A binary heap, because a busy centre has tens of
 * thousands of signals ahead of it and adds to the middle all the time.
 */
export interface Timed<T> {
  /** Milliseconds after the start. */
  readonly offsetMs: number;
  readonly item: T;
}

interface Entry<T> extends Timed<T> {
  /** Order of insertion: of two things at the same moment the one added first comes first. */
  readonly order: number;
}

function before(a: Entry<unknown>, b: Entry<unknown>): boolean {
  return a.offsetMs < b.offsetMs || (a.offsetMs === b.offsetMs && a.order < b.order);
}

export class Timeline<T> {
  readonly #heap: Entry<T>[] = [];
  #added = 0;

  get size(): number {
    return this.#heap.length;
  }

  add(offsetMs: number, item: T): void {
    const entry: Entry<T> = { offsetMs, item, order: this.#added++ };
    let at = this.#heap.length;
    this.#heap.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = this.#heap[parentAt];
      if (parent === undefined || !before(entry, parent)) break;
      this.#heap[at] = parent;
      at = parentAt;
    }
    this.#heap[at] = entry;
  }

  /** Takes out the earliest thing that is due at `offsetMs` or before; undefined when there is none. */
  takeUntil(offsetMs: number): Timed<T> | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.offsetMs > offsetMs) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return first;
  }

  /** Puts `entry` where the root was and lets it fall to its place. */
  #sink(entry: Entry<T>): void {
    let at = 0;
    for (;;) {
      const left = this.#heap[2 * at + 1];
      if (left === undefined) break;
      const right = this.#heap[2 * at + 2];
      const isRight = right !== undefined && before(right, left);
      const child = isRight ? right : left;
      if (!before(child, entry)) break;
      this.#heap[at] = child;
      at = 2 * at + (isRight ? 2 : 1);
    }
    this.#heap[at] = entry;
  }
}
