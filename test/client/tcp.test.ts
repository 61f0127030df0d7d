/** The client against a server that does only what it is told: what goes over the wire, and what comes of it. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:tls';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Feed } from '../../src/client/feed.ts';
import type { FeedEvent } from '../../src/client/event.ts';
import { connectFeed, type NodeFeedOptions } from '../../src/client/node.ts';
import { answerXml, documentXml, keepaliveXml } from '../../src/subscriber/answer-codec.ts';
import type { Answer } from '../../src/subscriber/message.ts';
import { goodbyeXml } from '../../src/subscriber/notification-codec.ts';
import { type FakeConnection, FakeFeed } from '../support/fake-feed.ts';

let server: FakeFeed;
let feed: Feed | undefined;
let events: AsyncIterator<FeedEvent>;
beforeEach(async () => {
  server = await FakeFeed.listen();
});
afterEach(async () => {
  feed?.close();
  await server.close();
});

const url = (at: FakeFeed, scheme = 'tcp'): string => `${scheme}://127.0.0.1:${at.address.port}`;

function follow(options: Partial<NodeFeedOptions> = {}): Feed {
  const backoff = { firstMs: 20, maxMs: 100 };
  const at = options.url ?? url(server);
  feed = connectFeed({ events: ['CallStart'], backoff, ...options, url: at });
  events = feed[Symbol.asyncIterator]();
  return feed;
}

async function next(): Promise<FeedEvent> {
  const { value, done } = await events.next();
  if (done === true) throw new Error('the feed has ended');
  return value;
}

/** What was said of a call, as far as these tests look. */
async function nextCall(): Promise<unknown> {
  const event = await next();
  return event.kind === 'call' ? [event.type, event.call.id, event.position] : event;
}

/** Connected and subscribed, with that position. */
async function subscribed(
  options: Partial<NodeFeedOptions> = {},
  position = 'p1',
  keepAliveS = 0,
): Promise<FakeConnection> {
  follow(options);
  const connection = await server.connection();
  await connection.subscribe({ position }, keepAliveS);
  expect(await next()).toMatchObject({ kind: 'connected' });
  return connection;
}

describe('following a feed', () => {
  it('subscribes as wished and tells what comes', async () => {
    follow({ extensions: ['1001', '10*', '2000-2099'], events: ['CallStart', 'CallEnd'] });
    const connection = await server.connection();
    expect(await connection.subscribe({ position: 'p1' })).toMatchObject({
      kind: 'subscribe',
      extensions: [
        { kind: 'number', number: '1001' },
        { kind: 'prefix', prefix: '10' },
        { kind: 'range', from: '2000', to: '2099' },
      ],
      feed: { events: ['CallStart', 'CallEnd'], snapshot: false, ack: true },
    });
    expect(await next()).toEqual({ kind: 'connected', again: false, recovered: true, calls: 0 });
    connection.tell('CallStart', 'c1', 'p2');
    connection.tell('CallEnd', 'c1', 'p3');
    expect(await next()).toMatchObject({
      kind: 'call',
      type: 'CallStart',
      position: 'p2',
      snapshot: false,
      call: {
        id: 'c1',
        caller: { number: '0012', name: 'Ann' },
        called: { number: '1001' },
        state: 'ringing',
        start: '2026-01-02T10:00:00.000Z',
      },
      record: { id: 'c1', start_time: '2026-01-02 10:00:00.000' },
    });
    expect(await nextCall()).toEqual(['CallEnd', 'c1', 'p3']);
  });

  it('presents its token first', async () => {
    follow({ token: 'sesame' });
    const connection = await server.connection();
    expect(await connection.request()).toMatchObject({ kind: 'authenticate', token: 'sesame' });
    expect(await connection.request()).toMatchObject({ kind: 'subscribe' });
  });

  it('answers keep-alives', async () => {
    const connection = await subscribed({}, 'p1', 60);
    expect(feed?.sources).toEqual([]);
    const pbx = { name: 'pbx', state: 'up' as const, heardAtMs: 1_767_348_000_000, lagMs: 12 };
    connection.send(keepaliveXml({ intervalS: 60, position: 'p1', sources: [pbx] }));
    expect(await connection.request()).toMatchObject({ kind: 'keepalive' });
    const heard = '2026-01-02T10:00:00.000Z';
    expect(feed?.sources).toEqual([{ name: 'pbx', state: 'up', heard, lagMs: 12 }]);
  });

  it('moves its position on when the consumer asks for the next event', async () => {
    const connection = await subscribed();
    connection.tell('CallStart', 'c1', 'p2');
    connection.tell('CallStart', 'c2', 'p3');
    await next();
    expect(feed?.position).toBe('p1');
    await next();
    expect(feed?.position).toBe('p2');
    next().catch(() => undefined);
    expect(feed?.position).toBe('p3');
  });

  it('comes back after a cut, from the last position that came', async () => {
    const connection = await subscribed();
    connection.tell('CallStart', 'c1', 'p7');
    await next();
    connection.cut();
    expect(await next()).toMatchObject({ kind: 'lost', retryMs: expect.any(Number) });
    const again = await server.connection();
    expect(await again.subscribe({ position: 'p9', recovered: true })).toMatchObject({
      feed: { after: 'p7', snapshot: false },
    });
    expect(await next()).toEqual({ kind: 'connected', again: true, recovered: true, calls: 0 });
  });

  it('tells a snapshot as a whole or not at all', async () => {
    follow({ snapshot: true });
    const connection = await server.connection();
    await connection.subscribe({ position: 'p5', calls: 2 });
    expect(await next()).toMatchObject({ kind: 'connected', calls: 2 });
    connection.tell('CallStart', 'c1', 'p5', true);
    connection.cut();
    expect(await next()).toMatchObject({ kind: 'lost' });
    const again = await server.connection();
    const request = await again.subscribe({ position: 'p6', calls: 2 });
    expect(request).toMatchObject({ feed: { snapshot: true } });
    expect(request).not.toHaveProperty('feed.after');
    await next();
    again.tell('CallStart', 'c1', 'p6', true);
    again.tell('CallStart', 'c2', 'p6', true);
    expect(await nextCall()).toEqual(['CallStart', 'c1', 'p6']);
    expect(await nextCall()).toEqual(['CallStart', 'c2', 'p6']);
    expect(feed?.position).toBeUndefined();
    next().catch(() => undefined);
    expect(feed?.position).toBe('p6');
  });

  it('gives a session up that is silent for one and a half intervals last announced', async () => {
    const connection = await subscribed({}, 'p1', 3600);
    connection.send(keepaliveXml({ intervalS: 0.1 }));
    const beganMs = performance.now();
    expect(await next()).toMatchObject({ kind: 'lost', reason: 'silent for 0.15 s' });
    expect(performance.now() - beganMs).toBeGreaterThan(100);
  });

  it('gives up a server that takes the connection and says nothing', async () => {
    follow({ connectTimeoutMs: 100 });
    await server.connection();
    expect(await next()).toMatchObject({ kind: 'lost', reason: 'no answer within 0.1 s' });
  });

  it('says why the server ended it', async () => {
    const connection = await subscribed();
    connection.send(goodbyeXml({ reason: 'going-away', position: 'p1' }));
    connection.cut();
    expect(await next()).toMatchObject({ kind: 'lost', reason: 'the server is going away' });
  });

  it('waits for a server that is not there yet', async () => {
    const { port } = server.address;
    const at = url(server);
    await server.close();
    follow({ url: at });
    expect(await next()).toMatchObject({ kind: 'lost', reason: 'connection refused' });
    server = await FakeFeed.listen(undefined, port);
    await (await server.connection()).subscribe({ position: 'p1' });
    for (;;) if ((await next()).kind === 'connected') break;
  });
});

describe('leaving a feed', () => {
  it.each<[string, () => unknown]>([
    ['by leaving the loop', () => events.return?.()],
    ['by closing it', () => feed?.close()],
  ])('%s closes the connection and ends the iteration', async (_, leave) => {
    const connection = await subscribed();
    const pending = events.next();
    await leave();
    expect(await pending).toEqual({ done: true, value: undefined });
    await connection.closed();
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });

  it('by a signal, before or after the connection is there', async () => {
    const abort = new AbortController();
    const connection = await subscribed({ signal: abort.signal });
    abort.abort();
    expect(await events.next()).toEqual({ done: true, value: undefined });
    await connection.closed();
    follow({ signal: abort.signal });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  });
});

describe('a slow consumer', () => {
  const bulk = (count: number, connection: FakeConnection): void => {
    for (let i = 1; i <= count; i += 1) connection.tell('CallStart', `c${i}`, `epoch0-${i + 1}`);
  };

  it('holds the server back, stays alive for it, and is told everything', async () => {
    const connection = await subscribed({ bufferedEvents: 10 }, 'epoch0-1', 0.1);
    // More than the kernel holds for a reader that does not read.
    bulk(40_000, connection);
    // Several times the patience of either side passes; only a pause keeps the session.
    for (let signs = 0; signs < 5; signs += 1) {
      expect(await connection.request()).toMatchObject({ kind: 'keepalive' });
    }
    expect(connection.pendingBytes).toBeGreaterThan(1_000_000);
    const told: unknown[] = [];
    while (told.length < 2_000) {
      const event = await next();
      if (event.kind !== 'call') throw new Error(`the session was lost: ${JSON.stringify(event)}`);
      told.push(event.call.id);
    }
    expect(told).toEqual(told.map((_, i) => `c${i + 1}`));
  });

  it('can ask while it is behind', async () => {
    const connection = await subscribed({ bufferedEvents: 10 }, 'epoch0-1', 60);
    bulk(20, connection);
    const asked = feed?.summary();
    const { head } = await connection.request();
    const summary = { version: '1', uptimeS: 5, subscribers: 1, ongoingCalls: 2, sources: [] };
    connection.send(answerXml({ kind: 'summary', head, summary }));
    expect(await asked).toMatchObject({ version: '1', calls: 2 });
  });
});

describe('asking', () => {
  async function answered(
    asked: Promise<unknown>,
    connection: FakeConnection,
    answer: Answer extends infer A ? (A extends unknown ? Omit<A, 'head'> : never) : never,
  ): Promise<unknown> {
    const request = await connection.request();
    connection.send(answerXml({ ...answer, head: request.head }));
    return [request, await asked];
  }

  it('for calls, records, muting and the server', async () => {
    const connection = await subscribed();
    const of = feed as Feed;
    expect(
      await answered(of.ongoing(['1001']), connection, { kind: 'ongoing', calls: [] }),
    ).toMatchObject([{ kind: 'ongoing', extensions: [{ number: '1001' }] }, []]);
    const cdr = '<verbacdr state="1"><id>c1</id><cause_id>1</cause_id></verbacdr>';
    expect(await answered(of.detail('c1'), connection, { kind: 'detail', cdr })).toMatchObject([
      { kind: 'detail', call: 'c1' },
      { ended: true, record: { id: 'c1', cause_id: '1' } },
    ]);
    const muted = { callerMuted: true, calleeMuted: false };
    expect(await answered(of.mute('c1', muted), connection, { kind: 'done' })).toMatchObject([
      { kind: 'mute', call: 'c1', ...muted },
      undefined,
    ]);
    expect(
      await answered(of.muteState('c1'), connection, { kind: 'mute-state', ...muted }),
    ).toMatchObject([{ kind: 'mute-state', call: 'c1' }, muted]);
    const sources = [{ name: 'pbx', state: 'up' as const, heardAtMs: 1_767_348_000_000 }];
    const summary = { version: '1', uptimeS: 5, subscribers: 1, ongoingCalls: 2, sources };
    expect(await answered(of.summary(), connection, { kind: 'summary', summary })).toMatchObject([
      { kind: 'summary' },
      { calls: 2, sources: [{ name: 'pbx', heard: '2026-01-02T10:00:00.000Z' }] },
    ]);
  });

  it('for what cannot be had is rejected with the reason, and the feed goes on', async () => {
    const connection = await subscribed();
    const asked = feed?.detail('nope');
    const { head } = await connection.request();
    const detail = 'No call has the id "nope" here.';
    connection.send(answerXml({ kind: 'failure', head, failure: 'Call Not Found', detail }));
    await expect(asked).rejects.toMatchObject({ code: 'CALL_NOT_FOUND', message: detail });
    const muting = feed?.mute('c1', { callerMuted: true, calleeMuted: true });
    const { head: second } = await connection.request();
    connection.send(
      answerXml({ kind: 'failure', head: second, failure: 'Not Authorized', detail: 'no' }),
    );
    await expect(muting).rejects.toMatchObject({ code: 'NOT_AUTHORIZED' });
    connection.tell('CallStart', 'c1', 'p2');
    expect(await nextCall()).toEqual(['CallStart', 'c1', 'p2']);
  });

  it('is over with the connection, and held until there is one', async () => {
    follow();
    const early = feed?.muteState('c1');
    const connection = await server.connection();
    await connection.subscribe({ position: 'p1' });
    expect(await connection.request()).toMatchObject({ kind: 'mute-state' });
    connection.cut();
    await expect(early).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    const late = feed?.summary();
    feed?.close();
    await expect(late).rejects.toMatchObject({ code: 'FEED_CLOSED' });
    await expect(feed?.summary()).rejects.toMatchObject({ code: 'FEED_CLOSED' });
  });

  it('has its time', async () => {
    await subscribed({ requestTimeoutMs: 50 });
    await expect(feed?.summary()).rejects.toMatchObject({ code: 'REQUEST_TIMEOUT' });
  });
});

describe('a feed that cannot be followed', () => {
  const reports = async (code: string, words: RegExp | string): Promise<void> => {
    await expect(events.next()).rejects.toMatchObject({
      name: 'FeedError',
      code,
      message: expect.stringMatching(words) as unknown,
    });
    expect(await events.next()).toEqual({ done: true, value: undefined });
  };

  it('because the token is not known throws, after what came before it', async () => {
    const connection = await subscribed();
    connection.tell('CallStart', 'c1', 'p2');
    connection.send(goodbyeXml({ reason: 'unauthorized' }));
    expect(await nextCall()).toEqual(['CallStart', 'c1', 'p2']);
    await reports('FEED_UNAUTHORIZED', /token/);
    await connection.closed();
  });

  it('because the request is refused throws the words of the server', async () => {
    follow({ after: 'nonsense' });
    const connection = await server.connection();
    const { head } = await connection.request();
    const detail = 'after="nonsense" is no position';
    connection.send(answerXml({ kind: 'failure', head, failure: 'Invalid Request', detail }));
    await reports('FEED_REFUSED', 'Invalid Request: after="nonsense" is no position');
  });

  it('because we were not understood throws', async () => {
    const connection = await subscribed();
    connection.send(answerXml({ kind: 'failure', failure: 'Invalid Request', detail: 'no XML' }));
    await reports('FEED_PROTOCOL', 'Invalid Request: no XML');
  });

  it('because it is something else throws', async () => {
    const web = createServer((_, response) => response.end('hello'));
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    const address = web.address();
    follow({ url: `tcp://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
    await reports('FEED_PROTOCOL', /no feed/);
    web.close();
  });

  it('because the server has trouble comes back', async () => {
    follow();
    const connection = await server.connection();
    const { head } = await connection.request();
    connection.send(answerXml({ kind: 'failure', head, failure: 'Processing Error', detail: 'x' }));
    expect(await next()).toMatchObject({ kind: 'lost', reason: 'Processing Error: x' });
    await (await server.connection()).subscribe({ position: 'p1' });
    expect(await next()).toMatchObject({ kind: 'connected' });
  });

  it('at once throws where it is wished so', async () => {
    const at = url(server);
    await server.close();
    follow({ url: at, failFast: true });
    await reports('FEED_UNREACHABLE', 'connection refused');
  });

  it.each<[Partial<NodeFeedOptions>, RegExp]>([
    [{ url: 'http://127.0.0.1:7400' }, /url is "http.*expected tcp:\/\/host:port/],
    [{ url: 'tcp://' }, /url is/],
    [{ extensions: [] }, /extensions is empty/],
    [{ extensions: ['10-9'] }, /extensions is "10-9"; expected 1001, 10\* or 1000-1099/],
    [{ events: ['CallBegin' as 'CallStart'] }, /events is "CallBegin"; expected some of CallStart/],
    [{ bufferedEvents: 0 }, /bufferedEvents is 0; expected a number above 0/],
    [{ connectTimeoutMs: NaN }, /connectTimeoutMs is null/],
    [{ token: '' }, /token is ""/],
    [{ after: '' }, /after is ""/],
    [{ backoff: { firstMs: 5, maxMs: 1 } }, /backoff/],
  ])('because of %j is told before anything is dialled', (options, words) => {
    expect(() => follow(options)).toThrow(words);
    expect(() => follow(options)).toThrow(TypeError);
  });

  it('answers nonsense within XML by being patient with it', async () => {
    const connection = await subscribed();
    connection.send(documentXml('<Weather/>'));
    connection.send(documentXml('<Notification type="Sunshine"/>'));
    connection.tell('Sunset', 'c1', 'p2');
    connection.tell('CallStart', 'c1', 'p3');
    expect(await nextCall()).toEqual(['CallStart', 'c1', 'p3']);
  });
});

describe('over TLS', () => {
  let folder: string;
  const file = (name: string): string => join(folder, name);
  const read = (name: string): Buffer => readFileSync(file(name));
  const openssl = (...args: string[]): void =>
    void execFileSync('openssl', args, { stdio: 'pipe' });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'offhook-tls-'));
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    for (const [name, subject] of [
      ['server', 'feed.example'],
      ['client', 'wallboard'],
    ] as const) {
      openssl('req', '-x509', ...key, '-keyout', file(`${name}.key`), '-out', file(`${name}.pem`),
        '-days', '2', '-subj', `/CN=${subject}`, '-addext', `subjectAltName=DNS:${subject}`); // prettier-ignore
    }
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const serve = (mutual: boolean): Promise<FakeFeed> =>
    FakeFeed.listen(
      createTlsServer({
        cert: read('server.pem'),
        key: read('server.key'),
        ...(mutual && { ca: read('client.pem'), requestCert: true, rejectUnauthorized: true }),
      }),
    );
  const failing = { failFast: false, backoff: { firstMs: 10, maxMs: 20 } };

  it('follows a server whose authority and name it is told', async () => {
    await server.close();
    server = await serve(false);
    const at = url(server, 'tls');
    follow({ url: at, ca: read('server.pem'), servername: 'feed.example' });
    await (await server.connection()).subscribe({ position: 'p1' });
    expect(await next()).toMatchObject({ kind: 'connected' });
  });

  it.each<[string, { readonly ca?: string; readonly servername: string }]>([
    ['that nobody vouches for', { servername: 'feed.example' }],
    ['with another name', { ca: 'server.pem', servername: 'other.example' }],
  ])('does not trust a server %s', async (_, { ca, servername }) => {
    await server.close();
    server = await serve(false);
    follow({ ...failing, url: url(server, 'tls'), ca: ca && read(ca), servername });
    await expect(events.next()).rejects.toMatchObject({ code: 'FEED_UNTRUSTED' });
  });

  it('shows who it is where the server asks', async () => {
    await server.close();
    server = await serve(true);
    const trust = { url: url(server, 'tls'), ca: read('server.pem'), servername: 'feed.example' };
    follow({ ...trust, cert: read('client.pem'), key: read('client.key') });
    await (await server.connection()).subscribe({ position: 'p1' });
    expect(await next()).toMatchObject({ kind: 'connected' });
    feed?.close();
    follow({ ...failing, ...trust });
    await expect(events.next()).rejects.toMatchObject({ code: 'FEED_UNTRUSTED' });
  });

  it('does not speak to a server without it', async () => {
    const plain = createServer();
    plain.listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const address = plain.address();
    follow({ url: `tls://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` });
    await expect(events.next()).rejects.toMatchObject({ code: 'FEED_UNTRUSTED' });
    plain.close();
  });
});
