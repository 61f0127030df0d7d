/**
 * What a server with a sick disk is measured by: what it told against what is in its books.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SQLite from 'better-sqlite3';
import { expect } from 'vitest';
import type { ServerProcess } from '../support/server-process.ts';
import type { Witness } from '../support/witness.ts';

/** A server with simulated calls, and with a door for our own. */
export function busyToml(dataFolder: string, seed: number, rate = 60): string {
  // Whoever looks on may be held up by a busy machine, and is not what these tests are about.
  return `
[feed]
port = 0
queueBytes = 67108864
drainTimeout = 60
[http]
port = 0
[data]
dir = "${dataFolder}"
[record]
metadataFiles = false
[[source]]
type = "simulator"
name = "centre"
rate = ${rate}
seed = ${seed}
agents = 300
timeScale = 0.01
[[source]]
type = "ingest"
name = "neighbour"
`;
}

export interface Stored {
  readonly head: number;
  /** Numbers that are missing between the first and the last. */
  readonly gaps: number;
  /** What SQLite says of the file. */
  readonly soundness: unknown;
}

/** What is in the books, read from a copy of the files as they are on the disk. */
export function storedIn(dataFolder: string): Stored {
  const copy = mkdtempSync(join(tmpdir(), 'offhook-copy-'));
  try {
    for (const end of ['', '-wal']) {
      const file = join(dataFolder, `offhook.db${end}`);
      if (existsSync(file)) copyFileSync(file, join(copy, `offhook.db${end}`));
    }
    const db = new SQLite(join(copy, 'offhook.db'));
    const row = db
      .prepare<[], { head: number; first: number; count: number }>(
        'SELECT max(seq) AS head, min(seq) AS first, count(*) AS count FROM events',
      )
      .get() ?? { head: 0, first: 1, count: 0 };
    const soundness = db.pragma('integrity_check', { simple: true });
    db.close();
    return { head: row.head, gaps: row.head - row.first + 1 - row.count, soundness };
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** Numbering without a gap or a double, over everything that was told, and nothing lost. */
export function expectWhole(witness: Witness): void {
  expect(witness.lost).toBe(0);
  expect(witness.seqs).toEqual(witness.seqs.map((_, n) => (witness.seqs[0] ?? 0) + n));
  expect(new Set(witness.starts).size).toBe(witness.starts.length);
}

export const logged = (server: ServerProcess, event: string): number =>
  server.log.filter((line) => line['event'] === event).length;

/** Compiles a library to be preloaded. */
export function library(source: string, folder: string): string {
  const path = join(folder, 'preloaded.so');
  const { status, error, stderr } = spawnSync('gcc', [
    '-shared',
    '-fPIC',
    '-o',
    path,
    source,
    '-ldl',
  ]);
  if (error !== undefined) throw new Error('gcc is missing: install gcc and libc6-dev');
  if (status !== 0) throw new Error(`gcc: ${String(stderr)}`);
  return path;
}
