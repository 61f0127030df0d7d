/**
 * Opening the files of a data folder, well or not.
 */
import type SQLite from 'better-sqlite3';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import { lockFolder, openForReading, openForWriting } from '../../src/store/database.ts';
import { migrate, migrations, versionOf } from '../../src/store/schema.ts';
import { newFolder } from '../support/data-folder.ts';
import { openKept, pragmaValue } from '../../src/store/kept.ts';

function opened(db: SQLite.Database): SQLite.Database {
  onTestFinished(() => {
    db.close();
  });
  return db;
}

function errorOf(action: () => unknown): StoreError {
  try {
    action();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('opening the database', () => {
  it('makes the data folder and puts every commit on the disk', async () => {
    const folder = join(await newFolder(), 'not', 'yet');
    opened(lockFolder(folder));

    const db = opened(openForWriting(folder));

    expect(pragmaValue(db, 'journal_mode')).toBe('wal');
    expect(pragmaValue(db, 'synchronous')).toBe(2);
    expect(pragmaValue(db, 'auto_vacuum')).toBe(2);
    expect(existsSync(join(folder, 'offhook.db'))).toBe(true);
  });

  it('draws an epoch once', async () => {
    const folder = await newFolder();
    const epoch = (db: SQLite.Database): unknown =>
      db.prepare("SELECT value FROM meta WHERE key = 'epoch'").pluck().get();
    const first = openForWriting(folder);
    const drawn = epoch(first);
    first.close();

    expect(drawn).toMatch(/^[0-9a-z]{13}$/);
    expect(epoch(opened(openForWriting(folder)))).toBe(drawn);
  });

  it('does not let the reading connection write', async () => {
    const folder = await newFolder();
    opened(openForWriting(folder));

    const db = opened(openForReading(folder));

    expect(() => db.exec('DELETE FROM events')).toThrow(/readonly/);
  });

  it.each([
    ['no database', Buffer.from('this is no database at all'.repeat(400)), 'SQLITE_NOTADB'],
    ['a truncated database', undefined, 'SQLITE_CORRUPT'],
  ])('names the file and what to do when it is %s', async (_, content, code) => {
    const folder = await newFolder();
    const path = join(folder, 'offhook.db');
    openForWriting(folder).close();
    writeFileSync(path, content ?? readFileSync(path).subarray(0, 8192 + 100));

    const error = errorOf(() => openForWriting(folder));

    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.message).toContain(path);
    expect(error.message).toContain(code);
    expect(error.message).toMatch(/backup|move it away/);
  });

  it('refuses the database of a newer version and leaves it as it is', async () => {
    const folder = await newFolder();
    const db = openForWriting(folder);
    db.exec(`PRAGMA user_version = ${migrations.length + 1}`);
    db.close();

    const error = errorOf(() => openForWriting(folder));

    expect(error.code).toBe('STORE_UNAVAILABLE');
    expect(error.message).toContain('newer offhook');
    const left = opened(openKept(join(folder, 'offhook.db'), {}));
    expect(versionOf(left)).toBe(migrations.length + 1);
  });

  it("refuses another program's database and leaves it as it is", async () => {
    const folder = await newFolder();
    const path = join(folder, 'offhook.db');
    const foreign = openKept(path, {});
    foreign.exec('CREATE TABLE theirs (x)');
    foreign.close();
    const before = readFileSync(path);

    const error = errorOf(() => openForWriting(folder));

    expect(error.message).toContain('another program');
    expect(readFileSync(path)).toEqual(before);
  });
});

describe('the lock of a data folder', () => {
  it('keeps a second server out until the first has let go', async () => {
    const folder = await newFolder();
    const first = lockFolder(folder);

    const error = errorOf(() => lockFolder(folder));
    expect(error.code).toBe('STORE_IN_USE');
    expect(error.message).toContain(folder);

    first.close();
    opened(lockFolder(folder));
  });

  it('says what is wrong with a folder that cannot be used', async () => {
    const parent = await newFolder();
    const file = join(parent, 'file');
    writeFileSync(file, '');
    expect(errorOf(() => lockFolder(file)).code).toBe('STORE_UNAVAILABLE');
    expect(errorOf(() => lockFolder(join(file, 'below'))).message).toContain(file);
  });

  it.skipIf(process.getuid?.() === 0)('says so when it may not write there', async () => {
    const folder = join(await newFolder(), 'closed');
    mkdirSync(folder);
    chmodSync(folder, 0o500);
    expect(errorOf(() => lockFolder(folder)).code).toBe('STORE_UNAVAILABLE');
  });
});

describe('migration', () => {
  const steps = ['CREATE TABLE a (x)', 'ALTER TABLE a ADD COLUMN y', 'CREATE TABLE c (z)'];

  it('carries an older database forward, each step once', () => {
    const db = opened(openKept(':memory:', {}));
    migrate(db, steps.slice(0, 1));
    db.exec('INSERT INTO a VALUES (1)');

    migrate(db, steps);
    migrate(db, steps);

    expect(versionOf(db)).toBe(3);
    expect(db.prepare('SELECT x, y FROM a').all()).toEqual([{ x: 1, y: null }]);
  });

  it('stops at the last whole version when a step fails', () => {
    const db = opened(openKept(':memory:', {}));

    expect(() => migrate(db, [...steps.slice(0, 1), 'CREATE TABLE b (x); nonsense'])).toThrow();

    expect(versionOf(db)).toBe(1);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all()).toEqual(
      ['a'],
    );
  });
});
