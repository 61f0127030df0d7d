/**
 * Pages that readers share: the same entries as reading alone, and each page read once.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { JournalEntry, ReadResult } from '../../src/journal/journal.ts';
import { Pages, type ReadEntries } from '../../src/journal/pages.ts';
import { started } from '../support/calls.ts';

const event = started(0);

/** A store of `size` entries, of which retention has taken those up to `dropped`. */
function store(size: () => number, dropped = 0, mostAtOnce = 256): ReadEntries & { reads: number } {
  const read = (afterSeq: number, throughSeq: number, limit: number): Promise<ReadResult> => {
    reader.reads += 1;
    if (afterSeq < dropped) return Promise.resolve({ kind: 'gone', oldestSeq: dropped + 1 });
    const entries: JournalEntry[] = [];
    const last = Math.min(size(), throughSeq, afterSeq + Math.min(limit, mostAtOnce));
    for (let seq = afterSeq + 1; seq <= last; seq += 1) entries.push({ seq, event });
    return Promise.resolve({ kind: 'entries', entries });
  };
  const reader = Object.assign(read, { reads: 0 });
  return reader;
}

async function all(pages: Pages, afterSeq: number, head: () => number, limit: number) {
  const seqs: number[] = [];
  for (let seq = afterSeq; seq < head();) {
    const read = await pages.readAfter(seq, head(), limit);
    if (read.kind === 'gone') return 'gone';
    expect(read.entries.length).toBeGreaterThan(0);
    expect(read.entries.length).toBeLessThanOrEqual(limit);
    for (const entry of read.entries) seqs.push(entry.seq);
    seq = seqs.at(-1) ?? seq;
  }
  return seqs;
}

it('gives every reader every entry once, in order, however it grows, is cut or dropped meanwhile', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 1_500 }),
      fc.nat(1_500),
      fc.integer({ min: 1, max: 600 }),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.nat(1_500), { minLength: 1, maxLength: 6 }),
      async (size, dropped, limit, mostAtOnce, starts) => {
        let head = size;
        const pages = new Pages(store(() => head, Math.min(dropped, size), mostAtOnce));
        await Promise.all(
          starts.map(async (start) => {
            const from = Math.min(start, head);
            const read = await all(pages, from, () => head, limit);
            if (from < Math.min(dropped, size)) return expect(read).toBe('gone');
            // Others may have made it grow since this one had read all.
            expect(read).toEqual(Array.from({ length: read.length }, (_, nth) => from + 1 + nth));
            expect(read.length).toBeGreaterThanOrEqual(size - from);
            head += 3;
          }),
        );
      },
    ),
    { numRuns: 300 },
  );
});

it('reads a page once for a thousand readers', async () => {
  const reader = store(() => 1_000);
  const pages = new Pages(reader);
  const seqs = await Promise.all(
    Array.from({ length: 1_000 }, () => all(pages, 100, () => 1_000, 512)),
  );
  expect(seqs.every((each) => each.length === 900)).toBe(true);
  expect(reader.reads).toBe(4);
});

it('reads on when more has come than the page knew of', async () => {
  let head = 10;
  const reader = store(() => head);
  const pages = new Pages(reader);
  expect(await pages.readAfter(0, head, 512)).toMatchObject({ entries: { length: 10 } });
  head = 12;
  expect(await pages.readAfter(10, head, 512)).toMatchObject({
    entries: [{ seq: 11 }, { seq: 12 }],
  });
  expect(await pages.readAfter(4, head, 1)).toMatchObject({ entries: [{ seq: 5 }] });
  expect(reader.reads).toBe(2);
});

it('keeps no more than a bounded number of pages, and none once it is cleared', async () => {
  const pages = new Pages(store(() => 100_000));
  await all(pages, 0, () => 100_000, 512);
  expect(pages.kept).toBe(64);
  pages.clear();
  expect(pages.kept).toBe(0);
});

it('does not keep a reading that failed', async () => {
  let fails = true;
  const good = store(() => 5);
  const pages = new Pages((...ask) => (fails ? Promise.reject(new Error('no')) : good(...ask)));
  await expect(pages.readAfter(0, 5, 5)).rejects.toThrow('no');
  fails = false;
  expect(await pages.readAfter(0, 5, 5)).toMatchObject({ entries: { length: 5 } });
});

it('takes what is told while somebody catches up, and reads it from nowhere', async () => {
  let head = 300;
  const reader = store(() => head);
  const pages = new Pages(reader);
  expect(await pages.readAfter(256, head, 512)).toMatchObject({ entries: { length: 44 } });
  const told = (count: number): JournalEntry[] =>
    Array.from({ length: count }, () => ({ seq: (head += 1), event }));
  const held = await pages.readAfter(256, head, 512);
  pages.append(told(10));
  pages.append(told(500));
  expect(held).toMatchObject({ entries: { length: 44 } });
  expect(await all(pages, 256, () => head, 512)).toEqual(
    Array.from({ length: 554 }, (_, nth) => 257 + nth),
  );
  expect(reader.reads).toBe(1);
  pages.clear();
  pages.append(told(1));
  expect(pages.kept).toBe(0);
});

it('does not put what is told behind a hole', async () => {
  let head = 10;
  const pages = new Pages(store(() => head));
  await pages.readAfter(0, head, 512);
  head = 20;
  pages.append([{ seq: 20, event }]);
  expect(await all(pages, 0, () => head, 512)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
});

it('gives all who read a page the same array, where it is whole', async () => {
  const pages = new Pages(store(() => 300));
  const [one, other] = [await pages.readAfter(0, 300, 512), await pages.readAfter(0, 300, 512)];
  expect(one.kind === 'entries' && other.kind === 'entries' && one.entries === other.entries).toBe(
    true,
  );
});
