/**
 * A journal in memory whose commits, reads and retention the test drives, for what depends on their
 * order. Durability is the embedded journal's.
 */
import type { CallEvent } from '../../src/call/event.ts';
import type { Journal, JournalEntry, ReadResult } from '../../src/journal/journal.ts';

export class MemoryJournal implements Journal {
  readonly epoch: string;
  /** Those that have not been dropped. */
  readonly #entries: JournalEntry[] = [];
  readonly #listeners: ((entries: readonly JournalEntry[]) => void)[] = [];
  #head = 0;
  #last = 0;
  /** How many have been dropped: the first that is left has the number after it. */
  #dropped = 0;
  /** True: what is appended is committed in the same turn. */
  readonly #commitsAlone: boolean;
  /** Reads wait for this before they look. */
  beforeRead: () => Promise<void> = () => Promise.resolve();
  reads = 0;

  constructor({ commitsAlone = true, epoch = 'memory01' } = {}) {
    this.#commitsAlone = commitsAlone;
    this.epoch = epoch;
  }

  get head(): number {
    return this.#head;
  }

  get pending(): number {
    return this.#last - this.#head;
  }

  /** What is durable and has not been dropped. */
  get entries(): readonly JournalEntry[] {
    return this.#between(this.#dropped, this.#head);
  }

  append(events: readonly CallEvent[]): void {
    for (const event of events) this.#entries.push({ seq: (this.#last += 1), event });
    if (this.#commitsAlone) this.commit();
  }

  /** Makes up to `count` of what was appended durable, and tells of it. */
  commit(count = Infinity): void {
    const made = this.#between(this.#head, this.#head + count);
    this.#head += made.length;
    if (made.length > 0) for (const listener of this.#listeners) listener(made);
  }

  onCommitted(listener: (entries: readonly JournalEntry[]) => void): void {
    this.#listeners.push(listener);
  }

  async readAfter(afterSeq: number, limit: number): Promise<ReadResult> {
    this.reads += 1;
    await this.beforeRead();
    if (afterSeq < this.#dropped) return { kind: 'gone', oldestSeq: this.#dropped + 1 };
    return {
      kind: 'entries',
      entries: this.#between(afterSeq, Math.min(this.#head, afterSeq + limit)),
    };
  }

  #between(afterSeq: number, throughSeq: number): readonly JournalEntry[] {
    return this.#entries.slice(afterSeq - this.#dropped, throughSeq - this.#dropped);
  }

  /** Drops entries as retention does. */
  dropThrough(seq: number): void {
    this.#entries.splice(0, seq - this.#dropped);
    this.#dropped = Math.max(this.#dropped, seq);
  }

  settled(): Promise<void> {
    return Promise.resolve();
  }
}
