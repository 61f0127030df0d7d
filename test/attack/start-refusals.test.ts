/**
 * Everything that keeps a server from starting: it ends at once with the exit code that the help tells, says in a
 * sentence what was seen and in another what to do, shows no stack, and leaves everything as it was.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startServerProcess } from '../support/server-process.ts';

const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

let folder = '';
let config = '';
let data = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-start-'));
  config = join(folder, 'offhook.toml');
  data = join(folder, 'data');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** What was said on standard error, without the log. */
  readonly said: string;
  readonly out: string;
}

/** Starts `offhook serve`, which is expected to end by itself. */
async function serve(asUser?: number): Promise<Ended> {
  const child = spawn(process.execPath, [main, 'serve', '--config', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 15_000,
    killSignal: 'SIGKILL',
    ...(asUser !== undefined && { uid: asUser, gid: asUser }),
  });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk) => (out += String(chunk)));
  child.stderr.on('data', (chunk) => (err += String(chunk)));
  await once(child, 'close');
  const lines = err.split('\n').filter((line) => !line.startsWith('{'));
  return { code: child.exitCode, signal: child.signalCode, said: lines.join('\n').trim(), out };
}

/** Ended by itself, with 1, in sentences. */
function expectRefusal({ code, signal, said, out }: Ended, seen: RegExp, next: RegExp): void {
  expect({ code, signal, out }, said).toEqual({ code: 1, signal: null, out: '' });
  expect(said).toMatch(/^offhook: /);
  expect(said).toMatch(seen);
  expect(said).toMatch(next);
  expect(said).not.toMatch(/\n {4}at |node:internal|OFFHOOK_DEBUG/);
}

const toml = (more = ''): string => `
[feed]
port = 0
[http]
port = 0
[data]
dir = ${JSON.stringify(data)}
${more}`;

/** Every file below, with what is in it. */
function contentOf(path: string): Record<string, string> {
  const content: Record<string, string> = {};
  for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
    const file = join(path, name);
    content[name] = statSync(file).isFile() ? readFileSync(file, 'latin1') : 'a folder';
  }
  return content;
}

/** A data folder with some calls in it; closed in order, or killed with its log beside it. */
async function filled(end: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const running = await startServerProcess(
    folder,
    toml(
      '[record]\nmetadataFiles = false\n[[source]]\ntype = "simulator"\nname = "c"\nrate = 200\ntimeScale = 0.01\n',
    ),
  );
  const enough = end === 'SIGTERM' ? 'offhook.db-wal' : 'offhook.db';
  const size = (): number => statSync(join(data, enough), { throwIfNoEntry: false })?.size ?? 0;
  // The tables themselves are in it before any call is.
  const empty = size();
  while (size() < empty + 400_000) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await running.kill(end);
  writeFileSync(config, toml());
}

describe('a configuration that', () => {
  const cases: [string, string | Buffer, RegExp, RegExp][] = [
    [
      'names a setting that there is not',
      '[feed]\nprot = 1\n',
      /feed\.prot: saw an unknown setting, expected port/,
      /Correct/,
    ],
    [
      'names a section that there is not',
      '[fed]\nport = 1\n',
      /fed: saw an unknown setting, expected feed/,
      /Correct/,
    ],
    ['names a key of JavaScript', '[feed]\n__proto__ = 1\n', /unsafe property/, /Correct/],
    ['is no TOML', '[feed\nport = 1\n', /line 1, column \d+: saw/, /Correct/],
    [
      'has the same key twice',
      '[feed]\nport = 1\nport = 2\n',
      /line 3, column \d+: saw/,
      /Correct/,
    ],
    [
      'is not UTF-8',
      Buffer.from('[site]\nlocation = "B\xfcro"\n', 'latin1'),
      /is not UTF-8/,
      /save it as UTF-8/,
    ],
    ['is UTF-16', Buffer.from('\ufeff[feed]\n', 'utf16le'), /is not UTF-8/, /save it as UTF-8/],
    ['is a program', readFileSync(process.execPath).subarray(0, 100_000), /is not UTF-8/, /UTF-8/],
    [
      'is far too large',
      Buffer.alloc(2_000_000, '#'),
      /larger than 1048576 bytes/,
      /Name the file/,
    ],
  ];

  it.each(cases)('%s', async (_, text, seen, next) => {
    writeFileSync(config, text);
    const before = contentOf(folder);
    expectRefusal(await serve(), seen, next);
    expect(contentOf(folder)).toEqual(before);
  });

  it('is not there', async () => {
    expectRefusal(await serve(), /cannot be read: there is no such file/, /Name the file/);
  });

  it('is a folder', async () => {
    mkdirSync(config);
    expectRefusal(await serve(), /cannot be read: it is a folder/, /Name the file/);
  });

  it.runIf(process.getuid?.() === 0)('may not be read', async () => {
    chmodSync(folder, 0o755);
    writeFileSync(config, toml(), { mode: 0o600 });
    expectRefusal(await serve(65_534), /cannot be read: permission denied/, /Name the file|Run as/);
  });
});

describe('a data folder that', () => {
  it('is a file', async () => {
    writeFileSync(config, toml());
    writeFileSync(data, 'something');
    expectRefusal(
      await serve(),
      /the data folder .* cannot be used/,
      /folder that this user may write to/,
    );
    expect(readFileSync(data, 'utf8')).toBe('something');
  });

  it('is below a file', async () => {
    writeFileSync(join(folder, 'file'), 'something');
    data = join(folder, 'file', 'data');
    writeFileSync(config, toml());
    expectRefusal(
      await serve(),
      /the data folder .* cannot be used/,
      /folder that this user may write to/,
    );
  });

  it.runIf(process.getuid?.() === 0)('may not be written to', async () => {
    writeFileSync(config, toml());
    mkdirSync(data);
    chmodSync(folder, 0o755);
    expectRefusal(
      await serve(65_534),
      /the data folder .* cannot be used/,
      /folder that this user may write to/,
    );
    expect(readdirSync(data)).toEqual([]);
  });

  it.runIf(process.getuid?.() === 0)('may be read only, with books in it', async () => {
    await filled('SIGTERM');
    chmodSync(folder, 0o755);
    chmodSync(data, 0o555);
    const before = contentOf(data);
    expectRefusal(
      await serve(65_534),
      /the (data folder|database) .* cannot be used/,
      /this user may write to/,
    );
    expect(contentOf(data)).toEqual(before);
  });

  it('another server uses', async () => {
    const first = await startServerProcess(folder, toml());
    try {
      expectRefusal(await serve(), /in use by another server/, /stop that one or give this one/);
      expect((await fetch(`http://127.0.0.1:${first.httpPort}/healthz`)).status).toBe(200);
    } finally {
      expect(await first.kill('SIGTERM')).toBe(0);
    }
  });
});

describe('a database that', () => {
  const database = (): string => join(data, 'offhook.db');
  const remedy = /restore it from a backup, or move it away/;

  function overwrite(from: number, bytes: Buffer): void {
    const file = readFileSync(database());
    bytes.copy(file, from);
    writeFileSync(database(), file);
  }

  const harms: [string, () => void, RegExp][] = [
    ['has another header', () => overwrite(0, Buffer.from('nothing of ours ')), /SQLITE_NOTADB/],
    [
      'has lost its end',
      () => truncateSync(database(), 8_192 * 5 + 100),
      /SQLITE_CORRUPT|is damaged/,
    ],
    [
      'has other bytes in the middle',
      () => overwrite(8_192 * 10, Buffer.alloc(8_192 * 4, 0xa5)),
      /SQLITE_CORRUPT|is damaged/,
    ],
    [
      'has bytes that are zero in the middle',
      () => overwrite(8_192 * 10, Buffer.alloc(8_192 * 4)),
      /SQLITE_CORRUPT|is damaged/,
    ],
    [
      'is of a newer version',
      () => {
        const db = new SQLite(database());
        db.pragma('user_version = 1000');
        db.close();
      },
      /written by a newer offhook \(schema 1000/,
    ],
    [
      'is of another program',
      () => {
        rmSync(database());
        const db = new SQLite(database());
        db.exec('CREATE TABLE theirs (x)');
        db.close();
      },
      /of another program/,
    ],
  ];

  it.each(harms)('%s', { timeout: 40_000 }, async (_, harm, seen) => {
    await filled('SIGTERM');
    harm();
    const before = readFileSync(database());
    const ended = await serve();
    expectRefusal(ended, seen, remedy);
    expect(ended.said).toContain('the database');
    expect(readFileSync(database()).equals(before)).toBe(true);
    expect(readdirSync(data).sort()).toEqual(['offhook.db', 'offhook.lock']);

    // What the sentence says helps.
    rmSync(database());
    const anew = await startServerProcess(folder, toml());
    expect(await anew.kill('SIGTERM')).toBe(0);
  });

  it('has another text where a call was', { timeout: 40_000 }, async () => {
    await filled('SIGTERM');
    const db = new SQLite(database());
    const spoil =
      "UPDATE events SET body = 'no event at all' WHERE seq IN (SELECT seq FROM open_calls)";
    expect(db.prepare(spoil).run().changes).toBeGreaterThan(0);
    db.close();
    expectRefusal(await serve(), /a damaged record, "no event at all"/, remedy);
  });

  it('opens again when it was only killed', { timeout: 40_000 }, async () => {
    await filled('SIGKILL');
    expect(existsSync(`${database()}-wal`)).toBe(true);
    const again = await startServerProcess(folder, toml());
    expect(await again.kill('SIGTERM')).toBe(0);
  });
});

describe('a port that is in use', () => {
  let other: Server;
  let port = 0;
  beforeEach(async () => {
    other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    port = address !== null && typeof address === 'object' ? address.port : 0;
  });
  afterEach(() => other.close());

  it.each(['feed', 'http'])('by %s', { timeout: 40_000 }, async (section) => {
    await filled('SIGKILL');
    const taken = toml().replace(`[${section}]\nport = 0`, `[${section}]\nport = ${port}`);
    writeFileSync(config, `${taken}\n[[source]]\ntype = "ingest"\nname = "i"\n`);
    const said = new RegExp(`Port ${port} on 127\\.0\\.0\\.1 is in use by another program`);
    expectRefusal(await serve(), said, /Stop the other one, or choose another port/);
    const head = headOf();
    // Tried again and again, as by a service manager, it does not fill the books.
    expectRefusal(await serve(), said, /Stop the other one/);
    expectRefusal(await serve(), said, /Stop the other one/);
    expect(headOf()).toBe(head);
  });

  function headOf(): number {
    const copy = join(folder, 'copy.db');
    for (const end of ['', '-wal']) {
      const file = join(data, `offhook.db${end}`);
      rmSync(`${copy}${end}`, { force: true });
      if (existsSync(file)) copyFileSync(file, `${copy}${end}`);
    }
    const db = new SQLite(copy);
    const head = db.prepare<[], number>('SELECT max(seq) FROM events').pluck().get() ?? 0;
    db.close();
    return head;
  }
});
