/**
 * What is WebSocket's own: the upgrade, frames, pings and close codes.
 */
import { once } from 'node:events';
import { connect, Socket } from 'node:net';
import { readFileSync } from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import { closeCodes } from '../../src/subscriber/close-codes.ts';
import { Connection } from '../../src/subscriber/connection.ts';
import { connectedCall, eventOf, lifeOf, started } from '../support/calls.ts';
import { isCall, isGoodbye, type WebSocketClient } from '../support/feed-client.ts';
import { eventually, OpenHouse } from '../support/house.ts';

const request = (type: string, id: string, inside = ''): string =>
  `<VerbaApi><Request type="${type}" id="${id}">${inside}</Request></VerbaApi>`;
const subscribe = request('SubscribeOnCallEvent', '1');
const subscribeFed = request('SubscribeOnCallEvent', '1', '<Feed/>');

/** Resolves with the status that answers an upgrade. */
async function statusOf(
  url: string,
  options: { origin?: string } = {},
): Promise<number | undefined> {
  const webSocket = new WebSocket(url, options);
  webSocket.on('error', () => undefined);
  const [, response] = await once(webSocket, 'unexpected-response');
  webSocket.terminate();
  return typeof response === 'object' && response !== null && 'statusCode' in response
    ? Number(response.statusCode)
    : undefined;
}

describe('the upgrade', () => {
  it('chooses the subprotocol offhook.xml when it is offered', async () => {
    const house = await OpenHouse.open();
    const client = await house.webSocket(['other', 'offhook.xml']);
    expect(client.webSocket.protocol).toBe('offhook.xml');
  });

  it('gives a client that offers none the same', async () => {
    const house = await OpenHouse.open();
    const client = await house.webSocket();
    expect(client.webSocket.protocol).toBe('');
    client.send(subscribe);
    expect(await client.next()).toMatchObject({ kind: 'answer' });
  });

  it('never agrees on compression', async () => {
    const house = await OpenHouse.open();
    const webSocket = new WebSocket(house.webSocketUrl, { perMessageDeflate: true });
    await once(webSocket, 'open');
    expect(webSocket.extensions).toBe('');
    webSocket.terminate();
  });

  it('is for one path only, with or without a query', async () => {
    const house = await OpenHouse.open();
    expect(await statusOf(house.webSocketUrl.replace('/feed', '/other'))).toBe(404);
    expect(await statusOf(`${house.webSocketUrl}/more`)).toBe(404);
    const webSocket = new WebSocket(`${house.webSocketUrl}?from=wallboard`);
    await once(webSocket, 'open');
    webSocket.terminate();
  });

  it("is refused to a browser's page of another host, and open to one of our own", async () => {
    const house = await OpenHouse.open();
    const { host } = new URL(house.webSocketUrl);
    for (const origin of ['https://evil.example', 'null', `http://${host}0`]) {
      expect(await statusOf(house.webSocketUrl, { origin })).toBe(403);
    }
    const webSocket = new WebSocket(house.webSocketUrl, { origin: `http://${host}` });
    await once(webSocket, 'open');
    webSocket.terminate();
  });

  it('is refused when the house is full', async () => {
    const house = await OpenHouse.open({ isFull: () => true });
    expect(await statusOf(house.webSocketUrl)).toBe(503);
  });

  it('that is refused survives a client that is gone before it hears so', async () => {
    const house = await OpenHouse.open();
    const port = Number(new URL(house.webSocketUrl).port);
    let closed = 0;
    for (let n = 0; n < 20; n += 1) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.on('close', () => (closed += 1));
      socket.write(
        'GET /no HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      );
      // Gone as soon as the bytes are, so that the answer meets a reset.
      setImmediate(() => socket.resetAndDestroy());
    }
    await eventually(() => closed === 20);
    const client = await house.webSocket();
    client.send(subscribe);
    expect(await client.next()).toMatchObject({ kind: 'answer' });
  });

  it('that is refused does not leave the socket with a client that never closes', async () => {
    const house = await OpenHouse.open();
    const port = Number(new URL(house.webSocketUrl).port);
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    socket.on('error', () => undefined);
    socket.write(
      'GET /no HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    socket.resume();
    await once(socket, 'end');
    expect(await house.httpSockets()).toBe(1);
    await vi.waitFor(async () => expect(await house.httpSockets()).toBe(0), 5_000);
    socket.destroy();
  });
});

describe('a message', () => {
  async function visit(): Promise<{ house: OpenHouse; client: WebSocketClient }> {
    const house = await OpenHouse.open();
    return { house, client: await house.webSocket() };
  }

  it('that is binary is refused', async () => {
    const { client } = await visit();
    client.webSocket.send(Buffer.from(subscribe));
    expect(await client.closed()).toEqual({ code: 4002, reason: 'protocol-error' });
    expect(client.messages).toMatchObject([
      { kind: 'failure', head: undefined, detail: expect.stringContaining('binary') },
    ]);
  });

  it.each<[string, string]>([
    ['two documents', subscribe + subscribe],
    ['half a document', subscribe.slice(0, 40)],
    ['a document and something after it', `${subscribe}<`],
    ['nothing', ''],
  ])('with %s is refused', async (_, text) => {
    const { client } = await visit();
    client.send(text);
    expect(await client.closed()).toEqual({ code: 4002, reason: 'protocol-error' });
    expect(client.messages).toMatchObject([{ kind: 'failure', failure: 'Invalid Request' }]);
  });

  it('may have white space and a byte order mark around the document', async () => {
    const { client } = await visit();
    client.send(`\ufeff \n${subscribe}\r\n\0`);
    expect(await client.next()).toMatchObject({ kind: 'answer' });
  });

  it('may come in many fragments', async () => {
    const { client } = await visit();
    for (let at = 0; at < subscribe.length; at += 7) {
      client.webSocket.send(subscribe.slice(at, at + 7), { fin: at + 7 >= subscribe.length });
    }
    expect(await client.next()).toMatchObject({ kind: 'answer' });
  });

  it('of 64 KiB is read, and a larger one ends the session before it is there', async () => {
    const { house, client } = await visit();
    const padded = (bytes: number): string => subscribe + ' '.repeat(bytes - subscribe.length);
    client.send(padded(65_536));
    expect(await client.next()).toMatchObject({ kind: 'answer' });
    client.send(padded(65_537));
    // The library's own code: it answers for frames.
    expect((await client.closed()).code).toBe(1009);
    expect(house.endings).toMatchObject([{ reason: 'protocol-error' }]);
  });

  it('of ours is one text message with one document and its line feed', async () => {
    const { house, client } = await visit();
    client.send(subscribe);
    await client.next();
    await house.publish(...lifeOf(0), ...lifeOf(1));
    await client.until(() => client.calls.length === 4);
    expect(client.payloads).toHaveLength(5);
    for (const payload of client.payloads) {
      expect(payload).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?><VerbaApi>.*\n$/);
    }
  });

  it('of ours is read at every length of its frame', async () => {
    const house = await OpenHouse.open();
    const client = await house.webSocket();
    client.send(subscribe);
    await client.next();
    const shortest = lengthWithName('x') - 1;
    const lengths = [65_535, 65_536].map((bytes) => bytes - shortest);
    for (const filler of [1, ...lengths]) {
      const call = connectedCall(0, { caller: { number: '1', name: 'x'.repeat(filler) } });
      await house.publish(eventOf('call.started', call));
      const message = await client.find(isCall);
      expect(message.cdr.fields.get('source_name')).toHaveLength(filler);
    }
    const payloads = client.payloads.map((payload) => Buffer.byteLength(payload));
    expect(payloads).toContain(65_535);
    expect(payloads).toContain(65_536);

    /** How long a notification is beside the name in it. */
    function lengthWithName(name: string): number {
      const call = connectedCall(0, { caller: { number: '1', name } });
      const form = { transport: 'tcp', encoding: 'xml', feed: false } as const;
      const entry = { seq: 1, event: eventOf('call.started', call) };
      return house.encoder.notification(entry, 'CallStart', form).length;
    }
  });
});

describe('a message half received', () => {
  const half = request('Unsubscribe', '5').slice(0, 30);
  const rest = request('Unsubscribe', '5').slice(30);

  /** Sends a fragment, then asks for a pong, which shows that it has been read. */
  async function fragment(client: WebSocketClient, text: string, fin: boolean): Promise<void> {
    client.webSocket.send(text, { fin });
    client.webSocket.ping();
    await once(client.webSocket, 'pong');
  }

  it('ends the session when it has stayed so for ten seconds, pings or not', async () => {
    const house = await OpenHouse.open();
    const client = await house.webSocket();
    await fragment(client, half, false);
    for (let second = 1; second <= 10; second += 1) {
      await fragment(client, ' ', false);
      house.pass(1_000);
    }
    expect(house.endings).toEqual([]);
    house.pass(50);
    expect(await client.closed()).toEqual({ code: 4002, reason: 'protocol-error' });
    expect(house.endings).toMatchObject([{ detail: 'A message stayed half received for 10 s.' }]);
  });

  it('that becomes whole has its clock started anew by the beginning of another', async () => {
    const house = await OpenHouse.open();
    const client = await house.webSocket();
    await fragment(client, half, false);
    house.pass(9_000);
    client.webSocket.send(rest, { fin: true });
    await fragment(client, half, false);
    await client.next();
    house.pass(9_000);
    expect(house.endings).toEqual([]);
    client.webSocket.send(rest, { fin: true });
    await client.next();
    house.pass(60_000);
    expect(house.endings).toEqual([]);
  });

  it('of which not even the frame is whole ends the session too', async () => {
    const house = await OpenHouse.open();
    const client = await house.webSocket();
    await fragment(client, half, false);
    client.webSocket.send(rest, { fin: true });
    await client.next();
    // The head of a frame of 100 bytes, after a whole message in the same segment.
    const raw: unknown = Reflect.get(client.webSocket, '_socket');
    if (!(raw instanceof Socket)) throw new Error('no socket');
    raw.cork();
    client.send(request('Unsubscribe', '6'));
    raw.write(Buffer.from([0x81, 0x80 | 100, 1, 2, 3, 4, 0]));
    raw.uncork();
    await client.next();
    house.pass(10_000);
    expect(house.endings).toEqual([]);
    house.pass(50);
    expect(house.endings).toMatchObject([{ reason: 'protocol-error' }]);
  });
});

describe('pings', () => {
  const pinging = { session: { pingMs: 10_000, idleTimeoutMs: 300_000 } };

  it('are sent to everybody and answered by pongs, which keep the session', async () => {
    const heard = vi.spyOn(Connection.prototype, 'heard');
    onTestFinished(() => heard.mockRestore());
    const house = await OpenHouse.open(pinging);
    const client = await house.webSocket();
    client.send(subscribe);
    await client.next();
    for (let n = 1; n <= 6; n += 1) {
      house.pass(10_000);
      await eventually(() => heard.mock.calls.length === n);
    }
    expect(client.pings).toBe(6);
    expect(house.endings).toEqual([]);
  });

  it('that are not answered end the session, whatever it subscribed to', async () => {
    const house = await OpenHouse.open(pinging);
    const client = await house.webSocket();
    client.send(subscribeFed);
    await client.next();
    client.pause();
    house.pass(15_100);
    expect(house.endings).toMatchObject([{ reason: 'idle' }]);
    client.resume();
    expect(await client.closed()).toEqual({ code: 4004, reason: 'idle' });
    expect(await client.find(isGoodbye)).toMatchObject({ reason: 'idle' });
  });

  it('do not keep a client that never subscribes', async () => {
    const house = await OpenHouse.open({ session: { pingMs: 10_000, idleTimeoutMs: 60_000 } });
    const client = await house.webSocket();
    await eventually(() => house.connections.length === 1);
    for (let n = 1; n <= 6; n += 1) {
      house.pass(10_000);
      await eventually(() => client.pings === n);
      client.webSocket.ping();
      await once(client.webSocket, 'pong');
    }
    expect(house.endings).toEqual([]);
    house.pass(100);
    expect(await client.closed()).toEqual({ code: 4004, reason: 'idle' });
  });

  it('of the client are signs of life too', async () => {
    const house = await OpenHouse.open({ session: { pingMs: 0 } });
    const client = await house.webSocket();
    client.send(request('SubscribeOnCallEvent', '1', '<Feed ack="true"/>'));
    await client.next();
    for (let n = 0; n < 5; n += 1) {
      house.pass(10_000);
      client.webSocket.ping();
      await once(client.webSocket, 'pong');
    }
    expect(house.endings).toEqual([]);
  });
});

describe('close codes', () => {
  it('are those of the published table, with the same advice', () => {
    const readme = readFileSync(new URL('../../protocol/feed/README.md', import.meta.url), 'utf8');
    const rows = [...readme.matchAll(/^\| `([a-z-]+)` \| (\d{4}) \| [^|]+ \| (yes|no)\b/gm)];
    const published = rows.map(([, reason, code, back]) => [
      reason,
      { code: Number(code), comeBack: back === 'yes' },
    ]);
    expect(Object.fromEntries(published)).toEqual(closeCodes);
    expect(rows).toHaveLength(5);
  });

  it.each(Object.entries(closeCodes))('say %s to every client', async (reason, { code }) => {
    const house = await OpenHouse.open();
    const [legacy, fed] = [await house.webSocket(), await house.webSocket()];
    legacy.send(subscribe);
    fed.send(subscribeFed);
    await Promise.all([legacy.next(), fed.next()]);
    await house.publish(started(0));
    for (const connection of house.connections) {
      for (const each of reasons) if (each === reason) connection.end(each, 'For the test.');
    }
    expect(await legacy.closed()).toEqual({ code, reason });
    expect(await fed.closed()).toEqual({ code, reason });
    expect(legacy.messages.map(({ kind }) => kind)).toEqual(['answer', 'call']);
    expect(fed.messages.at(-1)).toEqual({ kind: 'goodbye', reason, position: 'memory01-1' });
  });
  const reasons = [
    'going-away',
    'slow-consumer',
    'unauthorized',
    'idle',
    'protocol-error',
  ] as const;
});
