/**
 * Everything that is looked up in the outbox. Every answer is bounded, and found along an index.
 */
import type { Database } from 'better-sqlite3';
import type { Handlers, Reads } from './messages.ts';
import type {
  AttemptRow,
  DeliveriesAsk,
  DeliveryDetail,
  DeliverySummary,
  DestinationRow,
  DestinationStateRow,
  DueAsk,
  DueRow,
  DueRows,
} from './outbox-messages.ts';

type OutboxReads =
  'outboxHead' | 'due' | 'destinations' | 'destinationStates' | 'deliveries' | 'delivery';

const deliveryColumns = `d.id, d.destination, d.occurrence, d.lane, d.topic, d.class, d.about, d.key,
  d.sequence, d.made_ms AS madeMs, d.expires_ms AS expiresMs, d.attempts`;
const summaryColumns = `${deliveryColumns}, d.call_id AS callId, d.state, d.due_ms AS dueMs,
  d.settled_ms AS settledMs, d.reason`;
const allStates = ['waiting', 'delivered', 'collapsed', 'expired', 'dead'] as const;

export function outboxReader(db: Database): Pick<Handlers<Reads>, OutboxReads> {
  const meta = db.prepare<[string], number>('SELECT value FROM meta WHERE key = ?').pluck();
  return {
    outboxHead: () => ({
      occurrence: meta.get('last_occurrence') ?? 0,
      delivery: meta.get('last_delivery') ?? 0,
    }),
    due: dueReader(db),
    ...destinationReader(db),
    deliveries: listReader(db),
    delivery: detailReader(db),
  };
}

function dueReader(db: Database): (ask: DueAsk) => DueRows {
  // The order of a cross join is kept: what is due first, then what it tells.
  const due = db.prepare<[string, number, number], DueRow>(
    `SELECT ${deliveryColumns}, o.body FROM deliveries d INDEXED BY deliveries_due
     CROSS JOIN occurrences o ON o.id = d.occurrence
     WHERE d.destination = ? AND d.state = 'waiting' AND d.due_ms <= ?
     ORDER BY d.due_ms, d.id LIMIT ?`,
  );
  const next = db
    .prepare<[string, number], number>(
      `SELECT due_ms FROM deliveries INDEXED BY deliveries_due
       WHERE destination = ? AND state = 'waiting' AND due_ms > ? ORDER BY due_ms LIMIT 1`,
    )
    .pluck();
  const transaction = db.transaction(({ destination, nowMs, limit }: DueAsk): DueRows => ({
    rows: due.all(destination, nowMs, limit),
    nextDueMs: next.get(destination, nowMs) ?? null,
  }));
  return (ask) => transaction(ask);
}

function destinationReader(
  db: Database,
): Pick<Handlers<Reads>, 'destinations' | 'destinationStates'> {
  const destinations = db.prepare<[], DestinationRow>(
    'SELECT id, body, made_ms AS madeMs, changed_ms AS changedMs FROM destinations ORDER BY id',
  );
  const states = db.prepare<[], Omit<DestinationStateRow, 'paused'> & { paused: number }>(
    `SELECT destination, status, reason, at_ms AS atMs, paused, accepted, waiting, delivered,
       collapsed, expired, dead, attempts, failures FROM destination_states ORDER BY destination`,
  );
  return {
    destinations: () => destinations.all(),
    destinationStates: () => states.all().map((row) => ({ ...row, paused: row.paused !== 0 })),
  };
}

function listReader(db: Database): (ask: DeliveriesAsk) => readonly DeliverySummary[] {
  const from = `SELECT ${summaryColumns} FROM deliveries d`;
  const newest = db.prepare<[number, number], DeliverySummary>(
    `${from} WHERE d.id < ? ORDER BY d.id DESC LIMIT ?`,
  );
  const ofCall = db.prepare(
    `${from} WHERE d.call_id = @callId AND d.id < @beforeId
     AND (@destination IS NULL OR d.destination = @destination)
     AND (@state IS NULL OR d.state = @state) ORDER BY d.id DESC LIMIT @limit`,
  );
  const waiting = db.prepare<[string, number, number, number], DeliverySummary>(
    `${from} INDEXED BY deliveries_waiting WHERE d.destination = ? AND d.state = 'waiting'
     AND d.id < ? AND d.id > ? ORDER BY d.id DESC LIMIT ?`,
  );
  const settled = db.prepare<[string, string, number, number, number], DeliverySummary>(
    `${from} WHERE d.destination = ? AND d.state = ? AND d.settled_ms IS NOT NULL
     AND d.id < ? AND d.id > ? ORDER BY d.id DESC LIMIT ?`,
  );
  const known = db
    .prepare<[], string>('SELECT destination FROM destination_states ORDER BY destination')
    .pluck();

  /** One look per destination and state; what cannot be among the newest any more is not read. */
  function merged({ destination, state, beforeId, limit }: DeliveriesAsk): DeliverySummary[] {
    let found: DeliverySummary[] = [];
    for (const each of destination === null ? known.all() : [destination]) {
      for (const one of state === null ? allStates : [state]) {
        const afterId = found.length < limit ? 0 : (found.at(-1)?.id ?? 0);
        const rows =
          one === 'waiting'
            ? waiting.all(each, beforeId, afterId, limit)
            : settled.all(each, one, beforeId, afterId, limit);
        if (rows.length === 0) continue;
        found = [...found, ...rows].sort((a, b) => b.id - a.id).slice(0, limit);
      }
    }
    return found;
  }

  const transaction = db.transaction((ask: DeliveriesAsk): readonly DeliverySummary[] => {
    const { destination, callId, state, beforeId, limit } = ask;
    // The statement gives rows of these columns.
    if (callId !== null) return ofCall.all({ ...ask }) as DeliverySummary[];
    if (destination === null && state === null) return newest.all(beforeId, limit);
    return merged(ask);
  });
  return (ask) => transaction(ask);
}

function detailReader(db: Database): (id: number) => DeliveryDetail | null {
  const one = db.prepare<[number], DeliverySummary>(
    `SELECT ${summaryColumns} FROM deliveries d WHERE d.id = ?`,
  );
  const attempts = db.prepare<[number], AttemptRow>(
    `SELECT at_ms AS atMs, duration_ms AS durationMs, url, status, error, answer FROM attempts
     WHERE delivery = ? ORDER BY number`,
  );
  const body = db.prepare<[number], string>('SELECT body FROM occurrences WHERE id = ?').pluck();
  const transaction = db.transaction((id: number): DeliveryDetail | null => {
    const delivery = one.get(id);
    if (delivery === undefined) return null;
    return {
      delivery,
      attempts: attempts.all(id),
      body: body.get(delivery.occurrence) ?? 'null',
    };
  });
  return (id) => transaction(id);
}
