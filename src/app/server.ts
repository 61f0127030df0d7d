/**
 * Puts the picture together: opens the store, takes back what the last run left, lets the sources in and
 * the subscribers on; and takes it apart again in the order in which data flows.
 */
import { createRequire } from 'node:module';
import { bearer } from '../access/bearer.ts';
import { systemClock } from '../base/clock.ts';
import type { CallEvent } from '../call/event.ts';
import { filterOf } from '../call/extension.ts';
import { Registry } from '../call/registry.ts';
import type { CallSignal } from '../call/signal.ts';
import type { Config } from '../config/settings.ts';
import { Hub } from '../feed/hub.ts';
import { EmbeddedJournal } from '../journal/embedded.ts';
import type { SignalId } from '../journal/journal.ts';
import { cdrXml } from '../record/cdr-xml.ts';
import { Cdrs } from '../record/cdrs.ts';
import { StoreClient } from '../store/client.ts';
import type { Connection } from '../subscriber/connection.ts';
import type { House } from '../subscriber/house.ts';
import { Encoder } from '../subscriber/encoding.ts';
import { Groups } from '../subscriber/group.ts';
import { listenTcp, type Listener } from '../subscriber/tcp.ts';
import { Turns } from '../subscriber/turns.ts';
import type { Log } from '../telemetry/log.ts';
import { FrontDesk, type Refusal } from './desk.ts';
import { Entrance } from './entrance.ts';
import { Face } from './face.ts';
import { type HttpDoor, openHttp } from './http.ts';
import { readingOf, startCounting } from './metrics.ts';
import { lookAtDeadlines } from './looking.ts';
import { Pipeline } from './pipeline.ts';
import { Recordings } from './recordings.ts';
import { takeBack } from './recovery.ts';
import { needingRestart } from './reload.ts';
import { adaptiveSchedule } from './scheduling.ts';
import { Securing } from './securing.ts';
import { filingOf, retentionOf, siteOf } from './slices.ts';
import { Sources } from './sources.ts';
import { steadyClock } from './steady-clock.ts';
import { sayGoodbye, within } from './stopping.ts';
import { type Standing, Webhooks } from './webhooks.ts';

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
  /**
   * Takes up another configuration while every session stays, but for those whose token does not hold any
   * more. @returns the settings that hold only after a restart
   */
  reload(config: Config): Promise<readonly string[]>;
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

const everything = filterOf([]);
/**
 * Starts the server.
 * @throws {CertificateError} when certificate, key or authorities cannot be used
 * @throws {StoreError} when the data folder cannot be used
 * @throws {Error} Node's own, when an address cannot be listened on
 */
export async function startServer(config: Config, options: ServerOptions): Promise<RunningServer> {
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => (fail = resolve));
  const securing = Securing.load(config, options.log);
  const store = await StoreClient.open({
    folder: config.data.dir,
    onFailure: (error) => fail(error),
  });
  try {
    return await assemble(config, store, securing, options, failed);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function assemble(
  config: Config,
  store: StoreClient,
  securing: Securing | undefined,
  { log, onEvents }: ServerOptions,
  failed: Promise<Error>,
): Promise<RunningServer> {
  const site = siteOf(config);
  let trouble: Error | undefined;
  const counting = startCounting();
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
      counting.onTrouble(error);
    },
    onCommit: counting.onCommit,
    outbox: {
      rowsOf: (entries) => webhooks.outbox.rowsOf(entries),
      committed: (rows, enqueued) => webhooks.outbox.committed(rows, enqueued),
    },
    recordings: (events) => recordings.rowsOf(events),
  });
  const remembered = await journal.remember();
  const webhooks = await Webhooks.open(config, {
    ...{ store, log, open: remembered.open },
    find: async (id) => (await desk.find(id, everything))?.call,
    onAttempt: (outcome, ms) => counting.attempts.attempted(outcome, ms),
    onFirst: (lagMs) => counting.attempts.begun(lagMs),
  });
  const onRefused = (refusal: Refusal): void => webhooks.refused(refusal);
  const registry = new Registry();
  const recordings = await Recordings.open(config, {
    ...{ store, log, onRefused, ongoing: remembered.open, counts: counting.recordings },
    reserveIds: (through) => {
      registry.reserveSegmentIds(through);
      return journal.settled();
    },
    call: (id) => hub.call(id),
    source: (name) => sources.get(name),
  });
  const pipeline = new Pipeline(registry, journal, systemClock, (held, source) =>
    sources.hold(held, source),
  );
  const sources = new Sources(
    (signal) => pipeline.signal(signal),
    ({ name, tokenSha256 }) => ({
      accept: (signals) => pipeline.accept(signals, idsOf(name, signals)),
      seenSignalIds: (ids) => journal.seenSignalIds(name, ids),
      leftOut: (count) => pipeline.leftOut(name, count),
      authorize: tokenSha256 === undefined ? () => true : bearer([{ name, sha256: tokenSha256 }]),
    }),
    systemClock,
    log,
  );
  const face = Face.open(config, {
    ...{ recordings, webhooks, version, log, open: remembered.open, counts: counting.recordings },
    ongoing: () => hub.ongoing(everything),
    waitMs: (address) => entrance.waitMs(address),
  });
  await takeBack(registry, journal, pipeline, config.sources, remembered);
  const encoder = new Encoder(site, journal.epoch);
  const schedule = adaptiveSchedule();
  const flushed = (flush: () => void) => (): void => {
    flush();
    encoder.release();
  };
  const hub = new Hub((flush) => schedule(flushed(flush)), journal.head, remembered.open);
  const filing = filingOf(config, store, log);
  journal.onCommitted((entries) => {
    hub.publish(entries);
    const events = entries.map(({ event }) => event);
    recordings.committed(events);
    face?.committed(events);
    onEvents?.(events);
    if (entries.some(({ event }) => event.kind === 'call.ended')) filing?.nudge();
  });
  for (const each of config.sources) if (each.enabled) sources.add(each);
  filing?.nudge();
  const retention = retentionOf(config, store, log);
  retention.start();

  const entrance = new Entrance(config, steadyClock);
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
    grants: entrance.grants,
    gate: entrance.gate,
    onRefused,
  });
  const { deadlines, stop: lookNoMore } = lookAtDeadlines();
  const house: House = {
    desk,
    hub,
    journal,
    groups,
    encoder,
    deadlines,
    clock: steadyClock,
    log,
    times: site.times,
    turns: new Turns(steadyClock, (next) => setImmediate(next)),
    queueBytes: config.feed.queueBytes,
    counts: counting.sessions,
  };
  let current = config;
  let feed: Listener | undefined;
  let http: HttpDoor | undefined;
  const connections = (): Connection[] => [
    ...(feed?.connections ?? []),
    ...(http?.connections ?? []),
  ];
  const refused = (): Record<string, number> => entrance.gate.refused;
  const nowMs = (): number => systemClock.now();
  const rooms = { sources, registry, pipeline, journal, retention, filing, hub, recordings, face };
  let standing: Standing | undefined;
  const shown = { version, ...rooms, connections, refused, nowMs, webhooks: () => standing };
  counting.metrics.attach(readingOf(shown, counting));
  try {
    const sessions = (): number => (feed?.connections.size ?? 0) + (http?.connections.size ?? 0);
    const { host, port } = config.feed;
    const tls = securing && { tls: securing.options };
    const door = entrance.feedDoor(sessions);
    feed = await listenTcp({ host, port, door, ...(config.feed.tls && tls) }, house);
    http = await openHttp(config, {
      ...(config.http.tls && tls),
      desk,
      cdrs,
      sources,
      house,
      entrance,
      isFull: () => entrance.isFull(sessions()),
      journalTrouble: () => trouble?.message,
      counting,
      beforeScrape: async () => void (standing = await webhooks.standing()),
      webhooks,
      recordings,
      ...(face && { face }),
    });
  } catch (error) {
    lookNoMore();
    feed?.close();
    await retention.stop();
    await filing?.stop();
    throw error;
  }
  securing?.watch((tls) => {
    feed.secure(tls);
    http?.secure(tls);
  });
  sources.start();
  webhooks.start();
  recordings.start();
  const feedAddress = { host: feed.host, port: feed.port };
  log.info(
    { feed: feedAddress, http: http?.address, version, position: encoder.position(hub.head) },
    'server.started',
  );

  const takeApart = async (reason: string): Promise<void> => {
    log.info({ reason }, 'server.stopping');
    feed.close();
    http?.closeFeed();
    sources.lost('The server stopped.');
    await sources.stop();
    await journal.close().catch((error: unknown) => log.error({ err: error }, 'journal.failing'));
    hub.flush();
    await sayGoodbye(connections());
    lookNoMore();
    securing?.stop();
    await http?.close();
    await face?.stop();
    await recordings.stop();
    await webhooks.stop();
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
    reload: async (renewed) => {
      const needs = needingRestart(config, renewed);
      entrance.renew(renewed);
      securing?.renew(renewed);
      const ended = entrance.recheck(connections());
      await sources.renew(renewed.sources);
      webhooks.renew(renewed);
      recordings.renew(renewed);
      face?.renew(renewed);
      current = renewed;
      log.info({ sessionsEnded: ended, needRestart: needs }, 'config.reloaded');
      return needs;
    },
    stop: (reason) => (stopping ??= within(current.stop.deadlineMs, takeApart(reason), log)),
  };
}

function idsOf(source: string, signals: readonly CallSignal[]): SignalId[] {
  return signals.flatMap(({ id }) => (id === undefined ? [] : [{ source, id }]));
}
