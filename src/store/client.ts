/**
 * The store as the main thread sees it: one data folder, one worker that writes, one that reads, one that
 * searches recordings, and one that folds the log into the database.
 * Nothing here waits for a disk, and nothing here knows what the texts mean.
 */
import type { StoreError } from '../base/errors.ts';
import { Conversation } from './conversation.ts';
import type {
  Batch,
  CdrSummaryRow,
  CdrText,
  EventRows,
  Folds,
  PendingFileRow,
  Reads,
  Retained,
  RetainStep,
  Searches,
  SightRow,
  TextRows,
  Writes,
} from './messages.ts';
import type {
  DeliveriesAsk,
  DeliveryDetail,
  DeliverySummary,
  DestinationRow,
  DestinationStateRow,
  DueAsk,
  DueRows,
  Enqueued,
  OutboxHead,
  OutboxRetainStep,
  OutboxRows,
  Replayed,
  ReplayAsk,
  SettleAsk,
} from './outbox-messages.ts';
import { RecordingStore } from './recording-client.ts';

export interface StoreOptions {
  /** The data folder; made if it is not there. One server per folder. */
  readonly folder: string;
  /** Called once when a worker is lost: nothing is stored any more, and the server cannot go on. */
  readonly onFailure: (error: StoreError) => void;
  /** Most pages of 8 KiB that the database may have; absent: as many as the disk holds. */
  readonly maxPages?: number;
}

/**
 * Every method rejects with STORE_UNAVAILABLE when a worker is lost. Methods that write reject with
 * STORE_COMMIT_FAILED when the database refused; nothing was changed then, and they may be tried again.
 */
export class StoreClient {
  readonly folder: string;
  /** Names the numbering; a new store has a new one. */
  readonly epoch: string;
  /** Number of the newest event when the store was opened; 0 when there was none. */
  readonly head: number;
  /** The tables of recordings. */
  readonly recordings: RecordingStore;
  readonly #writer: Conversation<Writes>;
  readonly #reader: Conversation<Reads>;
  readonly #searcher: Conversation<Searches>;
  readonly #folding: Conversation<Folds>;
  readonly #life: Life;
  #closed: Promise<void> | undefined;

  private constructor(
    folder: string,
    writer: Conversation<Writes>,
    reader: Conversation<Reads>,
    searcher: Conversation<Searches>,
    folding: Conversation<Folds>,
    life: Life,
  ) {
    this.folder = folder;
    this.epoch = writer.epoch;
    this.head = writer.head;
    this.#writer = writer;
    this.#reader = reader;
    this.#searcher = searcher;
    this.recordings = new RecordingStore(writer, searcher);
    this.#folding = folding;
    this.#life = life;
  }

  /**
   * @throws {StoreError} STORE_IN_USE when another server holds the folder, STORE_UNAVAILABLE when the
   *   folder or the database cannot be used; the message says which and what to do
   */
  static async open({ folder, onFailure, maxPages }: StoreOptions): Promise<StoreClient> {
    const life: Life = { state: 'open' };
    const lost = (error: StoreError): void => {
      if (life.state !== 'open') return;
      life.state = 'failed';
      onFailure(error);
    };
    const size = maxPages === undefined ? {} : { maxPages };
    const undo: (() => Promise<unknown>)[] = [];
    try {
      const writer = await Conversation.start<Writes>({ mode: 'write', folder, ...size }, lost);
      undo.unshift(() => writer.ask('close', null).finally(() => writer.ended()));
      const reader = await Conversation.start<Reads>({ mode: 'read', folder }, lost);
      undo.unshift(() => reader.ask('close', null).finally(() => reader.ended()));
      const searcher = await Conversation.start<Searches>({ mode: 'search', folder }, lost);
      undo.unshift(() => searcher.ask('close', null).finally(() => searcher.ended()));
      const folding = await Conversation.start<Folds>({ mode: 'fold', folder }, lost);
      return new StoreClient(folder, writer, reader, searcher, folding, life);
    } catch (error) {
      life.state = 'closed';
      for (const step of undo) await step();
      throw error;
    }
  }

  /** Resolves when the whole batch is on the disk. */
  commit(batch: Batch): Promise<Enqueued> {
    return this.#writer.ask('commit', batch);
  }

  retain(step: RetainStep): Promise<Retained> {
    return this.#writer.ask('retain', step);
  }

  /** Notes that the metadata files of these calls have been written. */
  async markFiled(callIds: readonly string[]): Promise<void> {
    await this.#writer.ask('markFiled', callIds);
  }

  /** Deliveries of what is no event of the journal; resolves when they are on the disk. */
  enqueue(rows: OutboxRows): Promise<Enqueued> {
    return this.#writer.ask('enqueue', rows);
  }

  /** What became of deliveries; a loss of power may take it back, so that they are made once more. */
  async settle(ask: SettleAsk): Promise<void> {
    await this.#writer.ask('settle', ask);
  }

  replay(ask: ReplayAsk): Promise<Replayed> {
    return this.#writer.ask('replay', ask);
  }

  async putDestination(row: DestinationRow): Promise<void> {
    await this.#writer.ask('putDestination', row);
  }

  /** Gives up what waits for a destination; @returns whether there is more than `limit` */
  abandon(ask: Writes['abandon']['ask']): Promise<boolean> {
    return this.#writer.ask('abandon', ask);
  }

  /** Forgets a destination that was made over the API; its deliveries and counters stay. */
  async dropDestination(id: string): Promise<void> {
    await this.#writer.ask('dropDestination', id);
  }

  async pause(destination: string, paused: boolean): Promise<void> {
    await this.#writer.ask('pause', { destination, paused });
  }

  retainOutbox(step: OutboxRetainStep): Promise<Writes['retainOutbox']['answer']> {
    return this.#writer.ask('retainOutbox', step);
  }

  outboxHead(): Promise<OutboxHead> {
    return this.#reader.ask('outboxHead', null);
  }

  /** What waits for a destination and is due. */
  due(ask: DueAsk): Promise<DueRows> {
    return this.#reader.ask('due', ask);
  }

  /** Destinations that were made over the API. */
  destinations(): Promise<readonly DestinationRow[]> {
    return this.#reader.ask('destinations', null);
  }

  destinationStates(): Promise<readonly DestinationStateRow[]> {
    return this.#reader.ask('destinationStates', null);
  }

  deliveries(ask: DeliveriesAsk): Promise<readonly DeliverySummary[]> {
    return this.#reader.ask('deliveries', ask);
  }

  delivery(id: number): Promise<DeliveryDetail | null> {
    return this.#reader.ask('delivery', id);
  }

  /**
   * Events with a number above `afterSeq` and up to `throughSeq`: at most `limit`, and about `maxBytes`
   * of text, but at least one if there is one.
   */
  eventsAfter(ask: Reads['eventsAfter']['ask']): Promise<EventRows> {
    return this.#reader.ask('eventsAfter', ask);
  }

  /** The last event of every call without an end, in order of their numbers. */
  openCalls(afterSeq: number, limit: number): Promise<TextRows> {
    return this.#reader.ask('openCalls', { afterSeq, limit });
  }

  /** Calls whose end was seen at or after `seenSinceMs`, newest first. */
  endedCalls(ask: Reads['endedCalls']['ask']): Promise<TextRows> {
    return this.#reader.ask('endedCalls', ask);
  }

  lostSources(): Promise<readonly SightRow[]> {
    return this.#reader.ask('lostSources', null);
  }

  /** Those of `ids` that are in the store. */
  knownSignalIds(source: string, ids: readonly string[]): Promise<readonly string[]> {
    return this.#reader.ask('knownSignalIds', { source, ids });
  }

  cdr(callId: string): Promise<CdrText | null> {
    return this.#reader.ask('cdr', callId);
  }

  /** Finished calls whose end has a number below `beforeSeq`, newest first. */
  recentCdrs(beforeSeq: number, limit: number): Promise<readonly CdrSummaryRow[]> {
    return this.#reader.ask('recentCdrs', { beforeSeq, limit });
  }

  /** Finished calls whose metadata file is still to be written, oldest first. */
  pendingFiles(afterSeq: number, limit: number): Promise<readonly PendingFileRow[]> {
    return this.#reader.ask('pendingFiles', { afterSeq, limit });
  }

  /**
   * Carries out what was asked before, folds the log into the database and lets go of the folder. Safe
   * to call twice, and after a failure.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const inOrder = this.#life.state === 'open';
    this.#life.state = 'closed';
    try {
      // The writer last: the last connection to close removes the log.
      if (inOrder) await this.#folding.ask('close', null);
      if (inOrder) await this.#searcher.ask('close', null);
      if (inOrder) await this.#reader.ask('close', null);
      if (inOrder) await this.#writer.ask('close', null);
    } finally {
      await this.#folding.ended();
      await this.#searcher.ended();
      await this.#reader.ended();
      await this.#writer.ended();
    }
  }
}

interface Life {
  state: 'open' | 'failed' | 'closed';
}
