/**
 * Media files on a real file system, with paths that mean well, paths that do not, and folders that change under
 * one's hands.
 */
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type Media, MediaFiles, MediaRootGoneError } from '../../src/record/media.ts';
import { newFolder } from '../support/data-folder.ts';
import { until } from '../support/until.ts';

let base: string;
let first: string;
let second: string;
let outside: string;
let files: MediaFiles;
beforeEach(async () => {
  base = await newFolder();
  [first, second, outside] = ['first', 'second', 'outside'].map((name) => {
    mkdirSync(join(base, name));
    return join(base, name);
  }) as [string, string, string]; // As many as there are names.
  files = new MediaFiles([first, second]);
  touch(join(outside, 'secret.wav'), 'secret');
  // Every test is one of handles, too.
  const before = openDescriptors();
  onTestFinished(() => until('all handles are closed', () => openDescriptors() === before));
});

function openDescriptors(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8') !== '';
    } catch {
      return false;
    }
  }).length;
}

function touch(path: string, content = 'RIFF1234'): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

async function opened(file: string): Promise<Media> {
  const media = await files.locate(file);
  if (typeof media === 'string') throw new Error(`${file} is ${media}`);
  return media;
}

/** What `locate` says, and whatever it has opened closed again. */
async function look(file: string): Promise<string> {
  const media = await files.locate(file);
  if (typeof media === 'string') return media;
  await media.close();
  return 'there';
}

describe('a media file', () => {
  it('is found by its path, with what there is to know of it', async () => {
    const path = touch(join(second, '2026/01/call 1.wav'));
    utimesSync(path, 0, 1_700_000_000.25);
    const media = await opened(path);
    expect(media).toMatchObject({
      bytes: 8,
      modifiedMs: 1_700_000_000_250,
      type: 'audio/wav',
      filename: 'call 1.wav',
      root: 2,
      directory: '/2026/01',
    });
    expect(await text(media.read(0, 7))).toBe('RIFF1234');
  });

  it('is looked for below each root where its path is relative', async () => {
    touch(join(first, 'a.wav'), 'first');
    touch(join(second, 'a.wav'), 'second');
    touch(join(second, 'b/c.wav'), 'third');
    expect(await opened('a.wav').then((media) => text(media.read(0, 4)))).toBe('first');
    const media = await opened('b/c.wav');
    expect([media.root, media.directory]).toEqual([2, '/b']);
    await media.close();
    await media.close();
  });

  it('is read in part, and to its end as it was when it was opened', async () => {
    const path = touch(join(first, 'a.wav'), '0123456789');
    expect(await opened(path).then((media) => text(media.read(3, 5)))).toBe('345');
    expect(await opened(path).then((media) => text(media.read(0, -1)))).toBe('');
    const media = await opened(path);
    writeFileSync(path, '0123456789, and more');
    expect(await text(media.read(0, media.bytes - 1))).toBe('0123456789');
  });

  it('of many chunks comes whole, and one that gets shorter meanwhile fails', async () => {
    const content = 'abcdefghij'.repeat(100_000);
    const path = touch(join(first, 'a.wav'), content);
    expect(await opened(path).then((media) => text(media.read(0, 999_999)))).toBe(content);
    const media = await opened(path);
    truncateSync(path, 100);
    await expect(text(media.read(0, 999_999))).rejects.toThrow('shorter');
  });

  it('counts what is read of it for others, and nothing when it is only looked at', async () => {
    const path = touch(join(first, 'a.wav'), 'x'.repeat(200_000));
    await (await opened(path)).close();
    await files.whereabouts(path);
    expect(files.given.bytes).toBe(0);
    await text((await opened(path)).read(10, 12));
    await text((await opened(path)).read(0, -1));
    expect(files.given.bytes).toBe(3);
    await text((await opened(path)).read(0, 199_999));
    expect(files.given.bytes).toBe(3 + 200_000);
  });

  it('is closed when its reader goes away in the middle, or before the first byte', async () => {
    const path = touch(join(first, 'a.wav'), 'x'.repeat(1_000_000));
    const stream = (await opened(path)).read(0, 999_999);
    await once(stream, 'readable');
    stream.destroy();
    (await opened(path)).read(0, 999_999).destroy();
    // That it is closed is what the end of every test waits for.
    expect(openDescriptors()).toBeGreaterThan(0);
  });
});

describe('what is not a file below a root', () => {
  it('is missing where it could have been, and outside elsewhere', async () => {
    expect(await look(join(first, 'gone.wav'))).toBe('missing');
    expect(await look(join(first, 'gone/gone.wav'))).toBe('missing');
    expect(await look('gone.wav')).toBe('missing');
    expect(await look(join(base, 'gone/gone.wav'))).toBe('outside');
    expect(await look(join(outside, 'secret.wav'))).toBe('outside');
    touch(join(first, 'file.wav'));
    expect(await look(join(first, 'file.wav/x.wav'))).toBe('missing');
  });

  it.each([
    '../outside/secret.wav',
    'x/../../outside/secret.wav',
    './../outside/secret.wav',
    '/etc/passwd',
    '//etc/passwd',
    '/proc/self/environ',
    '',
    '.',
    '..',
    '/',
    'a\0.wav',
    'secret.wav\0',
    `${'x/'.repeat(3_000)}a.wav`,
    'x'.repeat(4_096),
  ])('is never opened: %j', async (file) => {
    expect(await look(file)).toBe('outside');
    expect(await look(join(first, '../outside/secret.wav'))).toBe('outside');
  });

  it('and too long for a name is missing', async () => {
    expect(await look('x'.repeat(256))).toBe('missing');
  });

  it('is never opened by a link, of a file or of any folder on the way', async () => {
    symlinkSync(join(outside, 'secret.wav'), join(first, 'link.wav'));
    symlinkSync(outside, join(first, 'folder'));
    mkdirSync(join(first, 'deep'));
    symlinkSync('../..', join(first, 'deep/up'));
    symlinkSync(join(first, 'loop'), join(first, 'loop'));
    expect(await look('link.wav')).toBe('outside');
    expect(await look(join(first, 'link.wav'))).toBe('outside');
    expect(await look('folder/secret.wav')).toBe('outside');
    expect(await look('deep/up/outside/secret.wav')).toBe('outside');
    expect(await look('loop')).toBe('outside');
    expect(await look('loop/a.wav')).toBe('missing');
  });

  it('a folder that leads to another below the same root is one of ours', async () => {
    touch(join(first, 'real/a.wav'));
    symlinkSync('real', join(first, 'alias'));
    const media = await opened('alias/a.wav');
    expect(media.directory).toBe('/real');
    await media.close();
  });

  it('is not waited for: a pipe, a socket, a folder, a device', async () => {
    execFileSync('mkfifo', [join(first, 'pipe.wav')]);
    mkdirSync(join(first, 'folder.wav'));
    const server = createServer().listen(join(first, 'socket.wav'));
    await once(server, 'listening');
    for (const name of ['pipe.wav', 'folder.wav', 'socket.wav']) {
      expect([name, await look(name)]).toEqual([name, 'outside']);
    }
    expect(await new MediaFiles(['/dev']).locate('null')).toBe('outside');
    server.close();
    await once(server, 'close');
  });

  it('is not opened by a folder that becomes a link between the look and the deed', async () => {
    touch(join(first, 'turn/deep/secret.wav'), 'public');
    touch(join(outside, 'deep/secret.wav'), 'secret');
    const [folder, aside] = [join(first, 'turn'), join(first, 'aside')];
    symlinkSync(outside, join(first, 'link'));
    let isOver = false;
    const turning = (async () => {
      while (!isOver) {
        renameSync(folder, aside);
        renameSync(join(first, 'link'), folder);
        await new Promise((resolve) => setImmediate(resolve));
        renameSync(folder, join(first, 'link'));
        renameSync(aside, folder);
        await new Promise((resolve) => setImmediate(resolve));
      }
    })();
    const seen = new Set<string>();
    const untilMs = performance.now() + 1_500;
    while (performance.now() < untilMs) {
      const media = await files.locate('turn/deep/secret.wav');
      seen.add(typeof media === 'string' ? media : await text(media.read(0, media.bytes - 1)));
    }
    isOver = true;
    await turning;
    expect([...seen]).toContain('public');
    expect([...seen]).not.toContain('secret');
  });
});

describe('a new name', () => {
  it('is given in the same folder, and the path is written as before', async () => {
    touch(join(first, 'a/b.wav'));
    expect(await files.rename('a/b.wav', 'c.wav')).toEqual({ kind: 'renamed', file: 'a/c.wav' });
    const path = join(first, 'a/c.wav');
    const renamed = { kind: 'renamed', file: join(first, 'a/d e.wav') };
    expect(await files.rename(path, 'd e.wav')).toEqual(renamed);
    expect(readdirSync(join(first, 'a'))).toEqual(['d e.wav']);
    expect(await files.rename('a/d e.wav', 'd e.wav')).toMatchObject({ kind: 'renamed' });
    expect(readdirSync(join(first, 'a'))).toEqual(['d e.wav']);
  });

  it('never takes the place of another file', async () => {
    touch(join(first, 'a.wav'), 'a');
    touch(join(first, 'b.wav'), 'b');
    mkdirSync(join(first, 'c.wav'));
    symlinkSync('nowhere', join(first, 'd.wav'));
    for (const name of ['b.wav', 'c.wav', 'd.wav']) {
      expect(await files.rename('a.wav', name)).toEqual({ kind: 'taken' });
    }
    expect(readFileSync(join(first, 'a.wav'), 'utf8')).toBe('a');
    expect(readFileSync(join(first, 'b.wav'), 'utf8')).toBe('b');
  });

  it('is finished where an attempt was cut short', async () => {
    touch(join(first, 'a.wav'), 'a');
    linkSync(join(first, 'a.wav'), join(first, 'b.wav'));
    expect(await files.rename('a.wav', 'b.wav')).toEqual({ kind: 'renamed', file: 'b.wav' });
    expect(readdirSync(first)).toEqual(['b.wav']);
  });

  it('takes the metadata file along, and no other', async () => {
    touch(join(first, 'a.wav'));
    touch(join(first, 'a.xml'), '<?xml version="1.0"?><verbacdr state="1"/>');
    await files.rename('a.wav', 'b.wav');
    expect(readdirSync(first).sort()).toEqual(['b.wav', 'b.xml']);
    writeFileSync(join(first, 'b.xml'), '<html/>');
    await files.rename('b.wav', 'c.wav');
    expect(readdirSync(first).sort()).toEqual(['b.xml', 'c.wav']);
  });

  it.each(['', '.', '..', '../a.wav', 'x/y.wav', '/etc/x', 'a\0b', 'x'.repeat(256)])(
    'is a name and no path: %j',
    async (filename) => {
      touch(join(first, 'a.wav'));
      expect(await files.rename('a.wav', filename)).toEqual({ kind: 'outside' });
      expect(readdirSync(first)).toEqual(['a.wav']);
    },
  );

  it('is not given to what is not there or not ours', async () => {
    expect(await files.rename('a.wav', 'b.wav')).toEqual({ kind: 'missing' });
    symlinkSync(outside, join(first, 'folder'));
    expect(await files.rename('folder/secret.wav', 'b.wav')).toEqual({ kind: 'outside' });
    expect(await files.rename(join(outside, 'secret.wav'), 'b.wav')).toEqual({ kind: 'outside' });
    expect(readdirSync(outside)).toEqual(['secret.wav']);
  });
});

describe('removing', () => {
  it('takes the file and its metadata file, nothing else', async () => {
    touch(join(first, 'a.wav'));
    touch(join(first, 'a.xml'), '<verbacdr state="1"/>');
    touch(join(first, 'b.wav'));
    touch(join(first, 'b.xml'), '<other/>');
    expect(await files.remove('a.wav')).toBe('removed');
    expect(await files.remove(join(first, 'b.wav'))).toBe('removed');
    expect(readdirSync(first)).toEqual(['b.xml']);
    expect(await files.remove('a.wav')).toBe('missing');
  });

  it('touches nothing outside', async () => {
    symlinkSync(outside, join(first, 'folder'));
    symlinkSync(join(outside, 'secret.wav'), join(first, 'link.wav'));
    for (const file of ['folder/secret.wav', 'link.wav', join(outside, 'secret.wav')]) {
      expect(await files.remove(file)).toBe('outside');
    }
    expect(existsSync(join(outside, 'secret.wav'))).toBe(true);
    expect(existsSync(join(first, 'link.wav'))).toBe(true);
  });

  it('does not take a root that is gone for one that is empty', async () => {
    renameSync(second, `${second}-away`);
    await expect(files.remove(join(second, 'a.wav'))).rejects.toThrow(MediaRootGoneError);
    await expect(files.remove('a.wav')).rejects.toThrow(MediaRootGoneError);
    expect(await files.remove(join(first, 'a.wav'))).toBe('missing');
    expect(await look(join(second, 'a.wav'))).toBe('missing');
  });
});
