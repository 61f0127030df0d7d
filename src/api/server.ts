/**
 * The HTTP server: our own routes, those that other rooms bring, and the bounds on what a client may do.
 * WebSocket upgrades come out at `upgrades` for whoever serves them; nothing here knows the feed.
 */
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';
import Fastify, {
  type FastifyInstance,
  type FastifyPluginCallback,
  type FastifyReply,
  type FastifyRequest,
} from 'fastify';
import { type Problem, problem } from '../base/problem.ts';
import { mishapOf, refuse, refuseConnection } from './answer.ts';
import { Backlog } from './backlog.ts';
import { callRoutes, type CallBook } from './calls.ts';
import { cdrRoutes, type CdrBook } from './cdrs.ts';
import { deliveryRoutes } from './deliveries.ts';
import { destinationRoutes } from './destinations.ts';
import { guard, type GuardPort } from './guard.ts';
import { healthRoutes, type HealthPort } from './health.ts';
import { metricsRoutes, type MetricsPort } from './metrics.ts';
import { descriptionRoute } from './openapi.ts';
import type { RecordingPorts } from './recording-desk.ts';
import { recordingRoutes } from './recordings.ts';
import { Upgrades } from './upgrades.ts';
import type { WebhookPort } from './webhooks.ts';

export interface ApiSettings {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Largest request body that is read, bytes; a route may have its own. */
  readonly bodyBytes: number;
  /** Absent: without TLS. */
  readonly tls?: TlsOptions;
}

export interface ApiPorts {
  readonly calls: CallBook & CdrBook;
  readonly health: HealthPort;
  readonly guard: GuardPort;
  /** Absent: without the routes of destinations and deliveries. */
  readonly webhooks?: WebhookPort;
  /** Absent: without the routes of recordings. */
  readonly recordings?: RecordingPorts;
  /** Routes of other rooms; each says for itself who may use them. */
  readonly plugins?: readonly FastifyPluginCallback[];
  /** Answers an address that cannot be decoded, where it is one of a plugin's; true when it has. */
  readonly onBadAddress?: (request: FastifyRequest, reply: FastifyReply) => boolean;
  /** Told of every mistake of ours, with the request it happened in. */
  readonly onFault: (error: unknown, request: string) => void;
  readonly metrics: MetricsPort;
  /** Told of every answer, with the pattern of its route, `none` where there is no such route. */
  readonly onAnswered?: (route: string, statusCode: number) => void;
}

export interface ApiServer {
  /** The server beneath. */
  readonly http: Server;
  /** Emits `upgrade` for requests to go on as a WebSocket. */
  readonly upgrades: Upgrades;
  /** Resolves with the address in use; rejects with Node's error when it cannot be had. */
  listen(): Promise<{ readonly host: string; readonly port: number }>;
  /** Takes no more requests, lets those under way end, and cuts what is left after two seconds. */
  close(): Promise<void>;
}

/** Bounds that are nobody's to set: what real clients need, and room to spare. */
const limits = {
  headersMs: 10_000,
  /** How late the end of these times may be seen. */
  lookEveryMs: 1_000,
  requestMs: 30_000,
  keepAliveMs: 30_000,
  headerBytes: 16 * 1024,
  parameterChars: 128,
  closingMs: 2_000,
} as const;

export function createApiServer(settings: ApiSettings, ports: ApiPorts): ApiServer {
  const backlog = new Backlog();
  const app = Fastify({
    bodyLimit: settings.bodyBytes,
    serverFactory: (handler) => serverOf(settings.tls, backlog.bound(handler)),
    routerOptions: { maxParamLength: limits.parameterChars },
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseConnection,
    frameworkErrors: (error, request, reply) => {
      if (ports.onBadAddress?.(request, reply) === true) return;
      refuse(reply, mishapOf(error).problem);
    },
  });
  const routes = collectRoutes(app);
  app.addHook('onRequest', (_request, reply, next) => {
    void reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    next();
  });
  app.addHook('onResponse', (request, reply, next) => {
    ports.onAnswered?.(request.routeOptions.url ?? 'none', reply.statusCode);
    next();
  });
  app.setErrorHandler((error, request, reply) => {
    const { problem: body, isFault } = mishapOf(error);
    if (isFault) ports.onFault(error, `${request.method} ${request.routeOptions.url ?? ''}`);
    return refuse(reply, body);
  });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const { body, allow } = notFound(routes, request.method, path);
    return refuse(allow === undefined ? reply : reply.header('allow', allow), body);
  });

  void app.register(healthRoutes(ports.health));
  void app.register((guarded, _options, done) => {
    guard(guarded, ports.guard);
    void guarded.register(callRoutes(ports.calls));
    void guarded.register(cdrRoutes(ports.calls));
    void guarded.register(metricsRoutes(ports.metrics));
    if (ports.webhooks !== undefined) {
      void guarded.register(destinationRoutes(ports.webhooks));
      void guarded.register(deliveryRoutes(ports.webhooks));
    }
    void guarded.register(descriptionRoute(ports.recordings?.fields ?? []));
    if (ports.recordings !== undefined) void guarded.register(recordingRoutes(ports.recordings));
    done();
  });
  for (const plugin of ports.plugins ?? []) void app.register(plugin);

  return {
    http: app.server,
    upgrades: new Upgrades(app.server, (stream) => backlog.isWaiting(stream)),
    async listen() {
      const { host, port } = settings;
      await app.listen({ host, port });
      const address = app.server.address();
      if (address === null || typeof address === 'string') throw new Error('no TCP address');
      return { host: address.address, port: address.port };
    },
    async close() {
      const cut = setTimeout(() => app.server.closeAllConnections(), limits.closingMs);
      await app.close();
      clearTimeout(cut);
    },
  };
}

function serverOf(tls: TlsOptions | undefined, handler: RequestListener): Server {
  const bounds = {
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    headersTimeout: limits.headersMs,
    connectionsCheckingInterval: limits.lookEveryMs,
    maxHeaderSize: limits.headerBytes,
  };
  if (tls === undefined) return createServer(bounds, handler);
  return createTlsServer({ ...tls, handshakeTimeout: limits.headersMs, ...bounds }, handler);
}

/** Every route there is, as method and pattern, filled while they are registered. */
interface Route {
  readonly method: string;
  readonly pattern: string;
}

function collectRoutes(app: FastifyInstance): readonly Route[] {
  const routes: Route[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const each of [method].flat()) routes.push({ method: each, pattern: url });
  });
  return routes;
}

function notFound(
  routes: readonly Route[],
  method: string,
  path: string,
): { readonly body: Problem; readonly allow?: string } {
  const seen = `seen ${method} ${path.slice(0, 100)}`;
  const methods = routes.filter(({ pattern }) => matches(pattern, path)).map((each) => each.method);
  if (methods.length > 0 && !methods.includes(method)) {
    const allow = methods.join(', ');
    return { allow, body: problem(405, 'METHOD_UNKNOWN', `${seen}, expected one of ${allow}`) };
  }
  const known = routes.filter((each) => each.method !== 'HEAD');
  const expected = known.map((each) => `${each.method} ${each.pattern}`).join(', ');
  return { body: problem(404, 'ROUTE_UNKNOWN', `${seen}, expected one of ${expected}`) };
}

function matches(pattern: string, path: string): boolean {
  const [wanted, given] = [pattern.split('/'), path.split('/')];
  return (
    wanted.length === given.length &&
    wanted.every((part, at) => (part.startsWith(':') ? given[at] !== '' : part === given[at]))
  );
}
