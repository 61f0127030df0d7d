import { readFileSync } from 'node:fs';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { StoreError } from '../../../src/base/errors.ts';
import type { Applied } from '../../../src/call/event.ts';
import { Registry } from '../../../src/call/registry.ts';
import type { CallSignal } from '../../../src/call/signal.ts';
import { Ingest, type IngestPort } from '../../../src/source/ingest/ingest.ts';
import { ingestRoutes, type IngestRouteSettings } from '../../../src/source/ingest/routes.ts';

const ringing = { kind: 'leg.ringing', leg: 'L', atMs: Date.UTC(2026, 0, 5) };
const problemJson = 'application/problem+json; charset=utf-8';

let app: FastifyInstance;
let base: string;
let ingest: Ingest;
let taken: CallSignal[];
let stored: Set<string>;
let told: CallSignal[];
let states: string[];
let heard: number;
let accept: IngestPort['accept'];
let faults: unknown[];

async function serve(settings?: IngestRouteSettings): Promise<void> {
  app = Fastify();
  app.setErrorHandler((error, _request, reply) => {
    faults.push(error);
    return reply.code(500).send({ title: 'Internal Server Error' });
  });
  void app.register(ingestRoutes(ingest, settings));
  base = await app.listen({ host: '127.0.0.1', port: 0 });
}

beforeEach(async () => {
  [taken, stored, told, states, heard, faults] = [[], new Set(), [], [], 0, []];
  accept = (signals) => {
    taken.push(...signals);
    for (const { id } of signals) if (id !== undefined) stored.add(id);
    return Promise.resolve(signals.map((): Applied => ({ kind: 'noted' })));
  };
  ingest = new Ingest(
    'dialler',
    {
      signal: (signal) => void told.push(signal),
      state: (state) => void states.push(state),
      heard: () => void (heard += 1),
    },
    {
      accept: (signals) => accept(signals),
      seenSignalIds: (ids) => Promise.resolve(new Set(ids.filter((id) => stored.has(id)))),
      authorize: (header) => header !== 'Bearer wrong',
    },
    { now: () => 1_767_600_000_000 },
  );
  ingest.start();
  await serve();
});
afterEach(() => app.close());

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

async function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(`${base}/v1/signals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

const send = (value: unknown): Promise<Answer> => post(JSON.stringify(value));

describe('the ingest source', () => {
  it('is up as soon as it is started, and says that it can be heard', () => {
    ingest.start();
    expect(states).toEqual(['up']);
    expect(told).toEqual([
      { kind: 'source.connected', source: 'dialler', atMs: 1_767_600_000_000 },
    ]);
  });

  it('takes signals under its own name, and answers when they are durable', async () => {
    const answer = await send([ringing, { ...ringing, leg: 'M', source: 'me' }]);
    expect([answer.status, answer.body]).toEqual([
      200,
      { accepted: 2, duplicates: 0, ignored: [] },
    ]);
    expect(taken).toEqual([
      { ...ringing, source: 'dialler' },
      { ...ringing, leg: 'M', source: 'dialler' },
    ]);
    expect(heard).toBe(1);
  });

  it('takes a signal once, in this batch or a later one', async () => {
    const signal = { ...ringing, id: 's-1' };
    expect((await send([signal, signal])).body).toMatchObject({ accepted: 1, duplicates: 1 });
    expect((await send(signal)).body).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(taken).toHaveLength(1);
  });

  it('takes nothing of a batch with a bad row, and lists every one', async () => {
    const answer = await send([ringing, { ...ringing, leg: 5 }, ringing, { kind: 'leg.sung' }]);
    expect(answer.status).toBe(422);
    expect(answer.headers.get('content-type')).toBe(problemJson);
    expect(answer.body).toMatchObject({
      status: 422,
      title: 'Unprocessable Content',
      code: 'SIGNALS_INVALID',
      detail: '2 of the signals are not as expected; nothing was taken',
      problems: [
        { index: 1, path: '/leg', seen: '5', expected: 'a text' },
        { index: 3, path: '/kind', seen: '"leg.sung"' },
      ],
    });
    expect(taken).toEqual([]);
  });

  it('says so when the batch itself is wrong', async () => {
    const answer = await send(new Array(1001).fill(ringing));
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      detail: 'the batch is not as expected; nothing was taken',
      problems: [{ path: '', seen: '1001 signals' }],
    });
  });

  it('asks who is there before it reads anything', async () => {
    const answer = await post('no json at all', { authorization: 'Bearer wrong' });
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.body).toMatchObject({ code: 'UNAUTHORIZED' });
    expect(heard).toBe(0);
  });

  it.each([
    ['{"kind":', 'JSON_MALFORMED'],
    ['', 'JSON_MALFORMED'],
    [new Uint8Array([0x22, 0xff, 0x22]), 'JSON_MALFORMED'],
  ])('refuses what is no JSON in UTF-8: %s', async (body, code) => {
    const answer = await post(body);
    expect([answer.status, answer.body]).toMatchObject([400, { code }]);
    expect(answer.headers.get('content-type')).toBe(problemJson);
  });

  it('reads JSON and nothing else', async () => {
    const answer = await post(JSON.stringify(ringing), { 'content-type': 'text/plain' });
    expect([answer.status, answer.body]).toMatchObject([
      415,
      { detail: 'seen content type "text/plain", expected application/json' },
    ]);
  });

  it('reads no more than it was told to', async () => {
    await app.close();
    await serve({ bodyBytes: 500 });
    const answer = await post(JSON.stringify({ ...ringing, id: 'x'.repeat(500) }));
    expect([answer.status, answer.body]).toMatchObject([
      413,
      { code: 'BODY_TOO_LARGE', detail: 'seen a larger body, expected at most 500 bytes' },
    ]);
  });

  it('sends senders away while it is held, stopped, or the disk does not answer', async () => {
    ingest.hold(true);
    const held = await send(ringing);
    expect([held.status, held.body]).toMatchObject([503, { code: 'INGEST_BUSY' }]);
    expect(held.headers.get('retry-after')).toBe('1');
    ingest.hold(false);
    expect((await send(ringing)).status).toBe(200);

    accept = () => Promise.reject(new StoreError('STORE_UNAVAILABLE', 'gone'));
    expect(await send(ringing)).toMatchObject({ status: 503, body: { code: 'STORE_UNAVAILABLE' } });

    await ingest.stop();
    expect(await send(ringing)).toMatchObject({ status: 503, body: { code: 'INGEST_BUSY' } });
    expect(faults).toEqual([]);
  });

  it('leaves faults of ours to the server that it is part of', async () => {
    const fault = new TypeError('bug');
    accept = () => Promise.reject(fault);
    expect((await send(ringing)).status).toBe(500);
    expect(faults).toEqual([fault]);
  });

  it('waits with its stop for what was taken', async () => {
    let commit: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => {
      accept = (signals) => {
        resolve();
        return new Promise((done) => (commit = () => done(signals.map(() => ({ kind: 'noted' })))));
      };
    });
    const answer = send(ringing);
    await asked;
    let stopped = false;
    const stopping = ingest.stop().then(() => (stopped = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(stopped).toBe(false);
    commit();
    await stopping;
    expect((await answer).status).toBe(200);
  });
});

describe('protocol/ingest/README.md', () => {
  const readme = readFileSync(
    new URL('../../../protocol/ingest/README.md', import.meta.url),
    'utf8',
  );
  const examples = [...readme.matchAll(/```sh\n([^]*?)```\s*```json\n([^]*?)```/g)];

  it('shows requests that are answered as it says', async () => {
    const registry = new Registry();
    const answers = new Map<string, number>();
    accept = (signals) => {
      for (const { id } of signals) if (id !== undefined) stored.add(id);
      const applied = signals.map((signal) => registry.apply(signal, signal.atMs));
      for (const { kind } of applied) answers.set(kind, (answers.get(kind) ?? 0) + 1);
      return Promise.resolve(applied);
    };
    expect(examples.length).toBe(readme.split('```sh').length - 1);
    expect(examples.length).toBeGreaterThan(4);
    for (const [, command = '', expected = ''] of examples) {
      const [url = '', headers, body] = readCurl(command);
      expect(new URL(url).host).toBe('127.0.0.1:7480');
      const response = await fetch(base + new URL(url).pathname, { method: 'POST', headers, body });
      expect([command, await response.json()]).toEqual([command, JSON.parse(expected)]);
    }
    expect(answers.get('events')).toBeGreaterThan(5);
  });
});

/** The words of a curl command, as a shell would split them. */
function readCurl(command: string): [url: string, headers: Record<string, string>, body: string] {
  const words = [...command.trim().matchAll(/'([^']*)'|(\S+)/g)].map(
    (word) => word[1] ?? word[2] ?? '',
  );
  expect(words.slice(0, 2)).toEqual(['curl', '-s']);
  const headers: Record<string, string> = {};
  let body = '';
  let url = '';
  for (let at = 2; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '-H') {
      const [name = '', value = ''] = (words[++at] ?? '').split(': ');
      headers[name] = value;
    } else if (word === '-d') body = words[++at] ?? '';
    else url = word;
  }
  return [url, headers, body];
}
