import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { Framer } from '../../src/subscriber/framer.ts';
import { notificationTypes, type Request } from '../../src/subscriber/message.ts';
import { parseRequest, requestXml } from '../../src/subscriber/request-codec.ts';

function parse(content: string) {
  return parseRequest(Buffer.from(`<VerbaApi>${content}</VerbaApi>`));
}

const subscribe = (children: string) =>
  parse(`<Request type="SubscribeOnCallEvent" id="1">${children}</Request>`);

describe('a subscribe request', () => {
  it('without extensions asks for all calls', () => {
    expect(subscribe('')).toEqual({
      kind: 'subscribe',
      head: { type: 'SubscribeOnCallEvent', id: '1' },
      extensions: [],
    });
  });

  it('names numbers as text, prefixes and ranges', () => {
    expect(
      subscribe(
        '<Extension number="0012"/> <Extension number=" +49 30"/>\n<Extension prefix="10"/>' +
          '<Extension from="0100" to="0199"/><Extension from="7" to="7"/>',
      ),
    ).toMatchObject({
      extensions: [
        { kind: 'number', number: '0012' },
        { kind: 'number', number: ' +49 30' },
        { kind: 'prefix', prefix: '10' },
        { kind: 'range', from: '0100', to: '0199' },
        { kind: 'range', from: '7', to: '7' },
      ],
    });
  });

  it('ignores attributes that it does not know on what is the outside system’s', () => {
    expect(
      parse(
        '<Request type="SubscribeOnCallEvent" id="1" lang="de"><Extension number="1" x="y"/></Request>',
      ),
    ).toMatchObject({ extensions: [{ kind: 'number', number: '1' }] });
  });

  it('has a feed only where it was asked for', () => {
    expect(subscribe('')).not.toHaveProperty('feed');
    expect(subscribe('<Feed/>')).toMatchObject({ feed: { snapshot: false, ack: false } });
  });

  it('names events, snapshot, position and acknowledgement', () => {
    const all = notificationTypes.join(' ');
    expect(
      subscribe(`<Feed events="${all}" snapshot="true" after="abc-1" ack="true"/>`),
    ).toMatchObject({
      feed: { events: [...notificationTypes], snapshot: true, after: 'abc-1', ack: true },
    });
    expect(subscribe('<Feed events=" CallEnd\n CallStart  CallEnd "/>')).toMatchObject({
      feed: { events: ['CallEnd', 'CallStart'] },
    });
  });

  it('leaves what a position is to the session', () => {
    expect(subscribe('<Feed after=""/>')).toMatchObject({ feed: { after: '' } });
  });

  it.each([
    ['no number', '<Extension/>', /names no number; expected either number/],
    ['an empty number', '<Extension number=""/>', /empty/],
    ['an empty prefix', '<Extension prefix=""/>', /empty/],
    ['two ways', '<Extension number="1" prefix="2"/>', /more than one way/],
    ['a range and a number', '<Extension number="1" to="2"/>', /more than one way/],
    ['half a range', '<Extension from="1"/>', /from="1" to="".*digits/],
    ['the other half of a range', '<Extension to="1"/>', /from="" to="1".*digits/],
    ['a range of letters', '<Extension from="a" to="b"/>', /from="a" to="b".*digits/],
    ['a range of other digits', '<Extension from="１" to="２"/>', /digits/],
    ['a range of unequal length', '<Extension from="99" to="100"/>', /from="99" to="100".*as many/],
    ['a range backwards', '<Extension from="20" to="10"/>', /lower number in from/],
    ['a misspelt element', '<extension number="1"/>', /"extension"; expected Extension or Feed/],
    ['another element', '<Extension number="1"/><Call id="1"/>', /"Call"; expected/],
    ['two feeds', '<Feed/><Feed/>', /2 Feed elements/],
    [
      'an unknown event',
      '<Feed events="CallStart CallMiddle"/>',
      /"CallMiddle"; expected .*CallStart CallEnd/,
    ],
    ['no event', '<Feed events=" "/>', /no event; expected some of CallStart/],
    ['a flag that is none', '<Feed snapshot="yes"/>', /snapshot is "yes"; expected "true"/],
    ['another flag that is none', '<Feed ack=""/>', /ack is ""/],
    ['a misspelt option', '<Feed snapshots="true"/>', /"snapshots"; expected events, snapshot/],
  ])('is refused with %s', (_, children, detail) => {
    expect(subscribe(children)).toEqual({
      kind: 'refusal',
      head: { type: 'SubscribeOnCallEvent', id: '1' },
      failure: 'Invalid Request',
      detail: expect.stringMatching(detail),
    });
  });
});

describe('a request', () => {
  it.each(['GetCallDetail', 'GetCallDetails', 'GetCallDetailRecord'])(
    'for details may be called %s and is echoed so',
    (type) => {
      expect(parse(`<Request type="${type}"><Call id="c"/></Request>`)).toEqual({
        kind: 'detail',
        head: { type },
        call: 'c',
      });
    },
  );

  it.each([
    ['State beside Call', '<Call id="c"/><State callerMuted="true" calleeMuted="false"/>'],
    ['State inside Call', '<Call id="c"><State callerMuted="true" calleeMuted="false"/></Call>'],
    ['State before Call', '<State callerMuted="true" calleeMuted="false"/><Call id="c"/>'],
    ['flags of other languages', '<Call id="c"/><State callerMuted="True" calleeMuted="FALSE"/>'],
    ['flags as numbers', '<Call id="c"/><State callerMuted="1" calleeMuted="0"/>'],
    ['an element nobody knows', '<Call id="c"/><X/><State callerMuted="1" calleeMuted="0"/>'],
  ])('to mute is read with %s', (_, children) => {
    expect(parse(`<Request type="MuteChannel" id="4">${children}</Request>`)).toEqual({
      kind: 'mute',
      head: { type: 'MuteChannel', id: '4' },
      call: 'c',
      callerMuted: true,
      calleeMuted: false,
    });
  });

  it.each([
    ['GetOngoingCalls', '<Extension/>', /names no number/],
    ['GetOngoingCalls', '<Feed/>', /"Feed"; expected Extension\./],
    ['GetCallDetail', '', /0 Call elements; expected exactly one/],
    ['GetCallDetail', '<Call id="1"/><Call id="2"/>', /2 Call elements/],
    ['GetCallDetail', '<Call/>', /no id/],
    ['GetMuteState', '<Call id=""/>', /no id/],
    ['MuteChannel', '<State callerMuted="true" calleeMuted="true"/>', /0 Call elements/],
    ['MuteChannel', '<Call id="1"/>', /0 State elements/],
    ['MuteChannel', '<Call id="1"><State/></Call><State/>', /2 State elements/],
    ['MuteChannel', '<Call id="1"/><State callerMuted="true"/>', /lacks .*calleeMuted/],
    [
      'MuteChannel',
      '<Call id="1"/><State callerMuted="x" calleeMuted="true"/>',
      /callerMuted is "x"/,
    ],
    [
      'MuteChannel',
      '<Call id="1"/><State callerMuted="true" calleeMuted="2"/>',
      /calleeMuted is "2"/,
    ],
    ['Authenticate', '', /no token/],
  ])('%s with %s is refused', (type, children, detail) => {
    expect(parse(`<Request type="${type}" id="é">${children}</Request>`)).toEqual({
      kind: 'refusal',
      head: { type, id: 'é' },
      failure: 'Invalid Request',
      detail: expect.stringMatching(detail),
    });
  });

  it('of an unknown type is refused by its own class, and named', () => {
    expect(parse('<Request type="getongoingcalls" id=""/>')).toEqual({
      kind: 'refusal',
      head: { type: 'getongoingcalls', id: '' },
      failure: 'Unknown Request',
      detail: expect.stringMatching(
        /"getongoingcalls".*expected one of SubscribeOnCallEvent, .*Keepalive\./,
      ),
    });
  });

  it('is not found among the things of JavaScript', () => {
    for (const type of ['__proto__', 'constructor', 'toString']) {
      expect(parse(`<Request type="${type}"/>`)).toMatchObject({ failure: 'Unknown Request' });
    }
  });

  it('is refused shortly, however long it was', () => {
    const refused = parse(`<Request type="${'x'.repeat(4_000)}"/>`);
    expect(refused).toMatchObject({ kind: 'refusal', detail: expect.stringMatching(/^.{1,400}$/) });
  });

  it.each([
    ['another root', '<Foo/>', /root is "Foo"; expected VerbaApi/],
    ['a root of another case', '<verbaapi><Request type="Unsubscribe"/></verbaapi>', /"verbaapi"/],
    ['no request', '<VerbaApi/>', /0 Request elements/],
    ['two requests', '<VerbaApi><Request type="a"/><Request type="b"/></VerbaApi>', /2 Request/],
    ['no type', '<VerbaApi><Request id="1"/></VerbaApi>', /no type/],
    ['an empty type', '<VerbaApi><Request type=""/></VerbaApi>', /no type/],
  ])('is refused without a head when there is %s', (_, text, detail) => {
    expect(parseRequest(Buffer.from(text))).toEqual({
      kind: 'refusal',
      failure: 'Invalid Request',
      detail: expect.stringMatching(detail),
    });
  });

  it.each([
    ['not well-formed', '<VerbaApi><Request type="a" type="b"/></VerbaApi>', 'FEED_XML_MALFORMED'],
    ['forbidden', '<!DOCTYPE a><VerbaApi/>', 'FEED_FRAME_FORBIDDEN'],
    ['too large', `<VerbaApi x="${'y'.repeat(5_000)}"/>`, 'FEED_FRAME_TOO_LARGE'],
  ])('ends the session when it is %s', (_, text, code) => {
    const error = parseRequest(Buffer.from(text));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error).toMatchObject({ code });
  });

  it('never throws, whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(parseRequest(bytes)).toBeInstanceOf(ProtocolError);
      }),
    );
  });
});

const text = fc
  .string({ unit: 'grapheme' })
  .map((raw) => raw.replace(/[\0-\x08\v\f\x0e-\x1f]/g, ' '));
const nonEmpty = text.filter((raw) => raw !== '');
const extension = fc.oneof(
  nonEmpty.map((number) => ({ kind: 'number' as const, number })),
  nonEmpty.map((prefix) => ({ kind: 'prefix' as const, prefix })),
  fc
    .tuple(fc.nat(999), fc.nat(999))
    .map((ends) => ends.sort((a, b) => a - b).map((end) => String(end).padStart(3, '0')))
    .map(([from = '', to = '']) => ({ kind: 'range' as const, from, to })),
);
const extensions = fc.array(extension, { maxLength: 5 });
const feed = fc.record(
  {
    events: fc.uniqueArray(fc.constantFrom(...notificationTypes), { minLength: 1 }),
    snapshot: fc.boolean(),
    after: text,
    ack: fc.boolean(),
  },
  { requiredKeys: ['snapshot', 'ack'] },
);
const head = <T extends string>(...types: readonly T[]) =>
  fc.record({ type: fc.constantFrom(...types), id: text }, { requiredKeys: ['type'] });

const anyRequest: fc.Arbitrary<Request> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('subscribe' as const),
      head: head('SubscribeOnCallEvent'),
      extensions,
      feed,
    },
    { requiredKeys: ['kind', 'head', 'extensions'] },
  ),
  fc.record({ kind: fc.constant('unsubscribe' as const), head: head('Unsubscribe') }),
  fc.record({ kind: fc.constant('ongoing' as const), head: head('GetOngoingCalls'), extensions }),
  fc.record({
    kind: fc.constant('detail' as const),
    head: head('GetCallDetail', 'GetCallDetails', 'GetCallDetailRecord'),
    call: nonEmpty,
  }),
  fc.record({
    kind: fc.constant('mute' as const),
    head: head('MuteChannel'),
    call: nonEmpty,
    callerMuted: fc.boolean(),
    calleeMuted: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('mute-state' as const),
    head: head('GetMuteState'),
    call: nonEmpty,
  }),
  fc.record({ kind: fc.constant('summary' as const), head: head('GetManagementSummary') }),
  fc.record({
    kind: fc.constant('authenticate' as const),
    head: head('Authenticate'),
    token: nonEmpty,
  }),
  fc.record({ kind: fc.constant('keepalive' as const), head: head('Keepalive') }),
);

describe('any request', () => {
  it('is read as our client wrote it, however it was cut on its way', () => {
    fc.assert(
      fc.property(anyRequest, fc.array(fc.nat(400), { maxLength: 5 }), (request, cuts) => {
        const bytes = Buffer.from(requestXml(request));
        const framer = new Framer();
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const framed = at.flatMap((from, n) => framer.push(bytes.subarray(from, at[n + 1])));
        const read = framed.map((one) => one.kind === 'document' && parseRequest(one.document));
        expect(read).toEqual([{ ...request, head: { ...request.head } }]);
      }),
      { numRuns: 500 },
    );
  });
});
