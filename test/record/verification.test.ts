/**
 * Rows and files compared: each thing that is amiss is told of, and nothing else is.
 */
import { symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { MediaFiles } from '../../src/record/media.ts';
import { type Finding, verify } from '../../src/record/verification.ts';
import { type Archive, openArchive } from '../support/archive.ts';
import { fedRecording, fedSegment, importedRecording } from '../support/recordings.ts';

let archive: Archive;
beforeEach(async () => {
  archive = await openArchive();
});

async function found(media = archive.media): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  const parts = { store: archive.store.recordings, media, nowMs: () => Date.now() };
  for await (const finding of verify(parts)) findings.push(finding);
  return findings;
}

const amiss = (findings: readonly Finding[]): readonly Finding[] =>
  findings.filter(({ kind }) => kind !== 'progress' && kind !== 'done');

/** A file as old as most are. */
function old(name: string, content?: string): string {
  const path = archive.file(name, content);
  utimesSync(path, 1_000, 1_000);
  return path;
}

it('an archive in order has nothing to tell of', async () => {
  symlinkSync(archive.root, `${archive.root}-alias`);
  await archive.keep(
    importedRecording({ segments: [{ file: old('a.wav'), bytes: 8, fileState: 'present' }] }),
    importedRecording({ recording: { id: 2 }, segments: [{ file: 'b/b.wav', filename: 'b.wav' }] }),
    importedRecording({
      recording: { id: 3 },
      segments: [{ file: join(`${archive.root}-alias`, 'c.mp3'), filename: 'renamed.mp3' }],
    }),
    importedRecording({ recording: { id: 4 }, segments: [{ file: null, filename: null }] }),
  );
  for (const name of ['b/b.wav', 'c.mp3', 'a.xml', 'c.xml', 'v.webm']) old(name);
  await archive.books.addSupplement({
    recording: 1,
    kind: 'video',
    file: 'v.webm',
    filename: 'v.webm',
  });
  // Just written: its recording may be on its way to the books.
  archive.file('fresh.wav');
  archive.file('.a.xml.part');
  await archive.feed({
    recordings: [fedRecording({ id: 5 })],
    segments: [fedSegment({ id: 5, file: '/not/written/yet.wav' })],
  });
  const media = new MediaFiles([`${archive.root}-alias`, archive.root]);
  const findings = await found(media);
  expect(amiss(findings)).toEqual([]);
  expect(findings.at(-1)).toEqual({ kind: 'done', segments: 5, files: 7, findings: 0 });
});

it('everything that is amiss is told of', async () => {
  writeFileSync(join(archive.outside, 'secret.wav'), 'secret');
  symlinkSync(archive.outside, join(archive.root, 'link'));
  const gone = join(archive.root, 'gone.wav');
  await archive.keep(
    importedRecording({ segments: [{ file: gone }, { file: 'link/secret.wav' }] }),
    importedRecording({
      recording: { id: 10 },
      segments: [{ file: old('short.wav', '123'), filename: 'short.wav', bytes: 8 }],
    }),
  );
  await archive.books.addSupplement({ recording: 10, kind: 'other', file: 'no', filename: 'no' });
  const orphan = old('deep/er/short.wav', 'orphan');
  const lonely = old('lonely.xml', '<verbacdr/>');
  const findings = await found();
  expect(amiss(findings).toSorted((a, b) => a.kind.localeCompare(b.kind))).toEqual([
    { kind: 'missing', recording: 1, segment: 1, file: gone },
    { kind: 'missing', recording: 10, supplement: 1, file: 'no' },
    expect.objectContaining({ kind: 'orphan' }),
    expect.objectContaining({ kind: 'orphan' }),
    { kind: 'outside', recording: 1, segment: 2, file: 'link/secret.wav' },
    {
      ...{ kind: 'size', recording: 10, segment: 10, known: 8, bytes: 3 },
      file: join(archive.root, 'short.wav'),
    },
  ]);
  expect(findings).toContainEqual({ kind: 'orphan', file: orphan, bytes: 6 });
  expect(findings).toContainEqual({ kind: 'orphan', file: lonely, bytes: 11 });
  expect(findings.at(-1)).toMatchObject({ kind: 'done', findings: 6 });
});

it('goes through more than a page, and stops when nobody listens any more', async () => {
  const many = Array.from({ length: 250 }, (_, at) =>
    importedRecording({ recording: { id: at + 1 }, segments: [{ file: old(`${at}.wav`) }] }),
  );
  await archive.keep(...many);
  const findings = await found();
  expect(amiss(findings)).toEqual([]);
  expect(findings.at(-1)).toEqual({ kind: 'done', segments: 250, files: 250, findings: 0 });
  expect(findings.filter(({ kind }) => kind === 'progress')).toHaveLength(6);
  const parts = { store: archive.store.recordings, media: archive.media, nowMs: () => 0 };
  for await (const finding of verify(parts)) {
    if (finding.kind === 'progress') break;
  }
});
