/**
 * The feed over WebSocket: takes over upgraded sockets on its path, one document per text message, in XML
 * or JSON as the client prefers. Reading, pings and the closing handshake are the library's; what we send is
 * framed once for everybody and written to the socket as it is, which the library allows as long as frames
 * are whole.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import { type RawData, WebSocket, WebSocketServer } from 'ws';
import { Bucket, type Rate } from '../access/bucket.ts';
import { ProtocolError } from '../base/errors.ts';
import { Connection } from './connection.ts';
import type { House } from './house.ts';
import { FrameWatch } from './frame-watch.ts';
import { Inbound, type Pausable } from './inbound.ts';
import { bounds } from './message.ts';
import type { Transport } from './outbound.ts';
import type { SessionSettings } from './session.ts';
import { flushed, linger, underWayBytes } from './tcp.ts';
import { wires } from './wire.ts';

/** Where the feed is served. */
export const feedPath = '/feed';
/** Encodings by what a client offers; one that offers none of them gets XML. */
const bySubprotocol = new Map(Object.values(wires).map((wire) => [wire.subprotocol, wire]));

/** Fragments of one message: each is kept apart, and weighs more than the byte that may be in it. */
const maxFragments = 1_024;
/** Pings and pongs of one client: they are for a sign of life every few seconds. */
const controlRate: Rate = { perSecond: 50, burst: 200 };
/** Pings are not answered while more than this waits for the client. */
const mostPongBytes = 64 * 1024;

export class WebSocketTransport implements Transport {
  readonly kind = 'websocket';
  readonly peer: string;
  readonly #socket: Socket;
  readonly #webSocket: WebSocket;
  readonly #reading: Pausable;

  /** @param reading what stops where reading is to stop */
  constructor(webSocket: WebSocket, socket: Socket, reading: Pausable) {
    this.#webSocket = webSocket;
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
    const isOpen = this.#webSocket.readyState === WebSocket.OPEN && this.#socket.writable;
    if (isOpen) this.#socket.write(bytes);
  }

  flushed(callback: () => void): void {
    flushed(this.#socket, callback);
  }

  ping(): void {
    if (this.#webSocket.readyState === WebSocket.OPEN) this.#webSocket.ping();
  }

  pause(): void {
    this.#reading.pause();
  }

  resume(): void {
    this.#reading.resume();
  }

  end(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
    linger(this.#socket);
  }
}

export interface WebSocketSettings {
  /** True when no more sessions are to be taken. */
  readonly isFull: () => boolean;
  /** How a session that opens now is held. */
  readonly session: () => SessionSettings;
}

export interface WebSocketListener {
  readonly connections: ReadonlySet<Connection>;
  close(): void;
}

type UpgradeListener = (request: IncomingMessage, stream: Duplex, head: Buffer) => void;

/** Where requests to go on in another protocol come out: an HTTP server, or who sorts them for it. */
interface UpgradeEmitter {
  on(event: 'upgrade', listener: UpgradeListener): unknown;
  off(event: 'upgrade', listener: UpgradeListener): unknown;
}

/** Serves the feed on `feedPath` of a running HTTP server; upgrades on other paths are refused. */
export function serveWebSocket(
  server: UpgradeEmitter,
  settings: WebSocketSettings,
  house: House,
): WebSocketListener {
  const connections = new Set<Connection>();
  const acceptor = new WebSocketServer({
    noServer: true,
    maxPayload: bounds.messageBytes,
    maxFragments,
    // Compression would make bytes differ by session.
    perMessageDeflate: false,
    clientTracking: false,
    autoPong: false,
    // In the order of the client's preference.
    handleProtocols: (offered) => [...offered].find((name) => bySubprotocol.has(name)) ?? false,
  });
  const upgrade: UpgradeListener = (request, stream, head) => {
    // Whoever takes the upgrade also answers for the socket's errors, even to refuse it.
    stream.on('error', (error) => house.log.debug({ err: error }, 'socket.failed'));
    const { httpVersion, headers } = request;
    // RFC 6455 §4.2.1; of upgrades, neither Node nor the library asks for it.
    const isHttp11 = httpVersion === '1.1' && headers.host !== undefined;
    if (!isHttp11) return refuse(stream, '400 Bad Request');
    const path = (request.url ?? '').split('?', 1)[0];
    if (path !== feedPath) return refuse(stream, '404 Not Found');
    const session = settings.session();
    // Pages of any host may connect where a token is asked for first.
    if (!session.requireToken && isForeign(request)) return refuse(stream, '403 Forbidden');
    if (settings.isFull()) return refuse(stream, '503 Service Unavailable');
    if (!(stream instanceof Socket)) return refuse(stream, '500 Internal Server Error');
    acceptor.handleUpgrade(request, stream, head, (webSocket) => {
      serve(webSocket, stream, session, house, connections);
    });
  };
  server.on('upgrade', upgrade);
  return {
    connections,
    close: () => void server.off('upgrade', upgrade),
  };
}

/**
 * True for a browser on a page of another host: browsers let any page open a WebSocket anywhere, so a
 * page on the network could read a feed that listens on loopback only (RFC 6455 §10.2).
 */
function isForeign({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}

function refuse(stream: Duplex, status: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
  stream.resume();
  if (stream instanceof Socket) linger(stream);
}

function serve(
  webSocket: WebSocket,
  socket: Socket,
  settings: SessionSettings,
  house: House,
  connections: Set<Connection>,
): void {
  socket.setNoDelay(true);
  const read = readingOf(socket);
  const watch = new FrameWatch();
  let wasHalf = false;
  let isBroken = false;
  const inbound = new Inbound(socket, house.turns, (bytes) => {
    // What comes after the end is nobody's; the library does not expect it.
    if (watch.isClosed) return bytes.length;
    const { taken, endsMessage } = watch.next(bytes);
    if (isBroken) {
      // The library hears nothing more; the peer has closed as it should.
      if (watch.isClosed) socket.end();
      return taken;
    }
    if (!connection.came(taken)) return bytes.length;
    if (watch.isLong) {
      refuseFrame('The length of a frame is written longer than need be.');
      return taken;
    }
    read(bytes.subarray(0, taken));
    // As on TCP: the clock of a half message starts when it begins.
    if (watch.half !== wasHalf || (watch.half && endsMessage)) connection.half(watch.half);
    wasHalf = watch.half;
    return taken;
  });
  socket.on('data', (chunk: Buffer) => inbound.push(chunk));
  // Before the library lets go of the socket: what is unread then, it would read in one go.
  socket.prependOnceListener('close', () => {
    isBroken = true;
    socket.read();
  });
  const transport = new WebSocketTransport(webSocket, socket, inbound);
  const wire = bySubprotocol.get(webSocket.protocol) ?? wires.xml;
  const connection: Connection = new Connection(transport, settings, house, wire);
  connections.add(connection);
  webSocket.on('message', (data, isBinary) => {
    if (!connection.isOpen) return;
    if (isBinary) {
      const message = 'A binary message came; one document per text message is expected.';
      connection.broken(new ProtocolError('FEED_FRAME_FORBIDDEN', message));
      return;
    }
    connection.receive(bytesOf(data));
  });
  const refuseFrame = (message: string): void => {
    isBroken = true;
    connection.broken(new ProtocolError('FEED_FRAME_FORBIDDEN', message));
  };
  const pace = new Bucket(controlRate, house.clock.now());
  const heard = (): void => {
    if (isBroken) return;
    if (pace.take(controlRate, house.clock.now())) connection.heard();
    else refuseFrame(`More than ${controlRate.burst} pings and pongs came within seconds.`);
  };
  webSocket.on('ping', (data: Buffer) => {
    heard();
    // Who does not read gets no more of them: pongs that wait would be memory without a bound.
    const isOpen = !isBroken && webSocket.readyState === WebSocket.OPEN;
    if (isOpen && socket.writableLength < mostPongBytes) webSocket.pong(data);
  });
  webSocket.on('pong', heard);
  // Frames that are wrong or too large: the library has closed with a code of its own by now.
  webSocket.on('error', (error) => {
    isBroken = true;
    connection.broken(new ProtocolError('FEED_FRAME_FORBIDDEN', error.message, { cause: error }));
  });
  webSocket.on('close', () => {
    connections.delete(connection);
    connection.closed();
  });
}

/**
 * How the library reads what comes, taken off the socket: it reads all frames of a chunk in one go, which
 * from a peer that floods may be ten thousand. We hand it one frame after the other.
 */
function readingOf(socket: Socket): (bytes: Buffer) => void {
  const readers = socket.listeners('data');
  socket.removeAllListeners('data');
  return (bytes) => {
    // What waited for its turn while the socket went: the library has let go of it and would throw.
    if (socket.destroyed) return;
    for (const reader of readers) Reflect.apply(reader, socket, [bytes]);
  };
}

/** Messages come as one buffer with the library's default `nodebuffer` type. */
function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
