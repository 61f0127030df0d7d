/**
 * Retention, step by step, on a real database.
 */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openForReading, openForWriting } from '../../src/store/database.ts';
import type { CdrRow, Retained, RetainStep } from '../../src/store/messages.ts';
import { reader } from '../../src/store/reader.ts';
import { writer } from '../../src/store/writer.ts';
import { newFolder } from '../support/data-folder.ts';

const nothing: RetainStep = {
  eventsSeenBeforeMs: null,
  maxEventBytes: null,
  cdrsSeenBeforeMs: null,
  signalIdsSeenBeforeMs: null,
  limit: 10,
};

async function newStore() {
  const folder = await newFolder();
  const db = openForWriting(folder);
  const readonly = openForReading(folder);
  onTestFinished(() => {
    readonly.close();
    db.close();
  });
  const write = writer(db);
  let seq = 0;
  return {
    folder,
    write,
    read: reader(readonly),
    /** One event a call; the calls go on unless `open` is false. */
    add(calls: readonly string[], { open = false, bytes = 100, seenMs = 1, cdrs = false } = {}) {
      const firstSeq = seq + 1;
      seq += calls.length;
      write.commit({
        firstSeq,
        kinds: calls.map(() => 'call.updated'),
        callIds: calls,
        open: calls.map(() => open),
        seenMs: calls.map(() => seenMs),
        bodies: calls.map(() => 'é'.repeat(bytes / 2)),
        cdrs: cdrs ? calls.map((callId, index) => cdr(firstSeq + index, callId, seenMs)) : [],
        sights: [],
        signalIds: [{ source: 'crm', ids: calls, seenMs }],
      });
    },
    /** Steps until there is nothing more to do; the answers. */
    run(step: Partial<RetainStep>): Retained[] {
      const steps: Retained[] = [];
      do steps.push(write.retain({ ...nothing, ...step }));
      while (steps.at(-1)?.more === true);
      return steps;
    },
    seqs(): number[] {
      return db.prepare<[], number>('SELECT seq FROM events ORDER BY seq').pluck().all();
    },
    bytes(): unknown {
      return db.prepare("SELECT value FROM meta WHERE key = 'event_bytes'").pluck().get();
    },
  };
}

function cdr(seq: number, callId: string, seenMs: number): CdrRow {
  const times = { startedMs: 1, endedMs: 2, seenMs };
  const parties = { caller: null, called: null, outcome: null };
  return {
    seq,
    callId,
    source: 'pbx',
    ...times,
    ...parties,
    body: '{}',
    xml: '<x/>',
    file: 'pending',
  };
}

const calls = (count: number, name = 'c'): string[] =>
  Array.from({ length: count }, (_, index) => `${name}${index}`);

describe('retention', () => {
  it('does nothing without bounds', async () => {
    const store = await newStore();
    store.add(calls(30));

    expect(store.run({})).toEqual([{ events: 0, cdrs: 0, signalIds: 0, more: false }]);
    expect(store.seqs()).toHaveLength(30);
  });

  it('drops old events in small steps, the oldest first', async () => {
    const store = await newStore();
    store.add(calls(25), { seenMs: 10 });
    store.add(calls(5), { seenMs: 20 });

    const steps = store.run({ eventsSeenBeforeMs: 20 });

    expect(steps.map(({ events }) => events)).toEqual([10, 10, 5]);
    expect(store.seqs()).toEqual([26, 27, 28, 29, 30]);
  });

  it('drops events until their texts fit, counted in bytes of UTF-8', async () => {
    const store = await newStore();
    store.add(calls(50), { bytes: 1000 });
    expect(store.bytes()).toBe(50_000);

    store.run({ maxEventBytes: 12_500 });

    expect(store.seqs()).toHaveLength(12);
    expect(store.bytes()).toBe(12_000);
  });

  it('passes over the last events of open calls and goes on behind them', async () => {
    const store = await newStore();
    store.add(calls(15, 'open'), { open: true });
    store.add(calls(40));

    store.run({ maxEventBytes: 2_000 });

    expect(store.seqs().filter((seq) => seq <= 15)).toHaveLength(15);
    expect(store.bytes()).toBe(2_000);
    expect(store.read.openCalls({ afterSeq: 0, limit: 99 }).seqs).toHaveLength(15);
  });

  it('makes up for what it passed over', async () => {
    const store = await newStore();
    store.add(calls(5, 'open'), { open: true });
    store.add(calls(10));

    store.run({ maxEventBytes: 900 });

    expect(store.bytes()).toBe(900);
  });

  it('goes on behind more open calls than one step looks at', async () => {
    const store = await newStore();
    store.add(calls(15, 'open'), { open: true });
    store.add(calls(9));
    store.add(['new'], { seenMs: 9 });

    store.run({ eventsSeenBeforeMs: 5 });

    expect(store.seqs()).toEqual([...Array.from({ length: 15 }, (_, index) => index + 1), 25]);
  });

  it('comes to an end when open calls alone are more than may be kept', async () => {
    const store = await newStore();
    store.add(calls(30, 'open'), { open: true });

    const steps = store.run({ maxEventBytes: 1_000 });

    expect(steps.length).toBeLessThan(6);
    expect(store.seqs()).toHaveLength(30);
  });

  it('takes what it had kept for calls that have since moved on', async () => {
    const store = await newStore();
    store.add(calls(30, 'open'), { open: true, seenMs: 1 });
    store.add(['other'], { seenMs: 1 });
    store.run({ eventsSeenBeforeMs: 5 });
    store.add(calls(30, 'open'), { open: true, seenMs: 9 });

    store.run({ eventsSeenBeforeMs: 5 });

    expect(store.seqs()).toEqual(Array.from({ length: 30 }, (_, index) => 32 + index));
    expect(store.bytes()).toBe(3_000);
  });

  it('says that dropped events are gone although neighbours of theirs are kept', async () => {
    const store = await newStore();
    store.add(['a'], { open: true });
    store.add(['b', 'c', 'd']);
    store.run({ maxEventBytes: 0 });

    const after = (afterSeq: number) =>
      store.read.eventsAfter({ afterSeq, throughSeq: 99, limit: 99, maxBytes: 9999 });
    expect(store.seqs()).toEqual([1, 4]);
    expect(after(0)).toEqual({ kind: 'gone', oldestSeq: 4 });
    expect(after(3)).toMatchObject({ kind: 'rows', seqs: [4] });
  });

  it('drops CDRs and signal ids by ages of their own', async () => {
    const store = await newStore();
    store.add(calls(25, 'old'), { cdrs: true, seenMs: 10 });
    store.add(calls(2, 'new'), { cdrs: true, seenMs: 20 });

    const byCdr = store.run({ cdrsSeenBeforeMs: 20 });
    expect(byCdr.map(({ cdrs }) => cdrs)).toEqual([10, 10, 5]);
    expect(store.read.cdr('old24')).toBeNull();
    expect(store.read.cdr('new0')).not.toBeNull();
    expect(store.read.knownSignalIds({ source: 'crm', ids: ['old3'] })).toEqual(['old3']);

    const byId = store.run({ signalIdsSeenBeforeMs: 20 });
    expect(byId.map(({ signalIds }) => signalIds)).toEqual([10, 10, 5]);
    expect(store.read.knownSignalIds({ source: 'crm', ids: ['old3', 'new1'] })).toEqual(['new1']);
    expect(store.seqs()).toHaveLength(27);
  });

  it('gives the space back to the disk', async () => {
    const store = await newStore();
    store.add(calls(3000), { bytes: 8000 });

    store.run({ maxEventBytes: 10_000, limit: 200 });

    const size = (await measured(store.folder)) / 1_000_000;
    expect(size).toBeLessThan(12);
  });
});

/** Size of the database file once the log is folded into it. */
async function measured(folder: string): Promise<number> {
  const db = openForWriting(folder);
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
  return statSync(join(folder, 'offhook.db')).size;
}
