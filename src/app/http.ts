/**
 * The HTTP door: the API's routes over our books, the ingest route where a source takes signals that way,
 * and the WebSocket feed on the same port.
 */
import { verifyToken } from '../access/tokens.ts';
import { createApiServer } from '../api/server.ts';
import type { Config } from '../config/settings.ts';
import { filterOf } from '../call/extension.ts';
import type { Cdrs } from '../record/cdrs.ts';
import { ingestRoutes } from '../source/ingest/routes.ts';
import type { Connection, House } from '../subscriber/connection.ts';
import type { SessionSettings } from '../subscriber/session.ts';
import { serveWebSocket } from '../subscriber/websocket.ts';
import type { FrontDesk } from './desk.ts';
import type { Sources } from './sources.ts';

export interface HttpParts {
  readonly desk: FrontDesk;
  readonly cdrs: Cdrs;
  readonly sources: Sources;
  readonly house: House;
  readonly session: SessionSettings;
  /** Feed sessions over all transports; no more than `feed.maxSessions` of them. */
  readonly sessions: () => number;
  /** What is wrong with the journal, while it is. */
  readonly journalTrouble: () => string | undefined;
}

export interface HttpDoor {
  readonly address: { readonly host: string; readonly port: number };
  /** Feed sessions over WebSocket. */
  readonly connections: ReadonlySet<Connection>;
  /** Takes no more feed sessions. */
  closeFeed(): void;
  /** Takes no more requests and lets those under way end. */
  close(): Promise<void>;
}

/** Opens the door, unless the configuration keeps it shut. Rejects with Node's error as `listen` does. */
export async function openHttp(config: Config, parts: HttpParts): Promise<HttpDoor | undefined> {
  if (!config.http.enabled) return undefined;
  const { desk, cdrs, sources, house, session, journalTrouble } = parts;
  const { hub, encoder, log } = house;
  const everything = filterOf([]);
  const ingest = sources.ingest();
  const bodyBytes = config.http.bodyLimitBytes;
  const tokens = [...config.tokens, ...config.filedTokens];
  const api = createApiServer(
    { host: config.http.host, port: config.http.port, bodyBytes },
    {
      calls: {
        ongoing: () => hub.ongoing(everything),
        position: () => encoder.position(hub.head),
        find: (id) => desk.find(id),
        recent: (limit, beforeSeq) => cdrs.recent(limit, beforeSeq),
      },
      health: { sources: () => sources.reports(), journalTrouble },
      ...(config.access.requireToken && { authorize: bearer(tokens) }),
      plugins: ingest === undefined ? [] : [ingestRoutes(ingest, { bodyBytes })],
      onFault: (error, request) => log.error({ err: error, request }, 'request.failed'),
    },
  );
  const { maxSessions } = config.feed;
  const isFull = (): boolean => parts.sessions() >= maxSessions;
  const settings = { session, isFull, anyOrigin: config.access.requireToken };
  const feed = serveWebSocket(api.http, settings, house);
  const address = await api.listen();
  return {
    address,
    connections: feed.connections,
    closeFeed: () => feed.close(),
    close: () => api.close(),
  };
}

/** Checks an `Authorization: Bearer …` header against hashed tokens. */
export function bearer(
  tokens: readonly { readonly name: string; readonly sha256: string }[],
): (header: string | undefined) => boolean {
  return (header) => {
    const token = /^Bearer +(\S+)$/i.exec(header ?? '')?.[1];
    return token !== undefined && verifyToken(token, tokens) !== undefined;
  };
}
