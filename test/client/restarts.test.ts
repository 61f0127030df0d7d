/**
 * A feed over a real server that is stopped and killed under load: the consumer hears everything once, in
 * order, without doing anything about it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Feed } from '../../src/client/feed.ts';
import type { FeedEvent } from '../../src/client/event.ts';
import { connectFeed } from '../../src/client/node.ts';
import { lastSeq, type ServerProcess, startServerProcess } from '../support/server-process.ts';

let folder = '';
let server: ServerProcess | undefined;
let feed: Feed | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-client-'));
});
afterEach(async () => {
  feed?.close();
  await server?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

interface Ports {
  readonly feedPort: number;
  readonly httpPort: number | undefined;
}
const anyPorts: Ports = { feedPort: 0, httpPort: 0 };

const toml = ({ feedPort, httpPort = 0 }: Ports, seed: number): string => `
[feed]
port = ${feedPort}
[http]
port = ${httpPort}
[data]
dir = "${join(folder, 'data')}"
${
  seed === 0
    ? ''
    : `[[source]]
type = "simulator"
name = "centre"
rate = 200
seed = ${seed}
agents = 300
timeScale = 0.01`
}
`;

/** What a consumer writes down. */
class Notes {
  readonly seqs: number[] = [];
  readonly starts: string[] = [];
  readonly ends: string[] = [];
  readonly connected: boolean[] = [];
  readonly reasons: string[] = [];
  #wake: () => void = () => undefined;

  add(event: FeedEvent): void {
    if (event.kind === 'connected') this.connected.push(event.recovered);
    if (event.kind === 'lost') this.reasons.push(event.reason);
    if (event.kind === 'call' || event.kind === 'source') {
      this.seqs.push(Number(event.position.split('-')[1]));
    }
    if (event.kind === 'call' && event.type === 'CallStart') this.starts.push(event.call.id);
    if (event.kind === 'call' && event.type === 'CallEnd') this.ends.push(event.call.id);
    this.#wake();
  }

  /** Resolves when it holds; rejects after the deadline. */
  async until(holds: () => boolean, deadlineMs = 20_000): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wake();
    }, deadlineMs);
    while (!holds()) {
      if (late) throw new Error(`did not come true: ${holds}; ${this.seqs.length} events so far`);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    clearTimeout(timer);
  }
}

test.each<[string, (ports: Ports) => string]>([
  ['TCP', ({ feedPort }) => `tcp://127.0.0.1:${feedPort}`],
  ['WebSocket', ({ httpPort }) => `ws://127.0.0.1:${httpPort}`],
])('goes on over stops and kills, on %s', { timeout: 120_000 }, async (_, url) => {
  server = await startServerProcess(folder, toml(anyPorts, 1));
  const ports: Ports = { feedPort: server.feedPort, httpPort: server.httpPort };
  const notes = new Notes();
  feed = connectFeed({ url: url(ports), backoff: { firstMs: 20, maxMs: 200 } });
  const reading = (async (events: Feed) => {
    for await (const event of events) notes.add(event);
  })(feed);

  for (let round = 1; round <= 6; round += 1) {
    const told = notes.seqs.length + 100 + round * 37;
    await notes.until(() => notes.seqs.length >= told);
    await server.kill(round % 2 === 0 ? 'SIGTERM' : 'SIGKILL');
    // A run without the source gives its calls up: in the end every call that started has ended.
    server = await startServerProcess(folder, toml(ports, round === 6 ? 0 : round + 1));
  }
  const last = await lastSeq(server);
  await notes.until(() => notes.seqs.at(-1) === last);

  expect(new Set(notes.connected)).toEqual(new Set([true]));
  expect(notes.reasons).toContain('the server is going away');
  expect(notes.seqs).toEqual(notes.seqs.map((_, i) => (notes.seqs[0] ?? 0) + i));
  expect(new Set(notes.starts).size).toBe(notes.starts.length);
  expect([...notes.ends].sort()).toEqual([...notes.starts].sort());
  expect(feed.position?.split('-')[1]).toBe(String(notes.seqs.at(-1)));
  feed.close();
  await reading;
});

test('says when the server has lost what was missed', async () => {
  server = await startServerProcess(folder, toml(anyPorts, 1));
  const { feedPort, httpPort } = server;
  const notes = new Notes();
  feed = connectFeed({ url: `tcp://127.0.0.1:${feedPort}`, backoff: { firstMs: 20, maxMs: 200 } });
  const reading = (async (events: Feed) => {
    for await (const event of events) notes.add(event);
  })(feed);
  await notes.until(() => notes.seqs.length > 50);
  await server.kill('SIGKILL');
  rmSync(join(folder, 'data'), { recursive: true });
  server = await startServerProcess(folder, toml({ feedPort, httpPort }, 2));
  await notes.until(() => notes.connected.length > 1);
  expect(notes.connected).toEqual([true, false]);
  feed.close();
  await reading;
});
