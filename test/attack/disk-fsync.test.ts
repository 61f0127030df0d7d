/**
 * A disk whose fsync fails for a while. What the kernel could not write it may forget, so only what has been
 * written anew, and synced, may be told: everything told must be in the books, also after a kill.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import { Witness } from '../support/witness.ts';
import { busyToml, expectWhole, library, logged, storedIn } from './disk-trouble.ts';
import { headOf, sendSignals, until, untilReady } from './source-neighbour.ts';

let folder = '';
let data = '';
let fails = '';
let env: Record<string, string> = {};
let server: ServerProcess;
const witness = { now: new Witness() };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-fsync-'));
  data = join(folder, 'data');
  fails = join(folder, 'fsync-fails');
  const shim = library(join(import.meta.dirname, 'disk-fsync.c'), folder);
  env = { LD_PRELOAD: shim, FSYNC_FAILS: fails };
  witness.now = new Witness();
});

afterEach(async () => {
  witness.now.leave();
  await server.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

const told = (): number => witness.now.seqs.length;

/** Lets fsync fail until some commits have failed, while nothing may be told. */
async function failForAWhile(): Promise<void> {
  const before = logged(server, 'journal.failing');
  writeFileSync(fails, '');
  await until(() => logged(server, 'journal.failing') > before);
  const state = await untilReady(server, ({ journal }) => journal.state === 'trouble');
  expect(state.journal.reason).toContain('SQLITE_IOERR_FSYNC');
  expect(state.status).toBe('not ready');
  // The server itself says up to where it tells: no further, try after try. We have heard no more than that.
  const head = await headOf(server);
  await until(() => logged(server, 'journal.failing') > before + 4);
  expect(await headOf(server)).toBe(head);
  await until(() => (witness.now.seqs.at(-1) ?? 0) >= Number(head.split('-')[1]));
  expect(witness.now.position).toBe(head);
}

it(
  'tells nothing while it lasts, and goes on afterwards with nothing lost',
  { timeout: 60_000 },
  async () => {
    server = await startServerProcess(folder, busyToml(data, 1), env);
    await witness.now.attend(server.feedPort);
    await until(() => told() > 100);

    for (let round = 0; round < 3; round += 1) {
      await failForAWhile();
      rmSync(fails);
      const recovered = logged(server, 'journal.recovered');
      await until(() => logged(server, 'journal.recovered') > recovered - 1 && told() > 100);
      await untilReady(server, ({ journal }) => journal.state === 'ok');
      const before = told();
      await until(() => told() > before + 100);
    }

    expect(logged(server, 'journal.recovered')).toBe(3);
    expectWhole(witness.now);
    // Killed, the process leaves behind what it told, sound and in order.
    await server.kill('SIGKILL');
    const { head, gaps, soundness } = storedIn(data);
    expect({ gaps, soundness }).toEqual({ gaps: 0, soundness: 'ok' });
    expect(head).toBeGreaterThanOrEqual(witness.now.seqs.at(-1) ?? 0);
  },
);

it(
  'has lost nothing that it told when it is killed in the middle of it',
  { timeout: 60_000 },
  async () => {
    server = await startServerProcess(folder, busyToml(data, 2), env);
    await witness.now.attend(server.feedPort);
    await until(() => told() > 100);
    await failForAWhile();
    const last = witness.now.seqs.at(-1) ?? 0;
    await server.kill('SIGKILL');
    expect(storedIn(data).head).toBeGreaterThanOrEqual(last);

    rmSync(fails);
    server = await startServerProcess(folder, busyToml(data, 3), env);
    await witness.now.attend(server.feedPort);
    const before = told();
    await until(() => told() > before + 100);
    expectWhole(witness.now);
  },
);

it('answers a sender only when it holds', { timeout: 60_000 }, async () => {
  server = await startServerProcess(folder, busyToml(data, 4, 1), env);
  writeFileSync(fails, '');
  const signal = {
    kind: 'leg.offered',
    id: 'a',
    atMs: Date.now(),
    leg: 'a',
    facts: { call: 'a', number: '1' },
  };
  let answered = 0;
  const sent = sendSignals(server, [signal]).finally(() => (answered += 1));
  await until(() => logged(server, 'journal.failing') > 3);
  expect(answered).toBe(0);
  rmSync(fails);
  expect(await sent).toMatchObject({ status: 200, body: { accepted: 1 } });
  expect(await sendSignals(server, [signal])).toMatchObject({ body: { duplicates: 1 } });
});

it(
  'is stopped in order while it lasts, and says what was not kept',
  { timeout: 60_000 },
  async () => {
    server = await startServerProcess(folder, busyToml(data, 5), env);
    await witness.now.attend(server.feedPort);
    await until(() => told() > 100);
    await failForAWhile();
    const last = witness.now.seqs.at(-1) ?? 0;

    expect(await server.kill('SIGTERM')).toBe(1);

    expect(witness.now.goodbyes).toEqual([`going-away ${witness.now.position}`]);
    expect(storedIn(data).head).toBeGreaterThanOrEqual(last);
  },
);
