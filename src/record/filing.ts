/**
 * Writes the metadata file of every ended call, after its CDR is in the books and apart from everything
 * that hurries. The books say what is still to be written, so a crash in between is made good at the
 * next start, and nothing waits in memory.
 */
import { backoffMs, type BackoffPlan } from '../base/backoff.ts';
import { StoreError } from '../base/errors.ts';
import type { StoreClient } from '../store/client.ts';
import type { PendingFileRow } from '../store/messages.ts';
import { callOf } from './cdrs.ts';
import { placeOf, syncFolder, writeMetadataFile, type MetadataFolders } from './metadata-file.ts';

export interface FilingFailure {
  readonly callId: string;
  /** What the file system said, with its code and path. */
  readonly error: Error;
}

export interface FilingOptions extends MetadataFolders {
  readonly store: Pick<StoreClient, 'pendingFiles' | 'markFiled'>;
  /** Told of each call whose file could not be written; it is tried again, and told again. */
  readonly onFailure: (failure: FilingFailure) => void;
  /** Told when the books could not be read or marked; that too is tried again. */
  readonly onTrouble: (error: StoreError) => void;
  readonly retry?: BackoffPlan;
}

/** Files under way at one time: two leave the disk to the journal. */
const concurrency = 2;
const filesPerRound = 32;
const patience: BackoffPlan = { firstMs: 1_000, maxMs: 300_000 };

export class Filing {
  readonly #options: FilingOptions;
  /** Everything up to this number has been tried in this pass. */
  #triedSeq = 0;
  /** Whether the next pass begins with the oldest again. */
  #fromStart = false;
  #failing = 0;
  /** Files that are on the disk, and attempts that failed, since the start. */
  readonly counts = { written: 0, failed: 0 };
  #attempt = 0;
  #due = false;
  #stopped = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FilingOptions) {
    this.#options = options;
  }

  /** How many files could not be written when they were last tried. */
  get failing(): number {
    return this.#failing;
  }

  /**
   * Says that calls have ended and are durable, or at start: that some may have been left. Returns at
   * once; may be called as often as one likes.
   */
  nudge(): void {
    this.#due = true;
    if (this.#stopped || this.#running !== undefined) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#due) this.nudge();
    });
  }

  /** Resolves when everything that could be written has been. */
  async idle(): Promise<void> {
    await this.#running;
  }

  /** Finishes the files under way and begins no other; the rest stays for the next start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#running;
  }

  async #run(): Promise<void> {
    try {
      while (this.#due && !this.#stopped) {
        this.#due = false;
        if (this.#fromStart) {
          this.#fromStart = false;
          this.#triedSeq = 0;
          this.#failing = 0;
        }
        while (!this.#stopped && (await this.#round()));
      }
      if (this.#failing === 0) this.#attempt = 0;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#options.onTrouble(error);
      this.#tryAgainLater();
    }
  }

  /** Writes some of what is pending; whether there may be more. */
  async #round(): Promise<boolean> {
    const { store } = this.#options;
    const rows = await store.pendingFiles(this.#triedSeq, filesPerRound);
    const last = rows.at(-1);
    if (last === undefined) return false;
    const written = await this.#write(rows);
    if (written.length > 0) await store.markFiled(written);
    this.#triedSeq = last.seq;
    if (written.length < rows.length) {
      this.#failing += rows.length - written.length;
      this.#tryAgainLater();
    }
    return true;
  }

  /** Writes the files of these calls and returns the ids of those that are on the disk. */
  async #write(rows: readonly PendingFileRow[]): Promise<readonly string[]> {
    const written: { readonly callId: string; readonly folder: string }[] = [];
    const left = rows.values();
    const writeInTurn = async (): Promise<void> => {
      for (const { callId, body, xml } of left) {
        try {
          const path = await placeOf(callOf(body), this.#options);
          written.push({ callId, folder: await writeMetadataFile(path, xml) });
        } catch (error) {
          this.#fail(callId, error);
        }
      }
    };
    await Promise.all(Array.from({ length: concurrency }, writeInTurn));
    const onDisk: string[] = [];
    // Once per folder, not per file: most calls of a round share one.
    for (const folder of new Set(written.map((one) => one.folder))) {
      const callIds = written.filter((one) => one.folder === folder).map(({ callId }) => callId);
      try {
        await syncFolder(folder);
        onDisk.push(...callIds);
        this.counts.written += callIds.length;
      } catch (error) {
        for (const callId of callIds) this.#fail(callId, error);
      }
    }
    return onDisk;
  }

  /** Whatever it is: one call's file must not keep the others from being written. */
  #fail(callId: string, error: unknown): void {
    if (!(error instanceof Error)) throw error;
    this.counts.failed += 1;
    this.#options.onFailure({ callId, error });
  }

  /** Some time from now, everything that is still pending is tried once more. */
  #tryAgainLater(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    this.#attempt += 1;
    const waitMs = backoffMs(this.#options.retry ?? patience, this.#attempt, Math.random());
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#fromStart = true;
      this.nudge();
    }, waitMs);
  }
}
