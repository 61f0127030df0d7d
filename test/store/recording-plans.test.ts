/**
 * How SQLite goes about each statement of recordings: along an index, without sorting. Statements are taken from the
 * code as it prepares them, those of searches from searches that go along every path.
 */
import type SQLite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { openKept } from '../../src/store/kept.ts';
import { recordingRowsWriter } from '../../src/store/recording-feeding.ts';
import type { RecordingCriteria } from '../../src/store/recording-messages.ts';
import { everything, searchPaths } from '../../src/store/recording-paths.ts';
import { recordingReader } from '../../src/store/recording-reader.ts';
import { recordingWriter } from '../../src/store/recording-writer.ts';
import { migrate } from '../../src/store/schema.ts';
import { importedRecording } from '../support/recordings.ts';

/** One for each path there is. */
const criteria: Readonly<Record<string, RecordingCriteria>> = {
  start: {},
  recording: { recording: 1 },
  segment: { segment: 1 },
  isrUcid: { isrUcid: 'ucid-1' },
  ingressCallId: { ingressCallId: 'in-1' },
  egressCallId: { egressCallId: 'out-1' },
  thirdpartyId: { thirdpartyId: 'crm' },
  callId: { callId: 'call-1' },
  filename: { filename: 'rec-1.wav' },
  aor: { aor: 'sip:+4930123' },
  customData: { customData: [{ field: 7, value: 'gold' }] },
  parties: { ani: '+4930123', dnis: '1001' },
  ani: { ani: '+4930123' },
  dnis: { dnis: '1001' },
  agentId: { agentId: 'Anna' },
  agentTerminal: { agentTerminal: 'desk' },
  inProgress: { inProgress: true },
  hasVideo: { hasVideo: true },
  hasSupplements: { hasSupplements: true },
  end: { end: {} },
  source: { source: 'pbx' },
  account: { account: 1 },
};

/** Whole tables that hold a handful of rows, the array of wanted custom data, and the keys of a lot. */
const small = /^SCAN (k|CONSTANT ROW|wanted VIRTUAL TABLE INDEX 1:|api_tokens)$/;

function statements(db: SQLite.Database): Map<string, string> {
  const texts = new Map<string, string>();
  let by = 'other';
  const prepare = db.prepare.bind(db);
  const listening = ((text: string) => {
    texts.set(text, by);
    return prepare(text);
  }) as typeof db.prepare;
  db.prepare = listening;
  recordingRowsWriter(db);
  const write = recordingWriter(db);
  const read = recordingReader(db, { mostKeys: 1, mostMs: 0 });
  const customData = [{ segment: null, field: 7, value: 'gold' }];
  write.importRecordings([
    importedRecording({
      recording: { id: 1, agentId: 'Anna', agentTerminal: 'desk', thirdpartyId: 'crm' },
      customData,
    }),
  ]);
  for (const [name, one] of Object.entries(criteria)) {
    by = name;
    // Twice the same: more than one path to choose from, so that they are counted.
    const other = name === 'recording' ? { segment: 1 } : { recording: 1 };
    for (const all of [one, { ...one, ...other }, { ...one, account: 1, end: {} }]) {
      read.searchRecordings({ criteria: all, limit: 2 });
      read.searchSegments({ criteria: all, limit: 2 });
    }
  }
  db.prepare = prepare;
  return texts;
}

function planOf(db: SQLite.Database, text: string): string[] {
  const plain = text.replaceAll(/@\w+/g, '?');
  const values = Array.from(plain.matchAll(/\?/g), () => null);
  return db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${plain}`)
    .all(...values)
    .map(({ detail }) => detail);
}

function opened(): SQLite.Database {
  const db = openKept(':memory:', {});
  onTestFinished(() => void db.close());
  migrate(db);
  return db;
}

it('goes along an index in every statement, and sorts in none but the one that may', () => {
  const db = opened();
  const plans = [...statements(db).keys()].map((text) => ({ text, plan: planOf(db, text) }));

  const slow = plans.filter(
    ({ text, plan }) =>
      plan.some((detail) => /SCAN|TEMP B-TREE|AUTOMATIC/.test(detail) && !small.test(detail)) &&
      !/INDEXED BY (recordings_by_end|segments_renamed)/.test(text),
  );
  expect(slow).toEqual([]);
  const used = plans.flatMap(({ plan }) => plan).join('\n');
  for (const name of indexes(db)) expect(used).toContain(name);
});

it('has a path for each case, and reads keys from the index alone', () => {
  const db = opened();
  const paths = [...searchPaths, everything];
  expect(paths.map(({ name }) => name).sort()).toEqual(Object.keys(criteria).sort());
  for (const { name, keys } of paths) {
    const plan = planOf(db, `${keys} LIMIT @lot`).filter((detail) => !/TEMP B-TREE/.test(detail));
    expect(plan, name).toHaveLength(1);
    if (name === 'recording' || name === 'segment' || name === 'aor') continue;
    expect(plan[0], name).toMatch(/USING COVERING INDEX/);
  }
});

it('has so many statements and no more, whatever is asked for', () => {
  const db = opened();
  const texts = statements(db);
  const ofSearches = [...texts.values()].filter((by) => by !== 'other').length;
  // For each path: its lots of recordings and of segments, its count, and where a lot ends.
  expect(ofSearches).toBeLessThanOrEqual(4 * (searchPaths.length + 1));
});

function indexes(db: SQLite.Database): string[] {
  return db
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND
         tbl_name IN ('recordings', 'segments', 'recording_aors', 'custom_data', 'supplements')`,
    )
    .pluck()
    .all();
}
