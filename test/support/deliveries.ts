/**
 * Deliveries and destinations as the webhook room makes them, for tests of its parts.
 */
import type { Delivery } from '../../src/webhook/delivery.ts';
import { type Destination, readDestination } from '../../src/webhook/destination.ts';
import { started } from './calls.ts';

/** A record that never expires, unless said otherwise. */
export function delivery(id: number, lane: string, changes: Partial<Delivery> = {}): Delivery {
  return {
    id,
    lane,
    topic: 'call',
    class: 'record',
    about: null,
    key: `key-${id}`,
    sequence: 1,
    madeMs: id,
    expiresMs: Infinity,
    attempts: 0,
    supersedes: 'nothing',
    occurrence: { kind: 'call', event: started(id) },
    ...changes,
  };
}

/** @throws {Error} naming the problems of a table that is no destination */
export function destinationOf(table: Readonly<Record<string, unknown>>): Destination {
  const read = readDestination(table);
  if (read.kind === 'destination') return read.destination;
  throw new Error(read.problems.map(({ path, expected }) => `${path}: ${expected}`).join('; '));
}
