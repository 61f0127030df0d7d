/**
 * Everything that changes the outbox: what is to be delivered, and destinations; settling, replaying and
 * retention have files of their own. One transaction each.
 */
import type { Database } from 'better-sqlite3';
import type { Handlers, Writes } from './messages.ts';
import type { Enqueued, NewDelivery, OutboxRows } from './outbox-messages.ts';
import { replayer } from './outbox-replay.ts';
import { abandoner, outboxRetainer } from './outbox-retaining.ts';
import { settler } from './outbox-settling.ts';
import { lanes, outboxBounds, tooMuchWaiting, type OutboxBounds } from './outbox-lanes.ts';
import { tallies, wholeMs, type Tally } from './outbox-tally.ts';

type OutboxWrites =
  | 'enqueue'
  | 'settle'
  | 'replay'
  | 'putDestination'
  | 'abandon'
  | 'dropDestination'
  | 'pause'
  | 'retainOutbox';

export function outboxWriter(
  db: Database,
  bounds: OutboxBounds = outboxBounds,
): Pick<Handlers<Writes>, OutboxWrites> {
  const enqueue = enqueuer(db, bounds);
  const enqueued = db.transaction((rows: OutboxRows) => enqueue(rows));
  return {
    enqueue: (rows) => enqueued.immediate(rows),
    settle: settler(db),
    replay: replayer(db, bounds),
    abandon: abandoner(db),
    retainOutbox: outboxRetainer(db),
    ...destinationWriter(db),
  };
}

/** Adds deliveries within a transaction that somebody else has begun. */
export function enqueuer(
  db: Database,
  bounds: OutboxBounds = outboxBounds,
): (rows: OutboxRows) => Enqueued {
  const newTally = tallies(db);
  const lane = lanes(db, bounds);
  const collapse = collapser(db);
  const insertOccurrence = db.prepare<[number, string, string | null, number, string]>(
    'INSERT INTO occurrences VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
  );
  // Two statements rather than one with a join: an occurrence is mostly one of those just inserted.
  const callOf = db
    .prepare<[number], string | null>('SELECT call_id FROM occurrences WHERE id = ?')
    .pluck();
  const insertDelivery = db.prepare(
    `INSERT INTO deliveries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, NULL)
     ON CONFLICT DO NOTHING`,
  );
  const setLast = db.prepare<[number, string]>(
    'UPDATE meta SET value = max(value, ?) WHERE key = ?',
  );

  /** @returns whether it may be sent now */
  function add(one: NewDelivery, callId: string | null, tally: Tally): boolean {
    const { id, destination } = one;
    const madeMs = wholeMs(one.madeMs);
    const dueMs = lane.dueOfNew(one.lane, destination, id, madeMs);
    // Before the bound is looked at: what it collapses makes room for it.
    collapse(one, tally);
    const fits =
      tally.waitingOf(destination) < bounds.waiting && !lane.isFull(one.lane, destination);
    const what = [one.topic, one.class, one.about, one.key, one.sequence] as const;
    const how = fits
      ? (['waiting', null, null] as const)
      : (['dead', madeMs, tooMuchWaiting] as const);
    const times = [madeMs, wholeMs(one.expiresMs), dueMs] as const;
    const { changes } = insertDelivery.run(
      id,
      destination,
      one.occurrence,
      callId,
      one.lane,
      ...what,
      ...times,
      ...how,
    );
    // It came before, and what has come of it is looked up.
    if (changes === 0) return false;
    const moves = tally.of(destination);
    moves.accepted += 1;
    moves[how[0]] += 1;
    return fits && dueMs <= madeMs;
  }

  return ({ occurrences, deliveries }) => {
    const held: number[] = [];
    const last = deliveries.at(-1);
    if (last === undefined) return { held };
    const callIds = new Map<number, string | null>();
    let lastOccurrence = 0;
    for (const { id, key, callId, atMs, body } of occurrences) {
      insertOccurrence.run(id, key, callId, wholeMs(atMs), body);
      callIds.set(id, callId);
      lastOccurrence = Math.max(lastOccurrence, id);
    }
    const tally = newTally();
    let lastDelivery = 0;
    for (const one of deliveries) {
      let callId = callIds.get(one.occurrence);
      if (callId === undefined) {
        callIds.set(one.occurrence, (callId = callOf.get(one.occurrence) ?? null));
      }
      if (!add(one, callId, tally)) held.push(one.id);
      lastDelivery = Math.max(lastDelivery, one.id);
    }
    tally.write(wholeMs(last.madeMs));
    if (lastOccurrence > 0) setLast.run(lastOccurrence, 'last_occurrence');
    setLast.run(lastDelivery, 'last_delivery');
    return { held };
  };
}

/** Makes superfluous what waits in the lane and says less than the new one. */
function collapser(db: Database): (by: NewDelivery, tally: Tally) => void {
  const set = `UPDATE deliveries INDEXED BY deliveries_of_lane SET state = 'collapsed', settled_ms = ?, reason = ?
    WHERE lane = ? AND destination = ? AND state = 'waiting' AND id < ? AND class = 'live'`;
  const live = db.prepare<[number, string, string, string, number]>(set);
  const ofTopic = db.prepare<[number, string, string, string, number, string]>(
    `${set} AND topic = ?`,
  );
  return ({ id, destination, lane, topic, key, supersedes, ...one }, tally) => {
    if (supersedes === 'nothing') return;
    const madeMs = wholeMs(one.madeMs);
    const reason = `superseded by ${key}`;
    const { changes } =
      supersedes === 'live'
        ? live.run(madeMs, reason, lane, destination, id)
        : ofTopic.run(madeMs, reason, lane, destination, id, topic);
    if (changes === 0) return;
    const moves = tally.of(destination);
    moves.waiting -= changes;
    moves.collapsed += changes;
  };
}

function destinationWriter(
  db: Database,
): Pick<Handlers<Writes>, 'putDestination' | 'dropDestination' | 'pause'> {
  const newTally = tallies(db);
  const put = db.prepare<[string, string, number, number]>(
    `INSERT INTO destinations VALUES (?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET body = excluded.body, made_ms = excluded.made_ms,
       changed_ms = excluded.changed_ms`,
  );
  const drop = db.prepare<[string]>('DELETE FROM destinations WHERE id = ?');
  const setPaused = db.prepare<[number, string]>(
    'UPDATE destination_states SET paused = ? WHERE destination = ?',
  );
  const see = (destination: string, nowMs: number): void => {
    const tally = newTally();
    tally.of(destination);
    tally.write(nowMs);
  };
  const putDestination = db.transaction(
    ({ id, body, madeMs, changedMs }: Writes['putDestination']['ask']) => {
      put.run(id, body, wholeMs(madeMs), wholeMs(changedMs));
      see(id, wholeMs(changedMs));
    },
  );
  const pause = db.transaction(({ destination, paused }: Writes['pause']['ask']) => {
    see(destination, 0);
    setPaused.run(paused ? 1 : 0, destination);
  });
  return {
    putDestination: (row) => (putDestination.immediate(row), null),
    dropDestination: (id) => (drop.run(id), null),
    pause: (ask) => (pause.immediate(ask), null),
  };
}
