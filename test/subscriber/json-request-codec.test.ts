/**
 * Requests in JSON: the same values that XML gives, and refusals that name what was seen and what was expected.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { escapeText, resolveReferences } from '../../src/base/xml.ts';
import { parseJsonRequest } from '../../src/subscriber/json-request-codec.ts';
import { notificationTypes, type Request } from '../../src/subscriber/message.ts';
import { parseRequest, requestXml } from '../../src/subscriber/request-codec.ts';
import { requestJson } from '../support/json-messages.ts';

const parse = (text: string) => parseJsonRequest(Buffer.from(text));
const asked = (request: object) => parse(JSON.stringify(request));
const subscribe = (more: object) => asked({ type: 'SubscribeOnCallEvent', id: '1', ...more });

const text = fc
  .oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 30 }))
  .map((any) => resolveReferences(escapeText(any)) ?? '');
const filled = text.map((any) => `${any}x`);
const pattern = fc.oneof(
  filled.map((number) => ({ kind: 'number' as const, number })),
  filled.map((prefix) => ({ kind: 'prefix' as const, prefix })),
  fc
    .tuple(fc.integer({ min: 100, max: 999 }), fc.integer({ min: 100, max: 999 }))
    .map((ends) => ends.sort((a, b) => a - b).map(String))
    .map(([from = '', to = '']) => ({ kind: 'range' as const, from, to })),
);
const patterns = fc.array(pattern, { maxLength: 5 });
const feed = fc.record(
  {
    snapshot: fc.boolean(),
    ack: fc.boolean(),
    after: text,
    events: fc.uniqueArray(fc.constantFrom(...notificationTypes), { minLength: 1 }),
  },
  { requiredKeys: ['snapshot', 'ack'] },
);
const headOf = (...types: string[]) =>
  fc.record({ type: fc.constantFrom(...types), id: text }, { requiredKeys: ['type'] });
const kind = <K extends string>(name: K) => fc.constant(name);

const anyRequest: fc.Arbitrary<Request> = fc.oneof(
  fc.record({
    kind: kind('subscribe'),
    head: headOf('SubscribeOnCallEvent'),
    extensions: patterns,
    feed,
  }),
  fc.record({ kind: kind('unsubscribe'), head: headOf('Unsubscribe') }),
  fc.record({ kind: kind('ongoing'), head: headOf('GetOngoingCalls'), extensions: patterns }),
  fc.record({
    kind: kind('detail'),
    head: headOf('GetCallDetail', 'GetCallDetails', 'GetCallDetailRecord'),
    call: filled,
  }),
  fc.record({
    kind: kind('mute'),
    head: headOf('MuteChannel'),
    call: filled,
    callerMuted: fc.boolean(),
    calleeMuted: fc.boolean(),
  }),
  fc.record({ kind: kind('mute-state'), head: headOf('GetMuteState'), call: filled }),
  fc.record({ kind: kind('summary'), head: headOf('GetManagementSummary') }),
  fc.record({ kind: kind('authenticate'), head: headOf('Authenticate'), token: filled }),
  fc.record({ kind: kind('keepalive'), head: headOf('Keepalive') }),
);

describe('a request', () => {
  it('is the same value in either encoding', () => {
    const kinds = new Set<string>();
    fc.assert(
      fc.property(anyRequest, (request) => {
        const fromJson = parse(requestJson(request));
        expect(fromJson).toEqual(request);
        expect(fromJson).toEqual(parseRequest(Buffer.from(requestXml(request))));
        kinds.add(request.kind);
      }),
      { numRuns: 1_000 },
    );
    expect(kinds.size).toBe(9);
  });

  it('has opted in, whether it says so or not', () => {
    expect(asked({ type: 'SubscribeOnCallEvent' })).toEqual({
      kind: 'subscribe',
      head: { type: 'SubscribeOnCallEvent' },
      extensions: [],
      feed: { snapshot: false, ack: false },
    });
    expect(subscribe({ feed: {} })).toEqual(subscribe({}));
    expect(subscribe({ extensions: [] })).toEqual(subscribe({}));
  });

  it('names an event twice for nothing', () => {
    expect(subscribe({ feed: { events: ['CallEnd', 'CallStart', 'CallEnd'] } })).toMatchObject({
      feed: { events: ['CallEnd', 'CallStart'] },
    });
  });

  it('leaves what a position is to the session', () => {
    expect(subscribe({ feed: { after: '' } })).toMatchObject({ feed: { after: '' } });
  });

  it.each<[string, object, RegExp]>([
    [
      'a misspelt list',
      { extension: [] },
      /^The message has "extension"; expected only type, id, extensions, feed\.$/,
    ],
    [
      'a misspelt option',
      { feed: { snapshots: true } },
      /^"feed" has "snapshots"; expected only events, snapshot, after, ack\.$/,
    ],
    [
      'a misspelt way',
      { extensions: [{ nubmer: '1' }] },
      /^"extensions\[0\]" has "nubmer"; expected only number, prefix, from, to\.$/,
    ],
    [
      'one extension, not a list',
      { extensions: { number: '1' } },
      /^"extensions" is an object; expected a list\.$/,
    ],
    ['extensions of nobody', { extensions: null }, /^"extensions" is null; expected a list\.$/],
    [
      'a number that is none',
      { extensions: ['1001'] },
      /^"extensions\[0\]" is "1001"; expected an object\.$/,
    ],
    [
      'a number without quotes',
      { extensions: [{ number: '7' }, { number: 1001 }] },
      /^"extensions\[1\]\.number" is 1001; expected a text such as "1001"\.$/,
    ],
    [
      'an empty number',
      { extensions: [{ number: '' }] },
      /number" is ""; expected a text such as "1001"/,
    ],
    [
      'an empty prefix',
      { extensions: [{ prefix: '' }] },
      /prefix" is ""; expected a text such as "10"/,
    ],
    [
      'no way',
      { extensions: [{}] },
      /^An Extension names no number; expected either "number":"…", "prefix":"…" or "from":"…" "to":"…"\.$/,
    ],
    ['two ways', { extensions: [{ number: '1', prefix: '2' }] }, /more than one way/],
    ['a range and a number', { extensions: [{ number: '1', to: '2' }] }, /more than one way/],
    ['half a range', { extensions: [{ from: '1' }] }, /"from":"1" "to":"".*digits/],
    [
      'a range of letters',
      { extensions: [{ from: 'a', to: '2' }] },
      /from" is "a"; expected digits/,
    ],
    ['a range of numbers', { extensions: [{ from: 1, to: 2 }] }, /from" is 1; expected digits/],
    [
      'a range of unequal length',
      { extensions: [{ from: '99', to: '100' }] },
      /"from":"99" "to":"100"; expected as many digits/,
    ],
    ['a range backwards', { extensions: [{ from: '20', to: '10' }] }, /lower number in from/],
    ['a feed that is none', { feed: true }, /^"feed" is true; expected an object\.$/],
    ['a feed that is a list', { feed: [] }, /^"feed" is a list; expected an object\.$/],
    [
      'events in one text',
      { feed: { events: 'CallStart' } },
      /^"feed\.events" is "CallStart"; expected a list of event types\.$/,
    ],
    [
      'an unknown event',
      { feed: { events: ['CallStart', 'CallMiddle'] } },
      /^"feed\.events\[1\]" is "CallMiddle"; expected one of CallStart, CallEnd, /,
    ],
    ['no event', { feed: { events: [] } }, /^"feed\.events" names none; expected at least one/],
    [
      'a flag that is a text',
      { feed: { snapshot: 'true' } },
      /^"feed\.snapshot" is "true"; expected true or false\.$/,
    ],
    [
      'a flag that is a number',
      { feed: { ack: 1 } },
      /^"feed\.ack" is 1; expected true or false\.$/,
    ],
    [
      'a position that is a number',
      { feed: { after: 1 } },
      /^"feed\.after" is 1; expected a position\.$/,
    ],
    ['a key of everybody', JSON.parse('{"constructor":1}'), /has "constructor"; expected only/],
    ['another one', JSON.parse('{"__proto__":{"feed":1}}'), /has "__proto__"; expected only/],
    [
      'another one below',
      { feed: JSON.parse('{"__proto__":{"ack":true}}') },
      /"feed" has "__proto__"/,
    ],
  ])('to subscribe is refused with %s', (_, more, detail) => {
    // Spreading would make a prototype of it.
    const request = JSON.stringify({ type: 'SubscribeOnCallEvent', id: '1' }).slice(0, -1);
    expect(parse(`${request},${JSON.stringify(more).slice(1)}`)).toEqual({
      kind: 'refusal',
      head: { type: 'SubscribeOnCallEvent', id: '1' },
      failure: 'Invalid Request',
      detail: expect.stringMatching(detail),
    });
  });

  it.each<[string, object, RegExp]>([
    ['GetOngoingCalls', { feed: {} }, /has "feed"; expected only type, id, extensions\./],
    ['GetCallDetail', {}, /^"call" is missing; expected the id of a call\.$/],
    ['GetCallDetails', { call: '' }, /^"call" is ""; expected the id of a call\.$/],
    ['GetCallDetailRecord', { call: { id: '1' } }, /^"call" is an object; expected the id/],
    ['GetMuteState', { call: ['1'] }, /^"call" is a list; expected the id/],
    [
      'MuteChannel',
      { call: '1', calleeMuted: true },
      /^"callerMuted" is missing; expected true or false/,
    ],
    [
      'MuteChannel',
      { call: '1', callerMuted: true, calleeMuted: 'yes' },
      /^"calleeMuted" is "yes"/,
    ],
    [
      'MuteChannel',
      { cal: '1', callerMuted: true, calleeMuted: true },
      /has "cal"; expected only type, id, call, callerMuted, calleeMuted/,
    ],
    ['Authenticate', {}, /^"token" is missing; expected a token\.$/],
    ['Authenticate', { token: '' }, /^"token" is ""; expected a token\.$/],
    ['Unsubscribe', { all: true }, /has "all"; expected only type, id\./],
    ['Keepalive', { position: 'a-1' }, /has "position"; expected only type, id\./],
  ])('%s with %j is refused', (type, more, detail) => {
    expect(asked({ type, id: 'é', ...more })).toEqual({
      kind: 'refusal',
      head: { type, id: 'é' },
      failure: 'Invalid Request',
      detail: expect.stringMatching(detail),
    });
  });

  it('with an id that is no text is refused, and echoed without it', () => {
    expect(asked({ type: 'Unsubscribe', id: 7 })).toEqual({
      kind: 'refusal',
      head: { type: 'Unsubscribe' },
      failure: 'Invalid Request',
      detail: '"id" is 7; expected a text.',
    });
  });

  it('of an unknown type is refused in the words of XML', () => {
    for (const type of ['GetWeather', '__proto__', 'constructor', 'toString']) {
      const refused = asked({ type, id: 'x' });
      expect(refused).toMatchObject({ failure: 'Unknown Request' });
      const xml = `<VerbaApi><Request type="${type}" id="x"/></VerbaApi>`;
      expect(refused).toEqual(parseRequest(Buffer.from(xml)));
    }
  });

  it('is refused shortly, however long it was', () => {
    const long = 'x'.repeat(4_000);
    for (const request of [
      { type: long },
      { type: 'Keepalive', [long]: 1 },
      { type: 'GetOngoingCalls', extensions: long },
    ]) {
      expect(asked(request)).toMatchObject({ detail: expect.stringMatching(/^.{1,400}$/) });
    }
  });

  it.each([
    ['a list', '[]', /no object/],
    ['a text', '"Unsubscribe"', /no object/],
    ['null', 'null', /no object/],
    ['no type', '{"id":"1"}', /no type; expected a text such as "SubscribeOnCallEvent"/],
    ['an empty type', '{"type":""}', /no type/],
    ['a type that is no text', '{"type":1}', /no type/],
    ['a type by inheritance', '{"__proto__":{"type":"Unsubscribe"}}', /no type/],
  ])('is refused without a head when it is %s', (_, message, detail) => {
    expect(parse(message)).toEqual({
      kind: 'refusal',
      failure: 'Invalid Request',
      detail: expect.stringMatching(detail),
    });
  });

  it('that is not JSON breaks the protocol', () => {
    expect(parse('<VerbaApi/>')).toBeInstanceOf(ProtocolError);
  });
});
