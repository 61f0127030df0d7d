/**
 * Keep-alives: when they come, what they say, what silence means, and what ten thousand of them cost.
 */
import { describe, expect, it, vi } from 'vitest';
import { Connection } from '../../src/subscriber/connection.ts';
import { started } from '../support/calls.ts';
import { isAnswer, isGoodbye, isKeepalive } from '../support/feed-client.ts';
import { eventually, OpenHouse, TestHouse } from '../support/house.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { SpyTransport } from '../support/spy-transport.ts';

const subscribe = (inside = ''): string =>
  `<VerbaApi><Request type="SubscribeOnCallEvent" id="1">${inside}</Request></VerbaApi>`;
const acknowledge = '<VerbaApi><Request type="Keepalive"/></VerbaApi>';

describe.each(['tcp', 'websocket'] as const)('over %s', (transport) => {
  it('come every interval from the subscribe answer on, whether or not anything happens', async () => {
    const house = await OpenHouse.open();
    const client = await house.connect(transport);
    house.pass(7_000);
    client.send(subscribe());
    await client.find(isAnswer);
    const beats: number[] = [];
    for (let second = 1; second <= 40; second += 1) {
      house.pass(1_000);
      // In the first half something happens every second.
      if (second <= 20) await house.publish(started(second));
      const due = Math.floor(second / 10);
      await client.until(() => client.messages.filter(isKeepalive).length === due);
      if (second % 10 === 0) beats.push(second);
    }
    expect(beats).toEqual([10, 20, 30, 40]);
    expect(client.calls).toHaveLength(20);
  });

  it('tell a legacy client the interval and nothing else', async () => {
    const house = await OpenHouse.open({ session: { keepAliveMs: 7_000 } });
    const client = await house.connect(transport);
    client.send(subscribe());
    await client.find(isAnswer);
    house.pass(7_000);
    await client.find(isKeepalive);
    expect(client.documents.at(-1)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><VerbaApi><Response code="0"><Keepalive time="7"/></Response></VerbaApi>',
    );
  });

  it('tell a client that opted in the position, though nothing matched, and each source', async () => {
    const house = await OpenHouse.open();
    const client = await house.connect(transport);
    client.send(subscribe('<Extension number="4711"/><Feed/>'));
    await client.find(isAnswer);
    await house.publish(started(0), started(1));
    // Published in this very turn: the position is not ahead of what was told.
    house.journal.append([started(11)]);
    house.pass(10_000);
    expect(await client.find(isKeepalive)).toEqual({
      kind: 'keepalive',
      intervalS: 10,
      position: 'memory01-3',
      sources: [
        { name: 'pbx', state: 'up', heard: '2025-03-14 09:26:53.589', lagMs: 7 },
        { name: 'branch', state: 'down', heard: undefined, lagMs: undefined },
      ],
    });
  });

  it('never run ahead of what was told', async () => {
    const house = await OpenHouse.open({ schedule: () => undefined });
    const client = await house.connect(transport);
    client.send(subscribe('<Feed/>'));
    await client.find(isAnswer);
    house.journal.append([started(0)]);
    house.pass(10_000);
    await client.find(isKeepalive);
    expect(client.messages.map(({ kind }) => kind)).toEqual(['answer', 'call', 'keepalive']);
  });

  it('do not come where they are turned off', async () => {
    const house = await OpenHouse.open({ session: { keepAliveMs: 0 } });
    const client = await house.connect(transport);
    client.send(subscribe('<Feed ack="true"/>'));
    await client.find(isAnswer);
    house.pass(100_000);
    await house.publish(started(0));
    await client.until(() => client.calls.length === 1);
    expect(client.messages.map(({ kind }) => kind)).toEqual(['answer', 'call']);
    expect(client.documents[0]).not.toContain('Keepalive');
  });

  it('begin anew with a second subscribe', async () => {
    const house = await OpenHouse.open();
    const client = await house.connect(transport);
    client.send(subscribe());
    await client.find(isAnswer);
    house.pass(9_000);
    client.send(subscribe());
    await client.find(isAnswer);
    house.pass(9_950);
    client.send('<VerbaApi><Request type="GetManagementSummary"/></VerbaApi>');
    await client.find(isAnswer);
    expect(client.messages.filter(isKeepalive)).toEqual([]);
    house.pass(50);
    await client.find(isKeepalive);
  });
});

describe('a client that acknowledges', () => {
  it('stays for as long as it does, and gets no answer to it', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    client.send(subscribe('<Feed ack="true"/>'));
    await client.find(isAnswer);
    for (let n = 0; n < 5; n += 1) {
      house.pass(10_000);
      await client.find(isKeepalive);
      client.send(acknowledge + subscribe('<Feed ack="true"/>'));
      await client.find(isAnswer);
    }
    expect(house.endings).toEqual([]);
    expect(client.messages.filter(({ kind }) => kind === 'failure')).toEqual([]);
  });

  it('that falls silent for one and a half intervals is told so, and ended', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    client.send(subscribe('<Feed ack="true"/>'));
    await client.find(isAnswer);
    house.pass(15_000);
    expect(house.endings).toEqual([]);
    house.pass(50);
    await client.closed();
    expect(client.messages.map(({ kind }) => kind)).toEqual(['answer', 'keepalive', 'goodbye']);
    expect(await client.find(isGoodbye)).toMatchObject({
      reason: 'idle',
      position: 'memory01-0',
    });
  });

  it('is heard by anything that it sends', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    client.send(subscribe('<Feed ack="true"/>'));
    await client.find(isAnswer);
    for (let n = 0; n < 4; n += 1) {
      house.pass(14_000);
      client.send('<VerbaApi><Request type="GetManagementSummary"/></VerbaApi>');
      await client.find(isAnswer);
    }
    expect(house.endings).toEqual([]);
  });
});

it('a legacy client that never says a word stays', async () => {
  const house = await OpenHouse.open();
  const client = await house.tcp();
  client.send(subscribe());
  await client.find(isAnswer);
  house.pass(3_600_000);
  await client.until(() => client.messages.filter(isKeepalive).length === 360);
  expect(house.endings).toEqual([]);
});

describe('ten thousand sessions', () => {
  it('share one timer: none of them starts any', () => {
    const timers = [
      vi.spyOn(globalThis, 'setTimeout'),
      vi.spyOn(globalThis, 'setInterval'),
      vi.spyOn(globalThis, 'setImmediate'),
    ];
    const house = new TestHouse(new MemoryJournal());
    const transports = Array.from({ length: 10_000 }, () => new SpyTransport());
    for (const [n, transport] of transports.entries()) {
      const connection = new Connection(transport, house.session, house.house);
      const inside = `<Extension number="${n}"/>${n % 2 === 0 ? '<Feed ack="true"/>' : ''}`;
      connection.receive(Buffer.from(subscribe(inside)));
      // Spread over the interval, as clients come.
      if (n % 100 === 0) house.pass(50);
    }
    expect(house.house.deadlines.size).toBe(10_000);
    house.pass(10_000);

    for (const spy of timers) expect(spy).not.toHaveBeenCalled();
    const kept = transports.map((each) => each.messages.filter(isKeepalive).length);
    expect(new Set(kept)).toEqual(new Set([1]));
    vi.restoreAllMocks();
  });

  it('on real sockets hold no timer either', async () => {
    const house = await OpenHouse.open({ session: { pingMs: 10_000 } });
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((each) => each === 'Timeout').length;
    const before = timers();
    const clients = [];
    for (let n = 0; n < 60; n += 1) {
      const client = await house.connect(n % 2 === 0 ? 'tcp' : 'websocket');
      client.send(subscribe('<Feed ack="true"/>'));
      await client.find(isAnswer);
      clients.push(client);
    }
    house.pass(10_000);
    await Promise.all(clients.map((client) => client.find(isKeepalive)));
    await eventually(() => timers() <= before);
  });
});
