/**
 * Follows a server's feed over TCP for as long as anybody listens: connects, subscribes, answers
 * keep-alives, notices silence, comes back with backoff and its position. Owns the socket and knows
 * nothing of how news are shown.
 */
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { backoffMs } from '../base/backoff.ts';
import { ProtocolError } from '../base/errors.ts';
import { Framer } from '../subscriber/framer.ts';
import { wire } from '../subscriber/message.ts';
import type { ExtensionPattern } from '../subscriber/message.ts';
import { readingBounds, readServerDocument } from '../subscriber/reading.ts';
import type { ServerMessage } from '../subscriber/reading.ts';
import { requestXml } from '../subscriber/request-codec.ts';
import type { HostPort } from './arguments.ts';
import { Failure } from './failure.ts';
import { advanced, nextOptions, subscribed } from './feed-progress.ts';
import type { FeedProgress, FeedWish } from './feed-progress.ts';
import { reasonOf } from './http.ts';

export interface FeedRequest extends FeedWish {
  readonly server: HostPort;
  /** None means all calls. */
  readonly extensions: readonly ExtensionPattern[];
  readonly token?: string;
}

export type FeedNews =
  | Extract<ServerMessage, { readonly kind: 'call' | 'source' }>
  /** Subscribed; `recovered` is false when events were missed that the server no longer has. */
  | { readonly kind: 'connected'; readonly again: boolean; readonly recovered: boolean }
  | { readonly kind: 'lost'; readonly reason: string; readonly retryMs: number };

const patienceMs = 10_000;
const backoff = { firstMs: 500, maxMs: 15_000 };

/**
 * News from the feed, without end. Leaving the loop closes the connection.
 * @throws {Failure} when the server cannot be reached at first, or will not have us
 */
export async function* followFeed(request: FeedRequest): AsyncGenerator<FeedNews, never> {
  const follower = new Follower(request);
  for (let attempt = 1; ; attempt += 1) {
    let reason: string;
    try {
      for await (const news of follower.conversation()) {
        if (news.kind === 'connected') attempt = 1;
        yield news;
      }
      reason = follower.goodbye ?? 'the server closed it';
    } catch (error) {
      if (error instanceof Failure) throw error;
      if (!follower.everSubscribed) throw unreachable(request.server, error);
      reason = reasonOf(error);
    }
    if (!follower.everSubscribed) throw unreachable(request.server, new Error(reason));
    const retryMs = backoffMs(backoff, attempt, Math.random());
    yield { kind: 'lost', reason, retryMs };
    await new Promise((resolve) => setTimeout(resolve, retryMs));
  }
}

function unreachable(server: HostPort, error: unknown): Failure {
  return new Failure(
    2,
    `No feed at ${server.host}:${server.port} (${reasonOf(error)}).`,
    'Start a server with `offhook simulate`, or name another with --server host:port.',
    { cause: error },
  );
}

class Follower {
  readonly #request: FeedRequest;
  #progress: FeedProgress = {};
  everSubscribed = false;
  /** The reason of the last Goodbye, in words. */
  goodbye: string | undefined;

  constructor(request: FeedRequest) {
    this.#request = request;
  }

  /** One connection, from connecting to its end. */
  async *conversation(): AsyncGenerator<FeedNews> {
    this.goodbye = undefined;
    const { server } = this.#request;
    const socket = connect({ ...server, noDelay: true });
    try {
      socket.write(this.#opening());
      let silenceMs: number | undefined = patienceMs;
      for await (const message of messages(socket, () => silenceMs)) {
        if (message.kind === 'keepalive') silenceMs = silenceAfter(message.intervalS);
        if (message.kind === 'answer' && message.head.type === wire.requests.subscribe) {
          silenceMs = silenceAfter(message.keepAliveS);
        }
        const news = this.#take(message);
        if (message.kind === 'keepalive') socket.write(acknowledgement);
        if (news !== undefined) yield news;
      }
    } finally {
      socket.destroy();
    }
  }

  #opening(): string {
    const { token, extensions } = this.#request;
    const subscribe = requestXml({
      kind: 'subscribe',
      head: { type: wire.requests.subscribe, id: '1' },
      extensions,
      feed: nextOptions(this.#request, this.#progress),
    });
    if (token === undefined || token === '') return subscribe;
    const head = { type: wire.requests.authenticate, id: '0' };
    return requestXml({ kind: 'authenticate', head, token }) + subscribe;
  }

  #take(message: ServerMessage): FeedNews | undefined {
    switch (message.kind) {
      case 'answer': {
        if (message.head.type !== wire.requests.subscribe) return undefined;
        const again = this.everSubscribed;
        this.everSubscribed = true;
        if (message.feed !== undefined) this.#progress = subscribed(this.#progress, message.feed);
        return { kind: 'connected', again, recovered: message.feed?.recovered !== false };
      }
      case 'call':
        this.#progress = advanced(this.#progress, message.position, message.snapshot);
        return message;
      case 'source':
        this.#progress = advanced(this.#progress, message.position, false);
        return message;
      case 'keepalive':
        this.#progress = advanced(this.#progress, message.position, false);
        return undefined;
      case 'goodbye':
        if (message.reason === 'unauthorized') throw refused('the token is missing or not known.');
        if (message.reason === 'protocol-error') throw refused('it did not understand us.');
        this.goodbye = goodbyeWords[message.reason] ?? message.reason;
        return undefined;
      case 'failure':
        // The server's own trouble may pass; what it thinks of our request does not.
        if (this.everSubscribed && message.failure === 'Processing Error') {
          throw new Error(message.detail);
        }
        throw refused(`${message.failure}: ${message.detail}`);
      case 'unknown':
        return undefined;
    }
  }
}

const goodbyeWords: Readonly<Record<string, string>> = {
  'going-away': 'the server is going away',
  'slow-consumer': 'we read too slowly',
  idle: 'nothing was subscribed',
};

const acknowledgement = requestXml({
  kind: 'keepalive',
  head: { type: wire.requests.keepalive },
});

function refused(detail: string): Failure {
  const next = 'Check the options; a token is given with --token or in OFFHOOK_TOKEN.';
  return new Failure(1, `The server refuses: ${detail}`, next);
}

/** Silence beyond one and a half intervals means that the session is over. */
function silenceAfter(keepAliveS: number | undefined): number | undefined {
  if (keepAliveS === undefined || !(keepAliveS > 0)) return undefined;
  return Math.min(keepAliveS * 1500, 2 ** 31 - 1);
}

/**
 * What the server sends, one by one. Time runs only while we wait, so that a slow terminal is not taken
 * for a silent server.
 */
async function* messages(
  socket: Socket,
  silenceMs: () => number | undefined,
): AsyncGenerator<ServerMessage> {
  const framer = new Framer(readingBounds);
  const chunks = socket.iterator({ destroyOnReturn: true });
  for (;;) {
    const limitMs = silenceMs();
    const timer =
      limitMs === undefined
        ? undefined
        : setTimeout(() => socket.destroy(new Error(`silent for ${limitMs / 1000} s`)), limitMs);
    let chunk: unknown;
    try {
      const next = await chunks.next();
      if (next.done === true) return;
      chunk = next.value;
    } finally {
      clearTimeout(timer);
    }
    if (!(chunk instanceof Uint8Array)) continue;
    for (const framed of framer.push(chunk)) {
      const message = framed.kind === 'error' ? framed.error : readServerDocument(framed.document);
      if (message instanceof ProtocolError) throw notAFeed(message);
      yield message;
    }
  }
}

function notAFeed(error: ProtocolError): Failure {
  return new Failure(
    2,
    'What answers there does not speak the feed protocol.',
    'Check the address given with --server; the feed has a port of its own, 7400 by default.',
    { cause: error },
  );
}
