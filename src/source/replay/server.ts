/**
 * A PBX made of a transcript: whoever connects first hears what was recorded, at the recorded speed or a
 * multiple of it; whoever connects later finds a quiet Asterisk without a single call. The AMI source is
 * pointed at it, so a replay takes the very way that live traffic takes.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { SourceError } from '../../base/errors.ts';
import { blocksOf, isTranscript, type TimedBlock } from './transcript.ts';

export interface ReplaySettings {
  readonly file: string;
  /** Multiple of the recorded speed; 0 is as fast as it is read. */
  readonly speed: number;
}

export interface ReplayServer {
  readonly port: number;
  /** Resolves when the whole transcript has been said. */
  readonly played: Promise<void>;
  close(): void;
}

/**
 * Reads the transcript and waits on loopback for the AMI source.
 * @throws {SourceError} REPLAY_UNREADABLE when the file cannot be read or is no AMI transcript
 */
export async function serveReplay(settings: ReplaySettings): Promise<ReplayServer> {
  const blocks = blocksOf(await read(settings.file));
  let played: () => void = () => undefined;
  const done = new Promise<void>((resolve) => (played = resolve));
  const sockets = new Set<Socket>();
  let isPlayed = false;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    if (isPlayed) {
      beQuiet(socket, lastStampOf(blocks));
      return;
    }
    isPlayed = true;
    play(socket, blocks, settings.speed, () => {
      played();
      socket.end();
    });
  });
  const port = await listen(server);
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, played: done, close };
}

async function read(file: string): Promise<Buffer> {
  const bytes = await readFile(file).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    throw new SourceError(
      'REPLAY_UNREADABLE',
      `The transcript ${file} cannot be read: ${why}.`,
      false,
    );
  });
  if (isTranscript(bytes)) return bytes;
  const seen = JSON.stringify(bytes.toString('utf8', 0, 40));
  const message = `${file} is no AMI transcript: it begins with ${seen}, not "Asterisk Call Manager/".`;
  throw new SourceError('REPLAY_UNREADABLE', message, false);
}

function play(
  socket: Socket,
  blocks: readonly TimedBlock[],
  speed: number,
  ended: () => void,
): void {
  const startMs = Date.now();
  let next = 0;
  let timer: NodeJS.Timeout | undefined;
  socket.once('close', () => clearTimeout(timer));
  socket.resume();
  const step = (): void => {
    for (; next < blocks.length; next += 1) {
      const block = blocks[next];
      if (block === undefined || socket.destroyed) return;
      const dueMs = speed === 0 ? 0 : startMs + block.atMs / speed;
      const waitMs = dueMs - Date.now();
      if (waitMs > 0) {
        timer = setTimeout(step, waitMs);
        return;
      }
      if (socket.write(block.bytes)) continue;
      next += 1;
      socket.once('drain', step);
      return;
    }
    ended();
  };
  step();
}

/** The time of the transcript's last event, as written there. */
function lastStampOf(blocks: readonly TimedBlock[]): string | undefined {
  return blocks.findLast((block) => block.stamp !== undefined)?.stamp;
}

/**
 * Answers what an AMI client asks when there is nothing to tell.
 * @param stamp what the clock of the recorded PBX shows
 */
function beQuiet(socket: Socket, stamp: string | undefined): void {
  let text = '';
  socket.setEncoding('latin1');
  socket.write('Asterisk Call Manager/11.0.0\r\n');
  socket.on('data', (chunk) => {
    text = (text + String(chunk)).slice(-8_192);
    for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
      answer(socket, text.slice(0, end), stamp);
      text = text.slice(end + 4);
    }
  });
}

function answer(socket: Socket, action: string, stamp: string | undefined): void {
  const id = /^ActionID: (.*)$/m.exec(action)?.[1]?.trim() ?? '';
  const name = /^Action: (.*)$/m.exec(action)?.[1]?.trim() ?? '';
  socket.write(`Response: Success\r\nActionID: ${id}\r\n\r\n`);
  if (name !== 'CoreShowChannels') return;
  // A call that the transcript left open ends by the recorded clock, not by ours, years later.
  if (stamp !== undefined) socket.write(`Event: UserEvent\r\nTimestamp: ${stamp}\r\n\r\n`);
  const list = 'EventList: Complete\r\nListItems: 0\r\n\r\n';
  socket.write(`Event: CoreShowChannelsComplete\r\nActionID: ${id}\r\n${list}`);
}

function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const address = server.address();
      if (address !== null && typeof address === 'object') resolve(address.port);
    });
  });
}
