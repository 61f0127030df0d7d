/**
 * Fills the tables of recordings with two years of a busy centre: rows straight into the real schema, indexes made
 * afterwards by the schema's own texts, since a row at a time would take the night.
 */
import { openForWriting } from '../../../dist/store/database.js';
import { aorsOf, customOf, endMs, filenameOf, recordingOf, segmentsOf } from './centre.mjs';

const tables = ['recordings', 'segments', 'recording_aors', 'custom_data', 'supplements'];
const rowsPerCommit = 50_000;

/** @returns size of the database in bytes, and how long each part took, seconds */
export function fill(folder, rows, say) {
  const db = openForWriting(folder);
  const took = {};
  const timed = (name, work) => {
    const startMs = performance.now();
    work();
    took[name] = (performance.now() - startMs) / 1_000;
    say(`  ${name}: ${took[name].toFixed(0)} s`);
  };
  // Nothing of it has to survive a crash; in a log, 10 million of them would take 40 GB beside the database.
  db.exec('PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000');
  const made = db
    .prepare(
      `SELECT name, type, sql FROM sqlite_schema WHERE sql IS NOT NULL AND type IN ('index', 'trigger')
         AND tbl_name IN (${tables.map((name) => `'${name}'`).join()})`,
    )
    .all();
  for (const { name, type } of made) db.exec(`DROP ${type} ${name}`);
  timed(`${rows.toLocaleString('en')} recordings`, () => insertAll(db, rows));
  const indexes = made.filter(({ type }) => type === 'index');
  timed(`${indexes.length} indexes`, () => {
    for (const { sql } of indexes) db.exec(sql);
  });
  for (const { type, sql } of made) if (type === 'trigger') db.exec(sql);
  db.prepare("UPDATE meta SET value = ? WHERE key = 'last_segment'").run(2 * rows);
  const bytes =
    Number(db.prepare('PRAGMA page_count').pluck().get()) *
    Number(db.prepare('PRAGMA page_size').pluck().get());
  db.exec('PRAGMA journal_mode = WAL; PRAGMA cache_size = -1000');
  db.close();
  return { bytes, took };
}

function insertAll(db, rows) {
  const columns = (table, names) =>
    db.prepare(`INSERT INTO ${table} (${names.join()}) VALUES (${names.map(() => '?').join()})`);
  const recording = columns('recordings', [
    ...['id', 'call_id', 'source', 'account', 'route', 'rss', 'ani', 'dnis', 'isr_ucid'],
    ...['ingress_call_id', 'egress_call_id', 'agent_seen', 'start_ms', 'end_ms', 'pause_ms'],
    ...['participants', 'extensions', 'filename', 'supplements', 'videos'],
  ]);
  const segment = columns('segments', [
    ...['id', 'recording', 'recorded_ms', 'call_id', 'leg', 'sequence', 'start_ms', 'end_ms'],
    ...['pause_ms', 'paused_with_silence', 'goes_on', 'file', 'filename'],
  ]);
  const aor = db.prepare('INSERT OR IGNORE INTO recording_aors VALUES (?, ?, ?)');
  const custom = db.prepare('INSERT INTO custom_data VALUES (?, 0, ?, ?, ?)');
  const supplement = columns('supplements', ['recording', 'kind', 'file', 'filename']);
  for (let from = 1; from <= rows; from += rowsPerCommit) {
    db.exec('BEGIN');
    for (let n = from; n < Math.min(from + rowsPerCommit, rows + 1); n += 1) {
      const r = recordingOf(n, rows);
      recording.run(
        ...[r.id, r.callId, r.source, r.account, r.account, 1, r.ani, r.dnis, r.isrUcid],
        ...[r.ingressCallId, r.egressCallId, r.agentId, r.startMs, endMs(r), 0, r.participants],
        ...[r.extensions, filenameOf(r, 1), Number(r.hasVideo), Number(r.hasVideo)],
      );
      for (const s of segmentsOf(r)) {
        segment.run(
          ...[s.id, r.id, r.startMs, r.callId, s.leg, s.sequence, s.startMs, s.endMs, 0, 0],
          ...[s.goesOn, s.file, s.filename],
        );
      }
      for (const each of aorsOf(r)) aor.run(each, r.startMs, r.id);
      for (const [field, value] of customOf(r)) custom.run(r.id, field, value, r.startMs);
      if (r.hasVideo) supplement.run(r.id, 'video', `/var/video/${n}.mp4`, `${n}.mp4`);
    }
    db.exec('COMMIT');
  }
}
