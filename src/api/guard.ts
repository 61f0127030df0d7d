/**
 * Who may ask: the grant of a request by its token, how often an address may come, and what the routes
 * behind it get to know of that.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Grant } from '../access/grant.ts';
import { problem } from '../base/problem.ts';
import { refuse } from './answer.ts';

export interface GuardPort {
  /** What a request with this Authorization header may see; undefined: nothing. */
  readonly authorize: (header: string | undefined) => Grant | undefined;
  /** Milliseconds after which this address may come again; 0 when it may now. */
  readonly waitMs: (address: string) => number;
}

const grants = new WeakMap<FastifyRequest, Grant>();

/** The grant of a request that the guard let in. @throws {Error} for a route that nobody guards */
export function grantOf(request: FastifyRequest): Grant {
  const grant = grants.get(request);
  if (grant === undefined) throw new Error(`${request.url} is not guarded.`);
  return grant;
}

/** Guards every route of `app`: first the pace, then the token. */
export function guard(app: FastifyInstance, { authorize, waitMs }: GuardPort): void {
  app.addHook('onRequest', (request, reply, next) => {
    const wait = waitMs(request.ip);
    if (wait > 0) {
      const seconds = Math.max(1, Math.ceil(wait / 1_000));
      const detail = `seen too many requests of this address, expected the next one in ${seconds} s`;
      refuse(reply.header('retry-after', seconds), problem(429, 'TOO_MANY_REQUESTS', detail));
      return;
    }
    const grant = authorize(request.headers.authorization);
    if (grant === undefined) {
      const detail = 'seen no valid token, expected the header "Authorization: Bearer TOKEN"';
      refuse(reply.header('www-authenticate', 'Bearer'), problem(401, 'UNAUTHORIZED', detail));
      return;
    }
    grants.set(request, grant);
    next();
  });
}
