/**
 * How the API says no: problem details (RFC 9457), for its own routes, for what fastify refuses, and for
 * what does not even parse as HTTP.
 */
import type { Socket } from 'node:net';
import type { FastifyReply } from 'fastify';
import { StoreError } from '../base/errors.ts';
import { type Problem, problem, problemType } from '../base/problem.ts';

export function refuse(reply: FastifyReply, body: Problem): FastifyReply {
  return reply.code(body.status).type(problemType).send(JSON.stringify(body));
}

export function badQuery(reply: FastifyReply, detail: string): FastifyReply {
  return refuse(reply, problem(400, 'QUERY_INVALID', detail));
}

export function noSuchCall(reply: FastifyReply, id: string): FastifyReply {
  const detail = `seen "${id}", expected the id of a call that is going on or is in the books`;
  return refuse(reply, problem(404, 'CALL_UNKNOWN', detail));
}

/** What went wrong while a request was served, and whether that was our fault. */
export interface Mishap {
  readonly problem: Problem;
  /** A fault of ours must be logged; what is wrong with a request is the client's to know. */
  readonly isFault: boolean;
}

export function mishapOf(error: unknown): Mishap {
  if (error instanceof StoreError) {
    const detail = 'the store does not answer at the moment; try again later';
    return { problem: problem(503, error.code, detail), isFault: true };
  }
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  if (error instanceof Error && typeof status === 'number' && status >= 400 && status < 500) {
    return { problem: problem(status, 'REQUEST_INVALID', error.message), isFault: false };
  }
  const detail = 'the server made a mistake; its log says more';
  return { problem: problem(500, 'INTERNAL', detail), isFault: true };
}

/** Answers a connection on which no request could be read, and ends it. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(problemText(unreadable(error.code)));
}

/** A whole answer, after which the connection ends, for where there is no reply to give it by. */
export function problemText(body: Problem): string {
  const text = JSON.stringify(body);
  return (
    `HTTP/1.1 ${body.status} ${body.title}\r\n` +
    `Content-Type: ${problemType}\r\n` +
    `Content-Length: ${Buffer.byteLength(text)}\r\n` +
    `Connection: close\r\n\r\n${text}`
  );
}

function unreadable(code: string | undefined): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return problem(431, 'HEADERS_TOO_LARGE', 'seen more headers than are read');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return problem(408, 'REQUEST_TIMEOUT', 'seen half a request, expected the rest of it sooner');
    default:
      return problem(400, 'HTTP_MALFORMED', 'seen bytes that are no HTTP/1.1 request');
  }
}
