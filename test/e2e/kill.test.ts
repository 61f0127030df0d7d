/**
 * Truth under failure: a server that is killed without warning, many times, at other moments each time.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startServerProcess } from '../support/server-process.ts';
import { Witness } from '../support/witness.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-kill-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const server = (): string => `
[feed]
port = 0
[http]
enabled = false
[data]
dir = "${join(folder, 'data')}"
`;

const busy = (seed: number): string => `${server()}
[[source]]
type = "simulator"
name = "centre"
rate = 300
seed = ${seed}
agents = 500
timeScale = 0.01
`;

test('keeps every promise over twelve kills under load', { timeout: 120_000 }, async () => {
  const witness = new Witness();
  for (let kill = 1; kill <= 12; kill += 1) {
    const running = await startServerProcess(folder, busy(kill));
    await witness.attend(running.feedPort);
    // At another moment each time, and never before something new was told.
    const told = witness.seqs.length + 20 + kill * 37;
    await witness.until(() => witness.seqs.length >= told);
    await running.kill('SIGKILL');
  }
  // A run without the source gives its calls up: now every call that started must have ended.
  const last = await startServerProcess(folder, server());
  await witness.attend(last.feedPort);
  await witness.until(() => witness.ends.length >= witness.starts.length);
  await last.kill('SIGTERM');

  expect(witness.lost).toBe(0);
  expect(witness.seqs.length).toBeGreaterThan(2_000);
  // Numbering goes on, and nothing that was told is missing or told again.
  expect(witness.seqs).toEqual(witness.seqs.map((_, i) => (witness.seqs[0] ?? 0) + i));
  expect(new Set(witness.starts).size).toBe(witness.starts.length);
  expect([...witness.ends].sort()).toEqual([...witness.starts].sort());
});
