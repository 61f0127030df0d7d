import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call, Leg, QueueVisit } from '../../../src/call/call.ts';
import { isOfCall, type OfCall } from '../../../src/call/event.ts';
import { numberOf } from '../../../src/call/identity.ts';
import { type Destination, readDestination } from '../../../src/webhook/destination.ts';
import {
  focalscope,
  type FocalscopeOptions,
  toldBy,
} from '../../../src/webhook/dialect/focalscope.ts';
import { placeholders } from '../../../src/webhook/dialect/focalscope-call.ts';
import {
  destinationOf,
  dialectContract,
  pairsIn,
  type Pairs,
  requestOf,
  textOf,
  toldOf,
} from '../../contract/dialect.ts';
import { history } from '../../support/any-history.ts';
import { connectedCall, endedCall, eventOf, lifeOf, offeredCall } from '../../support/calls.ts';
import { hostileText } from '../../support/hostile-calls.ts';
import { Listener } from '../../support/listener.ts';
import { sightings } from '../../support/scene-events.ts';
import { anna, Exchange, zoe } from '../../support/signals.ts';
import { contractOf, destinationsIn, rowsUnder } from './contract-text.ts';

const url = 'https://server/endpoint';

function written(own: object = {}, others: object = {}) {
  return { id: 'crm', dialect: 'focalscope', url, focalscope: own, ...others };
}

function destined(own: object = {}, others: object = {}): Destination<FocalscopeOptions> {
  return destinationOf<FocalscopeOptions>(written(own, others));
}

function problems(own: object, others: object = {}) {
  const read = readDestination(written(own, others));
  return read.kind === 'problems' ? read.problems : [];
}

const pairs: Pairs = (item, destination) => {
  // This test's destinations are of this dialect.
  const options = destination.options as FocalscopeOptions;
  const told = toldBy(item, options);
  return Object.entries(options.params).map(([name, template]): [string, string] => {
    const names = template.match(/\w+/g) ?? [];
    return [name, names.map((each) => placeholders[each]?.(told)).join('')];
  });
};

/** Every placeholder under its own name. */
const everything = Object.fromEntries(
  Object.keys(placeholders).map((name) => [name, `{{${name}}}`]),
);
const users = { '1001': { id: 7, name: 'anna', agent: 'Anna W.' } };
const link = 'https://rec.example/play?call={callId}';

dialectContract('focalscope', written({ recordingUrl: link }), pairs);
describe('with every placeholder, encoded strictly', () => {
  const recordingUrl = `${link}&n={nId}&file={file}`;
  const own = { params: everything, strictEncoding: true, recordingUrl, users };
  dialectContract('focalscope', written(own), pairs);
});

/** What the receiver reads of each request, in order. */
function readBy(destination: Destination, events: Iterable<OfCall>): Record<string, string>[] {
  return toldOf(events, destination).map((item) =>
    Object.fromEntries(pairsIn(requestOf([item], destination).url.slice(url.length + 1))),
  );
}

function requestsOf(destination: Destination, events: Iterable<OfCall>): string[] {
  return toldOf(events, destination).map((item) => requestOf([item], destination).url);
}

// The two calls of the vendor's sample requests.

const root: Leg = {
  ...{ key: 'b', state: 'ringing', role: 'called', party: true, number: '1001', agent: 'Root' },
  ...{ callKey: 'a', offeredAtMs: 0, ringingAtMs: 0 },
};

function incoming(id: string, platformId: string, startedAtMs: number): Call {
  return {
    ...{ id, platformIds: [platformId], startedAtMs },
    ...{ source: 'pbx', revision: 1, state: 'offered', direction: 'incoming', dialled: '855555' },
    ...{ caller: { number: 'dev2Incoming' }, called: { number: '855555' }, legs: [], holds: [] },
    ...{ transfers: [], queue: [], recordings: [], extensions: [] },
  };
}

const simpleQueue = (joinedAtMs: number, leftAtMs: number): QueueVisit => ({
  ...{ queue: 'Simple queue', joinedAtMs, leftAtMs, missedBy: [] },
});

const missedStart = incoming('7be71282-c9a8-4a95-8ace-0f4e2ebc0bc5', '103871', 1595496055313);
const missedEnd: Call = {
  ...missedStart,
  ...{ revision: 2, state: 'ended', endedAtMs: 1595496069313, outcome: 'abandoned' },
  ...{ ending: 'observed', legs: [root] },
  queue: [simpleQueue(1595496056480, 1595496069313)],
};
const takenStart = incoming('2f9ad1e4-ccc1-4019-9817-0d028f7448d3', '103870', 1595496018843);
const takenUp: Call = {
  ...takenStart,
  ...{ revision: 2, state: 'connected', answeredAtMs: 1595496027493, answeredBy: 'b' },
  legs: [{ ...root, state: 'connected', connectedAtMs: 1595496027493 }],
  queue: [simpleQueue(1595496019940, 1595496027493)],
};
const takenEnd: Call = {
  ...takenUp,
  ...{ revision: 3, state: 'ended', answeredAtMs: 1595496027990, endedAtMs: 1595496035843 },
  ...{ outcome: 'answered', ending: 'observed' },
  queue: [simpleQueue(1595496019940, 1595496027640)],
  recordings: [
    { id: 1, leg: 'b', startedAtMs: 1595496028000, endedAtMs: 1595496035843, pauses: [] },
  ],
};
const vendorEvents = {
  missedStart: eventOf('call.started', missedStart),
  missedEnd: eventOf('call.ended', missedEnd),
  takenUp: { ...eventOf('call.answered', takenUp), atMs: 1595496027843 },
  takenEnd: eventOf('call.ended', takenEnd),
};

const recordingUrl =
  'https://localhost:8080/_cros_/master/?uid=form_faster_downloadcall&target=self&sectok=3511b272f4fb03ecf900b80b1cc5b8fe&nId={nId}';

describe('the vendor’s sample requests', () => {
  const destination = destined({ callNumber: 'platform', recordingUrl });
  const sent = (event: OfCall): string[] => requestsOf(destination, [event]);

  it('of a call start is sent to the byte', () => {
    expect(sent(vendorEvents.missedStart)).toEqual([
      'https://server/endpoint?Event=start&EventCode=0&CallId=103871&CallGuid=7be71282-c9a8-4a95-8ace-0f4e2ebc0bc5&CallerID=dev2Incoming&DID=855555&ResponderAgent=&QueueName=&CallTypeCode=1&CallTypeName=Incoming&StartTimestampUTC=1595496055313&PickupTimestampUTC=&TotalWaitTimeMs=&EndTimestampUTC=1595496055313&IsCallAnswered=0&IsCallRecorded=&RecordingURL=',
    ]);
  });

  it('of a missed call, hangup and what follows it, are sent to the byte', () => {
    expect(sent(vendorEvents.missedEnd)).toEqual([
      'https://server/endpoint?Event=hangup&EventCode=1&CallId=103871&CallGuid=7be71282-c9a8-4a95-8ace-0f4e2ebc0bc5&CallerID=dev2Incoming&DID=855555&ResponderAgent=Root&QueueName=Simple%20queue&CallTypeCode=1&CallTypeName=Incoming&StartTimestampUTC=1595496055313&PickupTimestampUTC=&TotalWaitTimeMs=12833&EndTimestampUTC=1595496069313&IsCallAnswered=0&IsCallRecorded=0&RecordingURL=',
      'https://server/endpoint?Event=missed&EventCode=3&CallId=103871&CallGuid=7be71282-c9a8-4a95-8ace-0f4e2ebc0bc5&CallerID=dev2Incoming&DID=855555&ResponderAgent=Root&QueueName=Simple%20queue&CallTypeCode=1&CallTypeName=Incoming&StartTimestampUTC=1595496055313&PickupTimestampUTC=&TotalWaitTimeMs=12833&EndTimestampUTC=1595496069313&IsCallAnswered=0&IsCallRecorded=&RecordingURL=',
    ]);
  });

  it('of a pickup is sent to the byte', () => {
    expect(sent(vendorEvents.takenUp)).toEqual([
      'https://server/endpoint?Event=pickup&EventCode=2&CallId=103870&CallGuid=2f9ad1e4-ccc1-4019-9817-0d028f7448d3&CallerID=dev2Incoming&DID=855555&ResponderAgent=Root&QueueName=Simple%20queue&CallTypeCode=1&CallTypeName=Incoming&StartTimestampUTC=1595496018843&PickupTimestampUTC=1595496027493&TotalWaitTimeMs=7553&EndTimestampUTC=1595496027843&IsCallAnswered=1&IsCallRecorded=&RecordingURL=',
    ]);
  });

  it('of an answered call’s hangup is sent to the byte', () => {
    expect(sent(vendorEvents.takenEnd)).toEqual([
      'https://server/endpoint?Event=hangup&EventCode=1&CallId=103870&CallGuid=2f9ad1e4-ccc1-4019-9817-0d028f7448d3&CallerID=dev2Incoming&DID=855555&ResponderAgent=Root&QueueName=Simple%20queue&CallTypeCode=1&CallTypeName=Incoming&StartTimestampUTC=1595496018843&PickupTimestampUTC=1595496027990&TotalWaitTimeMs=7700&EndTimestampUTC=1595496035843&IsCallAnswered=1&IsCallRecorded=1&RecordingURL=https://localhost:8080/_cros_/master/?uid=form_faster_downloadcall&target=self&sectok=3511b272f4fb03ecf900b80b1cc5b8fe&nId=103870',
    ]);
  });
});

describe('the events', () => {
  it('are told once each, in order', () => {
    const items = toldOf(lifeOf(1), destined());
    expect(items.map(({ topic }) => topic)).toEqual(['start', 'pickup', 'hangup']);
  });

  it('of any call are a start, a pickup when it was answered, and an end', () => {
    fc.assert(
      fc.property(history, (entries) => {
        const events = entries.map(({ event }) => event).filter(isOfCall);
        const told = new Map<string, string[]>();
        for (const { occurrence, topic } of toldOf(events, destined())) {
          if (occurrence.kind !== 'call') continue;
          const { id } = occurrence.event.call;
          told.set(id, [...(told.get(id) ?? []), topic]);
        }
        for (const [id, topics] of told) {
          const kinds = events.filter(({ call }) => call.id === id).map(({ kind }) => kind);
          const call = events.findLast((event) => event.call.id === id)?.call;
          const expected = [
            'start',
            ...(kinds.includes('call.answered') ? ['pickup'] : []),
            ...(kinds.includes('call.ended') ? ['hangup'] : []),
          ];
          const isMissed = topics.at(-1) === 'missed';
          expect(topics).toEqual(isMissed ? [...expected, 'missed'] : expected);
          if (isMissed) expect(kinds).not.toContain('call.answered');
          if (isMissed) expect(['merged', 'unknown', 'answered']).not.toContain(call?.outcome);
        }
        expect(told.size).toBe(new Set(events.map(({ call }) => call.id)).size);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['incoming', 'missed', true],
    ['incoming', 'abandoned', true],
    ['incoming', 'cancelled', true],
    ['outgoing', 'busy', true],
    ['external', 'unreachable', true],
    ['internal', 'missed', false],
    // What is not known is not said.
    ['incoming', 'unknown', false],
    ['incoming', 'merged', false],
    // A machine took it.
    ['incoming', 'answered', false],
  ] as const)('of an %s call that is %s are followed by missed: %s', (direction, outcome, is) => {
    const ended = eventOf('call.ended', { ...missedEnd, direction, outcome });
    const topics = toldOf([ended], destined()).map(({ topic }) => topic);
    expect(topics).toEqual(is ? ['hangup', 'missed'] : ['hangup']);
  });

  it('are those that were asked for', () => {
    const told = (events: readonly string[]): string[] =>
      toldOf([...lifeOf(1), vendorEvents.missedEnd], destined({ events })).map(
        ({ topic }) => topic,
      );
    expect(told(['missed'])).toEqual(['missed']);
    expect(told(['pickup', 'start'])).toEqual(['start', 'pickup']);
  });

  it('are not shown of a call that is over, and a start not taken back by its pickup', () => {
    const destination = destined();
    const parts = [...lifeOf(1), vendorEvents.missedEnd].flatMap((event) =>
      focalscope.partsOf({ kind: 'call', event }, undefined, destination),
    );
    const inShort = parts.map(({ topic, class: type, supersedes }) => [topic, type, supersedes]);
    expect(inShort).toEqual([
      ['start', 'live', 'nothing'],
      ['pickup', 'live', 'nothing'],
      ['hangup', 'record', 'live'],
      ['hangup', 'record', 'live'],
      ['missed', 'record', 'live'],
    ]);
  });

  it('begin when the call becomes visible to the destination', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '0800');
    pbx.say({ kind: 'queue.joined', leg: from.leg, queue: 'support' });
    const to = pbx.after(1_000).ringsAt(from, anna);
    pbx.answers(from, to);
    pbx.after(5_000).hangsUp(from, to);
    const { ofCalls } = new Listener().hear(pbx.said);
    // What the filter keeps out never comes this far.
    const seen = (event: OfCall): boolean => event.call.extensions.includes('1001');
    const before = new Map<OfCall, Call | undefined>(
      ofCalls.map((event, nth) => [event, ofCalls[nth - 1]?.call]),
    );
    const destination = destined({}, { extensions: ['1001'] });
    const topics = ofCalls.filter(seen).flatMap((event) => {
      const occurrence = { kind: 'call' as const, event };
      return focalscope.partsOf(occurrence, before.get(event), destination);
    });
    expect(topics.map(({ topic }) => topic)).toEqual(['start', 'pickup', 'hangup']);
  });
});

describe('the placeholders', () => {
  it('are those of the vendor', () => {
    const names =
      'DialApiEventName DialApiEventCode DialApiRequestID CallID CallUUID CallerID DID ResponderAgentExt ResponderAgent ResponderUserID ResponderUserName LastQueueName CallTypeName CallTypeCode StartTimestampUTC PickupTimestampUTC TotalWaitTimeMs EndTimestampUTC IsCallAnswered IsCallRecorded RecordingURL RecordingURL_asBase64 RecordingURL_asURIComponent';
    expect(Object.keys(placeholders)).toEqual(names.split(' '));
  });

  it('of a call that was taken', () => {
    const destination = destined({ params: everything, users, recordingUrl: 'https://r/{file}' });
    const events = [sightings.started, sightings.answered, sightings.ended];
    const [start, pickup, hangup] = readBy(destination, events);
    const startedAtMs = String(Date.parse('2026-03-02T09:00:00.120Z'));
    const always = {
      DialApiRequestID: '',
      CallID: String(numberOf('call', sightings.started.call.id)),
      CallUUID: sightings.started.call.id,
      CallerID: '+493012345678',
      DID: '0800',
      CallTypeName: 'Incoming',
      CallTypeCode: '1',
      StartTimestampUTC: startedAtMs,
    };
    const nothing = {
      RecordingURL: '',
      RecordingURL_asBase64: '',
      RecordingURL_asURIComponent: '',
    };
    expect(start).toEqual({
      ...{ ...always, ...nothing, DialApiEventName: 'start', DialApiEventCode: '0' },
      ...{ ResponderAgentExt: '', ResponderAgent: '', ResponderUserID: '', ResponderUserName: '' },
      ...{ LastQueueName: '', PickupTimestampUTC: '', TotalWaitTimeMs: '' },
      ...{ EndTimestampUTC: startedAtMs, IsCallAnswered: '0', IsCallRecorded: '' },
    });
    const taken = {
      ...{ ResponderAgentExt: '1001', ResponderAgent: 'Anna W.', ResponderUserID: '7' },
      ...{ ResponderUserName: 'anna', LastQueueName: 'support', TotalWaitTimeMs: '13250' },
      ...{ PickupTimestampUTC: String(Date.parse('2026-03-02T09:00:15.250Z')) },
      ...{ IsCallAnswered: '1' },
    };
    expect(pickup).toEqual({
      ...{ ...always, ...taken, ...nothing, DialApiEventName: 'pickup', DialApiEventCode: '2' },
      ...{ EndTimestampUTC: String(sightings.answered.atMs), IsCallRecorded: '' },
    });
    const recording = 'https://r/1772442000.17.wav';
    expect(hangup).toEqual({
      ...{ ...always, ...taken, DialApiEventName: 'hangup', DialApiEventCode: '1' },
      EndTimestampUTC: String(Date.parse('2026-03-02T09:03:20.005Z')),
      IsCallRecorded: '1',
      RecordingURL: recording,
      RecordingURL_asBase64: btoa(recording),
      RecordingURL_asURIComponent: recording,
    });
  });

  it.each([
    ['incoming', undefined, '1', 'Incoming'],
    ['outgoing', undefined, '2', 'Outgoing'],
    ['internal', undefined, '3', 'Internal'],
    ['external', undefined, '1', 'Incoming'],
    ['internal', 'room 5', '6', 'Conference'],
  ] as const)(
    'of an %s call in conference %s say type %s, %s',
    (direction, conference, code, name) => {
      const call = offeredCall(1, { direction, ...(conference !== undefined && { conference }) });
      const [read] = readBy(destined(), [eventOf('call.started', call)]);
      expect(read).toMatchObject({ CallTypeCode: code, CallTypeName: name });
    },
  );

  it('name who was rung last when nobody answered, and who dialled on the way out', () => {
    const params = { ext: '{{ResponderAgentExt}}', name: '{{ResponderAgent}}' };
    const read = (call: Call) =>
      readBy(destined({ params, events: ['hangup'] }), [eventOf('call.ended', call)]);
    const carla: Leg = { ...root, key: 'c', number: '1003', agent: 'Carla' };
    expect(read({ ...missedEnd, legs: [root, carla] })).toEqual([{ ext: '1003', name: 'Carla' }]);
    const visit = { ...simpleQueue(1, 2), missedBy: ['Ann', 'Bob'] };
    expect(read({ ...missedEnd, legs: [], queue: [visit] })).toEqual([{ ext: '', name: 'Bob' }]);
    const standIn: Leg = { ...root, standsFor: 'c', number: '1009', agent: 'Loop' };
    expect(read({ ...takenEnd, legs: [standIn, carla] })).toEqual([{ ext: '1003', name: 'Carla' }]);
    const caller = { number: '1002', name: 'Ben' };
    const out = endedCall(1, { direction: 'outgoing', caller });
    expect(read(out)).toEqual([{ ext: '1002', name: 'Ben' }]);
  });

  it('give a number that is the platform’s own only where that was asked for and is one', () => {
    const params = { n: '{{CallID}}' };
    const read = (callNumber: string, platformId: string): string | undefined => {
      const call = offeredCall(1, { platformIds: [platformId] });
      return readBy(destined({ params, callNumber }), [eventOf('call.started', call)])[0]?.n;
    };
    const derived = String(numberOf('call', offeredCall(1).id));
    expect(read('platform', '103871')).toBe('103871');
    expect(read('derived', '103871')).toBe(derived);
    for (const other of ['', '1772442000.17', '007', '9007199254740993', '1e5', '٣']) {
      expect(read('platform', other)).toBe(derived);
    }
  });

  it('of a start say that it is the last moment known, however late it is told', () => {
    const late = { ...vendorEvents.missedStart, atMs: missedStart.startedAtMs + 500 };
    const [read] = readBy(destined(), [late]);
    expect(read?.EndTimestampUTC).toBe(String(missedStart.startedAtMs));
  });

  it('count the time before the answer as waiting where there was no queue', () => {
    const call = connectedCall(1, { queue: [] });
    const [read] = readBy(destined(), [eventOf('call.answered', call)]);
    expect(read?.TotalWaitTimeMs).toBe('6300');
  });

  it('say that a machine’s call was answered, when its caller was connected', () => {
    const caller: Leg = { ...root, role: 'caller', connectedAtMs: missedEnd.startedAtMs + 500 };
    const call: Call = { ...missedEnd, outcome: 'answered', legs: [caller], queue: [] };
    const [read] = readBy(destined(), [eventOf('call.ended', call)]);
    expect(read).toMatchObject({
      IsCallAnswered: '1',
      PickupTimestampUTC: String(call.startedAtMs + 500),
      TotalWaitTimeMs: '500',
    });
  });
});

describe('the encoding', () => {
  const queryOf = (own: object, call: Call = takenEnd): string[] =>
    requestsOf(destined({ events: ['hangup'], ...own }), [eventOf('call.ended', call)]);
  const forms = {
    raw: '{{RecordingURL}}',
    b64: '{{RecordingURL_asBase64}}',
    uri: '{{RecordingURL_asURIComponent}}',
  };

  it('leaves a recording’s URL as it is, escapes and all, but in its two other forms', () => {
    const own = { params: forms, recordingUrl: 'https://r/ü %41?a=1&b={callId}#x+y' };
    const whole = `https://r/ü %41?a=1&b=${takenEnd.id}#x+y`;
    expect(queryOf(own)).toEqual([
      `${url}?raw=https://r/%C3%BC%20%41?a=1&b=${takenEnd.id}%23x+y` +
        `&b64=${encodeURIComponent(Buffer.from(whole).toString('base64'))}` +
        `&uri=${encodeURIComponent(whole)}`,
    ]);
  });

  it('when strict encodes it like any other value', () => {
    const params = { raw: forms.raw, after: 'x' };
    const own = { params, strictEncoding: true, recordingUrl: 'https://r/?a=1&b=2' };
    expect(queryOf(own)).toEqual([`${url}?raw=https%3A%2F%2Fr%2F%3Fa%3D1%26b%3D2&after=x`]);
  });

  it('lets no file name out of its place in a recording’s URL', () => {
    fc.assert(
      fc.property(hostileText, (file) => {
        const recordings = takenEnd.recordings.map((each) => ({ ...each, file }));
        const own = { params: { raw: forms.raw, after: 'x' }, recordingUrl: 'https://r/?f={file}' };
        const [sent = ''] = queryOf(own, { ...takenEnd, recordings });
        expect(pairsIn(sent.slice(url.length + 1)).map(([name]) => name)).toEqual(['raw', 'after']);
      }),
    );
  });

  it('takes halves of surrogate pairs that an operator typed', () => {
    const own = {
      params: { 'a\ud800': 'b\udc00{{RecordingURL}}' },
      recordingUrl: 'https://r/\ud83d',
    };
    expect(queryOf(own)).toEqual([`${url}?a%EF%BF%BD=b%EF%BF%BDhttps://r/%EF%BF%BD`]);
  });

  it('has no recording’s URL where the file is asked for and not known', () => {
    const own = { params: { raw: forms.raw, is: '{{IsCallRecorded}}' } };
    expect(queryOf({ ...own, recordingUrl: 'https://r/{file}' })).toEqual([`${url}?raw=&is=1`]);
    expect(queryOf(own)).toEqual([`${url}?raw=&is=1`]);
    expect(queryOf({ ...own, recordingUrl: link }, missedEnd)).toEqual([`${url}?raw=&is=0`]);
  });

  it('takes names and text around placeholders for what they say, and goes on after a query', () => {
    const own = { params: { 'a&b=': 'c&d={{DID}}#é', none: '' } };
    const destination = destined({ ...own, events: ['start'] }, { url: `${url}?k=%41&é=1` });
    expect(requestsOf(destination, [vendorEvents.missedStart])).toEqual([
      `${url}?k=%41&%C3%A9=1&a%26b%3D=c%26d%3D855555%23%C3%A9&none=`,
    ]);
  });
});

describe('a problem is', () => {
  it('a placeholder that nobody knows, with those that are known', () => {
    const [problem, ...more] = problems({ params: { Event: '{{CallId}}' } });
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ path: 'focalscope.params.Event', seen: '"{{CallId}}"' });
    const listed = problem?.expected.match(/\w+(?=\}\})/g);
    expect(listed).toEqual(Object.keys(placeholders));
  });

  it.each([
    [{ params: { a: '{{toString}}' } }, 'focalscope.params.a'],
    [{ params: { a: 'x {{DID' } }, 'focalscope.params.a'],
    [{ recordingUrl: 'https://r/{callid}' }, 'focalscope.recordingUrl'],
    [{ events: ['ring'] }, 'focalscope.events[0]'],
    [{ events: [] }, 'focalscope.events'],
    [{ users: { 1001: { id: -1, name: 'x' } } }, 'focalscope.users.1001.id'],
  ])('%j', (own, path) => {
    expect(problems(own).map((each) => each.path)).toEqual([path]);
  });

  it('a placeholder in the URL itself', () => {
    expect(problems({}, { url: `${url}?Event={{DialApiEventName}}` })).toMatchObject([
      { path: 'url' },
    ]);
  });
});

describe('the published contract', () => {
  const text = contractOf('focalscope');

  it('has a row for every placeholder, and says at which event it is empty', () => {
    const rows = rowsUnder(text, 'placeholder');
    expect(rows.map(([name]) => name)).toEqual(Object.keys(placeholders));
    const own = { params: everything, users, recordingUrl, callNumber: 'platform' };
    const { missedStart, missedEnd, takenUp, takenEnd } = vendorEvents;
    const [start, , missed] = readBy(destined(own), [missedStart, missedEnd]);
    const [pickup, hangup] = readBy(destined(own), [takenUp, takenEnd]);
    for (const [name = '', ...cells] of rows) {
      const values = [start, pickup, hangup, missed].map((read) => read?.[name]);
      for (const [nth, value] of values.entries()) {
        expect([name, nth, value === '']).toEqual([name, nth, cells[nth] === '']);
        if (/^\d$/.test(cells[nth] ?? '')) expect(value).toBe(cells[nth]);
      }
    }
  });

  it('has a row for every event, with its code and class', () => {
    const rows = rowsUnder(text, 'event').map(([name, code, , type]) => [name, code, type]);
    const parts = [...lifeOf(1), vendorEvents.missedEnd].flatMap((event) =>
      focalscope.partsOf({ kind: 'call', event }, undefined, destined()),
    );
    const codes = { start: '0', hangup: '1', pickup: '2', missed: '3' };
    const known = new Map(parts.map(({ topic, class: type }) => [topic, type]));
    expect(rows).toEqual(
      ['start', 'pickup', 'hangup', 'missed'].map((name) => [
        name,
        new Map(Object.entries(codes)).get(name),
        known.get(name),
      ]),
    );
  });

  it('shows a destination that can be used', () => {
    expect(destinationsIn(text).map((each) => readDestination(each).kind)).toEqual(['destination']);
  });
});

describe('the published samples', () => {
  const destination = destined({ recordingUrl: 'https://recordings.example/{file}' });
  const { started, answered, ended } = sightings;
  const { answeredAtMs: _at, answeredBy: _by, ...untaken } = sightings.ringing.call;
  const missed = eventOf('call.ended', {
    ...untaken,
    ...{ state: 'ended', endedAtMs: untaken.startedAtMs + 30_000, outcome: 'abandoned' },
    ...{ ending: 'observed' },
  });
  const taken = toldOf([started, answered, ended], destination);
  const others = toldOf([missed], destination);

  it.each([
    ['start', taken[0]],
    ['pickup', taken[1]],
    ['hangup-answered', taken[2]],
    ['hangup-missed', others[0]],
    ['missed', others[1]],
  ])('%s is what is sent', async (name, item) => {
    const text = textOf(requestOf(item === undefined ? [] : [item], destination));
    await expect(text).toMatchFileSnapshot(`../../../protocol/webhook/focalscope/${name}.txt`);
  });
});
