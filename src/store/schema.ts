/**
 * What the database looks like, version by version. A version that has been released is never edited;
 * a change is a new entry at the end. Older files are carried forward at start, newer ones refused.
 */
import { pragmaValue } from './kept.ts';
import type { Database } from 'better-sqlite3';

/**
 * meta: `epoch` names the numbering, `dropped` is the number up to which retention has taken events,
 * `event_bytes` the sum of all event texts. open_calls: last event of every call without an end; that
 * event stays when its neighbours are dropped. lost_sources: who is out of sight, and since when.
 * cdrs follow the numbers of their end events, which is also the order in time.
 */
const version1 = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value ANY NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO meta VALUES ('dropped', 0), ('event_bytes', 0);
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    call_id TEXT,
    seen_ms INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE open_calls (
    call_id TEXT PRIMARY KEY,
    seq INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE lost_sources (
    source TEXT PRIMARY KEY,
    since_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE cdrs (
    seq INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL UNIQUE,
    source TEXT NOT NULL,
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER NOT NULL,
    seen_ms INTEGER NOT NULL,
    caller TEXT,
    called TEXT,
    outcome TEXT,
    file_state TEXT NOT NULL,
    body TEXT NOT NULL,
    xml TEXT NOT NULL
  ) STRICT;
  CREATE INDEX cdrs_by_start ON cdrs (started_ms);
  CREATE INDEX cdrs_by_caller ON cdrs (caller, started_ms);
  CREATE INDEX cdrs_by_called ON cdrs (called, started_ms);
  CREATE INDEX cdrs_to_file ON cdrs (seq) WHERE file_state = 'pending';
  CREATE TABLE signal_ids (
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    seen_ms INTEGER NOT NULL,
    PRIMARY KEY (source, id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX signal_ids_by_age ON signal_ids (seen_ms);
`;

/** Entry n brings a database of version n to version n + 1. */
export const migrations: readonly string[] = [version1];

/** The version written in the file; 0 for a new one. */
export function versionOf(db: Database): number {
  return Number(pragmaValue(db, 'user_version'));
}

/**
 * Brings the database to the newest version, each step a transaction of its own, so that a crash in
 * between leaves a whole older version behind.
 */
export function migrate(db: Database, steps: readonly string[] = migrations): void {
  for (const [version, step] of steps.entries()) {
    if (version < versionOf(db)) continue;
    db.transaction(() => {
      db.exec(step);
      db.exec(`PRAGMA user_version = ${version + 1}`);
    }).immediate();
  }
}
