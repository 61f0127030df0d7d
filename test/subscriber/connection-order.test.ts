/**
 * Requests that follow each other faster than they can be answered, and clients that go away.
 */
import { describe, expect, it } from 'vitest';
import { Connection } from '../../src/subscriber/connection.ts';
import { connectedCall } from '../support/calls.ts';
import { isAnswer, isFailure, type FeedClient } from '../support/feed-client.ts';
import { eventually, OpenHouse, TestHouse } from '../support/house.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { SpyTransport } from '../support/spy-transport.ts';

const ask = (content: string): string => `<VerbaApi>${content}</VerbaApi>`;
const call = connectedCall(0);

/** A promise and the way to keep it. */
function gate(): { readonly opened: Promise<void>; readonly open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describe.each(['tcp', 'websocket'] as const)('over %s', (transport) => {
  async function visit(): Promise<{ house: OpenHouse; client: FeedClient }> {
    const house = await OpenHouse.open({ ongoing: [call] });
    return { house, client: await house.connect(transport) };
  }

  /** The document that answers `request`. */
  async function exchange(client: FeedClient, request: string): Promise<string | undefined> {
    client.send(request);
    await client.next();
    return client.documents.at(-1);
  }

  describe('requests that follow each other at once', () => {
    it('are served one after the other, in order, though one has to wait', async () => {
      const { house, client } = await visit();
      const books = gate();
      house.desk.answers = () => books.opened;
      client.send(ask(`<Request type="GetCallDetail" id="1"><Call id="${call.id}"/></Request>`));
      client.send(
        ask(
          `<Request type="MuteChannel" id="2"><Call id="${call.id}"/><State callerMuted="false" calleeMuted="true"/></Request>`,
        ),
      );
      client.send(ask(`<Request type="GetMuteState" id="3"><Call id="${call.id}"/></Request>`));
      client.send(ask('<Request type="SubscribeOnCallEvent" id="4"/>'));
      client.send(ask('<Request type="GetManagementSummary" id="5"/>'));
      await eventually(() => house.connections.length === 1);
      books.open();
      const answers = [];
      for (let n = 0; n < 5; n += 1) answers.push(await client.find(isAnswer));
      expect(answers.map(({ head }) => head.id)).toEqual(['1', '2', '3', '4', '5']);
      expect(answers[2]?.mute).toEqual({ callerMuted: false, calleeMuted: true });
      expect(answers[4]?.summary?.subscribers).toBe(1);
    });

    it('are all answered, though a resume is replaced by the next subscribe', async () => {
      const { client } = await visit();
      client.send(
        ask('<Request type="SubscribeOnCallEvent" id="1"><Feed after="memory01-0"/></Request>'),
      );
      client.send(ask('<Request type="SubscribeOnCallEvent" id="2"/>'));
      client.send(ask('<Request type="Unsubscribe" id="3"/>'));
      const ids = [];
      for (let n = 0; n < 3; n += 1) ids.push((await client.find(isAnswer)).head.id);
      expect(ids).toEqual(['1', '2', '3']);
    });
  });

  it('a client that goes away leaves nothing behind', async () => {
    const { house, client } = await visit();
    await exchange(client, ask('<Request type="SubscribeOnCallEvent"/>'));
    client.close();
    await client.closed();
    await eventually(() => house.connections.length === 0);
    expect(house.groups.members).toBe(0);
    expect(house.hub.audiences).toBe(0);
    expect(house.house.deadlines.size).toBe(0);
    expect(house.endings).toMatchObject([{ transport, reason: 'closed' }]);
  });

  it('a client that vanishes leaves nothing behind', async () => {
    const { house, client } = await visit();
    await exchange(client, ask('<Request type="SubscribeOnCallEvent"/>'));
    client.cut();
    await eventually(() => house.connections.length === 0);
    expect(house.hub.audiences).toBe(0);
    expect(house.house.deadlines.size).toBe(0);
  });

  it('nobody more is taken when the house is full', async () => {
    const house = await OpenHouse.open({ isFull: () => true });
    const client = await house.connect(transport).catch(() => undefined);
    if (client !== undefined) await client.closed();
    expect(house.connections).toEqual([]);
  });
});

describe('a client that asks faster than it can be answered', () => {
  const detail = (n: number): Buffer =>
    Buffer.from(ask(`<Request type="GetCallDetail" id="${n}"><Call id="x"/></Request>`));
  const acking = Buffer.from(
    ask('<Request type="SubscribeOnCallEvent" id="s"><Feed ack="true"/></Request>'),
  );

  it('is not read beyond 64 waiting requests, is not ended for its silence, and loses none', async () => {
    const house = new TestHouse(new MemoryJournal());
    const books = gate();
    house.desk.answers = () => books.opened;
    const transport = new SpyTransport();
    const connection = new Connection(transport, house.session, house.house);
    connection.receive(acking);
    connection.half(true);

    for (let n = 0; n < 64; n += 1) connection.receive(detail(n));
    expect(transport.isPaused).toBe(false);
    // What has been read already is kept.
    for (let n = 64; n < 70; n += 1) connection.receive(detail(n));
    expect(transport.isPaused).toBe(true);
    house.pass(120_000);
    expect(connection.isOpen).toBe(true);

    books.open();
    await eventually(() => transport.messages.filter(isFailure).length === 70);
    expect(transport.messages.filter(isFailure).map(({ head }) => head?.id)).toEqual(
      Array.from({ length: 70 }, (_, n) => String(n)),
    );
    expect(transport.isPaused).toBe(false);
    house.pass(11_000);
    expect(connection.isOpen).toBe(false);
  });

  it('is forgotten with everything it asked when it goes', async () => {
    const house = new TestHouse(new MemoryJournal());
    const books = gate();
    let asked = 0;
    house.desk.answers = () => {
      asked += 1;
      return books.opened;
    };
    const transport = new SpyTransport();
    const connection = new Connection(transport, house.session, house.house);
    for (let n = 0; n < 10; n += 1) connection.receive(detail(n));
    connection.closed();
    books.open();
    await connection.gone;
    await new Promise((resolve) => setImmediate(resolve));
    expect(asked).toBe(1);
    expect(transport.writes).toEqual([]);
  });
});
