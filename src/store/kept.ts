/**
 * Databases whose statements are made once and never collected.
 *
 * From 24.19 on, Node aborts the process when a native wrapper object is collected while no JavaScript
 * runs, as in an idle collection; the statements and databases of better-sqlite3 12, the last major
 * version for Node 20, are such objects. So each text is prepared once, and what has been opened stays
 * referenced until its thread ends. That also spares preparing the same text again.
 */
import SQLite from 'better-sqlite3';

const kept: SQLite.Database[] = [];
// Held by the process itself: a test runner drops a file's modules before the process ends.
process.once('exit', () => void kept.length);

/** Opens a database; `prepare` gives the same statement for the same text, in the modes it was put into. */
export function openKept(path: string, options: SQLite.Options): SQLite.Database {
  const db = new SQLite(path, options);
  kept.push(db);
  const statements = new Map<string, SQLite.Statement>();
  const prepare = db.prepare.bind(db);
  const once = (text: string): SQLite.Statement => {
    const known = statements.get(text);
    if (known !== undefined) return known;
    const statement = prepare(text);
    statements.set(text, statement);
    return statement;
  };
  // The library's own types take the caller's word for what a text takes and gives; so does this.
  db.prepare = once as typeof db.prepare;
  return db;
}

/** The one value that a pragma answers with. To set something, `exec` the pragma: that keeps no statement. */
export function pragmaValue(db: SQLite.Database, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).pluck().get();
}
