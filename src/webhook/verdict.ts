/**
 * What follows from the outcome of an attempt: taken, tried again and when, or given up; and what it says of
 * the receiver. Pure: time and dice are arguments.
 */
import type { DeliveryClass } from '../store/outbox-messages.ts';
import type { Dialect } from './dialect/dialect.ts';
import { jittered } from './jitter.ts';
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

/** Up to this the last wait grows for what is a record, milliseconds; a longer one that is configured stays. */
const longestGrownMs = 3_600_000;
/** For records of a destination that has no waits at all, milliseconds. */
const onlyWaitMs = 30_000;

export function verdictOf(outcome: Outcome, attempted: Attempted): Verdict {
  const { dialect } = attempted;
  if (outcome.kind === 'failed') {
    // Nothing was sent, and nothing better will be the next time. It says nothing against the receiver.
    if (outcome.error === 'request') return givenUp('dead', outcome.detail, 'works', 0);
    return again(attempted, outcome.detail, 'fails', 0);
  }
  const { status, answer } = outcome;
  if (dialect.isTaken(status)) {
    return {
      to: 'delivered',
      afterMs: 0,
      reason: null,
      receiver: 'works',
      holdMs: 0,
      disable: false,
    };
  }
  const said = answer === '' ? `answered ${status}` : `answered ${status}: ${answer}`;
  if (status === 410) {
    const reason = `${said}; the receiver has gone for good`;
    const afterMs = jittered(waitMs(attempted) ?? onlyWaitMs, attempted.random);
    return { to: 'retry', afterMs, reason, receiver: 'works', holdMs: 0, disable: true };
  }
  const holdMs = outcome.retryAfterMs ?? 0;
  const receiver = isTrouble(status) ? 'fails' : 'works';
  if (dialect.isFinal(status)) return givenUp('dead', said, receiver, holdMs);
  return again(attempted, said, receiver, holdMs);
}

/** Answers that say more of the receiver than of the request. */
function isTrouble(status: number): boolean {
  return status >= 500 || status === 429 || status === 408;
}

/** Tried again, unless its tries or its time are used up. */
function again(
  attempted: Attempted,
  said: string,
  receiver: Verdict['receiver'],
  holdMs: number,
): Verdict {
  const { nowMs, expiresMs, random, class: kind } = attempted;
  const isLive = kind === 'live';
  const tries = attempted.attempts + 1;
  const tried = `tried ${tries === 1 ? 'once' : `${tries} times`}; ${said}`;
  const wait = waitMs(attempted);
  const over = isLive ? 'expired' : 'dead';
  if (wait === undefined || nowMs >= expiresMs) return givenUp(over, tried, receiver, holdMs);
  const afterMs = Math.max(jittered(wait, random), holdMs);
  // A record waits until its time is over; something live would be told too late.
  if (isLive && nowMs + afterMs >= expiresMs) return givenUp(over, tried, receiver, holdMs);
  return { to: 'retry', afterMs, reason: said, receiver, holdMs, disable: false };
}

/** The wait before the next attempt, without jitter; undefined when there is none. */
function waitMs({ class: kind, attempts, retriesMs }: Attempted): number | undefined {
  const wait = retriesMs[attempts];
  if (wait !== undefined || kind === 'live') return wait;
  const last = retriesMs.at(-1) ?? onlyWaitMs;
  // A wait of nothing would stay nothing however often it doubles.
  const grown = Math.max(last, 1_000) * 2 ** Math.min(attempts - retriesMs.length + 1, 30);
  return Math.max(last, Math.min(grown, longestGrownMs));
}

function givenUp(
  to: 'dead' | 'expired',
  reason: string,
  receiver: Verdict['receiver'],
  holdMs: number,
): Verdict {
  return { to, afterMs: 0, reason, receiver, holdMs, disable: false };
}
