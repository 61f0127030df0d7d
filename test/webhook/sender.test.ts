// Requests to receivers that behave in every way a receiver can, over real sockets.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Receiver } from '../../src/receiver/receiver.ts';
import type { OutgoingRequest } from '../../src/webhook/dialect/dialect.ts';
import { createSender, type SenderOptions } from '../../src/webhook/sender.ts';
import type { Outcome, Sender, SendLimits } from '../../src/webhook/sending.ts';
import { inDays } from '../support/certificates.ts';
import { startReceiver, TestAuthority, textsOf } from '../support/receivers.ts';

const test = new TestAuthority();
const senders: Sender[] = [];
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.close()));
  for (const server of servers.splice(0)) server.close();
});

function newSender(options: SenderOptions = {}): Sender {
  const sender = createSender(options);
  senders.push(sender);
  return sender;
}

const home: SendLimits = { timeoutMs: 10_000, allowAddresses: ['127.0.0.0/8'] };

function post(url: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest {
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/json' },
    body: '{}',
    ...more,
  };
}

function failure(outcome: Outcome): string {
  return outcome.kind === 'failed' ? outcome.error : `answered ${outcome.status}`;
}

/** Until nobody holds a connection to the receiver any more. */
async function allGone(receiver: Receiver): Promise<void> {
  await vi.waitFor(() => expect(receiver.open).toBe(0), { timeout: 10_000 });
}

describe('a request', () => {
  it('arrives as it was made, and its answer comes back', async () => {
    const receiver = await startReceiver();
    const outcome = await newSender().send(
      post(`${receiver.url}/hook`, {
        headers: { 'content-type': 'text/plain', 'idempotency-key': 'e/1' },
        body: 'Zoë 📞 \ud800',
      }),
      home,
    );
    expect(outcome).toEqual({ kind: 'answered', status: 200, answer: 'OK' });
    expect(receiver.requests).toMatchObject([
      {
        method: 'POST',
        path: '/hook',
        body: 'Zoë 📞 \ufffd',
        key: 'e/1',
        headers: { 'content-type': 'text/plain', host: `127.0.0.1:${receiver.port}` },
      },
    ]);
    const names = Object.keys(receiver.requests[0]?.headers ?? {}).sort();
    expect(names).toEqual([
      'connection',
      'content-length',
      'content-type',
      'host',
      'idempotency-key',
    ]);
  });

  it.each([
    '/a/../b//c/./d?x=1&&y=%2f%2F&z',
    '/?RecordingURL=https://localhost:8080/_cros_/master/?uid=form&sectok=3511&nId=103870',
    '/e?q=Simple%20queue&n=%E9&plus=a+b&empty=&quote="\'`{}|^\\[]<>',
    '//double/slash',
    '/%',
  ])('has path and query byte for byte: %s', async (path) => {
    const receiver = await startReceiver();
    const request: OutgoingRequest = { method: 'GET', url: receiver.url + path, headers: {} };
    expect(failure(await newSender().send(request, home))).toBe('answered 200');
    expect(receiver.requests[0]).toMatchObject({ method: 'GET', path, body: '' });
  });

  it('has a path where the URL has none', async () => {
    const receiver = await startReceiver();
    const sender = newSender();
    await sender.send(post(receiver.url), home);
    await sender.send(post(`${receiver.url}?x=1`), home);
    expect(receiver.requests.map(({ path }) => path)).toEqual(['/', '/?x=1']);
  });

  it('uses a connection again, and several only at one time', async () => {
    const receiver = await startReceiver();
    const sender = newSender();
    for (let i = 0; i < 5; i += 1) await sender.send(post(receiver.url), home);
    // Whoever sends in the moment of an answer may find its connection still busy.
    expect(receiver.connections).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 4 }, () => sender.send(post(receiver.url), home)));
    expect(receiver.connections).toBeGreaterThan(2);
    expect(receiver.connections).toBeLessThanOrEqual(5);
    expect(receiver.count).toBe(9);
  });

  it('waits its turn where connections are bounded', async () => {
    const receiver = await startReceiver();
    const sender = newSender({ connections: 2 });
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => sender.send(post(receiver.url), home)),
    );
    expect(outcomes.every((outcome) => failure(outcome) === 'answered 200')).toBe(true);
    expect(receiver.connections).toBe(2);
  });
});

describe('a request that cannot be sent as it is', () => {
  const to = 'http://127.0.0.1:9/hook';
  it.each<[string, Partial<OutgoingRequest>, string]>([
    ['line break in the URL', { url: `${to}?n=a\r\nx-evil:1` }, 'U+000D'],
    ['space in the URL', { url: `${to}?n=a b HTTP/1.1` }, 'U+0020'],
    ['a letter beyond ASCII', { url: `${to}?n=Zoë` }, 'U+00EB'],
    ['a NUL', { url: `${to}?n=\u0000` }, 'U+0000'],
    ['a lone surrogate', { url: `${to}?n=\ud83d` }, 'U+D83D'],
    ['a fragment', { url: `${to}?n=1#x` }, 'fragment'],
    ['user and password', { url: 'http://me:hunter2@127.0.0.1:9/hook' }, 'password'],
    ['another scheme', { url: 'file:///etc/passwd' }, 'no http'],
    ['no host', { url: 'http:///hook' }, 'no http'],
    ['a backslash for a slash', { url: 'http://127.0.0.1:9\\@receiver.example/' }, 'no http'],
    ['a port that is none', { url: 'http://127.0.0.1:99999/' }, 'no http'],
    ['an endless URL', { url: `${to}?n=${'a'.repeat(70_000)}` }, '65536'],
    ['line break in a header', { headers: { 'x-name': 'a\r\nx-evil: 1' } }, 'U+000D'],
    ['a line feed alone', { headers: { 'x-name': 'a\nb' } }, 'U+000A'],
    ['emoji in a header', { headers: { 'x-name': '📞' } }, 'U+D83D'],
    ['line break in a name', { headers: { 'x-a\r\nx-evil': '1' } }, 'no name of a header'],
    ['capitals in a name', { headers: { 'X-A': '1' } }, 'no name of a header'],
    ['a host of its own', { headers: { host: 'other.example' } }, 'connection alone'],
    ['a length of its own', { headers: { 'content-length': '1' } }, 'connection alone'],
    ['chunks of its own', { headers: { 'transfer-encoding': 'chunked' } }, 'connection alone'],
    ['a GET with a body', { method: 'GET' }, 'GET has a body'],
  ])('%s is refused, and nothing is sent', async (_, more, words) => {
    const outcome = await newSender().send(post(to, more), home);
    expect(outcome).toMatchObject({ kind: 'failed', error: 'request' });
    const { detail } = outcome.kind === 'failed' ? outcome : { detail: '' };
    expect(detail).toContain(words);
    expect(detail).not.toContain('hunter2');
    expect(detail).toMatch(/^[\x20-\x7e…]+$/);
    expect(detail.length).toBeLessThan(300);
  });
});

describe('an answer', () => {
  it.each([200, 204, 302, 404, 410, 500])('of status %i comes back as it is', async (status) => {
    const receiver = await startReceiver({ faults: [String(status)] });
    const outcome = await newSender().send(post(receiver.url), home);
    expect(outcome).toMatchObject({ kind: 'answered', status });
  });

  it('may ask for patience', async () => {
    const receiver = await startReceiver({ faults: ['429:1', '503:1'], retryAfter: 7 });
    const sender = newSender();
    for (const status of [429, 503]) {
      const outcome = await sender.send(post(receiver.url), home);
      expect(outcome).toMatchObject({ status, retryAfterMs: 7_000 });
    }
    expect(await sender.send(post(receiver.url), home)).not.toHaveProperty('retryAfterMs');
  });

  it('with a redirect is not followed, whoever it leads to', async () => {
    const secret = await startReceiver();
    const receiver = await startReceiver({
      faults: ['redirect'],
      location: `${secret.url}/meta?token=abcdef`,
    });
    expect(await newSender().send(post(receiver.url), home)).toEqual({
      kind: 'answered',
      status: 302,
      answer: `redirects to ${secret.url}/meta Found`,
    });
    expect(secret.count).toBe(0);
    expect(receiver.count).toBe(1);
  });

  it('whose body is slow is an answer a second later, and the connection goes', async () => {
    const receiver = await startReceiver({ faults: ['slow-body'] });
    const outcome = await newSender().send(post(receiver.url), { ...home, timeoutMs: 60_000 });
    expect(outcome).toMatchObject({ kind: 'answered', status: 200 });
    expect(outcome).toHaveProperty('answer', expect.stringMatching(/^s+ \[rest not awaited\]$/));
    await allGone(receiver);
  });

  it('whose body is huge is cut after 4 KiB, and the connection goes', async () => {
    const receiver = await startReceiver({ faults: ['huge-body'] });
    const before = process.memoryUsage().arrayBuffers;
    const outcome = await newSender().send(post(receiver.url), home);
    const answer = `${'a'.repeat(999)}… [rest not awaited]`;
    expect(outcome).toEqual({ kind: 'answered', status: 200, answer });
    await allGone(receiver);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
  });

  it('that is reset after its head is an answer still', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nhalf', () => {
          setTimeout(() => socket.resetAndDestroy(), 50);
        });
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const outcome = await newSender().send(post(urlOf(server)), home);
    server.close();
    expect(outcome).toEqual({ kind: 'answered', status: 202, answer: 'half [connection cut]' });
  });

  it('that says "wait" and no more is none', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'));
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    expect(failure(await newSender().send(post(urlOf(server)), home))).toBe('reset');
  });

  it('that says "wait" first is the one that follows', async () => {
    const server = createServer((socket) => {
      socket.once('data', () => {
        socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n');
        socket.end('HTTP/1.1 204 No Content\r\n\r\n');
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const outcome = await newSender().send(post(urlOf(server)), home);
    server.close();
    expect(outcome).toEqual({ kind: 'answered', status: 204, answer: '' });
  });

  it('is shown on one line, without secrets that it repeats', async () => {
    const body =
      'one\r\n\u001b[31mtwo\u0000 {"password": "a b", "token":"t0ken", "seen":"s3cret-header"} ' +
      'authorization: Bearer abc.def x?sectok=3511&n=1 Basic dXNlcg==';
    const server = createServer((socket) => {
      const length = Buffer.byteLength(body);
      socket.once('data', () =>
        socket.end(`HTTP/1.1 400 Bad Request\r\ncontent-length: ${length}\r\n\r\n${body}`),
      );
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const headers = { authorization: 'Bearer abc.def', 'x-api-key': 's3cret-header' };
    const outcome = await newSender().send(post(urlOf(server), { headers }), home);
    server.close();
    expect(outcome).toEqual({
      kind: 'answered',
      status: 400,
      answer:
        'one \ufffd[31mtwo\ufffd {"password": [redacted], "token":[redacted], "seen":"[redacted]"} ' +
        'authorization: [redacted] x?sectok=[redacted]&n=1 Basic [redacted]',
    });
  });
});

describe('a receiver', () => {
  it.each([
    ['hang', 'timeout', /^No answer from http:\/\/127\.0\.0\.1:\d+\/hook within 1 s\.$/],
    ['late', 'timeout', /^No answer from /],
    ['close', 'reset', /^http:\/\/127\.0\.0\.1:\d+\/hook cut the connection/],
    ['reset', 'reset', /cut the connection/],
    ['garbage', 'protocol', /no HTTP that can be read/],
  ])('that does "%s" has failed by %s', async (fault, error, words) => {
    const receiver = await startReceiver({ faults: [fault] });
    const limits = { ...home, timeoutMs: error === 'timeout' ? 1_000 : 10_000 };
    const outcome = await newSender().send(post(`${receiver.url}/hook?token=abcdef`), limits);
    expect(outcome).toMatchObject({ kind: 'failed', error, detail: expect.stringMatching(words) });
    expect(JSON.stringify(outcome)).not.toContain('abcdef');
    expect(receiver.count).toBe(1);
    await allGone(receiver);
  });

  it('that recovers is reached on a new connection', async () => {
    const receiver = await startReceiver({ faults: ['close:1', 'reset:1', 'hang:1', 'garbage:1'] });
    const sender = newSender();
    const seen = [];
    for (let i = 0; i < 5; i += 1) {
      seen.push(failure(await sender.send(post(receiver.url), { ...home, timeoutMs: 2_000 })));
    }
    expect(seen).toEqual(['reset', 'reset', 'timeout', 'protocol', 'answered 200']);
  });

  it('that hangs holds back nobody else', async () => {
    const hanging = await startReceiver({ faults: ['hang'] });
    const healthy = await startReceiver();
    const sender = newSender();
    const stuck = Array.from({ length: 50 }, () =>
      sender.send(post(hanging.url), { ...home, timeoutMs: 60_000 }),
    );
    expect(failure(await sender.send(post(healthy.url), home))).toBe('answered 200');
    await sender.close();
    for (const outcome of await Promise.all(stuck)) expect(failure(outcome)).toBe('reset');
  });

  it('that is not there refuses', async () => {
    const receiver = await startReceiver();
    await receiver.close();
    const outcome = await newSender().send(post(receiver.url), home);
    expect(outcome).toEqual({
      kind: 'failed',
      error: 'connect',
      detail: `127.0.0.1:${receiver.port} refuses connections.`,
    });
  });

  it('that never takes a connection is given up, and nothing is sent later', async () => {
    const receiver = await startReceiver();
    let found = (): void => undefined;
    const sender = newSender({
      resolve: () =>
        new Promise((resolve) => {
          found = () => resolve([{ address: '127.0.0.1', family: 4 }]);
        }),
    });
    const url = `http://receiver.test:${receiver.port}/x`;
    const outcome = await sender.send(post(url), { ...home, timeoutMs: 200 });
    expect(outcome).toEqual({
      kind: 'failed',
      error: 'timeout',
      detail: `No connection to ${url} within 0.2 s.`,
    });
    found();
    await vi.waitFor(() => expect(receiver.connections).toBe(1));
    await allGone(receiver);
    expect(receiver.count).toBe(0);
  });

  it('whose name is not known is no receiver', async () => {
    const outcome = await newSender().send(post('http://nobody.invalid/hook'), home);
    expect(failure(outcome)).toBe('dns');
    expect(outcome).toHaveProperty('detail', expect.stringContaining('nobody.invalid'));
  });

  it.each(['ENOTFOUND', 'EAI_AGAIN', 'EAI_FAIL', 'ENODATA'])(
    'whose name gives %s',
    async (code) => {
      const resolve = () => Promise.reject(Object.assign(new Error(code), { code }));
      const outcome = await newSender({ resolve }).send(post('http://some.example/hook'), home);
      expect(failure(outcome)).toBe('dns');
    },
  );
});

/** A server that says these bytes to whoever has sent a request. */
async function saying(...bytes: readonly string[]): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => void say(socket, bytes));
  }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return server;
}

async function say(socket: Socket, bytes: readonly string[]): Promise<void> {
  for (const each of bytes) {
    if (socket.destroyed) return;
    socket.write(each);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('what is hardly HTTP', () => {
  it.each<[string, string[], string]>([
    ['a head without end', ['HTTP/1.1 200 OK\r\n', `x-much: ${'a'.repeat(100_000)}`], 'protocol'],
    [
      'an upgrade',
      ['HTTP/1.1 101 Switching\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'],
      'protocol',
    ],
    ['"continue", unasked', ['HTTP/1.1 100 Continue\r\n\r\n'], 'protocol'],
    [
      'two lengths',
      ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab'],
      'protocol',
    ],
    [
      'a length and chunks',
      ['HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n'],
      'protocol',
    ],
    ['no status', ['HTTP/1.1 abc\r\n\r\n'], 'protocol'],
    ['a head that trickles', [...'HTTP/1.1 200 OK\r\nx-slow: '.padEnd(500, 'a')], 'timeout'],
    [
      'chunks that are none',
      ['HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n'],
      'answered 200',
    ],
  ])('%s', async (_, bytes, came) => {
    const server = await saying(...bytes);
    const timeoutMs = came === 'timeout' ? 1_000 : 10_000;
    const outcome = await newSender().send(post(urlOf(server)), { ...home, timeoutMs });
    expect(failure(outcome)).toBe(came);
  });

  it('is never taken for the answer to the next request', async () => {
    const ok = 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na';
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      // Two answers to the first request, none to the second.
      socket.once('data', () => socket.write(ok + ok.replace('200', '299')));
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const sender = newSender();
    const seen = [];
    for (let i = 0; i < 3; i += 1) seen.push(failure(await sender.send(post(urlOf(server)), home)));
    expect(seen).not.toContain('answered 299');
  });
});

it('any request is sent as it is, as one request, or not at all', async () => {
  const receiver = await startReceiver();
  const sender = newSender();
  const nasty = fc.constantFrom(
    '\r\n',
    '\n',
    ' ',
    '#',
    '?',
    '/',
    '\\',
    '@',
    ':',
    '%',
    '\0',
    '📞',
    '&',
    '"',
  );
  const text = fc
    .array(fc.oneof(nasty, fc.string({ unit: 'binary', maxLength: 5 }), fc.webQueryParameters()), {
      maxLength: 6,
    })
    .map((parts) => parts.join(''));
  await fc.assert(
    fc.asyncProperty(text, text, text, async (path, value, body) => {
      const before = receiver.count;
      const url = `${receiver.url}/${path}`;
      const outcome = await sender.send(post(url, { headers: { 'x-value': value }, body }), home);
      const came = receiver.requests.slice(before);
      const isFine =
        /^[\x21-\x7e]*$/.test(path) && !path.includes('#') && /^[\x20-\x7e\t]*$/.test(value);
      expect(failure(outcome)).toBe(isFine ? 'answered 200' : 'request');
      expect(came.map((request) => request.path)).toEqual(isFine ? [`/${path}`] : []);
      if (!isFine) return;
      expect(came[0]?.headers['x-value']).toBe(value.trim());
      expect(came[0]?.body).toBe(Buffer.from(body).toString());
    }),
    { numRuns: 300 },
  );
});

describe('a sender that is closed', () => {
  it('sends nothing more', async () => {
    const receiver = await startReceiver();
    const sender = newSender();
    await sender.send(post(receiver.url), home);
    await sender.close();
    expect(failure(await sender.send(post(receiver.url), home))).toBe('reset');
    await sender.close();
    await allGone(receiver);
    expect(receiver.count).toBe(1);
  });
});

describe('https', () => {
  it('asks for the name in the URL', async () => {
    const names: (string | false)[] = [];
    const { certificate: cert, key } = test.sign();
    const server = createTlsServer({ cert, key }, (socket) => {
      names.push(socket.servername ?? '');
      socket.once('data', () => socket.end('HTTP/1.1 204 No Content\r\n\r\n'));
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    const sender = newSender({ ca: test.pem, resolve });
    const byName = urlOf(server, 'https').replace('127.0.0.1', 'LocalHost');
    expect(failure(await sender.send(post(byName), home))).toBe('answered 204');
    expect(failure(await sender.send(post(urlOf(server, 'https')), home))).toBe('answered 204');
    expect(names).toEqual(['localhost', false]);
  });

  it('is trusted when an authority that is known says so', async () => {
    const receiver = await startReceiver({ tls: test.sign() });
    const sender = newSender({ ca: test.pem });
    for (let i = 0; i < 5; i += 1) {
      expect(failure(await sender.send(post(receiver.url), home))).toBe('answered 200');
    }
    expect(receiver.connections).toBeLessThanOrEqual(2);
  });

  it.each<[string, () => { certificate: string; key: string }, string]>([
    ['expired', () => test.sign({ from: inDays(-9), to: inDays(-2) }), 'has expired'],
    ['not valid yet', () => test.sign({ from: inDays(2), to: inDays(9) }), 'not valid yet'],
    [
      'signed by itself',
      () =>
        textsOf({ certificate: test.authority.certificate, key: `${test.folder}/authority.key` }),
      '',
    ],
  ])('with a certificate that is %s is not', async (_, tls, words) => {
    const receiver = await startReceiver({ tls: tls() });
    const outcome = await newSender({ ca: test.pem }).send(post(receiver.url), home);
    expect(failure(outcome)).toBe('tls');
    expect(outcome).toHaveProperty('detail', expect.stringContaining(words));
    expect(receiver.count).toBe(0);
  });

  it('of an authority that nobody knows is not', async () => {
    const receiver = await startReceiver({ tls: test.sign() });
    const outcome = await newSender().send(post(receiver.url), home);
    expect(failure(outcome)).toBe('tls');
    expect(outcome).toHaveProperty('detail', expect.stringContaining('NODE_EXTRA_CA_CERTS'));
    expect(receiver.count).toBe(0);
  });

  it('under another name is not', async () => {
    const receiver = await startReceiver({ tls: test.sign() });
    const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 }]);
    const sender = newSender({ ca: test.pem, resolve });
    const url = `https://other.example:${receiver.port}/`;
    const outcome = await sender.send(post(url), home);
    expect(failure(outcome)).toBe('tls');
    expect(outcome).toHaveProperty('detail', expect.stringContaining('another name'));
    expect(receiver.count).toBe(0);
  });

  it('where plain HTTP is spoken is not', async () => {
    const receiver = await startReceiver();
    const outcome = await newSender().send(post(receiver.url.replace('http:', 'https:')), home);
    expect(failure(outcome)).toBe('tls');
  });

  it('where the handshake is cut is not', async () => {
    const server = createServer((socket) => socket.once('data', () => socket.destroy()));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const outcome = await newSender().send(post(urlOf(server, 'https')), home);
    server.close();
    expect(failure(outcome)).toBe('tls');
  });

  it('meets every fault as plain HTTP does', async () => {
    const receiver = await startReceiver({
      tls: test.sign(),
      faults: ['close:1', 'reset:1', '500:1'],
    });
    const sender = newSender({ ca: test.pem });
    const seen = [];
    for (let i = 0; i < 4; i += 1) seen.push(failure(await sender.send(post(receiver.url), home)));
    expect(seen).toEqual(['reset', 'reset', 'answered 500', 'answered 200']);
  });
});

function urlOf(server: ReturnType<typeof createServer>, scheme = 'http'): string {
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('not listening');
  return `${scheme}://127.0.0.1:${address.port}/`;
}
