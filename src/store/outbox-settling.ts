/**
 * What became of deliveries: outcomes of attempts, and the status of destinations that follows from them. The
 * busiest of all writing, so a transaction takes many of them and does not wait for the disk.
 */
import type { Database } from 'better-sqlite3';
import type { AttemptRow, SettleAsk, Settlement } from './outbox-messages.ts';
import { tallies, wholeMs, withoutSync, type Tally } from './outbox-tally.ts';

/** Of each delivery; older ones go. */
const keptAttempts = 50;

export function settler(db: Database): (ask: SettleAsk) => null {
  const newTally = tallies(db);
  const settled = db.prepare<[string, number, string | null, number, number]>(
    `UPDATE deliveries SET state = ?, settled_ms = ?, reason = ?, attempts = attempts + ?
     WHERE id = ? AND state = 'waiting'`,
  );
  // What has been taken was delivered, whatever was thought of it while it was under way.
  const stateOf = db
    .prepare<[number], 'collapsed' | 'expired' | 'dead'>(
      "SELECT state FROM deliveries WHERE id = ? AND state IN ('collapsed', 'expired', 'dead')",
    )
    .pluck();
  const deliveredAfterAll = db.prepare<[number, number, number]>(
    `UPDATE deliveries SET state = 'delivered', settled_ms = ?, reason = NULL, attempts = attempts + ?
     WHERE id = ?`,
  );
  const attempted = db.prepare<[number, number]>(
    'UPDATE deliveries SET attempts = attempts + ? WHERE id = ?',
  );
  const waits = db.prepare<[number, string, string, number]>(
    `UPDATE deliveries INDEXED BY deliveries_of_lane SET due_ms = ?
     WHERE lane = ? AND destination = ? AND state = 'waiting' AND due_ms < ?`,
  );
  const keep = attemptKeeper(db);
  const setStatus = db.prepare<[string, string, string | null, number]>(
    `INSERT INTO destination_states VALUES (?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, 0, 0)
     ON CONFLICT DO UPDATE SET status = excluded.status, reason = excluded.reason,
       at_ms = excluded.at_ms`,
  );

  /** @returns whether the delivery is there at all */
  function move(one: Settlement, count: number, nowMs: number, tally: Tally): boolean {
    const { delivery: id, destination, to, reason } = one;
    if (to === 'waiting') {
      const dueMs = wholeMs(one.dueMs);
      waits.run(dueMs, one.lane, destination, dueMs);
      return attempted.run(count, id).changes > 0;
    }
    if (settled.run(to, nowMs, reason, count, id).changes > 0) {
      const moves = tally.of(destination);
      moves.waiting -= 1;
      moves[to] += 1;
      return true;
    }
    const before = to === 'delivered' ? stateOf.get(id) : undefined;
    if (before === undefined) return attempted.run(count, id).changes > 0;
    deliveredAfterAll.run(nowMs, count, id);
    const moves = tally.of(destination);
    moves[before] -= 1;
    moves.delivered += 1;
    return true;
  }

  const transaction = db.transaction(({ settlements, statuses, ...ask }: SettleAsk) => {
    const nowMs = wholeMs(ask.nowMs);
    const tally = newTally();
    for (const one of settlements) {
      const { delivery, destination, attempt } = one;
      const isThere = move(one, attempt === null ? 0 : 1, nowMs, tally);
      if (attempt === null) continue;
      if (isThere) keep(delivery, attempt);
      const moves = tally.of(destination);
      moves.attempts += 1;
      if (one.to !== 'delivered') moves.failures += 1;
    }
    tally.write(nowMs);
    for (const { destination, status, reason, atMs } of statuses) {
      setStatus.run(destination, status, reason, wholeMs(atMs));
    }
  });
  return (ask) => withoutSync(db, () => (transaction.immediate(ask), null));
}

function attemptKeeper(db: Database): (delivery: number, attempt: AttemptRow) => void {
  const last = db
    .prepare<[number], number | null>('SELECT max(number) FROM attempts WHERE delivery = ?')
    .pluck();
  const insert = db.prepare('INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  const drop = db.prepare<[number, number]>(
    'DELETE FROM attempts WHERE delivery = ? AND number <= ?',
  );
  return (delivery, { url, status, error, answer, ...attempt }) => {
    const times = [wholeMs(attempt.atMs), wholeMs(attempt.durationMs)] as const;
    const number = (last.get(delivery) ?? 0) + 1;
    insert.run(delivery, number, ...times, url, status, error, answer);
    if (number > keptAttempts) drop.run(delivery, number - keptAttempts);
  };
}
