/**
 * A process that is killed while it commits events with their deliveries, and settles: an event and its
 * deliveries are there together or not at all, and the counters count what is there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { openForReading, openForWriting } from '../../src/store/database.ts';
import { newFolder } from '../support/data-folder.ts';

/**
 * Runs the child until it has told `untilTold` events, then kills it without warning; the last one told. A little
 * later: when it has just told of a commit, the next one has not begun.
 */
async function runAndKill(folder: string, untilTold: number, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, ['test/support/journal-child.mjs', folder, 'deliver'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = once(child, 'exit');
  let told = 0;
  let last = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === '' || line.startsWith('epoch ')) continue;
    told += 1;
    last = Number(line);
    if (told === untilTold) setTimeout(() => child.kill('SIGKILL'), afterMs);
  }
  expect((await exited)[1]).toBe('SIGKILL');
  return last;
}

it('leaves events with their deliveries, or neither', { timeout: 60_000 }, async () => {
  const folder = await newFolder();
  let last = 0;
  const moments = [1, 40, 300, 600, 900, 1_500].entries();
  for (const [n, untilTold] of moments) last = await runAndKill(folder, untilTold, 4 + 3 * n);

  // The writing connection carries the log over, as the next start would.
  const writing = openForWriting(folder);
  const db = openForReading(folder);
  onTestFinished(() => {
    db.close();
    writing.close();
  });
  const all = <Row>(text: string): Row[] => db.prepare<[], Row>(text).all();
  const one = (text: string): unknown => db.prepare(text).pluck().get();

  const events = one('SELECT count(*) FROM events');
  expect(events).toBeGreaterThanOrEqual(last);
  expect(one('SELECT count(*) FROM occurrences')).toBe(events);
  expect(one('SELECT count(*) FROM deliveries')).toBe(2 * Number(events));
  const told = `SELECT o.key FROM occurrences o JOIN deliveries d ON d.occurrence = o.id
    GROUP BY o.id HAVING count(*) = 2 AND min(d.destination) = 'one' AND max(d.destination) = 'two'`;
  const ofEvents = "SELECT json_extract(body, '$.id') FROM events";
  expect(one(`SELECT count(*) FROM (${ofEvents} EXCEPT ${told})`)).toBe(0);
  expect(one(`SELECT count(*) FROM (${told} EXCEPT ${ofEvents})`)).toBe(0);

  for (const known of all<Record<string, number>>('SELECT * FROM destination_states')) {
    const counted = all<{ state: string; n: number }>(
      `SELECT state, count(*) AS n FROM deliveries WHERE destination = '${known.destination}'
       GROUP BY state`,
    );
    const states = Object.fromEntries(counted.map(({ state, n }) => [state, n]));
    expect(known).toMatchObject({ ...states, accepted: events });
    expect(states.delivered).toBeGreaterThan(0);
    expect(states.dead).toBeGreaterThan(0);
  }
  const attempts = "SELECT count(*) FROM deliveries WHERE state IN ('delivered', 'dead')";
  expect(one('SELECT count(*) FROM attempts')).toBeGreaterThanOrEqual(Number(one(attempts)));
});
