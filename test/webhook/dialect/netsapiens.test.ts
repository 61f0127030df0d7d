import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isOfCall } from '../../../src/call/event.ts';
import { fedBy, models } from '../../../src/webhook/dialect/netsapiens-models.ts';
import type { Destination } from '../../../src/webhook/destination.ts';
import { dialects } from '../../../src/webhook/dialects.ts';
import type { Occurrence } from '../../../src/webhook/occurrence.ts';
import {
  destinationOf,
  dialectContract,
  itemsOf,
  requestOf,
  textOf,
} from '../../contract/dialect.ts';
import { history } from '../../support/any-history.ts';
import { hostileText } from '../../support/hostile-calls.ts';
import { Listener } from '../../support/listener.ts';
import { anna, ben, carla, Exchange, zoe } from '../../support/signals.ts';
import { Receiver } from './netsapiens-receiver.ts';
import {
  happenings,
  partsOf,
  problemsIn,
  requestsOf,
  soundBody,
  withTexts,
  written,
} from './telling.ts';

const folder = '../../../protocol/webhook/netsapiens';
const nowMs = Date.UTC(2026, 0, 5, 9, 30, 15);

/** The keys of the reference, in its order; `remove` stands only where something is removed. */
const callKeys = `hostname sessionId acr_id
  orig_callid orig_leg_tag orig_ip orig_match orig_sub orig_domain orig_own_sub orig_own_domain orig_type
  orig_group orig_site orig_territory orig_from_uri orig_logi_uri orig_from_name orig_from_user orig_from_host
  orig_req_uri orig_req_user orig_req_host orig_to_uri orig_to_user orig_to_host orig_id orig_name orig_user
  orig_call_info by_action by_sub by_domain by_type by_group by_site by_territory by_uri by_callid by_id
  term_callid term_leg_tag term_ip term_match term_sub term_domain term_own_sub term_own_domain term_type
  term_group term_site term_territory term_to_uri term_logi_uri term_id term_uri term_user term_call_info
  time_start time_begin time_answer time_refresh ts ani dnis route_to route_class media pac action
  action_parameter action_by notes remove`.split(/\s+/);
const originKeys =
  `orig_callid orig_from_uri orig_from_name orig_to_user orig_user orig_domain by_user by_domain
  term_user term_domain term_to_uri orig_call_info term_call_info time_start time_answer remove`.split(
    /\s+/,
  );
const cdrKeys =
  `object action hostname mac cdr_index time_start time_ringing time_answer time_release
  time_talking time_holding duration batch_tim_beg batch_tim_ans batch_hold batch_dura release_code release_text
  codec disp_type disposition reason notes pac route_to route_class servedCallId`.split(/\s+/);

function netsapiens(options: Readonly<Record<string, unknown>>, more = {}): Destination {
  const own = { domainName: 'acme', hostname: 'core1.example', ...options };
  return destinationOf(written({ dialect: 'netsapiens', netsapiens: own, ...more }));
}

type Texts = Readonly<Record<string, string>>;

/** What the requests for these events hold, in order, each with the kind of the event. */
function told(listener: Listener, destination: Destination): [string, Texts][] {
  return happenings(listener.events).flatMap((happening) => {
    const { occurrence } = happening;
    const isEvent = occurrence.kind === 'call' || occurrence.kind === 'source';
    const kind = isEvent ? occurrence.event.kind : occurrence.kind;
    return requestsOf(happening, destination).flatMap((request) => {
      // Parse door: a test that reads what was sent.
      const objects = JSON.parse(request.body ?? '') as Texts[];
      return objects.map((object): [string, Texts] => [kind, object]);
    });
  });
}

/** The line about each object that matters to a story. */
function lines(found: readonly [string, Texts][], ...keys: readonly string[]): string[] {
  return found.map(([kind, object]) =>
    [kind, ...keys.map((key) => `${key}=${object[key] ?? ''}`)].join(' '),
  );
}

/** Zoë calls the sales line; Anna's and Ben's phones ring; Ben takes it, and Zoë hangs up. */
function groupCall(): Listener {
  const pbx = new Exchange();
  const caller = pbx.dials(zoe, '600');
  const one = pbx.after(200).ringsAt(caller, anna);
  const two = pbx.ringsAt(caller, ben);
  pbx.after(5_000).answers(caller, two);
  pbx.fails(caller, one, 'cancelled');
  pbx.after(30_000).hangsUp(caller, two);
  return new Listener().hear(pbx.said);
}

/** Anna and Ben talk, and Ben holds her for a while. */
function heldCall(): Listener {
  const pbx = new Exchange();
  const { from, to } = pbx.talk(anna, ben);
  pbx.records(to, '/spool/a.wav');
  pbx.after(10_000).holds(to);
  pbx.after(7_000).resumes(to);
  pbx.after(3_000).hangsUp(to, from);
  return new Listener().hear(pbx.said);
}

/** Zoë waits for sales; Anna is rung and does not answer, Carla does. */
function queueCall(): Listener {
  const pbx = new Exchange();
  const caller = pbx.dials(zoe, '600');
  pbx.connects(caller);
  pbx.say({ kind: 'queue.joined', leg: caller.leg, queue: 'sales', position: 1 });
  const of = (agent: string, agentLeg: string) => ({
    leg: caller.leg,
    queue: 'sales',
    agent,
    agentLeg,
  });
  const first = pbx.after(1_000).calls(caller, anna);
  pbx.say({ kind: 'agent.offered', ...of('Anna', first.leg) });
  pbx.rings(first);
  pbx.after(15_000).say({ kind: 'agent.missed', ...of('Anna', first.leg) });
  pbx.fails(caller, first, 'no-answer');
  const second = pbx.after(1_000).calls(caller, carla);
  pbx.say({ kind: 'agent.offered', ...of('Carla', second.leg) });
  pbx.rings(second);
  pbx.after(2_000).answers(caller, second);
  pbx.say({ kind: 'queue.left', leg: caller.leg, queue: 'sales' });
  pbx.say({ kind: 'agent.connected', ...of('Carla', second.leg) });
  pbx.after(60_000).hangsUp(caller, second);
  return new Listener().hear(pbx.said);
}

// One of each make: what is now, what is over, and what is given to us.
for (const model of ['call', 'presence', 'cdr', 'message']) {
  dialectContract('netsapiens', written({ dialect: 'netsapiens', netsapiens: { model } }));
}

describe('the model call', () => {
  const destination = netsapiens({ model: 'call' });

  it('has all keys of the original, texts all of them, and removes what it told', () => {
    const objects = told(groupCall(), destination);
    expect(callKeys).toHaveLength(74);
    for (const [, object] of objects) {
      const keys = Object.keys(object);
      expect(keys).toEqual(callKeys.slice(0, object['remove'] === 'yes' ? 74 : 73));
      expect(Object.values(object).every((value) => typeof value === 'string')).toBe(true);
      const { orig_callid, term_callid, term_id, acr_id } = object;
      expect(acr_id).toBe(`${orig_callid}_${term_callid}_${term_id}`);
    }
  });

  it('tells each leg of a group call by itself, and that it has gone', () => {
    expect(lines(told(groupCall(), destination), 'term_user', 'term_call_info', 'remove')).toEqual([
      'call.started term_user= term_call_info= remove=',
      'call.updated term_user= term_call_info= remove=yes',
      'call.updated term_user=1001 term_call_info=progressing remove=',
      'call.updated term_user=1001 term_call_info=alerting remove=',
      'call.updated term_user=1002 term_call_info=progressing remove=',
      'call.updated term_user=1002 term_call_info=alerting remove=',
      'call.answered term_user=1001 term_call_info=alerting remove=',
      'call.answered term_user=1002 term_call_info=active remove=',
      'call.updated term_user=1001 term_call_info=alerting remove=yes',
      'call.ended term_user=1002 term_call_info=active remove=yes',
    ]);
  });

  it('says who calls whom as the original does: devices of the house, and gateways', () => {
    const all = told(groupCall(), destination).map(([, object]) => object);
    expect(all.find((each) => each['term_user'] === '1002')).toMatchObject({
      hostname: 'core1.example',
      orig_type: 'gateway',
      orig_user: '',
      orig_domain: '*',
      orig_from_uri: 'sip:+4930123456',
      orig_from_name: 'Zoë',
      orig_to_user: '600',
      term_type: 'device',
      term_domain: 'acme',
      term_uri: 'sip:1002@acme',
      ani: '+4930123456',
      dnis: '600',
      time_start: '2026-01-05 09:00:00',
      time_answer: '0000-00-00 00:00:00',
    });
    const [, last] = told(groupCall(), destination).at(-1) ?? [];
    expect(last?.['time_answer']).toBe('2026-01-05 09:00:05');
  });

  it('says which queue sent the call to an agent', () => {
    const objects = told(queueCall(), destination).map(([, object]) => object);
    const ofCarla = objects.filter((object) => object['term_user'] === '1003');
    expect(ofCarla.at(-1)).toMatchObject({
      by_action: 'QueueSDispatch',
      by_sub: 'sales',
      by_domain: 'acme',
    });
  });

  it('leaves a receiver with exactly what goes on, whatever was collapsed on the way', () => {
    fc.assert(
      fc.property(
        history,
        fc.constantFrom(
          'call' as const,
          'call_origid' as const,
          'agent' as const,
          'presence' as const,
        ),
        fc.infiniteStream(fc.nat({ max: 5 })),
        (entries, model, dice) => {
          const receiver = new Receiver(netsapiens({ model }));
          for (const happening of happenings(entries.map(({ event }) => event))) {
            receiver.plan(happening);
            const [toss = 0] = dice.take(1);
            // Often nobody gets anything sent for a while, so that much is collapsed.
            if (toss === 0) receiver.deliver(2);
          }
          receiver.deliver(Infinity);
          expect(receiver.shown()).toEqual(receiver.expected());
        },
      ),
      { numRuns: 150 },
    );
  });

  it('never leaves anything behind of a call that has ended, however long nobody was reached', () => {
    fc.assert(
      fc.property(
        history,
        fc.constantFrom('call', 'call_origid', 'agent', 'presence'),
        fc.infiniteStream(fc.nat({ max: 5 })),
        (entries, model, dice) => {
          const receiver = new Receiver(netsapiens({ model }));
          const events = entries.map(({ event }) => event).filter(isOfCall);
          const over = new Set(
            events.map(({ kind, call }) => (kind === 'call.ended' ? call.id : '')),
          );
          const ended = events.filter(({ call }) => over.has(call.id));
          for (const happening of happenings(ended)) {
            receiver.plan(happening);
            const [toss = 0] = dice.take(1);
            if (toss === 0) receiver.deliver(2);
            if (toss === 1) receiver.expire();
          }
          receiver.expire();
          receiver.deliver(Infinity);
          expect(receiver.shown()).toEqual({});
        },
      ),
      { numRuns: 100 },
    );
  });

  it('starts with all that a call has when a filter lets it through only later', () => {
    const destination = netsapiens({ model: 'call' }, { extensions: ['1002'] });
    const late = happenings(groupCall().events).filter(({ occurrence }) =>
      occurrence.kind === 'call' ? occurrence.event.call.extensions.includes('1002') : false,
    );
    const [first] = late;
    if (first === undefined) throw new Error('nobody was rung');
    expect(first.before).toBeDefined();
    const topics = partsOf(first, destination).map(({ topic, class: kind }) => `${kind} ${topic}`);
    expect(topics).toEqual(['live call:leg-1:leg-2:1001', 'live call:leg-1:leg-3:1002']);
  });

  it('is limited to a user, one side or the other', () => {
    const of = (user: string) =>
      new Set(
        told(groupCall(), netsapiens({ model: 'call', user })).map(
          ([, object]) => object['term_user'],
        ),
      );
    expect(of('1001')).toEqual(new Set(['1001']));
    expect(of('+4930123456')).toEqual(new Set(['', '1001', '1002']));
    expect(of('1003')).toEqual(new Set());
  });
});

describe('the model call_origid', () => {
  it('has one object per call, and does not speak of a group’s legs', () => {
    const objects = told(groupCall(), netsapiens({ model: 'call_origid' }));
    expect(lines(objects, 'term_user', 'term_call_info', 'time_answer', 'remove')).toEqual([
      'call.started term_user= term_call_info= time_answer=0000-00-00 00:00:00 remove=',
      'call.updated term_user=1001 term_call_info=progressing time_answer=0000-00-00 00:00:00 remove=',
      'call.updated term_user=1001 term_call_info=alerting time_answer=0000-00-00 00:00:00 remove=',
      'call.updated term_user= term_call_info=alerting time_answer=0000-00-00 00:00:00 remove=',
      'call.answered term_user=1002 term_call_info=active time_answer=2026-01-05 09:00:05 remove=',
      'call.ended term_user=1002 term_call_info=active time_answer=2026-01-05 09:00:05 remove=yes',
    ]);
    for (const [, object] of objects) {
      expect(Object.keys(object)).toEqual(originKeys.slice(0, object['remove'] ? 16 : 15));
    }
  });
});

describe('the model cdr', () => {
  const destination = netsapiens({ model: 'cdr' });

  it('is one record of each leg that answered, once it is over', () => {
    const objects = told(heldCall(), destination);
    expect(objects).toHaveLength(1);
    const [[kind, record] = ['', {}]] = objects;
    expect(kind).toBe('call.ended');
    expect(Object.keys(record)).toEqual(expect.arrayContaining(cdrKeys));
    expect(record).toMatchObject({
      object: 'cdr',
      action: 'INSERT',
      cdr_index: '1',
      orig_sub: '1001',
      term_sub: '1002',
      time_start: '2026-01-05 09:00:00',
      time_ringing: '2026-01-05 09:00:00',
      time_answer: '2026-01-05 09:00:04',
      time_release: '2026-01-05 09:00:24',
      time_talking: '13',
      time_holding: '7',
      duration: '24',
      batch_tim_beg: String(Date.UTC(2026, 0, 5, 9) / 1000),
      batch_dura: '24',
      release_code: 'end',
      release_text: 'Term: Bye',
    });
  });

  it('counts a time once in which both were on hold', () => {
    const pbx = new Exchange();
    const { from, to } = pbx.talk(anna, ben);
    pbx.after(1_000).holds(to);
    pbx.after(2_000).holds(from);
    pbx.after(3_000).resumes(to);
    pbx.after(4_000).resumes(from);
    pbx.after(5_000).hangsUp(to, from);
    const [[, record] = ['', {}]] = told(new Listener().hear(pbx.said), destination);
    expect([record['time_holding'], record['time_talking'], record['batch_hold']]).toEqual([
      '9',
      '6',
      '9',
    ]);
  });

  it('is one record of the last that was rung when nobody answered', () => {
    const pbx = new Exchange();
    const from = pbx.dials(anna, '1002');
    const to = pbx.after(100).ringsAt(from, ben);
    pbx.after(9_000).fails(from, to, 'no-answer');
    pbx.ends(from);
    const objects = told(new Listener().hear(pbx.said), destination);
    expect(lines(objects, 'term_sub', 'time_answer', 'time_talking', 'release_text')).toEqual([
      'call.ended term_sub=1002 time_answer=0000-00-00 00:00:00 time_talking=0 release_text=Term: No Answer',
    ]);
  });

  it('is told once, however often it is asked for, and never of nothing', () => {
    fc.assert(
      fc.property(history, (entries) => {
        const all = happenings(entries.map(({ event }) => event));
        for (const happening of all) {
          const parts = partsOf(happening, destination);
          const { occurrence } = happening;
          const isEnd = occurrence.kind === 'call' && occurrence.event.kind === 'call.ended';
          expect(parts.length > 0).toBe(isEnd);
          expect(parts.every((part) => part.class === 'record')).toBe(true);
          for (const request of requestsOf(happening, destination)) soundBody(request);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the model call_recording', () => {
  it('is told of every recording that has ended, once', () => {
    const [[kind, object] = ['', {}], ...others] = told(
      heldCall(),
      netsapiens({ model: 'call_recording' }),
    );
    expect(others).toEqual([]);
    expect(kind).toBe('recording.ended');
    expect(object).toEqual({
      object: 'call_recording',
      action: 'update',
      event: 'convertDone',
      status: 'converted',
      callId: 'leg-1',
      duration: '20',
      timeOpen: '2026-01-05 09:00:04',
      timeClose: '2026-01-05 09:00:24',
      download_url: '/spool/a.wav',
    });
    fc.assert(
      fc.property(history, (entries) => {
        const destination = netsapiens({ model: 'call_recording' });
        const happened = happenings(entries.map(({ event }) => event));
        const parts = happened.flatMap((each) => partsOf(each, destination));
        const calls = new Map(
          entries.flatMap(({ event }) => (isOfCall(event) ? [[event.call.id, event.call]] : [])),
        );
        const over = [...calls.values()].flatMap(({ recordings }) =>
          recordings.filter(({ endedAtMs }) => endedAtMs !== undefined),
        );
        expect(parts).toHaveLength(over.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe('the models agent and presence', () => {
  it('take nobody for one of the house because a trunk’s name stands in for a number', () => {
    const pbx = new Exchange();
    const from = pbx.dials({ device: 'trunk-berlin' }, '1001');
    pbx.after(100).ringsAt(from, anna);
    const objects = told(new Listener().hear(pbx.said), netsapiens({ model: 'presence' }));
    expect(new Set(objects.map(([, object]) => object['user']))).toEqual(new Set(['1001']));
  });

  it('show the agents of a queue: rung, talking, free again', () => {
    const objects = told(queueCall(), netsapiens({ model: 'agent' }));
    const keys = [
      'callqueue-agent-id',
      'callqueue',
      'active-calls-total-current',
      'agent-status-message',
    ];
    expect(lines(objects, ...keys).map((line) => line.replaceAll(/\S+=/g, ''))).toEqual([
      'call.updated Anna sales 1 progressing',
      'call.updated Anna sales 1 alerting',
      'call.updated Anna sales 0 ',
      'call.updated Carla sales 1 progressing',
      'call.updated Carla sales 1 alerting',
      'call.answered Carla sales 1 active',
      'call.ended Carla sales 0 ',
    ]);
  });

  it('show who of the house is on the phone, and nobody from outside', () => {
    const objects = told(groupCall(), netsapiens({ model: 'presence' }));
    expect(lines(objects, 'user', 'domain', 'presence-status')).toEqual([
      'call.updated user=1001 domain=acme presence-status=progressing',
      'call.updated user=1001 domain=acme presence-status=alerting',
      'call.updated user=1002 domain=acme presence-status=progressing',
      'call.updated user=1002 domain=acme presence-status=alerting',
      'call.answered user=1002 domain=acme presence-status=active',
      'call.updated user=1001 domain=acme presence-status=inactive',
      'call.ended user=1002 domain=acme presence-status=inactive',
    ]);
  });
});

/** Something that our own administration has done. */
const entry: Occurrence = {
  kind: 'model',
  id: '0d4f2f8e-6a5d-5c4f-8f1c-31f1d0b6a001',
  atMs: nowMs,
  model: 'auditlog',
  lane: 'administration',
  object: {
    id: '17',
    datetime: '2026-01-05 09:30:15',
    action: 'create',
    object: 'destination',
    user: 'ops',
    domain: 'acme',
    target_domain: 'acme',
    target: 'crm',
  },
};
const voicemail: Occurrence = {
  ...entry,
  model: 'voicemail',
  object: { filename: 'vm-1.wav', user: '1001', domain: 'acme', 'duration-seconds': 12 },
};

describe('models that calls do not feed', () => {
  const objectsOf = (occurrence: Occurrence, options: Readonly<Record<string, unknown>>) =>
    requestsOf({ occurrence, before: undefined }, netsapiens(options)).map((request): unknown =>
      JSON.parse(request.body ?? ''),
    );

  it('tell objects that are given to us, as they are unless a style is asked for', () => {
    const { object } = voicemail;
    expect(objectsOf(voicemail, { model: 'voicemail' })).toEqual([[object]]);
    expect(objectsOf(voicemail, { model: 'voicemail', keyStyle: 'underscore' })).toEqual([
      [{ filename: 'vm-1.wav', user: '1001', domain: 'acme', duration_seconds: 12 }],
    ]);
    expect(objectsOf(entry, { model: 'auditlog' })).toEqual([[entry.object]]);
    for (const model of ['call', 'cdr', 'message', 'auditlog_lite']) {
      expect(objectsOf(voicemail, { model })).toEqual([]);
    }
  });

  it('are limited to a user and a domain; the audit log to the domain that it happened in', () => {
    const counts = [
      [voicemail, { model: 'voicemail', user: '1001' }],
      [voicemail, { model: 'voicemail', user: '1002' }],
      [voicemail, { model: 'voicemail', domain: 'acme' }],
      [voicemail, { model: 'voicemail', domain: 'other' }],
      [
        { ...entry, object: { ...entry.object, domain: 'x' } },
        { model: 'auditlog', domain: 'acme' },
      ],
      [
        { ...entry, object: { ...entry.object, target_domain: 'x' } },
        { model: 'auditlog', domain: 'acme' },
      ],
    ] as const;
    expect(counts.map(([occurrence, options]) => objectsOf(occurrence, options).length)).toEqual([
      1, 0, 1, 0, 1, 0,
    ]);
  });

  it('tell the short audit log of billed objects that come and go, and of nothing else', () => {
    const of = (action: string, object: string) =>
      objectsOf(
        { ...entry, object: { ...entry.object, action, object } },
        { model: 'auditlog_lite' },
      ).length;
    expect([of('create', 'user'), of('delete', 'phonenumber')]).toEqual([1, 1]);
    expect([of('update', 'user'), of('create', 'destination'), of('create', 'token')]).toEqual([
      0, 0, 0,
    ]);
    expect(
      objectsOf({ ...entry, model: 'auditlog_lite' }, { model: 'auditlog_lite' }),
    ).toHaveLength(1);
  });

  it('say where their objects come from', () => {
    const { note } = dialects.netsapiens;
    const notes = models.map((model) => note?.(netsapiens({ model })));
    for (const [at, model] of models.entries()) {
      expect(notes[at]).toContain(`"${model}"`);
      if (fedBy[model] === 'ingest') expect(notes[at]).toContain('POST /v1/models');
    }
  });
});

describe('a request', () => {
  it('is one array, of as many objects as there are items', () => {
    const destination = netsapiens({ model: 'call' });
    const items = happenings(groupCall().events).flatMap(({ occurrence, before }) =>
      itemsOf(occurrence, before, destination),
    );
    const request = requestOf(items, destination);
    expect(request).toMatchObject({ method: 'POST', url: 'https://receiver.example/hook' });
    expect(JSON.parse(request.body ?? '')).toHaveLength(items.length);
    expect(() => requestOf([], destination)).toThrow(RangeError);
  });

  it('carries the id of the subscription, given or derived', () => {
    const of = (options: object, more = {}) =>
      requestsOf(
        { occurrence: voicemail, before: undefined },
        netsapiens({ model: 'voicemail', ...options }, more),
      )[0]?.headers['x-correlation-id'];
    expect(of({ correlationId: 's-1' })).toBe('s-1');
    expect(of({})).toMatch(/^[0-9a-f]{32}$/);
    expect(of({})).toBe(of({ user: '1001' }));
    expect(of({})).not.toBe(of({}, { id: 'other' }));
  });

  it('spells keys as the destination wishes', () => {
    const [[, hyphenated] = ['', {}]] = told(
      groupCall(),
      netsapiens({ model: 'call', keyStyle: 'hyphen' }),
    );
    expect(Object.keys(hyphenated)).toEqual(
      callKeys.slice(0, 73).map((key) => key.replaceAll('_', '-')),
    );
    const [[, underscored] = ['', {}]] = told(
      groupCall(),
      netsapiens({ model: 'presence', keyStyle: 'underscore' }),
    );
    expect(Object.keys(underscored)).toContain('presence_status');
  });

  it('is taken up to 302, and refused for good by what says that the request is at fault', () => {
    const { isTaken, isFinal } = dialects.netsapiens;
    expect([200, 204, 301, 302].every(isTaken)).toBe(true);
    expect([199, 303, 400, 500].some(isTaken)).toBe(false);
    expect([400, 404, 429, 303, 500].map(isFinal)).toEqual([true, true, false, false, false]);
  });

  it('can be read, whatever people, phones and their keys are called', () => {
    const stories = [groupCall(), queueCall(), heldCall()].flatMap(({ events }) =>
      happenings(events),
    );
    const texts = fc.array(hostileText, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(
        fc.constantFrom(...stories, { occurrence: voicemail, before: undefined }),
        fc.constantFrom(...models),
        texts,
        (story, model, names) => {
          const destination = netsapiens({ model });
          const occurrence = withTexts(story.occurrence, names);
          for (const before of [story.before, undefined]) {
            const parts = partsOf({ occurrence, before }, destination);
            for (const part of parts) {
              expect(part.topic).toMatch(/^[\x21-\x7e]{1,64}$/);
              expect(part.topic).not.toContain(',');
              expect((part.about ?? '').length).toBeLessThanOrEqual(4_096);
            }
            expect(new Set(parts.map(({ topic }) => topic)).size).toBe(parts.length);
            for (const request of requestsOf({ occurrence, before }, destination)) {
              expect(soundBody(request)).toHaveLength(1);
            }
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('says what is wrong when it is asked for what is not there', () => {
    const [first] = happenings(groupCall().events);
    if (first === undefined) throw new Error('nothing happened');
    const ask = (model: string, about: string | undefined) => {
      const item = {
        occurrence: first.occurrence,
        topic: 'x',
        about,
        key: 'x',
        sequence: 1,
        attempts: 0,
      };
      return requestOf([item], netsapiens({ model }));
    };
    for (const about of [undefined, 'now ["x"]', 'then ["x"]', 'gone', '7']) {
      expect(() => ask('call', about)).toThrow(RangeError);
      expect(() => ask('cdr', about)).toThrow(RangeError);
      expect(() => ask('call_recording', about)).toThrow(RangeError);
      expect(() => ask('voicemail', about)).toThrow(RangeError);
    }
  });
});

describe('a destination', () => {
  it.each([
    ['no model', {}, 'netsapiens.model'],
    ['an unknown model', { model: 'fax' }, 'netsapiens.model'],
    [
      'an id that no header can hold',
      { model: 'cdr', correlationId: 'a\r\nb' },
      'netsapiens.correlationId',
    ],
    ['an unknown style', { model: 'cdr', keyStyle: 'camel' }, 'netsapiens.keyStyle'],
    [
      'a domain that calls never have',
      { model: 'cdr', domain: 'a', domainName: 'b' },
      'netsapiens.domain',
    ],
    ['an unknown name', { model: 'cdr', colour: 'red' }, 'netsapiens.colour'],
  ])('has a problem: %s', (_what, table, path) => {
    expect(problemsIn({ dialect: 'netsapiens', netsapiens: table })[0]?.path).toBe(path);
  });

  it.each(models.map((model) => [model]))('of the model %s can be tried', (model) => {
    for (const options of [{}, { user: '1234', domain: 'acme' }]) {
      const destination = netsapiens({ model, ...options });
      const occurrence = dialects.netsapiens.sample(destination, 'test-1', nowMs);
      const requests = requestsOf({ occurrence, before: undefined }, destination);
      expect(requests.length).toBeGreaterThan(0);
      for (const request of requests) soundBody(request);
    }
  });
});

describe('protocol/webhook/netsapiens', () => {
  // Where these fail because the dialect was meant to change: npx vitest run test/webhook/dialect -u
  const samples: Readonly<Record<string, { story: Listener | Occurrence; pick: number }>> = {
    call: { story: groupCall(), pick: 5 },
    'call-removed': { story: groupCall(), pick: -1 },
    call_origid: { story: groupCall(), pick: 4 },
    cdr: { story: heldCall(), pick: 0 },
    call_recording: { story: heldCall(), pick: 0 },
    agent: { story: queueCall(), pick: 5 },
    presence: { story: groupCall(), pick: 4 },
    auditlog: { story: entry, pick: 0 },
    voicemail: { story: voicemail, pick: 0 },
  };

  it.each(Object.keys(samples))('shows %s byte for byte', async (name) => {
    const { story, pick } = samples[name] ?? { story: entry, pick: 0 };
    const destination = netsapiens({ model: name.split('-')[0] });
    const happened =
      story instanceof Listener
        ? happenings(story.events)
        : [{ occurrence: story, before: undefined }];
    const request = happened.flatMap((each) => requestsOf(each, destination)).at(pick);
    const text = request === undefined ? '' : textOf(request);
    await expect(text).toMatchFileSnapshot(`${folder}/${name}.txt`);
  });
});
