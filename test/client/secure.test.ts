/**
 * The client and `offhook tail` against a real server that speaks TLS only and wants to know who comes.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectFeed } from '../../src/client/node.ts';
import { Authority, type Pair } from '../support/certificates.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

let folder: string;
let authority: Authority;
let client: Pair;
let server: ServerProcess;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-secure-'));
  authority = new Authority(folder);
  client = authority.sign('wallboard');
  const { certificate, key } = authority.sign('server');
  server = await startServerProcess(
    folder,
    `[feed]
port = 0
tls = true
[http]
port = 0
tls = true
[tls]
certificate = "${certificate}"
key = "${key}"
clientCa = "${authority.certificate}"
[data]
dir = "${join(folder, 'data')}"
[[source]]
type = "simulator"
name = "centre"
rate = 50
agents = 100
timeScale = 0.05
`,
  );
}, 60_000);
afterAll(async () => {
  await server.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

describe.each<[string, () => string]>([
  ['TLS', () => `tls://localhost:${server.feedPort}`],
  ['wss', () => `wss://localhost:${server.httpPort}/feed`],
])('over %s', (_, url) => {
  const backoff = { firstMs: 20, maxMs: 100 };

  test('calls are followed by whom the server knows', async () => {
    const feed = connectFeed({
      url: url(),
      ca: authority.pem,
      cert: readFileSync(client.certificate),
      key: readFileSync(client.key),
      failFast: true,
    });
    const types = new Set<string>();
    for await (const event of feed) {
      if (event.kind === 'call') types.add(event.type);
      if (types.has('CallStart') && types.has('CallEnd')) break;
    }
    expect(types.size).toBeGreaterThan(1);
  });

  test.each([
    ['who shows no certificate', () => ({ ca: authority.pem })],
    ['who does not trust the server', () => ({})],
  ])('there is none for somebody %s, and no trying for ever', async (__, who) => {
    const feed = connectFeed({ url: url(), backoff, ...who() });
    const [event] = await Promise.allSettled([feed[Symbol.asyncIterator]().next()]);
    expect(event).toMatchObject({ status: 'rejected', reason: { code: 'FEED_UNTRUSTED' } });
  });

  test('offhook tail shows calls', async () => {
    const trust = [
      '--ca',
      authority.certificate,
      '--cert',
      client.certificate,
      '--key',
      client.key,
    ];
    const args = [main, 'tail', '--server', url(), ...trust, '--count', '3', '--json'];
    const out = await new Promise<string>((resolve, reject) => {
      execFile(process.execPath, args, { timeout: 15_000 }, (error, said, err) =>
        error === null ? resolve(said) : reject(new Error(err, { cause: error })),
      );
    });
    expect(out.trimEnd().split('\n')).toHaveLength(4);
  });

  test('offhook tail says what is missing', async () => {
    const args = [main, 'tail', '--server', url()];
    const [code, err] = await new Promise<[unknown, string]>((resolve) => {
      execFile(process.execPath, args, { timeout: 15_000 }, (error, __, said) =>
        resolve([error?.code, said]),
      );
    });
    expect(code).toBe(2);
    expect(err).toMatch(/^offhook: No trust between us and .*\nName the authority with --ca;/);
  });
});
