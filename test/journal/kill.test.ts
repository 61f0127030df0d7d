/**
 * A process that is killed while it appends, again and again: whatever it said was durable is there
 * afterwards, the numbering goes on without a gap, and every start has exactly one end.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { EmbeddedJournal } from '../../src/journal/embedded.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { StoreClient } from '../../src/store/client.ts';
import { newFolder } from '../support/data-folder.ts';

interface Run {
  readonly epoch: string;
  readonly told: readonly number[];
}

/** Runs the child until it has told `untilTold` events, then kills it without warning. */
async function runAndKill(folder: string, untilTold: number, mode = 'append'): Promise<Run> {
  const child = spawn(process.execPath, ['test/support/journal-child.mjs', folder, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const told: number[] = [];
  let epoch = '';
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('epoch ')) epoch = line.slice('epoch '.length);
    else if (line !== '') told.push(Number(line));
    if (told.length === untilTold) child.kill('SIGKILL');
  }
  const [code, signal]: unknown[] = await exited;
  expect(mode === 'finish' ? code : signal).toBe(mode === 'finish' ? 0 : 'SIGKILL');
  return { epoch, told };
}

async function readAll(folder: string): Promise<readonly JournalEntry[]> {
  const store = await StoreClient.open({ folder, onFailure: () => undefined });
  const journal = new EmbeddedJournal({
    store,
    clock: { now: () => 0 },
    cdrs: { xmlOf: () => '', file: 'off' },
    onTrouble: () => undefined,
  });
  const all: JournalEntry[] = [];
  for (;;) {
    const result = await journal.readAfter(all.length, 4096);
    if (result.kind === 'gone') throw new Error('something was dropped');
    if (result.entries.length === 0) break;
    all.push(...result.entries);
  }
  await store.close();
  return all;
}

/** How many events of each call are of that kind. */
function countByCall(entries: readonly JournalEntry[], kind: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { event } of entries) {
    if (event.kind !== kind || !('call' in event)) continue;
    counts.set(event.call.id, (counts.get(event.call.id) ?? 0) + 1);
  }
  return counts;
}

it(
  'loses nothing it has told when it is killed, twelve times over',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder();
    const runs: Run[] = [];
    // From "just opened" to "many commits under way".
    for (const untilTold of [1, 7, 25, 60, 150, 333, 500, 777, 1_000, 1_500, 2_500, 4_000]) {
      runs.push(await runAndKill(folder, untilTold));
    }
    runs.push(await runAndKill(folder, Infinity, 'finish'));

    const entries = await readAll(folder);
    const seqs = entries.map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, index) => index + 1));
    const told = runs.flatMap((run) => run.told);
    expect(told.length).toBeGreaterThan(10_000);
    expect(told.filter((seq) => seq > seqs.length)).toEqual([]);
    // No number was given to two events: told numbers rise over all runs.
    expect(told.filter((seq, index) => index > 0 && seq <= (told[index - 1] ?? 0))).toEqual([]);
    expect(new Set(runs.map(({ epoch }) => epoch)).size).toBe(1);

    const starts = countByCall(entries, 'call.started');
    const ends = countByCall(entries, 'call.ended');
    expect([...starts.values()].filter((count) => count !== 1)).toEqual([]);
    expect([...ends.values()].filter((count) => count !== 1)).toEqual([]);
    expect([...ends.keys()].sort()).toEqual([...starts.keys()].sort());
  },
);
