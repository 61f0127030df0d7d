/**
 * The JSON side of what is published: examples are what our codecs read and write and mean what their XML
 * twins mean; the schema says yes to everything that is said and no to what is not meant; the conversations
 * are what a real server says over a real WebSocket.
 */
import fc from 'fast-check';
import { format, resolveConfig } from 'prettier';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ProtocolError } from '../../src/base/errors.ts';
import { parseJsonRequest } from '../../src/subscriber/json-request-codec.ts';
import { publishedSchema } from '../../src/subscriber/json-schema.ts';
import { readServerDocument } from '../../src/subscriber/reading.ts';
import { asSaid, readServerJson } from '../support/json-messages.ts';
import { jsonSchemaFile, list, read, readJsonConversation } from './conversation.ts';
import { jsonExamples } from './json-messages.ts';
import { play, plays } from './json-scene.ts';
import { requests } from './messages.ts';

const example = (name: string): string => read(`examples/${name}.json`).trimEnd();

describe('the JSON examples', () => {
  it('are there for every message, and for nothing else', () => {
    expect(list('examples', 'json')).toEqual(
      [...jsonExamples.keys()].map((n) => `${n}.json`).sort(),
    );
  });

  it.each([...jsonExamples])('%s is written as published, on one line', (name, written) => {
    expect(read(`examples/${name}.json`)).toBe(`${written}\n`);
    expect(written).not.toMatch(/[\r\n]/);
  });

  it.each(Object.entries(requests))('request-%s is read as meant', (name, request) => {
    const optedIn = request.kind === 'subscribe' ? { feed: { snapshot: false, ack: false } } : {};
    expect(parseJsonRequest(Buffer.from(example(`request-${name}`)))).toEqual({
      ...optedIn,
      ...request,
    });
  });

  const said = [...jsonExamples.keys()].filter((name) => !name.startsWith('request-'));

  it.each(said)('%s says what its XML twin says', (name) => {
    const xml = readServerDocument(read(`examples/${name}.xml`));
    if (xml instanceof ProtocolError) throw xml;
    const json = readServerJson(example(name));
    // Who subscribes in JSON is told a position; what is wrong is said in the words of the encoding.
    const differs = {
      ...(json.kind === 'answer' && xml.kind === 'answer' && !xml.feed && { feed: json.feed }),
      ...(json.kind === 'failure' && { detail: json.detail }),
    };
    expect(asSaid(json)).toEqual(asSaid({ ...xml, ...differs }));
  });

  it('leave out only what a client of JSON never gets', () => {
    const missing = list('examples')
      .map((file) => file.slice(0, -'.xml'.length))
      .filter((name) => !jsonExamples.has(name));
    expect(missing).toEqual(['keepalive', 'notification-call-end', 'notification-call-start']);
  });
});

const published: z.core.JSONSchema.JSONSchema = JSON.parse(read('feed.schema.json'));
const either = z.fromJSONSchema(published);
const { anyOf: _either, ...definitions } = published;
const asked = z.fromJSONSchema({ ...definitions, $ref: '#/$defs/Request' });
const answered = z.fromJSONSchema({ ...definitions, $ref: '#/$defs/ServerMessage' });

describe('the JSON schema', () => {
  it('is published as the server checks it', async () => {
    // Where this fails because the schema was meant to change: npx vitest run test/protocol -u
    const options = { ...(await resolveConfig(jsonSchemaFile)), parser: 'json' };
    const text = await format(JSON.stringify(publishedSchema()), options);
    await expect(text).toMatchFileSnapshot('../../protocol/feed/feed.schema.json');
    expect(published.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  });

  it('accepts every example, and knows which side may say it', () => {
    for (const name of jsonExamples.keys()) {
      const message: unknown = JSON.parse(example(name));
      const isAsked = name.startsWith('request-');
      expect([name, asked.safeParse(message).success]).toEqual([name, isAsked]);
      expect([name, answered.safeParse(message).success]).toEqual([name, !isAsked]);
      expect([name, either.safeParse(message).success]).toEqual([name, true]);
    }
  });

  const call = (): Record<string, unknown> =>
    JSON.parse(example('notification-call-update-feed')) as Record<string, unknown>;
  const cdr = call()['cdr'] as object;
  const view = call()['call'] as { parties: object[] };

  it.each<[string, unknown]>([
    ['no object', []],
    ['an unknown request', { type: 'GetWeather' }],
    ['a request without a type', { id: '1' }],
    ['a request with more than it has', { type: 'Keepalive', position: 'a-1' }],
    ['an id that is no text', { type: 'Keepalive', id: 1 }],
    ['an event that does not exist', { type: 'SubscribeOnCallEvent', feed: { events: ['Call'] } }],
    ['no event', { type: 'SubscribeOnCallEvent', feed: { events: [] } }],
    ['a number that is no text', { type: 'GetOngoingCalls', extensions: [{ number: 1 }] }],
    ['a range of no digits', { type: 'GetOngoingCalls', extensions: [{ from: 'a', to: 'b' }] }],
    ['half a range', { type: 'GetOngoingCalls', extensions: [{ from: '1' }] }],
    ['two ways', { type: 'GetOngoingCalls', extensions: [{ number: '1', prefix: '1' }] }],
    ['no way', { type: 'GetOngoingCalls', extensions: [{}] }],
    ['a call without an id', { type: 'GetCallDetail' }],
    [
      'a flag in quotes',
      { type: 'MuteChannel', call: 'c', callerMuted: 'true', calleeMuted: true },
    ],
    ['another result code', { code: 1, request: { type: 'Unsubscribe' } }],
    ['a failure of no known class', { code: 2, error: { description: 'Oops', text: '' } }],
    ['an answer to nothing', { code: 0 }],
    ['a subscription without a position', { code: 0, request: { type: 'SubscribeOnCallEvent' } }],
    ['a keep-alive of no time', { code: 0, keepalive: { time: 0 }, sources: [] }],
    ['a goodbye for no known reason', { notification: 'Goodbye', reason: 'bored' }],
    ['an unknown notification', { ...call(), notification: 'CallMiddle' }],
    ['a call without its record', { ...call(), cdr: undefined }],
    ['a record without its call', { ...call(), call: undefined }],
    ['a notification without a position', { ...call(), position: undefined }],
    ['a snapshot that is none', { ...call(), snapshot: false }],
    ['a record with a field nobody knows', { ...call(), cdr: { ...cdr, extra: '' } }],
    ['a record with a number', { ...call(), cdr: { ...cdr, direction_id: 1 } }],
    ['a record with a time of another form', { ...call(), cdr: { ...cdr, start_time: 'T' } }],
    [
      'a call with a time of another form',
      { ...call(), call: { ...view, answered: '2026-03-02 09:00:15.250' } },
    ],
    [
      'a call with a time of another zone',
      { ...call(), call: { ...view, answered: '2026-03-02T09:00:15.250+01:00' } },
    ],
    [
      'a party nobody knows',
      { ...call(), call: { ...view, parties: [{ ...view.parties[0], role: 'x' }] } },
    ],
  ])('rejects %s', (_, message) => {
    const sent: unknown = JSON.parse(JSON.stringify(message));
    expect(either.safeParse(sent).success).toBe(false);
  });

  it('says of requests what the server says, but for what no schema can', () => {
    const scalar = fc.constantFrom<unknown>('', '1', '12', 'CallEnd', 7, true, null, [], {}, [
      'CallEnd',
    ]);
    const names = [
      'id',
      'call',
      'number',
      'prefix',
      'from',
      'to',
      'feed',
      'extensions',
      'events',
      'ack',
      'snapshot',
      'after',
      'callerMuted',
      'calleeMuted',
      'token',
      'else',
    ];
    const part = fc.dictionary(fc.constantFrom(...names), scalar, { maxKeys: 2 });
    const request = fc
      .tuple(
        fc.constantFrom(...Object.values(requests)),
        fc.dictionary(
          fc.constantFrom(...names),
          fc.oneof(scalar, part, fc.array(part, { maxLength: 2 })),
          { maxKeys: 1 },
        ),
      )
      .map(([{ head, kind }, more]) => {
        const right = { call: 'c', callerMuted: true, calleeMuted: false };
        const needed =
          kind === 'mute'
            ? right
            : kind === 'authenticate'
              ? { token: 't' }
              : 'detail mute-state'.includes(kind)
                ? { call: 'c' }
                : {};
        return { type: head.type, ...needed, ...more };
      });
    const counts = { taken: 0, refused: 0 };
    fc.assert(
      fc.property(request, (sent) => {
        const parsed = parseJsonRequest(Buffer.from(JSON.stringify(sent)));
        const isTaken = !(parsed instanceof ProtocolError) && parsed.kind !== 'refusal';
        const ends = /as many digits|lower number/;
        const beyondSchema = !isTaken && 'detail' in parsed && ends.test(parsed.detail);
        counts[isTaken ? 'taken' : 'refused'] += 1;
        expect(asked.safeParse(sent).success).toBe(isTaken || beyondSchema);
      }),
      { numRuns: 2_000 },
    );
    expect(Math.min(counts.taken, counts.refused)).toBeGreaterThan(200);
  });
});

describe('the JSON conversations', () => {
  it('are all played', () => {
    expect(list('conversations', 'json')).toEqual(Object.keys(plays).sort());
  });

  it.each(list('conversations', 'json'))('%s is what a server says, to the byte', async (name) => {
    const turns = readJsonConversation(name);
    const lines = turns.filter(({ from }) => from === 'server').map(({ text }) => text);
    expect(lines.length).toBeGreaterThan(5);
    const said = await play(name, turns);
    expect(said).toEqual(lines);
    for (const line of said) expect(answered.safeParse(JSON.parse(line)).success).toBe(true);
  });

  it.each(list('conversations', 'json'))('%s asks what the schema allows, and no more', (name) => {
    for (const { from, text } of readJsonConversation(name)) {
      const parsed = parseJsonRequest(Buffer.from(text));
      const isRequest = !(parsed instanceof ProtocolError) && parsed.kind !== 'refusal';
      if (from !== 'server') expect([text, isRequest]).toEqual([text, from === 'client']);
      if (from === 'client') expect(asked.safeParse(JSON.parse(text)).success).toBe(true);
    }
  });
});
