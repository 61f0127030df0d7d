import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig, loadTokenBook, type Readers } from '../../src/config/load.ts';

const nobody: Readers = {
  readTokens: () => [],
  readUsers: () => [],
  destinationProblems: () => [],
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-config-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

function written(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('what a configuration says of tokens', () => {
  it('is known whatever else in it is wrong', () => {
    const path = written(
      'offhook.toml',
      `[feed]
      host = "0.0.0.0"
      port = "x"
      [access]
      requireToken = true
      tokensFile = "keys/tokens.json"
      [[token]]
      name = "wall"
      sha256 = { env = "NOWHERE" }
      extensions = ["1001", 7]
      [[token]]
      sha256 = "x"`,
    );
    expect(loadTokenBook(path)).toEqual({
      tokensFile: join(folder, 'keys/tokens.json'),
      requireToken: true,
      tokens: [{ name: 'wall', extensions: ['1001'], control: false, manage: false }],
    });
  });

  it.each([
    ['access = 3\n[', 'line 2, column'],
    ['[access]\ntokensFile = 3', 'access.tokensFile: saw no path'],
  ])('is not where it cannot be found out: %j', (text, words) => {
    expect(() => loadTokenBook(written('offhook.toml', text))).toThrow(words);
  });
});

describe('loading a configuration file', () => {
  it('reads it, and the secret files beside it', () => {
    written('pbx.secret', 'hunter2\n');
    const path = written(
      'offhook.toml',
      `[data]
      dir = "books"
      [[source]]
      type = "ami"
      name = "pbx"
      host = "h"
      username = "u"
      secret = { file = "pbx.secret" }`,
    );
    const config = loadConfig(path, nobody);
    expect(config.data.dir).toBe(join(folder, 'books'));
    expect(config.sources).toMatchObject([{ secret: 'hunter2' }]);
  });

  it('says which of the files it names cannot be read', () => {
    const path = written(
      'offhook.toml',
      `[feed]\ntls = true\n[tls]\ncertificate = "cert.pem"\nkey = "."\nclientCa = "offhook.toml"`,
    );
    expect(() => loadConfig(path, nobody)).toThrow(
      expect.objectContaining({
        problems: [
          {
            path: 'tls.certificate',
            seen: `"${join(folder, 'cert.pem')}", which cannot be read (there is no such file)`,
            expected: 'the path of a PEM file',
          },
          {
            path: 'tls.key',
            seen: `"${folder}", which cannot be read (it is a folder)`,
            expected: 'the path of a PEM file',
          },
        ],
      }),
    );
  });

  it('takes in the tokens beside it, and says what is wrong with them', () => {
    const path = written('offhook.toml', '[access]\nrequireToken = true\n');
    const beside = join(folder, 'offhook-tokens.json');
    const token = {
      name: 'wall',
      sha256: 'ab'.repeat(32),
      extensions: ['10*'],
      control: false,
      manage: false,
    };
    const asked: string[] = [];
    const readTokens = (from: string): (typeof token)[] => {
      asked.push(from);
      return [token];
    };
    expect(loadConfig(path, { ...nobody, readTokens }).filedTokens).toEqual([token]);
    expect(asked).toEqual([beside]);
    const broken = (): never => {
      throw new Error('it is not JSON');
    };
    expect(() => loadConfig(path, { ...nobody, readTokens: broken })).toThrow(
      `access.tokensFile: saw "${beside}", which cannot be used: it is not JSON, expected a file as`,
    );
  });

  it('says which file is missing', () => {
    const path = join(folder, 'none.toml');
    expect(() => loadConfig(path, nobody)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_UNREADABLE',
        message: expect.stringContaining(`${path} cannot be read: there is no such file.`),
      }),
    );
  });

  it('refuses a file beyond a megabyte instead of reading it', () => {
    const path = written('big.toml', `# ${'x'.repeat(1024 * 1024)}`);
    expect(() => loadConfig(path, nobody)).toThrow('larger than 1048576 bytes');
  });

  it('refuses bytes that are no UTF-8', () => {
    const path = written('latin.toml', Uint8Array.of(0x23, 0xff, 0xfe));
    expect(() => loadConfig(path, nobody)).toThrow(
      'latin.toml cannot be read: it is not UTF-8 text; save it as UTF-8.',
    );
  });
});
