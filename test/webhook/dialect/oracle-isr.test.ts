import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/call/call.ts';
import { isOfCall, type OfCall } from '../../../src/call/event.ts';
import { readDestination } from '../../../src/webhook/destination.ts';
import { type OracleIsrOptions, valuesOf } from '../../../src/webhook/dialect/oracle-isr.ts';
import { recordingChanges } from '../../../src/webhook/dialect/recordings.ts';
import { type EventType, eventTypes } from '../../../src/webhook/dialect/oracle-isr-parameters.ts';
import type { Destination } from '../../../src/webhook/destination.ts';
import type { RecorderCommand } from '../../../src/webhook/occurrence.ts';
import {
  destinationOf,
  dialectContract,
  itemsOf,
  pairsIn,
  type Pairs,
  requestOf,
  textOf,
  toldOf,
} from '../../contract/dialect.ts';
import { at } from '../../protocol/scene.ts';
import { history } from '../../support/any-history.ts';
import { connectedCall, endedCall, eventOf } from '../../support/calls.ts';
import { Listener } from '../../support/listener.ts';
import { sightings } from '../../support/scene-events.ts';
import { anna, ben, Exchange, morningMs, zoe } from '../../support/signals.ts';
import { contractOf, destinationsIn, headingsOf, rowsUnder } from './contract-text.ts';

// The vendor's lists, as its guide has them.
const common = ['RESULT', 'FILENAME', 'TMP_RECORDING_ID', 'START_TIME', 'ISR_UCID'];
const ids = ['INGRESS_CALLID', 'EGRESS_CALLID', 'CALLING_AORS', 'CALLED_AORS'];
const vendors: Readonly<Record<EventType, readonly string[]>> = {
  RECORDING_STARTED_EVENT: [...common, ...ids, 'ANI', 'DNIS'],
  RECORDING_PAUSED_EVENT: [...common, ...ids, 'PAUSE_SILENCE', 'ANI', 'DNIS'],
  RECORDING_RESUMED_EVENT: [...common, ...ids, 'PAUSE_LENGTH', 'PAUSE_SILENCE', 'ANI', 'DNIS'],
  RECORDING_ENDED_EVENT: [
    ...[...common, ...ids, 'RECORDING_ID', 'END_TIME', 'DURATION', 'PAUSE_LENGTH'],
    ...['DELETE_FLAG', 'ANI', 'DNIS'],
  ],
  SEGMENT_STARTED_EVENT: [...common, ...ids, 'TMP_SEGMENT_ID', 'SESSION_ID'],
  SEGMENT_ENDED_EVENT: [
    ...[...common, ...ids, 'SEGMENT_ID', 'TMP_SEGMENT_ID', 'END_TIME', 'PAUSE_LENGTH'],
  ],
};

const url = 'https://192.0.2.4:8443/Face/eventNotify';

function written(event: EventType, own: object = {}, others: object = {}) {
  return {
    id: 'face',
    dialect: 'oracle-isr',
    url,
    'oracle-isr': { event, params: everything(event), ...own },
    ...others,
  };
}

/** All that the event offers, each under its own name. */
function everything(event: EventType): string {
  return vendors[event].map((name) => `${name}=%${name}%`).join('&');
}

function destined(event: EventType, own: object = {}): Destination<OracleIsrOptions> {
  return destinationOf<OracleIsrOptions>(written(event, own));
}

function problems(event: EventType, own: object, others: object = {}) {
  const read = readDestination(written(event, own, others));
  return read.kind === 'problems' ? read.problems : [];
}

const pairs: Pairs = (item, destination) => {
  // This test's destinations are of this dialect.
  const { params } = destination.options as OracleIsrOptions;
  const valueOf = valuesOf(item, destination.options as OracleIsrOptions);
  return params.split('&').map((pair): [string, string] => {
    const [name = '', value = ''] = pair.split('=');
    return [name, valueOf(value.slice(1, -1))];
  });
};

dialectContract('oracle-isr', written('RECORDING_STARTED_EVENT'), pairs);
describe('as a form', () => {
  dialectContract('oracle-isr', written('RECORDING_ENDED_EVENT', { method: 'POST' }), pairs);
});
describe('of segments', () => {
  dialectContract('oracle-isr', written('SEGMENT_ENDED_EVENT'), pairs);
});

/** What the receiver reads of each request, in order. */
function readBy(destination: Destination, events: readonly OfCall[]): Record<string, string>[] {
  return toldOf(events, destination).map((item) => {
    const request = requestOf([item], destination);
    return Object.fromEntries(pairsIn(request.body ?? request.url.slice(url.length + 1)));
  });
}

const scene = [
  sightings.started,
  sightings.ringing,
  sightings.answered,
  { ...sightings.recorded, atMs: at('09:00:15.400') },
  { ...sightings.paused, atMs: at('09:00:40.000') },
  { ...sightings.resumed, atMs: at('09:00:55.000') },
  sightings.transferred,
  { ...sightings.recordingEnded, atMs: at('09:03:20.000') },
  sightings.ended,
];

describe('the parameters', () => {
  it.each(eventTypes)('of %s are those of the vendor', (event) => {
    for (const name of vendors[event]) {
      expect(problems(event, { params: `x=%${name}%` })).toEqual([]);
    }
    const all = new Set(Object.values(vendors).flat());
    expect(all.size).toBe(20);
    for (const name of [...all].filter((each) => !vendors[event].includes(each))) {
      const [problem, ...more] = problems(event, { params: `x=%${name}%` });
      expect(more).toEqual([]);
      expect(problem).toMatchObject({ path: 'oracle-isr.params', seen: `"%${name}%"` });
      const listed = problem?.expected.match(/%\w+%/g)?.map((each) => each.slice(1, -1));
      expect(listed?.sort()).toEqual([...vendors[event]].sort());
    }
  });

  it.each(['%ANY%', '%ani%', '%RESULT', '100%', 'a=%41', '%%%'])(
    'are refused where they are none: %s',
    (params) => {
      expect(problems('RECORDING_STARTED_EVENT', { params })).toHaveLength(1);
    },
  );

  it('may not be followed by what would end the URL', () => {
    const [problem, ...more] = problems('RECORDING_STARTED_EVENT', { params: 'a=%ANI%#b' });
    expect(more).toEqual([]);
    expect(problem).toMatchObject({ path: 'oracle-isr.params', seen: '"#b"' });
  });

  it('are told with the values of the scene', () => {
    const read = Object.fromEntries(
      eventTypes.map((event) => [event, readBy(destined(event), scene)]),
    );
    const always = {
      RESULT: 'SUCCESS',
      FILENAME: '1772442000.17.wav',
      TMP_RECORDING_ID: expect.stringMatching(/^[1-9]\d{0,15}$/),
      START_TIME: '2026-03-02 09:00:15.400',
      ISR_UCID: '1772442000.17',
      INGRESS_CALLID: '1772442000.17',
      CALLING_AORS: 'sip:+493012345678@192.0.2.10',
    };
    const early = {
      EGRESS_CALLID: '1772442012.21',
      CALLED_AORS: 'sip:1001@198.51.100.21',
    };
    const late = { ...early, CALLED_AORS: 'sip:1001@198.51.100.21,sip:1002@198.51.100.22' };
    const numbers = { ANI: '+493012345678', DNIS: '0800' };
    const id = expect.stringMatching(/^[1-9]\d{0,15}$/);
    expect(read).toEqual({
      RECORDING_STARTED_EVENT: [{ ...always, ...early, ...numbers }],
      RECORDING_PAUSED_EVENT: [{ ...always, ...early, ...numbers, PAUSE_SILENCE: 'true' }],
      RECORDING_RESUMED_EVENT: [
        { ...always, ...early, ...numbers, PAUSE_SILENCE: 'true', PAUSE_LENGTH: '15000' },
      ],
      RECORDING_ENDED_EVENT: [
        {
          ...{ ...always, ...late, ...numbers, RECORDING_ID: id, PAUSE_LENGTH: '15000' },
          ...{ END_TIME: '2026-03-02 09:03:20.000', DURATION: '184600', DELETE_FLAG: 'false' },
        },
      ],
      SEGMENT_STARTED_EVENT: [
        { ...always, ...early, TMP_SEGMENT_ID: id, SESSION_ID: sightings.started.call.id },
      ],
      SEGMENT_ENDED_EVENT: [
        {
          ...{ ...always, ...late, TMP_SEGMENT_ID: id, SEGMENT_ID: id },
          ...{ END_TIME: '2026-03-02 09:03:20.000', PAUSE_LENGTH: '15000' },
        },
      ],
    });
  });

  it('name a recording by the same id from its start to its end and after', () => {
    const idsOf = (name: string): Set<string | undefined> =>
      new Set(
        eventTypes.flatMap((event) =>
          readBy(destined(event), scene).flatMap((read) => (name in read ? [read[name]] : [])),
        ),
      );
    const each = ['TMP_RECORDING_ID', 'RECORDING_ID', 'TMP_SEGMENT_ID', 'SEGMENT_ID'].map(idsOf);
    expect(each.map(({ size }) => size)).toEqual([1, 1, 1, 1]);
    // The number of the recording, for good; its first segment has the same.
    expect(new Set(each.flatMap((one) => [...one]))).toEqual(new Set(['17']));
  });

  it('list who has taken part, up to eight, and nobody who was rung in vain', () => {
    const [caller, first] = connectedCall(0).legs;
    if (caller === undefined || first === undefined) throw new Error('a call has two legs');
    const { address: _, ...called } = first;
    const leg = (number: string, role: 'called' | 'joined') => ({
      ...called,
      key: number,
      number,
      role,
    });
    const { connectedAtMs: __, ...inVain } = leg('2', 'called');
    const aorsOf = (legs: Call['legs']): string[] | undefined => {
      const event = eventOf('recording.started', connectedCall(0, { legs, revision: 1 }));
      return readBy(destined('RECORDING_STARTED_EVENT'), [event])[0]?.CALLED_AORS?.split(',');
    };
    const told = 'sip:1000@192.0.2.201';
    expect(
      aorsOf([caller, first, inVain, leg('3', 'joined'), { ...leg('4', 'called'), party: false }]),
    ).toEqual([told, 'sip:3']);
    const many = Array.from({ length: 20 }, (_, nth) => leg(String(nth), 'joined'));
    expect(aorsOf([caller, first, ...many])).toHaveLength(8);
  });

  it('hold nothing that could end an address, or a list of them', () => {
    const aorOf = (number: string, address?: string): string | undefined => {
      const caller = { number, ...(address !== undefined && { address }) };
      const call = connectedCall(1, { caller, revision: 1 });
      const event = eventOf('recording.started', call);
      return readBy(destined('RECORDING_STARTED_EVENT'), [event])[0]?.CALLING_AORS;
    };
    expect(aorOf('+4930', '192.0.2.1:5060')).toBe('sip:+4930@192.0.2.1:5060');
    expect(aorOf('1001', '2001:db8::7')).toBe('sip:1001@[2001:db8::7]');
    expect(aorOf('1001', '[2001:db8::7]:5060')).toBe('sip:1001@[2001:db8::7]:5060');
    expect(aorOf('bob@pbx.example', '192.0.2.1')).toBe('sip:bob@pbx.example');
    expect(aorOf('1,sip:boss', 'x,y')).toBe('sip:1%2Csip%3Aboss');
    expect(aorOf('a b@c d')).toBe('sip:a%20b%40c%20d');
    expect(aorOf('', '192.0.2.1')).toBe('sip:192.0.2.1');
    expect(aorOf('')).toBe('');
  });
});

describe('a request', () => {
  it('is the one of the vendor’s example, but for its encoding', () => {
    const params = 'event=AudioRecordingStarted&calledAors=%CALLED_AORS%&ucid=%INGRESS_CALLID%';
    const destination = destined('RECORDING_STARTED_EVENT', { params });
    const called = { number: '7654321', address: '1.2.3.1:5060' };
    const legs = connectedCall(0).legs.map((leg) =>
      leg.role === 'caller' ? { ...leg, key: '13-23132@1.2.3.4' } : { ...leg, ...called },
    );
    const event = eventOf('recording.started', connectedCall(0, { called, legs, revision: 1 }));
    const [item] = toldOf([event], destination);
    const request = requestOf(item === undefined ? [] : [item], destination);
    expect(request.url).toBe(
      `${url}?event=AudioRecordingStarted&calledAors=sip%3A7654321%401.2.3.1%3A5060&ucid=13-23132%401.2.3.4`,
    );
    expect(decodeURIComponent(request.url)).toBe(
      `${url}?event=AudioRecordingStarted&calledAors=sip:7654321@1.2.3.1:5060&ucid=13-23132@1.2.3.4`,
    );
  });

  it('takes parameters that were typed with the sign that comes before them', () => {
    for (const params of ['?a=1', '&a=1', 'a=1']) {
      const [item] = toldOf(scene, destined('RECORDING_STARTED_EVENT', { params }));
      const items = item === undefined ? [] : [item];
      const destination = destined('RECORDING_STARTED_EVENT', { params });
      expect(requestOf(items, destination).url).toBe(`${url}?a=1`);
    }
  });

  it('of an event that the destination had before its change says what that event offers', () => {
    const items = toldOf(scene, destined('RECORDING_STARTED_EVENT'));
    const changed = destined('RECORDING_ENDED_EVENT', {
      params: 'n=%ANI%&end=%END_TIME%&d=%DELETE_FLAG%',
    });
    expect(requestOf(items, changed).url).toBe(`${url}?n=%2B493012345678&end=&d=`);
  });

  it('leaves the base as typed, and encodes all that is reserved', () => {
    const base = "https://192.0.2.4/~a/B%20c;d=1/(e)'?k=1&";
    const destination = destinationOf<OracleIsrOptions>({
      ...written('RECORDING_STARTED_EVENT', { params: 'n=%ANI%&lit=50%%25&ü' }),
      url: base,
    });
    const caller = { number: "a!'()*&=#?/+:@, ü" };
    const event = eventOf('recording.started', connectedCall(0, { caller, revision: 1 }));
    const [item] = toldOf([event], destination);
    expect(requestOf(item === undefined ? [] : [item], destination).url).toBe(
      `${base}n=a%21%27%28%29%2A%26%3D%23%3F%2F%2B%3A%40%2C%20%C3%BC&lit=50%25&%C3%BC`,
    );
  });

  it('as a form has the same pairs in its body', () => {
    const get = destined('RECORDING_ENDED_EVENT');
    const post = destined('RECORDING_ENDED_EVENT', { method: 'POST' });
    const [item] = toldOf(scene, get);
    const items = item === undefined ? [] : [item];
    const { body, ...request } = requestOf(items, post);
    expect(request).toEqual({
      method: 'POST',
      url,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(`${url}?${body}`).toBe(requestOf(items, get).url);
  });

  it('of a text that is too long says its beginning, whole characters only', () => {
    const caller = { number: `1${'😀'.repeat(200)}` };
    const event = eventOf('recording.started', connectedCall(0, { caller, revision: 1 }));
    const [read] = readBy(destined('RECORDING_STARTED_EVENT'), [event]);
    expect(read?.ANI).toBe(`1${'😀'.repeat(127)}`);
  });
});

describe('what is told', () => {
  it('of a recording that is started, paused, taken up and stopped', () => {
    const pbx = new Exchange();
    const { to } = pbx.talk(zoe, anna);
    pbx.records(to, '/rec/a.wav');
    pbx.after(1_000).pauses(to, 'both');
    pbx.after(2_000).unpauses(to, 'both');
    pbx.after(3_000).stopsRecording(to);
    const { ofCalls } = new Listener().hear(pbx.said);
    const told = eventTypes.map((event) => toldOf(ofCalls, destined(event)));
    expect(told.map((items) => items.map(({ topic, occurrence }) => [topic, occurrence]))).toEqual(
      eventTypes.map((event) => {
        const kind = `recording.${event.split('_')[1]?.toLowerCase()}`;
        return [[event, { kind: 'call', event: ofCalls.find((each) => each.kind === kind) }]];
      }),
    );
  });

  it('is each recording once, when one signal ends several', () => {
    const pbx = new Exchange();
    const { from, to } = pbx.talk(zoe, anna);
    pbx.records(to, 'a.wav');
    pbx.records(from, 'b.wav');
    pbx.after(1_000).isGivenUp();
    const { ofCalls } = new Listener().hear(pbx.said);
    const destination = destined('RECORDING_ENDED_EVENT');
    const read = readBy(destination, ofCalls);
    expect(read.map(({ FILENAME }) => FILENAME)).toEqual(['a.wav', 'b.wav']);
    const items = toldOf(ofCalls, destination);
    expect(new Set(items.map(({ key }) => key)).size).toBe(2);
    expect(new Set(read.map(({ RECORDING_ID }) => RECORDING_ID)).size).toBe(2);
  });

  it('of any call: each recording has one start and one end, and so has each of its segments', () => {
    fc.assert(
      fc.property(history, (entries) => {
        const events = entries.map(({ event }) => event).filter(isOfCall);
        const calls = [...new Map(events.map(({ call }) => [call.id, call])).values()];
        const recordings = calls.flatMap((call) => call.recordings);
        const count = (event: EventType): number => toldOf(events, destined(event)).length;
        const first = recordings.filter(({ of }) => of === undefined);
        expect(count('RECORDING_STARTED_EVENT')).toBe(first.length);
        expect(count('SEGMENT_STARTED_EVENT')).toBe(recordings.length);
        const ended = recordings.filter(({ endedAtMs }) => endedAtMs !== undefined);
        const last = ended.filter(({ goesOn }) => goesOn !== true);
        expect(count('RECORDING_ENDED_EVENT')).toBe(last.length);
        expect(count('SEGMENT_ENDED_EVENT')).toBe(ended.length);
      }),
      { numRuns: 60 },
    );
  });

  it('of a recording that is split: segments of their own, and the recording as a whole', () => {
    const pbx = new Exchange();
    const { to } = pbx.talk(zoe, anna);
    const startMs = pbx.nowMs;
    const { leg } = to;
    pbx.records(to, '/rec/a.wav');
    pbx.after(1_000).pauses(to, 'both');
    pbx.after(1_000).unpauses(to, 'both');
    pbx.after(1_000).say({ kind: 'recording.paused', leg, side: 'both', cut: true });
    pbx.after(2_000).say({ kind: 'recording.split', leg, file: '/rec/b.wav' });
    pbx.after(4_000).unpauses(to, 'both');
    pbx.after(1_000).stopsRecording(to);
    const { ofCalls } = new Listener().hear(pbx.said);
    const read = (event: EventType) => readBy(destined(event), ofCalls);
    const time = (ms: number): string =>
      new Date(startMs + ms).toISOString().replace('T', ' ').replace('Z', '');
    const whole = { TMP_RECORDING_ID: '1', START_TIME: time(0), RESULT: 'SUCCESS' };
    const [a, b] = [{ FILENAME: 'a.wav' }, { FILENAME: 'b.wav' }];
    expect(read('RECORDING_STARTED_EVENT')).toMatchObject([{ ...whole, ...a }]);
    // Who was muted when the next segment began has not been muted then.
    expect(read('RECORDING_PAUSED_EVENT')).toMatchObject([
      { ...whole, ...a, PAUSE_SILENCE: 'true' },
      { ...whole, ...a, PAUSE_SILENCE: 'false' },
    ]);
    expect(read('RECORDING_RESUMED_EVENT')).toMatchObject([
      { ...whole, ...a, PAUSE_SILENCE: 'true', PAUSE_LENGTH: '1000' },
      { ...whole, ...b, PAUSE_SILENCE: 'false', PAUSE_LENGTH: '7000' },
    ]);
    expect(read('RECORDING_ENDED_EVENT')).toMatchObject([
      {
        ...{ ...whole, ...b, RECORDING_ID: '1', END_TIME: time(10_000) },
        ...{ DURATION: '10000', PAUSE_LENGTH: '7000' },
      },
    ]);
    const segments = [
      { ...a, TMP_RECORDING_ID: '1', TMP_SEGMENT_ID: '1', START_TIME: time(0) },
      { ...b, TMP_RECORDING_ID: '1', TMP_SEGMENT_ID: '2', START_TIME: time(5_000) },
    ];
    expect(read('SEGMENT_STARTED_EVENT')).toMatchObject(segments);
    const ends = [
      { SEGMENT_ID: '1', END_TIME: time(5_000), PAUSE_LENGTH: '3000' },
      { SEGMENT_ID: '2', END_TIME: time(10_000), PAUSE_LENGTH: '4000' },
    ];
    expect(read('SEGMENT_ENDED_EVENT')).toMatchObject(
      segments.map((segment, nth) => ({ ...segment, ...ends[nth] })),
    );
  });

  it('of a party that is recorded and goes into another call: one recording', () => {
    const pbx = new Exchange();
    const first = pbx.talk(zoe, anna);
    const second = pbx.talk(ben, zoe);
    pbx.records(second.from, 'a.wav');
    pbx.after(1_000).meet(first.to, second.from);
    pbx.after(1_000).stopsRecording(second.from);
    const { ofCalls } = new Listener().hear(pbx.said);
    const idsOf = (event: EventType) =>
      readBy(destined(event), ofCalls).map((read) => [read.TMP_RECORDING_ID, read.TMP_SEGMENT_ID]);
    expect(idsOf('RECORDING_STARTED_EVENT')).toEqual([['1', undefined]]);
    expect(idsOf('SEGMENT_STARTED_EVENT')).toEqual([
      ['1', '1'],
      ['1', '2'],
    ]);
    expect(idsOf('SEGMENT_ENDED_EVENT')).toEqual([
      ['1', '1'],
      ['1', '2'],
    ]);
    expect(idsOf('RECORDING_ENDED_EVENT')).toEqual([['1', undefined]]);
  });

  it('of a pause: whether this one is silent, whatever those before were', () => {
    const startedAtMs = morningMs;
    const [cut, silent] = [{ cut: true as const }, {}];
    const told = (
      first: object,
      second: object,
      kind: 'recording.paused' | 'recording.resumed',
    ) => {
      const isOver = kind === 'recording.resumed' ? { toMs: startedAtMs + 4_000 } : {};
      const both = { side: 'both' as const };
      const pauses = [
        { ...both, fromMs: startedAtMs + 1_000, toMs: startedAtMs + 2_000, ...first },
        { ...both, fromMs: startedAtMs + 3_000, ...isOver, ...second },
      ];
      const recordings = [{ id: 1, leg: 'l', startedAtMs, pauses }];
      const event = eventOf(kind, connectedCall(1, { recordings, revision: 3 }));
      const type = kind === 'recording.paused' ? 'PAUSED' : 'RESUMED';
      return readBy(destined(`RECORDING_${type}_EVENT`), [event])[0]?.PAUSE_SILENCE;
    };
    for (const kind of ['recording.paused', 'recording.resumed'] as const) {
      expect(told(cut, silent, kind)).toBe('true');
      expect(told(silent, cut, kind)).toBe('false');
    }
  });

  it('of a segment that was stored before there were numbers: no number', () => {
    const [recording] = connectedCall(1).recordings;
    const unnumbered = { ...recording, id: undefined };
    // As the outbox of an older version has it.
    const recordings = [unnumbered] as unknown as Call['recordings'];
    const event = eventOf('recording.started', connectedCall(1, { recordings, revision: 1 }));
    const [read] = readBy(destined('SEGMENT_STARTED_EVENT'), [event]);
    expect(read).toMatchObject({ TMP_SEGMENT_ID: '', TMP_RECORDING_ID: '' });
  });

  it('depends on what the call was before, whoever asked first', () => {
    const [start] = [eventOf('recording.started', connectedCall(1, { revision: 5 }))];
    const [was, now] = [connectedCall(1, { recordings: [] }), connectedCall(1)];
    const count = (before: Call): number => recordingChanges(start, before).length;
    expect([count(was), count(now), count(was)]).toEqual([1, 0, 1]);
  });

  it('is what the event is called after, where the call before it is not known', () => {
    const both = endedCall(1).recordings.flatMap((each) => [
      { ...each, file: 'first.wav' },
      { ...each, file: 'last.wav', endedAtMs: (each.endedAtMs ?? 0) + 1 },
    ]);
    const event = eventOf('recording.ended', connectedCall(1, { recordings: both, revision: 9 }));
    const destination = destined('RECORDING_ENDED_EVENT');
    expect(readBy(destination, [event]).map(({ FILENAME }) => FILENAME)).toEqual(['last.wav']);
    const update = eventOf('call.updated', event.call);
    expect(toldOf([update], destination)).toEqual([]);
  });

  it('counts what is muted on both sides once, and a pause that goes on up to now', () => {
    const startedAtMs = morningMs;
    const recording = {
      ...{ id: 1, leg: 'l', startedAtMs },
      pauses: [
        { side: 'says' as const, fromMs: startedAtMs + 1_000, toMs: startedAtMs + 5_000 },
        { side: 'hears' as const, fromMs: startedAtMs + 3_000, toMs: startedAtMs + 6_000 },
        { side: 'says' as const, fromMs: startedAtMs + 8_000 },
      ],
    };
    const call = connectedCall(1, { recordings: [recording], revision: 3 });
    const event = { ...eventOf('recording.resumed', call), atMs: startedAtMs + 9_000 };
    const [read] = readBy(destined('RECORDING_RESUMED_EVENT'), [event]);
    expect(read?.PAUSE_LENGTH).toBe('6000');
  });
});

describe('a command that failed', () => {
  const call = connectedCall(1);
  const leg = call.recordings[0]?.leg ?? '';
  const failed = (command: RecorderCommand, event: EventType, own: object = {}) => {
    const destination = destined(event, own);
    const occurrence = {
      ...{ kind: 'command-failed' as const, id: 'f', atMs: call.startedAtMs + 40_000 },
      ...{ command, reason: 'no such channel', call, leg },
    };
    return itemsOf(occurrence, undefined, destination).map((item) => {
      const [, query = ''] = requestOf([item], destination).url.split('?');
      return Object.fromEntries(pairsIn(query));
    });
  };

  it.each([
    ['start', 'RECORDING_STARTED_EVENT'],
    ['pause', 'RECORDING_PAUSED_EVENT'],
    ['resume', 'RECORDING_RESUMED_EVENT'],
    ['stop', 'RECORDING_ENDED_EVENT'],
    ['split', 'SEGMENT_ENDED_EVENT'],
  ] as const)('to %s is told as %s and as nothing else', (command, event) => {
    for (const each of eventTypes) {
      const read = failed(command, each);
      expect(read).toHaveLength(each === event ? 1 : 0);
      for (const { RESULT } of read) expect(RESULT).toBe('FAILURE');
    }
  });

  it('tells of the recording that was meant, which has not ended', () => {
    const [read] = failed('stop', 'RECORDING_ENDED_EVENT');
    expect(read).toMatchObject({ PAUSE_LENGTH: '11000', END_TIME: '', DURATION: '' });
    expect(read).toMatchObject({
      RECORDING_ID: '',
      TMP_RECORDING_ID: expect.stringMatching(/^\d+$/),
    });
    const [started] = failed('start', 'RECORDING_STARTED_EVENT');
    expect(started).toMatchObject({ FILENAME: '', TMP_RECORDING_ID: '', START_TIME: '' });
    expect(started).toMatchObject({ ANI: call.caller.number, DNIS: '4930555100' });
  });

  it('is told in the words of the receiver', () => {
    const result = { success: 'ACK', failure: 'NACK' };
    const [read] = failed('pause', 'RECORDING_PAUSED_EVENT', { result });
    expect(read?.RESULT).toBe('NACK');
    const [ok] = readBy(destined('RECORDING_STARTED_EVENT', { result }), scene);
    expect(ok?.RESULT).toBe('ACK');
  });
});

describe('the scope', () => {
  const route = { scope: 'route', scopeId: 'berlin' };

  it.each(['route', 'account', 'realm'])('%s wants a name, and calls that are of it', (scope) => {
    const found = problems('RECORDING_STARTED_EVENT', { scope });
    expect(found.map(({ path }) => path)).toEqual(['oracle-isr.scopeId', 'oracle-isr.scope']);
    for (const limit of [
      { extensions: ['10*'] },
      { queues: ['support'] },
      { dids: ['0800'] },
      { sources: ['pbx'] },
      { directions: ['incoming'] },
    ]) {
      const own = { scope, scopeId: 'berlin' };
      expect(problems('RECORDING_STARTED_EVENT', own, limit)).toEqual([]);
    }
  });

  it('global has no name', () => {
    const own = { ...route, scope: 'global' };
    expect(problems('RECORDING_STARTED_EVENT', own)).toMatchObject([
      { path: 'oracle-isr.scopeId' },
    ]);
  });

  it('is not told twice over: each destination of its own fires', () => {
    const destinations = ['berlin', 'berlin', 'hamburg'].map((scopeId) =>
      destinationOf({
        ...written('RECORDING_STARTED_EVENT', { ...route, scopeId }),
        dids: ['0800'],
      }),
    );
    expect(destinations.map((each) => toldOf(scene, each).length)).toEqual([1, 1, 1]);
  });
});

describe('the published contract', () => {
  const text = contractOf('oracle-isr');

  it('says which event offers what', () => {
    const events = headingsOf(text, 'parameter').slice(1);
    expect(events).toEqual([...eventTypes]);
    const rows = rowsUnder(text, 'parameter');
    for (const [nth, event] of eventTypes.entries()) {
      const offered = rows.filter((cells) => cells[nth + 1] === 'x').map(([name]) => name);
      expect(offered.sort()).toEqual([...vendors[event]].sort());
    }
  });

  it('shows a destination that can be used', () => {
    expect(destinationsIn(text).map((each) => readDestination(each).kind)).toEqual(['destination']);
  });
});

describe('the published samples', () => {
  const file = (name: string): string => `../../../protocol/webhook/oracle-isr/${name}.txt`;

  it.each(eventTypes)('of %s are what is sent', async (event) => {
    const destination = destined(event);
    const [item] = toldOf(scene, destination);
    const text = textOf(requestOf(item === undefined ? [] : [item], destination));
    const name = event.toLowerCase().replaceAll('_', '-').replace('-event', '');
    await expect(text).toMatchFileSnapshot(file(name));
  });

  it('as a form, of a command that failed, are what is sent', async () => {
    const destination = destined('RECORDING_PAUSED_EVENT', { method: 'POST' });
    const { call, atMs } = scene[3] ?? sightings.recorded;
    const occurrence = {
      ...{ kind: 'command-failed' as const, id: 'f', atMs, command: 'pause' as const },
      ...{ reason: 'no such channel', call },
    };
    const text = textOf(requestOf(itemsOf(occurrence, undefined, destination), destination));
    await expect(text).toMatchFileSnapshot(file('recording-paused-failed-form'));
  });
});
