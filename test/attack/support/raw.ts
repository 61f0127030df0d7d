/**
 * A peer of the very bytes: sends what no client would, and keeps what it is answered, up to the end of
 * the connection and how that came.
 */
import { connect, type Socket } from 'node:net';

export interface Address {
  readonly host: string;
  readonly port: number;
}

/** Long enough for a busy machine; who waits this long has failed. */
const deadlineMs = 8_000;

export class Raw {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  #end: 'end' | 'reset' | undefined;
  #wake: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.#chunks.push(chunk);
      this.#wakeAll();
    });
    socket.on('error', () => this.#over('reset'));
    socket.on('end', () => this.#over('end'));
    socket.on('close', () => this.#over('end'));
  }

  static connect({ host, port }: Address, localAddress = '127.0.0.1'): Promise<Raw> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host, port, localAddress, noDelay: true });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Raw(socket));
      });
    });
  }

  /** Everything that came so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  get text(): string {
    return this.bytes.toString('utf8');
  }

  get isOver(): boolean {
    return this.#end !== undefined;
  }

  /** Resolves when the kernel has taken the bytes, or the connection is over. */
  send(bytes: Uint8Array | string): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.writable) this.socket.write(bytes, () => resolve());
      else resolve();
    });
  }

  /** Resolves with how the connection ended; rejects when it does not. */
  async over(withinMs = deadlineMs): Promise<'end' | 'reset'> {
    await this.until(() => this.#end !== undefined, withinMs);
    return this.#end ?? 'end';
  }

  /** Resolves when it holds; asked after every chunk and at the end. */
  async until(holds: () => boolean, withinMs = deadlineMs): Promise<void> {
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      this.#wakeAll();
    }, withinMs);
    try {
      while (!holds()) {
        if (isLate || this.isOver) {
          const why = this.isOver ? 'the connection is over' : `${withinMs} ms have passed`;
          throw new Error(`${why}; what came is ${JSON.stringify(this.text.slice(-500))}`);
        }
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  /** Leaves with a reset. */
  cut(): void {
    this.socket.resetAndDestroy();
  }

  #over(how: 'end' | 'reset'): void {
    this.#end ??= how;
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** A client frame of RFC 6455 §5.2, masked unless told otherwise. */
export interface FrameParts {
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  /** True unless given. */
  readonly fin?: boolean;
  /** RSV1–3 as the three bits 4, 2, 1. */
  readonly reserved?: number;
  /** False leaves out the mask. */
  readonly masked?: boolean;
  /** What the head says is the length, where that differs from the payload's. */
  readonly announced?: bigint;
  /** How many bytes of length to write: 0, 2 or 8; the shortest that fits unless given. */
  readonly lengthBytes?: 0 | 2 | 8;
}

export const opcodes = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

const mask = Buffer.of(0x37, 0xfa, 0x21, 0x3d);

export function frame(parts: FrameParts): Buffer {
  const { opcode, fin = true, reserved = 0, masked = true } = parts;
  const payload = Buffer.from(parts.payload ?? '');
  const length = parts.announced ?? BigInt(payload.length);
  const lengthBytes = parts.lengthBytes ?? (length > 65_535n ? 8 : length > 125n ? 2 : 0);
  const head = Buffer.alloc(2 + lengthBytes);
  head[0] = (fin ? 0x80 : 0) | (reserved << 4) | opcode;
  head[1] =
    (masked ? 0x80 : 0) | (lengthBytes === 8 ? 127 : lengthBytes === 2 ? 126 : Number(length));
  if (lengthBytes === 2) head.writeUInt16BE(Number(length), 2);
  if (lengthBytes === 8) head.writeBigUInt64BE(length, 2);
  if (!masked) return Buffer.concat([head, payload]);
  for (let at = 0; at < payload.length; at += 1)
    payload[at] = (payload[at] ?? 0) ^ (mask[at % 4] ?? 0);
  return Buffer.concat([head, mask, payload]);
}

/** The head of an upgrade request; a value replaces a line of it, undefined leaves it out. */
export function upgradeRequest(
  { host, port }: Address,
  changes: Readonly<Record<string, string | undefined>> = {},
  requestLine = 'GET /feed HTTP/1.1',
): string {
  const lines = {
    Host: `${host}:${port}`,
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...changes,
  };
  const headers = Object.entries(lines).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}\r\n`],
  );
  return `${requestLine}\r\n${headers.join('')}\r\n`;
}

/** What a server sent in one frame. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** A WebSocket of the very bytes. */
export class RawWebSocket {
  readonly raw: Raw;
  readonly #headBytes: number;

  private constructor(raw: Raw, headBytes: number) {
    this.raw = raw;
    this.#headBytes = headBytes;
  }

  static async open(address: Address, localAddress?: string): Promise<RawWebSocket> {
    const raw = await Raw.connect(address, localAddress);
    await raw.send(upgradeRequest(address));
    await raw.until(() => raw.text.includes('\r\n\r\n'));
    if (!raw.text.startsWith('HTTP/1.1 101 ')) throw new Error(`refused: ${raw.text}`);
    return new RawWebSocket(raw, raw.bytes.indexOf('\r\n\r\n') + 4);
  }

  send(...frames: readonly (FrameParts | Uint8Array)[]): Promise<void> {
    const bytes = frames.map((each) => (each instanceof Uint8Array ? each : frame(each)));
    return this.raw.send(Buffer.concat(bytes));
  }

  /** Whole frames so far; what servers send is not masked. */
  get frames(): ServerFrame[] {
    const bytes = this.raw.bytes.subarray(this.#headBytes);
    const frames: ServerFrame[] = [];
    for (let at = 0; at + 2 <= bytes.length;) {
      const short = (bytes[at + 1] ?? 0) & 0x7f;
      const head = short === 126 ? 4 : short === 127 ? 10 : 2;
      if (at + head > bytes.length) break;
      const length =
        short === 126
          ? bytes.readUInt16BE(at + 2)
          : short === 127
            ? Number(bytes.readBigUInt64BE(at + 2))
            : short;
      if (at + head + length > bytes.length) break;
      const payload = bytes.subarray(at + head, at + head + length);
      frames.push({ opcode: (bytes[at] ?? 0) & 0x0f, payload });
      at += head + length;
    }
    return frames;
  }

  get texts(): string[] {
    return this.frames
      .filter(({ opcode }) => opcode === opcodes.text)
      .map(({ payload }) => payload.toString());
  }

  /** The code of the server's close frame; 1005 for one without, undefined where none came. */
  get closeCode(): number | undefined {
    const close = this.frames.find(({ opcode }) => opcode === opcodes.close);
    if (close === undefined) return undefined;
    return close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005;
  }

  /** Resolves when the server has said that it closes, with the code. */
  async closed(withinMs?: number): Promise<number> {
    await this.raw.until(() => this.closeCode !== undefined, withinMs);
    return this.closeCode ?? 0;
  }
}
