/**
 * Everything that is looked up in the outbox.
 */
import type { Database } from 'better-sqlite3';
import type { Handlers, Reads } from './messages.ts';

type OutboxReads =
  'outboxHead' | 'due' | 'destinations' | 'destinationStates' | 'deliveries' | 'delivery';

export function outboxReader(db: Database): Pick<Handlers<Reads>, OutboxReads> {
  void db;
  const missing = (): never => {
    throw new Error('not built yet');
  };
  return {
    outboxHead: missing,
    due: missing,
    destinations: missing,
    destinationStates: missing,
    deliveries: missing,
    delivery: missing,
  };
}
