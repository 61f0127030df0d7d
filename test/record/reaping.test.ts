/**
 * What becomes of recordings that are too old, too many or marked: real files, real books, and what must never go.
 */
import { chmodSync, existsSync, mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { MediaSurvey } from '../../src/record/media-survey.ts';
import {
  Reaping,
  type ReapingOptions,
  type ReapingReport,
  type ReapingSettings,
} from '../../src/record/reaping.ts';
import type { KeptRecording, KeptSegment } from '../../src/store/recording-messages.ts';
import { type Archive, openArchive } from '../support/archive.ts';
import {
  fedRecording,
  fedSegment,
  firstRecordingMs,
  importedRecording,
} from '../support/recordings.ts';
import { until } from '../support/until.ts';

const day = 86_400_000;

let archive: Archive;
let nowMs: number;
let strays: [number, string][];
let kept: number[];
let reports: ReapingReport[];
beforeEach(async () => {
  archive = await openArchive();
  nowMs = firstRecordingMs + 10 * day;
  [strays, kept, reports] = [[], [], []];
});

function reaping(
  settings: Partial<ReapingSettings> = {},
  store: Partial<ReapingOptions['store']> = {},
): Reaping {
  const { recordings } = archive.store;
  return new Reaping({
    store: {
      walkMedia: (walk) => recordings.walkMedia(walk),
      mediaBytes: () => recordings.mediaBytes(),
      segmentsOfFile: (name) => recordings.segmentsOfFile(name),
      supplementsNamed: (filename) => recordings.supplementsNamed(filename),
      searchSegments: (search) => recordings.searchSegments(search),
      find: (id) => recordings.find(id),
      drop: (ids) => recordings.drop(ids),
      ...store,
    },
    media: archive.media,
    clock: { now: () => nowMs },
    settings: { maxAgeMs: 0, maxBytes: 0, ...settings },
    onReport: (report) => reports.push(report),
    onStray: (recording, file) => strays.push([recording, file]),
    onKept: (recording) => kept.push(recording),
  });
}

async function reap(settings: Partial<ReapingSettings> = {}): Promise<void> {
  const once = reaping(settings);
  await once.run();
  await once.stop();
}

/** A recording of one segment with a file of its own, there and known. */
async function keep(
  id: number,
  recording: Partial<KeptRecording> = {},
  segment: Partial<KeptSegment> = {},
): Promise<string> {
  const file = segment.file ?? archive.file(`${id}.wav`, 'x'.repeat(100));
  const known = { fileState: 'present', bytes: 100 } as const;
  const segments = [{ ...known, file, filename: `${id}.wav`, ...segment }];
  await archive.keep(importedRecording({ recording: { id, ...recording }, segments }));
  return file;
}

async function ids(): Promise<readonly number[]> {
  const { rows } = await archive.books.search({ criteria: {}, limit: 100 });
  return rows.map(({ id }) => id).reverse();
}

describe('what is marked', () => {
  it('goes with its files, its metadata file and what was added, and nothing else does', async () => {
    const file = await keep(1, { deleteFlag: true });
    const metadata = archive.file('1.xml', '<verbacdr state="1"/>');
    const extra = archive.file('screen.webm');
    await archive.books.addSupplement({ recording: 1, kind: 'video', file: extra, filename: 'x' });
    const other = await keep(2);
    await reap();
    expect(await ids()).toEqual([2]);
    expect([file, metadata, extra, other].map((path) => existsSync(path))).toEqual([
      false,
      false,
      false,
      true,
    ]);
    expect(reports).toEqual([{ kind: 'done', recordings: 1, files: 2, kept: 0 }]);
    expect(await archive.store.recordings.mediaBytes()).toBe(100);
  });

  it('leaves what was added to another recording, too, or is its media file', async () => {
    const shared = archive.file('shared/screen.webm');
    const add = (recording: number, file: string) =>
      archive.books.addSupplement({ recording, kind: 'video', file, filename: basename(file) });
    const own = await keep(1, { deleteFlag: true });
    const others = await keep(2);
    await keep(3);
    await add(1, shared);
    await add(1, others);
    await add(2, 'shared/screen.webm');
    await add(3, own);
    await reap();
    expect(await ids()).toEqual([2, 3]);
    expect([own, others, shared].map((path) => existsSync(path))).toEqual([true, true, true]);
    await archive.books.change({ id: 2, deleteFlag: true });
    await archive.books.change({ id: 3, deleteFlag: true });
    await reap();
    expect([own, others, shared].map((path) => existsSync(path))).toEqual([false, false, false]);
  });

  it('goes at once when somebody marks it, also while a round is under way', async () => {
    for (let id = 1; id <= 120; id += 1) await keep(id, { deleteFlag: id % 2 === 0 });
    const worker = reaping();
    const first = worker.run();
    await archive.books.change({ id: 1, deleteFlag: true });
    worker.nudge();
    await first;
    await until('it is gone', async () => (await archive.books.find(1)) === undefined);
    await worker.stop();
    expect(await ids()).toEqual(Array.from({ length: 59 }, (_, at) => 2 * at + 3));
  });

  it('goes though it should never expire: a person has said so', async () => {
    await keep(1, { deleteFlag: true, neverExpire: true });
    await reap();
    expect(await ids()).toEqual([]);
  });

  it('stays while it goes on', async () => {
    await archive.feed({ recordings: [fedRecording()], segments: [fedSegment()] });
    await archive.books.change({ id: 1, deleteFlag: true });
    await reap({ maxAgeMs: 1, maxBytes: 1 });
    expect(await ids()).toEqual([1]);
  });
});

describe('what is too old', () => {
  it('goes, but for what never expires', async () => {
    await keep(1);
    await keep(2, { neverExpire: true });
    await keep(3, { startMs: nowMs - day, endMs: nowMs - day + 1 });
    await keep(4, { startMs: firstRecordingMs, endMs: nowMs - 1 });
    await reap({ maxAgeMs: 5 * day });
    expect((await ids()).toSorted()).toEqual([2, 3, 4]);
    expect(existsSync(join(archive.root, '2.wav'))).toBe(true);
  });

  it('stays when somebody keeps it after it has been looked for, and goes under a new name', async () => {
    await keep(1);
    const old = await keep(2);
    const { recordings } = archive.store;
    const renamed = join(archive.root, 'renamed.wav');
    const worker = reaping(
      { maxAgeMs: 5 * day },
      {
        walkMedia: async (walk) => {
          const page = await recordings.walkMedia(walk);
          if (page.length === 0) return page;
          await archive.books.change({ id: 1, neverExpire: true });
          if (existsSync(old)) renameSync(old, renamed);
          await archive.books.changeSegment({ id: 2, file: renamed, filename: 'renamed.wav' });
          return page;
        },
      },
    );
    await worker.run();
    await worker.stop();
    expect(await ids()).toEqual([1]);
    expect(existsSync(join(archive.root, '1.wav'))).toBe(true);
    expect(existsSync(renamed)).toBe(false);
  });

  it('stays where no age is set', async () => {
    await keep(1);
    await reap();
    expect(await ids()).toEqual([1]);
  });
});

describe('what takes too much space', () => {
  it('goes, the oldest first, until the rest fits', async () => {
    for (const id of [1, 2, 3, 4, 5]) await keep(id, { neverExpire: id === 2 });
    await reap({ maxBytes: 300 });
    expect(await ids()).toEqual([2, 4, 5]);
    await reap({ maxBytes: 300 });
    expect(await ids()).toEqual([2, 4, 5]);
    await reap({ maxBytes: 1 });
    expect(await ids()).toEqual([2]);
  });

  it('is not what has no file to give', async () => {
    await keep(1, {}, { fileState: 'missing', bytes: null, file: join(archive.root, 'gone.wav') });
    await keep(2);
    await keep(3);
    const worker = reaping({ maxBytes: 100 });
    await worker.run();
    expect(await ids()).toEqual([1, 3]);
    await keep(4);
    await worker.run();
    expect(await ids()).toEqual([1, 4]);
    await worker.stop();
  });
});

describe('a file', () => {
  it('that two recordings share goes with the last of them, however it is spelled', async () => {
    const file = await keep(1, { deleteFlag: true });
    await keep(2, {}, { file: '1.wav', filename: '1.wav' });
    archive.file('other/1.wav', 'another');
    await keep(3, {}, { file: join(archive.root, 'other/1.wav'), filename: '1.wav' });
    await reap();
    expect([await ids(), existsSync(file)]).toEqual([[2, 3], true]);
    await archive.books.change({ id: 2, deleteFlag: true });
    await reap();
    expect([await ids(), existsSync(file)]).toEqual([[3], false]);
    expect(existsSync(join(archive.root, 'other/1.wav'))).toBe(true);
  });

  it('that two segments of one recording share goes with it', async () => {
    const file = archive.file('a.wav');
    await archive.keep(
      importedRecording({ recording: { deleteFlag: true }, segments: [{ file }, { file }] }),
    );
    await reap();
    expect([await ids(), existsSync(file)]).toEqual([[], false]);
  });

  it('outside the roots stays, and is told of; its row goes', async () => {
    const secret = join(archive.outside, 'secret.wav');
    writeFileSync(secret, 'secret');
    symlinkSync(archive.outside, join(archive.root, 'link'));
    const link = join(archive.root, 'link/secret.wav');
    await keep(1, { deleteFlag: true }, { file: secret });
    await keep(2, { deleteFlag: true }, { file: link });
    await keep(3, { deleteFlag: true }, { file: '../outside/secret.wav' });
    await reap();
    expect([await ids(), existsSync(secret)]).toEqual([[], true]);
    expect(strays).toEqual([
      [1, secret],
      [2, link],
      [3, '../outside/secret.wav'],
    ]);
  });

  it('that is gone already keeps nothing: a crash came between', async () => {
    await keep(1, { deleteFlag: true }, { file: join(archive.root, 'gone/a.wav') });
    await reap();
    expect([await ids(), strays]).toEqual([[], []]);
  });

  it.skipIf(process.getuid?.() === 0)(
    'that cannot be removed keeps its row, and is tried again',
    async () => {
      await keep(1, { deleteFlag: true }, { file: archive.file('locked/1.wav') });
      await keep(2, { deleteFlag: true });
      chmodSync(join(archive.root, 'locked'), 0o500);
      await reap();
      chmodSync(join(archive.root, 'locked'), 0o700);
      expect([await ids(), kept]).toEqual([[1], [1]]);
      await reap();
      expect(await ids()).toEqual([]);
    },
  );

  it('below a root that is not mounted keeps its row', async () => {
    await keep(1, { deleteFlag: true });
    renameSync(archive.root, `${archive.root}-away`);
    await reap();
    expect([await ids(), kept]).toEqual([[1], [1]]);
    renameSync(`${archive.root}-away`, archive.root);
    await reap();
    expect([await ids(), existsSync(join(archive.root, '1.wav'))]).toEqual([[], false]);
  });
});

describe('files that nobody has looked at', () => {
  let settled: string[];
  beforeEach(() => (settled = []));
  const survey = (): MediaSurvey =>
    new MediaSurvey({
      store: archive.store.recordings,
      media: archive.media,
      clock: { now: () => nowMs },
      onFailure: (error) => {
        throw error;
      },
      onSettled: (state) => settled.push(state),
    });
  const unknown = { fileState: 'unknown', bytes: null } as const;
  const state = async (id: number): Promise<unknown> => {
    const segment = (await archive.books.find(id))?.segments[0];
    return [segment?.fileState, segment?.bytes];
  };

  it('are looked at once their segments have ended', async () => {
    await keep(1, {}, unknown);
    await keep(2, {}, { ...unknown, file: '/elsewhere/2.wav' });
    await archive.feed({
      recordings: [fedRecording({ id: 3 })],
      segments: [fedSegment({ id: 3, file: archive.file('3.wav', 'x') })],
    });
    const worker = survey();
    await worker.run();
    expect(await Promise.all([1, 2, 3].map(state))).toEqual([
      ['present', 100],
      ['missing', null],
      ['unknown', null],
    ]);
    expect(await archive.store.recordings.mediaBytes()).toBe(100);
    await archive.feed({
      recordings: [fedRecording({ id: 3 })],
      segments: [fedSegment({ id: 3, file: archive.file('3.wav', 'xyz'), endMs: nowMs })],
    });
    await worker.run();
    expect(await state(3)).toEqual(['present', 3]);
    // Each is told of once, in whatever round.
    await worker.run();
    expect(settled).toEqual(['present', 'missing', 'present']);
    await worker.stop();
  });

  it('are waited for some minutes, and looked for among what was taken over later', async () => {
    const file = join(archive.root, 'late.wav');
    await keep(5, { startMs: nowMs - 1_000, endMs: nowMs }, { ...unknown, file, endMs: nowMs });
    const worker = survey();
    await worker.run();
    expect(await state(5)).toEqual(['unknown', null]);
    mkdirSync(archive.root, { recursive: true });
    archive.file('late.wav', 'late');
    await worker.run();
    expect(await state(5)).toEqual(['present', 4]);
    await keep(1, {}, unknown);
    worker.lookAgain();
    await worker.run();
    expect(await state(1)).toEqual(['present', 100]);
    await worker.stop();
  });

  it('are given up after these minutes', async () => {
    const file = join(archive.root, 'never.wav');
    await keep(5, { startMs: nowMs - 1_000, endMs: nowMs }, { ...unknown, file, endMs: nowMs });
    const worker = survey();
    await worker.run();
    expect(settled).toEqual([]);
    nowMs += 10 * 60_000;
    await worker.run();
    expect(await state(5)).toEqual(['missing', null]);
    expect(settled).toEqual(['missing']);
    await worker.stop();
  });
});
