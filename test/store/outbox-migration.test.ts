/**
 * A database that was written before there was an outbox: it opens, keeps what it has, and takes deliveries.
 */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { databaseName, openForReading, openForWriting } from '../../src/store/database.ts';
import { openKept } from '../../src/store/kept.ts';
import { migrate, migrations, versionOf } from '../../src/store/schema.ts';
import { reader } from '../../src/store/reader.ts';
import { writer } from '../../src/store/writer.ts';
import { newFolder } from '../support/data-folder.ts';
import { delivery, outboxOf, rows } from './outbox-bed.ts';

const ourId = 0x6f66686b;

it('carries a database of version 1 forward', async () => {
  const folder = await newFolder();
  const old = openKept(join(folder, databaseName), {});
  old.exec(`PRAGMA application_id = ${ourId}`);
  migrate(old, migrations.slice(0, 1));
  old.exec(`INSERT INTO meta VALUES ('epoch', 'abc');
    INSERT INTO events VALUES (1, 'call.started', 'c1', 5, '{"a":1}'), (2, 'source.up', NULL, 6, '{}');
    INSERT INTO open_calls VALUES ('c1', 1)`);
  old.close();

  const db = openForWriting(folder);
  const readonly = openForReading(folder);
  onTestFinished(() => {
    readonly.close();
    db.close();
  });

  expect(versionOf(db)).toBe(migrations.length);
  const read = reader(readonly);
  const all = { afterSeq: 0, throughSeq: 9, limit: 9, maxBytes: 999 };
  expect(read.eventsAfter(all)).toMatchObject({ seqs: [1, 2], bodies: ['{"a":1}', '{}'] });
  expect(read.outboxHead(null)).toEqual({ occurrence: 0, delivery: 0 });
  const answer = writer(db).commit({
    ...{ firstSeq: 3, kinds: ['call.ended'], callIds: ['c1'], open: [false], seenMs: [7] },
    ...{ bodies: ['{}'], cdrs: [], sights: [], signalIds: [], outbox: rows(delivery(1)) },
  });
  expect(answer).toEqual({ held: [] });
  expect(outboxOf(db, readonly).due(100).ids).toEqual([1]);
  expect(read.openCalls({ afterSeq: 0, limit: 9 }).seqs).toEqual([]);
});

it('has never changed what version 1 is', () => {
  const db = openKept(':memory:', {});
  onTestFinished(() => void db.close());
  migrate(db, migrations.slice(0, 1));
  const tables = db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck();
  expect(tables.all()).toEqual([
    ...['cdrs', 'events', 'lost_sources', 'meta', 'open_calls', 'signal_ids'],
  ]);
});
