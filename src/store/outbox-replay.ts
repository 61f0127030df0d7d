/**
 * Deliveries that are made once more: dead ones wait again, of others a copy is made. In bounded steps: each
 * looks at so many rows at the most, and says where the next one goes on.
 */
import type { Database } from 'better-sqlite3';
import type { DeliveryState, Replayed, ReplayAsk } from './outbox-messages.ts';
import { lanes, type OutboxBounds } from './outbox-lanes.ts';
import { tallies, wholeMs, type Tally } from './outbox-tally.ts';

interface Candidate {
  readonly id: number;
  readonly destination: string;
  readonly lane: string;
  readonly state: DeliveryState;
  readonly madeMs: number;
  readonly original: number | null;
}

/** Rows that one step looks at, where few of them are wanted. */
const mostLookedAt = 1_000;
const settledStates = ['delivered', 'collapsed', 'expired', 'dead'] as const;
const columns = 'id, destination, lane, state, made_ms AS madeMs, original';

export function replayer(db: Database, bounds: OutboxBounds): (ask: ReplayAsk) => Replayed {
  const newTally = tallies(db);
  const candidates = finder(db);
  const lane = lanes(db, bounds);
  const revive = db.prepare<[number, number, number]>(
    `UPDATE deliveries SET state = 'waiting', class = 'record', due_ms = ?, expires_ms = ?, attempts = 0,
       settled_ms = NULL, reason = NULL WHERE id = ?`,
  );
  const copy = db.prepare(
    `INSERT INTO deliveries
     SELECT ?, destination, occurrence, call_id, lane, topic, 'record', about, key, sequence, ?, ?, ?,
       'waiting', 0, NULL, NULL, id FROM deliveries WHERE id = ?`,
  );
  const setLast = db.prepare<[number]>(
    "UPDATE meta SET value = max(value, ?) WHERE key = 'last_delivery'",
  );

  function replay(row: Candidate, copyId: number, ask: ReplayAsk, tally: Tally): void {
    const { id, destination } = row;
    const nowMs = wholeMs(ask.nowMs);
    const expiresMs = wholeMs(ask.expiresMs);
    const moves = tally.of(destination);
    moves.waiting += 1;
    if (row.state === 'dead') {
      revive.run(lane.dueOfReplayed(row.lane, destination, id, nowMs), expiresMs, id);
      moves.dead -= 1;
    } else {
      copy.run(
        copyId,
        nowMs,
        expiresMs,
        lane.dueOfReplayed(row.lane, destination, copyId, nowMs),
        id,
      );
      moves.accepted += 1;
    }
  }

  const fits = (row: Candidate, tally: Tally): boolean =>
    tally.waitingOf(row.destination) < bounds.waiting && !lane.isFull(row.lane, row.destination);

  const transaction = db.transaction((ask: ReplayAsk): Replayed => {
    const tally = newTally();
    const destinations = new Set<string>();
    const { rows, throughId } = candidates(ask);
    let count = 0;
    let copyId = ask.firstCopyId;
    let nextAfterId = throughId;
    for (const row of rows) {
      if (count === ask.limit) {
        nextAfterId = row.id - 1;
        break;
      }
      if (!isMeant(row, ask) || !fits(row, tally)) continue;
      replay(row, copyId, ask, tally);
      destinations.add(row.destination);
      count += 1;
      if (row.state !== 'dead') copyId += 1;
    }
    tally.write(wholeMs(ask.nowMs));
    if (copyId > ask.firstCopyId) setLast.run(copyId - 1);
    return { count, destinations: [...destinations], nextAfterId };
  });
  return (ask) => transaction.immediate(ask);
}

function isMeant(row: Candidate, ask: ReplayAsk): boolean {
  if (row.state === 'waiting') return false;
  if (ask.destination !== null && row.destination !== ask.destination) return false;
  if (ask.state !== null && row.state !== ask.state) return false;
  if (ask.fromMs !== null && row.madeMs < ask.fromMs) return false;
  if (ask.throughMs !== null && row.madeMs > ask.throughMs) return false;
  // A copy that was delivered while later steps are still to come would be copied without end. What it tells
  // is told by its original.
  return ask.delivery !== null || row.state === 'dead' || row.original === null;
}

interface Found {
  /** Lowest ids first. */
  readonly rows: readonly Candidate[];
  /** All up to this id have been looked at; null when there are no more. */
  readonly throughId: number | null;
}

function finder(db: Database): (ask: ReplayAsk) => Found {
  const one = db.prepare<[number], Candidate>(`SELECT ${columns} FROM deliveries WHERE id = ?`);
  const all = db.prepare<[number, number], Candidate>(
    `SELECT ${columns} FROM deliveries WHERE id > ? ORDER BY id LIMIT ?`,
  );
  const ofState = db.prepare<[string, string, number, number], Candidate>(
    `SELECT ${columns} FROM deliveries
     WHERE destination = ? AND state = ? AND settled_ms IS NOT NULL AND id > ? ORDER BY id LIMIT ?`,
  );
  return ({ destination, delivery, state, afterId, limit }) => {
    if (delivery !== null) {
      const row = one.get(delivery);
      return { rows: row === undefined || row.id <= afterId ? [] : [row], throughId: null };
    }
    const most = Math.max(limit, mostLookedAt);
    const states = state === null ? settledStates : [state];
    const found =
      destination === null
        ? all.all(afterId, most)
        : states.flatMap((each) => ofState.all(destination, each, afterId, most));
    const rows = found.sort((a, b) => a.id - b.id).slice(0, most);
    return { rows, throughId: rows.length === most ? (rows.at(-1)?.id ?? null) : null };
  };
}
