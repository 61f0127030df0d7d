/**
 * Folding the write-ahead log into the database, in a thread of its own: done by the thread that commits,
 * it would hold up a commit for many milliseconds every few hundred of them.
 */
import type { Database } from 'better-sqlite3';
import { isRefusal } from './database.ts';

/** How often the log is looked at, milliseconds. */
export const foldEveryMs = 200;
/** A log longer than this is begun anew, pages of 8 KiB; that holds up commits for a moment. */
const longLogPages = 6_000;

interface Folded {
  /** Pages in the log, and how many of them are in the database now; -1 when it could not be looked at. */
  readonly log: number;
}

/**
 * Folds what can be folded without anybody waiting. Under lasting load that is never quite all of it, so
 * a log that has grown long is begun anew, with little left to fold by then.
 */
export function fold(db: Database): void {
  try {
    if (checkpoint(db, 'PASSIVE').log > longLogPages) checkpoint(db, 'RESTART');
  } catch (error) {
    // A full disk, say. Nothing is lost: the log has it all, and the next round tries again.
    if (!isRefusal(error)) throw error;
  }
}

function checkpoint(db: Database, mode: 'PASSIVE' | 'RESTART'): Folded {
  // The pragma answers with one row of these columns (sqlite.org, wal_checkpoint).
  const row = db.prepare<[], Folded>(`PRAGMA wal_checkpoint(${mode})`).get();
  return row ?? { log: 0 };
}
