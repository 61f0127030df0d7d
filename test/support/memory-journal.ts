/**
 * A journal in memory whose commits, reads and retention the test drives, for what depends on their
 * order. Durability is the embedded journal's.
 */
import type { CallEvent } from '../../src/call/event.ts';
import type { Journal, JournalEntry, ReadResult } from '../../src/journal/journal.ts';

export class MemoryJournal implements Journal {
  readonly epoch = 'memory01';
  readonly #entries: JournalEntry[] = [];
  readonly #listeners: ((entries: readonly JournalEntry[]) => void)[] = [];
  #head = 0;
  #oldest = 1;
  /** True: what is appended is committed in the same turn. */
  readonly #commitsAlone: boolean;
  /** Reads wait for this before they look. */
  beforeRead: () => Promise<void> = () => Promise.resolve();
  reads = 0;

  constructor({ commitsAlone = true } = {}) {
    this.#commitsAlone = commitsAlone;
  }

  get head(): number {
    return this.#head;
  }

  get pending(): number {
    return this.#entries.length - this.#head;
  }

  get entries(): readonly JournalEntry[] {
    return this.#entries.slice(0, this.#head);
  }

  append(events: readonly CallEvent[]): void {
    for (const event of events) this.#entries.push({ seq: this.#entries.length + 1, event });
    if (this.#commitsAlone) this.commit();
  }

  /** Makes up to `count` of what was appended durable, and tells of it. */
  commit(count = Infinity): void {
    const made = this.#entries.slice(this.#head, this.#head + count);
    this.#head += made.length;
    if (made.length > 0) for (const listener of this.#listeners) listener(made);
  }

  onCommitted(listener: (entries: readonly JournalEntry[]) => void): void {
    this.#listeners.push(listener);
  }

  async readAfter(afterSeq: number, limit: number): Promise<ReadResult> {
    this.reads += 1;
    await this.beforeRead();
    if (afterSeq + 1 < this.#oldest) return { kind: 'gone', oldestSeq: this.#oldest };
    const last = Math.min(this.#head, afterSeq + limit);
    return { kind: 'entries', entries: this.#entries.slice(afterSeq, last) };
  }

  /** Drops entries as retention does. */
  dropThrough(seq: number): void {
    this.#oldest = seq + 1;
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }
}
