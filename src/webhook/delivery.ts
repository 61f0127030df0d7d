/**
 * A delivery in memory, ready to be sent: its row, with the occurrence it tells.
 */
import type { DueRow, NewDelivery } from '../store/outbox-messages.ts';
import type { Item } from './dialect/dialect.ts';
import type { Occurrence } from './occurrence.ts';

export interface Delivery extends Pick<
  NewDelivery,
  'id' | 'lane' | 'topic' | 'class' | 'key' | 'sequence' | 'expiresMs'
> {
  readonly about: string | null;
  readonly madeMs: number;
  readonly attempts: number;
  /** Undefined when its text was damaged on the disk: it cannot be told. */
  readonly occurrence: Occurrence | undefined;
  /** Of one that has just been made; what is read again has done it long ago. */
  readonly supersedes: NewDelivery['supersedes'];
}

export function deliveryOf({ body, ...row }: DueRow): Delivery {
  return { ...row, supersedes: 'nothing', occurrence: occurrenceIn(body) };
}

/** Parse door: the store holds what the planner wrote, and nobody else writes it. */
function occurrenceIn(body: string): Occurrence | undefined {
  try {
    return JSON.parse(body) as Occurrence;
  } catch {
    return undefined;
  }
}

/** @throws {SyntaxError} when what it tells was damaged on the disk */
export function itemOf({ occurrence, topic, about, key, sequence, attempts }: Delivery): Item {
  if (occurrence === undefined) throw new SyntaxError('what happened is damaged in the store');
  return { occurrence, topic, about: about ?? undefined, key, sequence, attempts };
}
