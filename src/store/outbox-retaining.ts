/**
 * What ends without an attempt: deliveries whose time is over, those that are given up with their destination,
 * and settled ones that have been kept for long enough. In small steps, so that a commit hardly waits behind one.
 */
import type { Database } from 'better-sqlite3';
import type { Writes } from './messages.ts';
import type { DeliveryClass, OutboxRetainStep } from './outbox-messages.ts';
import { tallies, wholeMs, withoutSync, type Tally } from './outbox-tally.ts';

export const triedForTooLong = 'tried for too long';
export const outOfDate = 'its time was over';

export function outboxRetainer(
  db: Database,
): (step: OutboxRetainStep) => Writes['retainOutbox']['answer'] {
  const newTally = tallies(db);
  const over = db.prepare<
    [number, number],
    { id: number; destination: string; class: DeliveryClass }
  >(
    `SELECT id, destination, class FROM deliveries WHERE state = 'waiting' AND expires_ms < ?
     ORDER BY expires_ms LIMIT ?`,
  );
  const end = db.prepare<[string, number, string, number]>(
    'UPDATE deliveries SET state = ?, settled_ms = ?, reason = ? WHERE id = ?',
  );
  const old = db.prepare<[number, number], { id: number; occurrence: number }>(
    `SELECT id, occurrence FROM deliveries WHERE settled_ms IS NOT NULL AND settled_ms < ?
     ORDER BY settled_ms LIMIT ?`,
  );
  const dropAttempts = db.prepare<[number]>('DELETE FROM attempts WHERE delivery = ?');
  const dropDelivery = db.prepare<[number]>('DELETE FROM deliveries WHERE id = ?');
  const dropOccurrence = db.prepare<[number, number]>(
    `DELETE FROM occurrences WHERE id = ?
     AND NOT EXISTS (SELECT 1 FROM deliveries WHERE occurrence = ?)`,
  );

  function expire(nowMs: number, limit: number, tally: Tally): number {
    const rows = over.all(nowMs, limit);
    for (const row of rows) {
      const isLive = row.class === 'live';
      const moves = tally.of(row.destination);
      end.run(isLive ? 'expired' : 'dead', nowMs, isLive ? outOfDate : triedForTooLong, row.id);
      moves.waiting -= 1;
      moves[isLive ? 'expired' : 'dead'] += 1;
    }
    return rows.length;
  }

  function drop({ settledBeforeMs, limit }: OutboxRetainStep): number {
    const rows = old.all(settledBeforeMs, limit);
    for (const { id } of rows) {
      dropAttempts.run(id);
      dropDelivery.run(id);
    }
    for (const occurrence of new Set(rows.map((row) => row.occurrence))) {
      dropOccurrence.run(occurrence, occurrence);
    }
    return rows.length;
  }

  const transaction = db.transaction((step: OutboxRetainStep) => {
    const tally = newTally();
    const nowMs = wholeMs(step.nowMs);
    const expired = expire(nowMs, step.limit, tally);
    tally.write(nowMs);
    const gone = drop(step);
    return { gone, more: expired === step.limit || gone === step.limit };
  });
  // What a loss of power takes back is done again by the next step.
  return (step) => withoutSync(db, () => transaction.immediate(step));
}

export function abandoner(db: Database): (ask: Writes['abandon']['ask']) => boolean {
  const newTally = tallies(db);
  const abandon = db.prepare<[number, string, string, number]>(
    `UPDATE deliveries SET state = 'dead', settled_ms = ?, reason = ? WHERE id IN
       (SELECT id FROM deliveries INDEXED BY deliveries_due WHERE destination = ? AND state = 'waiting'
        ORDER BY due_ms, id LIMIT ?)`,
  );
  const transaction = db.transaction((ask: Writes['abandon']['ask']): boolean => {
    const { destination, reason, limit } = ask;
    const nowMs = wholeMs(ask.nowMs);
    const { changes } = abandon.run(nowMs, reason, destination, limit);
    const tally = newTally();
    const moves = tally.of(destination);
    moves.waiting -= changes;
    moves.dead += changes;
    const more = changes > 0 && tally.waitingOf(destination) > 0;
    if (changes > 0) tally.write(nowMs);
    return more;
  });
  return (ask) => transaction.immediate(ask);
}
