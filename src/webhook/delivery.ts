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
  readonly occurrence: Occurrence;
  /** Of one that has just been made; what is read again has done it long ago. */
  readonly supersedes: NewDelivery['supersedes'];
}

/**
 * Parse door: the store holds what the planner wrote, and nobody else writes it.
 * @throws {SyntaxError} when the text was damaged on the disk
 */
export function deliveryOf(row: DueRow): Delivery {
  return { ...row, supersedes: 'nothing', occurrence: JSON.parse(row.body) as Occurrence };
}

export function itemOf({ occurrence, topic, about, key, sequence, attempts }: Delivery): Item {
  return { occurrence, topic, about: about ?? undefined, key, sequence, attempts };
}
