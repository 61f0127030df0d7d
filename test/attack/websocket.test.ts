/**
 * WebSocket as RFC 6455 has it, held against the server by a peer of the very bytes: handshakes and frames,
 * right and wrong, what comes of each, and that the server serves on.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FrameCase, frameCases } from './support/frame-attacks.ts';
import { frame, opcodes, Raw, RawWebSocket, upgradeRequest } from './support/raw.ts';
import { Victim } from './support/victim.ts';

let victim: Victim;
beforeAll(async () => {
  // The suite itself is a busy client.
  victim = await Victim.start({ rest: '[access]\nacceptRate = 0\n' });
}, 60_000);
afterAll(() => victim?.stop());

const request = '<VerbaApi><Request type="No"/></VerbaApi>';

describe('a handshake', () => {
  type Changes = Readonly<Record<string, string | undefined>>;
  interface Handshake {
    readonly name: string;
    readonly status: number;
    readonly changes?: Changes;
    readonly line?: string;
  }
  const key = 'Sec-WebSocket-Key';
  const version = 'Sec-WebSocket-Version';
  const handshakes: readonly Handshake[] = [
    { name: 'as it should be', status: 101 },
    { name: 'with a query', line: 'GET /feed?from=wallboard HTTP/1.1', status: 101 },
    {
      name: 'with the connection header in other company',
      changes: { Connection: 'keep-alive, uPgRaDe' },
      status: 101,
    },
    { name: 'with the upgrade header in capitals', changes: { Upgrade: 'WEBSOCKET' }, status: 101 },
    {
      name: 'with an extension that nobody knows',
      changes: { 'Sec-WebSocket-Extensions': 'x-y; a=b' },
      status: 101,
    },
    {
      name: 'with an extension header that is none',
      changes: { 'Sec-WebSocket-Extensions': ';;=,' },
      status: 101,
    },
    {
      name: 'with a subprotocol that nobody knows',
      changes: { 'Sec-WebSocket-Protocol': 'chat' },
      status: 101,
    },
    ...['', ',', 'a,,b', 'a,a', 'a b', '(', 'a;', '"a"'].map((protocol) => ({
      name: `with the subprotocols "${protocol}"`,
      changes: { 'Sec-WebSocket-Protocol': protocol },
      status: 400,
    })),
    ...[
      undefined,
      '',
      '0',
      '7',
      '9',
      '12',
      '14',
      '99',
      '-13',
      '13.5',
      'thirteen',
      '13, 8',
      '0x0e',
    ].map((value) => ({
      name: `with the version ${value}`,
      changes: { [version]: value },
      status: 400,
    })),
    ...[
      undefined,
      '',
      'short',
      'dGhlIHNhbXBsZSBub25jZQ=',
      'dGhlIHNhbXBsZSBub25jZQ===',
      'dGhlIHNhbXBsZSBub25jZQ== ==',
      'dGhl*HNhbXBsZSBub25jZQ==',
      'dGhlIHNhbXBsZSBub25jZSBh',
      'A'.repeat(4_000),
    ].map((value) => ({
      name: `with the key ${value?.slice(0, 30)}`,
      changes: { [key]: value },
      status: 400,
    })),
    ...['POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH'].map((method) => ({
      name: `by ${method}`,
      line: `${method} /feed HTTP/1.1`,
      status: 405,
    })),
    ...[
      '/',
      '/feed/',
      '/feed/x',
      '//feed',
      '/FEED',
      '/feed%2f',
      '/%66eed',
      '/feed#x',
      'http://127.0.0.1/feed',
      '/../feed',
      '*',
    ].map((path) => ({ name: `on ${path}`, line: `GET ${path} HTTP/1.1`, status: 404 })),
    ...['h2c', 'WebSocket2', 'websocket, h2c', 'web socket'].map((upgrade) => ({
      name: `to ${upgrade}`,
      changes: { Upgrade: upgrade },
      // Offers of anything else are declined, and there is no such route without.
      status: upgrade.startsWith('websocket') ? 400 : 404,
    })),
    { name: 'without an upgrade header', changes: { Upgrade: undefined }, status: 404 },
    { name: 'without a connection header', changes: { Connection: undefined }, status: 404 },
    { name: 'that closes the connection', changes: { Connection: 'close' }, status: 404 },
    { name: 'without a host', changes: { Host: undefined }, status: 400 },
    { name: 'of HTTP/1.0', line: 'GET /feed HTTP/1.0', status: 400 },
    { name: 'of HTTP/2.0', line: 'GET /feed HTTP/2.0', status: 400 },
    { name: 'of HTTP/9.9', line: 'GET /feed HTTP/9.9', status: 400 },
    { name: 'of no HTTP', line: 'GET /feed', status: 400 },
    {
      name: 'from a page of another host',
      changes: { Origin: 'http://evil.example' },
      status: 403,
    },
    { name: 'from a page of nowhere', changes: { Origin: 'null' }, status: 403 },
    {
      name: 'with a header of 20,000 bytes',
      changes: { 'X-Large': 'a'.repeat(20_000) },
      status: 431,
    },
    {
      name: 'with 2,000 headers',
      changes: Object.fromEntries(
        Array.from({ length: 2_000 }, (_, n) => [`X-${n}`, 'a'.repeat(9)]),
      ),
      status: 431,
    },
    { name: 'with white space before a colon', changes: { 'X-A ': 'b' }, status: 400 },
    { name: 'with NUL in a header', changes: { 'X-A': 'a\0b' }, status: 400 },
    { name: 'with two lengths', changes: { 'Content-Length': '1, 2' }, status: 400 },
  ];

  it.each(handshakes)('$name is answered $status', async ({ status, changes, line }) => {
    const raw = await Raw.connect(victim.http);
    await raw.send(upgradeRequest(victim.http, changes, line));
    await raw.until(() => raw.text.includes('\r\n\r\n'));
    expect(raw.text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    raw.cut();
  });

  it('has the proof of its key in the answer', async () => {
    const raw = await Raw.connect(victim.http);
    await raw.send(upgradeRequest(victim.http));
    await raw.until(() => raw.text.includes('\r\n\r\n'));
    // The example of RFC 6455 §1.3.
    expect(raw.text).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n');
    raw.cut();
  });

  it('may come byte by byte', async () => {
    const raw = await Raw.connect(victim.http);
    for (const byte of upgradeRequest(victim.http)) await raw.send(byte);
    await raw.until(() => raw.text.startsWith('HTTP/1.1 101 '));
    raw.cut();
  });

  it('may have its first frames behind it in the same segment', async () => {
    const raw = await Raw.connect(victim.http);
    const frames = [
      frame({ opcode: opcodes.text, payload: request }),
      frame({ opcode: opcodes.ping }),
    ];
    await raw.send(Buffer.concat([Buffer.from(upgradeRequest(victim.http)), ...frames]));
    await raw.until(() => raw.text.includes('Unknown Request') && raw.bytes.at(-2) === 0x8a);
    raw.cut();
  });

  it.each([1, 20, 100, 150])('left by a reset after %i bytes hurts nobody', async (bytes) => {
    for (let n = 0; n < 20; n += 1) {
      const raw = await Raw.connect(victim.http);
      await raw.send(upgradeRequest(victim.http).slice(0, bytes));
      raw.cut();
    }
    await servesOn();
  });
});

/** Sends what the case sends, and waits for what comes. */
async function play({ sent, comes }: FrameCase): Promise<RawWebSocket> {
  const webSocket = await RawWebSocket.open(victim.http);
  for (const each of sent) await webSocket.send(each);
  if ('code' in comes) {
    await webSocket.closed();
    return webSocket;
  }
  await webSocket.send({ opcode: opcodes.ping, payload: 'end' });
  const isEnd = (): boolean =>
    webSocket.frames.some(({ opcode, payload }) => opcode === opcodes.pong && payload.equals(end));
  await webSocket.raw.until(isEnd);
  return webSocket;
}
const end = Buffer.from('end');

async function servesOn(): Promise<void> {
  const webSocket = await play({
    name: '',
    sent: [{ opcode: opcodes.text, payload: request }],
    comes: { pongs: 0, texts: 1 },
  });
  expect(webSocket.texts).toHaveLength(1);
  webSocket.raw.cut();
}

describe('frames', () => {
  it('are some hundred cases', () => {
    expect(frameCases.length).toBeGreaterThan(300);
    expect(new Set(frameCases.map(({ name }) => name)).size).toBe(frameCases.length);
  });

  it.each(frameCases)('$name', async (each) => {
    const webSocket = await play(each);
    const { comes } = each;
    const { texts, frames, closeCode } = webSocket;
    if ('code' in comes) {
      expect(closeCode).toBe(comes.code);
      expect(texts).toHaveLength(comes.texts ?? 0);
      expect(frames.at(-1)?.opcode).toBe(opcodes.close);
      // A peer that closes as it should is let go of at once.
      await webSocket.raw.send(
        frame({ opcode: opcodes.close, payload: frames.at(-1)?.payload ?? '' }),
      );
      await webSocket.raw.over();
      return;
    }
    expect(closeCode).toBeUndefined();
    expect(texts).toHaveLength(comes.texts);
    const pongs = frames.filter(
      ({ opcode, payload }) => opcode === opcodes.pong && !payload.equals(end),
    );
    expect(pongs).toHaveLength(comes.pongs);
    webSocket.raw.cut();
  });

  const whole = frame({ opcode: opcodes.text, payload: request.padEnd(300) });
  it.each([1, 2, 3, 4, 7, 8, 9, 100, whole.length - 1])(
    'of which %i bytes come and then the end, or a reset, hurt nobody',
    async (bytes) => {
      for (let n = 0; n < 10; n += 1) {
        const webSocket = await RawWebSocket.open(victim.http);
        await webSocket.send(whole.subarray(0, bytes));
        if (n % 2 === 0) webSocket.raw.socket.end();
        else webSocket.raw.cut();
      }
      await servesOn();
    },
  );

  it('are read at every cut', async () => {
    const bytes = Buffer.concat([
      frame({ opcode: opcodes.text, fin: false, payload: request.slice(0, 5) }),
      frame({ opcode: opcodes.ping, payload: 'b' }),
      frame({ opcode: opcodes.continuation, payload: request.slice(5).padEnd(130) }),
    ]);
    const sockets = await Promise.all(
      Array.from({ length: bytes.length }, () => RawWebSocket.open(victim.http)),
    );
    await Promise.all(sockets.map((each, at) => each.send(bytes.subarray(0, at))));
    await Promise.all(sockets.map((each, at) => each.send(bytes.subarray(at))));
    for (const { raw } of sockets) await raw.until(() => raw.text.includes('Unknown Request'));
    for (const each of sockets) {
      expect(each.texts).toHaveLength(1);
      each.raw.cut();
    }
  });
});

it('all of it costs the neighbour nothing, and leaves nothing behind', async () => {
  const most = 8;
  await victim.attacked(async () => {
    const endMs = performance.now() + 3_000;
    const attackers = Array.from({ length: most }, async (_, nth) => {
      for (let n = nth; performance.now() < endMs; n += most) {
        const each = frameCases[n % frameCases.length];
        if (each !== undefined) (await play(each)).raw.cut();
      }
    });
    await Promise.all(attackers);
  });
}, 40_000);
