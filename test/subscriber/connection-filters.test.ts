/**
 * Which calls a subscription shows, and what a second subscribe on the same connection does.
 */
import { describe, expect, it } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import type { OfCall } from '../../src/call/event.ts';
import { connectedCall, endedCall, eventOf, offeredCall } from '../support/calls.ts';
import { isAnswer, type FeedClient } from '../support/feed-client.ts';
import { OpenHouse } from '../support/house.ts';

/** Call number `n` between these and nobody else. */
const between = (
  n: number,
  ...extensions: string[]
): { start: OfCall; end: OfCall; call: Call } => ({
  start: eventOf('call.started', offeredCall(n, { extensions })),
  call: connectedCall(n, { extensions }),
  end: eventOf('call.ended', endedCall(n, { extensions })),
});

const joined = (n: number, before: readonly string[], ...more: string[]): OfCall => ({
  ...eventOf('call.updated', connectedCall(n, { extensions: [...before, ...more] })),
  joined: more,
});

async function subscribe(client: FeedClient, inside: string, id = '1'): Promise<void> {
  client.send(
    `<VerbaApi><Request type="SubscribeOnCallEvent" id="${id}">${inside}</Request></VerbaApi>`,
  );
  await client.find(isAnswer);
}

/** What came as `type n`, with a star for those of a snapshot; calls are numbered as they were made. */
function told(client: FeedClient): string[] {
  return client.calls.map(({ type, cdr, snapshot }) => {
    const id = cdr.fields.get('id');
    const n = Array.from({ length: 20 }, (_, each) => each).find(
      (each) => connectedCall(each).id === id,
    );
    return `${type} ${n}${snapshot ? '*' : ''}`;
  });
}

/** Everything sent so far has come when the answer to this has. */
async function settle(client: FeedClient): Promise<void> {
  client.send('<VerbaApi><Request type="GetManagementSummary"/></VerbaApi>');
  await client.find(isAnswer);
}

const extensions = [
  ...['1000', '0012', '12', '10', '100', '1042', '1099', '1100', '10990', '+49301234', '6'],
  ...['ann@example.com', 'bob@example.com', '10@example.com', 'Ann', 'ann', '0010', '0020'],
];

describe('a subscription', () => {
  it.each<[string, string, readonly string[]]>([
    ['nothing, to all calls', '', extensions],
    ['a number, to exactly that', '<Extension number="1000"/>', ['1000']],
    ['a number with zeros, to exactly that', '<Extension number="0012"/>', ['0012']],
    [
      'a prefix, to everything that begins so',
      '<Extension prefix="10"/>',
      ['1000', '10', '100', '1042', '1099', '10990', '10@example.com'],
    ],
    [
      'a range, to its numbers of as many digits',
      '<Extension from="1000" to="1099"/>',
      ['1000', '1042', '1099'],
    ],
    [
      'a range with zeros, to its numbers of as many digits',
      '<Extension from="0010" to="0020"/>',
      ['0012', '0010', '0020'],
    ],
    ['an address, in any case', '<Extension number="Ann@Example.COM"/>', ['ann@example.com']],
    ['a name without @, in its case', '<Extension number="Ann"/>', ['Ann']],
    [
      'several, to each of them',
      '<Extension number="1000"/><Extension prefix="+49"/><Extension from="5" to="7"/>',
      ['1000', '+49301234', '6'],
    ],
  ])('that names %s', async (_, inside, seen) => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    await subscribe(client, inside);
    await house.publish(...extensions.map((each, n) => between(n, each).start));
    await settle(client);
    expect(told(client).map((line) => extensions[Number(line.split(' ')[1])])).toEqual(seen);
  });

  it('sees a call once, though several of its parties are named', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    await subscribe(client, '<Extension number="1000"/><Extension prefix="20"/>');
    const { start, end } = between(0, '1000', '2000', '2001');
    await house.publish(start, end);
    await settle(client);
    expect(told(client)).toEqual(['CallStart 0', 'CallEnd 0']);
  });

  it('sees the end of a call that went on before it', async () => {
    const { call, end } = between(0, '1000');
    const house = await OpenHouse.open({ ongoing: [call] });
    const client = await house.tcp();
    await subscribe(client, '<Extension number="1000"/>');
    await house.publish(end);
    await settle(client);
    expect(told(client)).toEqual(['CallEnd 0']);
  });

  it.each(['', '<Feed/>', '<Feed events="CallStart CallUpdate CallEnd"/>'])(
    'sees a call as a start when its party joins later, with %o',
    async (feed) => {
      const house = await OpenHouse.open();
      const client = await house.tcp();
      await subscribe(client, `<Extension number="2000"/>${feed}`);
      await house.publish(
        between(0, '1000').start,
        joined(0, ['1000'], '3000'),
        joined(0, ['1000', '3000'], '2000'),
        joined(0, ['1000', '3000', '2000'], '4000'),
        between(0, '1000', '3000', '2000', '4000').end,
      );
      await settle(client);
      const update = feed.includes('CallUpdate') ? ['CallUpdate 0'] : [];
      expect(told(client)).toEqual(['CallStart 0', ...update, 'CallEnd 0']);
    },
  );

  it('keeps a call in sight though its party has left it', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    await subscribe(
      client,
      '<Extension number="2000"/><Feed events="CallStart CallUpdate CallEnd"/>',
    );
    const { start, call, end } = between(0, '2000', '1000');
    await house.publish(start, eventOf('call.updated', { ...call, legs: [] }), end);
    await settle(client);
    expect(told(client)).toEqual(['CallStart 0', 'CallUpdate 0', 'CallEnd 0']);
  });
});

describe('a second subscribe', () => {
  it('replaces the filter', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    await subscribe(client, '<Extension number="1000"/>');
    await house.publish(between(0, '1000').start);
    await subscribe(client, '<Extension number="2000"/>', '2');
    await house.publish(between(1, '1000').start, between(2, '2000').start);
    await settle(client);
    expect(told(client)).toEqual(['CallStart 0', 'CallStart 2']);
    expect(house.hub.audiences).toBe(1);
  });

  it('with a snapshot brings only the calls that became visible', async () => {
    const [first, second, both] = [
      between(0, '1000'),
      between(1, '2000'),
      between(2, '1000', '2000'),
    ];
    const house = await OpenHouse.open({ ongoing: [first.call, second.call, both.call] });
    const client = await house.tcp();
    await subscribe(client, '<Extension number="1000"/><Feed snapshot="true"/>');
    await house.publish(between(3, '1000').start, between(4, '2000').start, first.end);
    client.send(
      '<VerbaApi><Request type="SubscribeOnCallEvent" id="2"><Extension number="1000"/><Extension number="2000"/><Feed snapshot="true"/></Request></VerbaApi>',
    );
    expect(await client.find(isAnswer)).toMatchObject({
      feed: { calls: 2, position: 'memory01-3' },
    });
    await house.publish(second.end, both.end);
    await settle(client);
    expect(told(client)).toEqual([
      'CallStart 0*',
      'CallStart 2*',
      'CallStart 3',
      'CallEnd 0',
      'CallStart 1*',
      'CallStart 4*',
      'CallEnd 1',
      'CallEnd 2',
    ]);
  });

  it('in the same turn as an event loses nothing of what was subscribed before', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    await subscribe(client, '<Extension number="1000"/><Feed snapshot="true"/>');
    const [connection] = house.connections;
    // Published, and not yet flushed: the turn is not over.
    house.journal.append([between(0, '1000').start]);
    connection?.receive(
      Buffer.from(
        '<VerbaApi><Request type="SubscribeOnCallEvent" id="2"><Extension prefix="10"/><Feed snapshot="true"/></Request></VerbaApi>',
      ),
    );
    await client.find(isAnswer);
    await settle(client);
    expect(told(client)).toEqual(['CallStart 0']);
  });

  it('with a snapshot brings all calls where the client was not shown them before', async () => {
    const { call } = between(0, '1000');
    const house = await OpenHouse.open({ ongoing: [call] });
    const others = ['<Feed events="CallEnd" snapshot="true"/>', '<Feed after="memory01-0"/>'];
    for (const before of ['', '<Feed/>', ...others]) {
      const client = await house.tcp();
      await subscribe(client, `<Extension number="1000"/>${before}`);
      const known = client.calls.length;
      await subscribe(client, '<Extension number="1000"/><Feed snapshot="true"/>', '2');
      await settle(client);
      expect(told(client).slice(known), before).toEqual(['CallStart 0*']);
    }
  });

  it('after Unsubscribe begins anew', async () => {
    const { call } = between(0, '1000');
    const house = await OpenHouse.open({ ongoing: [call] });
    const client = await house.tcp();
    await subscribe(client, '<Feed snapshot="true"/>');
    client.send('<VerbaApi><Request type="Unsubscribe"/></VerbaApi>');
    await client.find(isAnswer);
    await house.publish(between(1, '1000').start);
    await subscribe(client, '<Feed snapshot="true"/>', '2');
    await settle(client);
    expect(told(client)).toEqual(['CallStart 0*', 'CallStart 0*', 'CallStart 1*']);
  });

  it('may turn an opted-in client into a legacy one and back', async () => {
    const house = await OpenHouse.open();
    const client = await house.tcp();
    await subscribe(client, '<Feed/>');
    await house.publish(between(0, '1').start);
    await subscribe(client, '', '2');
    await house.publish(between(1, '1').start);
    await subscribe(client, '<Feed/>', '3');
    await house.publish(between(2, '1').start);
    await settle(client);
    expect(client.calls.map(({ position }) => position)).toEqual([
      'memory01-1',
      undefined,
      'memory01-3',
    ]);
  });
});

it('GetOngoingCalls follows the same rules', async () => {
  const calls = ['1000', '1042', '0012', 'ann@example.com'].map((each, n) => between(n, each).call);
  const house = await OpenHouse.open({ ongoing: calls });
  const client = await house.tcp();
  client.send(
    '<VerbaApi><Request type="GetOngoingCalls"><Extension from="1001" to="1099"/><Extension number="ANN@example.com"/></Request></VerbaApi>',
  );
  const { calls: listed } = await client.find(isAnswer);
  expect(listed.map(({ id }) => id)).toEqual([calls[1]?.id, calls[3]?.id]);
});
