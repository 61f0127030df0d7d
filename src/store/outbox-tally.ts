/**
 * The counters of destinations, as they change within one transaction: collected, and written once for each
 * destination before the transaction ends. Also what is common to all who change the outbox.
 */
import type { Database } from 'better-sqlite3';
import type { DestinationCounts } from './outbox-messages.ts';

/** Changes of one destination's counters; each is added to what the database has. */
export type Moves = { -readonly [K in keyof DestinationCounts]: number };

export interface Tally {
  /** To be added to in place. */
  of(destination: string): Moves;
  /** How many wait for the destination now, changes of this transaction included. */
  waitingOf(destination: string): number;
  /** A destination that is new here is made, as `pending` since `nowMs`. */
  write(nowMs: number): void;
}

export function tallies(db: Database): () => Tally {
  const waiting = db
    .prepare<[string], number>('SELECT waiting FROM destination_states WHERE destination = ?')
    .pluck();
  const add = db.prepare(
    `INSERT INTO destination_states VALUES (?, 'pending', NULL, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET accepted = accepted + excluded.accepted,
       waiting = waiting + excluded.waiting, delivered = delivered + excluded.delivered,
       collapsed = collapsed + excluded.collapsed, expired = expired + excluded.expired,
       dead = dead + excluded.dead, attempts = attempts + excluded.attempts,
       failures = failures + excluded.failures`,
  );
  return () => {
    const all = new Map<string, Moves>();
    const before = new Map<string, number>();
    const of = (destination: string): Moves => {
      let moves = all.get(destination);
      if (moves === undefined) all.set(destination, (moves = noMoves()));
      return moves;
    };
    return {
      of,
      waitingOf(destination) {
        let count = before.get(destination);
        if (count === undefined) {
          before.set(destination, (count = waiting.get(destination) ?? 0));
        }
        return count + of(destination).waiting;
      },
      write(nowMs) {
        for (const [destination, m] of all) {
          const ends = [m.accepted, m.waiting, m.delivered, m.collapsed, m.expired, m.dead];
          add.run(destination, nowMs, ...ends, m.attempts, m.failures);
        }
      },
    };
  };
}

function noMoves(): Moves {
  const ends = { delivered: 0, collapsed: 0, expired: 0, dead: 0 };
  return { accepted: 0, waiting: 0, ...ends, attempts: 0, failures: 0 };
}

export interface LaneDue {
  /** Of one that is new: as its lane waits, it waits. */
  ofNew(lane: string, destination: string, id: number, nowMs: number): number;
  /** Of one that is made once more: now, but for earlier ones of its lane that wait. */
  ofReplayed(lane: string, destination: string, id: number, nowMs: number): number;
}

/**
 * When a delivery is due, so that none of a lane is due before an earlier one that waits. Ids mostly come in
 * order; a commit that had to be tried again, and a replay, bring one that is followed by others.
 */
export function laneDue(db: Database): LaneDue {
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
  return {
    ofNew(lane, destination, id, nowMs) {
      const follower = after.get(lane, destination, id);
      return follower ?? Math.max(nowMs, before.get(lane, destination, id) ?? nowMs);
    },
    ofReplayed(lane, destination, id, nowMs) {
      const follower = after.get(lane, destination, id) ?? nowMs;
      return Math.max(before.get(lane, destination, id) ?? 0, Math.min(nowMs, follower));
    },
  };
}

/**
 * A transaction that does not wait for the disk: should power fail right after it, it never was. What follows
 * is on the disk again when it says so, and this with it.
 */
export function withoutSync<T>(db: Database, transaction: () => T): T {
  db.exec('PRAGMA synchronous = NORMAL');
  try {
    return transaction();
  } finally {
    db.exec('PRAGMA synchronous = FULL');
  }
}
