/**
 * Readers that do not read: how they are found, what they are told, that they can come back and lose
 * nothing, and that nobody else notices.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { Certificates } from '../../src/access/certificates.ts';
import { systemClock } from '../../src/base/clock.ts';
import type { CallEvent } from '../../src/call/event.ts';
import { Connection } from '../../src/subscriber/connection.ts';
import { connectedCall, ended, started } from '../support/calls.ts';
import { Authority } from '../support/certificates.ts';
import type { FeedClient } from '../support/feed-client.ts';
import { isAnswer, isFailure, isGoodbye } from '../support/feed-client.ts';
import { eventually, OpenHouse, TestHouse } from '../support/house.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { SpyTransport } from '../support/spy-transport.ts';

const subscribe = (inside = '<Feed/>'): string =>
  `<VerbaApi><Request type="SubscribeOnCallEvent" id="1">${inside}</Request></VerbaApi>`;

const seqs = (client: Pick<FeedClient, 'calls'>): number[] =>
  client.calls.map(({ position }) => Number(position?.split('-')[1]));

const numbers = (from: number, through: number): number[] =>
  Array.from({ length: through - from + 1 }, (_, index) => from + index);

type Holds = () => boolean | Promise<boolean>;

/** Calls that begin and end, turn by turn, until it is enough. */
async function pour(house: OpenHouse, isEnough: Holds): Promise<void> {
  for (let n = 0; !(await isEnough()); n += 20) {
    if (n > 40_000) throw new Error('40,000 calls were not enough');
    const events = numbers(n, n + 19).flatMap((each): CallEvent[] => [started(each), ended(each)]);
    await house.publish(...events);
    await new Promise(setImmediate);
  }
}

const hasEnded = (house: OpenHouse) => (): boolean => house.endings.length > 0;

/** Whether anything waits for the reader at the end of the turn. */
async function isBlocked(connection: Connection | undefined): Promise<boolean> {
  const drained = connection?.drained().then(() => false);
  return Promise.race([drained ?? false, new Promise<true>((r) => setImmediate(() => r(true)))]);
}

const folder = mkdtempSync(join(tmpdir(), 'offhook-slow-reader-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const authority = new Authority(folder);
const { options: server } = Certificates.load(authority.sign('house'), systemClock);
const tls = { server, ca: authority.pem };

describe.each([
  ['tcp', 'tcp', {}],
  ['websocket', 'websocket', {}],
  ['tcp with TLS', 'tcp', { tls }],
  ['websocket with TLS', 'websocket', { tls }],
] as const)('a client over %s that stops reading', (_, transport, securing) => {
  async function stopped(
    queueBytes: number,
    inside?: string,
  ): Promise<{ house: OpenHouse; client: FeedClient }> {
    const house = await OpenHouse.open({ queueBytes, ...securing });
    const client = await house.connect(transport);
    client.send(subscribe(inside));
    await client.find(isAnswer);
    client.pause();
    return { house, client };
  }

  it('is closed when too much waits for it, told why, and comes back without a loss', async () => {
    const { house, client } = await stopped(200_000);
    await pour(house, hasEnded(house));
    expect(house.endings).toMatchObject([
      { reason: 'slow-consumer', detail: 'More than 200000 bytes waited for the reader.' },
    ]);
    expect(house.groups.members).toBe(0);

    client.resume();
    const closing = await client.closed();
    if (transport === 'websocket') {
      expect(closing).toEqual({ code: 4001, reason: 'slow-consumer' });
    }
    const goodbye = await client.find(isGoodbye);
    expect(client.messages.at(-1)).toBe(goodbye);
    expect(goodbye.reason).toBe('slow-consumer');
    expect(goodbye.position).toBe(house.position(seqs(client).at(-1) ?? 0));

    const again = await house.connect(transport);
    again.send(subscribe(`<Feed after="${goodbye.position}"/>`));
    const head = house.hub.head;
    await again.until(() => seqs(again).at(-1) === head);
    expect([...seqs(client), ...seqs(again)]).toEqual(numbers(1, head));
  });

  it('is closed when nothing has gone out for too long, though little waits', async () => {
    const { house, client } = await stopped(1_000_000_000);
    await pour(house, () => isBlocked(house.connections[0]));
    house.pass(15_000);
    expect(house.endings).toEqual([]);
    house.pass(100);
    expect(house.endings).toMatchObject([
      { reason: 'slow-consumer', detail: 'Nothing drained within the time allowed.' },
    ]);
    client.resume();
    await client.closed();
    expect(client.messages.at(-1)).toMatchObject({ kind: 'goodbye', reason: 'slow-consumer' });
  });

  it('is closed without a word that it does not know when it is a legacy client', async () => {
    const { house, client } = await stopped(200_000, '');
    await pour(house, hasEnded(house));
    client.resume();
    await client.closed();
    expect(new Set(client.messages.map(({ kind }) => kind))).toEqual(new Set(['answer', 'call']));
  });

  it('and does not read again is cut off after a while', async () => {
    const { house, client } = await stopped(200_000);
    await pour(house, hasEnded(house));
    await eventually(() => house.connections.length === 0);
    expect(client.isClosed).toBe(false);
  });
});

describe('a reader that stopped', () => {
  it('does not hold up anybody else, not even those of its own group', async () => {
    const house = await OpenHouse.open({ queueBytes: 200_000 });
    const [slow, fast] = [await house.tcp(), await house.tcp()];
    for (const client of [slow, fast]) {
      client.send(subscribe());
      await client.find(isAnswer);
    }
    slow.pause();
    let turns = 0;
    let together = 0;
    await pour(house, () => {
      turns += 1;
      // In the turn after it was told, while the other one's queue fills.
      if (seqs(fast).at(-1) === house.hub.head) together += 1;
      return house.endings.length > 0;
    });
    await fast.until(() => seqs(fast).at(-1) === house.hub.head);
    expect(seqs(fast)).toEqual(numbers(1, house.hub.head));
    expect(together / turns).toBeGreaterThan(0.5);
    expect(house.endings).toHaveLength(1);
  });

  it('costs no memory beyond its bound, however many there are', async () => {
    setFlagsFromString('--expose-gc');
    // Parse door: what the flag makes is a function.
    const collect = runInNewContext('gc') as () => void;
    const memory = (): number => {
      collect();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const queueBytes = 600_000;
    const house = await OpenHouse.open({ queueBytes });
    const clients = [];
    for (let n = 0; n < 30; n += 1) {
      // Each its own group, so that nothing is shared.
      const client = await house.tcp();
      client.send(subscribe(`<Extension prefix="1"/><Extension number="x${n}"/><Feed/>`));
      await client.find(isAnswer);
      client.pause();
      clients.push(client);
    }
    const before = memory();
    let most = 0;
    await pour(house, () => {
      // What has been told is let go of everywhere, but for those who have not taken it.
      house.journal.dropThrough(house.journal.head);
      // Each turn: between the first byte that waits and the last reader's end there are only a few.
      most = Math.max(most, memory() - before);
      return house.endings.length === 30;
    });
    expect(most).toBeGreaterThan(5_000_000);
    expect(most).toBeLessThan(30 * (queueBytes + 200_000) + 10_000_000);
    await eventually(() => house.connections.length === 0);
    // What has been let go of is swept up a little later.
    await vi.waitFor(() => expect(memory() - before).toBeLessThan(5_000_000), 5_000);
  });

  it('by not reading its answers is closed as well, and leaves nothing behind', () => {
    const house = new TestHouse(new MemoryJournal(), {
      queueBytes: 1_000,
      ongoing: numbers(0, 20).map((n) => connectedCall(n)),
    });
    const transport = new SpyTransport();
    transport.reads = false;
    const connection = new Connection(transport, house.session, house.house);
    const ask = Buffer.from('<VerbaApi><Request type="GetOngoingCalls"/></VerbaApi>');
    connection.receive(ask);
    expect(connection.isOpen).toBe(true);
    // Its answer does not fit any more, and ends the session before it has begun.
    connection.receive(Buffer.from(subscribe()));
    connection.receive(ask);

    expect(transport.ended).toEqual({ code: 4001, reason: 'slow-consumer' });
    expect(transport.messages.filter(isAnswer)).toHaveLength(1);
    expect(house.groups.members).toBe(0);
    expect(house.hub.audiences).toBe(0);
    expect(house.house.deadlines.size).toBe(0);
    expect(house.endings).toHaveLength(1);
  });
});

describe('a reader that is slow, but reads', () => {
  it.each([
    ['', {}],
    [' with TLS', { tls }],
  ])('gets an answer far larger than its queue%s, in the time it takes', async (_, securing) => {
    const number = '1'.repeat(1_000);
    const ongoing = numbers(0, 9_000).map((n) => connectedCall(n, { caller: { number } }));
    const house = await OpenHouse.open({ queueBytes: 65_536, ongoing, ...securing });
    const client = await house.tcp();
    client.send('<VerbaApi><Request type="GetOngoingCalls"/></VerbaApi>');
    let read = 0;
    let isWhole = false;
    client.socket.on('data', (chunk: Buffer) => {
      read += chunk.length;
      isWhole ||= chunk.includes('</VerbaApi>');
      client.pause();
      house.pass(chunk.length / 150);
      setImmediate(() => client.resume());
    });
    await eventually(() => isWhole || house.endings.length > 0);
    expect(house.endings).toEqual([]);
    expect(read).toBeGreaterThan(7_000_000);
  });
});

it('a session that has ended hears and says nothing more', async () => {
  const house = await OpenHouse.open({ queueBytes: 200_000 });
  const client = await house.tcp();
  client.send(subscribe());
  await client.find(isAnswer);
  client.pause();
  await pour(house, hasEnded(house));
  client.send('<VerbaApi><Request type="GetWeather"/></VerbaApi>');
  await house.publish(started(50_000));
  client.resume();
  await client.closed();
  expect(client.messages.filter(isFailure)).toEqual([]);
  expect(client.messages.at(-1)?.kind).toBe('goodbye');
});
