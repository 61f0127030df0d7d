/** The PBX made of a transcript, heard over a plain socket. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/base/errors.ts';
import { type ReplayServer, serveReplay } from '../../../src/source/replay/server.ts';

let folder = '';
const open: { close(): void }[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-replay-'));
});
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileWith(bytes: string | Buffer): string {
  const file = join(folder, 'transcript.txt');
  writeFileSync(file, bytes);
  return file;
}

async function serve(bytes: string | Buffer, speed = 0): Promise<ReplayServer> {
  const server = await serveReplay({ file: fileWith(bytes), speed });
  open.push(server);
  return server;
}

/** Everything that is said until the connection ends, with the time of each piece. */
async function listen(port: number): Promise<{ text: string; pieces: [number, string][] }> {
  const pieces: [number, string][] = [];
  const socket = connect({ host: '127.0.0.1', port });
  for await (const chunk of socket.setEncoding('latin1')) {
    pieces.push([Date.now(), String(chunk)]);
  }
  return { pieces, text: pieces.map(([, text]) => text).join('') };
}

const banner = 'Asterisk Call Manager/11.0.0\r\n';
const hold = (seconds: number): string => `Event: Hold\r\nTimestamp: ${seconds}\r\n\r\n`;

describe('a replay', () => {
  it('says the transcript to the byte and hangs up', async () => {
    const text = banner + hold(100) + hold(5_000);
    const server = await serve(text);
    expect((await listen(server.port)).text).toBe(text);
    await server.played;
  });

  it('says a long one to a slow listener without losing any of it', async () => {
    // Far more than the kernel holds for a reader that does not read.
    const block = `Event: Hold\r\nPadding: ${'x'.repeat(10_000)}\r\nTimestamp: 100\r\n\r\n`;
    const text = banner + block.repeat(3_000);
    const server = await serve(text);
    const socket: Socket = connect({ host: '127.0.0.1', port: server.port });
    let heard = 0;
    for await (const chunk of socket) {
      heard += Buffer.from(chunk as Buffer).length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(heard).toBe(text.length);
  });

  it('takes the recorded time, divided by the speed', async () => {
    const server = await serve(banner + hold(100) + hold(101), 10);
    const { pieces } = await listen(server.port);
    const [first] = pieces[0] ?? [0];
    const last = pieces.findLast(([, text]) => text.includes('Timestamp: 101'));
    // A timer may come a millisecond early.
    expect((last?.[0] ?? 0) - first).toBeGreaterThanOrEqual(98);
  });

  it('is followed by a quiet Asterisk for whoever comes later', async () => {
    const server = await serve(banner + hold(100));
    await listen(server.port);
    const socket = connect({ host: '127.0.0.1', port: server.port });
    open.push({ close: () => socket.destroy() });
    socket.write('Action: Login\r\nActionID: a1\r\n\r\nAction: CoreShow');
    socket.write('Channels\r\nActionID: a2\r\n\r\n');
    let text = '';
    for await (const chunk of socket.setEncoding('latin1')) {
      text += String(chunk);
      if (text.includes('CoreShowChannelsComplete') && text.endsWith('\r\n\r\n')) break;
    }
    expect(text).toBe(
      [
        banner,
        'Response: Success\r\nActionID: a1\r\n\r\n',
        'Response: Success\r\nActionID: a2\r\n\r\n',
        // What it ends is dated by the recorded clock.
        'Event: UserEvent\r\nTimestamp: 100\r\n\r\n',
        'Event: CoreShowChannelsComplete\r\nActionID: a2\r\n',
        'EventList: Complete\r\nListItems: 0\r\n\r\n',
      ].join(''),
    );
  });

  it('reads a long one in a time that grows with its length only', async () => {
    const started = performance.now();
    await serve(banner + hold(100).repeat(100_000));
    // Looking from each block to the end of the file took more than a minute.
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('can be closed in the middle', async () => {
    const server = await serve(banner + hold(100) + hold(100_000), 1);
    const heard = listen(server.port).catch(() => ({ text: 'cut off' }));
    const socket = connect({ host: '127.0.0.1', port: server.port });
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    server.close();
    expect((await heard).text).not.toContain('100000');
  });
});

describe('a file that cannot be replayed', () => {
  async function refusal(file: string): Promise<SourceError> {
    const error: unknown = await serveReplay({ file, speed: 0 }).catch((thrown: unknown) => thrown);
    if (error instanceof SourceError) return error;
    throw new Error('Expected a SourceError.');
  }

  it('is named when it is not there', async () => {
    const error = await refusal(join(folder, 'nothing.txt'));
    expect(error.code).toBe('REPLAY_UNREADABLE');
    expect(error.message).toContain('nothing.txt');
    expect(error.message).toContain('ENOENT');
  });

  it('is named when it is no transcript, with how it begins', async () => {
    const error = await refusal(fileWith('{"calls": []}'));
    expect(error.message).toContain('"{\\"calls\\": []}"');
    expect(error.message).toContain('Asterisk Call Manager/');
    expect(error.retryable).toBe(false);
  });
});
