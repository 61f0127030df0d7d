/**
 * Everything that changes the database: commits, retention in small steps, and what has been filed.
 * One transaction each.
 */
import type { Database } from 'better-sqlite3';
import { pragmaValue } from './kept.ts';
import type { Batch, Handlers, RetainStep, Retained, Writes } from './messages.ts';
import type { Enqueued } from './outbox-messages.ts';
import { enqueuer, outboxWriter } from './outbox-writer.ts';
import { recordingRowsWriter } from './recording-feeding.ts';
import { recordingWriter } from './recording-writer.ts';

/** The file gives space back to the disk when more than a quarter of it, and 8 MiB, is free. */
const freePagesWorthReturning = 1024;
const pagesReturnedPerStep = 64;

export function writer(db: Database): Omit<Handlers<Writes>, 'close'> {
  const commit = committer(db);
  const retain = retainer(db);
  const filed = db.prepare<[string]>("UPDATE cdrs SET file_state = 'written' WHERE call_id = ?");
  const markFiled = db.transaction((callIds: readonly string[]) => {
    for (const callId of callIds) filed.run(callId);
  });
  return {
    ...outboxWriter(db),
    ...recordingWriter(db),
    commit: (batch) => commit(batch),
    retain,
    markFiled: (callIds) => (markFiled.immediate(callIds), null),
  };
}

/** Number of the newest event; retention never drops that one. */
export function headOf(db: Database): number {
  return db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM events').pluck().get() ?? 0;
}

/** Name of the numbering, drawn when the database was made. */
export function epochOf(db: Database): string {
  const select = db.prepare<[], string>("SELECT value FROM meta WHERE key = 'epoch'");
  return select.pluck().get() ?? '';
}

function committer(db: Database): (batch: Batch) => Enqueued {
  const enqueue = enqueuer(db);
  const putRecordings = recordingRowsWriter(db);
  const insertEvent = db.prepare<[number, string, string | null, number, string]>(
    'INSERT INTO events (seq, kind, call_id, seen_ms, body) VALUES (?, ?, ?, ?, ?)',
  );
  const addBytes = db.prepare<[number]>(
    "UPDATE meta SET value = value + ? WHERE key = 'event_bytes'",
  );
  const setOpen = db.prepare<[string, number]>(
    'INSERT INTO open_calls VALUES (?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq',
  );
  const setClosed = db.prepare<[string]>('DELETE FROM open_calls WHERE call_id = ?');
  // A call ends once; should a second end come all the same, the books hold the later one.
  const insertCdr = db.prepare(
    `INSERT INTO cdrs VALUES (@seq, @callId, @source, @startedMs, @endedMs, @seenMs, @caller, @called,
       @outcome, @file, @body, @xml)
     ON CONFLICT (call_id) DO UPDATE SET seq = excluded.seq, ended_ms = excluded.ended_ms,
       seen_ms = excluded.seen_ms, caller = excluded.caller, called = excluded.called,
       outcome = excluded.outcome, file_state = excluded.file_state, body = excluded.body,
       xml = excluded.xml`,
  );
  const setLost = db.prepare<[string, number]>(
    'INSERT INTO lost_sources VALUES (?, ?) ON CONFLICT DO UPDATE SET since_ms = excluded.since_ms',
  );
  const setSeen = db.prepare<[string]>('DELETE FROM lost_sources WHERE source = ?');
  const insertSignalId = db.prepare<[string, string, number]>(
    'INSERT INTO signal_ids VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );

  function insertEvents(batch: Batch): void {
    const { kinds, callIds, seenMs, bodies } = batch;
    const states = new Map<string, number | undefined>();
    let bytes = 0;
    for (const [index, body] of bodies.entries()) {
      const seq = batch.firstSeq + index;
      const callId = callIds[index] ?? null;
      insertEvent.run(seq, kinds[index] ?? '', callId, seenMs[index] ?? 0, body);
      if (callId !== null) states.set(callId, batch.open[index] === true ? seq : undefined);
      bytes += Buffer.byteLength(body);
    }
    for (const [callId, seq] of states) {
      if (seq === undefined) setClosed.run(callId);
      else setOpen.run(callId, seq);
    }
    if (bytes > 0) addBytes.run(bytes);
  }

  const transaction = db.transaction((batch: Batch): Enqueued => {
    if (batch.bodies.length > 0) {
      const head = headOf(db);
      // A commit may have become durable although its success was never reported; what has come of its
      // deliveries is looked up then.
      if (head === batch.firstSeq + batch.bodies.length - 1) {
        return { held: batch.outbox?.deliveries.map(({ id }) => id) ?? [] };
      }
      if (head !== batch.firstSeq - 1) {
        throw new RangeError(`event ${batch.firstSeq} cannot follow event ${head}`);
      }
      insertEvents(batch);
    }
    for (const cdr of batch.cdrs) insertCdr.run(cdr);
    for (const { source, lostSinceMs } of batch.sights) {
      if (lostSinceMs === null) setSeen.run(source);
      else setLost.run(source, lostSinceMs);
    }
    for (const { source, ids, seenMs } of batch.signalIds) {
      for (const id of ids) insertSignalId.run(source, id, seenMs);
    }
    if (batch.recordings !== undefined) putRecordings(batch.recordings);
    return batch.outbox === undefined ? { held: [] } : enqueue(batch.outbox);
  });
  return (batch) => transaction.immediate(batch);
}

function retainer(db: Database): (step: RetainStep) => Retained {
  const meta = db.prepare<[string], number>('SELECT value FROM meta WHERE key = ?').pluck();
  const setMeta = db.prepare<[number, string]>('UPDATE meta SET value = ? WHERE key = ?');
  const oldest = db.prepare<
    [number, number, number],
    { seq: number; seenMs: number; bytes: number }
  >(
    `SELECT seq, seen_ms AS seenMs, octet_length(body) AS bytes FROM events
     WHERE seq > ? AND seq < ? ORDER BY seq LIMIT ?`,
  );
  // Also takes what was kept for a call that has meanwhile moved on or ended.
  const deleteEvents = db
    .prepare<[number, number], number>(
      `DELETE FROM events WHERE seq IN (SELECT seq FROM events
         WHERE seq <= ? AND seq NOT IN (SELECT seq FROM open_calls) LIMIT ?)
       RETURNING octet_length(body)`,
    )
    .pluck();
  const oldestCdrs = db.prepare<[number], { seq: number; seenMs: number }>(
    'SELECT seq, seen_ms AS seenMs FROM cdrs ORDER BY seq LIMIT ?',
  );
  const deleteCdrs = db.prepare<[number]>('DELETE FROM cdrs WHERE seq <= ?');
  const deleteIds = db.prepare<[number, number]>(
    `DELETE FROM signal_ids WHERE (source, id) IN
       (SELECT source, id FROM signal_ids WHERE seen_ms < ? ORDER BY seen_ms LIMIT ?)`,
  );

  function retainEvents(step: RetainStep): { readonly gone: number; readonly more: boolean } {
    const { eventsSeenBeforeMs, maxEventBytes, limit } = step;
    const bytes = meta.get('event_bytes') ?? 0;
    const from = meta.get('dropped') ?? 0;
    const candidates = oldest.all(from, headOf(db), limit);
    let through = from;
    let left = bytes;
    for (const row of candidates) {
      const tooOld = eventsSeenBeforeMs !== null && row.seenMs < eventsSeenBeforeMs;
      const tooMuch = maxEventBytes !== null && left > maxEventBytes;
      if (!tooOld && !tooMuch) break;
      through = row.seq;
      left -= row.bytes;
    }
    if (through > from) setMeta.run(through, 'dropped');
    const gone = deleteEvents.all(through, limit);
    const freed = gone.reduce((sum, size) => sum + size, 0);
    if (freed > 0) setMeta.run(bytes - freed, 'event_bytes');
    // Events of open calls were passed over, so the bound on size may need another step.
    const stillTooMuch = maxEventBytes !== null && bytes - freed > maxEventBytes;
    const advanced = through > from;
    const whole = advanced && through === candidates.at(-1)?.seq && candidates.length === limit;
    return {
      gone: gone.length,
      more: whole || gone.length === limit || (advanced && stillTooMuch),
    };
  }

  function retainCdrs(seenBeforeMs: number | null, limit: number): number {
    if (seenBeforeMs === null) return 0;
    let last: number | undefined;
    for (const row of oldestCdrs.all(limit)) {
      if (row.seenMs >= seenBeforeMs) break;
      last = row.seq;
    }
    return last === undefined ? 0 : deleteCdrs.run(last).changes;
  }

  /** Gives some free space back to the disk; whether there was enough of it to be worth that. */
  function returnSpace(): boolean {
    const free = Number(pragmaValue(db, 'freelist_count'));
    const pages = Number(pragmaValue(db, 'page_count'));
    if (free < freePagesWorthReturning || free < pages / 4) return false;
    db.exec(`PRAGMA incremental_vacuum(${pagesReturnedPerStep})`);
    return true;
  }

  const transaction = db.transaction((step: RetainStep): Retained => {
    const events = retainEvents(step);
    const cdrs = retainCdrs(step.cdrsSeenBeforeMs, step.limit);
    const idsBefore = step.signalIdsSeenBeforeMs;
    const signalIds = idsBefore === null ? 0 : deleteIds.run(idsBefore, step.limit).changes;
    const more = events.more || cdrs === step.limit || signalIds === step.limit;
    return { events: events.gone, cdrs, signalIds, more };
  });
  return (step) => {
    const done = transaction.immediate(step);
    const returned = returnSpace();
    return { ...done, more: done.more || returned };
  };
}
