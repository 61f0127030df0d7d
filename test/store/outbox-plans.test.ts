/**
 * How SQLite goes about each statement of the outbox: along an index, without sorting. Statements are taken
 * from the code as it prepares them, so that none is forgotten.
 */
import type SQLite from 'better-sqlite3';
import { expect, it, onTestFinished } from 'vitest';
import { openKept } from '../../src/store/kept.ts';
import { outboxReader } from '../../src/store/outbox-reader.ts';
import { enqueuer, outboxWriter } from '../../src/store/outbox-writer.ts';
import { migrate } from '../../src/store/schema.ts';

/** What is read as a whole, in order of its key: as many rows as there are destinations. */
const small = /^SCAN (destinations|destination_states)$/;

/** Every statement that the outbox prepares. */
function statements(db: SQLite.Database): string[] {
  const texts = new Set<string>();
  const prepare = db.prepare.bind(db);
  const listening = ((text: string) => {
    texts.add(text);
    return prepare(text);
  }) as typeof db.prepare;
  db.prepare = listening;
  enqueuer(db);
  outboxWriter(db);
  outboxReader(db);
  db.prepare = prepare;
  return [...texts];
}

function planOf(db: SQLite.Database, text: string): string[] {
  const plain = text.replaceAll(/@\w+/g, '?');
  const values = Array.from(plain.matchAll(/\?/g), () => null);
  return db
    .prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${plain}`)
    .all(...values)
    .map(({ detail }) => detail);
}

it('goes along an index in every statement, and sorts in none', () => {
  const db = openKept(':memory:', {});
  onTestFinished(() => void db.close());
  migrate(db);

  const plans = statements(db).map((text) => ({ text, plan: planOf(db, text) }));

  expect(plans.length).toBeGreaterThan(30);
  const slow = plans.filter(({ plan }) =>
    plan.some((detail) => /SCAN|TEMP B-TREE|AUTOMATIC/.test(detail) && !small.test(detail)),
  );
  expect(slow).toEqual([]);
  const used = plans.flatMap(({ plan }) => plan).join('\n');
  for (const name of indexes(db)) expect(used).toContain(name);
  // A destination may have a million rows that wait, a lane has a few.
  const ofLane = plans.filter(({ text }) => text.includes('lane = ?'));
  expect(ofLane.length).toBeGreaterThan(4);
  const astray = ofLane.filter(({ plan }) => !plan.join().includes('deliveries_of_lane (lane=?'));
  expect(astray).toEqual([]);
});

function indexes(db: SQLite.Database): string[] {
  return db
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'index' AND name LIKE 'deliveries%'",
    )
    .pluck()
    .all();
}
