/**
 * A feed client for tests, over TCP or WebSocket, with real sockets: sends what it is told, keeps every
 * document that came, and waits for one with a deadline. It reads only while it is let to.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions, TLSSocket } from 'node:tls';
import { WebSocket } from 'ws';
import { ProtocolError } from '../../src/base/errors.ts';
import { Framer } from '../../src/subscriber/framer.ts';
import type { Request } from '../../src/subscriber/message.ts';
import { readingBounds, readServerDocument } from '../../src/subscriber/reading.ts';
import type { ServerMessage } from '../../src/subscriber/reading.ts';
import { requestXml } from '../../src/subscriber/request-codec.ts';

export type CallMessage = Extract<ServerMessage, { readonly kind: 'call' }>;
export type AnswerMessage = Extract<ServerMessage, { readonly kind: 'answer' }>;

/** How a connection ended; code and reason are WebSocket's. */
export interface Closing {
  readonly code?: number;
  readonly reason?: string;
}

/** Long enough for a busy machine; a test that waits this long has failed. */
const deadlineMs = 8_000;

export abstract class FeedClient {
  /** Everything the server sent, document by document, as it came. */
  readonly documents: string[] = [];
  readonly #messages: ServerMessage[] = [];
  /** How many of the messages have been taken by `next`. */
  #taken = 0;
  #closing: Closing | undefined;
  #wake: (() => void)[] = [];

  abstract send(xml: string | Request): void;
  /** Stops and goes on taking bytes out of the socket. */
  abstract pause(): void;
  abstract resume(): void;
  /** Closes in the orderly way of the transport. */
  abstract close(): void;
  /** Vanishes. */
  abstract cut(): void;

  static async tcp(address: { readonly host: string; readonly port: number }): Promise<TcpClient> {
    const socket = connect({ ...address, noDelay: true });
    await once(socket, 'connect');
    return new TcpClient(socket);
  }

  /** Over TLS; rejects when there is no handshake, but what the server says of ours comes later. */
  static async tls(
    address: { readonly host: string; readonly port: number },
    tls: ConnectionOptions,
  ): Promise<TcpClient> {
    const socket = connectTls({ ...address, ...tls });
    socket.setNoDelay(true);
    await once(socket, 'secureConnect');
    return new TcpClient(socket);
  }

  /** @param tls for `wss:` */
  static async webSocket(
    url: string,
    protocols: string[] = [],
    tls: ConnectionOptions = {},
  ): Promise<WebSocketClient> {
    const webSocket = new WebSocket(url, protocols, { ...tls, perMessageDeflate: false });
    const client = new WebSocketClient(webSocket);
    await once(webSocket, 'open');
    return client;
  }

  /** Every message so far, in order. */
  get messages(): readonly ServerMessage[] {
    // Read only now, so that a client takes its bytes as fast as they come.
    for (const document of this.documents.slice(this.#messages.length)) {
      this.#messages.push(this.read(document));
    }
    return this.#messages;
  }

  get calls(): readonly CallMessage[] {
    return this.messages.filter((message): message is CallMessage => message.kind === 'call');
  }

  get isClosed(): boolean {
    return this.#closing !== undefined;
  }

  /** The next message that nobody has taken, whatever it is. */
  async next(withinMs = deadlineMs): Promise<ServerMessage> {
    await this.#until(() => this.documents.length > this.#taken, withinMs, 'a message');
    const message = this.messages[this.#taken];
    if (message === undefined) throw new Error(`closed; ${this.#soFar()}`);
    this.#taken += 1;
    return message;
  }

  /** The next message that fits; those before it are passed over. */
  async find<T extends ServerMessage>(
    fits: (message: ServerMessage) => message is T,
    withinMs?: number,
  ): Promise<T> {
    for (;;) {
      const message = await this.next(withinMs);
      if (fits(message)) return message;
    }
  }

  /** Resolves when `holds` does; it is asked after every message and when the connection has ended. */
  async until(holds: () => boolean, withinMs = deadlineMs): Promise<void> {
    await this.#until(holds, withinMs, 'what was expected');
    if (!holds()) throw new Error(`closed; ${this.#soFar()}`);
  }

  async closed(withinMs = deadlineMs): Promise<Closing> {
    await this.#until(() => this.#closing !== undefined, withinMs, 'the end');
    return this.#closing ?? {};
  }

  /** What the server says in one document. */
  protected read(document: string): ServerMessage {
    const message = readServerDocument(document);
    if (message instanceof ProtocolError) throw message;
    return message;
  }

  protected took(document: Buffer): void {
    this.documents.push(document.toString());
    this.#wakeAll();
  }

  protected ended(closing: Closing): void {
    this.#closing ??= closing;
    this.#wakeAll();
  }

  #wakeAll(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }

  /** Resolves when it holds or the connection has ended. */
  async #until(holds: () => boolean, withinMs: number, what: string): Promise<void> {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      this.#wakeAll();
    }, withinMs);
    try {
      while (!holds() && this.#closing === undefined) {
        if (late) throw new Error(`${what} did not come within ${withinMs} ms; ${this.#soFar()}`);
        await new Promise<void>((resolve) => this.#wake.push(resolve));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #soFar(): string {
    const last = this.documents.slice(-5).map((document) => document.slice(0, 300));
    return `${this.documents.length} documents came, at last: ${JSON.stringify(last)}`;
  }
}

export class TcpClient extends FeedClient {
  readonly socket: Socket;
  /** Every byte that came, for a look at what stands between documents. */
  readonly bytes: Buffer[] = [];

  constructor(socket: Socket) {
    super();
    this.socket = socket;
    const framer = new Framer(readingBounds);
    socket.on('data', (chunk: Buffer) => {
      this.bytes.push(chunk);
      for (const framed of framer.push(chunk)) {
        if (framed.kind === 'error') throw framed.error;
        this.took(framed.document);
      }
    });
    socket.on('error', () => undefined);
    socket.on('close', () => this.ended({}));
  }

  send(xml: string | Request): void {
    this.socket.write(typeof xml === 'string' ? xml : requestXml(xml));
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.end();
  }

  cut(): void {
    // Only a plain socket can be reset.
    if (this.socket instanceof TLSSocket) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }
}

export class WebSocketClient extends FeedClient {
  readonly webSocket: WebSocket;
  /** Payloads of what came, with the line feed that the text of a document leaves out. */
  readonly payloads: string[] = [];
  pings = 0;

  constructor(webSocket: WebSocket) {
    super();
    this.webSocket = webSocket;
    const framer = new Framer(readingBounds);
    webSocket.on('message', (data: Buffer, isBinary: boolean) => {
      if (isBinary) throw new Error('a binary message came');
      this.payloads.push(data.toString());
      for (const framed of framer.push(data)) {
        if (framed.kind === 'error') throw framed.error;
        this.took(framed.document);
      }
    });
    webSocket.on('ping', () => (this.pings += 1));
    webSocket.on('error', () => undefined);
    webSocket.on('close', (code, reason) => this.ended({ code, reason: reason.toString() }));
  }

  send(xml: string | Request): void {
    this.webSocket.send(typeof xml === 'string' ? xml : requestXml(xml));
  }

  pause(): void {
    this.webSocket.pause();
  }

  resume(): void {
    this.webSocket.resume();
  }

  close(): void {
    this.webSocket.close();
  }

  cut(): void {
    this.webSocket.terminate();
  }
}

export const isCall = (message: ServerMessage): message is CallMessage => message.kind === 'call';

export const isAnswer = (message: ServerMessage): message is AnswerMessage =>
  message.kind === 'answer';

export const isFailure = (
  message: ServerMessage,
): message is Extract<ServerMessage, { readonly kind: 'failure' }> => message.kind === 'failure';

export const isKeepalive = (
  message: ServerMessage,
): message is Extract<ServerMessage, { readonly kind: 'keepalive' }> =>
  message.kind === 'keepalive';

export const isGoodbye = (
  message: ServerMessage,
): message is Extract<ServerMessage, { readonly kind: 'goodbye' }> => message.kind === 'goodbye';
