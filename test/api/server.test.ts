import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { anybody, type Grant } from '../../src/access/grant.ts';
import { type ApiPorts, type ApiServer, createApiServer } from '../../src/api/server.ts';
import { StoreError } from '../../src/base/errors.ts';
import type { Call } from '../../src/call/call.ts';
import { seesAny } from '../../src/call/extension.ts';
import type { EndedCall } from '../../src/api/cdrs.ts';
import type { SourceHealth } from '../../src/api/health.ts';
import { connectedCall, endedCall } from '../support/calls.ts';

/** What the server is told about the world; a test changes it. */
interface World {
  ongoing: Call[];
  found: Map<string, { call: Call; xml: string }>;
  ended: EndedCall[];
  sources: SourceHealth[];
  trouble?: string;
  findFails?: Error;
  faults: [unknown, string][];
  /** Route and status of every answer. */
  answered: string[];
  metrics: () => Promise<string>;
}

const problemJson = 'application/problem+json; charset=utf-8';

let world: World;
let server: ApiServer;
let base: string;

async function serve(changes: Partial<ApiPorts> = {}): Promise<void> {
  server = createApiServer(
    { host: '127.0.0.1', port: 0, bodyBytes: 1000 },
    {
      calls: {
        ongoing: (scope) => world.ongoing.filter((call) => seesAny(scope, call.extensions)),
        position: () => 'epoch1-42',
        find: (id) =>
          world.findFails === undefined
            ? Promise.resolve(world.found.get(id))
            : Promise.reject(world.findFails),
        recent: (limit, before = Infinity) =>
          Promise.resolve(world.ended.filter(({ seq }) => seq < before).slice(0, limit)),
      },
      metrics: {
        contentType: 'text/plain; version=0.0.4; charset=utf-8',
        text: () => world.metrics(),
      },
      onAnswered: (route, status) => world.answered.push(`${route} ${status}`),
      health: { sources: () => world.sources, journalTrouble: () => world.trouble },
      guard: { authorize: () => anybody, waitMs: () => 0 },
      onFault: (error, request) => world.faults.push([error, request]),
      ...changes,
    },
  );
  const { host, port } = await server.listen();
  base = `http://${host}:${port}`;
}

beforeEach(async () => {
  world = {
    ongoing: [],
    found: new Map(),
    ended: [],
    sources: [],
    faults: [],
    answered: [],
    metrics: () => Promise.resolve('a_total 1\n'),
  };
  await serve();
});
afterEach(() => server.close());

async function get(
  path: string,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; text: string; json: () => unknown }> {
  const response = await fetch(base + path, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) };
}

/** Sends bytes as they are, and reads until the server ends the connection. */
/** Serves a route that gives back the JSON that it is sent. */
async function serveEcho(): Promise<void> {
  await server.close();
  await serve({
    plugins: [
      (app, _options, done) => {
        app.post('/echo', (request, reply) => reply.send(request.body));
        done();
      },
    ],
  });
}

function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(base).port), '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => (text += chunk));
    socket.on('end', () => resolve(text)).on('error', reject);
  });
}

describe('health', () => {
  it('says that the process lives, whatever the sources do', async () => {
    world.sources = [{ name: 'pbx', type: 'ami', state: 'down' }];
    const answer = await get('/healthz');
    expect([answer.status, answer.json()]).toEqual([200, { status: 'ok' }]);
  });

  it('is ready when every source is up and the journal holds', async () => {
    world.sources = [
      { name: 'pbx', type: 'ami', state: 'up', heardAtMs: Date.UTC(2026, 0, 5), lagMs: 4 },
    ];
    const answer = await get('/readyz');
    expect([answer.status, answer.json()]).toEqual([
      200,
      {
        status: 'ready',
        sources: [
          { name: 'pbx', type: 'ami', state: 'up', heardAt: '2026-01-05T00:00:00.000Z', lagMs: 4 },
        ],
        journal: { state: 'ok' },
      },
    ]);
  });

  it.each(['down', 'connecting', 'syncing'] as const)(
    'is not ready with a source that is %s, and says which and why',
    async (state) => {
      world.sources = [
        { name: 'a', type: 'simulator', state: 'up' },
        { name: 'b', type: 'ami', state, reason: 'connection refused' },
      ];
      const answer = await get('/readyz');
      expect(answer.status).toBe(503);
      expect(answer.json()).toMatchObject({
        status: 'not ready',
        sources: [{ name: 'a' }, { name: 'b', state, reason: 'connection refused' }],
      });
    },
  );

  it('is not ready while the journal is in trouble', async () => {
    world.trouble = 'disk full';
    const answer = await get('/readyz');
    expect(answer.status).toBe(503);
    expect(answer.json()).toMatchObject({ journal: { state: 'trouble', reason: 'disk full' } });
  });
});

describe('metrics', () => {
  it('are text in the form that a scraper asks for', async () => {
    const answer = await get('/metrics');
    expect([answer.status, answer.text]).toEqual([200, 'a_total 1\n']);
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect((await get('/metrics?name[]=a')).json()).toMatchObject({ code: 'QUERY_INVALID' });
  });

  it('that cannot be read are a fault of ours', async () => {
    world.metrics = () => Promise.reject(new Error('no number'));
    expect((await get('/metrics')).status).toBe(500);
    expect(world.faults).toEqual([[new Error('no number'), 'GET /metrics']]);
  });

  it('are told of every answer by its route, never by what was asked for', async () => {
    for (const path of ['/v1/calls', '/v1/calls/x', '/v1/calls/y', '/nowhere', '/v1/cdrs?x=1']) {
      await get(path);
    }
    await fetch(`${base}/v1/calls`, { method: 'DELETE' });
    expect(world.answered).toEqual([
      '/v1/calls 200',
      '/v1/calls/:id 404',
      '/v1/calls/:id 404',
      'none 404',
      '/v1/cdrs 400',
      'none 405',
    ]);
  });
});

describe('calls', () => {
  it('are listed with the position at which that is the truth', async () => {
    world.ongoing = [connectedCall(1), connectedCall(2)];
    const answer = await get('/v1/calls');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json()).toEqual({ position: 'epoch1-42', calls: world.ongoing });
  });

  it('are none when there is none', async () => {
    expect((await get('/v1/calls')).json()).toEqual({ position: 'epoch1-42', calls: [] });
  });

  it('are those of the extensions asked for', async () => {
    world.ongoing = [connectedCall(1), connectedCall(2), connectedCall(3)];
    const answer = await get('/v1/calls?extension=1001&extension=1003&extension=9999');
    expect(answer.json()).toMatchObject({
      calls: [{ id: connectedCall(1).id }, { id: connectedCall(3).id }],
    });
  });

  it('come whole when there are many', async () => {
    world.ongoing = Array.from({ length: 1234 }, (_, nth) => connectedCall(nth));
    expect((await get('/v1/calls')).json()).toEqual({
      position: 'epoch1-42',
      calls: world.ongoing,
    });
  });

  it('may be asked for one by one, ongoing or ended', async () => {
    const call = endedCall(5);
    world.found.set(call.id, { call, xml: '<verbacdr/>' });
    const answer = await get(`/v1/calls/${call.id}`);
    expect([answer.status, answer.json()]).toEqual([200, call]);
  });

  it('that nobody knows are a problem, not an empty answer', async () => {
    for (const path of ['/v1/calls/nobody', '/v1/cdrs/nobody']) {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(answer.headers.get('content-type')).toBe(problemJson);
      expect(answer.json()).toEqual({
        status: 404,
        title: 'Not Found',
        code: 'CALL_UNKNOWN',
        detail: 'seen "nobody", expected the id of a call that is going on or is in the books',
      });
    }
  });
});

describe('records', () => {
  const call = connectedCall(7);
  const xml = '<verbacdr state="0"><id>7</id><source_name>Zoë &amp; Söhne</source_name></verbacdr>';
  const document = `<?xml version="1.0" encoding="UTF-8"?>${xml}\n`;
  beforeEach(() => void world.found.set(call.id, { call, xml }));

  it.each([undefined, 'application/xml', '*/*'])(
    'are the metadata document for Accept: %s',
    async (accept) => {
      const answer = await get(`/v1/cdrs/${call.id}`, accept === undefined ? {} : { accept });
      expect([answer.status, answer.text]).toEqual([200, document]);
      expect(answer.headers.get('content-type')).toBe('application/xml; charset=utf-8');
      expect(answer.headers.get('vary')).toBe('accept');
    },
  );

  it('are the call as JSON for whoever asks for that', async () => {
    const answer = await get(`/v1/cdrs/${call.id}`, { accept: 'application/json' });
    expect(answer.json()).toEqual(call);
  });

  it('are not made up in a form that we do not have', async () => {
    const answer = await get(`/v1/cdrs/${call.id}`, { accept: 'application/pdf' });
    expect(answer.status).toBe(406);
    expect(answer.json()).toMatchObject({ code: 'FORM_UNKNOWN' });
  });

  it('of the calls that ended last come newest first, page by page', async () => {
    world.ended = summaries(120);
    const first = (await get('/v1/cdrs')).json() as { cdrs: EndedCall[]; before: number };
    expect(first.cdrs.map(({ seq }) => seq)).toEqual(span(120, 71));
    const second = (await get(`/v1/cdrs?limit=70&before=${first.before}`)).json() as typeof first;
    expect(second.cdrs.map(({ seq }) => seq)).toEqual(span(70, 1));
    expect((await get(`/v1/cdrs?before=${second.before}`)).json()).toEqual({ cdrs: [] });
  });

  it('of an extension are found among the latest, as caller or called', async () => {
    world.ended = summaries(3000);
    const answer = (await get('/v1/cdrs?extension=1003&limit=2')).json() as {
      cdrs: EndedCall[];
      before: number;
    };
    expect(answer.cdrs.map(({ seq }) => seq)).toEqual([2953, 2903]);
    const next = (
      await get(`/v1/cdrs?extension=1003&limit=500&before=${answer.before}`)
    ).json() as typeof answer;
    expect(next.cdrs).toHaveLength(58);
    expect(next.cdrs.every(({ called }) => called === '1003')).toBe(true);
    expect(next.before).toBeUndefined();
    expect((await get('/v1/cdrs?extension=%2B491&limit=1')).json()).toMatchObject({
      cdrs: [{ seq: 3000 }],
    });
  });

  it('are searched for a bounded way back, and the answer says where to go on', async () => {
    world.ended = summaries(6000);
    const answer = (await get('/v1/cdrs?extension=nobody')).json();
    expect(answer).toEqual({ cdrs: [], before: 1001 });
  });

  it.each(['limit=0', 'limit=501', 'limit=x', 'before=0', 'limit=1&limit=2', 'page=2'])(
    'are not guessed from ?%s',
    async (query) => {
      const answer = await get(`/v1/cdrs?${query}`);
      expect(answer.status).toBe(400);
      expect(answer.json()).toMatchObject({ code: 'QUERY_INVALID' });
    },
  );
});

function summaries(count: number): EndedCall[] {
  return span(count, 1).map((seq) => ({
    callId: `call-${seq}`,
    source: 'pbx',
    startedAtMs: seq * 1000,
    endedAtMs: seq * 1000 + 500,
    caller: '+491',
    called: String(1000 + (seq % 50)),
    outcome: 'answered',
    extensions: ['+491', String(1000 + (seq % 50)), String(2000 + (seq % 50))],
    seq,
  }));
}

/** Whole numbers from high to low. */
function span(high: number, low: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, nth) => high - nth);
}

describe('what cannot be served', () => {
  it('names the routes that there are', async () => {
    const answer = await get('/v2/calls?x=1');
    expect(answer.status).toBe(404);
    expect(answer.json()).toMatchObject({
      code: 'ROUTE_UNKNOWN',
      detail:
        'seen GET /v2/calls, expected one of GET /healthz, GET /readyz, GET /v1/calls, GET /v1/calls/:id, GET /v1/cdrs, GET /v1/cdrs/:id, GET /metrics, GET /v1/openapi.json',
    });
  });

  it('names the methods that a route has', async () => {
    const response = await fetch(`${base}/v1/calls/x`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect(await response.json()).toMatchObject({ code: 'METHOD_UNKNOWN' });
  });

  it('is a query that nobody reads', async () => {
    expect((await get('/v1/calls?extenson=1001')).json()).toMatchObject({
      status: 400,
      detail: 'seen the query parameter "extenson", expected only extension',
    });
    expect((await get('/v1/calls/x?y=1')).status).toBe(400);
  });

  it('is a fault of ours, which is reported and not shown', async () => {
    world.findFails = new TypeError('secret detail');
    const answer = await get('/v1/calls/x');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret');
    expect(world.faults).toEqual([[world.findFails, 'GET /v1/calls/:id']]);
  });

  it('is what the store does not give at the moment', async () => {
    world.findFails = new StoreError('STORE_UNAVAILABLE', 'gone');
    const answer = await get('/v1/cdrs/x');
    expect([answer.status, answer.json()]).toMatchObject([503, { code: 'STORE_UNAVAILABLE' }]);
    expect(world.faults).toHaveLength(1);
  });
});

describe('who may read', () => {
  beforeEach(async () => {
    await server.close();
    const authorize = (header: string | undefined): Grant | undefined =>
      header === 'Bearer right' ? anybody : undefined;
    await serve({ guard: { authorize, waitMs: () => 0 } });
  });

  it('is whoever has a token', async () => {
    for (const path of ['/v1/calls', '/v1/calls/x', '/v1/cdrs', '/v1/cdrs/x', '/metrics']) {
      const answer = await get(path, { authorization: 'Bearer wrong' });
      expect([path, answer.status]).toEqual([path, 401]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.json()).toMatchObject({ code: 'UNAUTHORIZED' });
    }
    expect((await get('/v1/calls', { authorization: 'Bearer right' })).status).toBe(200);
  });

  it('is anybody where only health is asked', async () => {
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/readyz')).status).toBe(200);
  });
});

describe('the server', () => {
  it('does not tell what it is made of', async () => {
    const { headers } = await get('/healthz');
    expect([headers.get('server'), headers.get('x-powered-by')]).toEqual([null, null]);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it('answers hostile bytes with a reason and ends the connection', async () => {
    const nonsense = await raw('\u0016\u0003\u0001 not http\r\n\r\n');
    expect(nonsense).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(nonsense).toContain('"code":"HTTP_MALFORMED"');

    const headers = await raw(
      `GET /healthz HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
    );
    expect(headers).toMatch(/^HTTP\/1\.1 431 /);
    expect(headers).toContain('"code":"HEADERS_TOO_LARGE"');

    const escaped = await raw(
      'GET /v1/calls/%ff%zz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(escaped).toMatch(/^HTTP\/1\.1 400 /);
    expect(escaped).toContain('application/problem+json');
  });

  it('does not look up what is too long to be an id', async () => {
    world.findFails = new Error('it was looked up');
    expect((await get(`/v1/calls/${'x'.repeat(128)}`)).status).toBe(500);
    const answer = await get(`/v1/calls/${'x'.repeat(129)}`);
    expect(answer.status).toBe(414);
    expect(answer.headers.get('content-type')).toBe(problemJson);
    expect(world.faults).toHaveLength(1);
  });

  it('bounds what a body may hold', async () => {
    await serveEcho();
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ text: 'x'.repeat(1000) });
    const response = await fetch(`${base}/echo`, { method: 'POST', headers, body });
    expect(response.status).toBe(413);
    expect(response.headers.get('content-type')).toBe(problemJson);
    const bad = await fetch(`${base}/echo`, { method: 'POST', headers, body: '{"x":' });
    expect([bad.status, await bad.json()]).toMatchObject([400, { title: 'Bad Request' }]);
  });

  it('lets another room have the upgrades', async () => {
    server.upgrades.on('upgrade', (request, socket) => {
      socket.end(`HTTP/1.1 101 Switching Protocols\r\nX-Path: ${request.url}\r\n\r\nover to you`);
    });
    const answer = await raw(
      'GET /feed HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    );
    expect(answer).toContain('X-Path: /feed');
    expect(answer).toContain('over to you');
  });

  it('serves who offers to go on in HTTP/2 as if they had not', async () => {
    await serveEcho();
    const offer =
      'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n';
    const asked = `GET /healthz HTTP/1.1\r\nHost: x\r\n${offer}\r\n`;
    const body = '{"x":1}';
    const sent =
      `POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${body.length}\r\nConnection: close, Upgrade, HTTP2-Settings\r\n` +
      `Upgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n${body}`;
    // One after the other on one connection, the second with a body that comes in two pieces.
    const socket = connect(Number(new URL(base).port), '127.0.0.1');
    socket.setEncoding('utf8');
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.write(asked);
    await vi.waitFor(() => expect(text).toContain('"status"'));
    socket.write(sent.slice(0, -4));
    setImmediate(() => socket.write(sent.slice(-4)));
    await once(socket, 'end');
    expect(text.match(/HTTP\/1\.1 200/g)).toHaveLength(2);
    expect(text).toContain(body);
  });

  it('fails plainly when its port is taken', async () => {
    const port = Number(new URL(base).port);
    const second = createApiServer(
      { host: '127.0.0.1', port, bodyBytes: 1000 },
      {
        calls: {
          ongoing: () => [],
          position: () => '',
          find: () => Promise.resolve(undefined),
          recent: () => Promise.resolve([]),
        },
        metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
        health: { sources: () => [], journalTrouble: () => undefined },
        guard: { authorize: () => anybody, waitMs: () => 0 },
        onFault: () => undefined,
      },
    );
    await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await second.close();
  });

  it('closes though a client holds its connection open', async () => {
    const client = connect(Number(new URL(base).port), '127.0.0.1');
    const ended = new Promise((resolve) => client.on('close', resolve));
    client.on('error', () => undefined);
    await new Promise((resolve) => client.on('connect', resolve));
    client.write('GET /healthz HTTP/1.1\r\nHost:');
    await get('/healthz');
    await server.close();
    await ended;
    await expect(get('/healthz')).rejects.toThrow();
  });
});
