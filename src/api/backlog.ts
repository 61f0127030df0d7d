/**
 * How many requests one connection may send ahead of their answers: one read may bring two thousand, and
 * Node hands them all over in one go, which holds up everybody else.
 */
import type { RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { problem } from '../base/problem.ts';
import { problemText } from './answer.ts';

/** More than any client sends ahead: browsers and proxies send one. */
const mostWaiting = 16;

export class Backlog {
  readonly #waiting = new WeakMap<Duplex, number>();

  /** Whether a request on this stream has no answer yet. */
  isWaiting(stream: Duplex): boolean {
    return (this.#waiting.get(stream) ?? 0) > 0;
  }

  /** Serves requests by `handler`, up to the bound; the one beyond it is refused, and the connection ends. */
  bound(handler: RequestListener): RequestListener {
    return (request, response) => {
      const { socket } = request;
      // What else the same read brought.
      if (socket.destroyed) return;
      const count = (this.#waiting.get(socket) ?? 0) + 1;
      if (count > mostWaiting) {
        const detail = `seen more than ${mostWaiting} requests ahead of their answers`;
        // Out of turn, and then no more is read: a queued answer would let the flood go on before it.
        socket.write(problemText(problem(429, 'TOO_MANY_REQUESTS', detail)));
        socket.destroy();
        return;
      }
      this.#waiting.set(socket, count);
      response.once('close', () => this.#waiting.set(socket, (this.#waiting.get(socket) ?? 1) - 1));
      return handler(request, response);
    };
  }
}
