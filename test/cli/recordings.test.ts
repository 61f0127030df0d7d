// The commands for recordings as people run them, against a real server with real files.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { anybody } from '../../src/access/grant.ts';
import { verify } from '../../src/record/verification.ts';
import { type Archive, type ArchiveServer, openArchive, serveArchive } from '../support/archive.ts';
import { newFolder } from '../support/data-folder.ts';
import { importedRecording } from '../support/recordings.ts';

const program = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

interface Ended {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly err: string;
}

let archive: Archive;
let server: ArchiveServer;
let folder: string;
beforeEach(async () => {
  folder = await newFolder();
  archive = await openArchive();
  server = await serveArchive(archive);
  server.verify = () =>
    verify({ store: archive.store.recordings, media: archive.media, nowMs: () => Date.now() });
});

function offhook(...args: readonly string[]): Promise<Ended> {
  const options = {
    env: { PATH: process.env['PATH'], OFFHOOK_HTTP: server.base },
    cwd: folder,
    timeout: 30_000,
  };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'recordings', ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : error.code, out, err });
    });
  });
}

it('recordings are listed and shown as tables', async () => {
  expect((await offhook('list')).out).toBe('There is no such recording.\n');
  await archive.keep(
    importedRecording({ recording: { agentId: 'ben\u001b[31m' } }),
    importedRecording({
      recording: { id: 2, dnis: '1002', neverExpire: true },
      segments: [{ bytes: 480_044, fileState: 'present', pauseMs: 65_000 }],
      customData: [{ segment: null, field: 1, value: 'T-4711' }],
    }),
  );
  const listed = await offhook('list');
  expect(listed.out).toMatch(
    /^Recording {2}Started +Length +Caller +Called +Agent +Source +File\n/,
  );
  expect(listed.out).toMatch(
    /\n2 +2026-11-20 09:01:00 {2}0:30 +\+4930123 {2}1002 +– +pbx +rec-2\.wav\n1 /,
  );
  expect(listed.out).not.toContain('\u001b');
  const found = await offhook(
    'list',
    '--called',
    '1002',
    '--where',
    'custom.Ticket=T-4711',
    '--json',
  );
  expect(JSON.parse(found.out)).toMatchObject({ recordings: [{ id: 2 }] });
  const paged = await offhook('list', '--limit', '1');
  expect(paged.err).toMatch(/^There may be more: --cursor \S+\.\n$/);
  const shown = await offhook('show', '2');
  expect(shown.out).toMatch(/^Recording 2\nStarted +2026-11-20 09:01:00\n/);
  expect(shown.out).toContain('Marks    never expires\nTicket   T-4711\n');
  expect(shown.out).toMatch(
    /\n2 +2026-11-20 09:01:00 {2}0:30 +1:05 +present +468\.8 KiB {2}rec-2\.wav\n$/,
  );
  expect(await offhook('show', '7')).toMatchObject({
    code: 1,
    err: expect.stringContaining('`offhook recordings list` shows those that there are.'),
  });
  expect(await offhook('list', '--where', 'colour=red')).toMatchObject({ code: 1 });
  expect(await offhook('list', '--where', 'colour')).toMatchObject({ code: 2 });
});

it('a media file is fetched under its own name, and takes the place of nothing', async () => {
  const content = '0123456789'.repeat(100_000);
  const file = archive.file('Grüße 1.wav', content);
  const other = archive.file('b.wav', 'b');
  await archive.keep(
    importedRecording({ segments: [{ file, filename: 'Grüße 1.wav' }] }),
    importedRecording({ recording: { id: 5 }, segments: [{ file }, { file: other }] }),
    importedRecording({ recording: { id: 9 }, segments: [{ file: '/etc/passwd' }] }),
  );
  expect(await offhook('download', '1')).toEqual({
    code: 0,
    out: 'Grüße 1.wav: 1000000 bytes.\n',
    err: '',
  });
  expect(readFileSync(join(folder, 'Grüße 1.wav'), 'utf8')).toBe(content);
  writeFileSync(join(folder, 'Grüße 1.wav'), 'mine');
  const again = await offhook('download', '1');
  expect([again.code, again.err]).toEqual([1, expect.stringContaining('-o FILE')]);
  expect(readFileSync(join(folder, 'Grüße 1.wav'), 'utf8')).toBe('mine');
  expect((await offhook('download', '5')).err).toContain('--segment');
  expect((await offhook('download', '5', '--segment', '6', '-o', 'x.wav')).code).toBe(0);
  expect(readFileSync(join(folder, 'x.wav'), 'utf8')).toBe('b');
  expect((await offhook('download', '5', '--segment', '6', '-o', '-')).out).toBe('b');
  expect(await offhook('download', '9')).toMatchObject({
    code: 1,
    err: expect.stringContaining('record.mediaRoots'),
  });
});

it('a verification says that all is well, or what is not', async () => {
  await archive.keep(importedRecording({ segments: [{ file: archive.file('a.wav') }] }));
  const well = await offhook('verify');
  expect(well).toEqual({
    code: 0,
    out: '1 segments and 1 files have been looked at: all is well.\n',
    err: '',
  });
  const orphan = archive.file('orphan.wav', 'x'.repeat(2_048));
  utimesSync(orphan, 1, 1);
  await archive.keep(importedRecording({ recording: { id: 5 }, segments: [{ file: 'gone.wav' }] }));
  const amiss = await offhook('verify');
  expect(amiss.code).toBe(1);
  expect(amiss.out).toMatch(/^Recording {2}Segment {2}The file +Size +File\n/);
  expect(amiss.out).toMatch(/\n5 +5 +is not there +– +gone\.wav\n/);
  expect(amiss.out).toContain(`is in no recording  2.0 KiB  ${orphan}\n`);
  expect(amiss.err).toContain('2 segments and 2 files have been looked at: 2 things are amiss.');
  const lines = (await offhook('verify', '--json')).out.trim().split('\n');
  const kinds = lines.map((line) => JSON.parse(line).kind);
  expect(kinds.filter((kind) => kind !== 'progress')).toEqual(['missing', 'orphan', 'done']);
  server.verify = async function* () {
    yield { kind: 'progress', segments: 0, files: 0 };
    throw new Error('EIO');
  };
  expect(await offhook('verify')).toMatchObject({
    code: 2,
    err: expect.stringContaining('ended early: EIO'),
  });
  server.grant = { ...anybody, manage: false };
  expect((await offhook('verify')).err).toContain('offhook tokens add --manage');
});

it('recordings of another system are taken over, more than fit into a request', async () => {
  const recordings = Array.from({ length: 450 }, (_, at) => ({
    id: at + 1,
    source: 'old',
    startedAt: '2025-01-31T12:00:00Z',
    endedAt: '2025-01-31T12:01:00Z',
    segments: [
      { startedAt: '2025-01-31T12:00:00Z', endedAt: '2025-01-31T12:01:00Z', file: `${at}.wav` },
    ],
  }));
  writeFileSync(
    join(folder, 'old.ndjson'),
    recordings.map((each) => JSON.stringify(each)).join('\n'),
  );
  const taken = await offhook('import', 'old.ndjson');
  expect(taken).toEqual({ code: 0, out: '450 recordings are taken over.\n', err: '' });
  expect((await archive.books.find(450))?.segments[0]?.filename).toBe('449.wav');
  writeFileSync(
    join(folder, 'more.json'),
    JSON.stringify([{ ...recordings[0], id: 451 }, recordings[7]]),
  );
  const twice = await offhook('import', 'more.json');
  expect([twice.code, twice.err]).toEqual([1, expect.stringContaining('taken already: 8;')]);
  writeFileSync(join(folder, 'bad.json'), JSON.stringify([{ ...recordings[0], id: 'x' }]));
  expect((await offhook('import', 'bad.json')).err).toContain(
    '0.id: saw "x", expected a whole number',
  );
  writeFileSync(join(folder, 'half.ndjson'), '{"id":1}\n{"id":');
  expect((await offhook('import', 'half.ndjson')).err).toContain(
    'Line 2 of half.ndjson is no JSON',
  );
  expect((await offhook('import', 'gone.json')).code).toBe(1);
  expect(await archive.books.find(451)).toBeUndefined();
});

it('one is marked to be deleted', async () => {
  await archive.keep(importedRecording());
  const deleted = await offhook('delete', '1');
  expect(deleted.out).toBe('Recording 1 is marked; it goes with its files.\n');
  expect((await archive.books.find(1))?.recording.deleteFlag).toBe(true);
  expect(existsSync(join(folder, '1'))).toBe(false);
  server.grant = { ...anybody, control: false };
  expect((await offhook('delete', '1')).err).toContain('offhook tokens add --control');
});
