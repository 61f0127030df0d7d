/**
 * The journal over the embedded store: numbers what is appended, puts it on the disk in grouped
 * commits, one at a time, and only then tells. A commit that fails is tried again until it holds.
 */
import { backoffMs, type BackoffPlan } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import { StoreError } from '../base/errors.ts';
import type { CallEvent } from '../call/event.ts';
import type { StoreClient } from '../store/client.ts';
import type { Enqueued, OutboxRows } from '../store/outbox-messages.ts';
import type { RecordingRows } from '../store/recording-messages.ts';
import type {
  Journal,
  JournalEntry,
  ReadResult,
  Remembered,
  SignalId,
  SignalMemory,
} from './journal.ts';
import { Pages } from './pages.ts';
import { remember } from './remembered.ts';
import { batchOf, eventOf, type Append, type CdrMaker, type OutboxMaker } from './rows.ts';
import { RecentSignals } from './signals.ts';

export interface EmbeddedJournalOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly cdrs: CdrMaker;
  /** Told when a commit fails, on every attempt, and with undefined when commits hold again. */
  readonly onTrouble: (trouble: StoreError | undefined) => void;
  /** Told of every commit that holds: its events, and how long it took with all repetitions. */
  readonly onCommit?: (events: number, durationMs: number) => void;
  /** Absent: nothing is delivered anywhere. */
  readonly outbox?: OutboxMaker;
  /** What of these events belongs into the books of recordings. Absent: nothing. */
  readonly recordings?: (events: readonly CallEvent[]) => RecordingRows | undefined;
}

/**
 * Most events of one commit: making them text holds up this thread for about 10 µs each, and a larger
 * commit is hardly cheaper. A single append is never divided and may exceed it.
 */
const maxEventsPerCommit = 512;
/** Bounds of one answer of `readAfter`, for the same reason: parsing a megabyte takes 5 to 10 ms. */
const maxReadEntries = 512;
const maxReadBytes = 512_000;
/**
 * From the start of one commit to that of the next, milliseconds: what comes in between shares it. A
 * commit costs the same for one event as for ten; one that finds the disk idle does not wait.
 */
const commitEveryMs = 2;
/** Pages that readers share are kept for so long after the last reading, milliseconds. */
const forgetPagesMs = 2_000;
const retry: BackoffPlan = { firstMs: 50, maxMs: 5_000 };

interface Commit {
  readonly entries: readonly JournalEntry[];
  readonly appends: readonly Append[];
}

interface Settling {
  /** Durable appends it waits for. */
  readonly appends: number;
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

export class EmbeddedJournal implements Journal, SignalMemory {
  readonly epoch: string;
  readonly #store: StoreClient;
  readonly #clock: Clock;
  readonly #cdrs: CdrMaker;
  readonly #onTrouble: (trouble: StoreError | undefined) => void;
  readonly #onCommit: EmbeddedJournalOptions['onCommit'];
  readonly #outbox: OutboxMaker | undefined;
  readonly #recordings: EmbeddedJournalOptions['recordings'];
  readonly #listeners: ((entries: readonly JournalEntry[]) => void)[] = [];
  readonly #signals = new RecentSignals();
  readonly #pages = new Pages((afterSeq, throughSeq, limit) =>
    this.#read(afterSeq, throughSeq, limit),
  );
  #forgetting: NodeJS.Timeout | undefined;
  #readAtMs = 0;
  #head: number;
  #nextSeq: number;
  #queue: Append[] = [];
  #appended = 0;
  #durable = 0;
  #settling: Settling[] = [];
  #draining = false;
  #closing = false;
  #lost: StoreError | undefined;
  #endWait: (() => void) | undefined;
  #startedMs = -Infinity;

  constructor(options: EmbeddedJournalOptions) {
    const { store, clock, cdrs, onTrouble, onCommit, outbox, recordings } = options;
    this.epoch = store.epoch;
    this.#store = store;
    this.#clock = clock;
    this.#cdrs = cdrs;
    this.#onTrouble = onTrouble;
    this.#onCommit = onCommit;
    this.#outbox = outbox;
    this.#recordings = recordings;
    this.#head = store.head;
    this.#nextSeq = store.head + 1;
  }

  get head(): number {
    return this.#head;
  }

  get pending(): number {
    return this.#nextSeq - 1 - this.#head;
  }

  append(events: readonly CallEvent[], signalIds: readonly SignalId[] = []): void {
    if (events.length === 0 && signalIds.length === 0) return;
    this.#appended += 1;
    const entries = events.map((event) => ({ seq: this.#nextSeq++, event }));
    // Nothing can be made durable any more, and the server is going down: do not hoard.
    if (this.#lost !== undefined) return;
    this.#queue.push({ entries, signalIds, seenMs: this.#clock.now() });
    this.#signals.add(signalIds);
    if (this.#draining) return;
    this.#draining = true;
    // Not at once: what the rest of this turn appends goes into the same commit.
    queueMicrotask(() => void this.#drain());
  }

  onCommitted(listener: (entries: readonly JournalEntry[]) => void): void {
    this.#listeners.push(listener);
  }

  readAfter(afterSeq: number, limit: number): Promise<ReadResult> {
    this.#readAtMs = performance.now();
    this.#forgetting ??= this.#forgetPages(forgetPagesMs);
    // What is on the disk but not yet told is told first.
    return this.#pages.readAfter(
      afterSeq,
      this.#head,
      Math.max(0, Math.min(limit, maxReadEntries)),
    );
  }

  /** Gives the pages back once nobody has read for a while. */
  #forgetPages(afterMs: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      const leftMs = this.#readAtMs + forgetPagesMs - performance.now();
      this.#forgetting = leftMs > 0 ? this.#forgetPages(leftMs) : undefined;
      if (leftMs <= 0) this.#pages.clear();
    }, afterMs);
    return timer.unref();
  }

  async #read(afterSeq: number, throughSeq: number, limit: number): Promise<ReadResult> {
    const ask = { afterSeq, throughSeq, limit, maxBytes: maxReadBytes };
    const answer = await this.#store.eventsAfter(ask);
    if (answer.kind === 'gone') return answer;
    const entries = answer.bodies.map((body, index) => ({
      seq: answer.seqs[index] ?? 0,
      event: eventOf(body),
    }));
    return { kind: 'entries', entries };
  }

  /** What the last run left; asked once, before anything is appended. */
  remember(): Promise<Remembered> {
    return remember(this.#store, this.#clock.now());
  }

  async seenSignalIds(source: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const question = this.#signals.ask(source, ids);
    try {
      return question.seen(await this.#store.knownSignalIds(source, ids));
    } finally {
      question.end();
    }
  }

  /** @throws {StoreError} STORE_UNAVAILABLE when the store is lost, or closed before it could be made durable */
  settled(): Promise<void> {
    if (this.#durable === this.#appended) return Promise.resolve();
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#settling.push({ appends: this.#appended, resolve, reject });
    });
  }

  /**
   * Makes durable and tells what was appended; the store is then free to be closed. While commits fail
   * it tries once more and gives up: what was appended since was told to nobody.
   * @throws {StoreError} as `settled`
   */
  async close(): Promise<void> {
    this.#closing = true;
    this.#endWait?.();
    await this.settled();
  }

  async #drain(): Promise<void> {
    for (;;) {
      await this.#pace();
      const commit = this.#next();
      if (commit === undefined) break;
      this.#startedMs = performance.now();
      const outbox = await this.#outbox?.rowsOf(commit.entries);
      const enqueued = await this.#commit(commit, outbox);
      if (enqueued === undefined) return;
      this.#onCommit?.(commit.entries.length, performance.now() - this.#startedMs);
      this.#tell(commit);
      if (outbox !== undefined) this.#outbox?.committed(outbox, enqueued);
    }
    this.#draining = false;
  }

  /** Waits until the last commit's start is long enough ago. */
  #pace(): Promise<void> {
    const waitMs = this.#startedMs + commitEveryMs - performance.now();
    if (waitMs <= 0 || this.#closing) return Promise.resolve();
    return new Promise((resolve) => setTimeout(resolve, waitMs));
  }

  /** Takes what has been appended; undefined when there is nothing. */
  #next(): Commit | undefined {
    let events = 0;
    let count = 0;
    for (const { entries } of this.#queue) {
      events += entries.length;
      if (count > 0 && events > maxEventsPerCommit) break;
      count += 1;
    }
    if (count === 0) return undefined;
    const appends = this.#queue.splice(0, count);
    return { appends, entries: appends.flatMap(({ entries }) => entries) };
  }

  /** Resolves when it is on the disk, with undefined when it never will be. */
  async #commit(commit: Commit, outbox: OutboxRows | undefined): Promise<Enqueued | undefined> {
    const nextSeq = commit.entries[0]?.seq ?? this.#nextSeq;
    const rows = batchOf(commit.appends, nextSeq, this.#cdrs);
    const recordings = this.#recordings?.(commit.entries.map(({ event }) => event));
    const batch = {
      ...rows,
      ...(outbox !== undefined && { outbox }),
      ...(recordings !== undefined && { recordings }),
    };
    for (let attempt = 1; ; attempt += 1) {
      try {
        const enqueued = await this.#store.commit(batch);
        if (attempt > 1) this.#onTrouble(undefined);
        return enqueued;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        this.#onTrouble(error);
        if (this.#closing || error.code !== 'STORE_COMMIT_FAILED') {
          this.#lose(error);
          return undefined;
        }
      }
      await this.#wait(backoffMs(retry, attempt, Math.random()));
    }
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#closing) return resolve();
      const timer = setTimeout(resolve, ms);
      this.#endWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #tell({ entries, appends }: Commit): void {
    this.#head = entries.at(-1)?.seq ?? this.#head;
    this.#pages.append(entries);
    this.#durable += appends.length;
    for (const { signalIds } of appends) this.#signals.settle(signalIds);
    if (entries.length > 0) for (const listener of this.#listeners) listener(entries);
    const still: Settling[] = [];
    for (const one of this.#settling) {
      if (one.appends <= this.#durable) one.resolve();
      else still.push(one);
    }
    this.#settling = still;
  }

  #lose(error: StoreError): void {
    this.#lost = error;
    for (const { reject } of this.#settling) reject(error);
    this.#settling = [];
  }
}
