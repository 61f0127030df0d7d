/**
 * What the metrics show of webhooks. What has become of deliveries is counted in the store, in the transactions
 * that change it, so it is fetched before a scrape; what comes of attempts is counted here.
 */
import type { Metrics, Reading, Sample } from '../telemetry/metrics.ts';
import type { Outcome } from '../webhook/sending.ts';
import type { Standing } from './webhooks.ts';

type WebhookReading = Pick<Reading, Extract<keyof Reading, `offhook_webhook_${string}`>>;

const states = ['waiting', 'delivered', 'collapsed', 'expired', 'dead'] as const;
const statuses = ['pending', 'active', 'error', 'disabled'] as const;

/** Attempts since the start, by what came of them: `2xx`, or the class of the failure. */
export class AttemptCounts {
  readonly #metrics: Metrics;
  readonly #counts = new Map<string, number>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** A request is over; milliseconds. */
  attempted(outcome: Outcome, durationMs: number): void {
    const answered = outcome.kind === 'answered';
    const name = answered ? `${Math.floor(outcome.status / 100)}xx` : outcome.error;
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
    this.#metrics.observe('offhook_webhook_attempt_duration_seconds', durationMs / 1_000);
  }

  /** The first request of a delivery begins, so long after it was made; milliseconds. */
  begun(lagMs: number): void {
    this.#metrics.observe('offhook_webhook_lag_seconds', Math.max(0, lagMs) / 1_000);
  }

  get samples(): Sample<'offhook_webhook_attempts_total'>[] {
    return [...this.#counts].map(([outcome, count]) => [{ outcome }, count]);
  }
}

/** @param standing as of now; undefined before it was first fetched */
export function webhookReading(
  standing: Standing | undefined,
  attempts: AttemptCounts,
): WebhookReading {
  const { destinations = [], load } = standing ?? {};
  const dialects = [...new Set(destinations.map(({ dialect }) => dialect))].sort();
  const sum = (dialect: string, name: (typeof states)[number] | 'accepted'): number =>
    destinations.reduce((all, each) => all + (each.dialect === dialect ? each.counts[name] : 0), 0);
  return {
    offhook_webhook_accepted_total: dialects.map((dialect) => [
      { dialect },
      sum(dialect, 'accepted'),
    ]),
    offhook_webhook_deliveries: dialects.flatMap((dialect) =>
      states.map((state): Sample<'offhook_webhook_deliveries'> => [
        { dialect, state },
        sum(dialect, state),
      ]),
    ),
    offhook_webhook_destinations: statuses.map((status) => [
      { status },
      destinations.filter((each) => each.isInForce && each.status === status).length,
    ]),
    offhook_webhook_attempts_total: attempts.samples,
    offhook_webhook_in_memory: load?.inMemory ?? 0,
    offhook_webhook_under_way: load?.underWay ?? 0,
    offhook_webhook_unwritten: load?.unwritten ?? 0,
  };
}
