/**
 * The HTTP door: the API's routes over our books, the ingest route where a source takes signals that way,
 * and the WebSocket feed on the same port.
 */
import { Server as TlsServer, type TlsOptions } from 'node:tls';
import { createApiServer } from '../api/server.ts';
import type { Config } from '../config/settings.ts';
import type { Cdrs } from '../record/cdrs.ts';
import { ingestRoutes } from '../source/ingest/routes.ts';
import type { Connection } from '../subscriber/connection.ts';
import type { House } from '../subscriber/house.ts';
import { guard } from '../subscriber/tcp.ts';
import { serveWebSocket } from '../subscriber/websocket.ts';
import type { FrontDesk } from './desk.ts';
import type { Entrance } from './entrance.ts';
import type { Face } from './face.ts';
import type { Counting } from './metrics.ts';
import type { Recordings } from './recordings.ts';
import type { Sources } from './sources.ts';
import type { Webhooks } from './webhooks.ts';

export interface HttpParts {
  readonly desk: FrontDesk;
  readonly cdrs: Cdrs;
  readonly sources: Sources;
  readonly house: House;
  readonly entrance: Entrance;
  /** Absent: without TLS. */
  readonly tls?: TlsOptions;
  /** True when no more feed sessions are to be taken. */
  readonly isFull: () => boolean;
  /** What is wrong with the journal, while it is. */
  readonly journalTrouble: () => string | undefined;
  readonly counting: Pick<Counting, 'metrics' | 'requests'>;
  /** To be awaited before the metrics are read. */
  readonly beforeScrape: () => Promise<void>;
  readonly webhooks: Pick<Webhooks, 'administration' | 'tell'>;
  readonly recordings: Pick<Recordings, 'portsFor'>;
  /** Absent: FACE is not served. */
  readonly face?: Pick<Face, 'plugin' | 'onBadAddress'>;
}

export interface HttpDoor {
  readonly address: { readonly host: string; readonly port: number };
  /** Feed sessions over WebSocket. */
  readonly connections: ReadonlySet<Connection>;
  /** New connections are secured so; those that are open stay as they are. */
  secure(tls: TlsOptions): void;
  /** Takes no more feed sessions. */
  closeFeed(): void;
  /** Takes no more requests and lets those under way end. */
  close(): Promise<void>;
}

/** Opens the door, unless the configuration keeps it shut. Rejects with Node's error as `listen` does. */
export async function openHttp(config: Config, parts: HttpParts): Promise<HttpDoor | undefined> {
  if (!config.http.enabled) return undefined;
  const { desk, cdrs, sources, house, entrance, tls, isFull, journalTrouble } = parts;
  const { hub, encoder, log } = house;
  const ingest = sources.ingest();
  const bodyBytes = config.http.bodyLimitBytes;
  const api = createApiServer(
    { host: config.http.host, port: config.http.port, bodyBytes, ...(tls && { tls }) },
    {
      calls: {
        ongoing: (scope) => hub.ongoing(scope),
        position: () => encoder.position(hub.head),
        find: (id, scope) => desk.find(id, scope),
        recent: (limit, beforeSeq) => cdrs.recent(limit, beforeSeq),
      },
      metrics: {
        contentType: parts.counting.metrics.contentType,
        text: async () => {
          await parts.beforeScrape();
          return parts.counting.metrics.text();
        },
      },
      webhooks: parts.webhooks.administration,
      recordings: parts.recordings.portsFor({ find: (id, scope) => desk.find(id, scope) }),
      onAnswered: (route, statusCode) => parts.counting.requests.answered(route, statusCode),
      health: { sources: () => sources.reports(), journalTrouble },
      guard: {
        authorize: (header) => entrance.authorize(header),
        waitMs: (address) => entrance.waitMs(address),
      },
      plugins: [
        ...(parts.face === undefined ? [] : [parts.face.plugin]),
        ...(ingest === undefined
          ? []
          : [
              ingestRoutes(ingest, {
                bodyBytes,
                objects: {
                  tell: (objects) =>
                    parts.webhooks.tell(objects.map((each) => ({ kind: 'model', ...each }))),
                },
              }),
            ]),
      ],
      ...(parts.face && { onBadAddress: parts.face.onBadAddress }),
      onFault: (error, request) => log.error({ err: error, request }, 'request.failed'),
    },
  );
  const door = entrance.httpDoor(() => feed.connections.size);
  guard(api.http, door, house);
  const feed = serveWebSocket(api.upgrades, { isFull, session: () => door.session() }, house);
  const address = await api.listen();
  return {
    address,
    connections: feed.connections,
    secure: (renewed) => {
      if (api.http instanceof TlsServer) api.http.setSecureContext(renewed);
    },
    closeFeed: () => feed.close(),
    close: () => api.close(),
  };
}
