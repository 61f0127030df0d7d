/**
 * What became of deliveries, on its way to the store: gathered for a moment, written together, tried again
 * until it holds. Whoever settles hears when it is written.
 */
import { backoffMs, type BackoffPlan } from '../base/backoff.ts';
import { StoreError } from '../base/errors.ts';
import type { StoreClient } from '../store/client.ts';
import type { AttemptRow, Settlement, StatusRow } from '../store/outbox-messages.ts';
import type { Delivery } from './delivery.ts';

/**
 * What gathers within this time is written together, milliseconds: of small groups each page of the log is
 * written again and again.
 */
const gatherMs = 50;
/** Most settlements of one transaction. */
const mostAtOnce = 500;
const retry: BackoffPlan = { firstMs: 50, maxMs: 5_000 };

interface Settled {
  readonly settlement: Settlement;
  readonly written: () => void;
}

export interface SettlingOptions {
  readonly store: Pick<StoreClient, 'settle'>;
  readonly nowMs: () => number;
  /** Told when writing fails, on every attempt, and with undefined when it holds again. */
  readonly onTrouble: (error: Error | undefined) => void;
  /** Called after each writing. */
  readonly onWritten: () => void;
}

export class Settling {
  readonly #options: SettlingOptions;
  #settlements: Settled[] = [];
  #statuses = new Map<string, StatusRow>();
  #writing: Promise<void> | undefined;
  #closing = false;
  #hurry: (() => void) | undefined;

  constructor(options: SettlingOptions) {
    this.#options = options;
  }

  /** Settlements that are not written yet. */
  get size(): number {
    return this.#settlements.length;
  }

  /** @param written called once it is on its way to the disk for good */
  add(settlement: Settlement, written: () => void): void {
    this.#settlements.push({ settlement, written });
    this.#begin();
  }

  status(row: StatusRow): void {
    this.#statuses.set(row.destination, row);
    this.#begin();
  }

  /** Writes what there is; while writing fails, tries once more and gives up. */
  async close(): Promise<void> {
    this.#closing = true;
    this.#hurry?.();
    await this.#writing;
  }

  #begin(): void {
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  async #write(): Promise<void> {
    while (this.#settlements.length > 0 || this.#statuses.size > 0) {
      if (this.#settlements.length < mostAtOnce) await this.#wait(gatherMs);
      const some = this.#settlements.splice(0, mostAtOnce);
      const statuses = [...this.#statuses.values()];
      this.#statuses = new Map();
      if (!(await this.#commit(some, statuses))) return;
      for (const { written } of some) written();
      this.#options.onWritten();
    }
  }

  async #commit(some: readonly Settled[], statuses: readonly StatusRow[]): Promise<boolean> {
    const { store, nowMs, onTrouble } = this.#options;
    const settlements = some.map(({ settlement }) => settlement);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await store.settle({ settlements, statuses, nowMs: Math.trunc(nowMs()) });
        if (attempt > 1) onTrouble(undefined);
        return true;
      } catch (error) {
        if (!(error instanceof StoreError)) throw error;
        onTrouble(error);
        // What is lost here is sent once more after the next start, with the same keys.
        if (this.#closing || error.code !== 'STORE_COMMIT_FAILED') return false;
      }
      await this.#wait(backoffMs(retry, attempt, Math.random()));
    }
  }

  #wait(ms: number): Promise<void> {
    if (this.#closing) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The row of what became of a delivery; `dueMs` is to be added to one that waits. */
export function settlementOf(
  destination: string,
  { id, lane }: Pick<Delivery, 'id' | 'lane'>,
  to: Settlement['to'],
  reason: string | null,
  attempt: AttemptRow | null,
): Settlement {
  return { delivery: id, destination, lane, to, dueMs: 0, reason, attempt };
}
