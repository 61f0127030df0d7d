/**
 * A manager interface that means ill, or is broken: it lets the client in like a real one, where it is told to, and
 * then pours what the test says. The next client finds a good one.
 */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { liveAsterisk } from '../support/scripted-pbx.ts';

export interface Attack {
  /** Instead of a greeting, or once the client has taken stock. */
  readonly when: 'at once' | 'when up';
  /** What is poured, piece by piece, until it ends or the client has gone. */
  readonly pour: Iterable<string | Uint8Array>;
  /** Whether it answers nothing any more from then on. */
  readonly thenSilent?: boolean;
}

const banner = 'Asterisk Call Manager/11.0.0\r\n';

export class HostilePbx {
  /** When each client came, milliseconds of a steady clock. */
  readonly cameAtMs: number[] = [];
  /** How often a client asked for a sign of life. */
  pings = 0;
  /** Bytes poured so far. */
  poured = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #attack: Attack | undefined;
  #over: () => void = () => undefined;

  private constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  static async listen(): Promise<HostilePbx> {
    const pbx = new HostilePbx();
    pbx.#server.listen(0, '127.0.0.1');
    await once(pbx.#server, 'listening');
    return pbx;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** Attacks the next client, once; resolves when everything is poured or the client has gone. */
  attackNext(attack: Attack): Promise<void> {
    this.#attack = attack;
    return new Promise((resolve) => (this.#over = resolve));
  }

  /** Answers no more to whoever is connected. */
  mute(): void {
    for (const socket of this.#sockets) socket.removeAllListeners('data').resume();
  }

  /** Drops whoever is connected. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  say(text: string): void {
    for (const socket of this.#sockets) socket.write(text);
  }

  async close(): Promise<void> {
    this.drop();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #serve(socket: Socket): void {
    this.cameAtMs.push(performance.now());
    this.#sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    const attack = this.#attack;
    this.#attack = undefined;
    if (attack?.when === 'at once') {
      socket.resume();
      void this.#pour(socket, attack);
      return;
    }
    socket.write(banner);
    this.#answer(socket, attack);
  }

  #answer(socket: Socket, attack: Attack | undefined): void {
    const { answer } = liveAsterisk();
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      text += String(chunk);
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const action = fieldsOf(text.slice(0, end));
        text = text.slice(end + 4);
        if (action.get('action') === 'Ping') this.pings += 1;
        socket.write(answer?.(action) ?? '');
        if (action.get('action') === 'CoreShowChannels' && attack !== undefined) {
          void this.#pour(socket, attack);
        }
      }
    });
  }

  async #pour(socket: Socket, { pour, thenSilent = false }: Attack): Promise<void> {
    const gone = new Promise((resolve) => socket.once('close', resolve));
    if (thenSilent) socket.removeAllListeners('data').resume();
    for (const piece of pour) {
      if (socket.destroyed) break;
      this.poured += piece.length;
      if (!socket.write(piece)) {
        await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), gone]);
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#over();
  }
}

function fieldsOf(block: string): Map<string, string> {
  const pairs = block.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return new Map(pairs);
}

/** The same piece, many times. */
export function* many(piece: string | Uint8Array, count: number): Generator<string | Uint8Array> {
  for (let n = 0; n < count; n += 1) yield piece;
}
