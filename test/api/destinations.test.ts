// Managing destinations over HTTP: a real server before a real store, and who is let in.
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { anybody, type Grant } from '../../src/access/grant.ts';
import { type Office, openOffice, planted, standardSecret, written } from '../support/office.ts';
import { serveOffice } from '../support/office-server.ts';
import { connectedCall, started } from '../support/calls.ts';

let office: Office;
let base: string;
let grant: Grant | undefined;
let faults: unknown[];
beforeEach(async () => {
  office = await openOffice();
  grant = { ...anybody, name: 'ada' };
  faults = [];
  const server = await serveOffice(
    office,
    () => grant,
    (error) => faults.push(error),
  );
  base = server.base;
  onTestFinished(server.close);
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

async function ask(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const isJson = body !== undefined && !('content-type' in headers);
  const response = await fetch(base + path, {
    method,
    headers: { ...(isJson && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, headers: response.headers, text, json };
}

describe('a destination', () => {
  it('is made, shown, changed, paused, tried and removed', async () => {
    const made = await ask('POST', '/v1/destinations', written('crm'));
    expect([made.status, made.headers.get('location')]).toEqual([201, '/v1/destinations/crm']);
    expect(made.json).toMatchObject({ id: 'crm', origin: 'api', status: 'pending', paused: false });
    expect((await ask('GET', '/v1/destinations/crm')).json).toEqual(made.json);
    expect((await ask('GET', '/v1/destinations')).json).toEqual({ destinations: [made.json] });
    const settings = { ...written('crm', { auth: { kind: 'bearer', token: '***' } }), timeout: 9 };
    const changed = await ask('PUT', '/v1/destinations/crm', settings);
    expect(changed).toMatchObject({ status: 200, json: { settings: { timeout: 9 } } });
    expect(office.roster.get('crm')?.destination.auth).toMatchObject({ token: 'B34RER-of-auth' });
    expect(await ask('POST', '/v1/destinations/crm/pause')).toMatchObject({
      status: 200,
      json: { paused: true },
    });
    expect(await ask('POST', '/v1/destinations/crm/resume')).toMatchObject({
      status: 200,
      json: { paused: false },
    });
    const tried = await ask('POST', '/v1/destinations/crm/test');
    expect(tried).toMatchObject({ status: 202, json: { delivery: expect.any(Number) } });
    const removed = await ask('DELETE', '/v1/destinations/crm');
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect((await ask('GET', '/v1/destinations/crm')).status).toBe(404);
    expect(faults).toEqual([]);
  });

  it('that is not as expected is a problem that names each place, and no secret', async () => {
    const bad = written('crm', {
      url: 'ftp://x/?token=T0KEN-of-the-url',
      timeout: 0,
      standard: { secrets: [standardSecret(1)], colour: 'red' },
    });
    const answer = await ask('POST', '/v1/destinations', bad);
    expect(answer.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    expect(answer).toMatchObject({
      status: 422,
      json: {
        title: 'Unprocessable Content',
        code: 'DESTINATION_INVALID',
        problems: [
          { path: 'timeout', seen: '0', expected: expect.any(String) },
          { path: 'standard.colour' },
        ],
      },
    });
    const url = await ask('POST', '/v1/destinations', { ...bad, timeout: 1, standard: undefined });
    for (const secret of planted) expect(answer.text + url.text).not.toContain(secret);
  });

  it('that is there, in the file or nowhere is a conflict or unknown', async () => {
    await ask('POST', '/v1/destinations', written('crm'));
    expect(await ask('POST', '/v1/destinations', written('crm'))).toMatchObject({
      status: 409,
      json: { code: 'DESTINATION_EXISTS', title: 'Conflict' },
    });
    office.fromFile(written('filed'));
    for (const [method, body] of [
      ['PUT', written('filed')],
      ['DELETE', undefined],
    ] as const) {
      expect(await ask(method, '/v1/destinations/filed', body)).toMatchObject({
        status: 409,
        json: { code: 'DESTINATION_FROM_FILE' },
      });
    }
    for (const [method, path, body] of [
      ['GET', '', undefined],
      ['PUT', '', written('gone')],
      ['DELETE', '', undefined],
      ['POST', '/pause', undefined],
      ['POST', '/test', undefined],
      ['GET', '/why?call=x', undefined],
    ] as const) {
      expect(await ask(method, `/v1/destinations/gone${path}`, body)).toMatchObject({
        status: 404,
        json: { code: 'DESTINATION_UNKNOWN' },
      });
    }
  });

  it('says why it did not get a call', async () => {
    await ask('POST', '/v1/destinations', written('crm', { extensions: ['9*'] }));
    office.nowMs = 0;
    const call = connectedCall(1);
    office.calls.set(call.id, call);
    const answer = await ask('GET', `/v1/destinations/crm/why?call=${call.id}`);
    expect(answer).toMatchObject({ status: 200, json: { verdict: 'filtered' } });
    expect((await ask('GET', '/v1/destinations/crm/why')).status).toBe(400);
    await office.happens(started(1));
  });
});

describe('who is let in', () => {
  it('is nobody whose token may not manage', async () => {
    grant = { ...anybody, name: 'wallboard', manage: false };
    for (const [method, path] of [
      ['GET', '/v1/destinations'],
      ['POST', '/v1/destinations'],
      ['DELETE', '/v1/destinations/crm'],
      ['GET', '/v1/deliveries'],
      ['POST', '/v1/deliveries/replay'],
    ] as const) {
      expect(await ask(method, path)).toMatchObject({
        status: 403,
        json: { code: 'MANAGE_FORBIDDEN', title: 'Forbidden' },
      });
    }
    grant = undefined;
    expect((await ask('GET', '/v1/destinations')).status).toBe(401);
  });

  it.each(['https://evil.example', 'null', 'http://localhost:1', 'http://127.0.0.1'])(
    'is no page of %s',
    async (origin) => {
      for (const method of ['GET', 'POST']) {
        const answer = await ask(method, '/v1/destinations', undefined, { origin });
        expect(answer).toMatchObject({ status: 403, json: { code: 'ORIGIN_FOREIGN' } });
      }
    },
  );

  it('is whoever comes from this very address', async () => {
    expect((await ask('GET', '/v1/destinations', undefined, { origin: base })).status).toBe(200);
  });
});

describe('a body', () => {
  it.each([
    ['a form', 'a=1', 'application/x-www-form-urlencoded', 415, 'CONTENT_TYPE_UNKNOWN'],
    ['text', '{}', 'text/plain', 415, 'CONTENT_TYPE_UNKNOWN'],
    ['no JSON', '{"auth": "S3CRET', 'application/json', 400, 'JSON_MALFORMED'],
    ['deep', '['.repeat(30_000) + ']'.repeat(30_000), 'application/json', 400, 'JSON_MALFORMED'],
    ['large', JSON.stringify('x'.repeat(70_000)), 'application/json', 413, 'BODY_TOO_LARGE'],
    ['a list', '[]', 'application/json', 422, 'DESTINATION_INVALID'],
    ['nothing', '', 'application/json', 422, 'DESTINATION_INVALID'],
    ['named by no text', '{"id":{"toString":1}}', 'application/json', 422, 'DESTINATION_INVALID'],
    ['a prototype', '{"__proto__":{"id":"x"}}', 'application/json', 422, 'DESTINATION_INVALID'],
  ])('that is %s is refused', async (_name, body, type, status, code) => {
    const answer = await ask('POST', '/v1/destinations', body, { 'content-type': type });
    expect(answer).toMatchObject({ status, json: { code } });
    expect(answer.text).not.toContain('S3CRET');
    expect(faults).toEqual([]);
  });

  it('is read by routes that need none only as JSON', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    expect((await ask('POST', '/v1/destinations/crm/pause', '', headers)).status).toBe(415);
  });
});

it('a query that nobody knows is refused', async () => {
  expect((await ask('GET', '/v1/destinations?all=1')).status).toBe(400);
});

it('a store that does not answer is 503, and a fault of ours', async () => {
  await office.store.close();
  expect(await ask('GET', '/v1/destinations')).toMatchObject({
    status: 503,
    json: { code: 'STORE_UNAVAILABLE' },
  });
  expect(faults).toHaveLength(1);
});
