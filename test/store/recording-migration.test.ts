/** A database of a version without recordings, with calls under way that are being recorded: they are carried on. */
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { CallEvent } from '../../src/call/event.ts';
import { Registry } from '../../src/call/registry.ts';
import { belonging } from '../../src/record/account.ts';
import { recordingRowsOf } from '../../src/record/recording-rows.ts';
import { databaseName, openForReading, openForWriting } from '../../src/store/database.ts';
import { openKept } from '../../src/store/kept.ts';
import { reader } from '../../src/store/reader.ts';
import { migrate, migrations, versionOf } from '../../src/store/schema.ts';
import { writer } from '../../src/store/writer.ts';
import { newFolder } from '../support/data-folder.ts';
import { Listener } from '../support/listener.ts';
import { anna, Exchange, zoe } from '../support/signals.ts';
import { recordingsOf } from './recording-bed.ts';

const ourId = 0x6f66686b;

/** Two calls under way, each recorded, the second one for the second time; as version 2 wrote them: without numbers. */
function underWay() {
  const pbx = new Exchange();
  const first = pbx.talk(zoe, anna);
  pbx.records(first.to, '/rec/a.wav');
  const second = pbx.after(1_000).talk(zoe, anna);
  pbx.records(second.to, '/rec/b.wav');
  pbx.after(1_000).stopsRecording(second.to);
  pbx.after(1_000).records(second.to, '/rec/c.wav');
  const calls = new Listener().hear(pbx.said.splice(0)).calls;
  const old = JSON.stringify(calls).replaceAll(/\{"id":\d+,"leg"/g, '{"leg"');
  expect(old).not.toMatch(/"recordings":\[\{"id"/);
  return { pbx, first, second, open: JSON.parse(old) };
}

it('carries a database of version 2 forward, with the recordings of calls under way', async () => {
  const folder = await newFolder();
  const { pbx, first, second, open } = underWay();
  const old = openKept(join(folder, databaseName), {});
  old.exec(`PRAGMA application_id = ${ourId}`);
  migrate(old, migrations.slice(0, 2));
  old.exec("INSERT INTO meta VALUES ('epoch', 'abc')");
  for (const [at, call] of open.entries()) {
    const body = JSON.stringify({ kind: 'call.updated', call });
    old
      .prepare("INSERT INTO events VALUES (?, 'call.updated', ?, 5, ?)")
      .run(at + 1, call.id, body);
    old.prepare('INSERT INTO open_calls VALUES (?, ?)').run(call.id, at + 1);
  }
  old.close();

  const db = openForWriting(folder);
  const readonly = openForReading(folder);
  onTestFinished(() => {
    readonly.close();
    db.close();
  });
  expect(versionOf(db)).toBe(migrations.length);
  const bed = recordingsOf(db, readonly);
  expect(bed.found({})).toEqual([]);
  expect(bed.read.lastSegmentId(null)).toBe(0);

  const told = reader(readonly).openCalls({ afterSeq: 0, limit: 9 });
  const registry = new Registry();
  registry.restore({
    open: told.bodies.map((body) => JSON.parse(body).call),
    ended: [],
    gaps: [],
    lastSegmentId: bed.read.lastSegmentId(null),
  });
  pbx.after(5_000).records(first.from, '/rec/d.wav');
  pbx.after(1_000).hangsUp(second.from, second.to);
  pbx.after(1_000).hangsUp(first.from, first.to);
  const events = pbx.said.splice(0).flatMap((signal): readonly CallEvent[] => {
    const applied = registry.apply(signal, signal.atMs);
    return applied.kind === 'events' ? applied.events : [];
  });
  const commit = writer(db).commit;
  for (const [at, event] of events.entries()) {
    const recordings = recordingRowsOf([event], { rss: 1, belonging: belonging([]) });
    commit({
      ...{ firstSeq: 3 + at, kinds: [event.kind], callIds: [null], open: [false], seenMs: [7] },
      ...{ bodies: ['{}'], cdrs: [], sights: [], signalIds: [] },
      ...(recordings !== undefined && { recordings }),
    });
  }

  const files = bed.search({ inProgress: false }).rows.map(({ filename }) => filename);
  expect(files.sort()).toEqual(['a.wav', 'b.wav', 'c.wav', 'd.wav']);
  expect(bed.found({}).sort()).toEqual([1, 2, 3, 4]);
  expect(bed.read.lastSegmentId(null)).toBe(4);
});

it('has never changed what version 2 is', () => {
  const db = openKept(':memory:', {});
  onTestFinished(() => void db.close());
  migrate(db, migrations.slice(0, 2));
  const tables = db
    .prepare<[], string>("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck();
  expect(tables.all()).toEqual([
    ...['attempts', 'cdrs', 'deliveries', 'destination_states', 'destinations', 'events'],
    ...['lost_sources', 'meta', 'occurrences', 'open_calls', 'signal_ids'],
  ]);
  expect(db.prepare('SELECT count(*) FROM sqlite_schema WHERE sql IS NOT NULL').pluck().get()).toBe(
    24,
  );
});
