/**
 * Opens the files of a data folder: the lock that one server holds, and the database for writing or for
 * reading. Says in words for the operator why it cannot. Runs inside the workers.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { StoreError } from '../base/errors.ts';
import { openKept, pragmaValue } from './kept.ts';
import { migrate, migrations, versionOf } from './schema.ts';

/** Marks a SQLite file as ours: "ofhk". */
const applicationId = 0x6f66686b;
/** A call is 1 to 5 KB of JSON: pages of 8 KiB hold a third more of them than pages of 4 KiB. */
const pageBytes = 8192;
/** How long a commit waits for a foreign tool that holds the database, before it fails and is retried. */
const busyMs = 250;
/** The thread that folds the log gives way sooner than the one that commits. */
const foldBusyMs = 20;

/** A database up to this size is looked at as a whole at start, bytes: about a second. */
const wholeCheckBytes = 256 * 1_048_576;
const neededTables = ['meta', 'open_calls', 'lost_sources', 'signal_ids'];

export const databaseName = 'offhook.db';
export const lockName = 'offhook.lock';

/**
 * Takes the data folder for this process, making the folder if it is not there. The lock is one of the
 * operating system's and goes with the process, however it ends: nothing stale is left behind.
 * @throws {StoreError} STORE_IN_USE when another server holds it, STORE_UNAVAILABLE when the folder cannot be used.
 */
export function lockFolder(folder: string): SQLite.Database {
  const path = join(folder, lockName);
  let lock: SQLite.Database | undefined;
  try {
    mkdirSync(folder, { recursive: true });
    lock = openKept(path, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock?.close();
    if (codeOf(cause) === 'SQLITE_BUSY') {
      throw new StoreError(
        'STORE_IN_USE',
        `the data folder ${folder} is in use by another server; stop that one or give this one a folder of its own`,
        { cause },
      );
    }
    throw new StoreError(
      'STORE_UNAVAILABLE',
      `the data folder ${folder} cannot be used: ${reasonOf(cause)}; it must be a folder that this user may write to`,
      { cause },
    );
  }
}

/**
 * Opens the database for the one connection that writes, making or upgrading it as needed. A commit is
 * on the disk when it returns (WAL, synchronous FULL).
 * @param maxPages bound on the file, in pages; absent means the disk is the bound
 * @throws {StoreError} STORE_UNAVAILABLE naming the file and what to do
 */
export function openForWriting(folder: string, maxPages?: number): SQLite.Database {
  return open(folder, { timeout: busyMs }, (db) => {
    checkOurs(db);
    checkSound(db, versionOf(db) > 0);
    if (pragmaValue(db, 'page_count') === 0) {
      // These two shape the file and count only while it is empty.
      db.exec(`PRAGMA page_size = ${pageBytes}`);
      db.exec('PRAGMA auto_vacuum = INCREMENTAL');
    }
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('PRAGMA synchronous = FULL');
    // A thread of its own folds the log, so that no commit has to (folding.ts).
    db.exec('PRAGMA wal_autocheckpoint = 0');
    db.exec('PRAGMA journal_size_limit = 67108864');
    db.exec('PRAGMA cache_size = -32000');
    if (maxPages !== undefined) db.exec(`PRAGMA max_page_count = ${maxPages}`);
    db.exec(`PRAGMA application_id = ${applicationId}`);
    migrate(db);
    const epoch = randomBytes(8).readBigUInt64BE().toString(36).padStart(13, '0');
    db.prepare('INSERT INTO meta VALUES (?, ?) ON CONFLICT DO NOTHING').run('epoch', epoch);
  });
}

/**
 * Opens the database for reading; the writing connection must have made it.
 * @throws {StoreError} STORE_UNAVAILABLE naming the file and what to do
 */
export function openForReading(folder: string): SQLite.Database {
  return open(folder, { readonly: true, fileMustExist: true, timeout: busyMs }, checkOurs);
}

/**
 * Opens the database for folding the log into it; the writing connection must have made it.
 * @throws {StoreError} STORE_UNAVAILABLE naming the file and what to do
 */
export function openForFolding(folder: string): SQLite.Database {
  return open(folder, { fileMustExist: true, timeout: foldBusyMs }, (db) => {
    checkOurs(db);
    db.exec('PRAGMA wal_autocheckpoint = 0');
    db.exec('PRAGMA journal_size_limit = 67108864');
  });
}

function open(
  folder: string,
  options: SQLite.Options,
  prepare: (db: SQLite.Database) => void,
): SQLite.Database {
  const path = join(folder, databaseName);
  let db: SQLite.Database | undefined;
  try {
    db = openKept(path, options);
    prepare(db);
    return db;
  } catch (cause) {
    db?.close();
    throw new StoreError(
      'STORE_UNAVAILABLE',
      `the database ${path} cannot be used: ${reasonOf(cause)}; ${remedyFor(cause)}`,
      { cause },
    );
  }
}

function remedyFor(cause: unknown): string {
  const code = codeOf(cause) ?? '';
  if (/^SQLITE_(READONLY|CANTOPEN|PERM)/.test(code)) {
    return 'it and its folder must be such that this user may write to them';
  }
  if (/^SQLITE_(FULL|IOERR)/.test(code)) return 'make room on its disk, or look what ails it';
  if (/^SQLITE_BUSY/.test(code)) return 'end the program that holds it';
  return 'restore it from a backup, or move it away to begin with an empty one';
}

function checkOurs(db: SQLite.Database): void {
  const version = versionOf(db);
  const id = Number(pragmaValue(db, 'application_id'));
  const tables = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get();
  if (id !== applicationId && (id !== 0 || tables !== undefined)) {
    throw new Error('it is a SQLite database of another program');
  }
  if (version > migrations.length) {
    throw new Error(
      `it was written by a newer offhook (schema ${version}, this one knows ${migrations.length})`,
    );
  }
}

/**
 * Finds a damaged file now instead of in the middle of the day. Of a large one only what the server cannot
 * go on without: looking at all of it would take longer than a restart may.
 * @throws {Error} naming what is wrong
 */
function checkSound(db: SQLite.Database, hasTables: boolean): void {
  const bytes = Number(pragmaValue(db, 'page_count')) * Number(pragmaValue(db, 'page_size'));
  const tables = bytes <= wholeCheckBytes || !hasTables ? [''] : neededTables;
  for (const table of tables) {
    const found = pragmaValue(db, `quick_check(${table === '' ? 1 : table})`);
    if (found !== 'ok') throw new Error(`it is damaged, ${String(found).replaceAll('\n', ' ')}`);
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof SQLite.SqliteError ? error.code : undefined;
}

/** What SQLite or the operating system said, with its code. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error);
  const text = error instanceof Error ? error.message : String(error);
  return code === undefined ? text : `${text} (${code})`;
}

/** What SQLite says when a statement or a value is wrong: trying again would never help. */
const mistakes = /^SQLITE_(ERROR|CONSTRAINT|MISMATCH|MISUSE|RANGE|TOOBIG)/;

/** Whether the disk or the file refused, as opposed to a mistake of ours. */
export function isRefusal(error: unknown): boolean {
  const code = codeOf(error);
  return code !== undefined && !mistakes.test(code);
}
