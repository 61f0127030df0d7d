/**
 * Destinations and deliveries as administrators see them: times in words, secrets hidden. Pure.
 */
import type {
  AttemptRow,
  DeliveryDetail,
  DeliverySummary,
  DestinationCounts,
  DestinationStateRow,
  DestinationStatus,
  StatusRow,
} from '../store/outbox-messages.ts';
import { dialects } from './dialects.ts';
import { redacted, scrubber } from './redaction.ts';
import type { Enrolled } from './roster.ts';

/** How a destination stands. */
export type Standing = Pick<StatusRow, 'status' | 'reason' | 'atMs'>;
/** The same as whoever sends says it. */
export type LiveStatus = Pick<StatusRow, 'status' | 'reason'>;

export interface ShownDestination {
  readonly id: string;
  readonly dialect: string;
  /** Where it is written, and may be changed. */
  readonly origin: 'file' | 'api';
  readonly status: DestinationStatus;
  /** Why it is not active. */
  readonly reason?: string;
  /** Since when it stands so; absent before the first attempt. ISO 8601, as all times. */
  readonly since?: string;
  readonly paused: boolean;
  /** What the dialect says of such a destination, for a person. */
  readonly note?: string;
  readonly madeAt: string;
  readonly changedAt: string;
  /** accepted = delivered + collapsed + expired + dead + waiting. */
  readonly counters: DestinationCounts;
  /** What was written, secrets hidden; may be sent back as it is. */
  readonly settings: unknown;
}

const nothingYet: DestinationCounts = {
  accepted: 0,
  waiting: 0,
  delivered: 0,
  collapsed: 0,
  expired: 0,
  dead: 0,
  attempts: 0,
  failures: 0,
};

/**
 * @param state what the store knows of it; undefined when it has never been told anything
 * @param live what whoever sends says, which is newer
 */
export function destinationView(
  { destination, origin, madeMs, changedMs }: Enrolled,
  state: DestinationStateRow | undefined,
  live: LiveStatus | undefined,
): ShownDestination {
  const { id, dialect, written } = destination;
  const scrub = scrubber(written);
  const note = dialects[dialect].note?.(destination);
  const { status, reason, atMs } = standingOf(destination.enabled, state, live);
  const { accepted, waiting, delivered, collapsed, expired, dead, attempts, failures } =
    state ?? nothingYet;
  return {
    id,
    dialect,
    origin,
    status,
    ...(reason !== null && { reason: scrub(reason) }),
    ...(atMs > 0 && { since: iso(atMs) }),
    paused: state?.paused ?? false,
    ...(note !== undefined && { note }),
    madeAt: iso(madeMs),
    changedAt: iso(changedMs),
    counters: { accepted, waiting, delivered, collapsed, expired, dead, attempts, failures },
    settings: redacted(written),
  };
}

/** What is switched off where it is written is disabled, whatever else is known of it. */
export function standingOf(
  enabled: boolean,
  state: Standing | undefined,
  live: LiveStatus | undefined,
): Standing {
  const { status, reason } = live ?? state ?? { status: 'pending', reason: null };
  // A change that is not written yet is of this moment; its time will be known when it is.
  const atMs = state?.status === status ? state.atMs : 0;
  if (!enabled) return { status: 'disabled', reason: 'it is switched off: enabled = false', atMs };
  return { status, reason, atMs };
}

export interface ShownDelivery {
  readonly id: number;
  readonly destination: string;
  readonly call?: string;
  readonly topic: string;
  readonly class: DeliverySummary['class'];
  readonly state: DeliverySummary['state'];
  readonly reason?: string;
  /** Requests so far. */
  readonly attempts: number;
  readonly key: string;
  readonly sequence: number;
  readonly madeAt: string;
  /** When it is given up. */
  readonly expiresAt: string;
  /** Of what waits: not before this. */
  readonly dueAt?: string;
  readonly settledAt?: string;
}

/** @param scrub hides the secrets of its destination in texts */
export function deliveryView(row: DeliverySummary, scrub: (text: string) => string): ShownDelivery {
  return {
    id: row.id,
    destination: row.destination,
    ...(row.callId !== null && { call: row.callId }),
    topic: row.topic,
    class: row.class,
    state: row.state,
    ...(row.reason !== null && { reason: scrub(row.reason) }),
    attempts: row.attempts,
    key: row.key,
    sequence: row.sequence,
    madeAt: iso(row.madeMs),
    expiresAt: iso(row.expiresMs),
    ...(row.state === 'waiting' && { dueAt: iso(Math.max(row.dueMs, row.madeMs)) }),
    ...(row.settledMs !== null && { settledAt: iso(row.settledMs) }),
  };
}

export interface ShownAttempt {
  readonly at: string;
  readonly durationMs: number;
  readonly url: string;
  readonly status?: number;
  readonly error?: string;
  readonly answer?: string;
}

export interface ShownDetail extends ShownDelivery {
  /** Oldest first; the last fifty. */
  readonly attemptLog: readonly ShownAttempt[];
  /** What happened, as it is kept; the request is made from it when it is sent. Null: damaged in the store. */
  readonly tells: unknown;
}

export function detailView(
  { delivery, attempts, body }: DeliveryDetail,
  scrub: (text: string) => string,
): ShownDetail {
  return {
    ...deliveryView(delivery, scrub),
    attemptLog: attempts.map((each) => attemptView(each, scrub)),
    tells: readable(body),
  };
}

function readable(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}

function attemptView(row: AttemptRow, scrub: (text: string) => string): ShownAttempt {
  return {
    at: iso(row.atMs),
    durationMs: row.durationMs,
    url: scrub(row.url),
    ...(row.status !== null && { status: row.status }),
    ...(row.error !== null && { error: row.error }),
    ...(row.answer !== null && { answer: scrub(row.answer) }),
  };
}

const latestMs = 8_640_000_000_000_000;

/** ISO 8601, UTC, with milliseconds. Never throws: a time out of range is the last there is. */
export function iso(ms: number): string {
  return new Date(Math.min(Math.max(ms, 0), latestMs)).toISOString();
}
