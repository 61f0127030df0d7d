/**
 * The feed over TCP, with TLS or without: accepts sockets, cuts their bytes into documents, writes what is handed over.
 * Nothing is decided here.
 */
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions, TLSSocket } from 'node:tls';
import { Connection } from './connection.ts';
import type { House } from './house.ts';
import type { Door } from './door.ts';
import { Framer } from './framer.ts';
import { Inbound, type Pausable } from './inbound.ts';
import type { Transport } from './outbound.ts';

/** After a session's end the peer has this long to read what was still to be said. */
const lingerMs = 2_000;

export class TcpTransport implements Transport {
  readonly kind = 'tcp';
  readonly peer: string;
  readonly #socket: Socket;
  readonly #reading: Pausable;

  /** @param reading what stops where reading is to stop */
  constructor(socket: Socket, reading: Pausable = socket) {
    this.#socket = socket;
    this.#reading = reading;
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
    this.#reading.pause();
  }

  resume(): void {
    this.#reading.resume();
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
 * timeout looks for it, undocumented; without it, progress only shows write by write. TLS encrypts a write
 * as a whole, so that only what lies beneath it shows progress.
 */
export function underWayBytes(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  const size = part(part(handle, '_parent') ?? handle, 'writeQueueSize');
  return typeof size === 'number' ? size : 0;
}

function part(of: unknown, name: string): unknown {
  return typeof of === 'object' && of !== null ? Reflect.get(of, name) : undefined;
}

/** Lets a socket that is being ended go at the latest after the linger time. */
export function linger(socket: Socket): void {
  const timer = setTimeout(() => {
    // Only a plain socket can be reset.
    if (socket instanceof TLSSocket) socket.destroy();
    else socket.resetAndDestroy();
  }, lingerMs);
  socket.once('close', () => clearTimeout(timer));
}

export interface Listener {
  readonly host: string;
  readonly port: number;
  readonly connections: ReadonlySet<Connection>;
  /** New connections are secured so; those that are open stay as they are. */
  secure(tls: TlsOptions): void;
  /** No new connections from here on; those that are open stay. */
  close(): void;
}

export interface TcpSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Absent: without TLS. */
  readonly tls?: TlsOptions;
  readonly door: Door;
}

/** A TLS handshake may take so long, milliseconds. */
const handshakeMs = 10_000;

/**
 * Listens for feed clients on TCP.
 * @throws {Error} Node's own, when the address cannot be listened on
 */
export async function listenTcp(settings: TcpSettings, house: House): Promise<Listener> {
  const { tls, door } = settings;
  const connections = new Set<Connection>();
  const secured = tls && createTlsServer({ ...tls, noDelay: true, handshakeTimeout: handshakeMs });
  const server = secured ?? createServer({ noDelay: true });
  guard(server, door, house);
  // Emitted with the socket that carries the feed: by a TLS server only after the handshake.
  server.on(secured === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
    if (!socket.destroyed) serve(socket, door, house, connections);
  });
  const { host, port } = await listening(server, settings);
  server.on('error', (error) => house.log.error({ err: error }, 'listener.failed'));
  const secure = (renewed: TlsOptions): void => secured?.setSecureContext(renewed);
  return { host, port, connections, secure, close: () => server.close() };
}

/** Turns away at once whom the door does not admit, before anything is spent on them. */
export function guard(server: Server, door: Door, { log }: Pick<House, 'log'>): void {
  const admitted = new WeakSet<Socket>();
  server.prependListener('connection', (socket: Socket) => {
    // A server may take a connection up anew, to read it differently.
    if (admitted.has(socket)) return;
    const address = socket.remoteAddress;
    if (address !== undefined && door.admits(address)) {
      admitted.add(socket);
      socket.once('close', () => door.left(address));
      return;
    }
    log.debug({ peer: address }, 'connection.refused');
    socket.destroy();
  });
  server.on('tlsClientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const fields = { err: error, peer: socket.remoteAddress };
    // Whoever was turned away, or only looks whether somebody listens, leaves so.
    if (error.code === 'ECONNRESET') log.debug(fields, 'handshake.failed');
    else log.info(fields, 'handshake.failed');
    // A handshake that never comes does not end by itself.
    socket.destroy();
  });
}

function serve(socket: Socket, door: Door, house: House, connections: Set<Connection>): void {
  const framer = new Framer();
  let wasHalf = false;
  const inbound = new Inbound(socket, house.turns, (bytes) => {
    if (!connection.isOpen) return bytes.length;
    const { framed, taken } = framer.next(bytes);
    if (!connection.came(taken)) return bytes.length;
    if (framed?.kind === 'document') connection.receive(framed.document);
    else if (framed !== undefined) connection.broken(framed.error);
    // The clock of a half message starts when it begins, not with each of its bytes.
    if (framer.half !== wasHalf) connection.half(framer.half);
    wasHalf = framer.half;
    return taken;
  });
  const connection: Connection = new Connection(
    new TcpTransport(socket, inbound),
    door.session(),
    house,
  );
  connections.add(connection);
  socket.on('data', (chunk) => inbound.push(chunk));
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
