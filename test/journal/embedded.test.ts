/**
 * The embedded journal: the contract of every journal, and what happens when its disk fails.
 */
import type SQLite from 'better-sqlite3';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { StoreError } from '../../src/base/errors.ts';
import { EmbeddedJournal } from '../../src/journal/embedded.ts';
import { Retention } from '../../src/journal/retention.ts';
import { StoreClient } from '../../src/store/client.ts';
import { journalContract, type OpenedJournal } from '../contract/journal-contract.ts';
import { ended, endedCall, firstCallAtMs, lifeOf, started } from '../support/calls.ts';
import { newFolder } from '../support/data-folder.ts';
import { openKept } from '../../src/store/kept.ts';

interface Opened extends OpenedJournal {
  readonly journal: EmbeddedJournal;
  readonly store: StoreClient;
  /** What `onTrouble` was told: codes, and `undefined` for "over". */
  readonly troubles: (StoreError | undefined)[];
}

async function open(folder: string, nowMs = firstCallAtMs, maxPages?: number): Promise<Opened> {
  const clock = { now: () => nowMs };
  const size = maxPages === undefined ? {} : { maxPages };
  const store = await StoreClient.open({ folder, onFailure: () => undefined, ...size });
  onTestFinished(() => store.close());
  const troubles: (StoreError | undefined)[] = [];
  const journal = new EmbeddedJournal({
    store,
    clock,
    cdrs: { xmlOf: (call) => `<verbacdr><id>${call.id}</id></verbacdr>`, file: 'pending' },
    onTrouble: (trouble) => troubles.push(trouble),
  });
  const close = async (): Promise<void> => {
    await journal.close();
    await store.close();
  };
  const dropSeenBefore = async (atMs: number): Promise<void> => {
    const settings = {
      eventsMaxAgeMs: 1,
      eventsMaxBytes: 0,
      cdrsMaxAgeMs: 1,
      signalIdsMaxAgeMs: 0,
    };
    const retention = new Retention({
      store,
      clock: { now: () => atMs + 1 },
      settings,
      onReport: () => undefined,
    });
    await retention.run();
    await retention.stop();
  };
  return { journal, store, troubles, close, dropSeenBefore };
}

/** Somebody else who looks at the database. */
function inspect<T>(folder: string, look: (db: SQLite.Database) => T): T {
  const db = openKept(join(folder, 'offhook.db'), { readonly: true });
  try {
    return look(db);
  } finally {
    db.close();
  }
}

function durableHead(folder: string): number {
  return inspect(folder, (db) => Number(db.prepare('SELECT max(seq) FROM events').pluck().get()));
}

describe('the embedded journal', () => {
  journalContract(async () => {
    const folder = await newFolder();
    return {
      open: (nowMs) => open(folder, nowMs),
      durableHead: () => durableHead(folder),
    };
  });

  it('divides a flood over several commits, but never one append', async () => {
    const { journal } = await open(await newFolder());
    const sizes: number[] = [];
    journal.onCommitted((entries) => sizes.push(entries.length));

    for (let n = 0; n < 3; n += 1) journal.append(Array.from({ length: 200 }, () => started(n)));
    journal.append(Array.from({ length: 700 }, () => started(9)));
    await journal.settled();

    expect(sizes).toEqual([400, 200, 700]);
  });

  it('puts the CDR of an ended call into the books in the same commit', async () => {
    const folder = await newFolder();
    const { journal, store } = await open(folder);

    journal.append(lifeOf(0));
    await journal.settled();

    const row = await store.cdr(endedCall(0).id);
    expect(row && JSON.parse(row.body)).toEqual(endedCall(0));
    expect(row?.xml).toBe(`<verbacdr><id>${endedCall(0).id}</id></verbacdr>`);
    const columns = inspect(folder, (db) =>
      db
        .prepare('SELECT seq, source, started_ms, caller, called, outcome, file_state FROM cdrs')
        .all(),
    );
    expect(columns).toEqual([
      {
        seq: 3,
        source: 'pbx',
        started_ms: firstCallAtMs,
        caller: '+49301234000',
        called: '1000',
        outcome: 'answered',
        file_state: 'pending',
      },
    ]);
  });

  it('keeps an event whose times are no numbers', async () => {
    const { journal } = await open(await newFolder());
    const event = { ...ended(0, Number.NaN), call: endedCall(0, { startedAtMs: -Infinity }) };

    journal.append([event]);

    await expect(journal.settled()).resolves.toBeUndefined();
  });
});

describe('a commit that fails', () => {
  it('is tried again until it holds, and nobody is told before', async () => {
    const folder = await newFolder();
    const { journal, troubles } = await open(folder);
    const heard: number[] = [];
    journal.onCommitted((entries) => heard.push(...entries.map(({ seq }) => seq)));
    journal.append([started(0)]);
    await journal.settled();
    const intruder = openKept(join(folder, 'offhook.db'), {});
    intruder.exec('BEGIN IMMEDIATE');

    journal.append([started(1)]);
    await vi.waitFor(() => expect(troubles.length).toBeGreaterThanOrEqual(2), 10_000);
    journal.append([started(2)]);
    expect(heard).toEqual([1]);
    expect(journal.pending).toBe(2);
    expect(troubles[0]?.code).toBe('STORE_COMMIT_FAILED');
    expect(troubles[0]?.message).toContain(folder);
    expect(troubles[0]?.message).toContain('SQLITE_BUSY');
    intruder.close();
    await journal.settled();

    expect(heard).toEqual([1, 2, 3]);
    expect(durableHead(folder)).toBe(3);
    expect(troubles.at(-1)).toBeUndefined();
    expect(troubles.filter((trouble) => trouble === undefined)).toHaveLength(1);
  });

  it('holds again once retention has made room on a full disk', async () => {
    const folder = await newFolder();
    const { journal, troubles, dropSeenBefore } = await open(folder, firstCallAtMs, 200);
    for (let n = 0; troubles.length === 0; n += 1) {
      journal.append([ended(n, 1)]);
      await Promise.race([journal.settled(), vi.waitFor(() => expect(troubles[0]).toBeDefined())]);
    }
    expect(troubles[0]?.message).toContain('SQLITE_FULL');
    const before = journal.head;

    await dropSeenBefore(1_000);
    await journal.settled();

    expect(before).toBeGreaterThan(50);
    expect(journal.head).toBe(before + 1);
    expect(durableHead(folder)).toBe(before + 1);
    expect(troubles.at(-1)).toBeUndefined();
  });

  it('does not hold up an orderly stop for ever, and leaves nothing half done', async () => {
    const folder = await newFolder();
    const { journal, store, troubles } = await open(folder);
    journal.append([started(0)]);
    await journal.settled();
    const intruder = openKept(join(folder, 'offhook.db'), {});
    intruder.exec('BEGIN IMMEDIATE');
    journal.append([started(1)]);
    await vi.waitFor(() => expect(troubles.length).toBeGreaterThanOrEqual(1), 10_000);

    await expect(journal.close()).rejects.toMatchObject({ code: 'STORE_COMMIT_FAILED' });

    intruder.close();
    await store.close();
    expect(durableHead(folder)).toBe(1);
  });
});

describe('a lost store', () => {
  it('is told once, and who waits is not left waiting', async () => {
    const { journal, store, troubles } = await open(await newFolder());
    await store.close();

    journal.append([started(0)]);
    await expect(journal.settled()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    journal.append([started(1)]);
    await expect(journal.settled()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });

    expect(troubles.map((trouble) => trouble?.code)).toEqual(['STORE_UNAVAILABLE']);
  });
});
