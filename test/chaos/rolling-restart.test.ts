/**
 * A rolling restart under load: everybody is told to go, comes back by itself with its position, and has
 * missed nothing and heard nothing twice, while calls go on.
 *
 *     ROLLING_CLIENTS=10000 npx vitest run test/chaos/rolling-restart.test.ts
 */
import { afterEach, expect, test } from 'vitest';
import type { ExtensionPattern } from '../../src/call/extension.ts';
import { seededDice } from '../../src/source/simulator/dice.ts';
import { newFolder } from '../support/data-folder.ts';
import type { ServerProcess } from '../support/server-process.ts';
import { auditClient, auditJournal } from './ledger.ts';
import { headOf, newSite, pause, readTruth, startOn, until } from './site.ts';
import { type Manner, Subscriber } from './subscriber.ts';
import { allTypes } from './truth.ts';

const count = Number(process.env['ROLLING_CLIENTS'] ?? 2_000);
/** On a machine of our own. */
const backWithinMs = 10_000;

/** 60 desks, and calls for some of them every moment. */
const sources = `
[[source]]
type = "simulator"
name = "centre"
rate = 10
seed = 5
agents = 60
timeScale = 0.05
`;

let server: ServerProcess | undefined;
let clients: readonly Subscriber[] = [];
afterEach(async () => {
  for (const client of clients) client.leave('rst');
  await server?.kill('SIGKILL');
});

/** Most watch one desk, some a group of them, one everything. */
function mannerOf(index: number): Manner {
  const desk = String(1001 + (index % 60));
  const patterns: readonly ExtensionPattern[] =
    index === 0
      ? []
      : index % 100 === 0
        ? [{ kind: 'range', from: desk, to: '1060' }]
        : [{ kind: 'number', number: desk }];
  const transport = index % 2 === 0 ? 'tcp' : 'websocket';
  const wish = { patterns, types: allTypes };
  const form = index % 4 === 1 ? 'json' : 'feed';
  const habits = { form, snapshot: true, ack: index % 3 === 0, resumes: true } as const;
  return { name: `${index} (${transport}, ${form})`, transport, wish, ...habits };
}

/** How many times as long as alone on the machine plain work takes now, because others work too. */
function crowding(): number {
  const startMs = performance.now();
  const cpu = process.cpuUsage();
  let usedMs = 0;
  while (usedMs < 200) {
    const { user, system } = process.cpuUsage(cpu);
    usedMs = (user + system) / 1_000;
  }
  return Math.max(1, (performance.now() - startMs) / usedMs);
}

/** Waits until every client has been told everything up to where the server is now. */
async function allAreUpToDate(door: Parameters<typeof headOf>[0]): Promise<void> {
  const { seq } = await headOf(door);
  const isThere = (each: Subscriber): boolean => each.isServed && (each.position?.seq ?? -1) >= seq;
  await until(`everybody is at ${seq}`, () => clients.every(isThere), 60_000);
}

test(
  `${count} clients are back within ten seconds with nothing missed`,
  { timeout: 300_000 + 30 * count },
  async () => {
    const site = await newSite(await newFolder(), count > 3_000 ? 15 : 5);
    const { door } = site;
    server = await startOn(site, sources);
    clients = Array.from(
      { length: count },
      (_, index) => new Subscriber(mannerOf(index), door, seededDice(index)),
    );
    for (const [index, client] of clients.entries()) {
      client.join();
      if (index % 100 === 99) await pause(10);
    }
    const isServed = (each: Subscriber): boolean => each.isServed;
    await until('everybody is served', () => clients.every(isServed), 60_000 + 15 * count);
    await allAreUpToDate(door);

    const before = clients.map((each) => each.stays.length);
    expect(await server.kill('SIGTERM')).toBe(0);
    expect(server.log.filter(({ event }) => event === 'server.stop-cut')).toEqual([]);
    const farewells = clients.map((each) => each.stays.at(-1)?.notes.at(-1));
    expect(farewells.filter((note) => note?.kind !== 'goodbye' || note.at === undefined)).toEqual(
      [],
    );

    const crowdingBefore = crowding();
    server = await startOn(site, sources);
    const startedMs = performance.now();
    const isBack = (each: Subscriber, index: number): boolean =>
      each.isServed && each.stays.length > (before[index] ?? 0);
    await until('everybody is back', () => clients.every(isBack), 60_000);
    const tookMs = performance.now() - startedMs;
    const crowded = Math.max(crowdingBefore, crowding());
    process.stdout.write(
      `${count} clients were back after ${Math.round(tookMs)} ms, on a machine ${crowded.toFixed(1)} times as slow as alone\n`,
    );
    expect(tookMs).toBeLessThan(backWithinMs * crowded);
    await allAreUpToDate(door);

    // A run without the source gives its calls up, so that every start has its end.
    expect(await server.kill('SIGTERM')).toBe(0);
    server = await startOn(site, '');
    await until('everybody is back', () => clients.every((each) => each.isServed), 60_000);
    await allAreUpToDate(door);
    for (const { stay } of clients) if (stay !== undefined) stay.isLast = true;
    expect(await server.kill('SIGTERM')).toBe(0);
    await until('all have heard it', () => clients.every((each) => !each.isConnected), 20_000);

    const truth = await readTruth(site);
    expect(truth.head).toBeGreaterThan(200);
    expect(auditJournal(truth)).toEqual([]);
    expect(clients.flatMap((each) => auditClient(truth, each.stays)).slice(0, 20)).toEqual([]);
    const resumed = clients
      .flatMap((each) => each.stays)
      .filter(({ after }) => after !== undefined);
    expect(resumed.length).toBeGreaterThanOrEqual(2 * count);
  },
);
