/**
 * The feed over TCP: accepts sockets, cuts their bytes into documents, writes what is handed over.
 * Nothing is decided here.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { Connection, type House } from './connection.ts';
import { Framer } from './framer.ts';
import type { Transport } from './outbound.ts';
import type { SessionSettings } from './session.ts';

/** After a session's end the peer has this long to read what was still to be said. */
const lingerMs = 2_000;

export class TcpTransport implements Transport {
  readonly kind = 'tcp';
  readonly peer: string;
  readonly #socket: Socket;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.peer = `${socket.remoteAddress ?? '?'}:${socket.remotePort ?? '?'}`;
  }

  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  get underWayBytes(): number {
    return underWayBytes(this.#socket);
  }

  write(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  flushed(callback: () => void): void {
    flushed(this.#socket, callback);
  }

  ping(): void {
    // TCP has none; a client that wants half-open connections found opts in to acknowledge.
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  end(): void {
    this.#socket.end();
    linger(this.#socket);
  }
}

const nothing = Buffer.alloc(0);

/**
 * Calls back when what was written to the socket has gone out or never will. Not by 'drain': that comes
 * only after a write beyond the high water mark, and less than that may wait for long.
 */
export function flushed(socket: Socket, callback: () => void): void {
  if (socket.writable) socket.write(nothing, () => callback());
  else callback();
}

/**
 * Bytes of the write under way that the kernel has not taken. Node keeps the number where its own socket
 * timeout looks for it, undocumented; without it, progress only shows write by write.
 */
export function underWayBytes(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  if (typeof handle !== 'object' || handle === null) return 0;
  const size: unknown = Reflect.get(handle, 'writeQueueSize');
  return typeof size === 'number' ? size : 0;
}

/** Lets a socket that is being ended go at the latest after the linger time. */
export function linger(socket: Socket): void {
  const timer = setTimeout(() => socket.resetAndDestroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly connections: ReadonlySet<Connection>;
  /** No new connections from here on; those that are open stay. */
  close(): void;
}

export interface TcpSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** True when no more sessions are to be taken. */
  readonly isFull: () => boolean;
  readonly session: SessionSettings;
}

/**
 * Listens for feed clients on TCP.
 * @throws {Error} Node's own, when the address cannot be listened on
 */
export async function listenTcp(settings: TcpSettings, house: House): Promise<Listener> {
  const connections = new Set<Connection>();
  const server = createServer({ noDelay: true }, (socket) => {
    if (settings.isFull()) {
      house.log.warn({ peer: socket.remoteAddress }, 'session.refused');
      socket.destroy();
      return;
    }
    serve(socket, settings.session, house, connections);
  });
  const { host, port } = await listening(server, settings);
  server.on('error', (error) => house.log.error({ err: error }, 'listener.failed'));
  return { host, port, connections, close: () => server.close() };
}

function serve(
  socket: Socket,
  settings: SessionSettings,
  house: House,
  connections: Set<Connection>,
): void {
  const framer = new Framer();
  const connection = new Connection(new TcpTransport(socket), settings, house);
  connections.add(connection);
  let wasHalf = false;
  socket.on('data', (chunk) => {
    const all = framer.push(chunk);
    for (const framed of all) {
      if (framed.kind === 'document') connection.receive(framed.document);
      else connection.broken(framed.error);
    }
    // The clock of a half message starts when it begins, not with each of its bytes.
    if (framer.half !== wasHalf || (framer.half && all.length > 0)) connection.half(framer.half);
    wasHalf = framer.half;
  });
  socket.on('error', (error) => house.log.debug({ err: error }, 'socket.failed'));
  socket.on('end', () => socket.end());
  socket.on('close', () => {
    connections.delete(connection);
    connection.closed();
  });
}

function listening(
  server: Server,
  { host, port }: Pick<TcpSettings, 'host' | 'port'>,
): Promise<{ host: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 4_096 }, () => {
      server.off('error', reject);
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('No address.'));
      else resolve({ host: address.address, port: address.port });
    });
  });
}
