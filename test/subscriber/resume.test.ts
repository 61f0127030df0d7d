/**
 * Coming back with a position: what was missed first, in order, then live without a seam; or a loss that
 * is stated. On a real journal where its own rules matter, in memory where their order does.
 */
import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../../src/call/event.ts';
import { Retention } from '../../src/journal/retention.ts';
import { Connection } from '../../src/subscriber/connection.ts';
import {
  answered,
  connectedCall,
  ended,
  firstCallAtMs,
  lifeOf,
  started,
} from '../support/calls.ts';
import { isAnswer, isGoodbye, type FeedClient } from '../support/feed-client.ts';
import { eventually, openEmbeddedJournal, OpenHouse, TestHouse } from '../support/house.ts';
import { newFolder } from '../support/data-folder.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { SpyTransport } from '../support/spy-transport.ts';

const resume = (after: string, inside = '', id = '4'): string =>
  `<VerbaApi><Request type="SubscribeOnCallEvent" id="${id}">${inside}<Feed after="${after}"/></Request></VerbaApi>`;

const seqs = (client: Pick<FeedClient, 'calls'>): number[] =>
  client.calls.map(({ position }) => Number(position?.split('-')[1]));

const numbers = (from: number, through: number): number[] =>
  Array.from({ length: through - from + 1 }, (_, index) => from + index);

describe.each(['tcp', 'websocket'] as const)('over %s', (transport) => {
  it('what was missed comes first, in order, then what happens', async () => {
    const house = await OpenHouse.open();
    await house.publish(...lifeOf(0), ...lifeOf(1), ...lifeOf(2));
    const client = await house.connect(transport);
    client.send(resume(house.position(3)));
    expect((await client.find(isAnswer)).feed).toEqual({
      position: house.position(3),
      recovered: true,
      calls: undefined,
    });
    await client.until(() => client.calls.length === 4);
    await house.publish(started(3), answered(3), ended(3));
    await client.until(() => client.calls.length === 6);
    expect(seqs(client)).toEqual([4, 6, 7, 9, 10, 12]);
    expect(client.calls.every(({ snapshot }) => !snapshot)).toBe(true);
  });

  it('where nothing was missed, it goes on at once', async () => {
    const house = await OpenHouse.open();
    await house.publish(...lifeOf(0));
    const client = await house.connect(transport);
    client.send(resume(house.position(3)));
    expect(await client.find(isAnswer)).toMatchObject({ feed: { recovered: true } });
    expect(house.journal.reads).toBe(0);
    await house.publish(started(1));
    await client.until(() => client.calls.length === 1);
    expect(seqs(client)).toEqual([4]);
  });

  it.each<[string, string]>([
    ['of another epoch', 'othertime1-2'],
    ['of the future', 'memory01-4'],
    ['of the far future', 'memory01-9999999999999999'],
  ])('a position %s is a stated loss, and a snapshot follows', async (_, after) => {
    const house = await OpenHouse.open({ ongoing: [connectedCall(9)] });
    await house.publish(...lifeOf(0));
    const client = await house.connect(transport);
    client.send(resume(after));
    expect((await client.find(isAnswer)).feed).toEqual({
      recovered: false,
      position: house.position(3),
      calls: 1,
    });
    await client.until(() => client.calls.length === 1);
    expect(client.calls[0]).toMatchObject({ snapshot: true, position: house.position(3) });
    await house.publish(started(1));
    await client.until(() => client.calls.length === 2);
    expect(seqs(client)).toEqual([3, 4]);
  });
});

describe('with a journal on a disk', () => {
  it('a position that retention has dropped is a stated loss, and a snapshot follows', async () => {
    const { journal, store } = await openEmbeddedJournal(await newFolder());
    const house = await OpenHouse.open({ journal });
    await house.publish(...lifeOf(0, firstCallAtMs), started(1, firstCallAtMs + 90_000));
    const retention = new Retention({
      store,
      clock: { now: () => firstCallAtMs + 60_000 },
      settings: { eventsMaxAgeMs: 1, eventsMaxBytes: 0, cdrsMaxAgeMs: 1, signalIdsMaxAgeMs: 0 },
      onReport: () => undefined,
    });
    await retention.run();
    await retention.stop();

    const [late, justInTime] = [await house.tcp(), await house.tcp()];
    late.send(resume(house.position(2)));
    expect((await late.find(isAnswer)).feed).toEqual({
      recovered: false,
      position: house.position(4),
      calls: 1,
    });
    await late.until(() => late.calls.length === 1);
    expect(late.calls[0]).toMatchObject({ type: 'CallStart', snapshot: true });
    justInTime.send(resume(house.position(3)));
    expect((await justInTime.find(isAnswer)).feed?.recovered).toBe(true);
    await justInTime.until(() => justInTime.calls.length === 1);
    expect(seqs(justInTime)).toEqual([4]);
  });

  it('a position outlives the server', async () => {
    const folder = await newFolder();
    const first = await openEmbeddedJournal(folder);
    const before = await OpenHouse.open({ journal: first.journal });
    await before.publish(...lifeOf(0), started(1));
    const position = before.position(3);
    await first.close();

    const second = await openEmbeddedJournal(folder);
    const house = await OpenHouse.open({ journal: second.journal, ongoing: [started(1).call] });
    const client = await house.tcp();
    client.send(resume(position));
    expect((await client.find(isAnswer)).feed?.recovered).toBe(true);
    await house.publish(ended(1));
    await client.until(() => client.calls.length === 2);
    expect(client.calls.map(({ type }) => type)).toEqual(['CallStart', 'CallEnd']);
  });

  it('thousands missed, thousands more meanwhile, and a reader that reads a little at a time: all come, once, in order', async () => {
    const { journal } = await openEmbeddedJournal(await newFolder());
    // Far less than what is to come, and than what the kernel takes.
    const house = await OpenHouse.open({ journal, queueBytes: 65_536 });
    for (const n of numbers(0, 1_499)) journal.append([started(n), ended(n)]);
    await journal.settled();
    const client = await house.tcp();
    client.send(resume(house.position(100)));

    const seen = (): number => seqs(client).at(-1) ?? 0;
    for (let next = 1_500; seen() < 8_000;) {
      if (next < 4_000) {
        expect(house.groups.members, 'it has yet to catch up').toBe(0);
        const more = numbers(next, (next += 250) - 1);
        journal.append(more.flatMap((n): CallEvent[] => [started(n), ended(n)]));
      }
      const read = client.socket.bytesRead;
      const had = client.documents.length;
      client.resume();
      await client.until(() => client.documents.length > had || seen() === 8_000);
      client.pause();
      // The kernel shows by steps of megabytes that it is read from, so not too slowly.
      house.pass((client.socket.bytesRead - read) / 2_000);
    }
    client.resume();
    expect(seqs(client)).toEqual(numbers(101, 8_000));
    expect(house.endings).toEqual([]);

    await house.publish(started(4_000));
    await client.until(() => seen() === 8_001);
    expect(house.groups.members).toBe(1);
  });
});

describe('while it catches up', () => {
  const batch = numbers(0, 999);

  /** A connection that resumes from the beginning, 2,000 events behind, and whose client reads nothing. */
  function behind(queueBytes = 100_000): {
    house: TestHouse;
    transport: SpyTransport;
    connection: Connection;
  } {
    const house = new TestHouse(new MemoryJournal(), { queueBytes });
    for (const n of batch) house.journal.append([started(n), ended(n)]);
    const transport = new SpyTransport();
    transport.reads = false;
    const connection = new Connection(transport, house.session, house.house);
    connection.receive(Buffer.from(resume(house.position(0))));
    return { house, transport, connection };
  }

  const toldSeqs = (transport: SpyTransport): number[] =>
    transport.messages.flatMap((message) =>
      message.kind === 'call' ? [Number(message.position?.split('-')[1])] : [],
    );
  const turns = async (count = 5): Promise<void> => {
    for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate);
  };

  it('no more than a piece waits for the reader, however much it has missed', async () => {
    const { transport } = behind();
    await turns();
    expect(transport.pendingBytes).toBeGreaterThan(60_000);
    expect(transport.pendingBytes).toBeLessThan(70_000);
    transport.take(transport.pendingBytes);
    await turns();
    expect(transport.pendingBytes).toBeLessThan(70_000);
  });

  it('live events are not told out of turn', async () => {
    const { house, transport } = behind();
    await turns();
    await house.publish(started(1_000), ended(1_000));
    transport.takeAll();
    await eventually(() => house.groups.members === 1);
    await house.publish(started(1_001));
    expect(toldSeqs(transport)).toEqual(numbers(1, 2_003));
  });

  it('keep-alives go on, and carry the place that was reached', async () => {
    const { house, transport } = behind();
    await turns();
    house.pass(10_000);
    const told = toldSeqs(transport).at(-1) ?? 0;
    expect(told).toBeLessThan(2_000);
    expect(transport.messages.at(-1)).toMatchObject({
      kind: 'keepalive',
      position: house.position(told),
    });
  });

  it('a reader that takes a little now and then is never slow', async () => {
    const { house, transport, connection } = behind();
    await turns();
    // Seven minutes for a few hundred bytes a time, of one piece that is not through at their end.
    for (let n = 0; n < 30; n += 1) {
      transport.take(300);
      house.pass(14_000);
    }
    expect(connection.isOpen).toBe(true);
    transport.takeAll();
    await eventually(() => house.groups.members === 1);
    expect(toldSeqs(transport)).toEqual(numbers(1, 2_000));
  });

  it('a reader that takes nothing is slow after all, and is told where it was', async () => {
    const { house, transport, connection } = behind();
    await turns();
    // Longer than a live one may take: the kernel shows only every megabyte or two that it reads.
    house.pass(59_900);
    expect(connection.isOpen).toBe(true);
    house.pass(200);
    expect(connection.isOpen).toBe(false);
    const told = toldSeqs(transport).at(-1) ?? 0;
    expect(transport.messages.find(isGoodbye)).toEqual({
      kind: 'goodbye',
      reason: 'slow-consumer',
      position: house.position(told),
    });
  });

  it('Unsubscribe ends it', async () => {
    const { house, transport, connection } = behind();
    await turns();
    connection.receive(Buffer.from('<VerbaApi><Request type="Unsubscribe"/></VerbaApi>'));
    const told = toldSeqs(transport).length;
    transport.takeAll();
    await turns(20);
    expect(toldSeqs(transport)).toHaveLength(told);
    expect(house.groups.members).toBe(0);
  });

  it('retention that overtakes what nobody waits for any more ends nothing', async () => {
    const { house, transport, connection } = behind();
    await turns();
    let read: () => void = () => undefined;
    house.journal.beforeRead = () => new Promise((resolve) => (read = resolve));
    transport.takeAll();
    await turns();
    connection.receive(Buffer.from('<VerbaApi><Request type="Unsubscribe"/></VerbaApi>'));
    house.journal.dropThrough(2_000);
    read();
    await turns();
    expect(connection.isOpen).toBe(true);
  });

  it('another position replaces it at once', async () => {
    const { house, transport, connection } = behind();
    await turns();
    const told = toldSeqs(transport).length;
    connection.receive(Buffer.from(resume(house.position(1_990), '', '5')));
    await turns();
    transport.takeAll();
    await eventually(() => house.groups.members === 1);
    expect(toldSeqs(transport).slice(told)).toEqual(numbers(1_991, 2_000));
  });

  it('a subscribe without a position waits until all is told, so that nothing is lost', async () => {
    const { house, transport, connection } = behind();
    await turns();
    connection.receive(
      Buffer.from(
        '<VerbaApi><Request type="SubscribeOnCallEvent" id="5"><Feed snapshot="true"/></Request></VerbaApi>',
      ),
    );
    await turns();
    expect(transport.messages.filter(isAnswer)).toHaveLength(1);
    transport.takeAll();
    await eventually(() => transport.messages.filter(isAnswer).length === 2);
    expect(toldSeqs(transport)).toEqual(numbers(1, 2_000));
    expect(house.groups.members).toBe(1);
  });

  it('retention that overtakes it ends it, and the next attempt states the loss', async () => {
    const { house, transport } = behind();
    await turns();
    house.journal.dropThrough(1_900);
    transport.takeAll();
    await eventually(() => transport.ended !== undefined);
    const goodbye = transport.messages.find(isGoodbye);
    expect(goodbye).toMatchObject({ reason: 'slow-consumer' });
    const last = toldSeqs(transport).at(-1) ?? 0;
    expect(goodbye?.position).toBe(house.position(last));

    const again = new SpyTransport();
    new Connection(again, house.session, house.house).receive(
      Buffer.from(resume(goodbye?.position ?? '')),
    );
    await eventually(() => again.messages.length > 0);
    expect(again.messages[0]).toMatchObject({ feed: { recovered: false, calls: 0 } });
  });

  it('a journal that cannot be read ends it in a way that lets the client come back', async () => {
    const { house, transport } = behind();
    await turns();
    house.journal.beforeRead = () => Promise.reject(new Error('disk on fire'));
    transport.takeAll();
    await eventually(() => transport.ended !== undefined);
    expect(transport.ended).toEqual({ code: 1001, reason: 'going-away' });
    expect(transport.messages.find(isGoodbye)).toMatchObject({
      reason: 'going-away',
      position: house.position(toldSeqs(transport).at(-1) ?? 0),
    });
    expect(house.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'journal.unreadable' }),
    );
  });

  it('a client that goes away is not read for any more', async () => {
    const { house, transport, connection } = behind();
    await turns();
    connection.closed();
    await turns();
    const reads = house.journal.reads;
    transport.takeAll();
    await turns(20);
    expect(house.journal.reads).toBe(reads);
    expect(house.groups.members).toBe(0);
  });
});

it('a loss on a session that had a snapshot before brings a whole one', async () => {
  const house = await OpenHouse.open({ ongoing: [connectedCall(0), connectedCall(1)] });
  const client = await house.tcp();
  client.send(
    '<VerbaApi><Request type="SubscribeOnCallEvent" id="1"><Feed snapshot="true"/></Request></VerbaApi>',
  );
  await client.find(isAnswer);
  client.send(resume('othertime1-2'));
  expect((await client.find(isAnswer)).feed).toMatchObject({ recovered: false, calls: 2 });
});

it('only what matches is told of what was missed, in the types that were asked for', async () => {
  const house = await OpenHouse.open();
  for (const n of numbers(0, 20)) await house.publish(...lifeOf(n));
  const client = await house.tcp();
  client.send(
    '<VerbaApi><Request type="SubscribeOnCallEvent"><Extension number="1007"/><Feed events="CallAnswer CallEnd" after="memory01-0"/></Request></VerbaApi>',
  );
  await client.find(isAnswer);
  await house.publish(started(21));
  client.send('<VerbaApi><Request type="GetManagementSummary"/></VerbaApi>');
  await client.find(isAnswer);
  await client.until(() => client.calls.length === 2);
  expect(client.calls.map(({ type }) => type)).toEqual(['CallAnswer', 'CallEnd']);
  expect(seqs(client)).toEqual([23, 24]);
});
