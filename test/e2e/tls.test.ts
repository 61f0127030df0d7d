/**
 * TLS as users have it: the built server with certificates of its own, spoken to over TLS, wss and https,
 * by those it knows, those it does not, and those who speak something else.
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type ConnectionOptions, type PeerCertificate } from 'node:tls';
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { Authority, inDays, type Pair } from '../support/certificates.ts';
import { FeedClient, isAnswer, isGoodbye } from '../support/feed-client.ts';
import { eventually } from '../support/house.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const keys = mkdtempSync(join(tmpdir(), 'offhook-tls-keys-'));
afterAll(() => rmSync(keys, { recursive: true, force: true }));
const authority = new Authority(keys);
const strangers = new Authority(keys, 'strangers');
const { pem: ca } = authority;

let folder = '';
let server: ServerProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-tls-'));
});
afterEach(async () => {
  await server?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

function put({ certificate, key }: Pair): void {
  copyFileSync(certificate, join(folder, 'live.pem'));
  copyFileSync(key, join(folder, 'live.key'));
}

const toml = (clientCa?: string): string => `
[feed]
port = 0
tls = true
[http]
port = 0
tls = true
[tls]
certificate = "live.pem"
key = "live.key"
${clientCa === undefined ? '' : `clientCa = "${clientCa}"`}
[data]
dir = "data"
[[source]]
type = "simulator"
name = "centre"
rate = 50
agents = 100
timeScale = 0.05
`;

async function start(clientCa?: string): Promise<ServerProcess> {
  server = await startServerProcess(folder, toml(clientCa));
  return server;
}

const feedAt = ({ feedPort }: ServerProcess): { host: string; port: number } => ({
  host: '127.0.0.1',
  port: feedPort,
});
const feedUrl = ({ httpPort }: ServerProcess): string => `wss://127.0.0.1:${httpPort}/feed`;
const subscribe = '<VerbaApi><Request type="SubscribeOnCallEvent"><Feed/></Request></VerbaApi>';

/** The status of the answer, or why there was none. */
function status(port: number | undefined, tls: ConnectionOptions): Promise<number | string> {
  return new Promise((resolve) => {
    get({ host: '127.0.0.1', port, path: '/healthz', agent: false, ...tls }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    }).on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

/** What comes on a connection until it ends; over TLS 1.3 a client is refused after its own handshake. */
function overTls(port: number | undefined, tls: ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    let came = '';
    const socket = connectTls({ host: '127.0.0.1', port, ca, ...tls });
    socket.on('secureConnect', () => socket.write(subscribe));
    socket.on('data', (chunk) => (came += String(chunk)));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(came));
  });
}

function plainly(port: number | undefined, text: string): Promise<string> {
  return new Promise((resolve) => {
    let came = '';
    const socket = connect({ host: '127.0.0.1', port: port ?? 0 }, () => socket.write(text));
    socket.on('data', (chunk) => (came += chunk.toString('latin1')));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(came));
  });
}

const seqOf = (position: string | undefined): number => Number(position?.split('-')[1]);

/** The certificate that a new connection is shown. */
function shown(port: number | undefined): Promise<PeerCertificate> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port, ca }, () => {
      resolve(socket.getPeerCertificate());
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

test('the feed and the API are served over TLS, and to nobody who speaks without', async () => {
  put(authority.sign('first'));
  const running = await start();
  const tcp = await FeedClient.tls(feedAt(running), { ca });
  const webSocket = await FeedClient.webSocket(feedUrl(running), [], { ca });
  for (const client of [tcp, webSocket]) {
    client.send(subscribe);
    await client.find(isAnswer);
  }
  expect(await status(running.httpPort, { ca })).toBe(200);
  expect(await status(running.httpPort, { ca, maxVersion: 'TLSv1.2' })).toBe(200);
  expect(
    await status(running.httpPort, { ca, maxVersion: 'TLSv1.1', minVersion: 'TLSv1' }),
  ).not.toBe(200);
  // Whoever does not know the authority trusts nobody here.
  expect(await status(running.httpPort, { ca: strangers.pem })).toMatch(/SELF_SIGNED|UNABLE/);

  for (const port of [running.feedPort, running.httpPort]) {
    expect(await plainly(port, subscribe)).not.toContain('VerbaApi');
    expect(await plainly(port, 'GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n')).not.toContain('200');
  }
  await eventually(
    () => running.log.filter((line) => line['event'] === 'handshake.failed').length >= 4,
  );
  // Those who were there have noticed nothing.
  for (const client of [tcp, webSocket]) {
    const before = client.calls.length;
    await client.until(() => client.calls.length > before);
  }
});

test('where certificates are asked for, only clients with one of that authority are let in', async () => {
  put(authority.sign('first'));
  copyFileSync(authority.certificate, join(folder, 'clients.pem'));
  const running = await start('clients.pem');
  const own = (pair: Pair): ConnectionOptions => ({
    ca,
    cert: readFileSync(pair.certificate),
    key: readFileSync(pair.key),
  });
  const desk = own(authority.sign('desk'));
  const late = own(authority.sign('late', { from: inDays(-9), to: inDays(-1) }));
  const stranger = own(strangers.sign('desk'));

  for (const refused of [{ ca }, stranger, late]) {
    expect(await overTls(running.feedPort, refused)).toBe('');
    expect(await overTls(running.feedPort, { ...refused, maxVersion: 'TLSv1.2' })).toBe('');
    expect(await status(running.httpPort, refused)).not.toBe(200);
    await expect(FeedClient.webSocket(feedUrl(running), [], refused)).rejects.toThrow();
  }
  expect(await status(running.httpPort, desk)).toBe(200);
  const tcp = await FeedClient.tls(feedAt(running), desk);
  const webSocket = await FeedClient.webSocket(feedUrl(running), [], desk);
  for (const client of [tcp, webSocket]) {
    client.send(subscribe);
    await client.until(() => client.calls.length > 0);
  }
});

test('a renewed certificate is taken up on SIGHUP, and every session stays', async () => {
  put(authority.sign('first'));
  const running = await start();
  const clients = [
    await FeedClient.tls(feedAt(running), { ca }),
    await FeedClient.webSocket(feedUrl(running), [], { ca }),
  ];
  for (const client of clients) {
    client.send(subscribe);
    await client.find(isAnswer);
  }
  const events = (name: string): number => running.log.filter((l) => l['event'] === name).length;
  put(authority.sign('second'));
  running.child.kill('SIGHUP');
  await eventually(() => events('certificate.renewed') === 1);
  for (const port of [running.feedPort, running.httpPort]) {
    expect((await shown(port)).subject.CN).toBe('second');
  }

  writeFileSync(join(folder, 'live.key'), 'broken');
  running.child.kill('SIGHUP');
  await eventually(() => events('certificate.refused') === 1);
  await eventually(() => events('config.reloaded') === 2);
  for (const port of [running.feedPort, running.httpPort]) {
    expect((await shown(port)).subject.CN).toBe('second');
  }

  for (const client of clients) {
    const before = client.calls.length;
    await client.until(() => client.calls.length > before);
    expect(client.isClosed).toBe(false);
  }
  expect(await running.kill('SIGTERM')).toBe(0);
  for (const client of clients) {
    await client.closed();
    const last = client.messages.at(-1);
    expect(last).toMatchObject({ kind: 'goodbye', reason: 'going-away' });
    const told = last && isGoodbye(last) ? seqOf(last.position) : 0;
    expect(told).toBeGreaterThanOrEqual(seqOf(client.calls.at(-1)?.position));
  }
  expect(await clients[1]?.closed()).toMatchObject({ code: 1001 });
});

test('in time, a renewed certificate is taken up and a silent handshake ended', async () => {
  put(authority.sign('first'));
  const running = await start();
  put(authority.sign('second'));
  const silent = Array.from({ length: 20 }, (_, n) =>
    plainly(n % 2 === 0 ? running.feedPort : running.httpPort, n % 4 < 2 ? '' : '\u0016\u0003'),
  );
  const client = await FeedClient.tls(feedAt(running), { ca });
  client.send(subscribe);
  await client.until(() => client.calls.length > 0);
  expect(await status(running.httpPort, { ca })).toBe(200);
  expect((await Promise.all(silent)).join('')).not.toContain('VerbaApi');
  const renewed = (): boolean => running.log.some((l) => l['event'] === 'certificate.renewed');
  await eventually(renewed, 60_000);
  expect((await shown(running.feedPort)).subject.CN).toBe('second');
  expect(client.isClosed).toBe(false);
}, 90_000);

test('a server does not start with a certificate that has expired', async () => {
  put(authority.sign('old', { from: inDays(-9), to: inDays(-1) }));
  await expect(start()).rejects.toThrow(/tls\.certificate: saw .*live\.pem.*expired on/);
});
