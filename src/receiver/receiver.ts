/**
 * An HTTP receiver to try destinations with: it takes every request, keeps what came, and answers well or badly
 * as it is told. It knows nothing of calls.
 */
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { Socket } from 'node:net';
import { answer } from './answering.ts';
import type { AnswerOptions } from './answering.ts';
import { type Fault, FaultPlan } from './fault.ts';
import { Memory, type Received } from './received.ts';

export interface ReceiverOptions {
  /** Absent: 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0, or absent: any. */
  readonly port?: number | undefined;
  /** PEM texts; absent: plain HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
  readonly faults?: readonly Fault[] | undefined;
  readonly seed?: number | undefined;
  /** Seconds, with 429 and 503; absent: 1. Null: the header is left out. */
  readonly retryAfter?: number | null | undefined;
  /** Milliseconds; absent: 30,000. */
  readonly lateMs?: number | undefined;
  /** Where redirects lead; absent: to where clouds keep their metadata. */
  readonly location?: string | undefined;
  /** Told of each request before it is answered. */
  readonly onRequest?: ((received: Received) => void) | undefined;
}

/** Bytes of a body that are kept. */
const mostBodyBytes = 64 * 1024;

/** A receiver that listens. */
export class Receiver {
  readonly #server: Server;
  readonly #memory = new Memory();
  readonly #plan: FaultPlan;
  readonly #answering: AnswerOptions;
  readonly #onRequest: (received: Received) => void;
  readonly #sockets = new Set<Socket>();
  readonly #numbers = new WeakMap<Socket, number>();
  readonly #scheme: string;
  readonly #host: string;
  #connections = 0;
  #port = 0;

  private constructor(options: ReceiverOptions) {
    const { host = '127.0.0.1', tls, faults = [], seed, retryAfter = 1 } = options;
    this.#host = host;
    this.#scheme = tls === undefined ? 'http' : 'https';
    this.#plan = new FaultPlan(faults, seed);
    this.#onRequest = options.onRequest ?? (() => undefined);
    this.#answering = {
      retryAfter: retryAfter ?? undefined,
      lateMs: options.lateMs ?? 30_000,
      location: options.location ?? 'http://169.254.169.254/latest/meta-data/',
    };
    const take = (request: IncomingMessage, response: ServerResponse): void =>
      this.#take(request, response);
    this.#server =
      tls === undefined
        ? createHttpServer(take)
        : createHttpsServer({ cert: tls.certificate, key: tls.key }, take);
    this.#server.on(tls === undefined ? 'connection' : 'secureConnection', (socket: Socket) => {
      this.#connections += 1;
      this.#numbers.set(socket, this.#connections);
    });
    // Of TLS, those as well that are still shaking hands.
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // Somebody who does not trust our certificate is no news.
    this.#server.on('tlsClientError', () => undefined);
    this.#server.on('clientError', (_error, socket) => socket.destroy());
  }

  /** @throws what `listen` throws, such as `EADDRINUSE`; and what a certificate that cannot be used throws */
  static async start(options: ReceiverOptions = {}): Promise<Receiver> {
    const receiver = new Receiver(options);
    receiver.#server.listen(options.port ?? 0, receiver.#host);
    await once(receiver.#server, 'listening');
    const address = receiver.#server.address();
    receiver.#port = typeof address === 'object' && address !== null ? address.port : 0;
    return receiver;
  }

  get port(): number {
    return this.#port;
  }

  /** Without a slash at the end. */
  get url(): string {
    const host = this.#host.includes(':') ? `[${this.#host}]` : this.#host;
    return `${this.#scheme}://${host}:${this.#port}`;
  }

  /** What came, the last ten thousand, oldest first. */
  get requests(): readonly Received[] {
    return this.#memory.requests;
  }

  get count(): number {
    return this.#memory.count;
  }

  /** Requests whose `idempotency-key` had come before. */
  get repeats(): number {
    return this.#memory.repeats;
  }

  /** Connections so far. */
  get connections(): number {
    return this.#connections;
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#sockets.size;
  }

  /** From the next request on. */
  misbehave(faults: readonly Fault[]): void {
    this.#plan.set(faults);
  }

  /** Cuts every connection. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const kept: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      const room = mostBodyBytes - bytes;
      if (room > 0) kept.push(chunk.subarray(0, room));
      bytes += chunk.length;
    });
    // One that is cut on the way has not been received.
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    request.on('end', () => {
      const fault = this.#plan.next();
      const received = this.#memory.take({
        atMs: Date.now(),
        method: request.method ?? '',
        path: request.url ?? '',
        headers: headersOf(request),
        body: Buffer.concat(kept).toString(),
        bodyBytes: bytes,
        fault,
        connection: this.#numbers.get(request.socket) ?? 0,
      });
      this.#onRequest(received);
      answer(response, fault, this.#answering);
    });
  }
}

function headersOf({ headers }: IncomingMessage): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}
