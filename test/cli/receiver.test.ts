// `offhook receiver` as people start it: what it shows, and how it ends.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { get as getSecurely } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { receivedLine, Tally } from '../../src/cli/receiver-line.ts';
import { noPaint } from '../../src/cli/terminal.ts';
import type { Received } from '../../src/receiver/received.ts';
import { Authority } from '../support/certificates.ts';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** The program while it runs. */
class Running {
  out = '';
  err = '';
  readonly exit: Promise<unknown[]>;
  readonly #child;

  constructor(args: readonly string[]) {
    this.#child = spawn(process.execPath, [program, 'receiver', ...args], {
      env: { PATH: process.env['PATH'] },
    });
    this.#child.stdout.on('data', (chunk: Buffer) => (this.out += chunk.toString()));
    this.#child.stderr.on('data', (chunk: Buffer) => (this.err += chunk.toString()));
    this.exit = once(this.#child, 'close');
    running.push(this);
  }

  /** Where it listens, once it does. */
  async url(): Promise<string> {
    return vi.waitFor(
      () => {
        const [, url] = /requests to (https?:\/\/\S+) are/.exec(this.err) ?? [];
        if (url === undefined) throw new Error(`not yet: ${this.err}`);
        return url;
      },
      { timeout: 15_000 },
    );
  }

  async stop(signal: NodeJS.Signals): Promise<number | null> {
    this.#child.kill(signal);
    const [code] = await this.exit;
    return typeof code === 'number' ? code : null;
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }
}

const running: Running[] = [];
afterEach(() => {
  for (const each of running.splice(0)) each.kill();
});

const receiver = async (...args: readonly string[]): Promise<Running> => {
  const started = new Running(['--port', '0', ...args]);
  await started.url();
  return started;
};

async function post(url: string, key?: string): Promise<number | string> {
  const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers,
      body: '{"n":\n1}',
      redirect: 'manual',
    });
    return answer.status;
  } catch {
    return 'no answer';
  }
}

describe('the receiver', () => {
  it('shows one line a request, says what is a repeat, and sums up', async () => {
    const it = await receiver('--fault', '500:1', '--fault', 'close:1');
    const url = await it.url();
    const seen = [];
    for (const key of ['e1/1', 'e1/1', 'e1/1', undefined])
      seen.push(await post(`${url}/hook?x=1`, key));
    expect(seen).toEqual([500, 'no answer', 200, 200]);
    expect(await it.stop('SIGINT')).toBe(0);
    expect(it.out.replaceAll(/^\d\d:\d\d:\d\d/gm, 'TIME')).toBe(
      [
        'TIME  POST  /hook?x=1  500  e1/1  {"n": 1}',
        'TIME  POST  /hook?x=1  close  e1/1  seen before  {"n": 1}',
        'TIME  POST  /hook?x=1  200  e1/1  seen 2 times before  {"n": 1}',
        'TIME  POST  /hook?x=1  200  {"n": 1}',
        '',
      ].join('\n'),
    );
    expect(it.err).toContain(
      '-- 4 requests: 1 met 500, 1 met close, 2 answered 200; 2 seen before; 1 without idempotency-key\n',
    );
  });

  it('shows programs all there is, one object a line', async () => {
    const it = await receiver('--json', '--fault', 'redirect', '--location', 'http://10.0.0.1/x');
    const url = await it.url();
    expect(await post(`${url}/hook?a=%2f`, 'k')).toBe(302);
    expect(await it.stop('SIGTERM')).toBe(0);
    expect(JSON.parse(it.out)).toMatchObject({
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      number: 1,
      method: 'POST',
      path: '/hook?a=%2f',
      key: 'k',
      repeats: 0,
      fault: 'redirect',
      body: '{"n":\n1}',
      headers: { 'idempotency-key': 'k' },
    });
  });

  it('can be quiet', async () => {
    const it = await receiver('--quiet', '--fault', '429', '--retry-after', '7');
    const url = await it.url();
    const header = await new Promise((resolve) => {
      get(url, (answer) => resolve(answer.headers['retry-after']));
    });
    expect(header).toBe('7');
    await it.stop('SIGINT');
    expect(it.out).toBe('');
    expect(it.err).toContain('-- one request: 1 met 429; 1 without idempotency-key\n');
  });

  it('speaks HTTPS', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'offhook-receiver-'));
    try {
      const authority = new Authority(folder);
      const { certificate, key } = authority.sign('localhost');
      const it = await receiver('--tls-certificate', certificate, '--tls-key', key);
      const url = await it.url();
      expect(url).toMatch(/^https:/);
      const status = await new Promise((resolve, reject) => {
        const asked = getSecurely(url, { ca: authority.pem }, (answer) =>
          resolve(answer.statusCode),
        );
        asked.on('error', reject);
      });
      expect(status).toBe(200);

      const other = authority.sign('other').key;
      const wrong = new Running(['--tls-certificate', certificate, '--tls-key', other]);
      expect((await wrong.exit)[0]).toBe(1);
      expect(wrong.err).toContain('Certificate and key cannot be used.');
      const half = new Running(['--tls-certificate', certificate]);
      expect((await half.exit)[0]).toBe(2);
      expect(half.err).toContain('--tls-key is missing.');
      const none = new Running(['--tls-certificate', join(folder, 'no'), '--tls-key', key]);
      expect((await none.exit)[0]).toBe(2);
      expect(none.err).toContain('cannot be read');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says what is wrong with a fault, and with a port in use', async () => {
    const bad = new Running(['--fault', 'nap']);
    expect((await bad.exit)[0]).toBe(2);
    expect(bad.err).toContain('Saw "nap", expected a status from 200 to 599, or one of ok, hang');
    const first = await receiver();
    const { port } = new URL(await first.url());
    const second = new Running(['--port', port]);
    expect((await second.exit)[0]).toBe(1);
    expect(second.err).toContain(`Port ${port} on 127.0.0.1 is in use by another program.`);
  });
});

describe('a line', () => {
  const received: Received = {
    number: 1,
    atMs: 0,
    method: 'GET',
    path: '/',
    headers: {},
    body: '',
    bodyBytes: 0,
    fault: 'ok',
    key: undefined,
    repeats: 0,
    connection: 1,
  };

  it('cannot be made to lie by what came', () => {
    const body = 'a\u001b[2J\u202e\r\n  b'.padEnd(5_000, 'x');
    const path = `/${'p'.repeat(500)}`;
    const line = receivedLine(
      { ...received, path, body, bodyBytes: body.length, key: 'k\u0007', repeats: 1 },
      noPaint,
    );
    expect(line).toMatch(/^[^\p{Cc}\p{Cf}]*$/u);
    expect(line).toContain('k\ufffd  seen before  a\ufffd[2J\ufffd b');
    expect(line.length).toBeLessThan(250);
  });

  it('that sums up nothing says so', () => {
    expect(new Tally().text).toBe('no request came');
  });
});
