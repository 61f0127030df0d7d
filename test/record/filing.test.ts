/**
 * Metadata files of ended calls, from the books to the disk, also when something is in the way.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import type { Call } from '../../src/call/call.ts';
import { Filing, type FilingFailure, type FilingOptions } from '../../src/record/filing.ts';
import { endedCall } from '../support/calls.ts';
import { openBooks, xmlOf, type Books } from './books.ts';

function newFiling(books: Books, options: Partial<FilingOptions> = {}) {
  const failures: FilingFailure[] = [];
  const troubles: StoreError[] = [];
  const filing = new Filing({
    store: books.store,
    dataFolder: books.folder,
    mediaRoots: [],
    onFailure: (failure) => failures.push(failure),
    onTrouble: (error) => troubles.push(error),
    retry: { firstMs: 20, maxMs: 20 },
    ...options,
  });
  onTestFinished(() => filing.stop());
  return { filing, failures, troubles };
}

function fileOf(call: Call, { folder }: Books): string {
  return join(folder, 'cdr', '2025', '03', '14', `${call.id}.xml`);
}

function contentOf(call: Call): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${xmlOf(call)}\n`;
}

async function pendingIds({ store }: Books): Promise<readonly string[]> {
  return (await store.pendingFiles(0, 1000)).map(({ callId }) => callId);
}

it('writes the file of every ended call, and notes that it is done', async () => {
  const books = await openBooks();
  const { filing } = newFiling(books);
  const calls = Array.from({ length: 100 }, (_, n) => endedCall(n));
  await books.end(...calls);

  filing.nudge();
  await filing.idle();

  for (const call of calls) {
    expect(readFileSync(fileOf(call, books), 'utf8')).toBe(contentOf(call));
  }
  expect(await pendingIds(books)).toEqual([]);
});

it('writes beside the media file where there is one', async () => {
  const books = await openBooks();
  const media = join(books.folder, 'media');
  mkdirSync(media);
  writeFileSync(join(media, 'a.wav'), '');
  const recording = { id: 1, leg: '1', startedAtMs: 1, pauses: [], file: join(media, 'a.wav') };
  const call = endedCall(0, { recordings: [recording] });
  const { filing } = newFiling(books, { mediaRoots: [media] });
  await books.end(call);

  filing.nudge();
  await filing.idle();

  expect(readFileSync(join(media, 'a.xml'), 'utf8')).toBe(contentOf(call));
  expect(existsSync(fileOf(call, books))).toBe(false);
});

it('takes up calls that end while it is at work', async () => {
  const books = await openBooks();
  const { filing } = newFiling(books);
  for (let n = 0; n < 50; n += 1) {
    await books.end(endedCall(n));
    filing.nudge();
  }
  await filing.idle();

  expect(await pendingIds(books)).toEqual([]);
});

it('makes good at the next start what a crash came before', async () => {
  const books = await openBooks();
  await books.end(endedCall(0), endedCall(1));
  // The file of call 1 had just been written, but not noted.
  await newFilingOnce(books);
  await books.store.close();
  rmSync(fileOf(endedCall(0), books));

  const again = await openBooks(books.folder);
  const { filing } = newFiling(again);
  filing.nudge();
  await filing.idle();

  expect(readFileSync(fileOf(endedCall(0), books), 'utf8')).toBe(contentOf(endedCall(0)));
  expect(readFileSync(fileOf(endedCall(1), books), 'utf8')).toBe(contentOf(endedCall(1)));
  expect(await pendingIds(again)).toEqual([]);
});

/** Files, and dies before it can note anything. */
async function newFilingOnce(books: Books): Promise<void> {
  const store = {
    pendingFiles: books.store.pendingFiles.bind(books.store),
    markFiled: () => Promise.reject(new StoreError('STORE_COMMIT_FAILED', 'killed')),
  };
  const { filing, troubles } = newFiling(books, { store });
  filing.nudge();
  await filing.idle();
  await filing.stop();
  expect(troubles).toHaveLength(1);
  expect(await pendingIds(books)).toHaveLength(2);
}

it('says which file could not be written, writes the others, and tries again', async () => {
  const books = await openBooks();
  const { filing, failures } = newFiling(books);
  const [stuck, fine, later] = [endedCall(0), endedCall(1), endedCall(2)];
  // A folder has the name that the file is to get.
  mkdirSync(join(fileOf(stuck, books), 'in-the-way'), { recursive: true });
  await books.end(stuck, fine);

  filing.nudge();
  await filing.idle();
  expect(failures[0]).toMatchObject({ callId: stuck.id, error: { code: 'EISDIR' } });
  expect(filing.failing).toBe(1);
  expect(await pendingIds(books)).toEqual([stuck.id]);
  expect(existsSync(fileOf(fine, books))).toBe(true);
  expect(readdirSync(dirname(fileOf(fine, books))).filter((name) => name.startsWith('.'))).toEqual(
    [],
  );

  await books.end(later);
  filing.nudge();
  await vi.waitFor(() => expect(existsSync(fileOf(later, books))).toBe(true), 5_000);
  rmSync(fileOf(stuck, books), { recursive: true });
  await vi.waitFor(async () => expect(await pendingIds(books)).toEqual([]), 5_000);

  expect(readFileSync(fileOf(stuck, books), 'utf8')).toBe(contentOf(stuck));
  await vi.waitFor(() => expect(filing.failing).toBe(0), 5_000);
});

it('goes on after trouble with the books', async () => {
  const books = await openBooks();
  let refusals = 2;
  const store = {
    markFiled: books.store.markFiled.bind(books.store),
    pendingFiles: (afterSeq: number, limit: number) => {
      refusals -= 1;
      if (refusals >= 0) return Promise.reject(new StoreError('STORE_UNAVAILABLE', 'not now'));
      return books.store.pendingFiles(afterSeq, limit);
    },
  };
  const { filing, troubles } = newFiling(books, { store });
  await books.end(endedCall(0));

  filing.nudge();
  await vi.waitFor(async () => expect(await pendingIds(books)).toEqual([]), 5_000);

  expect(troubles).toHaveLength(2);
});

it('begins nothing after it was stopped', async () => {
  const books = await openBooks();
  const { filing } = newFiling(books);
  await filing.stop();
  await books.end(endedCall(0));

  filing.nudge();
  await filing.idle();

  expect(await pendingIds(books)).toHaveLength(1);
});
