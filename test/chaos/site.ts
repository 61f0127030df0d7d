/**
 * The place of a chaos test: a folder, ports that stay the same over restarts, and the built server in it,
 * which comes up again after whatever became of it.
 */
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { CdrSite } from '../../src/record/cdr-xml.ts';
import { openEmbeddedJournal } from '../support/house.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';
import type { Door } from './subscriber.ts';
import { Truth } from './truth.ts';

export const site: CdrSite = { location: 'chaos', recorderServiceId: 1, times: 'utc' };

export interface Site {
  readonly folder: string;
  readonly dataFolder: string;
  readonly door: Door;
  /** The settings with which every server of this place starts, before its sources; no limits are set. */
  readonly settings: string;
}

/** @param keepAliveS seconds between keep-alives: silence for half as long again ends a session */
export async function newSite(folder: string, keepAliveS: number): Promise<Site> {
  const [feedPort, httpPort] = [await freePort(), await freePort()];
  const dataFolder = join(folder, 'data');
  const settings = `
[feed]
port = ${feedPort}
keepAlive = ${keepAliveS}
queueBytes = 262144
[http]
port = ${httpPort}
[access]
maxPerAddress = 0
acceptRate = 0
requestRate = 0
[data]
dir = "${dataFolder}"
[site]
location = "${site.location}"
`;
  return { folder, dataFolder, settings, door: { feedPort, httpPort, isOpen: true } };
}

/**
 * Starts the server; tries again while `mayFail` says that there is a reason for it not to start.
 * @throws {Error} what the server said when it ended
 */
export async function startOn(
  { folder, settings }: Site,
  sources: string,
  mayFail: () => boolean = () => false,
): Promise<ServerProcess> {
  for (;;) {
    try {
      return await startServerProcess(folder, settings + sources);
    } catch (error) {
      if (!mayFail()) throw error;
      await pause(100);
    }
  }
}

/** The whole journal, once no server holds the folder. */
export async function readTruth({ dataFolder }: Site): Promise<Truth> {
  const { journal, close } = await openEmbeddedJournal(dataFolder);
  const entries = [];
  for (;;) {
    const read = await journal.readAfter(entries.at(-1)?.seq ?? 0, 512);
    if (read.kind === 'gone') throw new Error('the journal has dropped events');
    if (read.entries.length === 0) break;
    entries.push(...read.entries);
  }
  await close();
  return new Truth(journal.epoch, entries, site);
}

/** The journal's place up to which the running server has told everything, as its API says. */
export async function headOf({
  httpPort,
}: Door): Promise<{ epoch: string; seq: number; calls: number }> {
  const answer = await fetch(`http://127.0.0.1:${httpPort}/v1/calls`, {
    headers: { connection: 'close' },
  });
  const { position, calls } = (await answer.json()) as { position: string; calls: unknown[] };
  const cut = position.lastIndexOf('-');
  const [epoch, seq] = [position.slice(0, cut), Number(position.slice(cut + 1))];
  return { epoch, seq, calls: calls.length };
}

/** What the running server says of itself: by name with labels, and the sum by name. */
export async function numbersOf({ httpPort }: Door): Promise<ReadonlyMap<string, number>> {
  const headers = { connection: 'close' };
  const answer = await fetch(`http://127.0.0.1:${httpPort}/metrics`, { headers });
  const numbers = new Map<string, number>();
  for (const line of (await answer.text()).split('\n')) {
    const match = /^([a-zA-Z_:]+)(\{.*\})? (\S+)$/.exec(line);
    if (match === null) continue;
    const [, name = '', labels, value] = match;
    if (labels !== undefined) numbers.set(name + labels, Number(value));
    numbers.set(name, (numbers.get(name) ?? 0) + Number(value));
  }
  return numbers;
}

/** Resolves when it holds. @throws {Error} with what was waited for, when it does not in time */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  withinMs: number,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await pause(20);
  }
}

export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen({ host: '127.0.0.1', port: 0 }, resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
