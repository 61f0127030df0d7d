import { once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followFeed } from '../../src/cli/feed-connection.ts';
import type { FeedNews, FeedRequest } from '../../src/cli/feed-connection.ts';
import { answerXml, keepaliveXml } from '../../src/subscriber/answer-codec.ts';
import { goodbyeXml } from '../../src/subscriber/notification-codec.ts';
import { FakeFeed } from './fake-feed.ts';

let feed: FakeFeed;
let news: AsyncGenerator<FeedNews, never>;
beforeEach(async () => {
  feed = await FakeFeed.listen();
});
afterEach(async () => {
  await feed.close();
});

function follow(changes: Partial<FeedRequest> = {}): void {
  const server = changes.server ?? feed.address;
  news = followFeed({ extensions: [], events: ['CallStart'], snapshot: false, ...changes, server });
}

async function next(): Promise<FeedNews> {
  return (await news.next()).value;
}

/** What was said of a call, as far as these tests look. */
async function nextCall(): Promise<unknown> {
  const value = await next();
  if (value.kind !== 'call') return value;
  return [value.type, value.cdr.fields.get('id'), value.position];
}

describe('following a feed', () => {
  it('subscribes as wished and tells what comes', async () => {
    follow({ extensions: [{ kind: 'number', number: '1001' }], events: ['CallStart', 'CallEnd'] });
    const connected = next();
    const server = await feed.connection();
    expect(await server.subscribe({ position: 'p1' })).toMatchObject({
      kind: 'subscribe',
      extensions: [{ kind: 'number', number: '1001' }],
      feed: { events: ['CallStart', 'CallEnd'], snapshot: false, ack: true },
    });
    expect(await connected).toEqual({ kind: 'connected', again: false, recovered: true });
    server.tell('CallStart', 'c1', 'p2');
    server.tell('CallEnd', 'c1', 'p3');
    expect(await nextCall()).toEqual(['CallStart', 'c1', 'p2']);
    expect(await nextCall()).toEqual(['CallEnd', 'c1', 'p3']);
  });

  it('presents its token first', async () => {
    follow({ token: 'sesame' });
    next().catch(() => undefined);
    const server = await feed.connection();
    expect(await server.request()).toMatchObject({ kind: 'authenticate', token: 'sesame' });
    expect(await server.request()).toMatchObject({ kind: 'subscribe' });
  });

  it('answers keep-alives', async () => {
    follow();
    const connected = next();
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' }, 60);
    await connected;
    server.send(keepaliveXml({ intervalS: 60, position: 'p1' }));
    next().catch(() => undefined);
    expect(await server.request()).toMatchObject({ kind: 'keepalive' });
  });

  it('comes back after a cut, from the last position it has seen', async () => {
    follow();
    const connected = next();
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' });
    await connected;
    server.tell('CallStart', 'c1', 'p7');
    await next();
    server.cut();
    expect(await next()).toMatchObject({ kind: 'lost', retryMs: expect.any(Number) });
    const again = next();
    const second = await feed.connection();
    expect(await second.subscribe({ position: 'p9', recovered: true })).toMatchObject({
      feed: { after: 'p7', snapshot: false },
    });
    expect(await again).toEqual({ kind: 'connected', again: true, recovered: true });
  });

  it('says when it could not get what it had missed', async () => {
    follow();
    const connected = next();
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' });
    await connected;
    server.cut();
    await next();
    const again = next();
    const second = await feed.connection();
    await second.subscribe({ position: 'q1', calls: 0, recovered: false });
    expect(await again).toEqual({ kind: 'connected', again: true, recovered: false });
  });

  it('asks for the whole snapshot again when it was cut in the middle of it', async () => {
    follow({ snapshot: true });
    const connected = next();
    const server = await feed.connection();
    await server.subscribe({ position: 'p5', calls: 2 });
    await connected;
    server.tell('CallStart', 'c1', 'p5', true);
    await next();
    server.cut();
    await next();
    const again = next();
    const second = await feed.connection();
    const request = await second.subscribe({ position: 'p6', calls: 0 });
    expect(request).toMatchObject({ feed: { snapshot: true } });
    expect(request).not.toHaveProperty('feed.after');
    await again;
  });

  it('ends a session that is silent for one and a half intervals', async () => {
    follow();
    const connected = next();
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' }, 0.1);
    await connected;
    const beganMs = performance.now();
    expect(await next()).toMatchObject({ kind: 'lost', reason: 'silent for 0.15 s' });
    expect(performance.now() - beganMs).toBeGreaterThan(140);
  });

  it('goes by the interval that was announced last', async () => {
    follow();
    const connected = next();
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' }, 3600);
    await connected;
    server.send(keepaliveXml({ intervalS: 0.1 }));
    expect(await next()).toMatchObject({ kind: 'lost', reason: 'silent for 0.15 s' });
  });

  it('says why the server ended it', async () => {
    follow();
    const connected = next();
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' });
    await connected;
    server.send(goodbyeXml({ reason: 'going-away', position: 'p1' }));
    server.cut();
    expect(await next()).toMatchObject({ kind: 'lost', reason: 'the server is going away' });
  });

  it('closes the connection when nobody listens any more', async () => {
    follow();
    const connected = next();
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' });
    await connected;
    const closed = server.closed();
    await news.return(undefined as never);
    await closed;
  });
});

describe('a feed that cannot be followed', () => {
  it('because nobody listens there is a failure at once', async () => {
    const server = feed.address;
    await feed.close();
    follow({ server });
    await expect(next()).rejects.toMatchObject({
      exitCode: 2,
      message: `No feed at 127.0.0.1:${server.port} (connection refused).`,
    });
  });

  it('because it closes before it answers is a failure at once', async () => {
    follow();
    const connected = next();
    (await feed.connection()).cut();
    await expect(connected).rejects.toMatchObject({ exitCode: 2 });
  });

  it('because the request is refused is a failure in the words of the server', async () => {
    follow({ after: 'nonsense' });
    const connected = next();
    const server = await feed.connection();
    const { head } = await server.request();
    const detail = 'after="nonsense" is no position';
    server.send(answerXml({ kind: 'failure', head, failure: 'Invalid Request', detail }));
    await expect(connected).rejects.toMatchObject({
      exitCode: 1,
      message: 'The server refuses: Invalid Request: after="nonsense" is no position',
    });
  });

  it('because it is something else is a failure', async () => {
    const web = createServer((_, response) => response.end('hello'));
    web.listen(0, '127.0.0.1');
    await once(web, 'listening');
    const address = web.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    follow({ server: { host: '127.0.0.1', port } });
    await expect(next()).rejects.toMatchObject({
      exitCode: 2,
      message: 'What answers there does not speak the feed protocol.',
    });
    web.close();
  });

  it('any more because the token was withdrawn is a failure, not a retry', async () => {
    follow();
    const connected = next();
    const server = await feed.connection();
    await server.subscribe({ position: 'p1' });
    await connected;
    server.send(goodbyeXml({ reason: 'unauthorized' }));
    await expect(next()).rejects.toMatchObject({ exitCode: 1 });
  });
});
