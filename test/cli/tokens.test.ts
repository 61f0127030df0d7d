// The commands for tokens as people run them: real processes, a real tokens file, and a server that knows it.
import { execFile } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { hashToken } from '../../src/access/tokens.ts';
import { newFolder } from '../support/data-folder.ts';
import { startServerProcess } from '../support/server-process.ts';

const program = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

interface Ended {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly err: string;
}

let folder: string;
let config: string;
beforeEach(async () => {
  folder = await newFolder();
  config = join(folder, 'offhook.toml');
  writeFileSync(config, '[access]\nrequireToken = true\n');
});

function tokens(...args: readonly string[]): Promise<Ended> {
  const options = { env: { PATH: process.env['PATH'] }, cwd: folder, timeout: 30_000 };
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'tokens', ...args], options, (error, out, err) => {
      resolve({ code: error === null ? 0 : error.code, out, err });
    });
  });
}

const file = (): string => join(folder, 'offhook-tokens.json');
const fileText = (): string => readFileSync(file(), 'utf8');
const shown = (out: string): string => /^ {2}(ohk_[\w-]{43})$/m.exec(out)?.[1] ?? '';

describe('tokens add', () => {
  it('shows the token once and keeps its hash, for the eyes of its owner', async () => {
    const patterns = ['--extension', '1001', '--extension', '10*', '--extension', '1001'];
    const { code, out, err } = await tokens('add', '--name', 'wallboard', ...patterns);
    expect(code).toBe(0);
    expect(out).toContain('It may see the calls of 1001, 10*. It may not control recordings.');
    expect(err).toContain('SIGHUP');
    expect(err).toContain('systemctl reload offhook');
    expect(err).not.toContain('requireToken');
    const token = shown(out);
    expect(fileText()).not.toContain(token);
    expect(JSON.parse(fileText())).toEqual({
      version: 1,
      tokens: [
        {
          name: 'wallboard',
          extensions: ['1001', '10*'],
          control: false,
          manage: false,
          sha256: hashToken(token),
          created: expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\d\dZ$/),
        },
      ],
    });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
  });

  it('answers programs in JSON, and follows the configuration to the file', async () => {
    writeFileSync(config, '[access]\ntokensFile = "mine.json"\n');
    const args = ['add', '--name', 'all', '--control', '--manage', '--json', '--config', config];
    const { out, err } = await tokens(...args);
    expect(err).toBe('');
    expect(JSON.parse(out)).toEqual({
      name: 'all',
      extensions: [],
      control: true,
      manage: true,
      token: expect.stringMatching(/^ohk_/),
      tokensFile: join(folder, 'mine.json'),
    });
    expect(existsSync(join(folder, 'mine.json'))).toBe(true);
    expect(existsSync(file())).toBe(false);
  });

  it('says so where the server asks for no token', async () => {
    writeFileSync(config, '');
    const { err } = await tokens('add', '--name', 'all');
    expect(err).toContain('set requireToken = true under [access]');
  });

  it('refuses a name that is taken, in either place', async () => {
    const written = `[[token]]\nname = "desk"\nsha256 = { env = "NOT_SET_HERE" }\n`;
    writeFileSync(config, written);
    expect(await tokens('add', '--name', 'wall')).toMatchObject({ code: 0 });
    const before = fileText();
    const again = await tokens('add', '--name', 'wall');
    expect(again).toMatchObject({ code: 1, out: '' });
    expect(again.err).toContain(`offhook: A token named "wall" is in ${file()} already.\n`);
    const other = await tokens('add', '--name', 'desk');
    expect(other).toMatchObject({ code: 1, out: '' });
    expect(other.err).toContain('A token named "desk" is in offhook.toml already.');
    expect(fileText()).toBe(before);
  });

  it.each([
    [['--name', 'Wall board'], 'Expected 1 to 32 of a-z, 0-9 and "-".'],
    [['--name', 'wall', '--extension', '1099-1000'], 'Expected an extension as 1001, 10* or'],
    [['--name', 'wall', '--extension', '100-1000'], 'Expected an extension as 1001, 10* or'],
    [[], "required option '--name <name>' not specified"],
  ])('refuses %j', async (args, words) => {
    const { code, out, err } = await tokens('add', ...args);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(words);
    expect(existsSync(file())).toBe(false);
  });

  it('says what is wrong with the file and leaves it alone', async () => {
    writeFileSync(file(), '{"version":7}', { mode: 0o600 });
    const { code, err } = await tokens('add', '--name', 'wall');
    expect(code).toBe(1);
    expect(err).toContain(`offhook: ${file()} cannot be used: version: expected 1`);
    expect(fileText()).toBe('{"version":7}');
  });

  it('loses none when several are at it at once', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const ended = await Promise.all(names.map((name) => tokens('add', '--name', name)));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const { out } = await tokens('list', '--json');
    const listed = JSON.parse(out) as { readonly name: string }[];
    expect(listed.map(({ name }) => name).sort()).toEqual(names);
  });
});

describe('tokens list', () => {
  it('shows the tokens of both places and never a hash', async () => {
    const sha256 = 'ab'.repeat(32);
    const written = `[[token]]\nname = "desk"\nsha256 = "${sha256}"\nextensions = ["2*"]\ncontrol = true\nmanage = true\n`;
    writeFileSync(config, written);
    await tokens('add', '--name', 'wall');
    const people = await tokens('list');
    expect(people.out).toMatch(
      /^Name +Sees +Control +Manage +Made +Kept in\ndesk +2\* +yes +yes +– +configuration\nwall +every call +no +no +20\d\d-\d\d-\d\d +tokens file\n$/,
    );
    const programs = await tokens('list', '--json');
    expect(JSON.parse(programs.out)).toEqual([
      { name: 'desk', extensions: ['2*'], control: true, manage: true, in: 'configuration' },
      {
        name: 'wall',
        extensions: [],
        control: false,
        manage: false,
        created: expect.stringMatching(/^20/),
        in: 'tokens file',
      },
    ]);
    expect(people.out + programs.out).not.toMatch(/[0-9a-f]{64}/);
  });

  it('says how to make one where there is none', async () => {
    const { code, out, err } = await tokens('list');
    expect({ code, out }).toEqual({ code: 0, out: 'There is no token.\n' });
    expect(err).toContain('offhook tokens add --name');
  });
});

describe('tokens remove', () => {
  it('takes one out and says how a server takes that up', async () => {
    await tokens('add', '--name', 'wall');
    await tokens('add', '--name', 'desk');
    const { code, out, err } = await tokens('remove', 'wall');
    expect(code).toBe(0);
    expect(out).toBe(`The token of wall is no longer in ${file()}.\n`);
    expect(err).toContain('SIGHUP');
    const { out: left } = await tokens('list');
    expect(left).not.toContain('wall');
    expect(left).toContain('desk');
  });

  it('refuses one that is not there, or in the configuration', async () => {
    writeFileSync(config, `[[token]]\nname = "desk"\nsha256 = "${'ab'.repeat(32)}"\n`);
    const unknown = await tokens('remove', 'wall');
    expect(unknown).toMatchObject({ code: 1, out: '' });
    expect(unknown.err).toContain(`${file()} has no token named "wall".`);
    expect(existsSync(file())).toBe(false);
    const written = await tokens('remove', 'desk');
    expect(written).toMatchObject({ code: 1, out: '' });
    expect(written.err).toContain('Delete its [[token]] there.');
  });
});

describe('a server', () => {
  it('knows the tokens of the file, and check says what is wrong with it', async () => {
    const { out } = await tokens('add', '--name', 'wall');
    const data = `[data]\ndir = "${join(folder, 'data')}"\n`;
    const toml = `[feed]\nport = 0\n[http]\nport = 0\n${data}[access]\nrequireToken = true\n`;
    const server = await startServerProcess(folder, toml);
    try {
      const url = `http://127.0.0.1:${server.httpPort ?? 0}/v1/calls`;
      const ask = async (token: string): Promise<number> =>
        (await fetch(url, { headers: { authorization: `Bearer ${token}` } })).status;
      expect(await ask(shown(out))).toBe(200);
      expect(await ask('ohk_wrong')).toBe(401);
    } finally {
      await server.kill('SIGTERM');
    }
    writeFileSync(file(), '{}');
    const { code, out: said } = await check();
    expect(code).toBe(1);
    expect(said).toContain('✘ access.tokensFile\n');
    expect(said).toContain(`seen:     "${file()}", which cannot be used: version: expected 1`);
  });
});

function check(): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, 'check'], { cwd: folder }, (error, out, err) => {
      resolve({ code: error === null ? 0 : error.code, out, err });
    });
  });
}
