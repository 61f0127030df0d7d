/**
 * What the server says in JSON: the record as XML tells it, field by field, and the rest as the XML reader
 * would have it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOfCall } from '../../src/call/event.ts';
import type { Call } from '../../src/call/call.ts';
import { cdrXml, type CdrSite } from '../../src/record/cdr-xml.ts';
import { cdrJson, readRecord } from '../../src/subscriber/json-answer-codec.ts';
import type { Answer } from '../../src/subscriber/message.ts';
import { readServerDocument } from '../../src/subscriber/reading.ts';
import { type Wire, wires } from '../../src/subscriber/wire.ts';
import { connectedCall, endedCall, gapOf, upOf } from '../support/calls.ts';
import { history } from '../support/any-history.ts';
import { site } from '../support/house.ts';
import { asSaid, readServerJson } from '../support/json-messages.ts';
import { ProtocolError } from '../../src/base/errors.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', ' ', '\t', '\r\n', 'a\nb ', '<&>"\'', '\ud800', '\0', ']]>', '&amp;', '😀'),
);
const party = fc.record({ number: text, name: text, address: text }, { requiredKeys: [] });
const changes: fc.Arbitrary<Partial<Call>> = fc.record({
  caller: party,
  called: party,
  platformIds: fc.array(text, { maxLength: 3 }),
  direction: fc.constantFrom('internal', 'incoming', 'outgoing', 'external'),
  conference: text,
});
const anySite: fc.Arbitrary<CdrSite> = fc.record({
  location: text,
  recorderServiceId: fc.nat(),
  times: fc.constantFrom('utc' as const, 'local' as const),
  directionIds: fc.constantFrom({}, { incoming: 17 }),
});

/** With the order of the fields. */
const entries = (record: object): unknown => Object.entries(record);

describe('the record', () => {
  it('has the fields, the texts and the order of its XML, whatever is in it', () => {
    fc.assert(
      fc.property(changes, anySite, fc.boolean(), (some, where, isEnded) => {
        const call = isEnded ? endedCall(0, some) : connectedCall(0, some);
        const record: object = JSON.parse(cdrJson(call, where));
        expect(entries(record)).toEqual(entries(readRecord(cdrXml(call, where))));
        expect(record).toMatchObject({ state: isEnded ? '1' : '0', id: call.id });
      }),
      { numRuns: 1_000 },
    );
  });

  it('is so of every call that a registry tells of', () => {
    fc.assert(
      fc.property(history, (told) => {
        for (const { event } of told) {
          if (!isOfCall(event)) continue;
          expect(entries(JSON.parse(cdrJson(event.call, site)))).toEqual(
            entries(readRecord(cdrXml(event.call, site))),
          );
        }
      }),
      { numRuns: 20 },
    );
  });

  it('that is none is not made up', () => {
    expect(() => readRecord('<verbacdr>')).toThrow(ProtocolError);
  });
});

describe('each message', () => {
  const head = { type: 'GetOngoingCalls', id: 'é"<\\' };
  const sources = [
    { name: 'pbx "1"', state: 'up' as const, heardAtMs: 0 },
    { name: 'b', state: 'down' as const },
  ];
  const summary = { version: '1', uptimeS: 0, subscribers: 0, ongoingCalls: 3, sources };
  const subscribe = { type: 'SubscribeOnCallEvent' };
  const answers: readonly Answer[] = [
    { kind: 'subscribed', head: subscribe, keepAliveS: 10, feed: { position: 'a-1' } },
    {
      kind: 'subscribed',
      head: subscribe,
      keepAliveS: 0,
      feed: { position: 'a-1', calls: 0, recovered: false },
    },
    { kind: 'done', head: { type: 'MuteChannel', id: '' } },
    { kind: 'ongoing', head, calls: [] },
    { kind: 'ongoing', head, calls: [connectedCall(1), connectedCall(2, { caller: {} })] },
    { kind: 'detail', head: { type: 'GetCallDetail' }, cdr: cdrXml(endedCall(0), site) },
    { kind: 'mute-state', head: { type: 'GetMuteState' }, callerMuted: true, calleeMuted: false },
    { kind: 'summary', head: { type: 'GetManagementSummary' }, summary },
    { kind: 'failure', failure: 'Invalid Request', detail: 'a\nb' },
    { kind: 'failure', head: { type: 'x', id: 'y' }, failure: 'Unknown Request', detail: '' },
  ];
  const said: readonly ((wire: Wire) => string)[] = [
    ...answers.map((answer) => (wire: Wire) => wire.answer(answer, 'utc')),
    (wire) => wire.keepAlive({ intervalS: 10, position: 'a-1', sources }, 'utc'),
    (wire) => wire.keepAlive({ intervalS: 10, sources: [] }, 'utc'),
    (wire) => wire.source(gapOf('pbx', 7), 'a-1', 'utc'),
    (wire) => wire.source(upOf('pbx', 7, 9), 'a-1', 'utc'),
    (wire) => wire.goodbye({ reason: 'idle' }),
    (wire) => wire.goodbye({ reason: 'going-away', position: 'a-1' }),
    ...[connectedCall(0), endedCall(0)].flatMap((call) =>
      [true, false].map((snapshot) => (wire: Wire) => {
        const view = wire.view(call, 'utc');
        const feed = { position: 'a-1', snapshot, view };
        return wire.notification({ type: 'CallUpdate', cdr: wire.record(call, site), feed });
      }),
    ),
  ];

  it.each(said.map((say) => [say(wires.json), say] as const))('%s says what XML says', (_, say) => {
    const fromXml = readServerDocument(say(wires.xml));
    if (fromXml instanceof ProtocolError) throw fromXml;
    expect(asSaid(readServerJson(say(wires.json)))).toEqual(asSaid(fromXml));
  });

  it('tells times outside the record in UTC, wherever the server stands', () => {
    const zone = process.env['TZ'];
    process.env['TZ'] = 'America/New_York';
    try {
      const call = connectedCall(0);
      expect(wires.json.view(call, 'local')).toBe(wires.json.view(call, 'utc'));
      expect(wires.json.view(call, 'local')).toContain('"answered":"2025-03-14T09:26:59.889Z"');
      expect(wires.json.source(gapOf('pbx', 0), 'a-1', 'local')).toContain(
        '"from":"1970-01-01T00:00:00.000Z"',
      );
      expect(wires.json.record(call, { ...site, times: 'local' })).toContain(
        '"start_time":"2025-03-14 05:26:53.589"',
      );
    } finally {
      if (zone === undefined) delete process.env['TZ'];
      else process.env['TZ'] = zone;
    }
  });
});
