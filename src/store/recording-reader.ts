/** What is asked of the tables of recordings, in the thread that searches. */
import type { Database } from 'better-sqlite3';
import type { Handlers, Searches } from './messages.ts';

export function recordingReader(db: Database): Omit<Handlers<Searches>, 'close'> {
  const last = db.prepare<[], number>("SELECT value FROM meta WHERE key = 'last_segment'").pluck();
  const unbuilt = (): never => {
    throw new Error('not built yet');
  };
  return {
    searchRecordings: unbuilt,
    searchSegments: unbuilt,
    recording: unbuilt,
    supplement: unbuilt,
    walkMedia: unbuilt,
    mediaBytes: unbuilt,
    segmentsOfFile: unbuilt,
    lastSegmentId: () => last.get() ?? 0,
    apiTokens: () => [],
  };
}
