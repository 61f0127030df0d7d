/**
 * The description of the HTTP interface: sound by itself, complete, and true: each of its examples is sent to a
 * running server, and what comes back is held against the schema that is described.
 */
import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { Ajv2020 } from 'ajv/dist/2020.js';
import Fastify from 'fastify';
import { format } from 'prettier';
import { describe, expect, it, onTestFinished } from 'vitest';
import { describeApi, descriptionRoute, operationsOf } from '../../src/api/openapi.ts';
import type { Operation } from '../../src/api/openapi-operation.ts';
import { verify } from '../../src/record/verification.ts';
import { Ingest } from '../../src/source/ingest/ingest.ts';
import { ingestRoutes } from '../../src/source/ingest/routes.ts';
import { fields, openArchive, serveArchive } from '../support/archive.ts';
import { ended } from '../support/calls.ts';
import { openOffice, written } from '../support/office.ts';
import { fedRecording, fedSegment, importedRecording } from '../support/recordings.ts';

const document = describeApi([]);
const file = '../../protocol/rest/openapi.json';

/** The call of the examples. */
const callId = '1651d3c9-7bce-51e0-a220-005056c00008';

/** A server with everything that it can have, as the examples expect it. */
async function openWorld(): Promise<{ readonly base: string }> {
  const archive = await openArchive();
  await archive.keep(
    importedRecording({
      recording: { id: 17 },
      segments: [{ file: archive.file('rec-17.wav') }],
      customData: [{ segment: null, field: 1, value: 'T-4711' }],
    }),
    importedRecording({
      recording: { id: 21 },
      segments: [{ file: archive.file('a.wav') }, { file: archive.file('b.wav') }],
    }),
  );
  const screen = archive.file('screen.webm');
  const added = { recording: 17, kind: 'video', file: screen, filename: 'screen.webm' } as const;
  await archive.books.addSupplement(added);
  await archive.feed({
    recordings: [fedRecording({ id: 30 })],
    segments: [fedSegment({ id: 30 })],
  });
  const office = await openOffice();
  await office.administration.create(written('crm'), 'test');
  const call = { ...ended(0).call, id: callId };
  office.calls.set(callId, call);
  const [delivery = 0] = await office.happens(ended(0));
  await office.settle(delivery, 'dead');
  const ingest = new Ingest(
    'dialler',
    { signal: () => undefined, state: () => undefined, heard: () => undefined },
    {
      accept: (signals) => Promise.resolve(signals.map(() => ({ kind: 'noted' as const }))),
      seenSignalIds: () => Promise.resolve(new Set()),
      authorize: () => true,
    },
    { now: () => 1_767_600_000_000 },
  );
  ingest.start();
  const server = await serveArchive(archive, {
    webhooks: office.administration,
    plugins: [ingestRoutes(ingest, { objects: { tell: () => Promise.resolve() } })],
  });
  server.calls.set(callId, { ...call, state: 'connected' });
  server.ordered = () => ({ kind: 'done', recording: 30, segment: 30 });
  server.verify = () =>
    verify({ store: archive.store.recordings, media: archive.media, nowMs: () => 0 });
  return { base: server.base };
}

interface Sent {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Sends the example of an operation. */
async function send(base: string, operation: Operation): Promise<Sent> {
  const { method, body, parameters = [] } = operation;
  let path = operation.path;
  const query = new URLSearchParams();
  const headers: Record<string, string> = {};
  for (const { name, in: place, example } of parameters) {
    if (example === undefined) continue;
    if (place === 'path') path = path.replace(`{${name}}`, encodeURIComponent(example));
    if (place === 'query') query.set(name, String(example));
    if (place === 'header') headers[name] = String(example);
  }
  if (body !== undefined) headers['content-type'] = body.type ?? 'application/json';
  const response = await fetch(`${base}${path}${query.size === 0 ? '' : `?${query}`}`, {
    method: method.toUpperCase(),
    headers,
    ...(body !== undefined && { body: JSON.stringify(body.example) }),
  });
  const [type = ''] = (response.headers.get('content-type') ?? '').split(';');
  return { status: response.status, type, text: await response.text() };
}

interface Described {
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: object }>> }>
  >;
}

/** What the document says of an operation. */
function describedOf({ path, method }: Operation): Described {
  const found: unknown = document.paths[path]?.[method];
  if (typeof found !== 'object' || found === null) throw new Error(`${method} ${path}`);
  // Made by `describe` a moment ago; what is missing shows at once.
  return found as Described;
}

/** Judges by the schemas of the document. @returns what is wrong; undefined when nothing is */
function judge(schema: object, value: unknown): string | undefined {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const whole = { ...schema, components: document['components'] };
  const isRight = ajv.compile(whole);
  return isRight(value) ? undefined : ajv.errorsText(isRight.errors);
}

it('is sound by the recommended rules', async () => {
  const config = await createConfig({
    extends: ['recommended'],
    // A literal part of a path is looked at before a parameter, by us and by OpenAPI.
    rules: { 'no-ambiguous-paths': 'off' },
  });
  const source = JSON.stringify(describeApi(fields));
  const problems = await lintFromString({ source, absoluteRef: 'openapi.json', config });
  expect(
    problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
  ).toEqual([]);
});

it('lint finds what is wrong', async () => {
  const config = await createConfig({ extends: ['recommended'] });
  const broken = { ...document, paths: { '/v1/x': { get: { responses: {} } } } };
  const problems = await lintFromString({
    source: JSON.stringify(broken),
    absoluteRef: 'x.json',
    config,
  });
  expect(problems.length).toBeGreaterThan(0);
});

it('stands in protocol/rest as it is served', async () => {
  const formatted = await format(JSON.stringify(document), { parser: 'json', printWidth: 100 });
  await expect(formatted).toMatchFileSnapshot(file);
  const { base } = await openWorld();
  const served: unknown = await (await fetch(`${base}/v1/openapi.json`)).json();
  expect(served).toEqual(JSON.parse(JSON.stringify(describeApi(fields))));
});

it('follows custom data that are configured anew', async () => {
  const master = [...fields];
  const app = Fastify();
  onTestFinished(() => app.close());
  void app.register(descriptionRoute(master));
  const served = async (): Promise<string> => (await app.inject('/v1/openapi.json')).body;
  expect(await served()).toContain('custom.Ticket');
  master.splice(0, master.length, { id: 3, name: 'Colour', searchable: true });
  const anew = await served();
  expect([anew.includes('custom.Ticket'), anew.includes('custom.Colour')]).toEqual([false, true]);
});

it('describes searchable custom data as criteria', () => {
  const paths = JSON.stringify(describeApi(fields).paths);
  expect(paths).toContain('custom.Ticket');
  expect(paths).not.toContain('custom.Note');
});

describe('against a running server', () => {
  it('it names every route under /v1, and no other', async () => {
    const { base } = await openWorld();
    const response = await fetch(`${base}/v1/nowhere`);
    const { detail }: { detail: string } = JSON.parse(await response.text());
    const served = [...detail.matchAll(/([A-Z]+) (\/v1\/[^\s,]*)/g)]
      .map(([, method, path = '']) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
      .filter((route) => route !== 'GET /v1/nowhere');
    const described = operationsOf([])
      .filter(({ method }) => method !== 'head')
      .map(({ method, path }) => `${method.toUpperCase()} ${path}`);
    expect(described.toSorted()).toEqual([...new Set(served)].toSorted());
  });

  it('every example works, and is answered as described', async () => {
    const { base } = await openWorld();
    const operations = operationsOf([]);
    // What takes things away comes last.
    const last = operations.filter(({ method }) => method === 'delete');
    const wrong: unknown[] = [];
    for (const operation of [...operations.filter((each) => !last.includes(each)), ...last]) {
      const { method, path, answers } = operation;
      const { status, type, text } = await send(base, operation);
      const say = (what: unknown): void =>
        void wrong.push(`${method} ${path}: ${what} ${text.slice(0, 300)}`);
      const content = describedOf(operation).responses[status]?.content;
      if (answers[status] === undefined) say(`answered ${status}`);
      else if (content === undefined && text !== '') say('has a body');
      else if (content !== undefined) {
        const schema = (content[type] ?? content['*/*'])?.schema;
        if (schema === undefined) say(`is ${type}`);
        const isJson = type.endsWith('json');
        for (const line of type.includes('ndjson')
          ? text.trim().split('\n')
          : isJson
            ? [text]
            : []) {
          const found = judge(schema ?? {}, JSON.parse(line));
          if (found !== undefined) say(found);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('what is refused is a problem as described', async () => {
    const { base } = await openWorld();
    const response = await fetch(`${base}/v1/recordings/999`);
    const { responses } = describedOf(
      operationsOf([]).find(({ id }) => id === 'getRecording') ?? operationsOf([])[0]!,
    );
    const schema = responses['404']?.content?.['application/problem+json']?.schema ?? {};
    expect(judge(schema, await response.json())).toBeUndefined();
  });
});

it('every example of an answer is as described', () => {
  for (const operation of operationsOf([])) {
    for (const [status, { example }] of Object.entries(operation.answers)) {
      if (example === undefined) continue;
      const [content] = Object.values(describedOf(operation).responses[status]?.content ?? {});
      expect([operation.id, judge(content?.schema ?? {}, example)]).toEqual([
        operation.id,
        undefined,
      ]);
    }
    const { body } = operation;
    if (body === undefined) continue;
    const schema =
      typeof body.schema === 'string'
        ? { $ref: `#/components/schemas/${body.schema}` }
        : body.schema;
    expect([operation.id, judge(schema, body.example)]).toEqual([operation.id, undefined]);
  }
});

it('every code of a problem that the routes of recordings answer with is in the README', () => {
  const readme = readFileSync(new URL('../../protocol/rest/README.md', import.meta.url), 'utf8');
  const codes = operationsOf([]).flatMap(({ problems = {} }) => Object.values(problems).flat());
  for (const code of new Set(codes)) expect(readme).toContain(`\`${code}\``);
});
