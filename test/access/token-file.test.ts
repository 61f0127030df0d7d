// The tokens file on a real disk: what is read, what is refused, and that a change is whole or not at all.
import { execFileSync } from 'node:child_process';
import {
  chmod,
  chown,
  lstat,
  mkdir,
  readdir,
  readFile,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { OwnedFileError } from '../../src/access/owned-file.ts';
import { changeTokenFile, readTokenFile } from '../../src/access/token-file.ts';
import type { FiledToken } from '../../src/access/token-file.ts';
import { newFolder } from '../support/data-folder.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await newFolder();
  path = join(folder, 'tokens.json');
});

function token(name: string, changes: Partial<FiledToken> = {}): FiledToken {
  const created = '2026-01-31T12:00:00.000Z';
  const may = { control: false, manage: false };
  return { name, sha256: 'ab'.repeat(32), extensions: [], ...may, created, ...changes };
}

const written = (value: unknown): Promise<void> => write(JSON.stringify(value));
const write = (text: string | Uint8Array): Promise<void> => writeFile(path, text, { mode: 0o600 });
const add =
  (...more: readonly FiledToken[]) =>
  (tokens: readonly FiledToken[]): readonly FiledToken[] => [...tokens, ...more];

describe('a tokens file', () => {
  it('that is not there holds no tokens', () => {
    expect(readTokenFile(path)).toEqual([]);
  });

  it('gives back what was put in, and only its owner may read it', async () => {
    const wall = token('wall', {
      extensions: ['1001', '10*', '2000-2099'],
      control: true,
      manage: true,
    });
    await changeTokenFile(path, add(wall));
    await changeTokenFile(path, add(token('desk')));
    expect(readTokenFile(path)).toEqual([wall, token('desk')]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['tokens.json']);
  });

  it('of a version that knew nothing of managing lets nobody manage', async () => {
    const { manage: _manage, ...old } = token('wall', { control: true });
    await written({ version: 1, tokens: [old] });
    expect(readTokenFile(path)).toEqual([token('wall', { control: true, manage: false })]);
  });

  it('is never seen half written: each change is a new file', async () => {
    await changeTokenFile(path, add(token('one')));
    const before = await stat(path);
    await changeTokenFile(path, add(token('two')));
    expect((await stat(path)).ino).not.toBe(before.ino);
  });

  it('behind a link stays there', async () => {
    await mkdir(join(folder, 'secret'));
    const target = join(folder, 'secret', 'tokens.json');
    await writeFile(target, '{"version":1,"tokens":[]}', { mode: 0o600 });
    await symlink(target, path);
    await changeTokenFile(path, add(token('wall')));
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect(readTokenFile(target)).toEqual([token('wall')]);
  });
});

describe('a change', () => {
  const isRoot = process.getuid?.() === 0;

  // Only root can give files away, and only root is likely to change the file of the server's own user.
  it.runIf(isRoot)('by root leaves the file to the user that had it', async () => {
    await changeTokenFile(path, add(token('wall')));
    await chown(path, 12_345, 12_346);
    await changeTokenFile(path, add(token('desk')));
    expect(await stat(path)).toMatchObject({ uid: 12_345, gid: 12_346 });
    await chown(folder, 12_347, 12_348);
    const first = join(folder, 'first.json');
    await changeTokenFile(first, add(token('desk')));
    expect(await stat(first)).toMatchObject({ uid: 12_347, gid: 12_348 });
  });

  it('that fails leaves everything as it was, and the way free', async () => {
    await changeTokenFile(path, add(token('wall')));
    const before = await readFile(path, 'utf8');
    const refusing = changeTokenFile(path, () => {
      throw new RangeError('no');
    });
    await expect(refusing).rejects.toThrow(RangeError);
    const doubled = changeTokenFile(path, add(token('wall')));
    await expect(doubled).rejects.toThrow('tokens[1].name: "wall" is there twice');
    expect(await readFile(path, 'utf8')).toBe(before);
    expect(await readdir(folder)).toEqual(['tokens.json']);
  });

  it('does not touch a file that is none of ours', async () => {
    await write('{"version":2,"tokens":[]}');
    await expect(changeTokenFile(path, add(token('wall')))).rejects.toThrow(OwnedFileError);
    expect(await readFile(path, 'utf8')).toBe('{"version":2,"tokens":[]}');
  });

  it('waits for another that is under way, and loses nothing', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `desk-${index}`);
    await Promise.all(names.map((name) => changeTokenFile(path, add(token(name)))));
    const found = readTokenFile(path).map(({ name }) => name);
    expect(new Set(found)).toEqual(new Set(names));
    expect(found).toHaveLength(20);
  });

  it('says so where the folder is not there', async () => {
    const nowhere = join(folder, 'none', 'tokens.json');
    const change = changeTokenFile(nowhere, add(token('wall')));
    await expect(change).rejects.toThrow(new OwnedFileError('its folder is not there'));
  });

  it('says what to do where one was cut off', async () => {
    await writeFile(`${path}.new`, '');
    const change = changeTokenFile(path, add(token('wall')), { patienceMs: 50 });
    await expect(change).rejects.toThrow(`${path}.new is there, so another command`);
    await expect(change).rejects.toThrow('delete that file and try again');
    expect(await readdir(folder)).toEqual(['tokens.json.new']);
  });
});

describe('what is refused', () => {
  const good = token('wall');
  const { control: _control, ...lacking } = good;

  it.each([
    ['is no object', [], 'expected object'],
    ['has no version', { tokens: [] }, 'version: expected 1'],
    ['is of another version', { version: 2, tokens: [] }, 'version: expected 1'],
    ['has an unknown key', { version: 1, tokens: [], more: 1 }, 'unknown key "more"'],
    [
      'has an unknown key in a token',
      { version: 1, tokens: [{ ...good, admin: true }] },
      'tokens[0]: unknown key "admin"',
    ],
    ['lacks a key', { version: 1, tokens: [good, lacking] }, 'tokens[1].control:'],
    [
      'has a name that is none',
      { version: 1, tokens: [token('Wall board')] },
      'tokens[0].name: expected 1 to 32 of',
    ],
    [
      'has a hash that is none',
      { version: 1, tokens: [token('wall', { sha256: 'open sesame' })] },
      'tokens[0].sha256: expected a SHA-256',
    ],
    [
      'has an extension that is none',
      { version: 1, tokens: [token('wall', { extensions: ['1001', '9-1'] })] },
      'tokens[0].extensions[1]: expected an extension',
    ],
    [
      'has too many extensions',
      { version: 1, tokens: [token('wall', { extensions: Array<string>(257).fill('1') })] },
      'tokens[0].extensions: expected at most 256',
    ],
    [
      'has a name twice',
      { version: 1, tokens: [good, token('desk'), good] },
      'tokens[2].name: "wall" is there twice',
    ],
    [
      'has too many tokens',
      { version: 1, tokens: Array.from({ length: 10_001 }, (_, index) => token(`t${index}`)) },
      'tokens: expected at most 10000',
    ],
  ])('is a file that %s', async (_what, value, words) => {
    await written(value);
    expect(() => readTokenFile(path)).toThrow(OwnedFileError);
    expect(() => readTokenFile(path)).toThrow(words);
    expect(() => readTokenFile(path)).not.toThrow('open sesame');
  });

  it('is a key from the language itself', async () => {
    await write('{"version":1,"tokens":[],"__proto__":{"a":1}}');
    expect(() => readTokenFile(path)).toThrow('unknown key "__proto__"');
  });

  it('is what is no JSON, without showing any of it', async () => {
    await write(`{"version":1,"tokens":[{"sha256":"${'ab'.repeat(32)}`);
    expect(() => readTokenFile(path)).toThrow(new OwnedFileError('it is not JSON'));
  });

  it('is what is no text, too large, no file', async () => {
    await write(Uint8Array.of(0x22, 0xff, 0x22));
    expect(() => readTokenFile(path)).toThrow('it is not UTF-8 text');
    await write(' '.repeat(16 * 1024 * 1024 + 1));
    expect(() => readTokenFile(path)).toThrow('it is larger than 16777216 bytes');
    expect(() => readTokenFile(folder)).toThrow('it is no file');
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    expect(() => readTokenFile(join(folder, 'pipe'))).toThrow('it is no file');
  });

  it.each([0o620, 0o602])('is a file that others may write to (mode %o)', async (mode) => {
    await written({ version: 1, tokens: [] });
    await chmod(path, mode);
    expect(() => readTokenFile(path)).toThrow('others than its owner may write to it');
    await chmod(path, 0o644);
    expect(readTokenFile(path)).toEqual([]);
  });
});
