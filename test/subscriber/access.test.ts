/**
 * What a token may see holds on everything that a session can ask for or is told, over both transports;
 * and what one may do who has not shown a token, or asks too much.
 */
import { describe, expect, it } from 'vitest';
import type { Grant } from '../../src/access/grant.ts';
import { filterOf } from '../../src/call/extension.ts';
import type { OfCall } from '../../src/call/event.ts';
import type { SessionSettings } from '../../src/subscriber/session.ts';
import { connectedCall, endedCall, eventOf, offeredCall } from '../support/calls.ts';
import {
  type AnswerMessage,
  type FeedClient,
  isAnswer,
  isFailure,
} from '../support/feed-client.ts';
import { eventually, OpenHouse } from '../support/house.ts';

const token = 'a-token-for-some';
const grant: Grant = {
  name: 'some',
  scope: filterOf([{ kind: 'prefix', prefix: '10' }]),
  control: false,
  manage: false,
};

const request = (type: string, inside = '', attributes = ''): string =>
  `<VerbaApi><Request type="${type}" id="1"${attributes}>${inside}</Request></VerbaApi>`;
const subscribe = (inside: string): string => request('SubscribeOnCallEvent', inside);
const everything = '<Feed events="CallStart CallAnswer CallUpdate CallEnd" snapshot="true"/>';

const start = (n: number, ...extensions: string[]): OfCall =>
  eventOf('call.started', offeredCall(n, { extensions }));
const end = (n: number, ...extensions: string[]): OfCall =>
  eventOf('call.ended', endedCall(n, { extensions }));
const joins = (n: number, before: readonly string[], who: string): OfCall => ({
  ...eventOf('call.updated', connectedCall(n, { extensions: [...before, who] })),
  joined: [who],
});
const idOf = (n: number): string => connectedCall(n).id;
const callOf = (n: number): string => `<Call id="${idOf(n)}"/>`;

/** `type n` of every notification so far, once all of them have come. */
async function told(client: FeedClient): Promise<string[]> {
  client.send(request('GetManagementSummary'));
  await client.find(
    (message): message is AnswerMessage => isAnswer(message) && message.summary !== undefined,
  );
  return client.calls.map(({ type, cdr }) => {
    const n = [0, 1, 2, 3, 4, 5].find((each) => idOf(each) === cdr.fields.get('id'));
    return `${type} ${n}`;
  });
}

describe.each(['tcp', 'websocket'] as const)('over %s', (transport) => {
  async function visit(
    changes: Partial<Grant> = {},
    session: Partial<SessionSettings> = {},
  ): Promise<{ house: OpenHouse; client: FeedClient }> {
    const house = await OpenHouse.open({ session: { requireToken: true, ...session } });
    house.desk.tokens.set(token, { ...grant, ...changes });
    const client = await house.connect(transport);
    client.send(request('Authenticate', '', ` token="${token}"`));
    expect(await client.next()).toMatchObject({ kind: 'answer' });
    return { house, client };
  }

  it('tells of its extensions only, and of a call from the moment that one of them joins', async () => {
    const { house, client } = await visit();
    await house.publish(start(0, '1001', '+49'), start(1, '2001', '+49'), start(2, '2002', '+49'));
    client.send(subscribe(everything));
    await client.find(isAnswer);
    await house.publish(
      start(3, '1003'),
      start(4, '2003'),
      joins(1, ['2001', '+49'], '1009'),
      joins(0, ['1001', '+49'], '2009'),
      end(0, '1001', '+49', '2009'),
      end(1, '2001', '+49', '1009'),
      end(2, '2002', '+49'),
    );
    expect(await told(client)).toEqual([
      'CallStart 0',
      'CallStart 3',
      'CallStart 1',
      'CallUpdate 0',
      'CallEnd 0',
      'CallEnd 1',
    ]);
  });

  it('replays no more than it would have told', async () => {
    const { house, client } = await visit();
    const after = house.position(0);
    await house.publish(start(0, '1001'), start(1, '2001'), joins(1, ['2001'], '1002'));
    await house.publish(end(1, '2001', '1002'), end(0, '1001'), start(2, '2002'), end(2, '2002'));
    client.send(subscribe(`<Feed after="${after}"/>`));
    expect((await client.find(isAnswer)).feed?.recovered).toBe(true);
    await house.publish(start(3, '2003'), start(4, '1004'));
    expect(await told(client)).toEqual([
      'CallStart 0',
      'CallStart 1',
      'CallEnd 1',
      'CallEnd 0',
      'CallStart 4',
    ]);
  });

  it('takes the part of a wish that it may see, and refuses an extension by its name', async () => {
    const { house, client } = await visit();
    client.send(subscribe('<Extension number="2001"/>'));
    expect(await client.find(isFailure)).toMatchObject({
      failure: 'Not Authorized',
      detail: 'The token "some" may not see the extension "2001".',
    });
    client.send(subscribe('<Extension from="1090" to="1199"/><Extension prefix="20"/>'));
    await client.find(isAnswer);
    await house.publish(start(0, '1095'), start(1, '1150'), start(2, '2001'), start(3, '1001'));
    expect(await told(client)).toEqual(['CallStart 0']);
  });

  it('answers as if there were no other calls', async () => {
    const { house, client } = await visit();
    await house.publish(start(0, '1001'), start(1, '2001'));
    house.desk.subscribers = () => 1;
    client.send(request('GetOngoingCalls'));
    expect((await client.find(isAnswer)).calls.map(({ id }) => id)).toEqual([idOf(0)]);
    client.send(request('GetOngoingCalls', '<Extension number="2001"/>'));
    expect((await client.find(isAnswer)).calls).toEqual([]);
    client.send(request('GetCallDetail', callOf(0)));
    expect((await client.find(isAnswer)).cdr?.fields.get('id')).toBe(idOf(0));
    for (const ask of ['GetCallDetail', 'GetMuteState']) {
      client.send(request(ask, callOf(1)));
      expect((await client.find(isFailure)).failure).toBe('Call Not Found');
    }
    await house.publish(joins(1, ['2001'], '1007'));
    client.send(request('GetCallDetail', callOf(1)));
    expect((await client.find(isAnswer)).cdr?.fields.get('id')).toBe(idOf(1));
  });

  it('mutes only what it sees, and only where it may', async () => {
    const state = '<State callerMuted="true" calleeMuted="true"/>';
    const bound = await visit();
    await bound.house.publish(start(0, '1001'));
    bound.client.send(request('MuteChannel', callOf(0) + state));
    expect((await bound.client.find(isFailure)).failure).toBe('Not Authorized');
    expect(bound.house.desk.mutes).toEqual([]);

    const { house, client } = await visit({ control: true });
    await house.publish(start(0, '1001'), start(1, '2001'));
    client.send(request('MuteChannel', callOf(1) + state));
    expect((await client.find(isFailure)).failure).toBe('Call Not Found');
    client.send(request('MuteChannel', callOf(0) + state));
    await client.find(isAnswer);
    expect(house.desk.mutes.map(({ call }) => call)).toEqual([idOf(0)]);
  });

  it('gives its seat back when the session is over, however it ends', async () => {
    const { house, client } = await visit();
    expect(house.desk.seated).toHaveLength(1);
    client.send(request('Authenticate', '', ` token="${token}"`));
    await client.find(isAnswer);
    expect(house.desk.seated).toHaveLength(1);
    client.cut();
    await eventually(() => house.desk.seated.length === 0);
  });

  it('has to show a token in time', async () => {
    const house = await OpenHouse.open({ session: { requireToken: true, authTimeoutMs: 3_000 } });
    const client = await house.connect(transport);
    await eventually(() => house.connections.length === 1);
    house.pass(3_000);
    expect(house.endings).toEqual([]);
    house.pass(100);
    await client.closed();
    expect(house.endings).toMatchObject([
      { reason: 'unauthorized', detail: 'No token came within 3 s.' },
    ]);
  });

  it('is read at the pace that it may have, in order, and loses nothing', async () => {
    const house = await OpenHouse.open({ session: { documentRate: 10 } });
    const client = await house.connect(transport);
    for (let nth = 0; nth < 100; nth += 1) {
      client.send(`<VerbaApi><Request type="GetManagementSummary" id="${nth}"/></VerbaApi>`);
    }
    await eventually(() => client.documents.length === 20);
    house.pass(1_000);
    await eventually(() => client.documents.length === 30);
    for (let second = 0; second < 7; second += 1) {
      house.pass(1_000);
      await eventually(() => client.documents.length === 40 + second * 10);
    }
    const heads: unknown[] = [];
    for (let nth = 0; nth < 100; nth += 1) heads.push((await client.find(isAnswer)).head.id);
    expect(heads).toEqual(Array.from({ length: 100 }, (_, nth) => String(nth)));
    expect(house.endings).toEqual([]);
  });

  it('pays for large answers with its pace', async () => {
    const house = await OpenHouse.open({ session: { documentRate: 10 } });
    await house.publish(...Array.from({ length: 400 }, (_, n) => start(n, '1001')));
    const client = await house.connect(transport);
    for (let nth = 0; nth < 20; nth += 1) client.send(request('GetOngoingCalls'));
    await eventually(() => client.documents.length >= 5);
    // Some 45 KB each: two documents more. Twenty in all may come at once.
    expect(client.documents.length).toBeLessThan(10);
    // A second at a time, so that what is told can be read before more time is over.
    for (let second = 0; second < 60 && client.documents.length < 20; second += 1) {
      house.pass(1_000);
      for (let turn = 0; turn < 20; turn += 1)
        await new Promise((resolve) => setImmediate(resolve));
    }
    await eventually(() => client.documents.length === 20);
  });
});

it('more bytes without a token than a token needs end the session', async () => {
  const house = await OpenHouse.open({ session: { requireToken: true, authBytes: 1_000 } });
  const client = await house.tcp();
  const half = '<VerbaApi><Request type="Authenticate" token="';
  client.send(half + 'x'.repeat(990));
  await eventually(() => house.connections.length === 1);
  // Bytes that come in one piece with the first ones do not count; only what comes after them.
  for (let nth = 0; nth < 50 && house.endings.length === 0; nth += 1) {
    client.send('x'.repeat(20));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.closed();
  expect(house.endings).toMatchObject([
    { reason: 'unauthorized', detail: 'More than 1000 bytes came before a token did.' },
  ]);
});

it('a token and a large subscription may come in one piece', async () => {
  const house = await OpenHouse.open({ session: { requireToken: true, authBytes: 1_000 } });
  house.desk.tokens.set(token, grant);
  const client = await house.tcp();
  const many = Array.from({ length: 200 }, (_, nth) => `<Extension number="10${nth}"/>`).join('');
  client.send(request('Authenticate', '', ` token="${token}"`) + subscribe(many));
  expect([await client.next(), await client.next()]).toMatchObject([
    { kind: 'answer' },
    { kind: 'answer', keepAliveS: 10 },
  ]);
});
