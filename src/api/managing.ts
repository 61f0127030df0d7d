/**
 * What all routes have in common that change things: who may use them, from where, and what bodies they read.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { isOwnOrigin } from '../access/pages.ts';
import { type Problem, problem } from '../base/problem.ts';
import { refuse } from './answer.ts';
import { grantOf } from './guard.ts';

const usualBodyBytes = 64 * 1024;
/** Deeper than anything that is sent for a reason. */
const deepestBody = 32;

/** Makes the routes of `app`, which a guard must stand before, those of managers alone. */
export function forManagers(app: FastifyInstance): void {
  forHolders(app, 'manage');
  readsJson(app);
}

const forbidden = {
  manage: { code: 'MANAGE_FORBIDDEN', what: 'manage' },
  control: { code: 'CONTROL_FORBIDDEN', what: 'drive recorders or change recordings' },
} as const;

/** Makes the routes of `app`, which a guard must stand before, those of tokens with a right, and of programs. */
export function forHolders(app: FastifyInstance, right: 'manage' | 'control'): void {
  app.addHook('onRequest', (request, reply, next) => {
    const grant = grantOf(request);
    const { origin, host } = request.headers;
    if (origin !== undefined && !isOwnOrigin(origin, `${request.protocol}://${host ?? ''}`)) {
      const seen = `seen a request of a page of ${JSON.stringify(origin.slice(0, 100))}`;
      const detail = `${seen}, expected one of a program: pages of others may not manage this server`;
      refuse(reply, problem(403, 'ORIGIN_FOREIGN', detail));
      return;
    }
    if (!grant[right]) {
      const { code, what } = forbidden[right];
      const detail = `the token "${grant.name}" may not ${what}; one with ${right} = true may`;
      refuse(reply, problem(403, code, detail));
      return;
    }
    next();
  });
}

/** A type of body besides JSON, and how its bytes are read; what it gives is the body. */
export interface BodyForm {
  readonly type: string;
  readonly read: (bytes: Buffer) => Read;
}

/**
 * Bodies of `app` are JSON, and nothing else but the forms that are given.
 * @param bodyBytes the largest body
 */
export function readsJson(
  app: FastifyInstance,
  bodyBytes: number = usualBodyBytes,
  forms: readonly BodyForm[] = [],
): void {
  app.removeAllContentTypeParsers();
  const all: readonly BodyForm[] = [{ type: 'application/json', read: readJson }, ...forms];
  for (const { type, read } of all) {
    app.addContentTypeParser(
      type,
      { parseAs: 'buffer', bodyLimit: bodyBytes },
      (_request, body, parsed) => {
        const found = read(Buffer.from(body));
        if (found.kind === 'json') parsed(null, found.value);
        else parsed(Object.assign(new Error(found.detail), { statusCode: 400 }));
      },
    );
  }
  const types = all.map(({ type }) => type);
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = problemOf(error, request, { bodyBytes, types });
    // Whatever is none of the request's faults, the server around answers.
    if (known === undefined) throw error;
    return refuse(reply, known);
  });
}

export type Read =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'wrong'; readonly detail: string };

/** What is wrong is said without any of the text: secrets stand in it. */
export function readJson(bytes: Buffer): Read {
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

function problemOf(
  error: FastifyError,
  request: FastifyRequest,
  { bodyBytes, types }: { readonly bodyBytes: number; readonly types: readonly string[] },
): Problem | undefined {
  switch (error.statusCode) {
    case 400:
      return problem(400, 'JSON_MALFORMED', error.message);
    case 413: {
      const detail = `seen a larger body, expected at most ${bodyBytes} bytes`;
      return problem(413, 'BODY_TOO_LARGE', detail);
    }
    case 415: {
      const seen = JSON.stringify((request.headers['content-type'] ?? 'none').slice(0, 100));
      const detail = `seen content type ${seen}, expected ${types.join(' or ')}`;
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
