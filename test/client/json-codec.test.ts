/** The client's JSON against the published examples: each says what its twin in XML says. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { isoTime } from '../../src/client/event.ts';
import { readServerJson, requestJson } from '../../src/client/json-codec.ts';
import { parseJsonRequest } from '../../src/subscriber/json-request-codec.ts';
import { readServerDocument } from '../../src/subscriber/reading.ts';
import { parseRequest } from '../../src/subscriber/request-codec.ts';

const folder = join(import.meta.dirname, '..', '..', 'protocol', 'feed', 'examples');
const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => name.slice(0, -'.json'.length));
const read = (name: string): Buffer => readFileSync(join(folder, name));

type Message = ReturnType<typeof readServerJson>;

/** Every time outside of the record as JSON tells it. */
function withIsoTimes(value: unknown): unknown {
  if (typeof value === 'string') return isoTime(value, 'utc') ?? '';
  if (Array.isArray(value)) return value.map(withIsoTimes);
  if (value instanceof Map || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withIsoTimes(each)]));
}

describe('a message of the server', () => {
  const theirs = names.filter((name) => !name.startsWith('request-'));

  it('has an example of every kind', () => {
    expect(theirs.length).toBeGreaterThan(30);
  });

  it.each(theirs)('%s reads as its twin in XML', (name) => {
    const json = readServerJson(read(`${name}.json`).toString());
    const xml = withIsoTimes(readServerDocument(read(`${name}.xml`))) as typeof json;
    expect(json).toEqual({ ...xml, ...differences(json, xml) });
  });
});

/** Where the encodings differ by the protocol. */
function differences(json: Message, xml: Message): object {
  // What was wrong with a request has other words in each.
  if (json?.kind === 'failure') return { detail: json.detail };
  if (json?.kind !== 'answer' || xml?.kind !== 'answer') return {};
  return {
    // A client of JSON has opted in, whether it says so or not.
    ...(xml.feed === undefined && json.feed !== undefined && { feed: json.feed }),
    ...(xml.head.type === 'MuteState' && { head: { ...xml.head, type: 'GetMuteState' } }),
  };
}

describe('a request', () => {
  const ours = names.filter((name) => name.startsWith('request-'));

  it.each(ours)('%s is written as the example says', (name) => {
    const request = parseRequest(read(`${name}.xml`));
    if (request instanceof ProtocolError || request.kind === 'refusal') throw new Error(name);
    const expected = parseJsonRequest(read(`${name}.json`));
    const written = parseJsonRequest(Buffer.from(requestJson(request)));
    expect(written).not.toMatchObject({ kind: 'refusal' });
    expect(written).toEqual(expected);
  });
});

describe('a text that is no message', () => {
  it.each(['', 'hello', '[]', '"x"', 'null', '7', '{"code":0', 'NaN'])('%j is none', (text) => {
    expect(readServerJson(text)).toBeUndefined();
  });

  it.each([
    '{}',
    '{"code":"0"}',
    '{"notification":7}',
    '{"notification":"New","x":1}',
    '{"code":0}',
  ])('%s is nothing that we know', (text) => {
    expect(readServerJson(text)).toMatchObject({ kind: 'unknown' });
  });

  it('with members of other types is read as far as it goes', () => {
    const text = JSON.stringify({
      notification: 'CallStart',
      position: 7,
      cdr: { state: 1, id: 5, x: null, y: {}, __proto__: { z: 1 } },
      call: { state: 3, parties: 'all', queue: [1, { missedBy: [2, 'a'] }] },
    });
    expect(readServerJson(text)).toMatchObject({
      kind: 'call',
      position: undefined,
      cdr: { ended: true, fields: new Map([['id', '5']]) },
      view: { state: '', parties: [], queue: [{ name: '', missedBy: ['a'] }] },
    });
  });
});
