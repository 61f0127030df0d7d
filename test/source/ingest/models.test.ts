import { readFileSync } from 'node:fs';
import Fastify, { type FastifyInstance } from 'fastify';
import { format, resolveConfig } from 'prettier';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/base/errors.ts';
import { Ingest } from '../../../src/source/ingest/ingest.ts';
import {
  fedByCalls,
  objectBounds,
  publishedObjectsSchema,
  takenModels,
} from '../../../src/source/ingest/models-schema.ts';
import { ObjectIntake, readObjects, type ToldObject } from '../../../src/source/ingest/models.ts';
import { ingestRoutes } from '../../../src/source/ingest/routes.ts';
import { fedBy, models } from '../../../src/webhook/dialect/netsapiens-models.ts';

const nowMs = 1_767_600_000_000;
const voicemail = { model: 'voicemail', object: { user: '1001' } };

let app: FastifyInstance;
let base: string;
let ingest: Ingest;
let told: ToldObject[];
let tell: (objects: readonly ToldObject[]) => Promise<void>;
let faults: unknown[];

beforeEach(async () => {
  [told, faults] = [[], []];
  tell = (objects) => {
    told.push(...objects);
    return Promise.resolve();
  };
  ingest = new Ingest(
    'dialler',
    { signal: () => undefined, state: () => undefined, heard: () => undefined },
    {
      accept: (signals) => Promise.resolve(signals.map(() => ({ kind: 'noted' }))),
      seenSignalIds: () => Promise.resolve(new Set()),
      authorize: (header) => header !== 'Bearer wrong',
    },
    { now: () => nowMs },
  );
  ingest.start();
  app = Fastify();
  app.setErrorHandler((error, _request, reply) => {
    faults.push(error);
    return reply.code(500).send({ title: 'Internal Server Error' });
  });
  void app.register(ingestRoutes(ingest, { objects: { tell: (objects) => tell(objects) } }));
  base = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterEach(() => app.close());

async function post(body: string, headers: Readonly<Record<string, string>> = {}) {
  const response = await fetch(`${base}/v1/models`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const send = (...objects: readonly unknown[]) => post(JSON.stringify({ objects }));

describe('POST /v1/models', () => {
  it('takes objects with all that is said of them, and answers when they are durable', async () => {
    const message = {
      ...{ model: 'message', id: 'm-1', lane: 'thread 7', at: '2026-01-05T09:00:00.250+01:00' },
      object: { text: 'Grüße 💥', nested: [{ deep: null }] },
    };
    const answer = await send(voicemail, message);
    expect([answer.status, answer.body]).toEqual([202, { accepted: 2 }]);
    expect(told).toMatchObject([
      { ...voicemail, lane: '', atMs: nowMs },
      {
        model: 'message',
        lane: 'thread 7',
        atMs: Date.UTC(2026, 0, 5, 8, 0, 0, 250),
        object: message.object,
      },
    ]);
  });

  it('gives an object that is sent again the id that it had, and what has none a new one', async () => {
    const named = { ...voicemail, id: 'vm-1' };
    await send(named, voicemail);
    await send(named, voicemail, { ...named, model: 'message' });
    const ids = told.map(({ id }) => id);
    expect(ids[0]).toBe(ids[2]);
    expect(new Set(ids).size).toBe(4);
    expect(ids.every((id) => /^[0-9a-f-]{36}$/.test(id))).toBe(true);
  });

  it('does not answer before they are', async () => {
    let commit: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      tell = () => {
        resolve();
        return new Promise((done) => (commit = done));
      };
    });
    let isAnswered = false;
    const answer = send(voicemail).finally(() => (isAnswered = true));
    await asked;
    let isStopped = false;
    const stopping = ingest.stop().then(() => (isStopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([isAnswered, isStopped]).toEqual([false, false]);
    commit();
    expect((await answer).status).toBe(202);
    await stopping;
  });

  it('asks who is there, and takes JSON and nothing else', async () => {
    expect(await post('no json', { authorization: 'Bearer wrong' })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHORIZED' },
    });
    expect(await post('{"objects":')).toMatchObject({
      status: 400,
      body: { code: 'JSON_MALFORMED' },
    });
    expect(await post('{}', { 'content-type': 'text/plain' })).toMatchObject({ status: 415 });
  });

  it('sends senders away while it is held, stopped, or the disk fails', async () => {
    ingest.hold(true);
    expect(await send(voicemail)).toMatchObject({ status: 503, body: { code: 'INGEST_BUSY' } });
    ingest.hold(false);
    tell = () => Promise.reject(new StoreError('STORE_UNAVAILABLE', 'gone'));
    expect(await send(voicemail)).toMatchObject({
      status: 503,
      body: { code: 'STORE_UNAVAILABLE' },
    });
    await ingest.stop();
    const answer = await send(voicemail);
    expect(answer).toMatchObject({ status: 503, body: { code: 'INGEST_BUSY' } });
    expect(answer.headers.get('retry-after')).toBe('1');
    expect([told, faults]).toEqual([[], []]);
  });

  it('is not there where nobody takes objects', async () => {
    await app.close();
    app = Fastify();
    void app.register(ingestRoutes(ingest));
    base = await app.listen({ host: '127.0.0.1', port: 0 });
    expect((await send(voicemail)).status).toBe(404);
  });
});

describe('what is refused', () => {
  const deep = (levels: number): string =>
    `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;

  it.each([
    ['a list', [], ''],
    ['no list', {}, '/objects'],
    ['a name beside it', { objects: [], source: 'me' }, '/source'],
    ['too many', { objects: new Array(501).fill(voicemail) }, '/objects'],
    ['no object', { objects: [7] }, ''],
    ['no model', { objects: [{ object: {} }] }, '/model'],
    ['an unknown model', { objects: [{ ...voicemail, model: 'fax' }] }, '/model'],
    ['no object in it', { objects: [{ model: 'message' }] }, '/object'],
    ['a list in it', { objects: [{ model: 'message', object: [] }] }, '/object'],
    ['a number for an id', { objects: [{ ...voicemail, id: 7 }] }, '/id'],
    ['an id with a line end', { objects: [{ ...voicemail, id: 'a\nb' }] }, '/id'],
    ['half a character', { objects: [{ ...voicemail, lane: '\ud800' }] }, '/lane'],
    ['a long lane', { objects: [{ ...voicemail, lane: 'x'.repeat(129) }] }, '/lane'],
    ['a time without offset', { objects: [{ ...voicemail, at: '2026-01-05T09:00:00' }] }, '/at'],
    ['the year 1970', { objects: [{ ...voicemail, at: '1970-01-01T00:00:00Z' }] }, '/at'],
    ['a misspelt name', { objects: [{ ...voicemail, lain: 'x' }] }, '/lain'],
  ])('is %s', async (_what, body, path) => {
    const answer = await post(JSON.stringify(body));
    expect(answer).toMatchObject({
      status: 422,
      body: { code: 'OBJECTS_INVALID', problems: [{ path }] },
    });
    expect(told).toEqual([]);
  });

  it.each([
    ['a prototype', '{"x":{"__proto__":{"admin":true}}}', '"__proto__"'],
    ['a constructor', '{"x":[{"constructor":1}]}', '"constructor"'],
    ['what is nested too deeply', deep(33), 'something that is nested deeper'],
    ['what no stack could hold', deep(100_000), 'something that is nested deeper'],
    ['too many bytes', JSON.stringify({ x: 'é'.repeat(33_000) }), '66008 bytes'],
  ])('is %s, wherever it stands in an object', async (_what, object, seen) => {
    const answer = await post(`{"objects":[{"model":"message","object":${object}}]}`);
    expect(answer).toMatchObject({ status: 422, body: { problems: [{ path: '/object', seen }] } });
    expect([told, faults]).toEqual([[], []]);
  });

  it('is a deep value in a wrong place, in words that take no stack', async () => {
    const lists = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const answer = await post(`{"objects":[{"model":${lists},"object":{}}]}`);
    expect(answer).toMatchObject({ status: 422, body: { problems: [{ path: '/model' }] } });
    expect(faults).toEqual([]);
  });

  it('is nothing at the bounds themselves', async () => {
    const answer = await post(
      `{"objects":[{"model":"message","object":${deep(32)}},{"model":"message","id":"${'x'.repeat(128)}","object":${JSON.stringify({ x: 'x'.repeat(objectBounds.objectBytes - 8) })}}]}`,
    );
    expect([answer.status, answer.body]).toEqual([202, { accepted: 2 }]);
    expect((await send(...new Array<unknown>(500).fill(voicemail))).status).toBe(202);
    expect((await send()).body).toEqual({ accepted: 0 });
  });

  it('is every model that calls feed, and says so; every other one is taken', () => {
    const read = (model: string) =>
      readObjects({ objects: [{ model, object: {} }] }, 'dialler', nowMs, () => 'id');
    expect([...takenModels, ...fedByCalls].sort()).toEqual([...models].sort());
    for (const model of models) {
      const answer = read(model);
      if (fedBy[model] === 'calls') {
        expect(JSON.stringify(answer)).toContain('is made from the calls that are seen');
      } else expect(answer.kind).toBe('objects');
    }
  });
});

describe('objects on their way to the disk', () => {
  const [one] = (() => {
    const read = readObjects({ objects: [voicemail] }, 'dialler', nowMs, () => 'id');
    return read.kind === 'objects' ? read.objects : [];
  })();
  const batch = (count: number) =>
    one === undefined ? [] : new Array<ToldObject>(count).fill(one);

  it('are bounded: who comes when too many wait is told to come again', async () => {
    let commit: () => void = () => undefined;
    const intake = new ObjectIntake(
      { tell: () => new Promise((done) => (commit = done)) },
      { maxWaiting: 10, patienceMs: 60_000 },
    );
    const first = intake.take(batch(12));
    expect(await intake.take(batch(1))).toEqual({ kind: 'busy' });
    commit();
    expect(await first).toEqual({ kind: 'told', accepted: 12 });
    const second = intake.take(batch(9));
    const third = intake.take(batch(2));
    expect(await third).toEqual({ kind: 'busy' });
    commit();
    expect(await second).toEqual({ kind: 'told', accepted: 9 });
  });

  it('are answered as undecided when the disk takes its time', async () => {
    const intake = new ObjectIntake(
      { tell: () => new Promise(() => undefined) },
      { maxWaiting: 10, patienceMs: 1 },
    );
    expect(await intake.take(batch(1))).toEqual({ kind: 'undecided' });
  });
});

describe('protocol/ingest', () => {
  it('has the schema of objects as the server checks it', async () => {
    // Where this fails because the schema was meant to change: npx vitest run test/source/ingest -u
    const file = new URL('../../../protocol/ingest/models.schema.json', import.meta.url);
    const options = { ...(await resolveConfig(file)), parser: 'json' };
    const text = await format(JSON.stringify(publishedObjectsSchema()), options);
    await expect(text).toMatchFileSnapshot('../../../protocol/ingest/models.schema.json');
  });

  it('shows requests that are answered as models.md says', async () => {
    const page = readFileSync(
      new URL('../../../protocol/ingest/models.md', import.meta.url),
      'utf8',
    );
    const examples = [...page.matchAll(/```sh\n[^]*?-d '([^']*)'\n```\s*```json\n([^]*?)```/g)];
    expect(examples).toHaveLength(2);
    for (const [, body = '', expected = ''] of examples) {
      expect((await post(body)).body).toEqual(JSON.parse(expected));
    }
    expect(told).toHaveLength(1);
  });
});
