/**
 * What is TCP's own: where messages begin and end on the stream, and how long half a one may last.
 */
import { once } from 'node:events';
import { connect, createServer, Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Door } from '../../src/subscriber/door.ts';
import { listenTcp, TcpTransport } from '../../src/subscriber/tcp.ts';
import { ended, started } from '../support/calls.ts';
import { FeedClient, isGoodbye, type TcpClient } from '../support/feed-client.ts';
import { goodToken } from '../support/fake-desk.ts';
import { eventually, OpenHouse } from '../support/house.ts';

const openDoor = ({ session }: OpenHouse): Door => ({
  admits: () => true,
  left: () => undefined,
  session: () => session,
});

const request = (type: string, id: string, inside = ''): string =>
  `<VerbaApi><Request type="${type}" id="${id}">${inside}</Request></VerbaApi>`;
const subscribe = request('SubscribeOnCallEvent', '1');
const authenticate = `<VerbaApi><Request type="Authenticate" id="0" token="${goodToken}"/></VerbaApi>`;

describe('requests on the stream', () => {
  it('in one segment are answered in order: a token and a subscription in one write', async () => {
    const house = await OpenHouse.open({ session: { requireToken: true } });
    const client = await house.tcp();
    client.send(authenticate + subscribe);
    expect(await client.next()).toMatchObject({ kind: 'answer', head: { id: '0' } });
    expect(await client.next()).toMatchObject({ kind: 'answer', head: { id: '1' } });
    await house.publish(started(0));
    expect(await client.next()).toMatchObject({ kind: 'call' });
  });

  it('in one segment are all answered, many as they are', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    const ids = Array.from({ length: 500 }, (_, n) => String(n));
    client.send(ids.map((id) => request('GetManagementSummary', id)).join('\r\n'));
    await client.until(() => client.messages.length === 500);
    expect(client.messages.map((each) => (each.kind === 'answer' ? each.head.id : each))).toEqual(
      ids,
    );
  });

  it('may come byte by byte', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    for (const byte of Buffer.from(`<?xml version="1.0"?>\n${subscribe}`)) {
      await new Promise<void>((resolve) => {
        client.socket.write(Buffer.of(byte), () => resolve());
      });
    }
    expect(await client.next()).toMatchObject({ kind: 'answer', head: { id: '1' } });
  });

  it('may be apart by white space, NUL and byte order marks', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    const ids = ['1', '2', '3'];
    client.send(
      `\ufeff\r\n${ids.map((id) => request('Unsubscribe', id)).join('\0\n\t \ufeff')}\0\0\n`,
    );
    for (const id of ids) expect(await client.next()).toMatchObject({ head: { id } });
  });
});

it('writes each message as one line: declaration, document, one line feed', async () => {
  const house = await OpenHouse.open();
  const client = await house.tcp();
  client.send(subscribe);
  await client.next();
  await house.publish(started(0), ended(0));
  await client.until(() => client.messages.length === 3);

  const text = Buffer.concat(client.bytes).toString();
  expect(text.endsWith('\n')).toBe(true);
  const lines = text.slice(0, -1).split('\n');
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(line).toMatch(/^<\?xml version="1\.0" encoding="UTF-8"\?><VerbaApi>.*<\/VerbaApi>$/);
  }
});

describe('a message half received', () => {
  const whole = request('Unsubscribe', '5');
  const half = whole.slice(0, 40);

  /** A client of which the server has just read the first half of a message, and nothing else. */
  async function halfSent(): Promise<{ house: OpenHouse; client: TcpClient }> {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    // In one segment, so that the answer shows that the half has been read.
    client.send(whole + half);
    await client.next();
    return { house, client };
  }

  it('ends the session when it has stayed so for ten seconds', async () => {
    const { house, client } = await halfSent();
    house.pass(10_000);
    expect(house.endings).toEqual([]);
    house.pass(100);
    expect(house.endings).toMatchObject([
      { reason: 'protocol-error', detail: 'A message stayed half received for 10 s.' },
    ]);
    await client.closed();
  });

  it('is not saved by a byte every second', async () => {
    const { house, client } = await halfSent();
    for (let second = 1; second <= 11; second += 1) {
      await new Promise<void>((resolve) => {
        client.socket.write(whole.slice(39 + second, 40 + second), () => resolve());
      });
      for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
      house.pass(1_000);
    }
    await client.closed();
    expect(house.endings).toMatchObject([{ reason: 'protocol-error' }]);
    expect(house.endings[0]?.['durationMs']).toBe(10_050);
  });

  it('that becomes whole has its clock started anew by the beginning of another', async () => {
    const { house, client } = await halfSent();
    house.pass(8_000);
    client.send(whole.slice(40) + half);
    await client.next();
    house.pass(9_900);
    expect(house.endings).toEqual([]);
    house.pass(200);
    expect(house.endings).toMatchObject([{ reason: 'protocol-error' }]);
  });

  it('that becomes whole, with nothing after it, is forgotten', async () => {
    const { house, client } = await halfSent();
    house.pass(8_000);
    client.send(whole.slice(40));
    await client.next();
    house.pass(30_000);
    expect(house.endings).toEqual([]);
  });
});

describe('a connection that never subscribes', () => {
  it('is closed after the idle time, without a word', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    await eventually(() => house.connections.length === 1);
    house.pass(300_000);
    expect(house.endings).toEqual([]);
    house.pass(100);
    await client.closed();
    expect(client.documents).toEqual([]);
    expect(house.endings).toMatchObject([{ reason: 'idle' }]);
  });

  it('stays while it asks', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    for (let n = 0; n < 5; n += 1) {
      client.send(request('GetOngoingCalls', String(n)));
      await client.next();
      house.pass(200_000);
    }
    expect(house.endings).toEqual([]);
  });
});

describe('the end of the server', () => {
  it('is told to whoever opted in, with the place to go on from', async () => {
    const house = await OpenHouse.open();
    const [legacy, fed] = [await house.tcp(), await house.tcp()];
    legacy.send(subscribe);
    fed.send(request('SubscribeOnCallEvent', '2', '<Feed/>'));
    await Promise.all([legacy.next(), fed.next()]);
    // Told within the same turn, and before the goodbye.
    house.journal.append([started(0), started(1)]);
    for (const connection of house.connections) connection.end('going-away', 'The server stops.');

    await Promise.all([legacy.closed(), fed.closed()]);
    expect(legacy.messages.map(({ kind }) => kind)).toEqual(['answer', 'call', 'call']);
    expect(fed.messages.map(({ kind }) => kind)).toEqual(['answer', 'call', 'call', 'goodbye']);
    expect(await fed.find(isGoodbye)).toEqual({
      kind: 'goodbye',
      reason: 'going-away',
      position: 'memory01-2',
    });
  });

  it('cuts off a peer that does not close, after a while', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    client.socket.allowHalfOpen = true;
    await eventually(() => house.connections.length === 1);
    const [connection] = house.connections;
    connection?.end('going-away', 'The server stops.');
    await connection?.gone;
    expect(house.connections).toEqual([]);
  });
});

describe('waiting for the reader', () => {
  /** Two ends of a connection, of which the far one does not read. */
  async function unread(): Promise<{ socket: Socket; transport: TcpTransport; reader: Socket }> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const reader = connect(typeof address === 'object' && address !== null ? address.port : 0);
    const [socket] = await once(server, 'connection');
    if (!(socket instanceof Socket)) throw new Error('no socket');
    reader.pause();
    for (const each of [reader, socket]) each.on('error', () => undefined);
    onTestFinished(() => {
      for (const each of [reader, socket]) each.destroy();
      server.close();
    });
    return { socket, transport: new TcpTransport(socket), reader };
  }

  /** Writes until a little waits, too little for the socket to tell when it has drained. */
  async function fill(transport: TcpTransport, socket: Socket): Promise<void> {
    while (transport.pendingBytes === 0) {
      for (let n = 0; n < 100 && transport.pendingBytes === 0; n += 1) {
        transport.write(Buffer.alloc(8_000));
      }
      await new Promise(setImmediate);
    }
    expect(socket.writableNeedDrain).toBe(false);
  }

  it('ends when it has read, however little waited', async () => {
    const { transport, socket, reader } = await unread();
    await fill(transport, socket);
    const flushed = new Promise<void>((resolve) => transport.flushed(resolve));
    reader.resume();
    await flushed;
    expect(transport.pendingBytes).toBe(0);
  });

  it('ends when it is gone', async () => {
    const { transport, socket } = await unread();
    await fill(transport, socket);
    const flushed = new Promise<void>((resolve) => transport.flushed(resolve));
    socket.destroy();
    await flushed;
    await new Promise<void>((resolve) => transport.flushed(resolve));
  });

  it('sees that it reads, in the midst of one large write', async () => {
    const { transport, reader } = await unread();
    transport.write(Buffer.alloc(30_000_000));
    expect(transport.pendingBytes).toBe(30_000_000);
    const before = transport.underWayBytes;
    expect(before).toBeGreaterThan(10_000_000);
    reader.on('data', () => {
      if (reader.bytesRead > 8_000_000) reader.pause();
    });
    reader.resume();
    await eventually(() => transport.underWayBytes < before);
    expect(transport.pendingBytes).toBe(30_000_000);
  });
});

it('says so when its address is taken', async () => {
  const house = await OpenHouse.open();
  const taken = { ...house.tcpAddress, door: openDoor(house) };
  await expect(listenTcp(taken, house.house)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

it('takes nobody any more once it is closed, and keeps who is there', async () => {
  const house = await OpenHouse.open();
  const listening = { host: '127.0.0.1', port: 0, door: openDoor(house) };
  const listener = await listenTcp(listening, house.house);
  const client = await FeedClient.tcp(listener);
  client.send(subscribe);
  await client.next();
  listener.close();
  await expect(FeedClient.tcp(listener)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await house.publish(started(0));
  expect(await client.next()).toMatchObject({ kind: 'call' });
  client.close();
  await client.closed();
});
