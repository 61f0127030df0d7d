/**
 * The client over WebSocket in JSON, from Node and as a page has it, against a server that does only what it
 * is told.
 */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { openFeed } from '../../src/client/driver.ts';
import type { FeedEvent } from '../../src/client/event.ts';
import type { Feed } from '../../src/client/feed.ts';
import { connectFeed } from '../../src/client/node.ts';
import type { FeedOptions } from '../../src/client/options.ts';
import { type PageSocketClass, pageTransport } from '../../src/client/page-socket.ts';

interface Peer {
  readonly socket: WebSocket;
  request(): Promise<Record<string, unknown>>;
  say(value: unknown): void;
}

let http: Server;
let acceptor: WebSocketServer;
let feed: Feed | undefined;
let events: AsyncIterator<FeedEvent>;
const came: Peer[] = [];
let arrived: () => void = () => undefined;

beforeEach(async () => {
  http = createServer((_, response) => response.writeHead(404).end());
  acceptor = new WebSocketServer({
    server: http,
    path: '/feed',
    handleProtocols: (offered) => (offered.has('offhook.json') ? 'offhook.json' : false),
  });
  acceptor.on('connection', (socket) => {
    const requests: Record<string, unknown>[] = [];
    let wake: () => void = () => undefined;
    socket.on('message', (data: Buffer) => {
      requests.push(JSON.parse(data.toString()) as Record<string, unknown>);
      wake();
    });
    came.push({
      socket,
      say: (value) => socket.send(typeof value === 'string' ? value : JSON.stringify(value)),
      request: async () => {
        for (;;) {
          const request = requests.shift();
          if (request !== undefined) return request;
          await new Promise<void>((resolve) => (wake = resolve));
        }
      },
    });
    arrived();
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
});
afterEach(() => {
  feed?.close();
  came.splice(0);
  for (const client of acceptor.clients) client.terminate();
  acceptor.close();
  http.close();
});

const url = (path = '/feed'): string => {
  const address = http.address();
  return `ws://127.0.0.1:${typeof address === 'object' ? address?.port : 0}${path}`;
};

/** As a page opens it: by the WebSocket that pages have, which Node's library has too. */
function fromPage(options: FeedOptions & { readonly url: string }): Feed {
  return openFeed(pageTransport(options.url, WebSocket as unknown as PageSocketClass), options);
}

async function peer(): Promise<Peer> {
  for (;;) {
    const next = came.shift();
    if (next !== undefined) return next;
    await new Promise<void>((resolve) => (arrived = resolve));
  }
}

async function next(): Promise<FeedEvent> {
  const { value, done } = await events.next();
  if (done === true) throw new Error('the feed has ended');
  return value;
}

const cdr = {
  state: '0',
  id: 'c1',
  source_caller_id: '0012',
  destination_caller_id: '1001',
  start_time: '2026-01-02 10:00:00.000',
};
const call = {
  state: 'ringing',
  revision: 1,
  source: 'pbx',
  parties: [{ number: '1001', role: 'called', state: 'ringing' }],
  transfers: [],
  queue: [{ name: 'support', joined: '2026-01-02T10:00:01.000Z', missedBy: ['ann'] }],
  recordings: [],
};
const start = (position: string, id = 'c1'): unknown => ({
  notification: 'CallStart',
  position,
  cdr: { ...cdr, id },
  call,
});

describe.each([
  ['from Node', connectFeed],
  ['from a page', fromPage],
])('%s', (_, open) => {
  function follow(options: FeedOptions & { readonly url?: string } = {}): void {
    const backoff = { firstMs: 20, maxMs: 100 };
    feed = open({ backoff, ...options, url: options.url ?? url() });
    events = feed[Symbol.asyncIterator]();
  }

  async function subscribed(options: FeedOptions = {}): Promise<Peer> {
    follow(options);
    const server = await peer();
    const { id, type } = await server.request();
    const feedAnswer = { position: 'epoch0-1' };
    server.say({ code: 0, request: { type, id }, keepalive: { time: 10 }, feed: feedAnswer });
    expect(await next()).toMatchObject({ kind: 'connected' });
    return server;
  }

  it('subscribes, tells what comes, acknowledges, and comes back with its position', async () => {
    follow({ token: 'sesame', extensions: ['1001', '10*', '1000-1099'], snapshot: true });
    const server = await peer();
    expect(server.socket.protocol).toBe('offhook.json');
    expect(await server.request()).toMatchObject({ type: 'Authenticate', token: 'sesame' });
    const request = await server.request();
    expect(request).toEqual({
      type: 'SubscribeOnCallEvent',
      id: 'subscribe',
      extensions: [{ number: '1001' }, { prefix: '10' }, { from: '1000', to: '1099' }],
      feed: { events: expect.any(Array) as unknown, snapshot: true, ack: true },
    });
    const { type, id } = request;
    server.say({
      code: 0,
      request: { type, id },
      keepalive: { time: 10 },
      feed: { position: 'epoch0-7', calls: 1 },
    });
    expect(await next()).toMatchObject({ kind: 'connected', calls: 1 });
    server.say({ notification: 'CallStart', position: 'epoch0-7', snapshot: true, cdr, call });
    expect(await next()).toMatchObject({
      kind: 'call',
      snapshot: true,
      call: {
        id: 'c1',
        caller: { number: '0012' },
        start: '2026-01-02T10:00:00.000Z',
        queue: [{ name: 'support', missedBy: ['ann'] }],
      },
      record: { id: 'c1' },
    });
    server.say({
      notification: 'SourceGap',
      position: 'epoch0-8',
      source: { name: 'pbx', from: '2026-01-02T10:00:00.000Z', reason: 'cut' },
    });
    expect(await next()).toMatchObject({ kind: 'source', type: 'SourceGap', source: 'pbx' });
    server.say({ code: 0, keepalive: { time: 10, position: 'epoch0-9' }, sources: [] });
    expect(await server.request()).toEqual({ type: 'Keepalive' });
    server.socket.terminate();
    expect(await next()).toMatchObject({ kind: 'lost', reason: 'the connection was cut' });
    expect(feed?.position).toBe('epoch0-9');
    const again = await peer();
    await again.request();
    expect(await again.request()).toMatchObject({ feed: { after: 'epoch0-9', snapshot: false } });
  });

  it('asks and is answered', async () => {
    const server = await subscribed();
    const asked = feed?.ongoing(['1001']);
    const request = await server.request();
    expect(request).toMatchObject({ type: 'GetOngoingCalls', extensions: [{ number: '1001' }] });
    const { type, id } = request;
    const calls = [{ id: 'c1', called: '1001', start: '2026-01-02T10:00:00.000Z' }];
    server.say({ code: 0, request: { type, id }, calls });
    expect(await asked).toEqual(calls);
    const muting = feed?.mute('c1', { callerMuted: true, calleeMuted: false });
    const second = await server.request();
    expect(second).toMatchObject({ call: 'c1', callerMuted: true, calleeMuted: false });
    const error = { description: 'Call Not Found', text: 'No call.' };
    server.say({ code: 2, request: { type: second['type'], id: second['id'] }, error });
    await expect(muting).rejects.toMatchObject({ code: 'CALL_NOT_FOUND', message: 'No call.' });
  });

  it.each([
    [4003, 'FEED_UNAUTHORIZED'],
    [4002, 'FEED_PROTOCOL'],
    [1007, 'FEED_PROTOCOL'],
  ])('does not come back after close code %i', async (code, expected) => {
    const server = await subscribed();
    server.socket.close(code, 'why');
    await expect(events.next()).rejects.toMatchObject({ code: expected });
  });

  it.each([1001, 4001, 4004, 1011])('comes back after close code %i', async (code) => {
    const server = await subscribed();
    server.socket.close(code);
    expect(await next()).toMatchObject({ kind: 'lost' });
    await peer();
  });

  it('does not follow what is no feed', async () => {
    const server = await subscribed();
    server.say('hello');
    await expect(events.next()).rejects.toMatchObject({ code: 'FEED_PROTOCOL' });
  });

  it('closes when nobody listens any more', async () => {
    const server = await subscribed();
    await events.return?.();
    await once(server.socket, 'close');
  });
});

it('from Node does not follow a server that does not speak JSON, or has no feed there', async () => {
  acceptor.options.handleProtocols = () => false;
  for (const path of ['/feed', '/nowhere']) {
    feed = connectFeed({ url: url(path) });
    await expect(feed[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      code: 'FEED_PROTOCOL',
    });
  }
});

it('from a page lets go of the connection when the consumer is far behind, and loses nothing', async () => {
  feed = fromPage({ url: url(), bufferedEvents: 10, backoff: { firstMs: 20, maxMs: 100 } });
  events = feed[Symbol.asyncIterator]();
  const told: string[] = [];
  let seq = 1;
  const serve = async (): Promise<void> => {
    for (;;) {
      const server = await peer();
      const { type, id, feed: options } = await server.request();
      const { after } = options as { after?: string };
      const from = after === undefined ? seq : Number(after.split('-')[1]);
      const position = `epoch0-${from}`;
      const recovered = after === undefined ? {} : { recovered: true };
      server.say({ code: 0, request: { type, id }, feed: { position, ...recovered } });
      for (seq = from + 1; seq <= 60; seq += 1) server.say(start(`epoch0-${seq}`, `c${seq}`));
    }
  };
  void serve();
  let lost = 0;
  while (told.at(-1) !== 'c60') {
    const event = await next();
    if (event.kind === 'call') told.push(event.call.id);
    if (event.kind === 'lost') lost += 1;
    if (event.kind === 'connected') expect(event.recovered).toBe(true);
    // Longer than it takes for all of it to come.
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(told).toEqual(told.map((_, i) => `c${i + 2}`));
  expect(lost).toBeGreaterThan(1);
});
