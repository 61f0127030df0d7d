/**
 * Reads from the store what waits for destinations and is not in memory, for a few of them at a time.
 */
import type { StoreClient } from '../store/client.ts';
import { deliveryOf } from './delivery.ts';
import type { Outlet } from './outlet.ts';

/** Readings at one time: each brings up to a few hundred kilobytes. */
const mostReadings = 4;
/** Before a reading that failed is tried again, milliseconds. */
const readAgainMs = 1_000;

export interface RefillsOptions {
  readonly store: Pick<StoreClient, 'due'>;
  readonly nowMs: () => number;
  readonly onFault: (error: unknown, destination: string) => void;
  /** Told after each reading. */
  readonly onRead: (outlet: Outlet) => void;
}

export class Refills {
  readonly #options: RefillsOptions;
  readonly #wanting = new Set<Outlet>();
  #readings = 0;
  #stopped = false;

  constructor(options: RefillsOptions) {
    this.#options = options;
  }

  /** Reads for the outlet if it wants that, now or when others have been read for. */
  look(outlet: Outlet): void {
    if (!outlet.wantsReading) return;
    this.#wanting.add(outlet);
    this.#begin();
  }

  forget(outlet: Outlet): void {
    this.#wanting.delete(outlet);
  }

  stop(): void {
    this.#stopped = true;
  }

  #begin(): void {
    for (const outlet of this.#wanting) {
      if (this.#readings >= mostReadings || this.#stopped) return;
      this.#wanting.delete(outlet);
      if (!outlet.wantsReading) continue;
      this.#readings += 1;
      const limit = outlet.beginReading();
      void this.#read(outlet, limit).finally(() => {
        this.#readings -= 1;
        this.#begin();
        this.#options.onRead(outlet);
      });
    }
  }

  async #read(outlet: Outlet, limit: number): Promise<void> {
    const { store, nowMs, onFault } = this.#options;
    const destination = outlet.destination.id;
    try {
      const ask = { destination, nowMs: Math.trunc(nowMs()), limit };
      const { rows, nextDueMs } = await store.due(ask);
      const ids = rows.map(({ id }) => id);
      // While much is sent, most of what is read is known, and a call of it is not put together again.
      const fresh = rows.filter(({ id }) => !outlet.lanes.knows(id)).map(deliveryOf);
      outlet.endReading(ids, fresh, rows.length < limit, nextDueMs ?? undefined);
    } catch (error) {
      onFault(error, destination);
      outlet.failReading(nowMs() + readAgainMs);
    }
  }
}
