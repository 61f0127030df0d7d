/**
 * Requests and their answers on real sockets, the same over TCP and over WebSocket.
 */
import { describe, expect, it } from 'vitest';
import { connectedCall, endedCall, eventOf, started } from '../support/calls.ts';
import { isFailure, type FeedClient } from '../support/feed-client.ts';
import { goodToken } from '../support/fake-desk.ts';
import { OpenHouse } from '../support/house.ts';
import type { HouseOptions } from '../support/house.ts';
import type { MemoryJournal } from '../support/memory-journal.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
const ask = (content: string): string => `<VerbaApi>${content}</VerbaApi>`;
const answer = (content: string): string =>
  `${declaration}<VerbaApi><Response code="0">${content}</Response></VerbaApi>`;
const failure = (head: string, description: string, detail: string): string =>
  `${declaration}<VerbaApi><Response code="2"${head}><ErrorMessage description="${description}">${detail}</ErrorMessage></Response></VerbaApi>`;

const call = connectedCall(0);
const other = connectedCall(1);

describe.each(['tcp', 'websocket'] as const)('over %s', (transport) => {
  async function visit(
    options: HouseOptions<MemoryJournal> = {},
  ): Promise<{ house: OpenHouse; client: FeedClient }> {
    const house = await OpenHouse.open({ ongoing: [call, other], ...options });
    return { house, client: await house.connect(transport) };
  }

  /** The document that answers `request`. */
  async function exchange(client: FeedClient, request: string): Promise<string | undefined> {
    client.send(request);
    await client.next();
    return client.documents.at(-1);
  }

  describe('a subscribe request', () => {
    it('is answered with its echo and the interval', async () => {
      const { client } = await visit();
      const request =
        '<Request type="SubscribeOnCallEvent" id="1"><Extension number="1000"/></Request>';
      expect(await exchange(client, ask(request))).toBe(
        answer('<Request type="SubscribeOnCallEvent" id="1"/><Keepalive time="10"/>'),
      );
    });

    it('is answered without the interval where keep-alives are turned off', async () => {
      const { client } = await visit({ session: { keepAliveMs: 0 } });
      expect(await exchange(client, ask('<Request type="SubscribeOnCallEvent"/>'))).toBe(
        answer('<Request type="SubscribeOnCallEvent"/>'),
      );
    });

    it('with a Feed element is answered with one that says where it begins', async () => {
      const { house, client } = await visit();
      await house.publish(started(7));
      const request = '<Request type="SubscribeOnCallEvent" id="x"><Feed/></Request>';
      expect(await exchange(client, ask(request))).toBe(
        answer(
          '<Request type="SubscribeOnCallEvent" id="x"/><Keepalive time="10"/><Feed position="memory01-1"/>',
        ),
      );
    });

    it.each<[string, string, string]>([
      ['no number', '<Extension/>', 'An Extension names no number'],
      ['an empty number', '<Extension number=""/>', 'An Extension is empty'],
      ['two ways at once', '<Extension number="1" prefix="2"/>', 'in more than one way'],
      ['half a range', '<Extension from="1"/>', 'expected digits in both'],
      ['a range backwards', '<Extension from="20" to="10"/>', 'expected the lower number in from'],
      ['a misspelt Extension', '<Extention number="1000"/>', 'expected Extension or Feed'],
      ['a misspelt Feed attribute', '<Feed snapshots="true"/>', 'expected events, snapshot'],
      ['an unknown event', '<Feed events="CallBegin"/>', 'expected some of CallStart'],
      ['a position that is none', '<Feed after="yesterday"/>', 'is no position'],
    ])('with %s is refused, and what was subscribed stays', async (_, content, said) => {
      const { house, client } = await visit();
      await exchange(client, ask('<Request type="SubscribeOnCallEvent" id="1"/>'));
      client.send(ask(`<Request type="SubscribeOnCallEvent" id="2">${content}</Request>`));
      expect(await client.next()).toMatchObject({
        kind: 'failure',
        code: 2,
        head: { type: 'SubscribeOnCallEvent', id: '2' },
        failure: 'Invalid Request',
        detail: expect.stringContaining(said),
      });
      await house.publish(started(7));
      expect(await client.next()).toMatchObject({ kind: 'call', type: 'CallStart' });
    });
  });

  describe('Unsubscribe', () => {
    it('is answered; events and keep-alives stop, and the session stays open', async () => {
      const { house, client } = await visit();
      await exchange(client, ask('<Request type="SubscribeOnCallEvent" id="1"/>'));
      await house.publish(started(7));
      await client.next();
      expect(await exchange(client, ask('<Request type="Unsubscribe" id="2"/>'))).toBe(
        answer('<Request type="Unsubscribe" id="2"/>'),
      );
      await house.publish(started(8));
      house.pass(60_000);
      await exchange(client, ask('<Request type="GetManagementSummary" id="3"/>'));
      expect(client.messages.map(({ kind }) => kind)).toEqual([
        'answer',
        'call',
        'answer',
        'answer',
      ]);
      expect(house.groups.members).toBe(0);
      expect(house.hub.audiences).toBe(0);
    });

    it('is answered where nothing was subscribed', async () => {
      const { client } = await visit();
      expect(await exchange(client, ask('<Request type="Unsubscribe"/>'))).toBe(
        answer('<Request type="Unsubscribe"/>'),
      );
    });
  });

  describe('GetOngoingCalls', () => {
    const line = (one: typeof call, start: string): string =>
      `<Call id="${one.id}" caller="${one.caller.number}" called="${one.called.number}" start="${start}"/>`;
    const first = line(call, '2025-03-14 09:26:53.589');
    const second = line(other, '2025-03-14 09:26:54.589');

    it('lists every call, oldest first', async () => {
      const { client } = await visit();
      expect(await exchange(client, ask('<Request type="GetOngoingCalls" id="2"/>'))).toBe(
        answer(`<Request type="GetOngoingCalls" id="2"/>${first}${second}`),
      );
    });

    it('lists those of an extension', async () => {
      const { client } = await visit();
      const request = '<Request type="GetOngoingCalls" id="2"><Extension number="1001"/></Request>';
      expect(await exchange(client, ask(request))).toBe(
        answer(`<Request type="GetOngoingCalls" id="2"/>${second}`),
      );
    });

    it('lists none where there are none, and no call that is over', async () => {
      const { house, client } = await visit();
      await house.publish(eventOf('call.ended', endedCall(0)), eventOf('call.ended', endedCall(1)));
      expect(await exchange(client, ask('<Request type="GetOngoingCalls" id="2"/>'))).toBe(
        answer('<Request type="GetOngoingCalls" id="2"/>'),
      );
    });
  });

  describe('GetCallDetail', () => {
    it.each(['GetCallDetail', 'GetCallDetails', 'GetCallDetailRecord'])(
      'gives the record of an ongoing call, asked for as %s, and echoes that',
      async (type) => {
        const { house, client } = await visit();
        const request = `<Request type="${type}" id="3"><Call id="${call.id}"/></Request>`;
        expect(await exchange(client, ask(request))).toBe(
          answer(`<Request type="${type}" id="3"/>${house.encoder.cdr(call)}`),
        );
      },
    );

    it('gives the record of a finished call', async () => {
      const { house, client } = await visit();
      const record = '<verbacdr state="1"><id>f</id></verbacdr>';
      house.desk.finished.set('f', record);
      const request = '<Request type="GetCallDetail"><Call id="f"/></Request>';
      expect(await exchange(client, ask(request))).toBe(
        answer(`<Request type="GetCallDetail"/>${record}`),
      );
    });

    it('fails for a call that nobody knows', async () => {
      const { client } = await visit();
      const request = '<Request type="GetCallDetail" id="7"><Call id="nope"/></Request>';
      expect(await exchange(client, ask(request))).toBe(
        failure(
          ' type="GetCallDetail" id="7"',
          'Call Not Found',
          'No call has the id "nope" here.',
        ),
      );
    });

    it('fails with a word, not with silence, when the books cannot be read', async () => {
      const { house, client } = await visit();
      house.desk.answers = () => Promise.reject(new Error('disk on fire'));
      const request = '<Request type="GetCallDetail" id="7"><Call id="nope"/></Request>';
      expect(await exchange(client, ask(request))).toBe(
        failure(
          ' type="GetCallDetail" id="7"',
          'Processing Error',
          'The server could not answer; the reason is in its log.',
        ),
      );
      expect(house.log.lines).toContainEqual(
        expect.objectContaining({ level: 'error', event: 'request.failed' }),
      );
    });
  });

  describe('MuteChannel and GetMuteState', () => {
    const mute = (id: string, inside = ''): string =>
      `<Request type="MuteChannel" id="4"><Call id="${id}"/><State callerMuted="true" calleeMuted="false"/>${inside}</Request>`;

    it('drives the recorder and echoes', async () => {
      const { house, client } = await visit();
      expect(await exchange(client, ask(mute(call.id)))).toBe(
        answer('<Request type="MuteChannel" id="4"/>'),
      );
      expect(house.desk.mutes).toEqual([
        { call: call.id, wanted: { callerMuted: true, calleeMuted: false } },
      ]);
    });

    it('passes on why the recorder refuses', async () => {
      const { house, client } = await visit();
      house.desk.muteResult = { kind: 'failed', reason: 'No such channel: SIP/<1>' };
      expect(await exchange(client, ask(mute(call.id)))).toBe(
        failure(' type="MuteChannel" id="4"', 'Processing Error', 'No such channel: SIP/&lt;1&gt;'),
      );
    });

    it('fails for a call that is not there', async () => {
      const { client } = await visit();
      client.send(ask(mute('nope')));
      expect(await client.next()).toMatchObject({ kind: 'failure', failure: 'Call Not Found' });
    });

    it('fails without a State', async () => {
      const { client } = await visit();
      client.send(ask(`<Request type="MuteChannel"><Call id="${call.id}"/></Request>`));
      expect(await client.next()).toMatchObject({ kind: 'failure', failure: 'Invalid Request' });
    });

    it('says MuteState in the echo of GetMuteState', async () => {
      const { client } = await visit();
      const request = `<Request type="GetMuteState" id="5"><Call id="${call.id}"/></Request>`;
      expect(await exchange(client, ask(request))).toBe(
        answer('<Request type="MuteState" id="5"/><State callerMuted="true" calleeMuted="false"/>'),
      );
    });

    it('has no mute state for a call that is not there', async () => {
      const { client } = await visit();
      const request = '<Request type="GetMuteState" id="5"><Call id="nope"/></Request>';
      expect(await exchange(client, ask(request))).toBe(
        failure(' type="GetMuteState" id="5"', 'Call Not Found', 'No call has the id "nope" here.'),
      );
    });
  });

  it('GetManagementSummary tells version, uptime, subscribers, calls and sources', async () => {
    const { client } = await visit();
    await exchange(client, ask('<Request type="SubscribeOnCallEvent"/>'));
    expect(await exchange(client, ask('<Request type="GetManagementSummary" id="N"/>'))).toBe(
      answer(
        '<Request type="GetManagementSummary" id="N"/><Summary version="9.8.7" uptime="61" subscribers="1" calls="2">' +
          '<Source name="pbx" state="up" heard="2025-03-14 09:26:53.589" lag="7"/><Source name="branch" state="down"/></Summary>',
      ),
    );
  });

  it('gives ids back as they were sent, whatever they hold', async () => {
    const { client } = await visit();
    const request = '<Request type="Unsubscribe" id="&lt; &#x1F600; &amp;&quot; 007"/>';
    expect(await exchange(client, ask(request))).toBe(
      answer('<Request type="Unsubscribe" id="&lt; 😀 &amp;&quot; 007"/>'),
    );
    expect(await exchange(client, ask('<Request type="Unsubscribe" id=""/>'))).toBe(
      answer('<Request type="Unsubscribe" id=""/>'),
    );
  });

  describe('a request that cannot be served', () => {
    it.each<[string, string, string, RegExp]>([
      [
        'an unknown type',
        '<Request type="GetWeather" id="1"/>',
        ' type="GetWeather" id="1"',
        /^Unknown Request: The type "GetWeather" is not known; expected one of Subscr/,
      ],
      ['no type', '<Request id="1"/>', '', /^Invalid Request: The Request has no type/],
      ['no Request', '<Reqest type="Unsubscribe"/>', '', /^Invalid Request: 0 Request elements/],
      [
        'two Requests',
        '<Request type="Unsubscribe"/><Request type="Unsubscribe"/>',
        '',
        /^Invalid Request: 2 Request elements/,
      ],
    ])('for %s is answered, and the session goes on', async (_, content, head, said) => {
      const { client } = await visit();
      client.send(ask(content));
      const message = await client.find(isFailure);
      expect(`${message.failure}: ${message.detail}`).toMatch(said);
      expect(client.documents.at(-1)).toContain(`<Response code="2"${head}>`);
      await exchange(client, ask('<Request type="Unsubscribe"/>'));
      expect(client.messages.at(-1)).toMatchObject({ kind: 'answer' });
    });

    it('for another root is answered, and the session goes on', async () => {
      const { client } = await visit();
      client.send('<VerbaAPI/>');
      expect(await client.find(isFailure)).toMatchObject({ head: undefined });
      await exchange(client, ask('<Request type="Unsubscribe"/>'));
    });
  });

  it.each<[string, string]>([
    ['XML that is not well-formed', '<VerbaApi><Request type="Unsubscribe"></VerbaApi>'],
    ['no XML', 'SUBSCRIBE 1000\n'],
    ['a DOCTYPE', '<!DOCTYPE VerbaApi><VerbaApi/>'],
    ['an unknown entity', ask('<Request type="Unsubscribe" id="&who;"/>')],
    ['17 levels', `${'<a>'.repeat(17)}${'</a>'.repeat(17)}`],
    ['a value beyond 4 KiB', ask(`<Request type="Unsubscribe" id="${'x'.repeat(4_097)}"/>`)],
  ])('%s is answered once, without type and id, and the session ends', async (_, text) => {
    const { house, client } = await visit();
    client.send(text);
    const closing = await client.closed();
    expect(client.documents).toHaveLength(1);
    expect(client.documents[0]).toContain(
      '<Response code="2"><ErrorMessage description="Invalid Request">',
    );
    if (transport === 'websocket') {
      expect(closing).toEqual({ code: 4002, reason: 'protocol-error' });
    }
    expect(house.endings).toMatchObject([{ transport, reason: 'protocol-error' }]);
  });

  describe('where a token must come first', () => {
    const guarded = { session: { requireToken: true } };
    const authenticate = (token: string): string =>
      ask(`<Request type="Authenticate" id="10" token="${token}"/>`);
    const subscribe = ask('<Request type="SubscribeOnCallEvent" id="1"/>');

    it('a request without one fails and ends the session', async () => {
      const { client } = await visit(guarded);
      client.send(ask('<Request type="GetOngoingCalls" id="2"/>'));
      const closing = await client.closed();
      expect(client.documents).toEqual([
        failure(
          ' type="GetOngoingCalls" id="2"',
          'Not Authorized',
          'GetOngoingCalls came before Authenticate; this listener asks for a token first.',
        ),
      ]);
      if (transport === 'websocket') {
        expect(closing).toEqual({ code: 4003, reason: 'unauthorized' });
      }
    });

    it('a wrong one fails and ends the session', async () => {
      const { client } = await visit(guarded);
      client.send(authenticate('guess'));
      await client.closed();
      expect(client.documents).toEqual([
        failure(
          ' type="Authenticate" id="10"',
          'Not Authorized',
          'The token is not known here; ask the administrator for a valid one.',
        ),
      ]);
    });

    it('the right one is echoed, without the token, and everything may follow', async () => {
      const { client } = await visit(guarded);
      expect(await exchange(client, authenticate(goodToken))).toBe(
        answer('<Request type="Authenticate" id="10"/>'),
      );
      await exchange(client, subscribe);
      expect(client.messages.at(-1)).toMatchObject({ kind: 'answer', keepAliveS: 10 });
    });

    it('none is needed where none is asked for, and one that is sent is still looked at', async () => {
      const { client } = await visit();
      await exchange(client, authenticate(goodToken));
      expect(client.messages.at(-1)).toMatchObject({ kind: 'answer' });
      client.send(authenticate('guess'));
      await client.closed();
    });
  });

  describe('a server that closes after each response', () => {
    const closing = { session: { closeAfterResponse: true } };

    it('closes after an answer', async () => {
      const { client } = await visit(closing);
      client.send(ask(`<Request type="GetCallDetail"><Call id="${call.id}"/></Request>`));
      const end = await client.closed();
      expect(client.messages).toMatchObject([{ kind: 'answer' }]);
      if (transport === 'websocket') expect(end).toEqual({ code: 1001, reason: 'going-away' });
    });

    it('keeps a subscriber, also when it asks for more', async () => {
      const { house, client } = await visit(closing);
      await exchange(client, ask('<Request type="SubscribeOnCallEvent"/>'));
      await exchange(client, ask('<Request type="GetManagementSummary"/>'));
      await house.publish(started(7));
      expect(await client.next()).toMatchObject({ kind: 'call' });
    });
  });
});
