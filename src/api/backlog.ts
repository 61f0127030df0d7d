/**
 * How many requests one connection may send ahead of their answers: one read may bring two thousand, and
 * Node hands them all over in one go, which holds up everybody else.
 */
import type { RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { problem } from '../base/problem.ts';
import { problemText } from './answer.ts';

/** More than any client sends ahead: browsers and proxies send one. */
const mostWaiting = 16;

/** Serves requests by `handler`, up to the bound; the one beyond it is refused, and the connection ends. */
export function boundBacklog(handler: RequestListener): RequestListener {
  const waiting = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    // What else the same read brought.
    if (socket.destroyed) return;
    const count = (waiting.get(socket) ?? 0) + 1;
    if (count > mostWaiting) {
      const detail = `seen more than ${mostWaiting} requests ahead of their answers`;
      // Out of turn, and then no more is read: a queued answer would let the flood go on before it.
      socket.write(problemText(problem(429, 'TOO_MANY_REQUESTS', detail)));
      socket.destroy();
      return;
    }
    waiting.set(socket, count);
    response.once('close', () => waiting.set(socket, (waiting.get(socket) ?? 1) - 1));
    return handler(request, response);
  };
}
