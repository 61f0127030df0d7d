/**
 * An Asterisk that answers: lets a client in, lists the channels it is said to have, obeys or refuses
 * recorder commands, and says what the test tells it to. For what a recording cannot show: two-way talk.
 */
import { createServer, type Server, type Socket } from 'node:net';

type Fields = Readonly<Record<string, string>>;

export class LivePbx {
  /** Actions that came, without logins and pings. */
  readonly actions: Fields[] = [];
  /** What the answer to an action of this name is, besides success. */
  readonly answers = new Map<string, Fields>();
  channels: Fields[] = [];
  readonly #server: Server;
  /** Those that have logged in, and all that are there. */
  readonly #sockets = new Set<Socket>();
  readonly #open = new Set<Socket>();
  #port = 0;

  constructor() {
    this.#server = createServer((socket) => this.#serve(socket));
  }

  get port(): number {
    return this.#port;
  }

  async listen(port = 0): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen({ host: '127.0.0.1', port }, resolve));
    const address = this.#server.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
  }

  /** Says an event to whoever is connected. */
  say(event: string, fields: Fields): void {
    const stamp = (Date.now() / 1000).toFixed(6);
    for (const socket of this.#sockets)
      socket.write(block({ Event: event, Timestamp: stamp, ...fields }));
  }

  /** Dies without a word, as a server that is killed does. */
  async die(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    socket.setEncoding('latin1');
    socket.on('error', () => socket.destroy());
    this.#open.add(socket);
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#open.delete(socket);
    });
    socket.write('Asterisk Call Manager/11.0.0\r\n');
    let text = '';
    socket.on('data', (chunk) => {
      text += String(chunk);
      for (let end = text.indexOf('\r\n\r\n'); end !== -1; end = text.indexOf('\r\n\r\n')) {
        this.#answer(socket, parse(text.slice(0, end)));
        text = text.slice(end + 4);
      }
    });
  }

  #answer(socket: Socket, action: Fields): void {
    const name = action['Action'] ?? '';
    const id = { ActionID: action['ActionID'] ?? '' };
    if (name === 'Login') this.#sockets.add(socket);
    else if (name !== 'Ping') this.actions.push(action);
    socket.write(block({ Response: 'Success', ...this.answers.get(name), ...id }));
    if (name !== 'CoreShowChannels') return;
    for (const channel of this.channels) {
      socket.write(block({ Event: 'CoreShowChannel', ...id, ...channel }));
    }
    socket.write(block({ Event: 'CoreShowChannelsComplete', ...id, EventList: 'Complete' }));
  }
}

const block = (fields: Fields): string =>
  `${Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\r\n')}\r\n\r\n`;

function parse(text: string): Fields {
  const pairs = text.split('\r\n').map((line) => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return Object.fromEntries(pairs) as Fields;
}

/** The fields of a PJSIP channel, as in every channel event. */
export function channel(key: string, number: string, more: Fields = {}): Fields {
  return {
    Channel: `PJSIP/${number}-0000000a`,
    ChannelState: '4',
    ChannelStateDesc: 'Ring',
    CallerIDNum: number,
    CallerIDName: `User ${number}`,
    Exten: '',
    Uniqueid: key,
    Linkedid: key,
    ...more,
  };
}
