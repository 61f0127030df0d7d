/**
 * Lanes of the outbox: when a delivery is due beside the others of its lane, and how many may wait.
 */
import type { Database } from 'better-sqlite3';

/** Most deliveries that wait; what comes then is dead at once. */
export interface OutboxBounds {
  /** For one destination. */
  readonly waiting: number;
  /** In one lane of it: a lane that waits for a later attempt is moved as a whole, about 5 µs for each. */
  readonly lane: number;
}

/** A million are about a gigabyte. */
export const outboxBounds: OutboxBounds = { waiting: 1_000_000, lane: 10_000 };
export const tooMuchWaiting = 'too much was waiting';

export interface Lanes {
  /** When one that is new is due: as its lane waits, it waits. */
  dueOfNew(lane: string, destination: string, id: number, nowMs: number): number;
  /** When one that is made once more is due: now, but for earlier ones of its lane that wait. */
  dueOfReplayed(lane: string, destination: string, id: number, nowMs: number): number;
  /** Whether as many wait in it as may. */
  isFull(lane: string, destination: string): boolean;
}

/**
 * Lanes, in which none is due before an earlier one that waits. Ids mostly come in
 * order; a commit that had to be tried again, and a replay, bring one that is followed by others.
 */
export function lanes(db: Database, bounds: OutboxBounds): Lanes {
  const before = db
    .prepare<[string, string, number], number>(
      `SELECT due_ms FROM deliveries INDEXED BY deliveries_of_lane
       WHERE lane = ? AND destination = ? AND state = 'waiting' AND id < ? ORDER BY id DESC LIMIT 1`,
    )
    .pluck();
  const after = db
    .prepare<[string, string, number], number>(
      `SELECT due_ms FROM deliveries INDEXED BY deliveries_of_lane
       WHERE lane = ? AND destination = ? AND state = 'waiting' AND id > ? ORDER BY id LIMIT 1`,
    )
    .pluck();
  const last = db
    .prepare<[string, string, number], number>(
      `SELECT 1 FROM deliveries INDEXED BY deliveries_of_lane
       WHERE lane = ? AND destination = ? AND state = 'waiting' LIMIT 1 OFFSET ?`,
    )
    .pluck();
  return {
    dueOfNew(lane, destination, id, nowMs) {
      const follower = after.get(lane, destination, id);
      return follower ?? Math.max(nowMs, before.get(lane, destination, id) ?? nowMs);
    },
    dueOfReplayed(lane, destination, id, nowMs) {
      const follower = after.get(lane, destination, id) ?? nowMs;
      const earliestMs = Math.min(nowMs, follower);
      return Math.max(before.get(lane, destination, id) ?? earliestMs, earliestMs);
    },
    isFull: (lane, destination) => last.get(lane, destination, bounds.lane - 1) !== undefined,
  };
}
