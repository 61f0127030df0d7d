/** The tables of recordings on a real database, with both sides at hand. */
import type SQLite from 'better-sqlite3';
import { onTestFinished } from 'vitest';
import { openForReading, openForWriting } from '../../src/store/database.ts';
import { recordingRowsWriter } from '../../src/store/recording-feeding.ts';
import type {
  ImportedRecording,
  RecordingCriteria,
  RecordingRows,
  RecordingSearch,
} from '../../src/store/recording-messages.ts';
import { recordingReader } from '../../src/store/recording-reader.ts';
import { searchBounds, type SearchBounds } from '../../src/store/recording-search.ts';
import { recordingWriter } from '../../src/store/recording-writer.ts';
import { newFolder } from '../support/data-folder.ts';

export async function newRecordings(bounds: Partial<SearchBounds> = {}) {
  const folder = await newFolder();
  const db = openForWriting(folder);
  // Nothing here is about what a loss of power leaves.
  db.exec('PRAGMA synchronous = OFF');
  const readonly = openForReading(folder);
  onTestFinished(() => {
    readonly.close();
    db.close();
  });
  return recordingsOf(db, readonly, bounds);
}

export function recordingsOf(
  db: SQLite.Database,
  readonly: SQLite.Database,
  bounds: Partial<SearchBounds> = {},
) {
  const write = recordingWriter(db);
  const read = recordingReader(readonly, { ...searchBounds, ...bounds });
  const put = db.transaction(recordingRowsWriter(db));
  const search = (criteria: RecordingCriteria, over: Partial<RecordingSearch> = {}) =>
    read.searchRecordings({ criteria, limit: 100, ...over });
  return {
    db,
    write,
    read,
    /** Writes what events say. */
    feed: (rows: Partial<RecordingRows>) =>
      put.immediate({ recordings: [], segments: [], ...rows }),
    /** Takes recordings over; it must be possible. */
    import(...recordings: readonly ImportedRecording[]): void {
      const taken = write.importRecordings(recordings);
      if (taken.length > 0) throw new Error(`numbers are taken: ${taken.join(', ')}`);
    },
    search,
    /** Numbers of the recordings that are found, in order. */
    found: (criteria: RecordingCriteria, over: Partial<RecordingSearch> = {}) =>
      search(criteria, over).rows.map(({ id }) => id),
    foundSegments: (criteria: RecordingCriteria, over: Partial<RecordingSearch> = {}) =>
      read.searchSegments({ criteria, limit: 100, ...over }).rows.map(({ id }) => id),
    find: (id: number) => read.recording(id),
    count: (table: string): unknown => db.prepare(`SELECT count(*) FROM ${table}`).pluck().get(),
  };
}
