/**
 * A process that is killed while it commits events of recorded calls: whatever was told is in the books, in every
 * event under the same number, and no number is given to another segment by a later run.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { openForReading, openForWriting } from '../../src/store/database.ts';
import { newFolder } from '../support/data-folder.ts';

/** Runs the child until it has told of `untilTold` segments, then kills it without warning; those that were told. */
async function runAndKill(folder: string, untilTold: number, afterMs: number): Promise<number[]> {
  const child = spawn(process.execPath, ['test/support/recording-child.mjs', folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  const told: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    if (told.push(Number(line)) === untilTold) setTimeout(() => child.kill('SIGKILL'), afterMs);
  }
  expect((await exited)[1]).toBe('SIGKILL');
  return told;
}

it(
  'keeps every segment that was told, each under a number of its own',
  { timeout: 60_000 },
  async () => {
    const folder = await newFolder();
    const told: number[] = [];
    for (const [n, untilTold] of [1, 30, 150, 400, 700].entries()) {
      told.push(...(await runAndKill(folder, untilTold, 4 + 3 * n)));
    }

    // The writing connection carries the log over, as the next start would.
    const writing = openForWriting(folder);
    const db = openForReading(folder);
    onTestFinished(() => {
      db.close();
      writing.close();
    });
    const one = (text: string): unknown => db.prepare(text).pluck().get();
    const calls = db
      .prepare<[], string>('SELECT body FROM events ORDER BY seq')
      .pluck()
      .all()
      .map((body): Call | undefined => JSON.parse(body).call)
      .filter((call) => call !== undefined);
    const identity = db
      .prepare<[number], string>(
        "SELECT call_id || ' ' || leg || ' ' || start_ms FROM segments WHERE id = ?",
      )
      .pluck();
    const inEvents = new Set<number>();
    for (const call of calls) {
      for (const { id, leg, startedAtMs } of call.recordings) {
        expect(identity.get(id)).toBe(`${call.id} ${leg} ${startedAtMs}`);
        inEvents.add(id);
      }
    }
    expect(inEvents.size).toBeGreaterThan(1_000);
    expect(told.filter((id) => !inEvents.has(id))).toEqual([]);
    expect(one('SELECT count(*) FROM segments')).toBe(inEvents.size);
    expect(one("SELECT value FROM meta WHERE key = 'last_segment'")).toBe(Math.max(...inEvents));
    expect(one('SELECT count(DISTINCT recording) FROM segments')).toBe(
      one('SELECT count(*) FROM recordings'),
    );
    // A recording is over when all of its segments are, and no other way.
    const over = `SELECT r.id FROM recordings r JOIN segments s ON s.recording = r.id GROUP BY r.id
    HAVING (r.end_ms IS NULL) <> (count(s.end_ms) < count(*) OR sum(s.goes_on = 0) = 0)`;
    expect(db.prepare(over).all()).toEqual([]);
    expect(one('SELECT count(*) FROM recordings WHERE end_ms IS NOT NULL')).toBeGreaterThan(100);
    expect(one('SELECT max(sequence) FROM segments')).toBeGreaterThan(2);
  },
);
