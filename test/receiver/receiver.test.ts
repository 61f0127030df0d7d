// The receiver on its own, over raw sockets: what it keeps, and that each fault is what it says.
import { connect } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { Memory } from '../../src/receiver/received.ts';
import { Receiver } from '../../src/receiver/receiver.ts';
import { startReceiver } from '../support/receivers.ts';

interface Heard {
  readonly text: string;
  readonly bytes: number;
  readonly error: string | undefined;
}

/** Says the bytes to the receiver and listens until it ends, or until it has said enough. */
function say(receiver: Receiver, bytes: string, enough = Infinity): Promise<Heard> {
  return new Promise((resolve) => {
    const socket = connect(receiver.port, '127.0.0.1');
    let [text, count, error] = ['', 0, undefined as string | undefined];
    socket.on('data', (chunk) => {
      count += chunk.length;
      if (text.length < 10_000) text += chunk.toString('latin1');
      if (count >= enough) socket.destroy();
    });
    socket.on('error', (cause) => {
      error = 'code' in cause ? String(cause.code) : cause.message;
    });
    socket.on('close', () => resolve({ text, bytes: count, error }));
    socket.write(bytes);
  });
}

const hook = (more = '', body = ''): string =>
  `POST /hook?a=%2f&b HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`;

describe('a receiver', () => {
  it('keeps what came and answers 200', async () => {
    const heard: number[] = [];
    const receiver = await startReceiver({ onRequest: ({ number }) => heard.push(number) });
    const before = Date.now();
    const { text } = await say(receiver, hook('X-Two: a\r\nx-two: b\r\n', '{"n":1}'));
    expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    const [request] = receiver.requests;
    expect(request).toMatchObject({
      number: 1,
      method: 'POST',
      path: '/hook?a=%2f&b',
      body: '{"n":1}',
      bodyBytes: 7,
      fault: 'ok',
      key: undefined,
      repeats: 0,
      connection: 1,
      headers: { 'x-two': 'a, b' },
    });
    expect(request?.atMs).toBeGreaterThanOrEqual(before);
    expect(heard).toEqual([1]);
  });

  it('knows repeats by their key', async () => {
    const receiver = await startReceiver({ faults: ['500:1'] });
    for (const key of ['a', 'b', 'a', 'a'])
      await say(receiver, hook(`Idempotency-Key: ${key}\r\n`));
    await say(receiver, hook());
    await say(receiver, hook());
    expect(receiver.requests.map(({ key, repeats }) => [key, repeats])).toEqual([
      ['a', 0],
      ['b', 0],
      ['a', 1],
      ['a', 2],
      [undefined, 0],
      [undefined, 0],
    ]);
    expect(receiver.repeats).toBe(2);
  });

  it('keeps the first part of a large body, and says how large it was', async () => {
    const receiver = await startReceiver();
    await say(receiver, hook('', 'x'.repeat(200_000)));
    expect(receiver.requests[0]).toMatchObject({ bodyBytes: 200_000 });
    expect(receiver.requests[0]?.body.length).toBe(65_536);
  });

  it('has not received what is cut on the way', async () => {
    const receiver = await startReceiver();
    const socket = connect(receiver.port, '127.0.0.1');
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    await vi.waitFor(() => expect(receiver.open).toBe(1));
    socket.destroy();
    await vi.waitFor(() => expect(receiver.open).toBe(0));
    expect(receiver.count).toBe(0);
  });

  it('survives what is no HTTP', async () => {
    const receiver = await startReceiver();
    await say(receiver, '\u0016\u0003\u0001 hello\r\n\r\n');
    expect((await say(receiver, hook())).text).toContain('200 OK');
    expect(receiver.count).toBe(1);
  });

  it('says where it is in use', async () => {
    const receiver = await startReceiver();
    await expect(Receiver.start({ port: receiver.port })).rejects.toMatchObject({
      code: 'EADDRINUSE',
      port: receiver.port,
    });
  });

  it('cuts every connection when it is closed', async () => {
    const receiver = await startReceiver({ faults: ['hang'] });
    const heard = say(receiver, hook());
    await vi.waitFor(() => expect(receiver.count).toBe(1));
    await receiver.close();
    expect((await heard).text).toBe('');
  });
});

describe('a fault', () => {
  it.each([
    ['500', /^HTTP\/1\.1 500 Internal Server Error\r\n/],
    ['410', /^HTTP\/1\.1 410 Gone\r\n/],
    ['204', /^HTTP\/1\.1 204 No Content\r\n[^]*\r\n\r\n$/],
    ['599', /^HTTP\/1\.1 599 /],
    ['429', /\r\nretry-after: 9\r\n/],
    ['503', /\r\nretry-after: 9\r\n/],
    ['redirect', /^HTTP\/1\.1 302 Found\r\n[^]*location: http:\/\/169\.254\.169\.254\//],
    ['garbage', /^\0\u0001 this is not HTTP/],
    ['close', /^$/],
    ['late', /^HTTP\/1\.1 200 OK/],
  ])('%s answers so', async (fault, answer) => {
    const receiver = await startReceiver({ faults: [fault], retryAfter: 9, lateMs: 50 });
    const { text } = await say(receiver, hook());
    expect(text).toMatch(answer);
    expect(receiver.requests[0]?.fault).toBe(/^\d/.test(fault) ? Number(fault) : fault);
  });

  it('429 asks for nothing where it shall not', async () => {
    const receiver = await startReceiver({ faults: ['429'], retryAfter: null });
    expect((await say(receiver, hook())).text).not.toContain('retry-after');
  });

  it('reset is a reset, in the middle of the head', async () => {
    const receiver = await startReceiver({ faults: ['reset'] });
    // Whoever reads too late sees an end instead.
    await vi.waitFor(async () => {
      const { text, error } = await say(receiver, hook());
      expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*x-half: $/);
      expect(error).toBe('ECONNRESET');
    });
  });

  it('hang says nothing', async () => {
    const receiver = await startReceiver({ faults: ['hang'] });
    const socket = connect(receiver.port, '127.0.0.1');
    socket.write(hook());
    await vi.waitFor(() => expect(receiver.count).toBe(1));
    expect(socket.bytesRead).toBe(0);
    socket.destroy();
  });

  it('slow-body goes on and on', async () => {
    const receiver = await startReceiver({ faults: ['slow-body'] });
    const { text } = await say(receiver, hook(), 200);
    expect(text).toMatch(/^HTTP\/1\.1 200 OK/);
    await vi.waitFor(() => expect(receiver.open).toBe(0));
  });

  it('huge-body is 100 MB, made as it is read', async () => {
    const receiver = await startReceiver({ faults: ['huge-body'] });
    const { bytes } = await say(receiver, hook());
    expect(bytes).toBeGreaterThan(100 * 1024 * 1024);
    expect(bytes).toBeLessThan(100 * 1024 * 1024 + 1_000);
  });

  it('can come later', async () => {
    const receiver = await startReceiver();
    expect((await say(receiver, hook())).text).toContain('200');
    receiver.misbehave([{ kind: 418, count: 1 }]);
    expect((await say(receiver, hook())).text).toContain('418');
    expect((await say(receiver, hook())).text).toContain('200');
  });
});

describe('memory', () => {
  const request = {
    atMs: 0,
    method: 'POST',
    path: '/',
    headers: {},
    body: '',
    bodyBytes: 0,
    fault: 'ok',
    connection: 1,
  } as const;

  it('keeps the last ten thousand', () => {
    const memory = new Memory();
    for (let i = 0; i < 10_010; i += 1) memory.take(request);
    expect(memory.count).toBe(10_010);
    expect(memory.requests).toHaveLength(10_000);
    expect(memory.requests[0]?.number).toBe(11);
  });

  it('keeps fewer of those that are large', () => {
    const memory = new Memory();
    const body = 'x'.repeat(1_048_576);
    for (let i = 0; i < 100; i += 1) memory.take({ ...request, body });
    expect(memory.requests).toHaveLength(31);
    expect(memory.requests.at(-1)?.number).toBe(100);
  });

  it('remembers the last fifty thousand keys, and not for ever', () => {
    const memory = new Memory();
    const take = (key: string): number =>
      memory.take({ ...request, headers: { 'idempotency-key': key } }).repeats;
    take('first');
    for (let i = 0; i < 49_999; i += 1) take(`k${i}`);
    expect(take('first')).toBe(1);
    expect(take('first')).toBe(2);
    for (let i = 0; i < 100_000; i += 1) take(`m${i}`);
    expect(take('first')).toBe(0);
  });
});
