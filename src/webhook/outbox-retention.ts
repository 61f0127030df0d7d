/**
 * Keeps the outbox within its bounds of age: what waits and has had its time ends, and what was settled long ago
 * goes. At start and from then on at intervals, in steps small enough that a commit hardly waits behind one.
 */
import type { Clock } from '../base/clock.ts';
import { StoreError } from '../base/errors.ts';
import { Rounds } from '../base/rounds.ts';
import type { StoreClient } from '../store/client.ts';

/** What one run did. */
export type OutboxRetentionReport =
  | { readonly kind: 'done'; readonly deliveries: number }
  /** It goes on at the next interval. */
  | { readonly kind: 'failed'; readonly error: StoreError };

export interface OutboxRetentionOptions {
  readonly store: Pick<StoreClient, 'retainOutbox'>;
  readonly clock: Clock;
  /** How long settled deliveries are kept, by our clock, milliseconds; 0: for ever. */
  readonly settledMaxAgeMs: number;
  readonly onReport: (report: OutboxRetentionReport) => void;
  /** Milliseconds from the end of one run to the next, > 0; five seconds when absent. */
  readonly everyMs?: number;
}

const rowsPerStep = 100;
/** Between two steps commits have the disk for themselves. */
const restMs = 10;
/**
 * Live deliveries last for seconds. A dispatcher does not tell what has expired, however late it is counted as
 * such; so this is for what people see of a destination that is down.
 */
const everyMsByDefault = 5_000;

export class OutboxRetention {
  readonly #options: OutboxRetentionOptions;
  /** Deliveries dropped, and runs that failed, since the start. */
  readonly counts = { deliveries: 0, failures: 0 };
  readonly #rounds: Rounds;

  constructor(options: OutboxRetentionOptions) {
    this.#options = options;
    this.#rounds = new Rounds(() => this.#run(), options.everyMs ?? everyMsByDefault);
  }

  /** The first run begins now. */
  start(): void {
    void this.run();
  }

  /** Runs now, or joins the run that is going on. */
  run(): Promise<void> {
    return this.#rounds.run();
  }

  /** Resolves when no step is under way. */
  stop(): Promise<void> {
    return this.#rounds.stop();
  }

  async #run(): Promise<void> {
    const { store, clock, settledMaxAgeMs, onReport } = this.#options;
    let deliveries = 0;
    try {
      for (let more = true; more && !this.#rounds.isStopped;) {
        const nowMs = clock.now();
        const settledBeforeMs = settledMaxAgeMs === 0 ? 0 : nowMs - settledMaxAgeMs;
        const step = await store.retainOutbox({ settledBeforeMs, nowMs, limit: rowsPerStep });
        deliveries += step.gone;
        this.counts.deliveries += step.gone;
        more = step.more;
        if (more) await new Promise((resolve) => setTimeout(resolve, restMs));
      }
      onReport({ kind: 'done', deliveries });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.counts.failures += 1;
      onReport({ kind: 'failed', error });
    }
  }
}
