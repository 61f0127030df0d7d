import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import type { Destination } from '../../../src/webhook/destination.ts';
import { eventSchema, publishedSchema } from '../../../src/webhook/dialect/standard-schema.ts';
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
import {
  answered,
  ended,
  eventOf,
  connectedCall,
  gapOf,
  started,
  upOf,
} from '../../support/calls.ts';
import {
  happenings,
  partsOf,
  problemsIn,
  requestsOf,
  soundBody,
  withTexts,
  written,
} from './telling.ts';

const folder = '../../../protocol/webhook/standard';
const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

function standard(options: Readonly<Record<string, unknown>> = {}): Destination {
  return destinationOf(
    written({ dialect: 'standard', standard: { secrets: [secret], ...options } }),
  );
}

const event = (event: ReturnType<typeof started>): Occurrence => ({ kind: 'call', event });
const call = connectedCall(0);
const failed: Occurrence = {
  kind: 'command-failed',
  id: '2b1c7f0e-6f3b-5d55-9a0e-0d2d8f3f9d11',
  atMs: call.startedAtMs + 9_000,
  command: 'pause',
  reason: 'No MixMonitor on this channel',
  call,
  leg: call.legs[1]?.key ?? '',
};
const voicemail: Occurrence = {
  kind: 'model',
  id: '6a2f53c2-1c6c-5c5e-8d0b-2b8f0f7d1e01',
  atMs: call.startedAtMs,
  model: 'voicemail',
  lane: '1001',
  object: { filename: 'vm-1.wav', user: '1001', domain: 'acme', 'duration-seconds': 12 },
};

const notified: Occurrence = {
  kind: 'notified',
  id: '7d0c9a4e-53c5-4c5e-8a55-1d5b0f2f6c11',
  atMs: call.startedAtMs + 5_000,
  event: 'CallFlagged',
  parameters: { ucid: 'fbd5715afe5aca679d1c9230dce37e73@192.0.2.5', note: 'R&D "1"' },
};

/** Everything that can be told, by its type. */
const everyType: Readonly<Record<string, Occurrence>> = {
  'call.started': event(started(0)),
  'call.answered': event(answered(0)),
  'call.updated': event(eventOf('call.updated', connectedCall(0, { revision: 4 }))),
  'call.ended': event(ended(0)),
  'recording.started': event(eventOf('recording.started', call)),
  'recording.paused': event(eventOf('recording.paused', call)),
  'recording.resumed': event(eventOf('recording.resumed', call)),
  'recording.ended': event(eventOf('recording.ended', call)),
  'recording.command-failed': failed,
  'source.gap': { kind: 'source', event: gapOf('pbx', call.startedAtMs) },
  'source.up': { kind: 'source', event: upOf('pbx', call.startedAtMs, call.startedAtMs + 1_500) },
  'model.voicemail': voicemail,
  'event.notified': notified,
};

const all = standard({ events: ['call.*', 'recording.*', 'source.*', 'model.*', 'event.*'] });

dialectContract('standard', written({ dialect: 'standard', standard: { secrets: [secret] } }));

describe('what a destination is told', () => {
  it('is every event of a call, of its recordings and of the sources and what was notified, and no model unless asked', () => {
    const told = Object.entries(everyType).map(([type, occurrence]) => [
      type,
      partsOf({ occurrence, before: undefined }, standard()).map(
        ({ topic, class: kind, supersedes }) => `${topic} ${kind} ${supersedes}`,
      ),
    ]);
    expect(Object.fromEntries(told)).toEqual({
      'call.started': ['call.started live nothing'],
      'call.answered': ['call.answered live nothing'],
      'call.updated': ['call.updated live topic'],
      'call.ended': ['call.ended record live'],
      'recording.started': ['recording.started record nothing'],
      'recording.paused': ['recording.paused record nothing'],
      'recording.resumed': ['recording.resumed record nothing'],
      'recording.ended': ['recording.ended record nothing'],
      'recording.command-failed': ['recording.command-failed record nothing'],
      'source.gap': ['source.gap record nothing'],
      'source.up': ['source.up record nothing'],
      'model.voicemail': [],
      'event.notified': ['event.notified record nothing'],
    });
  });

  it.each([
    [['call.ended'], ['call.ended']],
    [
      ['recording.*'],
      [
        'recording.started',
        'recording.paused',
        'recording.resumed',
        'recording.ended',
        'recording.command-failed',
      ],
    ],
    [
      ['model.voicemail', 'source.up'],
      ['source.up', 'model.voicemail'],
    ],
    [['model.message'], []],
    [['model.*'], ['model.voicemail']],
    [['event.*'], ['event.notified']],
  ])('is what it wishes for: %j', (events, expected) => {
    const destination = standard({ events });
    const told = Object.values(everyType).flatMap((occurrence) =>
      partsOf({ occurrence, before: undefined }, destination).map(({ topic }) => topic),
    );
    expect(told).toEqual(expected);
  });

  it('holds the published schema, whatever happens in a house', () => {
    fc.assert(
      fc.property(history, (entries) => {
        for (const each of happenings(entries.map((entry) => entry.event))) {
          const [request, ...others] = requestsOf(each, all);
          expect(others).toEqual([]);
          eventSchema.parse(soundBody(request ?? { method: 'GET', url: '', headers: {} }));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('can be read, whatever a caller is called', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(everyType)),
        fc.array(hostileText, { minLength: 1, maxLength: 6 }),
        (occurrence, texts) => {
          const hostile = withTexts(occurrence, texts);
          for (const request of requestsOf({ occurrence: hostile, before: undefined }, all)) {
            eventSchema.parse(soundBody(request));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is said in the words of the call', () => {
    const [request] = requestsOf({ occurrence: event(ended(0)), before: undefined }, all);
    const body: unknown = JSON.parse(request?.body ?? '');
    expect(body).toMatchObject({
      type: 'call.ended',
      sequence: 3,
      timestamp: '2025-03-14T09:28:28.589Z',
      data: {
        joined: [],
        call: {
          state: 'ended',
          direction: 'incoming',
          caller: { number: '+49301234000', name: 'Jürgen & Söhne <GmbH>' },
          called: { number: '1000' },
          started: '2025-03-14T09:26:53.589Z',
          ended: '2025-03-14T09:28:28.589Z',
          outcome: 'answered',
          endedBy: 'caller',
          parties: [],
          formerParties: [
            { role: 'caller' },
            { role: 'called', answered: '2025-03-14T09:26:59.889Z' },
          ],
          recordings: [{ state: 'ended', number: '1000' }],
        },
      },
    });
    // Keys of legs are the platform's, and of no use to anybody else.
    expect(request?.body).not.toMatch(/callKey|dialledBy|bridge|"leg"|AtMs/);
  });
});

describe('a request', () => {
  it('is signed with every secret over the very bytes that are sent', () => {
    const other = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
    const destination = standard({ secrets: [other, secret] });
    const occurrence = event(started(0));
    const [request] = requestsOf({ occurrence, before: undefined }, destination);
    const { headers = {}, body = '' } = request ?? {};
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
    const signature = (each: string): string =>
      createHmac('sha256', Buffer.from(each.slice(6), 'base64'))
        .update(signed)
        .digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature(other)} v1,${signature(secret)}`);
    expect(headers['webhook-timestamp']).toBe('1767605400');
    expect(headers['webhook-id']).toBe(JSON.parse(body).id);
  });

  it('keeps its id when it is repeated, with a time of its own', () => {
    const destination = standard();
    const occurrence = event(started(0));
    const [item] = itemsOf(occurrence, undefined, destination);
    if (item === undefined) throw new Error('nothing is told');
    const render = (nowMs: number) =>
      dialects.standard.render([item], destination, { url: destination.urls[0], nowMs });
    const [one, two] = [render(1_767_605_415_000), render(1_767_605_475_000)];
    expect(one.body).toBe(two.body);
    expect(one.headers['webhook-id']).toBe(two.headers['webhook-id']);
    expect(one.headers['webhook-timestamp']).not.toBe(two.headers['webhook-timestamp']);
    expect(one.headers['webhook-signature']).not.toBe(two.headers['webhook-signature']);
  });

  it('carries one event, of a model with a proper name', () => {
    const destination = all;
    const item = (occurrence: Occurrence) => {
      return { occurrence, topic: 'x', about: undefined, key: 'x', sequence: 1, attempts: 0 };
    };
    expect(() => requestOf([], destination)).toThrow(RangeError);
    expect(() => requestOf([item(failed), item(failed)], destination)).toThrow(RangeError);
    expect(() => requestOf([item({ ...voicemail, model: 'Voice\r\nmail' })], destination)).toThrow(
      RangeError,
    );
  });
});

describe('a destination', () => {
  it('does not show the secret that is wrong with it', () => {
    const bad = 'whsec_c2hvcnQ=';
    expect(problemsIn({ dialect: 'standard', standard: { secrets: [bad] } })).toEqual([
      {
        path: 'standard.secrets[0]',
        seen: 'a hidden value',
        expected: expect.stringContaining('24 to 64 bytes'),
      },
    ]);
  });

  it.each([
    ['no table', undefined, 'standard.secrets'],
    ['no secrets', { secrets: [] }, 'standard.secrets'],
    ['three secrets', { secrets: [secret, secret, secret] }, 'standard.secrets'],
    ['an unknown event', { secrets: [secret], events: ['call.sung'] }, 'standard.events[0]'],
    ['no events', { secrets: [secret], events: [] }, 'standard.events'],
    ['another method', { secrets: [secret], method: 'GET' }, 'standard.method'],
    ['an unknown name', { secrets: [secret], colour: 'red' }, 'standard.colour'],
  ])('has a problem: %s', (_what, table, path) => {
    expect(problemsIn({ dialect: 'standard', standard: table })[0]?.path).toBe(path);
  });

  it.each([
    ...Object.keys(everyType).map((type) => [type]),
    ['call.*'],
    ['recording.*'],
    ['source.*'],
    ['model.*'],
    ['event.*'],
  ])('that wishes for %s can be tried', (wish) => {
    const destination = standard({ events: [wish] });
    const occurrence = dialects.standard.sample(destination, 'test-1', 1_767_605_415_000);
    const [request] = requestsOf({ occurrence, before: undefined }, destination);
    const body = eventSchema.parse(soundBody(request ?? { method: 'GET', url: '', headers: {} }));
    expect(JSON.stringify(body)).toContain('offhook test');
    if (!wish.endsWith('*')) expect(body.type).toBe(wish);
  });
});

describe('protocol/webhook/standard', () => {
  it.each(Object.keys(everyType))('shows %s byte for byte', async (type) => {
    // Where this fails because the dialect was meant to change: npx vitest run test/webhook/dialect -u
    const occurrence = everyType[type];
    if (occurrence === undefined) throw new Error('no such type');
    const [request] = requestsOf({ occurrence, before: undefined }, all);
    const text = request === undefined ? '' : textOf(request);
    await expect(text).toMatchFileSnapshot(`${folder}/${type}.txt`);
  });

  it('has the schema that the server’s own writer is typed by', async () => {
    const file = new URL(`${folder}/event.schema.json`, import.meta.url);
    const options = { ...(await resolveConfig(file)), parser: 'json' };
    const text = await format(JSON.stringify(publishedSchema()), options);
    await expect(text).toMatchFileSnapshot(`${folder}/event.schema.json`);
  });
});
