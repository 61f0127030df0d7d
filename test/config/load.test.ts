import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

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
    const config = loadConfig(path);
    expect(config.data.dir).toBe(join(folder, 'books'));
    expect(config.sources).toMatchObject([{ secret: 'hunter2' }]);
  });

  it('says which file is missing', () => {
    const path = join(folder, 'none.toml');
    expect(() => loadConfig(path)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_UNREADABLE',
        message: expect.stringContaining(`${path} cannot be read: there is no such file.`),
      }),
    );
  });

  it('refuses a file beyond a megabyte instead of reading it', () => {
    const path = written('big.toml', `# ${'x'.repeat(1024 * 1024)}`);
    expect(() => loadConfig(path)).toThrow('larger than 1048576 bytes');
  });

  it('refuses bytes that are no UTF-8', () => {
    const path = written('latin.toml', Uint8Array.of(0x23, 0xff, 0xfe));
    expect(() => loadConfig(path)).toThrow('latin.toml cannot be read: it is not UTF-8 text.');
  });
});
