/**
 * The subscriber's house for tests: hub, groups, encoder, listeners on free ports of 127.0.0.1, with a
 * desk and a clock that the test holds. Nothing happens in time unless the test lets it pass.
 */
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { TlsOptions } from 'node:tls';
import { onTestFinished } from 'vitest';
import { Deadlines } from '../../src/base/deadlines.ts';
import type { Call } from '../../src/call/call.ts';
import type { CallEvent } from '../../src/call/event.ts';
import { Hub } from '../../src/feed/hub.ts';
import { EmbeddedJournal } from '../../src/journal/embedded.ts';
import type { Journal } from '../../src/journal/journal.ts';
import { cdrXml, type CdrSite } from '../../src/record/cdr-xml.ts';
import { StoreClient } from '../../src/store/client.ts';
import type { Connection } from '../../src/subscriber/connection.ts';
import { SessionCounts } from '../../src/subscriber/counts.ts';
import type { House } from '../../src/subscriber/house.ts';
import { Encoder } from '../../src/subscriber/encoding.ts';
import { Groups } from '../../src/subscriber/group.ts';
import { bounds } from '../../src/subscriber/message.ts';
import type { SessionSettings } from '../../src/subscriber/session.ts';
import { listenTcp, type Listener } from '../../src/subscriber/tcp.ts';
import { serveWebSocket } from '../../src/subscriber/websocket.ts';
import { Turns } from '../../src/subscriber/turns.ts';
import type { Log } from '../../src/telemetry/log.ts';
import { firstCallAtMs } from './calls.ts';
import { FakeDesk } from './fake-desk.ts';
import { FeedClient, type TcpClient, type WebSocketClient } from './feed-client.ts';
import { JsonClient } from './json-client.ts';
import { MemoryJournal } from './memory-journal.ts';

export const site: CdrSite = { location: 'test-desk', recorderServiceId: 1, times: 'utc' };

/** How often the clock is looked at while it moves, as the server does it. Milliseconds. */
const slotMs = 50;

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly event: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export class KeptLog implements Log {
  readonly lines: LogLine[] = [];

  debug(fields: LogLine['fields'], event: string): void {
    this.lines.push({ level: 'debug', event, fields });
  }

  info(fields: LogLine['fields'], event: string): void {
    this.lines.push({ level: 'info', event, fields });
  }

  warn(fields: LogLine['fields'], event: string): void {
    this.lines.push({ level: 'warn', event, fields });
  }

  error(fields: LogLine['fields'], event: string): void {
    this.lines.push({ level: 'error', event, fields });
  }

  child(): Log {
    return this;
  }
}

export interface HouseOptions<J extends Journal> {
  readonly journal?: J;
  readonly session?: Partial<SessionSettings>;
  readonly queueBytes?: number;
  readonly ongoing?: readonly Call[];
  /** Absent: at the end of the turn. */
  readonly schedule?: (flush: () => void) => void;
  readonly isFull?: () => boolean;
  readonly site?: CdrSite;
  /** Present: the doors use TLS, and clients trust `ca`. */
  readonly tls?: { readonly server: TlsOptions; readonly ca: string };
}

export const defaultSession: SessionSettings = {
  keepAliveMs: 10_000,
  idleTimeoutMs: 300_000,
  drainTimeoutMs: 15_000,
  requireToken: false,
  authTimeoutMs: 10_000,
  authBytes: 4_096,
  documentRate: 0,
  closeAfterResponse: false,
  halfMessageMs: bounds.halfMessageMs,
  pingMs: 0,
};

/** The rooms behind the listeners, without any socket. */
export class TestHouse<J extends Journal = MemoryJournal> {
  readonly journal: J;
  readonly hub: Hub;
  readonly encoder: Encoder;
  readonly groups: Groups;
  readonly desk: FakeDesk;
  readonly log = new KeptLog();
  /** How late keep-alives were, milliseconds. */
  readonly latenesses: number[] = [];
  readonly counts = new SessionCounts((lateMs) => this.latenesses.push(lateMs));
  readonly session: SessionSettings;
  readonly site: CdrSite;
  readonly house: House;
  /** A whole number of slots, so that nothing comes later than it is due. */
  #nowMs = Math.ceil(firstCallAtMs / slotMs) * slotMs;

  constructor(journal: J, options: HouseOptions<J> = {}) {
    this.journal = journal;
    this.site = options.site ?? site;
    this.encoder = new Encoder(this.site, journal.epoch);
    const schedule = options.schedule ?? ((flush) => void setImmediate(flush));
    const flushed = (flush: () => void) => (): void => {
      flush();
      this.encoder.release();
    };
    this.hub = new Hub((flush) => schedule(flushed(flush)), journal.head, options.ongoing ?? []);
    journal.onCommitted((entries) => this.hub.publish(entries));
    this.groups = new Groups(this.hub, this.encoder);
    this.desk = new FakeDesk(this.hub, this.encoder);
    this.desk.subscribers = () => this.groups.members;
    this.session = { ...defaultSession, ...options.session };
    this.house = {
      desk: this.desk,
      hub: this.hub,
      journal,
      groups: this.groups,
      encoder: this.encoder,
      deadlines: new Deadlines<Connection>(slotMs, this.#nowMs),
      clock: { now: () => this.#nowMs },
      log: this.log,
      times: this.site.times,
      turns: new Turns({ now: () => this.#nowMs }, (next) => void setImmediate(next)),
      queueBytes: options.queueBytes ?? 1_048_576,
      counts: this.counts,
    };
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Lets time pass, with the ticks that belong to it. */
  pass(ms: number): void {
    const endMs = this.#nowMs + ms;
    while (this.#nowMs < endMs) {
      this.#nowMs = Math.min(endMs, this.#nowMs + slotMs);
      this.tick();
    }
  }

  /** Time goes on and nobody looks. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  tick(): void {
    for (const connection of this.house.deadlines.due(this.#nowMs)) connection.tick();
  }

  position(seq: number): string {
    return this.encoder.position(seq);
  }

  /** Makes the events durable and hands them to whoever is to get them. */
  async publish(...events: readonly CallEvent[]): Promise<void> {
    this.journal.append(events);
    await this.journal.settled();
    this.hub.flush();
  }

  /** What was logged at the end of sessions. */
  get endings(): readonly LogLine['fields'][] {
    return this.log.lines.filter(({ event }) => event === 'session.closed').map((l) => l.fields);
  }
}

/** A house with its doors open: TCP and WebSocket on free ports. */
export class OpenHouse<J extends Journal = MemoryJournal> extends TestHouse<J> {
  #tcp: Listener | undefined;
  #http: Server | undefined;
  #webSocket: { readonly port: number; readonly connections: ReadonlySet<Connection> } | undefined;
  readonly #clients: FeedClient[] = [];
  #tls: HouseOptions<Journal>['tls'];

  static async open(): Promise<OpenHouse>;
  static async open<J extends Journal = MemoryJournal>(
    options: HouseOptions<J> & { readonly journal: J },
  ): Promise<OpenHouse<J>>;
  static async open(options: HouseOptions<MemoryJournal>): Promise<OpenHouse>;
  static async open(options: HouseOptions<Journal> = {}): Promise<OpenHouse<Journal>> {
    const house = new OpenHouse<Journal>(options.journal ?? new MemoryJournal(), options);
    house.#tls = options.tls;
    await house.#listen(options.isFull ?? (() => false));
    return house;
  }

  async #listen(isFull: () => boolean): Promise<void> {
    const session = (): SessionSettings => this.session;
    const door = { admits: () => !isFull(), left: () => undefined, session };
    const tls = this.#tls?.server;
    const where = { host: '127.0.0.1', port: 0 };
    const tcp = await listenTcp({ ...where, door, ...(tls && { tls }) }, this.house);
    const none: RequestListener = (_, response) => void response.writeHead(404).end();
    const server = tls === undefined ? createServer(none) : createTlsServer(tls, none);
    const webSocket = serveWebSocket(server, { isFull, session }, this.house);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    this.#tcp = tcp;
    this.#http = server;
    this.#webSocket = { port: address.port, connections: webSocket.connections };
    onTestFinished(async () => {
      for (const client of this.#clients) client.cut();
      tcp.close();
      webSocket.close();
      server.close();
      await Promise.all(this.connections.map((connection) => connection.gone));
    });
  }

  get connections(): readonly Connection[] {
    return [...(this.#tcp?.connections ?? []), ...(this.#webSocket?.connections ?? [])];
  }

  /** How many sockets the HTTP server holds, upgraded ones too. */
  httpSockets(): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#http?.getConnections((error, count) =>
        error === null ? resolve(count) : reject(error),
      );
    });
  }

  get tcpAddress(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.#tcp?.port ?? 0 };
  }

  get webSocketUrl(): string {
    return `${this.#tls === undefined ? 'ws' : 'wss'}://127.0.0.1:${this.#webSocket?.port ?? 0}/feed`;
  }

  async tcp(): Promise<TcpClient> {
    const tls = this.#tls && { ca: this.#tls.ca };
    const client = await (tls === undefined
      ? FeedClient.tcp(this.tcpAddress)
      : FeedClient.tls(this.tcpAddress, tls));
    this.#clients.push(client);
    return client;
  }

  async webSocket(protocols?: string[]): Promise<WebSocketClient> {
    const tls = this.#tls && { ca: this.#tls.ca };
    const client = await FeedClient.webSocket(this.webSocketUrl, protocols, tls);
    this.#clients.push(client);
    return client;
  }

  /** A WebSocket client that speaks JSON. */
  async json(protocols?: string[]): Promise<JsonClient> {
    const client = await JsonClient.open(this.webSocketUrl, protocols);
    this.#clients.push(client);
    return client;
  }

  connect(transport: 'tcp' | 'websocket'): Promise<FeedClient> {
    return transport === 'tcp' ? this.tcp() : this.webSocket();
  }
}

export interface OpenedJournal {
  readonly journal: EmbeddedJournal;
  readonly store: StoreClient;
  /** Orderly: what was appended is durable afterwards. */
  close(): Promise<void>;
}

/** The embedded journal over the store in `folder`. */
export async function openEmbeddedJournal(folder: string): Promise<OpenedJournal> {
  const store = await StoreClient.open({ folder, onFailure: () => undefined });
  const journal = new EmbeddedJournal({
    store,
    clock: { now: () => firstCallAtMs },
    cdrs: { xmlOf: (call) => cdrXml(call, site), file: 'off' },
    onTrouble: () => undefined,
  });
  const close = async (): Promise<void> => {
    await journal.close();
    await store.close();
  };
  onTestFinished(close);
  return { journal, store, close };
}

/** Resolves when `holds` does; looks after every turn. */
export async function eventually(holds: () => boolean, withinMs = 8_000): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!holds()) {
    if (Date.now() > endMs) throw new Error(`did not come true within ${withinMs} ms: ${holds}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
