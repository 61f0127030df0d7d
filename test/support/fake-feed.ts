/**
 * A feed server that does only what a test tells it: hands out each connection, what was asked on it,
 * and sends what it is given.
 */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { ProtocolError } from '../../src/base/errors.ts';
import type { HostPort } from '../../src/cli/arguments.ts';
import { answerXml, documentXml } from '../../src/subscriber/answer-codec.ts';
import { Framer } from '../../src/subscriber/framer.ts';
import type { Request } from '../../src/subscriber/message.ts';
import { parseRequest } from '../../src/subscriber/request-codec.ts';

export class FakeFeed {
  readonly #server: Server;
  readonly #waiting: ((connection: FakeConnection) => void)[] = [];
  readonly #came: FakeConnection[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server) {
    this.#server = server;
    const isTls = server instanceof TlsServer;
    server.on(isTls ? 'secureConnection' : 'connection', (socket: Socket) => {
      this.#sockets.add(socket);
      const connection = new FakeConnection(socket);
      const taker = this.#waiting.shift();
      if (taker === undefined) this.#came.push(connection);
      else taker(connection);
    });
  }

  /** @param server a TLS server, where it is to be one; port 0 takes any free one */
  static async listen(server: Server = createServer(), port = 0): Promise<FakeFeed> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new FakeFeed(server);
  }

  get address(): HostPort {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return { host: '127.0.0.1', port: address.port };
  }

  /** The next connection, whether it has come already or not. */
  connection(): Promise<FakeConnection> {
    const came = this.#came.shift();
    if (came !== undefined) return Promise.resolve(came);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (!this.#server.listening) return;
    this.#server.close();
    await once(this.#server, 'close');
  }
}

export class FakeConnection {
  readonly #socket: Socket;
  readonly #requests: Request[] = [];
  #wake: () => void = () => undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    const framer = new Framer();
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const framed of framer.push(chunk)) {
        if (framed.kind === 'error') throw framed.error;
        const request = parseRequest(framed.document);
        if (request instanceof ProtocolError) throw request;
        if (request.kind === 'refusal') throw new Error(request.detail);
        this.#requests.push(request);
      }
      this.#wake();
    });
  }

  /** The next request on this connection. */
  async request(): Promise<Request> {
    for (;;) {
      const request = this.#requests.shift();
      if (request !== undefined) return request;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** False when the other side does not read as fast as that. */
  send(xml: string): boolean {
    return this.#socket.write(xml);
  }

  /** Bytes that the other side has not taken. */
  get pendingBytes(): number {
    return this.#socket.writableLength;
  }

  /** Answers the subscribe request that has come. */
  async subscribe(
    feed: { position: string; calls?: number; recovered?: boolean },
    keepAliveS = 0,
  ): Promise<Request> {
    const request = await this.request();
    this.send(answerXml({ kind: 'subscribed', head: request.head, keepAliveS, feed }));
    return request;
  }

  /** A call notification with as little in it as there can be. */
  tell(type: string, id: string, position: string, snapshot = false): void {
    const mark = snapshot ? ' snapshot="true"' : '';
    const end = type === 'CallEnd' ? '<end_time>2026-01-02 10:00:42.000</end_time>' : '';
    const state = end === '' ? 'ringing' : 'ended';
    this.send(
      documentXml(
        `<Notification type="${type}" position="${position}"${mark}>` +
          `<verbacdr state="${end === '' ? 0 : 1}"><id>${id}</id>` +
          '<source_caller_id>0012</source_caller_id><source_name>Ann</source_name>' +
          '<destination_caller_id>1001</destination_caller_id>' +
          `<start_time>2026-01-02 10:00:00.000</start_time>${end}</verbacdr>` +
          `<CallState state="${state}" revision="1" source="pbx"/></Notification>`,
      ),
    );
  }

  /** Resolves when the other side has ended it. */
  async closed(): Promise<void> {
    if (!this.#socket.closed) await once(this.#socket, 'close');
  }

  cut(): void {
    this.#socket.destroy();
  }
}
