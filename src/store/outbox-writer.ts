/**
 * Everything that changes the outbox: what is to be delivered, what became of it, and destinations.
 */
import type { Database } from 'better-sqlite3';
import type { Handlers, Writes } from './messages.ts';
import type { Enqueued, OutboxRows } from './outbox-messages.ts';

type OutboxWrites =
  | 'enqueue'
  | 'settle'
  | 'replay'
  | 'putDestination'
  | 'abandon'
  | 'dropDestination'
  | 'pause'
  | 'retainOutbox';

/** Adds deliveries within a transaction that somebody else has begun. */
export function enqueuer(db: Database): (rows: OutboxRows) => Enqueued {
  void db;
  return () => ({ held: [] });
}

export function outboxWriter(db: Database): Pick<Handlers<Writes>, OutboxWrites> {
  void db;
  const missing = (): never => {
    throw new Error('not built yet');
  };
  return {
    enqueue: missing,
    settle: missing,
    replay: missing,
    putDestination: missing,
    abandon: missing,
    dropDestination: missing,
    pause: missing,
    retainOutbox: missing,
  };
}
