/**
 * `POST /v1/signals` and `POST /v1/models`: signals and objects of models in as JSON, the answer out when they
 * are durable. Everything that is wrong with a request is answered as problem details (RFC 9457).
 */
import { randomUUID } from 'node:crypto';
import type {
  FastifyError,
  FastifyPluginCallback,
  FastifyReply,
  onRequestHookHandler,
} from 'fastify';
import { StoreError } from '../../base/errors.ts';
import { type Problem, problem, problemType } from '../../base/problem.ts';
import type { Ingest, Received, ReceivedObjects } from './ingest.ts';
import { ObjectIntake, type ObjectPort } from './models.ts';
import { bounds } from './schema.ts';

export interface IngestRouteSettings {
  /** Largest body that is read, bytes. */
  readonly bodyBytes?: number;
  /** Whom objects of models are told to; absent: there is no route for them. */
  readonly objects?: ObjectPort;
}

/** Seconds after which a sender that was turned away may come again. */
const retryAfterS = 1;

/** The routes as a fastify plugin, for whoever owns the HTTP server. */
export function ingestRoutes(
  ingest: Ingest,
  settings: IngestRouteSettings = {},
): FastifyPluginCallback {
  const bodyLimit = settings.bodyBytes ?? bounds.bodyBytes;
  return (app, _options, done) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser(
      'application/json',
      { parseAs: 'buffer', bodyLimit },
      (_request, body, parsed) => {
        try {
          parsed(null, parseJson(body));
        } catch (error) {
          parsed(badJson(error));
        }
      },
    );
    app.setErrorHandler((error: FastifyError, request, reply) => {
      const seen = request.headers['content-type'] ?? 'none';
      return answer(reply, problemOf(error, seen, bodyLimit));
    });
    const onRequest: onRequestHookHandler = (request, reply, next) => {
      if (ingest.authorize(request.headers.authorization)) return next();
      const detail = 'seen no valid token, expected the header "Authorization: Bearer TOKEN"';
      void reply.header('www-authenticate', 'Bearer');
      answer(reply, problem(401, 'UNAUTHORIZED', detail));
    };
    app.post('/v1/signals', {
      bodyLimit,
      onRequest,
      handler: async ({ body }, reply) => respond(reply, await ingest.receive(body), 'signals'),
    });
    if (settings.objects !== undefined) {
      const intake = new ObjectIntake(settings.objects);
      app.post('/v1/models', {
        bodyLimit,
        onRequest,
        handler: async ({ body }, reply) =>
          respond(reply, await ingest.receiveObjects(body, intake, randomUUID), 'objects'),
      });
    }
    done();
  };
}

/** @param what of which there are many in a request */
function respond(
  reply: FastifyReply,
  received: Received | ReceivedObjects,
  what: 'signals' | 'objects',
): FastifyReply {
  switch (received.kind) {
    case 'taken': {
      const { accepted, duplicates, ignored } = received;
      return reply.send({ accepted, duplicates, ignored });
    }
    case 'told':
      return reply.code(202).send({ accepted: received.accepted });
    case 'problems': {
      const { problems } = received;
      const rows = new Set(problems.map(({ index }) => index)).size;
      const which = rows === 1 ? `1 of the ${what} is` : `${rows} of the ${what} are`;
      const bad = problems[0]?.index === undefined ? 'the batch is' : which;
      const detail = `${bad} not as expected; nothing was taken`;
      return answer(reply, problem(422, `${what.toUpperCase()}_INVALID`, detail, { problems }));
    }
    case 'busy':
    case 'closed': {
      const detail = `the server takes no ${what} at the moment; nothing of this request was taken`;
      return answer(reply.header('retry-after', retryAfterS), problem(503, 'INGEST_BUSY', detail));
    }
    case 'undecided': {
      const detail = `the ${what} are not on disk yet; send them again with the same ids to learn what became of them`;
      return answer(
        reply.header('retry-after', retryAfterS),
        problem(503, 'INGEST_UNDECIDED', detail),
      );
    }
  }
}

function answer(reply: FastifyReply, body: Problem): FastifyReply {
  return reply.code(body.status).type(problemType).send(JSON.stringify(body));
}

/** @throws {SyntaxError | TypeError} for what is not JSON in UTF-8 */
function parseJson(body: string | Buffer): unknown {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
}

function badJson(cause: unknown): Error {
  const message = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(new Error(message, { cause }), { statusCode: 400, code: 'JSON_MALFORMED' });
}

/** @throws the error, when it is none of the request's: the server then answers it as a fault of ours */
function problemOf(error: FastifyError, contentType: string, bodyLimit: number): Problem {
  if (error instanceof StoreError) {
    return problem(
      503,
      error.code,
      'what was sent could not be stored; nothing is lost by sending it again',
    );
  }
  switch (error.statusCode) {
    case 400:
      return problem(
        400,
        'JSON_MALFORMED',
        `seen a body that is no JSON in UTF-8: ${error.message}`,
      );
    case 413:
      return problem(
        413,
        'BODY_TOO_LARGE',
        `seen a larger body, expected at most ${bodyLimit} bytes`,
      );
    case 415: {
      const detail = `seen content type "${contentType.slice(0, 100)}", expected application/json`;
      return problem(415, 'CONTENT_TYPE_UNKNOWN', detail);
    }
    default:
      throw error;
  }
}
