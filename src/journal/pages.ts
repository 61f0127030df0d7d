/**
 * The stretch of the journal that many readers catch up on at once, read and parsed once for all of them:
 * ten thousand clients that come back after a restart want the same few thousand events. Pure; who owns it
 * empties it when nobody has read for a while.
 */
import type { JournalEntry, ReadResult } from './journal.ts';

/** Entries of a page, which begin behind a multiple of it. */
const pageEntries = 256;
/** Pages that are kept at most: some ten megabytes. */
const mostPages = 64;

interface Page {
  /** Up to here there was something to read when it was read. */
  readonly throughSeq: number;
  readonly read: Promise<ReadResult>;
  /** Once it has been read. */
  entries?: readonly JournalEntry[];
}

/** Reads at most `limit` entries after `afterSeq` and up to `throughSeq`; may give fewer, but not none. */
export type ReadEntries = (
  afterSeq: number,
  throughSeq: number,
  limit: number,
) => Promise<ReadResult>;

export class Pages {
  readonly #read: ReadEntries;
  readonly #pages = new Map<number, Page>();

  constructor(read: ReadEntries) {
    this.#read = read;
  }

  /** Pages that are kept now. */
  get kept(): number {
    return this.#pages.size;
  }

  /** Some entries after `afterSeq`, at most `limit`; none only when there are none up to `throughSeq`. */
  async readAfter(afterSeq: number, throughSeq: number, limit: number): Promise<ReadResult> {
    if (afterSeq >= throughSeq) return this.#read(afterSeq, throughSeq, limit);
    const page = this.#page(Math.floor(afterSeq / pageEntries), afterSeq, throughSeq);
    const result = await page.read;
    // Retention may have taken the beginning of the page, and a page of large entries is cut short.
    if (result.kind === 'gone') return this.#read(afterSeq, throughSeq, limit);
    const entries = within(result.entries, afterSeq, limit);
    return entries.length > 0
      ? { kind: 'entries', entries }
      : this.#read(afterSeq, throughSeq, limit);
  }

  /** What has just been told, in order: whoever catches up need not look for it on the disk. */
  append(told: readonly JournalEntry[]): void {
    if (this.#pages.size === 0) return;
    for (let from = 0; from < told.length;) {
      const firstSeq = told[from]?.seq ?? 0;
      const index = Math.floor((firstSeq - 1) / pageEntries);
      const more = told.slice(from, from + (index + 1) * pageEntries - firstSeq + 1);
      from += more.length;
      const isBeginning = firstSeq === index * pageEntries + 1;
      const known = isBeginning ? [] : this.#wholeUpTo(index, firstSeq - 1);
      // Not into the array: others are reading it.
      if (known !== undefined) this.#keep(index, pageOf([...known, ...more]));
    }
  }

  #wholeUpTo(index: number, seq: number): readonly JournalEntry[] | undefined {
    const entries = this.#pages.get(index)?.entries;
    return entries?.at(-1)?.seq === seq ? entries : undefined;
  }

  #keep(index: number, page: Page): void {
    this.#pages.delete(index);
    this.#pages.set(index, page);
    const [oldest] = this.#pages.keys();
    if (this.#pages.size > mostPages && oldest !== undefined) this.#pages.delete(oldest);
  }

  clear(): void {
    this.#pages.clear();
  }

  #page(index: number, afterSeq: number, throughSeq: number): Page {
    const known = this.#pages.get(index);
    const endSeq = (index + 1) * pageEntries;
    if (known !== undefined && (known.throughSeq > afterSeq || known.throughSeq >= endSeq)) {
      return known;
    }
    const through = Math.min(throughSeq, endSeq);
    const page: Page = {
      throughSeq: through,
      read: this.#read(index * pageEntries, through, pageEntries),
    };
    page.read.then(
      (result) => {
        if (result.kind === 'entries') page.entries = result.entries;
      },
      // A reading that failed is nobody else's.
      () => {
        if (this.#pages.get(index) === page) this.#pages.delete(index);
      },
    );
    this.#keep(index, page);
    return page;
  }
}

function pageOf(entries: readonly JournalEntry[]): Page {
  const throughSeq = entries.at(-1)?.seq ?? 0;
  return { throughSeq, entries, read: Promise.resolve({ kind: 'entries', entries }) };
}

/** Entries are in order and without gaps. */
function within(
  entries: readonly JournalEntry[],
  afterSeq: number,
  limit: number,
): readonly JournalEntry[] {
  const first = entries[0]?.seq ?? afterSeq + 1;
  const from = Math.max(0, afterSeq + 1 - first);
  // The array itself where it is all: who finds something in it finds it for all.
  return from === 0 && entries.length <= limit ? entries : entries.slice(from, from + limit);
}
