/**
 * Everything that is looked up: events to catch up on, what to remember at start, the books. Every
 * answer is bounded, so that none of them holds a snapshot of the database for long.
 */
import type { Database } from 'better-sqlite3';
import type {
  CdrSummaryRow,
  CdrText,
  EventRows,
  Handlers,
  PendingFileRow,
  Reads,
  SightRow,
  TextRows,
} from './messages.ts';
import { outboxReader } from './outbox-reader.ts';

interface TextRow {
  readonly seq: number;
  readonly body: string;
}

export function reader(db: Database): Omit<Handlers<Reads>, 'close'> {
  return { ...eventReader(db), ...cdrReader(db), ...outboxReader(db) };
}

function eventReader(db: Database) {
  const dropped = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'dropped'").pluck();
  const after = db.prepare<[number, number, number], TextRow>(
    'SELECT seq, body FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?',
  );
  const open = db.prepare<[number, number], TextRow>(
    `SELECT seq, body FROM events WHERE seq IN (SELECT seq FROM open_calls)
     AND seq > ? ORDER BY seq LIMIT ?`,
  );
  const lost = db.prepare<[], SightRow>(
    'SELECT source, since_ms AS lostSinceMs FROM lost_sources ORDER BY since_ms, source',
  );
  const known = db
    .prepare<[string, string], string>('SELECT id FROM signal_ids WHERE source = ? AND id = ?')
    .pluck();

  type AfterAsk = Reads['eventsAfter']['ask'];
  // One transaction, so that retention cannot come between the two looks.
  const eventsAfter = db.transaction(
    ({ afterSeq, throughSeq, limit, maxBytes }: AfterAsk): EventRows => {
      const droppedSeq = dropped.get() ?? 0;
      if (afterSeq < droppedSeq) return { kind: 'gone', oldestSeq: droppedSeq + 1 };
      let bytes = 0;
      const rows = inLots(afterSeq, limit, (from, count) => after.all(from, throughSeq, count));
      const found = taken(rows, (row) => {
        const first = bytes === 0;
        bytes += row.body.length;
        return first || bytes <= maxBytes;
      });
      return { kind: 'rows', ...columns(found) };
    },
  );
  return {
    eventsAfter: (ask: AfterAsk) => eventsAfter(ask),
    openCalls: ({ afterSeq, limit }: Reads['openCalls']['ask']) =>
      columns(open.all(afterSeq, limit)),
    lostSources: () => lost.all(),
    knownSignalIds: ({ source, ids }: Reads['knownSignalIds']['ask']) =>
      ids.filter((id) => known.get(source, id) !== undefined),
  };
}

function cdrReader(db: Database) {
  type EndedRow = TextRow & { readonly seenMs: number };
  const ended = db.prepare<[number, number], EndedRow>(
    'SELECT seq, body, seen_ms AS seenMs FROM cdrs WHERE seq < ? ORDER BY seq DESC LIMIT ?',
  );
  const cdr = db.prepare<[string], CdrText>('SELECT body, xml FROM cdrs WHERE call_id = ?');
  const recent = db.prepare<[number, number], CdrSummaryRow>(
    `SELECT seq, call_id AS callId, source, started_ms AS startedMs, ended_ms AS endedMs,
       seen_ms AS seenMs, caller, called, outcome, json_extract(body, '$.extensions') AS extensions
     FROM cdrs WHERE seq < ? ORDER BY seq DESC LIMIT ?`,
  );
  const pending = db.prepare<[number, number], PendingFileRow>(
    `SELECT seq, call_id AS callId, body, xml FROM cdrs
     WHERE file_state = 'pending' AND seq > ? ORDER BY seq LIMIT ?`,
  );
  return {
    endedCalls: ({ beforeSeq, seenSinceMs, limit }: Reads['endedCalls']['ask']) =>
      columns(
        taken(
          inLots(beforeSeq, limit, (from, count) => ended.all(from, count)),
          (row) => row.seenMs >= seenSinceMs,
        ),
      ),
    cdr: (callId: string) => cdr.get(callId) ?? null,
    recentCdrs: ({ beforeSeq, limit }: Reads['recentCdrs']['ask']) => recent.all(beforeSeq, limit),
    pendingFiles: ({ afterSeq, limit }: Reads['pendingFiles']['ask']) =>
      pending.all(afterSeq, limit),
  };
}

const rowsPerLot = 32;

/**
 * Rows a lot at a time, for whoever may stop early: each lot begins behind the last one's end. (The
 * library's own iterator is an object that must not be collected; see kept.ts.)
 */
function* inLots<Row extends { readonly seq: number }>(
  start: number,
  limit: number,
  lot: (from: number, count: number) => readonly Row[],
): Generator<Row> {
  let from = start;
  for (let left = limit; left > 0; left -= rowsPerLot) {
    const count = Math.min(left, rowsPerLot);
    const rows = lot(from, count);
    yield* rows;
    if (rows.length < count) return;
    from = rows.at(-1)?.seq ?? from;
  }
}

/** Rows up to the first one that is not wanted. */
function taken<Row>(rows: Iterable<Row>, wanted: (row: Row) => boolean): Row[] {
  const found: Row[] = [];
  for (const row of rows) {
    if (!wanted(row)) break;
    found.push(row);
  }
  return found;
}

function columns(rows: readonly TextRow[]): TextRows {
  return { seqs: rows.map((row) => row.seq), bodies: rows.map((row) => row.body) };
}
