/**
 * An outbox on a real database, and rows for it in few words.
 */
import type SQLite from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { openForReading, openForWriting } from '../../src/store/database.ts';
import type {
  AttemptRow,
  DeliveriesAsk,
  DestinationStateRow,
  NewDelivery,
  OccurrenceRow,
  OutboxRows,
  ReplayAsk,
  Settlement,
} from '../../src/store/outbox-messages.ts';
import { outboxReader } from '../../src/store/outbox-reader.ts';
import { outboxBounds, type OutboxBounds } from '../../src/store/outbox-lanes.ts';
import { outboxWriter } from '../../src/store/outbox-writer.ts';
import { newFolder } from '../support/data-folder.ts';

export const attempt: AttemptRow = {
  atMs: 5,
  durationMs: 2,
  url: 'https://receiver.example/',
  status: 500,
  error: null,
  answer: 'no',
};

export function occurrence(id: number, over: Partial<OccurrenceRow> = {}): OccurrenceRow {
  return { id, key: `o${id}`, callId: 'c1', atMs: id, body: `{"n":${id}}`, ...over };
}

/** A delivery of the occurrence of its own id. */
export function delivery(id: number, over: Partial<NewDelivery> = {}): NewDelivery {
  const which = { id, destination: 'd1', occurrence: id, lane: 'c1', topic: 'start' };
  const what = { class: 'live', about: null, key: `o${id}`, sequence: id } as const;
  return { ...which, ...what, madeMs: 100, expiresMs: 1_000, supersedes: 'nothing', ...over };
}

/** These deliveries, each with an occurrence of its own. */
export function rows(...deliveries: readonly NewDelivery[]): OutboxRows {
  return {
    occurrences: deliveries.map((one) =>
      occurrence(one.occurrence, { callId: one.lane.startsWith('c') ? one.lane : null }),
    ),
    deliveries,
  };
}

export async function newOutbox(bounds: Partial<OutboxBounds> = {}) {
  const folder = await newFolder();
  const db = openForWriting(folder);
  const readonly = openForReading(folder);
  onTestFinished(() => {
    readonly.close();
    db.close();
  });
  return outboxOf(db, readonly, bounds);
}

export function outboxOf(
  db: SQLite.Database,
  readonly: SQLite.Database,
  bounds: Partial<OutboxBounds> = {},
) {
  const write = outboxWriter(db, { ...outboxBounds, ...bounds });
  const read = outboxReader(readonly);
  return {
    db,
    write,
    read,
    add: (...deliveries: readonly NewDelivery[]) => write.enqueue(rows(...deliveries)).held,
    settle(id: number, to: Settlement['to'], over: Partial<Settlement> = {}, nowMs = 200) {
      const which = { delivery: id, destination: 'd1', lane: 'c1', to };
      const reason = to === 'delivered' ? null : 'it said no';
      const one = { ...which, dueMs: 0, reason, attempt, ...over };
      write.settle({ settlements: [one], statuses: [], nowMs });
    },
    replay: (over: Partial<ReplayAsk> = {}) =>
      write.replay({
        ...{ destination: null, delivery: null, fromMs: null, throughMs: null, state: null },
        ...{ afterId: 0, limit: 100, firstCopyId: 1_000, nowMs: 300, expiresMs: 9_000 },
        ...over,
      }),
    list: (over: Partial<DeliveriesAsk> = {}) =>
      read.deliveries({
        ...{ destination: null, callId: null, state: null, beforeId: 1e9, limit: 100 },
        ...over,
      }),
    /** Ids that are due, and when the next one is. */
    due(nowMs: number, destination = 'd1', limit = 100) {
      const found = read.due({ destination, nowMs, limit });
      return { ids: found.rows.map(({ id }) => id), next: found.nextDueMs };
    },
    state(id: number) {
      const found = read.delivery(id)?.delivery;
      return found === undefined ? undefined : `${found.state} ${found.dueMs}`;
    },
    /** Counters in a few words. */
    counts(destination = 'd1'): Partial<DestinationStateRow> {
      const found = read.destinationStates(null).find((one) => one.destination === destination);
      if (found === undefined) throw new Error(`nothing is known of ${destination}`);
      const { accepted, waiting, delivered, collapsed, expired, dead } = found;
      return { accepted, waiting, delivered, collapsed, expired, dead };
    },
  };
}
