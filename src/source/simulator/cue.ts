/**
 * The prompt book: signals waiting for their moment, the earliest first. A binary heap, because a busy
 * centre has tens of thousands of them ahead and adds to the middle all the time.
 */
import type { CallSignal } from '../../call/signal.ts';

/** One signal and when it is due, milliseconds after the start. */
export interface Cue {
  readonly offsetMs: number;
  readonly signal: CallSignal;
}

interface Entry extends Cue {
  /** Order of insertion: among cues of the same moment the one written first comes first. */
  readonly order: number;
}

function before(a: Entry, b: Entry): boolean {
  return a.offsetMs < b.offsetMs || (a.offsetMs === b.offsetMs && a.order < b.order);
}

export class PromptBook {
  readonly #heap: Entry[] = [];
  #written = 0;

  add(cue: Cue): void {
    const entry: Entry = { ...cue, order: this.#written++ };
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

  /** Takes out the earliest cue that is due at `offsetMs` or before; undefined when there is none. */
  takeUntil(offsetMs: number): Cue | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.offsetMs > offsetMs) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && last !== first) this.#sink(last);
    return { offsetMs: first.offsetMs, signal: first.signal };
  }

  /** Puts `entry` where the root was and lets it fall to its place. */
  #sink(entry: Entry): void {
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
