/**
 * Deliveries told once more: dead ones wait again, of others a copy with the same key is made. In bounded steps,
 * so that commits of events wait for little.
 */
import type { StoreClient } from '../store/client.ts';
import type { DeliveryState } from '../store/outbox-messages.ts';
import type { Bridge } from './bridge.ts';
import type { Roster } from './roster.ts';

export interface ReplayParts {
  readonly roster: Roster;
  readonly store: Pick<StoreClient, 'delivery' | 'replay'>;
  /** Our time, milliseconds since 1970. */
  readonly nowMs: () => number;
  readonly bridge: Pick<Bridge, 'nudge' | 'reserve'>;
}

export interface ReplayOrder {
  /** Absent: every destination in force. */
  readonly destination?: string;
  readonly delivery?: number;
  readonly fromMs?: number;
  readonly throughMs?: number;
  /** Absent: whatever came of it, but for those that wait. */
  readonly state?: Exclude<DeliveryState, 'waiting'>;
}

export type Replaying =
  | { readonly kind: 'replayed'; readonly count: number }
  | { readonly kind: 'unknown' }
  /** It is on its way: there is nothing to replay. */
  | { readonly kind: 'waiting' }
  /** Its destination is not there any more. */
  | { readonly kind: 'removed' };

/** Deliveries of one step, a transaction of its own. */
const perStep = 500;

/** Rejects with a StoreError; what was made once more by then stays so. */
export async function replay(order: ReplayOrder, parts: ReplayParts): Promise<Replaying> {
  const { roster, store } = parts;
  if (order.delivery !== undefined) {
    const detail = await store.delivery(order.delivery);
    if (detail === null) return { kind: 'unknown' };
    const { destination, state } = detail.delivery;
    if (roster.get(destination) === undefined) return { kind: 'removed' };
    if (state === 'waiting') return { kind: 'waiting' };
    return { kind: 'replayed', count: await replayAt(destination, order, parts) };
  }
  const wanted = order.destination;
  if (wanted !== undefined && roster.get(wanted) === undefined) return { kind: 'unknown' };
  const ids = wanted === undefined ? roster.all.map((each) => each.destination.id) : [wanted];
  let count = 0;
  for (const id of ids) count += await replayAt(id, order, parts);
  return { kind: 'replayed', count };
}

/** Stops when the destination is removed meanwhile. */
async function replayAt(
  id: string,
  order: ReplayOrder,
  { roster, store, nowMs, bridge }: ReplayParts,
): Promise<number> {
  const limit = order.delivery === undefined ? perStep : 1;
  let count = 0;
  for (let afterId: number | null = 0; afterId !== null;) {
    const recordFor = roster.get(id)?.destination.recordFor;
    if (recordFor === undefined) break;
    const now = Math.trunc(nowMs());
    const step: Awaited<ReturnType<typeof store.replay>> = await store.replay({
      destination: id,
      delivery: order.delivery ?? null,
      fromMs: order.fromMs ?? null,
      throughMs: order.throughMs ?? null,
      state: order.state ?? null,
      afterId,
      limit,
      firstCopyId: bridge.reserve(limit),
      nowMs: now,
      expiresMs: now + recordFor * 1_000,
    });
    count += step.count;
    if (step.count > 0) bridge.nudge(id);
    afterId = step.nextAfterId;
  }
  return count;
}
