/**
 * What is TCP's own: where messages begin and end on the stream, and how long half a one may last.
 */
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { listenTcp } from '../../src/subscriber/tcp.ts';
import { ended, started } from '../support/calls.ts';
import { isAnswer, isGoodbye, type TcpClient } from '../support/feed-client.ts';
import { eventually, goodToken, OpenHouse } from '../support/house.ts';

const request = (type: string, id: string, inside = ''): string =>
  `<VerbaApi><Request type="${type}" id="${id}">${inside}</Request></VerbaApi>`;
const subscribe = request('SubscribeOnCallEvent', '1');
const authenticate = `<VerbaApi><Request type="Authenticate" id="0" token="${goodToken}"/></VerbaApi>`;

/** Resolves when the server has read everything that was sent so far and served it. */
async function served(client: TcpClient, id: string): Promise<void> {
  client.send(request('Unsubscribe', id));
  await client.find(isAnswer);
}

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
  const half = subscribe.slice(0, 40);

  async function visit(): Promise<{ house: OpenHouse; client: TcpClient }> {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    return { house, client };
  }

  /** The server has got the bytes when it has a deadline for them, sooner than that for idleness. */
  async function began(house: OpenHouse): Promise<void> {
    await eventually(() => {
      const before = house.house.deadlines.size;
      return before === 1 && house.connections.length === 1;
    });
  }

  it('ends the session when it stays so for more than ten seconds', async () => {
    const { house, client } = await visit();
    client.send(request('Unsubscribe', '5') + half);
    await client.next();
    house.pass(10_000);
    await served(client, '6').catch(() => undefined);
    expect(house.endings).toEqual([]);
  });

  it('is ended by its ten seconds, though a byte comes every second', async () => {
    const { house, client } = await visit();
    client.send(request('Unsubscribe', '5') + half);
    await client.next();
    let sent = 0;
    for (let second = 0; second < 12 && !client.isClosed; second += 1) {
      const byte = subscribe[half.length + second] ?? '';
      await new Promise<void>((resolve) => {
        client.socket.write(byte, () => resolve());
      });
      sent += 1;
      house.pass(1_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.closed();
    expect(sent).toBeGreaterThanOrEqual(10);
    expect(house.endings).toMatchObject([
      { reason: 'protocol-error', detail: 'A message stayed half received for 10 s.' },
    ]);
    await began(house).catch(() => undefined);
  });
});
