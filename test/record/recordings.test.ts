/** The books of recordings over the real store and its threads. */
import { expect, it, onTestFinished } from 'vitest';
import { RecordingBooks, SearchesBusyError } from '../../src/record/recordings.ts';
import { StoreClient } from '../../src/store/client.ts';
import { newFolder } from '../support/data-folder.ts';
import { aDossier, importedRecording } from '../support/recordings.ts';

async function openBooks(reserveIds: (through: number) => Promise<void> | void = () => undefined) {
  const store = await StoreClient.open({
    folder: await newFolder(),
    onFailure: (error) => {
      throw error;
    },
  });
  onTestFinished(() => store.close());
  const flagged: string[] = [];
  const onFlagged = () => void flagged.push('flagged');
  const books = new RecordingBooks({ store: store.recordings, reserveIds, onFlagged });
  return { books, flagged, store };
}

it('reserves the highest number before anything is imported, and waits for it', async () => {
  const said: string[] = [];
  const { books } = await openBooks(async (through) => {
    said.push(
      `reserve ${through}`,
      `found ${(await books.search({ criteria: {}, limit: 9 })).rows.length}`,
    );
  });
  const segments = [{ id: 70 }, { id: 12 }];
  expect(await books.import([importedRecording({ recording: { id: 9 }, segments })])).toEqual([]);
  expect(said).toEqual(['reserve 70', 'found 0']);
  expect(await books.find(9)).toEqual(aDossier({ recording: { id: 9 }, segments }));
  expect(await books.import([importedRecording({ recording: { id: 9 } })])).toEqual([9]);
  expect(await books.find(10)).toBeUndefined();
});

it('tells of recordings that are marked to be deleted, once they are', async () => {
  const { books, flagged } = await openBooks();
  await books.import([importedRecording()]);
  expect(await books.change({ id: 1, sensitive: true })).toBe(true);
  expect(await books.change({ id: 2, deleteFlag: true })).toBe(false);
  expect(await books.change({ id: 1, deleteFlag: false })).toBe(true);
  expect(flagged).toEqual([]);
  expect(await books.change({ id: 1, deleteFlag: true })).toBe(true);
  expect(flagged).toEqual(['flagged']);
});

it('has so many searches waiting and refuses more, until some have been answered', async () => {
  const { books } = await openBooks();
  await books.import([importedRecording()]);
  const search = () => books.search({ criteria: {}, limit: 1 });
  const waiting = Array.from({ length: 256 }, search);
  await expect(search()).rejects.toBeInstanceOf(SearchesBusyError);
  await expect(books.searchSegments({ criteria: {}, limit: 1 })).rejects.toThrow(/come again/);
  for (const { rows } of await Promise.all(waiting)) expect(rows).toHaveLength(1);
  expect((await search()).rows).toHaveLength(1);
});

it('has those who ask take turns, and the one who asks most gives way', async () => {
  const { books } = await openBooks();
  await books.import([importedRecording()]);
  const answered: string[] = [];
  const search = (who: string) =>
    books.search({ criteria: {}, limit: 1 }, who).then(
      () => void answered.push(who),
      () => void answered.push(`not ${who}`),
    );
  const greedy = Array.from({ length: 256 }, () => search('greedy'));
  await search('modest');
  // Those that were under way, those whose turn came meanwhile, and one that gave way.
  expect(answered.filter((each) => each === 'not greedy')).toHaveLength(1);
  expect(answered.filter((each) => each === 'greedy').length).toBeLessThan(10);
  expect(answered.at(-1)).toBe('modest');
  await Promise.all(greedy);
  expect(answered.filter((each) => each === 'greedy')).toHaveLength(255);
});
