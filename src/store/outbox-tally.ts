/**
 * The counters of destinations, as they change within one transaction: collected, and written once for each
 * destination before the transaction ends. With it what else is common to transactions of the outbox.
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

/** A time as a column takes it: whole, and finite, whatever clock or arithmetic it comes from. */
export function wholeMs(ms: number): number {
  const most = Number.MAX_SAFE_INTEGER;
  // Adding 0 makes a negative zero an ordinary one.
  return Number.isNaN(ms) ? 0 : Math.trunc(Math.max(-most, Math.min(most, ms))) + 0;
}
