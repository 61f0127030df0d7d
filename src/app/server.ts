/**
 * Puts the picture together: opens the store, takes back what the last run left, lets the sources in and
 * the subscribers on; and takes it apart again in the order in which data flows.
 */
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { verifyToken } from '../access/tokens.ts';
import { Deadlines } from '../base/deadlines.ts';
import { systemClock } from '../base/clock.ts';
import type { CallEvent } from '../call/event.ts';
import { Registry } from '../call/registry.ts';
import type { Config } from '../config/settings.ts';
import { Hub } from '../feed/hub.ts';
import type { CallSignal } from '../call/signal.ts';
import type { SignalId } from '../journal/journal.ts';
import { EmbeddedJournal } from '../journal/embedded.ts';
import { Retention } from '../journal/retention.ts';
import { Cdrs } from '../record/cdrs.ts';
import { cdrXml, type CdrSite } from '../record/cdr-xml.ts';
import { Filing } from '../record/filing.ts';
import { StoreClient } from '../store/client.ts';
import { Encoder } from '../subscriber/encoding.ts';
import { Groups } from '../subscriber/group.ts';
import type { Connection, House } from '../subscriber/connection.ts';
import { bounds } from '../subscriber/message.ts';
import type { SessionSettings } from '../subscriber/session.ts';
import { listenTcp, type Listener } from '../subscriber/tcp.ts';
import type { Log } from '../telemetry/log.ts';
import { FrontDesk } from './desk.ts';
import { bearer, type HttpDoor, openHttp } from './http.ts';
import { Pipeline } from './pipeline.ts';
import { takeBack } from './recovery.ts';
import { adaptiveSchedule } from './scheduling.ts';
import { Sources } from './sources.ts';
import { steadyClock } from './steady-clock.ts';

// Parse door: our own package file.
const { version } = createRequire(import.meta.url)('../../package.json') as { version: string };

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface RunningServer {
  readonly feedAddress: Address;
  readonly httpAddress?: Address;
  /** Resolves when every replay among the sources has been heard to its end; rejects when one cannot be. */
  readonly replayed: Promise<void>;
  /** Ends everything in order, within the configured deadline. A second call changes nothing. */
  stop(reason: string): Promise<void>;
  /** Resolves when the server cannot go on, with why. */
  readonly failed: Promise<Error>;
}

export interface ServerOptions {
  readonly log: Log;
  /** Told of every event once it is durable; for a command that shows them itself. */
  readonly onEvents?: (events: readonly CallEvent[]) => void;
}

/** How late a keep-alive may come at most, milliseconds. */
const slotMs = 50;
/** Sessions that are said goodbye to at once when the server stops. */
const goodbyeBatch = 500;
/** Signal ids are remembered for a day: senders repeat within minutes. */
const signalIdsMaxAgeMs = 24 * 3_600_000;
/** WebSocket pings go on where keep-alives are turned off, milliseconds. */
const pingWithoutKeepAliveMs = 30_000;

/**
 * Starts the server.
 * @throws {StoreError} when the data folder cannot be used
 * @throws {Error} Node's own, when an address cannot be listened on
 */
export async function startServer(config: Config, options: ServerOptions): Promise<RunningServer> {
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => (fail = resolve));
  const store = await StoreClient.open({
    folder: config.data.dir,
    onFailure: (error) => fail(error),
  });
  try {
    return await assemble(config, store, options, failed);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function assemble(
  config: Config,
  store: StoreClient,
  { log, onEvents }: ServerOptions,
  failed: Promise<Error>,
): Promise<RunningServer> {
  const site = siteOf(config);
  const tokens = [...config.tokens, ...config.filedTokens];
  let trouble: Error | undefined;
  const journal = new EmbeddedJournal({
    store,
    clock: systemClock,
    cdrs: {
      xmlOf: (call) => cdrXml(call, site),
      file: config.record.metadataFiles ? 'pending' : 'off',
    },
    onTrouble: (error) => {
      if (error !== undefined) log.error({ err: error }, 'journal.failing');
      else if (trouble !== undefined) log.info({}, 'journal.recovered');
      trouble = error;
    },
  });
  const registry = new Registry();
  const pipeline = new Pipeline(registry, journal, systemClock, (held) => sources.hold(held));
  const sources = new Sources(
    (signal) => pipeline.signal(signal),
    ({ name, tokenSha256 }) => ({
      accept: (signals) => pipeline.accept(signals, idsOf(name, signals)),
      seenSignalIds: (ids) => journal.seenSignalIds(name, ids),
      authorize: tokenSha256 === undefined ? () => true : bearer([{ name, sha256: tokenSha256 }]),
    }),
    systemClock,
    log,
  );
  const open = await takeBack(registry, journal, pipeline, config.sources);
  const encoder = new Encoder(site, journal.epoch);
  const schedule = adaptiveSchedule();
  const flushed = (flush: () => void) => (): void => {
    flush();
    encoder.release();
  };
  const hub = new Hub((flush) => schedule(flushed(flush)), journal.head, open);
  const filing = filingOf(config, store, log);
  journal.onCommitted((entries) => {
    hub.publish(entries);
    onEvents?.(entries.map(({ event }) => event));
    if (entries.some(({ event }) => event.kind === 'call.ended')) filing?.nudge();
  });
  for (const each of config.sources) if (each.enabled) sources.add(each);
  filing?.nudge();
  const retention = retentionOf(config, store, log);
  retention.start();

  const groups = new Groups(hub, encoder);
  const cdrs = new Cdrs(store);
  const desk = new FrontDesk({
    hub,
    cdrs,
    encoder,
    sources,
    version,
    startedAtMs: steadyClock.now(),
    nowMs: () => steadyClock.now(),
    subscribers: () => groups.members,
    isToken: (token) => verifyToken(token, tokens) !== undefined,
  });
  const house: House = {
    desk,
    hub,
    journal,
    groups,
    encoder,
    deadlines: new Deadlines<Connection>(slotMs, steadyClock.now()),
    clock: steadyClock,
    log,
    times: site.times,
    queueBytes: config.feed.queueBytes,
  };
  const timer = setInterval(() => {
    for (const connection of house.deadlines.due(steadyClock.now())) connection.tick();
  }, slotMs);

  let feed: Listener | undefined;
  let http: HttpDoor | undefined;
  try {
    const sessions = (): number => (feed?.connections.size ?? 0) + (http?.connections.size ?? 0);
    const { host, port, maxSessions } = config.feed;
    const isFull = (): boolean => sessions() >= maxSessions;
    feed = await listenTcp({ host, port, isFull, session: sessionOf(config, 0) }, house);
    http = await openHttp(config, {
      desk,
      cdrs,
      sources,
      house,
      session: sessionOf(config, config.feed.keepAliveMs || pingWithoutKeepAliveMs),
      sessions,
      journalTrouble: () => trouble?.message,
    });
  } catch (error) {
    clearInterval(timer);
    feed?.close();
    await retention.stop();
    await filing?.stop();
    throw error;
  }
  sources.start();
  const feedAddress = { host: feed.host, port: feed.port };
  log.info(
    { feed: feedAddress, http: http?.address, version, position: encoder.position(hub.head) },
    'server.started',
  );

  const takeApart = async (reason: string): Promise<void> => {
    log.info({ reason }, 'server.stopping');
    feed.close();
    http?.closeFeed();
    for (const { name } of config.sources.filter((each) => each.enabled)) {
      const atMs = systemClock.now();
      pipeline.signal({ kind: 'source.lost', source: name, atMs, reason: 'The server stopped.' });
    }
    await sources.stop();
    await journal.close().catch((error: unknown) => log.error({ err: error }, 'journal.failing'));
    hub.flush();
    await sayGoodbye([...feed.connections, ...(http?.connections ?? [])]);
    clearInterval(timer);
    await http?.close();
    await retention.stop();
    await filing?.stop();
    await store.close();
    log.info({ reason }, 'server.stopped');
  };
  let stopping: Promise<void> | undefined;
  return {
    feedAddress,
    ...(http !== undefined && { httpAddress: http.address }),
    replayed: sources.replayed(),
    failed,
    stop: (reason) => (stopping ??= within(config.stop.deadlineMs, takeApart(reason), log)),
  };
}

function idsOf(source: string, signals: readonly CallSignal[]): SignalId[] {
  return signals.flatMap(({ id }) => (id === undefined ? [] : [{ source, id }]));
}

/** In batches, so that not all of them come back in the same instant. */
async function sayGoodbye(connections: readonly Connection[]): Promise<void> {
  for (let start = 0; start < connections.length; start += goodbyeBatch) {
    for (const connection of connections.slice(start, start + goodbyeBatch)) {
      connection.end('going-away', 'The server stops.');
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(connections.map((connection) => connection.gone));
}

async function within(deadlineMs: number, work: Promise<void>, log: Log): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.error({ deadlineMs }, 'server.stop-cut');
      resolve();
    }, deadlineMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}

function siteOf({ site }: Config): CdrSite {
  const location = site.location === '' ? hostname() : site.location;
  return { location, recorderServiceId: site.recorderServiceId, times: site.times };
}

function sessionOf({ access, feed }: Config, pingMs: number): SessionSettings {
  const { keepAliveMs, idleTimeoutMs, drainTimeoutMs, closeAfterResponse } = feed;
  const { halfMessageMs } = bounds;
  return {
    keepAliveMs,
    idleTimeoutMs,
    drainTimeoutMs,
    requireToken: access.requireToken,
    closeAfterResponse,
    halfMessageMs,
    pingMs,
  };
}

function filingOf(config: Config, store: StoreClient, log: Log): Filing | undefined {
  if (!config.record.metadataFiles) return undefined;
  return new Filing({
    store,
    dataFolder: config.data.dir,
    mediaRoots: config.record.mediaRoots,
    onFailure: ({ callId, error }) =>
      log.error({ call: callId, err: error }, 'metadata-file.failed'),
    onTrouble: (error) => log.error({ err: error }, 'metadata-file.failed'),
  });
}

function retentionOf(config: Config, store: StoreClient, log: Log): Retention {
  return new Retention({
    store,
    clock: systemClock,
    settings: {
      eventsMaxAgeMs: config.journal.maxAgeMs,
      eventsMaxBytes: config.journal.maxSizeBytes,
      cdrsMaxAgeMs: config.record.maxAgeMs,
      signalIdsMaxAgeMs,
    },
    onReport: (report) => {
      if (report.kind === 'failed') log.error({ err: report.error }, 'retention.failed');
      else log.debug({ ...report }, 'retention.done');
    },
  });
}
