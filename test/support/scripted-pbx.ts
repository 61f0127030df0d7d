/**
 * A PBX made of words written down beforehand: a real TCP server on loopback that says to each caller in
 * turn what its script holds, cut into pieces as told, and keeps what it was asked. It can also answer
 * actions, as a live manager interface does.
 */
import { createServer, type Server, type Socket } from 'node:net';

/** How a script is cut on its way: in one piece, a line, some random bytes or a single byte at a time. */
export type Cut =
  | { readonly kind: 'whole' }
  | { readonly kind: 'lines' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'random'; readonly seed: number; readonly longest: number };

/** The fields of an action as the client sent them, names in lower case. */
export type Action = ReadonlyMap<string, string>;

export interface Script {
  readonly say?: Uint8Array | string;
  readonly cut?: Cut;
  /** Milliseconds between two pieces; without it they follow as fast as each is taken. */
  readonly paceMs?: number;
  /** What to say to an action; nothing when it returns undefined; null ends the connection. */
  readonly answer?: (action: Action) => string | undefined | null;
  /** What becomes of the connection after the last piece. `stay` is the default. */
  readonly then?: 'stay' | 'close' | 'reset';
}

export class ScriptedPbx {
  /** What each client sent, in the order in which they came. */
  readonly actions: Action[][] = [];
  readonly #server: Server;
  readonly #scripts: Script[];
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<() => void>();

  constructor(scripts: readonly Script[]) {
    this.#scripts = [...scripts];
    this.#server = createServer((socket) => this.#serve(socket));
  }

  /** Starts one on a free port of 127.0.0.1; beyond its last script it repeats that one. */
  static async listen(...scripts: Script[]): Promise<ScriptedPbx> {
    const pbx = new ScriptedPbx(scripts);
    await new Promise<void>((resolve) => {
      pbx.#server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    return pbx;
  }

  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : 0;
  }

  /** Says something to whoever is connected now. */
  say(text: string): void {
    for (const socket of this.#sockets) socket.write(text);
  }

  /** Drops whoever is connected now. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Resolves with the first action of that name, sent or yet to be sent. */
  async asked(name: string): Promise<Action> {
    for (;;) {
      const found = this.actions.flat().find((action) => action.get('action') === name);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #serve(socket: Socket): void {
    const script = (this.#scripts.length > 1 ? this.#scripts.shift() : this.#scripts[0]) ?? {};
    const heard: Action[] = [];
    this.actions.push(heard);
    this.#sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => socket.destroy());
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      text += String(chunk);
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        const action = actionOf(text.slice(0, end));
        text = text.slice(end + 4);
        heard.push(action);
        const answer = script.answer?.(action);
        if (answer === null) socket.destroy();
        else if (answer !== undefined) socket.write(answer);
        for (const wake of this.#waiting) wake();
        this.#waiting.clear();
      }
    });
    void speak(socket, script);
  }
}

function actionOf(block: string): Action {
  const pairs = block.split('\r\n').map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  return new Map(pairs);
}

async function speak(socket: Socket, script: Script): Promise<void> {
  const { say = '', cut = { kind: 'whole' }, paceMs, then = 'stay' } = script;
  for (const piece of piecesOf(Buffer.from(say), cut)) {
    if (socket.destroyed) return;
    const taken = socket.write(piece);
    if (paceMs !== undefined) await new Promise((resolve) => setTimeout(resolve, paceMs));
    // A turn of the event loop lets the other side read this piece before the next one is there.
    else await new Promise((resolve) => setImmediate(resolve));
    if (!taken && !socket.destroyed) {
      await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
    }
  }
  if (then === 'close') socket.end();
  if (then === 'reset') socket.resetAndDestroy();
}

/** The pieces of `bytes`, in order; joined they are `bytes` again. */
export function* piecesOf(bytes: Buffer, cut: Cut): Generator<Buffer> {
  let draw = cut.kind === 'random' ? cut.seed >>> 0 : 0;
  for (let start = 0; start < bytes.length;) {
    let end = bytes.length;
    if (cut.kind === 'bytes') end = start + 1;
    if (cut.kind === 'lines') end = bytes.indexOf('\n', start) + 1 || bytes.length;
    if (cut.kind === 'random') {
      // A linear congruential generator (Numerical Recipes): the same seed gives the same cuts.
      draw = (Math.imul(draw, 1_664_525) + 1_013_904_223) >>> 0;
      end = start + 1 + ((draw >>> 8) % cut.longest);
    }
    yield bytes.subarray(start, end);
    start = end;
  }
}

const banner = 'Asterisk Call Manager/11.0.0\r\n';

/**
 * A live Asterisk: greets, lets everybody in and lists what it is given.
 * @param channels the fields of each `CoreShowChannel` entry, one per line
 * @param bridges the fields of each `BridgeListItem` entry, one per line
 */
export function liveAsterisk(
  channels: readonly string[] = [],
  bridges: readonly string[] = [],
): Script {
  return {
    say: banner,
    answer: (action) => {
      const id = `ActionID: ${action.get('actionid') ?? ''}`;
      switch (action.get('action')) {
        case 'Challenge':
          return `Response: Success\r\n${id}\r\nChallenge: 840415273\r\n\r\n`;
        case 'Login':
          return `Response: Success\r\n${id}\r\nMessage: Authentication accepted\r\n\r\n`;
        case 'Ping':
          return `Response: Success\r\n${id}\r\nPing: Pong\r\n\r\n`;
        case 'BridgeList':
          return listed(id, 'BridgeListItem', 'BridgeListComplete', bridges);
        case 'CoreShowChannels':
          return listed(id, 'CoreShowChannel', 'CoreShowChannelsComplete', channels);
        default:
          return `Response: Success\r\n${id}\r\n\r\n`;
      }
    },
  };
}

function listed(id: string, item: string, complete: string, items: readonly string[]): string {
  return [
    `Response: Success\r\n${id}\r\nEventList: start\r\nMessage: A list will follow\r\n\r\n`,
    ...items.map((fields) => `Event: ${item}\r\n${id}\r\n${fields}\r\n\r\n`),
    `Event: ${complete}\r\n${id}\r\nEventList: Complete\r\nListItems: ${items.length}\r\n\r\n`,
  ].join('');
}
