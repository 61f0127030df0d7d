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

/**
 * The outbox of webhooks. meta: the highest ids ever given, which outlive the rows. Rows of `deliveries` that
 * wait have small indexes of their own: a commit that tells a thousand destinations of an event writes to a few
 * pages of those, and not to a page of each destination's past. Statements name the two that they live on, as
 * without statistics SQLite takes another one for as good. `original`: of a copy, which it is
 * a copy of. attempts: numbered from 1 within a delivery. destination_states: counters that are changed in the
 * transaction of what they count, and outlive the rows.
 */
const version2 = `
  INSERT INTO meta VALUES ('last_occurrence', 0), ('last_delivery', 0);
  CREATE TABLE occurrences (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    call_id TEXT,
    at_ms INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE TABLE deliveries (
    id INTEGER PRIMARY KEY,
    destination TEXT NOT NULL,
    occurrence INTEGER NOT NULL,
    call_id TEXT,
    lane TEXT NOT NULL,
    topic TEXT NOT NULL,
    class TEXT NOT NULL,
    about TEXT,
    key TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    made_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    due_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    settled_ms INTEGER,
    reason TEXT,
    original INTEGER
  ) STRICT;
  CREATE INDEX deliveries_due ON deliveries (destination, due_ms) WHERE state = 'waiting';
  CREATE INDEX deliveries_of_lane ON deliveries (lane, destination) WHERE state = 'waiting';
  CREATE INDEX deliveries_by_expiry ON deliveries (expires_ms) WHERE state = 'waiting';
  CREATE INDEX deliveries_settled ON deliveries (settled_ms) WHERE settled_ms IS NOT NULL;
  CREATE INDEX deliveries_waiting ON deliveries (destination) WHERE state = 'waiting';
  CREATE INDEX deliveries_by_state ON deliveries (destination, state) WHERE settled_ms IS NOT NULL;
  CREATE INDEX deliveries_of_call ON deliveries (call_id, id, destination) WHERE call_id IS NOT NULL;
  CREATE INDEX deliveries_of_occurrence ON deliveries (occurrence);
  CREATE TABLE attempts (
    delivery INTEGER NOT NULL,
    number INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    duration_ms INTEGER NOT NULL,
    url TEXT NOT NULL,
    status INTEGER,
    error TEXT,
    answer TEXT,
    PRIMARY KEY (delivery, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE destinations (
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL,
    made_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE destination_states (
    destination TEXT PRIMARY KEY,
    status TEXT NOT NULL,
    reason TEXT,
    at_ms INTEGER NOT NULL,
    paused INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    delivered INTEGER NOT NULL,
    collapsed INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    dead INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    failures INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/**
 * Recordings and their segments. meta: the highest number of a segment or a recording that was ever given, and the
 * size of all media files that are known to be there. What sources tell and what people change are columns side by
 * side: the former are written again with every event of a call that goes on, the latter never by events.
 * `extensions` and `participants` are JSON. Every index that a search may go along ends in the start of the recording
 * (`recorded_ms` in tables beside it), so that whatever is searched for is read in the order in which it is given
 * back, from any point of time on. Some hold more columns, which are looked at before the row itself has to be read.
 * Triggers keep in a recording what a search shows or asks of other tables (`filename` is its first segment's), since
 * each of them would be one more place of the disk for each row that is found.
 */
const version3 = `
  INSERT INTO meta VALUES ('last_segment', 0), ('media_bytes', 0);
  CREATE TABLE recordings (
    id INTEGER PRIMARY KEY,
    call_id TEXT NOT NULL,
    source TEXT NOT NULL,
    account INTEGER NOT NULL,
    route INTEGER NOT NULL,
    rss INTEGER NOT NULL,
    ani TEXT,
    dnis TEXT,
    isr_ucid TEXT,
    ingress_call_id TEXT,
    egress_call_id TEXT,
    agent_seen TEXT,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER,
    pause_ms INTEGER NOT NULL,
    participants TEXT NOT NULL,
    extensions TEXT NOT NULL,
    agent_id TEXT,
    agent_terminal TEXT,
    sensitive INTEGER NOT NULL DEFAULT 0,
    never_expire INTEGER NOT NULL DEFAULT 0,
    delete_flag INTEGER NOT NULL DEFAULT 0,
    thirdparty_id TEXT,
    filename TEXT,
    supplements INTEGER NOT NULL DEFAULT 0,
    videos INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX recordings_by_start ON recordings (start_ms, id, end_ms, never_expire);
  CREATE INDEX recordings_by_end ON recordings (end_ms, start_ms) WHERE end_ms IS NOT NULL;
  CREATE INDEX recordings_in_progress ON recordings (start_ms, id, end_ms) WHERE end_ms IS NULL;
  CREATE INDEX recordings_to_delete ON recordings (start_ms) WHERE delete_flag = 1;
  CREATE INDEX recordings_with_supplements ON recordings (start_ms, id, supplements)
    WHERE supplements > 0;
  CREATE INDEX recordings_with_video ON recordings (start_ms, id, videos) WHERE videos > 0;
  CREATE INDEX recordings_by_account ON recordings (account, start_ms, id, end_ms);
  CREATE INDEX recordings_by_source ON recordings (source, start_ms);
  CREATE INDEX recordings_by_ani ON recordings (ani, start_ms, id, account) WHERE ani IS NOT NULL;
  CREATE INDEX recordings_by_dnis ON recordings (dnis, start_ms, id, account)
    WHERE dnis IS NOT NULL;
  CREATE INDEX recordings_by_parties ON recordings (ani, dnis, start_ms, id, account)
    WHERE ani IS NOT NULL AND dnis IS NOT NULL;
  CREATE INDEX recordings_by_ucid ON recordings (isr_ucid, start_ms) WHERE isr_ucid IS NOT NULL;
  CREATE INDEX recordings_by_ingress ON recordings (ingress_call_id, start_ms)
    WHERE ingress_call_id IS NOT NULL;
  CREATE INDEX recordings_by_egress ON recordings (egress_call_id, start_ms)
    WHERE egress_call_id IS NOT NULL;
  CREATE INDEX recordings_by_agent ON recordings (coalesce(agent_id, agent_seen), start_ms, id, account)
    WHERE coalesce(agent_id, agent_seen) IS NOT NULL;
  CREATE INDEX recordings_by_terminal ON recordings (agent_terminal, start_ms)
    WHERE agent_terminal IS NOT NULL;
  CREATE INDEX recordings_by_thirdparty ON recordings (thirdparty_id, start_ms)
    WHERE thirdparty_id IS NOT NULL;
  CREATE TABLE recording_aors (
    aor TEXT NOT NULL,
    recorded_ms INTEGER NOT NULL,
    recording INTEGER NOT NULL,
    PRIMARY KEY (aor, recorded_ms, recording)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX aors_of_recording ON recording_aors (recording);
  CREATE TABLE segments (
    id INTEGER PRIMARY KEY,
    recording INTEGER NOT NULL,
    recorded_ms INTEGER NOT NULL,
    call_id TEXT NOT NULL,
    leg TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    start_ms INTEGER NOT NULL,
    end_ms INTEGER,
    pause_ms INTEGER NOT NULL,
    paused_since_ms INTEGER,
    paused_with_silence INTEGER NOT NULL,
    goes_on INTEGER NOT NULL,
    file TEXT,
    filename TEXT,
    renamed INTEGER NOT NULL DEFAULT 0,
    file_state TEXT NOT NULL DEFAULT 'unknown',
    bytes INTEGER,
    sha256 TEXT
  ) STRICT;
  CREATE INDEX segments_of_recording ON segments (recording, sequence);
  CREATE INDEX segments_of_call ON segments (call_id, recorded_ms, recording);
  CREATE INDEX segments_by_filename ON segments (filename, recorded_ms, recording)
    WHERE filename IS NOT NULL;
  CREATE INDEX segments_renamed ON segments (file) WHERE renamed = 1;
  CREATE TRIGGER segment_comes AFTER INSERT ON segments
    WHEN new.bytes IS NOT NULL AND new.file_state = 'present'
    BEGIN UPDATE meta SET value = value + new.bytes WHERE key = 'media_bytes'; END;
  CREATE TRIGGER segment_goes AFTER DELETE ON segments
    WHEN old.bytes IS NOT NULL AND old.file_state = 'present'
    BEGIN UPDATE meta SET value = value - old.bytes WHERE key = 'media_bytes'; END;
  CREATE TRIGGER segment_is_measured AFTER UPDATE OF bytes, file_state ON segments
    BEGIN UPDATE meta SET value = value
      + iif(new.file_state = 'present', coalesce(new.bytes, 0), 0)
      - iif(old.file_state = 'present', coalesce(old.bytes, 0), 0)
      WHERE key = 'media_bytes'; END;
  CREATE TRIGGER first_file_comes AFTER INSERT ON segments WHEN new.sequence = 1
    BEGIN UPDATE recordings SET filename = new.filename WHERE id = new.recording; END;
  CREATE TRIGGER first_file_is_named AFTER UPDATE OF filename ON segments
    WHEN new.sequence = 1 AND new.filename IS NOT old.filename
    BEGIN UPDATE recordings SET filename = new.filename WHERE id = new.recording; END;
  CREATE TABLE custom_data (
    recording INTEGER NOT NULL,
    segment INTEGER NOT NULL,
    field INTEGER NOT NULL,
    value TEXT NOT NULL,
    recorded_ms INTEGER NOT NULL,
    PRIMARY KEY (recording, segment, field)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX custom_data_by_value ON custom_data (field, value, recorded_ms, recording);
  CREATE TABLE supplements (
    id INTEGER PRIMARY KEY,
    recording INTEGER NOT NULL,
    kind TEXT NOT NULL,
    file TEXT NOT NULL,
    filename TEXT NOT NULL
  ) STRICT;
  CREATE INDEX supplements_of_recording ON supplements (recording);
  CREATE INDEX supplements_by_filename ON supplements (filename);
  CREATE TRIGGER supplement_comes AFTER INSERT ON supplements
    BEGIN UPDATE recordings SET supplements = supplements + 1, videos = videos + (new.kind = 'video')
      WHERE id = new.recording; END;
  CREATE TRIGGER supplement_goes AFTER DELETE ON supplements
    BEGIN UPDATE recordings SET supplements = supplements - 1, videos = videos - (old.kind = 'video')
      WHERE id = old.recording; END;
  CREATE TABLE api_tokens (
    hash TEXT PRIMARY KEY,
    user TEXT NOT NULL,
    expires_ms INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** Entry n brings a database of version n to version n + 1. */
export const migrations: readonly string[] = [version1, version2, version3];

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
