/**
 * One session, two encodings: whatever happens, clients of either are told the same; and whatever a client
 * of JSON sends, it hears of it once, and nobody else does.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ExtensionPattern } from '../../src/call/extension.ts';
import { notificationTypes, type FeedOptions, type Request } from '../../src/subscriber/message.ts';
import { history, somePatterns } from '../support/any-history.ts';
import { connectedCall, endedCall, lifeOf, started } from '../support/calls.ts';
import { type FeedClient, isAnswer, isKeepalive } from '../support/feed-client.ts';
import { OpenHouse } from '../support/house.ts';
import { asSaid } from '../support/json-messages.ts';
import { cdrXml } from '../../src/record/cdr-xml.ts';

function subscribeTo(extensions: readonly ExtensionPattern[], feed: FeedOptions): Request {
  return { kind: 'subscribe', head: { type: 'SubscribeOnCallEvent', id: 's' }, extensions, feed };
}

const everything: FeedOptions = { events: notificationTypes, snapshot: true, ack: false };
/** Answered once everything that was subscribed to before has been told. */
const mark = {
  ...subscribeTo([], { snapshot: false, ack: false }),
  head: { type: 'SubscribeOnCallEvent', id: 'mark' },
};

/** What the client has been told, with the answer to `mark` at its end. */
async function told(client: FeedClient): Promise<readonly unknown[]> {
  client.send(mark);
  await client.until(() => hasMark(client));
  return client.messages.map(asSaid);
}

function hasMark(client: FeedClient): boolean {
  const last = client.messages.at(-1);
  return last?.kind === 'answer' && last.head.id === 'mark';
}

const feeds: fc.Arbitrary<FeedOptions> = fc.record(
  {
    events: fc.uniqueArray(fc.constantFrom(...notificationTypes), { minLength: 1 }),
    snapshot: fc.boolean(),
    ack: fc.boolean(),
  },
  { requiredKeys: ['snapshot', 'ack'] },
);

describe('clients of XML and of JSON', () => {
  it('are told the same of any history: live, in a snapshot, and after they were away', async () => {
    const counts = { notifications: 0, snapshots: 0, resumed: 0 };
    await fc.assert(
      fc.asyncProperty(
        history,
        somePatterns,
        feeds,
        fc.nat(),
        async (events, extensions, feed, at) => {
          const house = await OpenHouse.open();
          const cut = at % (events.length + 1);
          await house.publish(...events.slice(0, cut).map(({ event }) => event));
          const pair = [await house.webSocket(['offhook.xml']), await house.json()] as const;
          const request = subscribeTo(extensions, feed);
          for (const client of pair) client.send(request);
          for (const client of pair) await client.until(() => client.documents.length > 0);
          await house.publish(...events.slice(cut).map(({ event }) => event));
          house.pass(10_000);
          const [xml, json] = [await told(pair[0]), await told(pair[1])];
          expect(json).toEqual(xml);
          counts.notifications += pair[1].calls.length;
          counts.snapshots += pair[1].calls.filter(({ snapshot }) => snapshot).length;

          // Both come back from the same place, in the journal's words.
          const back = [await house.webSocket(['offhook.xml']), await house.json()] as const;
          const again = subscribeTo(extensions, { ...feed, after: house.position(cut) });
          for (const client of back) client.send(again);
          const [xmlAgain, jsonAgain] = [await told(back[0]), await told(back[1])];
          expect(jsonAgain).toEqual(xmlAgain);
          counts.resumed += back[1].calls.length;
          for (const client of [...pair, ...back]) client.cut();
        },
      ),
      { numRuns: 40 },
    );
    expect(Math.min(...Object.values(counts))).toBeGreaterThan(0);
  });

  it('are answered the same, whatever they ask', async () => {
    const house = await OpenHouse.open({ session: { requireToken: true } });
    const [begun] = lifeOf(0);
    if (begun === undefined) throw new Error('no life');
    await house.publish(begun);
    house.desk.finished.set(endedCall(5).id, cdrXml(endedCall(5), house.site));
    const head = (type: string): { type: string; id: string } => ({ type, id: `${type}-1` });
    const call = begun.call.id;
    const muted = { callerMuted: true, calleeMuted: true };
    const questions: readonly Request[] = [
      { kind: 'authenticate', head: head('Authenticate'), token: 'a-token-that-was-given-out' },
      { kind: 'summary', head: head('GetManagementSummary') },
      { kind: 'ongoing', head: head('GetOngoingCalls'), extensions: [] },
      {
        kind: 'ongoing',
        head: head('GetOngoingCalls'),
        extensions: [{ kind: 'prefix', prefix: '?' }],
      },
      { kind: 'detail', head: head('GetCallDetail'), call },
      { kind: 'detail', head: head('GetCallDetails'), call: endedCall(5).id },
      { kind: 'detail', head: head('GetCallDetailRecord'), call: 'nobody "knows" <it>' },
      { kind: 'mute-state', head: head('GetMuteState'), call },
      { kind: 'mute-state', head: head('GetMuteState'), call: 'x' },
      { kind: 'mute', head: head('MuteChannel'), call, ...muted },
      { kind: 'mute', head: head('MuteChannel'), call: 'x', ...muted },
      subscribeTo([], { snapshot: true, after: 'no position', ack: false }),
      { kind: 'keepalive', head: head('Keepalive') },
      subscribeTo([], everything),
      { kind: 'unsubscribe', head: head('Unsubscribe') },
    ];
    const answers: unknown[] = [];
    for (const client of [await house.webSocket(), await house.json()]) {
      house.desk.muted = { callerMuted: true, calleeMuted: false };
      for (const question of questions) client.send(question);
      await client.until(() => {
        const last = client.messages.at(-1);
        return last?.kind === 'answer' && last.head.type === 'Unsubscribe';
      });
      answers.push(client.messages.map(asSaid));
    }
    expect(answers[1]).toEqual(answers[0]);
    // All but the keep-alive are answered, and the snapshot tells of one call.
    expect(answers[1]).toHaveLength(questions.length);
  });

  it('get bytes of their own, made once for all who want the same', async () => {
    const house = await OpenHouse.open();
    const clients = [
      await house.json(),
      await house.webSocket(),
      await house.json(),
      await house.tcp(),
    ];
    for (const client of clients) {
      client.send(subscribeTo([], everything));
      await client.next();
    }
    expect(house.hub.audiences).toBe(3);
    await house.publish(started(0));
    for (const client of clients) await client.until(() => client.calls.length === 1);
    expect(clients[2]?.documents).toEqual(clients[0]?.documents);
    expect(clients[0]?.documents[1]).toMatch(/^\{"notification":"CallStart"/);
    expect(clients[1]?.documents[1]).toMatch(/^<\?xml /);
  });
});

describe('a client of JSON', () => {
  it('is said goodbye to, subscribed or not', async () => {
    const house = await OpenHouse.open();
    const [fresh, fed] = [await house.json(), await house.json()];
    fed.send('{"type":"SubscribeOnCallEvent"}');
    await fed.next();
    for (const connection of house.connections) connection.end('going-away', 'The server stops.');
    expect(await fresh.next()).toEqual({ kind: 'goodbye', reason: 'going-away' });
    expect(await fed.next()).toEqual({
      kind: 'goodbye',
      reason: 'going-away',
      position: house.position(0),
    });
    expect(await fresh.closed()).toEqual({ code: 1001, reason: 'going-away' });
    await fed.closed();
  });

  it('is told by keep-alives how the sources are, though it asked for nothing', async () => {
    const house = await OpenHouse.open();
    const client = await house.json();
    client.send('{"type":"SubscribeOnCallEvent"}');
    await client.next();
    house.pass(10_000);
    expect(await client.next()).toMatchObject({
      kind: 'keepalive',
      position: house.position(0),
      sources: [{ name: 'pbx', heard: '2025-03-14T09:26:53.589Z' }, { name: 'branch' }],
    });
  });

  it('that answers keep-alives with nothing but JSON stays', async () => {
    const house = await OpenHouse.open();
    const client = await house.json();
    client.send('{"type":"SubscribeOnCallEvent","feed":{"ack":true}}');
    await client.next();
    for (let n = 0; n < 5; n += 1) {
      house.pass(10_000);
      await client.find(isKeepalive);
      client.send('{"type":"Keepalive"}');
      client.send('{"type":"GetManagementSummary"}');
      await client.find(isAnswer);
    }
    house.pass(16_000);
    await client.until(() => client.messages.at(-1)?.kind === 'goodbye');
    expect(await client.closed()).toEqual({ code: 4004, reason: 'idle' });
  });
});

describe('whatever comes', () => {
  const nested = (n: number): string => '{"type":'.repeat(n) + '1' + '}'.repeat(n);
  const whole = '{"type":"GetOngoingCalls","id":"7","extensions":[{"prefix":"10"}]}';
  const hostile: fc.Arbitrary<string> = fc.oneof(
    fc.constantFrom(
      '',
      'null',
      '[]',
      '1e99999',
      'NaN',
      '\ufeff{}',
      '\0',
      '{}',
      '<VerbaApi><Request type="Keepalive"/></VerbaApi>',
      '{"type":"Keepalive","type":"Unsubscribe"}',
      '{"type":"GetCallDetail","call":"\\ud800"}',
      '{"type":"GetCallDetail","call":"\\u0000"}',
      '{"type":"GetCallDetail","call":1e400}',
      '{"__proto__":{"type":"Unsubscribe"}}',
      '{"type":"__proto__"}',
      '{"type":"constructor","id":"prototype"}',
      nested(10_000),
      '['.repeat(60_000),
      `{"type":"${'a'.repeat(60_000)}"}`,
      `{"type":"GetOngoingCalls","extensions":[${'{"number":"1"},'.repeat(4_000)}]}`,
      `{"id":${'9'.repeat(4_000)},"type":"Unsubscribe"}`,
      `{"type":"SubscribeOnCallEvent","feed":{"events":[${'"CallEnd",'.repeat(5_000)}"CallEnd"]}}`,
    ),
    fc.nat(whole.length).map((length) => whole.slice(0, length)),
    fc
      .tuple(fc.nat(whole.length - 1), fc.string({ minLength: 1, maxLength: 2, unit: 'binary' }))
      .map(([from, text]) => whole.slice(0, from) + text + whole.slice(from + 1)),
    fc.json({ maxDepth: 5 }),
  );

  it('is answered once: refused, and the session goes on, or broken, and it ends', async () => {
    const house = await OpenHouse.open();
    const neighbour = await house.json();
    neighbour.send(subscribeTo([], everything));
    await neighbour.next();
    const endings = { refused: 0, broken: 0, served: 0 };
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        // Half a pair of surrogates cannot be sent: the client's own encoder replaces it.
        const client = await house.json();
        client.send(text);
        client.send(mark);
        await client.until(() => client.isClosed || hasMark(client));
        const kinds = client.messages.map(({ kind }) => kind);
        if (client.messages.at(-1)?.kind === 'goodbye') {
          endings.broken += 1;
          expect(kinds).toEqual(['failure', 'goodbye']);
          expect(client.messages[0]).toMatchObject({ failure: 'Invalid Request', head: undefined });
          expect(await client.closed()).toEqual({ code: 4002, reason: 'protocol-error' });
          return;
        }
        endings[kinds[0] === 'failure' ? 'refused' : 'served'] += 1;
        // A keep-alive is not answered.
        expect(kinds.length).toBeLessThanOrEqual(2);
        client.cut();
      }),
      { numRuns: 400 },
    );
    expect(Math.min(...Object.values(endings))).toBeGreaterThan(5);
    expect(house.log.lines.filter(({ level }) => level === 'error')).toEqual([]);
    await house.publish(started(0));
    await neighbour.until(() => neighbour.calls.length === 1);
    expect(neighbour.documents).toHaveLength(2);
  });

  it('is bytes that are not UTF-8: the frame is refused by its own rules', async () => {
    const house = await OpenHouse.open();
    const client = await house.json();
    client.send(Buffer.from([0x22, 0xc3, 0x28, 0x22]));
    expect(await client.closed()).toMatchObject({ code: 1007 });
  });

  it('is binary: refused, and over', async () => {
    const house = await OpenHouse.open();
    const client = await house.json();
    client.webSocket.send(Buffer.from('{"type":"Unsubscribe"}'), { binary: true });
    expect(await client.next()).toMatchObject({
      kind: 'failure',
      detail: 'A binary message came; one document per text message is expected.',
    });
    expect(await client.closed()).toEqual({ code: 4002, reason: 'protocol-error' });
  });

  it('is larger than a message may be: closed by the standard’s code', async () => {
    const house = await OpenHouse.open();
    const client = await house.json();
    client.send(`{"type":"${'a'.repeat(65_537)}"}`);
    expect(await client.closed()).toMatchObject({ code: 1009 });
  });
});

describe('the subprotocol', () => {
  it.each([
    [['offhook.json'], 'offhook.json'],
    [['offhook.json', 'offhook.xml'], 'offhook.json'],
    [['offhook.xml', 'offhook.json'], 'offhook.xml'],
    [['other', 'offhook.json'], 'offhook.json'],
    [['OFFHOOK.JSON', 'offhook.xml'], 'offhook.xml'],
    [[], ''],
  ])('of %j is %s', async (offered, chosen) => {
    const house = await OpenHouse.open();
    const isJson = chosen === 'offhook.json';
    const client = isJson ? await house.json(offered) : await house.webSocket(offered);
    expect(client.webSocket.protocol).toBe(chosen);
    client.send(subscribeTo([], everything));
    await client.until(() => client.documents.length === 1);
    expect(client.documents[0]?.startsWith('{')).toBe(isJson);
    expect(client.messages[0]).toMatchObject({ kind: 'answer', feed: { calls: 0 } });
  });

  it('of a house with a call is told of in either', async () => {
    const house = await OpenHouse.open({ ongoing: [connectedCall(3)] });
    for (const client of [await house.json(), await house.webSocket()]) {
      client.send(subscribeTo([], everything));
      await client.until(() => client.calls.length === 1);
      expect(client.calls[0]?.cdr.fields.get('id')).toBe(connectedCall(3).id);
    }
  });
});
