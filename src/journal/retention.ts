/**
 * Keeps the store within its bounds of age and size: at start and from then on at intervals, in steps
 * small enough that a commit hardly waits behind one. Files of metadata and media are never touched.
 */
import type { Clock } from '../base/clock.ts';
import { StoreError } from '../base/errors.ts';
import { Rounds } from '../base/rounds.ts';
import type { StoreClient } from '../store/client.ts';
import type { RetainStep } from '../store/messages.ts';

/** Zero means "no bound" throughout. Ages count from when we saw the event, by our clock. */
export interface RetentionSettings {
  /** Age of events, milliseconds. The last event of a call without an end stays however old it is. */
  readonly eventsMaxAgeMs: number;
  /** Sum of all event texts, bytes; the oldest go first. The database file is about a third larger, and holds the CDRs besides. */
  readonly eventsMaxBytes: number;
  /** Age of CDRs, milliseconds. */
  readonly cdrsMaxAgeMs: number;
  /** How long a signal id is remembered, milliseconds. */
  readonly signalIdsMaxAgeMs: number;
}

/** What one run did. */
export type RetentionReport =
  | {
      readonly kind: 'done';
      readonly events: number;
      readonly cdrs: number;
      readonly signalIds: number;
    }
  /** It goes on at the next interval. */
  | { readonly kind: 'failed'; readonly error: StoreError };

export interface RetentionOptions {
  readonly store: StoreClient;
  readonly clock: Clock;
  readonly settings: RetentionSettings;
  readonly onReport: (report: RetentionReport) => void;
  /** Milliseconds from the end of one run to the next, > 0; one minute when absent. */
  readonly everyMs?: number;
}

const rowsPerStep = 100;
/** Between two steps commits have the disk for themselves. */
const restMs = 10;

export class Retention {
  readonly #options: RetentionOptions;
  /** Rows dropped, and runs that failed, since the start. */
  readonly counts = { events: 0, cdrs: 0, signalIds: 0, failures: 0 };
  readonly #rounds: Rounds;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#rounds = new Rounds(() => this.#run(), options.everyMs ?? 60_000);
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
    const sum = { events: 0, cdrs: 0, signalIds: 0 };
    try {
      for (let more = true; more && !this.#rounds.isStopped;) {
        const step = await this.#options.store.retain(this.#step());
        sum.events += step.events;
        sum.cdrs += step.cdrs;
        sum.signalIds += step.signalIds;
        this.counts.events += step.events;
        this.counts.cdrs += step.cdrs;
        this.counts.signalIds += step.signalIds;
        more = step.more;
        if (more) await new Promise((resolve) => setTimeout(resolve, restMs));
      }
      this.#options.onReport({ kind: 'done', ...sum });
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.counts.failures += 1;
      this.#options.onReport({ kind: 'failed', error });
    }
  }

  #step(): RetainStep {
    const { settings, clock } = this.#options;
    const nowMs = clock.now();
    const before = (maxAgeMs: number): number | null => (maxAgeMs === 0 ? null : nowMs - maxAgeMs);
    return {
      eventsSeenBeforeMs: before(settings.eventsMaxAgeMs),
      maxEventBytes: settings.eventsMaxBytes === 0 ? null : settings.eventsMaxBytes,
      cdrsSeenBeforeMs: before(settings.cdrsMaxAgeMs),
      signalIdsSeenBeforeMs: before(settings.signalIdsMaxAgeMs),
      limit: rowsPerStep,
    };
  }
}
