/**
 * What all routes have in common that change things: who may use them, from where, and what bodies they read.
 */
import { isIP } from 'node:net';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Problem, problem } from '../base/problem.ts';
import { refuse } from './answer.ts';
import { grantOf } from './guard.ts';

const bodyBytes = 64 * 1024;
/** Deeper than anything that is sent for a reason. */
const deepestBody = 32;

/** Makes the routes of `app`, which a guard must stand before, those of managers alone. */
export function forManagers(app: FastifyInstance): void {
  app.addHook('onRequest', (request, reply, next) => {
    const { name, manage } = grantOf(request);
    const { origin, host } = request.headers;
    if (origin !== undefined && !isOwn(origin, `${request.protocol}://${host ?? ''}`)) {
      const seen = `seen a request of a page of ${JSON.stringify(origin.slice(0, 100))}`;
      const detail = `${seen}, expected one of a program: pages of others may not manage this server`;
      refuse(reply, problem(403, 'ORIGIN_FOREIGN', detail));
      return;
    }
    if (!manage) {
      const detail = `the token "${name}" may not manage; one with manage = true may`;
      refuse(reply, problem(403, 'MANAGE_FORBIDDEN', detail));
      return;
    }
    next();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser(
    'application/json',
    { parseAs: 'buffer', bodyLimit: bodyBytes },
    (_request, body, parsed) => {
      const read = readJson(Buffer.from(body));
      if (read.kind === 'json') parsed(null, read.value);
      else parsed(Object.assign(new Error(read.detail), { statusCode: 400 }));
    },
  );
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = problemOf(error, request);
    // Whatever is none of the request's faults, the server around answers.
    if (known === undefined) throw error;
    return refuse(reply, known);
  });
}

/**
 * Whether a page of this origin came from this very address. A name may be made to lead here by whoever owns
 * it, so only numeric addresses and localhost are believed.
 */
function isOwn(origin: string, own: string): boolean {
  if (origin.toLowerCase() !== own.toLowerCase() || !URL.canParse(own)) return false;
  const { hostname } = new URL(own);
  return hostname === 'localhost' || isIP(hostname.replaceAll(/[[\]]/g, '')) !== 0;
}

type Read =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'wrong'; readonly detail: string };

/** What is wrong is said without any of the text: secrets stand in it. */
function readJson(bytes: Buffer): Read {
  if (bytes.length === 0) return { kind: 'json', value: undefined };
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (depthOf(value) <= deepestBody) return { kind: 'json', value };
  } catch {
    return { kind: 'wrong', detail: 'seen a body that is no JSON in UTF-8' };
  }
  return { kind: 'wrong', detail: `seen a body nested deeper than ${deepestBody} levels` };
}

/** Level by level: what is nested deeply must not run the stack out. */
function depthOf(value: unknown): number {
  let level: unknown[] = [value];
  for (let depth = 0; ; depth += 1) {
    level = level.flatMap((each) =>
      typeof each === 'object' && each !== null ? Object.values(each) : [],
    );
    if (level.length === 0 || depth > deepestBody) return depth;
  }
}

function problemOf(error: FastifyError, request: FastifyRequest): Problem | undefined {
  switch (error.statusCode) {
    case 400:
      return problem(400, 'JSON_MALFORMED', error.message);
    case 413: {
      const detail = `seen a larger body, expected at most ${bodyBytes} bytes`;
      return problem(413, 'BODY_TOO_LARGE', detail);
    }
    case 415: {
      const seen = JSON.stringify((request.headers['content-type'] ?? 'none').slice(0, 100));
      const detail = `seen content type ${seen}, expected application/json`;
      return problem(415, 'CONTENT_TYPE_UNKNOWN', detail);
    }
    default:
      return undefined;
  }
}

export function noSuchDestination(reply: FastifyReply, id: string): FastifyReply {
  const detail = `seen ${JSON.stringify(id)}, expected the id of a destination; GET /v1/destinations lists them`;
  return refuse(reply, problem(404, 'DESTINATION_UNKNOWN', detail));
}
