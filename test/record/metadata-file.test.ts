/**
 * Where a metadata file goes and how it gets there, with paths that mean well and paths that do not.
 */
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { placeOf, writeMetadataFile } from '../../src/record/metadata-file.ts';
import { endedCall } from '../support/calls.ts';
import { newFolder } from '../support/data-folder.ts';

interface Folders {
  readonly dataFolder: string;
  readonly mediaRoots: readonly string[];
  /** The one media root. */
  readonly media: string;
  /** A folder that belongs to somebody else. */
  readonly outside: string;
}

async function newFolders(): Promise<Folders> {
  const base = await newFolder();
  const [dataFolder, media, outside] = ['data', 'media', 'outside'].map((name) => {
    mkdirSync(join(base, name));
    return join(base, name);
  });
  return {
    dataFolder: dataFolder ?? '',
    mediaRoots: [media ?? ''],
    media: media ?? '',
    outside: outside ?? '',
  };
}

function touch(path: string, content = 'RIFF'): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** Call 0, started 2025-03-14 09:26:53.589 UTC, with these media files. */
function recorded(...files: readonly (string | undefined)[]): Call {
  const recordings = files.map((file, nth) => ({
    id: nth + 1,
    leg: '1',
    startedAtMs: 1,
    pauses: [],
    ...(file === undefined ? {} : { file }),
  }));
  return endedCall(0, { recordings });
}

function underData({ dataFolder }: Folders): string {
  return join(dataFolder, 'cdr', '2025', '03', '14', `${endedCall(0).id}.xml`);
}

describe('the place of a metadata file', () => {
  it('is beside the media file, under its name', async () => {
    const folders = await newFolders();
    const file = touch(join(folders.media, '2025', '03', 'in-1001-17.4.wav'));

    expect(await placeOf(recorded(file), folders)).toBe(
      join(folders.media, '2025', '03', 'in-1001-17.4.xml'),
    );
  });

  it('is beside the first media file that is there', async () => {
    const folders = await newFolders();
    const missing = join(folders.media, 'missing.wav');
    const there = touch(join(folders.media, 'there.wav'));

    expect(await placeOf(recorded(undefined, missing, there), folders)).toBe(
      join(folders.media, 'there.xml'),
    );
  });

  it('is found for a path that is relative to a media root', async () => {
    const folders = await newFolders();
    touch(join(folders.media, 'sub', 'a.wav'));

    expect(await placeOf(recorded('sub/a.wav'), folders)).toBe(join(folders.media, 'sub', 'a.xml'));
  });

  it('is in a folder of the day in the data folder when nothing was recorded', async () => {
    const folders = await newFolders();

    expect(await placeOf(recorded(), folders)).toBe(underData(folders));
    expect(await placeOf(recorded(undefined), folders)).toBe(underData(folders));
  });

  it('goes by the UTC day of the start', async () => {
    const folders = await newFolders();
    const call = endedCall(0, { recordings: [], startedAtMs: Date.UTC(2024, 11, 31, 23, 59, 59) });

    expect(dirname(await placeOf(call, folders))).toMatch(/cdr\/2024\/12\/31$/);
  });

  it.each([
    ['does not exist', ({ media }: Folders) => join(media, 'a.wav')],
    ['is outside the media roots', ({ outside }: Folders) => touch(join(outside, 'a.wav'))],
    [
      'climbs out of its root',
      ({ media, outside }: Folders) => {
        touch(join(outside, 'a.wav'));
        return `${media}/../outside/a.wav`;
      },
    ],
    [
      'climbs out of its root as a relative path',
      ({ outside }: Folders) => {
        touch(join(outside, 'a.wav'));
        return '../outside/a.wav';
      },
    ],
    [
      'leaves its root by a linked folder',
      ({ media, outside }: Folders) => {
        touch(join(outside, 'a.wav'));
        symlinkSync(outside, join(media, 'link'));
        return join(media, 'link', 'a.wav');
      },
    ],
    [
      'lies in a folder whose name only begins like a root',
      ({ media }: Folders) => touch(join(`${media}-old`, 'a.wav')),
    ],
    [
      'is itself a link',
      ({ media, outside }: Folders) => {
        symlinkSync(touch(join(outside, 'a.wav')), join(media, 'a.wav'));
        return join(media, 'a.wav');
      },
    ],
    [
      'is a folder',
      ({ media }: Folders) => (mkdirSync(join(media, 'a.wav')), join(media, 'a.wav')),
    ],
    ['is the root itself', ({ media }: Folders) => media],
    [
      'has the name that the metadata file would have',
      ({ media }: Folders) => touch(join(media, 'a.XML')),
    ],
    ['holds a NUL', ({ media }: Folders) => `${touch(join(media, 'a.wav'))}\0.wav`],
    ['is empty', () => ''],
    ['is longer than any path', ({ media }: Folders) => join(media, 'x'.repeat(5000))],
  ])('is in the data folder when the media file %s', async (_, prepare) => {
    const folders = await newFolders();

    expect(await placeOf(recorded(prepare(folders)), folders)).toBe(underData(folders));
  });

  it('is in the data folder when a file of another call, or no call, has the name', async () => {
    const folders = await newFolders();
    const file = touch(join(folders.media, 'a.wav'));

    touch(join(folders.media, 'a.xml'), `<verbacdr><id>${endedCall(1).id}</id></verbacdr>`);
    expect(await placeOf(recorded(file), folders)).toBe(underData(folders));
    touch(join(folders.media, 'a.xml'), '<playlist/>');
    expect(await placeOf(recorded(file), folders)).toBe(underData(folders));
  });

  it('is in the data folder when a link has the name', async () => {
    const folders = await newFolders();
    const file = touch(join(folders.media, 'a.wav'));
    const theirs = touch(join(folders.outside, 'theirs.xml'), `<id>${endedCall(0).id}</id>`);
    symlinkSync(theirs, join(folders.media, 'a.xml'));

    expect(await placeOf(recorded(file), folders)).toBe(underData(folders));
  });

  it('is in the data folder when a pipe has the name, on which a reader would wait for ever', async () => {
    const folders = await newFolders();
    const file = touch(join(folders.media, 'a.wav'));
    execFileSync('mkfifo', [join(folders.media, 'a.xml')]);

    expect(await placeOf(recorded(file), folders)).toBe(underData(folders));
  });

  it('stays where an earlier attempt for the same call has put it', async () => {
    const folders = await newFolders();
    const file = touch(join(folders.media, 'a.wav'));
    const path = await placeOf(recorded(file), folders);
    await writeMetadataFile(path, `<verbacdr><id>${endedCall(0).id}</id></verbacdr>`);

    expect(await placeOf(recorded(file), folders)).toBe(path);
  });

  it('is nowhere for an id that could be a path', async () => {
    const folders = await newFolders();
    const call = endedCall(0, { id: '../../escape', recordings: [] });

    await expect(placeOf(call, folders)).rejects.toThrow('cannot name a file');
  });
});

describe('writing a metadata file', () => {
  it('puts declaration, record and one LF into it, makes the folders, and leaves nothing else', async () => {
    const path = join(await newFolder(), 'cdr', '2025', 'a.xml');

    expect(await writeMetadataFile(path, '<verbacdr>é</verbacdr>')).toBe(dirname(path));

    expect(readFileSync(path, 'utf8')).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><verbacdr>é</verbacdr>\n',
    );
    expect(readdirSync(dirname(path))).toEqual(['a.xml']);
    expect(statSync(path).mode & 0o007).toBe(0);
  });

  it('replaces the file of an earlier attempt, and what a crash has left', async () => {
    const folder = await newFolder();
    const path = join(folder, 'a.xml');
    touch(path, 'old');
    touch(join(folder, '.a.xml.part'), 'half');

    await writeMetadataFile(path, '<verbacdr/>');

    expect(readFileSync(path, 'utf8')).toContain('<verbacdr/>');
    expect(readdirSync(folder)).toEqual(['a.xml']);
  });

  it('does not write through a link that somebody has planted', async () => {
    const { media, outside } = await newFolders();
    const theirs = touch(join(outside, 'theirs'), 'precious');
    symlinkSync(theirs, join(media, '.a.xml.part'));
    symlinkSync(theirs, join(media, 'a.xml'));

    await writeMetadataFile(join(media, 'a.xml'), '<verbacdr/>');

    expect(readFileSync(theirs, 'utf8')).toBe('precious');
    expect(readFileSync(join(media, 'a.xml'), 'utf8')).toContain('<verbacdr/>');
  });
});
