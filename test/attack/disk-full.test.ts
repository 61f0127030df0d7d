/**
 * A disk that is full for a while, a real one of a few megabytes: nothing is told that is not kept, sources are
 * held back, and once there is room again everything goes on.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, type TestContext } from 'vitest';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { Witness } from '../support/witness.ts';
import { busyToml, expectWhole, logged, storedIn } from './disk-trouble.ts';
import { Counter, memoryOf, sendSignals, until, untilReady } from './source-neighbour.ts';
import { HostilePbx } from './source-peer.ts';

let folder = '';
let data = '';
let isMounted = false;
let server: ServerProcess | undefined;
let witness = new Witness();

beforeEach((context) => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-full-'));
  data = join(folder, 'data');
  witness = new Witness();
  mount(context);
});

afterEach(async () => {
  witness.leave();
  await server?.kill('SIGKILL');
  server = undefined;
  if (isMounted) spawnSync('umount', [data]);
  isMounted = false;
  rmSync(folder, { recursive: true, force: true });
});

function mount(context: TestContext): void {
  mkdirSync(data);
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', data]);
  isMounted = status === 0;
  const why = String(stderr).trim();
  if (!isMounted) context.skip(`a small disk cannot be mounted here, which takes root: ${why}`);
}

const ballast = (): string => join(data, 'ballast');

/** Takes all the room that is left. */
function fill(): void {
  const file = openSync(ballast(), 'a');
  try {
    for (const bytes of [65_536, 4_096, 1]) {
      const piece = Buffer.alloc(bytes);
      while (takes(file, piece));
    }
  } finally {
    closeSync(file);
  }
}

function takes(file: number, piece: Buffer): boolean {
  try {
    return writeSync(file, piece) === piece.length;
  } catch {
    return false;
  }
}

const told = (): number => witness.seqs.length;

/** The last number in the books of the running server. */
function headNow(): number {
  const db = new SQLite(join(data, 'offhook.db'), { readonly: true });
  try {
    return db.prepare<[], number>('SELECT max(seq) FROM events').pluck().get() ?? 0;
  } finally {
    db.close();
  }
}

async function untilFull(running: ServerProcess): Promise<void> {
  fill();
  await until(() => (fill(), logged(running, 'journal.failing') > 2), 30_000);
  const state = await untilReady(running, ({ journal }) => journal.state === 'trouble');
  expect(state.status).toBe('not ready');
  expect(state.journal.reason).toMatch(/SQLITE_FULL|SQLITE_IOERR/);
}

it(
  'tells nothing while it lasts, and goes on afterwards with nothing lost',
  { timeout: 60_000 },
  async () => {
    server = await startServerProcess(folder, busyToml(data, 11, 200));
    await witness.attend(server.feedPort);
    await until(() => told() > 100);

    for (let round = 1; round <= 2; round += 1) {
      await untilFull(server);
      const running = server;
      const failed = logged(running, 'journal.failing');
      await until(() => logged(running, 'journal.failing') > failed + 1);
      // A small commit may find room where a large one did not; told is only what did.
      const last = witness.seqs.at(-1) ?? 0;
      expect(headNow()).toBeGreaterThanOrEqual(last);
      const before = told();

      rmSync(ballast());
      await untilReady(server, ({ journal }) => journal.state === 'ok');
      await until(() => told() > before + 200);
    }

    expect(logged(server, 'journal.recovered')).toBe(2);
    expectWhole(witness);
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(storedIn(data)).toMatchObject({ gaps: 0, soundness: 'ok' });
  },
);

it(
  'has lost nothing that it told when it is killed in the middle of it',
  { timeout: 60_000 },
  async () => {
    server = await startServerProcess(folder, busyToml(data, 12, 200));
    await witness.attend(server.feedPort);
    await until(() => told() > 100);
    await untilFull(server);
    const last = witness.seqs.at(-1) ?? 0;
    await server.kill('SIGKILL');
    expect(storedIn(data).head).toBeGreaterThanOrEqual(last);

    rmSync(ballast());
    server = await startServerProcess(folder, busyToml(data, 13, 200));
    await witness.attend(server.feedPort);
    const before = told();
    await until(() => told() > before + 200);
    expectWhole(witness);
    expect(storedIn(data)).toMatchObject({ gaps: 0, soundness: 'ok' });
  },
);

it('holds back who sends too much, and hears all of it later', { timeout: 90_000 }, async () => {
  const pbx = await HostilePbx.listen();
  try {
    server = await startServerProcess(
      folder,
      `${busyToml(data, 14, 1)}[[source]]
type = "ami"
name = "pbx"
host = "127.0.0.1"
port = ${pbx.port}
username = "offhook"
secret = "secret"
pingInterval = 1
reconnectMin = 0.2
`,
    );
    const running = server;
    await untilReady(running, ({ sources }) => sources.every(({ state }) => state === 'up'));
    const counter = await Counter.of(running);
    await untilFull(running);
    const { most } = memoryOf(running);

    const calls = 3_000;
    const over = pbx.attackNext({ when: 'when up', pour: rings(calls) });
    pbx.drop();
    let isOver = false;
    void over.then(() => (isOver = true));
    // The peer writes until nobody reads any more.
    let poured = -1;
    while (poured !== pbx.poured) {
      poured = pbx.poured;
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    }
    expect(isOver).toBe(false);
    expect(poured).toBeGreaterThan(100_000);
    expect(memoryOf(running).most - most).toBeLessThan(64);
    // Longer than the connection may be silent: who is held back is not taken for dead.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    const report = await untilReady(running, () => true);
    expect(report.sources.find(({ name }) => name === 'pbx')?.state).toBe('up');

    rmSync(ballast());
    await over;
    await until(() => counter.count('CallEnd') >= calls, 60_000);
    expect(counter.seqs).toEqual(counter.seqs.map((_, n) => (counter.seqs[0] ?? 0) + n));
    counter.leave();
  } finally {
    await pbx.close();
  }
});

it('tells senders to come again, and takes their signals once', { timeout: 60_000 }, async () => {
  server = await startServerProcess(folder, busyToml(data, 15, 200));
  await untilFull(server);
  const signals = Array.from({ length: 50 }, (_, n) => ({
    kind: 'leg.offered',
    id: `s${n}`,
    atMs: Date.now(),
    leg: `s${n}`,
    facts: { call: `s${n}`, number: `55${n}` },
  }));
  const answer = await sendSignals(server, signals);
  expect(answer).toMatchObject({ status: 503, body: { code: 'INGEST_UNDECIDED' } });

  rmSync(ballast());
  await untilReady(server, ({ journal }) => journal.state === 'ok');
  const again = await sendSignals(server, signals);
  expect(again).toEqual({ status: 200, body: { accepted: 0, duplicates: 50, ignored: [] } });
});

it('does not start, and says why', { timeout: 60_000 }, async () => {
  fill();
  const started = startServerProcess(folder, busyToml(data, 16));
  await expect(started).rejects.toThrow(/ended with 1: [^]*(full|no space)/i);
  rmSync(ballast());
  server = await startServerProcess(folder, busyToml(data, 16));
});

it('is stopped in order while it lasts', { timeout: 60_000 }, async () => {
  server = await startServerProcess(folder, busyToml(data, 17, 200));
  await witness.attend(server.feedPort);
  await until(() => told() > 100);
  await untilFull(server);
  expect(await server.kill('SIGTERM')).toBe(1);
  expect(witness.goodbyes).toEqual([`going-away ${witness.position}`]);
  expect(storedIn(data).head).toBeGreaterThanOrEqual(witness.seqs.at(-1) ?? 0);
});

/** Calls that ring once and are over. */
function* rings(calls: number): Generator<string> {
  for (let n = 0; n < calls; n += 1) {
    const channel = `Channel: PJSIP/10${n}-0000000a\r\nUniqueid: f.${n}\r\nLinkedid: f.${n}\r\n`;
    const who = `CallerIDNum: 10${n}\r\nExten: 600\r\n${'Filler: x\r\n'.repeat(400)}`;
    yield (
      `Event: Newchannel\r\n${channel}${who}ChannelState: 4\r\n\r\n` +
      `Event: Hangup\r\n${channel}${who}ChannelState: 5\r\nCause: 16\r\n\r\n`
    );
  }
}
