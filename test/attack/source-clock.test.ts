/**
 * The machine's clock is set an hour ahead and back under a running server: conversations go by a clock that
 * nobody can set. Debian's libfaketime sets it, for that one process.
 */
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { Witness } from '../support/witness.ts';
import { expectWhole, logged } from './disk-trouble.ts';
import { Neighbour, neighbourSource, until, untilReady } from './source-neighbour.ts';
import { HostilePbx } from './source-peer.ts';

const machines = ['x86_64', 'aarch64'].map((machine) => `/usr/lib/${machine}-linux-gnu`);
const library = machines
  .map((folder) => join(folder, 'faketime', 'libfaketimeMT.so.1'))
  .find((path) => existsSync(path));

let folder = '';
let pbx: HostilePbx;
let server: ServerProcess;
let neighbour: Neighbour;
const witness = { now: new Witness() };

beforeEach(async () => {
  if (library === undefined) throw new Error('libfaketime is missing: install libfaketime');
  folder = mkdtempSync(join(tmpdir(), 'offhook-clock-'));
  pbx = await HostilePbx.listen();
  set('+0');
  server = await startServerProcess(
    folder,
    `
[feed]
port = 0
keepAlive = 1
[http]
port = 0
[data]
dir = "${join(folder, 'data')}"
[journal]
maxAge = 0.01
[record]
metadataFiles = false
[[source]]
type = "ami"
name = "pbx"
host = "127.0.0.1"
port = ${pbx.port}
username = "offhook"
secret = "secret"
pingInterval = 1
reconnectMin = 0.2
${neighbourSource}`,
    {
      LD_PRELOAD: library,
      FAKETIME_TIMESTAMP_FILE: join(folder, 'clock'),
      FAKETIME_NO_CACHE: '1',
      FAKETIME_DONT_FAKE_MONOTONIC: '1',
      DONT_FAKE_MONOTONIC: '1',
    },
  );
  witness.now = new Witness();
  await witness.now.attend(server.feedPort);
  neighbour = await Neighbour.of(server);
});

afterEach(async () => {
  neighbour.leave();
  witness.now.leave();
  await server.kill('SIGKILL');
  await pbx.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Sets the server's clock against ours, at one stroke: it reads the file all the time. */
function set(offset: string): void {
  writeFileSync(join(folder, 'clock.new'), `${offset}\n`);
  renameSync(join(folder, 'clock.new'), join(folder, 'clock'));
}

const keepalives = (): number =>
  witness.now.messages.filter((message) => message.kind === 'keepalive').length;

/** The server's own clock, as its log shows it, against ours; hours. */
function ahead(): number {
  const last = server.log.at(-1)?.['time'];
  return Math.round((Date.parse(String(last)) - Date.now()) / 3_600_000);
}

it(
  'keeps sessions, keep-alives, the PBX and the order of events',
  { timeout: 60_000 },
  async () => {
    await untilReady(server, ({ sources }) => sources.every(({ state }) => state === 'up'));
    for (const offset of ['+1h', '+0', '-1h', '+0']) {
      set(offset);
      const startMs = performance.now();
      const [beats, pings] = [keepalives(), pbx.pings];
      await neighbour.calm(10);
      await until(() => keepalives() >= beats + 3 && pbx.pings >= pings + 2, 10_000);
      // A beat a second, not all of an hour's at once.
      const seconds = (performance.now() - startMs) / 1_000;
      expect(keepalives() - beats).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
      expect(pbx.pings - pings).toBeLessThanOrEqual(Math.ceil(seconds) + 1);
    }
    expect(pbx.cameAtMs).toHaveLength(1);
    expect(logged(server, 'session.closed')).toBe(0);
    expectWhole(witness.now);

    // All of it can still be resumed from the very beginning.
    const position = witness.now.position?.replace(/-\d+$/, '-0');
    const late = new Witness(position);
    await late.attend(server.feedPort);
    await until(() => late.seqs.length >= witness.now.seqs.length);
    late.leave();
    expect(late.lost).toBe(0);
    expect(late.seqs[0]).toBe(1);
  },
);

it.each(['+1h', '-1h'])(
  'notices silence as soon as ever with the clock set by %s',
  { timeout: 60_000 },
  async (offset) => {
    await untilReady(server, ({ sources }) => sources.every(({ state }) => state === 'up'));
    const over = pbx.attackNext({ when: 'when up', pour: ['Event: Half\r\n'] });
    pbx.drop();
    await over;
    const ups = (): number =>
      server.log.filter((line) => line['source'] === 'pbx' && line['state'] === 'up').length;
    await until(() => ups() === 2);
    const startMs = performance.now();
    pbx.mute();
    set(offset);
    const silent = (): boolean =>
      server.log.some((line) => /Nothing was heard/.test(String(line['reason'])));
    await until(silent, 10_000);
    expect(performance.now() - startMs).toBeGreaterThan(1_500);
    expect(ahead()).toBe(Number.parseInt(offset, 10));
  },
);
