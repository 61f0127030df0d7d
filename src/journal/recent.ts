/**
 * The last entries that were told, still as values: whoever comes back after a restart or a short absence
 * misses just these, and thousands may come at once. Bounded by their number. Pure.
 */
import type { JournalEntry } from './journal.ts';

export class RecentEntries {
  readonly #limit: number;
  /** In order and without gaps; twice as many as needed at most, so that dropping is rare. */
  #entries: JournalEntry[] = [];

  /** @param limit how many are kept at least, once there were as many; > 0 */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes what was told, in order. */
  add(entries: readonly JournalEntry[]): void {
    for (const entry of entries) this.#entries.push(entry);
    if (this.#entries.length > 2 * this.#limit) this.#entries = this.#entries.slice(-this.#limit);
  }

  /** Up to `limit` entries with a number above `afterSeq`; undefined when not all of them are here. */
  after(afterSeq: number, limit: number): readonly JournalEntry[] | undefined {
    const firstSeq = this.#entries[0]?.seq;
    if (firstSeq === undefined || afterSeq < firstSeq - 1) return undefined;
    const start = afterSeq - firstSeq + 1;
    return this.#entries.slice(start, start + limit);
  }
}
