/**
 * What follows from the outcome of an attempt: taken, tried again and when, or given up; and what it says of
 * the receiver. Pure: time and dice are arguments.
 */
import type { DeliveryClass } from '../store/outbox-messages.ts';
import type { Dialect } from './dialect/dialect.ts';
import type { Outcome } from './sending.ts';

export interface Attempted {
  readonly dialect: Pick<Dialect, 'isTaken' | 'isFinal'>;
  readonly class: DeliveryClass;
  /** Attempts before this one. */
  readonly attempts: number;
  /** Waits before the second, third, … attempt, milliseconds. */
  readonly retriesMs: readonly number[];
  readonly expiresMs: number;
  readonly nowMs: number;
  /** In [0, 1). */
  readonly random: number;
}

export interface Verdict {
  readonly to: 'delivered' | 'retry' | 'dead' | 'expired';
  /** Of `retry`: after how many milliseconds, jitter included. */
  readonly afterMs: number;
  /** For a person; null when it was delivered. */
  readonly reason: string | null;
  /** Whether the receiver works, as far as this attempt shows: a refusal of one request does not say it is down. */
  readonly receiver: 'works' | 'fails';
  /** How long the receiver is left alone as a whole because it asked for that, milliseconds. */
  readonly holdMs: number;
  /** The receiver has gone for good (410): the destination is disabled, and the delivery waits. */
  readonly disable: boolean;
}

export function verdictOf(outcome: Outcome, attempted: Attempted): Verdict {
  throw new Error(`not built yet: ${outcome.kind} ${attempted.class}`);
}
