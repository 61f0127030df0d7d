/**
 * The sources that the configuration names, built and watched: which kind of source is what, and what
 * state each is in.
 */
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { type Clock, systemClock } from '../base/clock.ts';
import type { CallSignal } from '../call/signal.ts';
import type {
  AmiSourceSettings,
  IngestSourceSettings,
  ReplaySourceSettings,
  SourceSettings,
} from '../config/settings.ts';
import { type AmiClientSettings, connectAmi } from '../source/ami/client.ts';
import { Ingest, type IngestPort } from '../source/ingest/ingest.ts';
import { ReplaySource } from '../source/replay/replay-source.ts';
import { Simulator } from '../source/simulator/simulator.ts';
import type { Source, SourcePort, SourceState } from '../source/source.ts';
import { Supervisor } from '../source/supervisor.ts';
import type { Log } from '../telemetry/log.ts';
import { steadyClock } from './steady-clock.ts';

export interface SourceReport {
  readonly name: string;
  readonly type: string;
  readonly state: SourceState;
  /** When it was last heard, milliseconds since 1970. */
  readonly heardAtMs?: number;
  /**
   * From the source's own time of its last signal to when we took it, milliseconds, >= 0; absent where
   * it tells no times. A source whose clock is behind ours seems later than it is.
   */
  readonly lagMs?: number;
  /** Why it is not up, where that is known. */
  readonly reason?: string;
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** All sources, and how they are. */
export class Sources {
  readonly #sources = new Map<string, Source>();
  readonly #settings = new Map<string, SourceSettings>();
  /** Written to with every event of a source, so in place. */
  readonly #reports = new Map<string, Writable<SourceReport>>();
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #signal: (signal: CallSignal) => void;
  readonly #intake: (settings: IngestSourceSettings) => IngestPort;

  /** @param intake what an ingest source needs of the rest of the house */
  constructor(
    signal: (signal: CallSignal) => void,
    intake: (settings: IngestSourceSettings) => IngestPort,
    clock: Clock,
    log: Log,
  ) {
    this.#signal = signal;
    this.#intake = intake;
    this.#clock = clock;
    this.#log = log;
  }

  /** Builds the source and adds it; it is not started yet. */
  add(settings: SourceSettings): void {
    const { name, type } = settings;
    this.#reports.set(name, { name, type, state: 'connecting' });
    this.#settings.set(name, settings);
    this.#sources.set(name, this.#build(settings, this.#portOf(name)));
  }

  start(): void {
    for (const source of this.#sources.values()) source.start();
  }

  /**
   * Takes up other settings: sources that are new are started, those that are gone are given up with
   * their calls, those that have changed are connected anew. One that takes signals over HTTP stays as it
   * is, since its route does.
   */
  async renew(all: readonly SourceSettings[]): Promise<void> {
    const wanted = new Map(all.filter((each) => each.enabled).map((each) => [each.name, each]));
    for (const [name, settings] of [...this.#settings]) {
      const next = wanted.get(name);
      if (settings.type === 'ingest' || isDeepStrictEqual(settings, next)) continue;
      await this.#sources.get(name)?.stop();
      this.#tellLost(name, 'Its settings were changed.');
      if (next === undefined) this.#giveUp(name);
      this.#sources.delete(name);
      this.#settings.delete(name);
      this.#reports.delete(name);
    }
    for (const settings of wanted.values()) {
      if (this.#settings.has(settings.name) || settings.type === 'ingest') continue;
      this.add(settings);
      this.#sources.get(settings.name)?.start();
    }
  }

  /** From here on nobody watches: says so of every source. */
  lost(reason: string): void {
    for (const name of this.#sources.keys()) this.#tellLost(name, reason);
  }

  #tellLost(source: string, reason: string): void {
    this.#signal({ kind: 'source.lost', source, atMs: this.#clock.now(), reason });
  }

  #giveUp(source: string): void {
    this.#signal({ kind: 'source.expired', source, atMs: this.#clock.now() });
  }

  /** Resolves when no source will say anything more. */
  async stop(): Promise<void> {
    await Promise.all([...this.#sources.values()].map((source) => source.stop()));
  }

  /** Resolves when every replay has been heard to its end; never when there is none. */
  replayed(): Promise<void> {
    const replays = [...this.#sources.values()].filter((each) => each instanceof ReplaySource);
    if (replays.length === 0) return new Promise(() => undefined);
    return Promise.all(replays.map((each) => each.heard)).then(() => undefined);
  }

  get(name: string): Source | undefined {
    return this.#sources.get(name);
  }

  /**
   * Makes sources stop reading while the disk is behind, and go on.
   * @param only the one that sends more than its share; absent: all of them
   */
  hold(held: boolean, only?: string): void {
    const event = held ? 'sources.held' : 'sources.released';
    if (only === undefined) {
      this.#log.warn({ held }, event);
      for (const source of this.#sources.values()) source.hold?.(held);
    } else {
      // In a flood that is many times a second, and nothing to be done about.
      this.#log.debug({ held, source: only }, event);
      this.#sources.get(only)?.hold?.(held);
    }
  }

  /** The source that takes signals over HTTP, where there is one; the configuration allows one. */
  ingest(): Ingest | undefined {
    for (const source of this.#sources.values()) if (source instanceof Ingest) return source;
    return undefined;
  }

  /** A sign of life from a source, and its own time of what it said, where it tells one. */
  heard(name: string, atMs?: number): void {
    const report = this.#reports.get(name);
    if (report === undefined) return;
    const heardAtMs = this.#clock.now();
    report.heardAtMs = heardAtMs;
    if (atMs !== undefined) report.lagMs = Math.max(0, Math.round(heardAtMs - atMs));
  }

  reports(): readonly SourceReport[] {
    return [...this.#reports.values()].map((report) => ({ ...report }));
  }

  #portOf(name: string): SourcePort {
    return {
      signal: this.#signal,
      heard: (atMs) => this.heard(name, atMs),
      state: (state, reason) => {
        const { reason: _, ...report } = this.#reports.get(name) ?? { name, type: '', state };
        this.#reports.set(name, { ...report, state, ...(reason !== undefined && { reason }) });
        const fields = { source: name, state, ...(reason !== undefined && { reason }) };
        if (state === 'down') this.#log.warn(fields, 'source.changed');
        else this.#log.info(fields, 'source.changed');
      },
    };
  }

  #build(settings: SourceSettings, port: SourcePort): Source {
    const { name } = settings;
    switch (settings.type) {
      case 'ami':
        return this.#supervised(settings, amiSettings(settings), port);
      case 'simulator':
        return new Simulator(settings, port, this.#clock);
      case 'replay':
        return this.#replay(settings, port);
      case 'ingest':
        return new Ingest(name, port, this.#intake(settings), this.#clock);
    }
  }

  #supervised(
    settings: Pick<
      AmiSourceSettings,
      'name' | 'type' | 'giveUpAfterMs' | 'reconnectMinMs' | 'reconnectMaxMs'
    >,
    client: AmiClientSettings,
    port: SourcePort,
  ): Source {
    const { name, type, giveUpAfterMs, reconnectMinMs, reconnectMaxMs } = settings;
    const backoff = { firstMs: reconnectMinMs, maxMs: Math.max(reconnectMinMs, reconnectMaxMs) };
    return new Supervisor(
      { name, type, giveUpAfterMs, backoff },
      {
        connect: (inner) => connectAmi(client, inner, systemClock, steadyClock),
        port,
        clock: this.#clock,
        random: Math.random,
      },
    );
  }

  /** A replay is a PBX of its own on loopback, which the AMI source talks to as to any other. */
  #replay(settings: ReplaySourceSettings, port: SourcePort): Source {
    const { name, file, speed, giveUpAfterMs } = settings;
    return new ReplaySource({ name, file, speed }, port, (amiPort, tell) => {
      const pbx = { host: '127.0.0.1', port: amiPort, username: 'replay', secret: 'replay' };
      const manner = { login: 'plain' as const, pingIntervalMs: 15_000, recordingFormat: 'wav' };
      const client: AmiClientSettings = { source: name, ...pbx, ...manner };
      const again = { reconnectMinMs: 100, reconnectMaxMs: 1_000 };
      return this.#supervised({ name, type: 'ami', giveUpAfterMs, ...again }, client, tell);
    });
  }
}

function amiSettings(settings: AmiSourceSettings): AmiClientSettings {
  const { name: source, host, port, username, secret, login, pingIntervalMs } = settings;
  const { recordingFormat } = settings;
  const base = { source, host, port, username, secret, login, pingIntervalMs, recordingFormat };
  if (!settings.tls) return base;
  const { tlsCa, tlsRejectUnauthorized } = settings;
  const ca = tlsCa === undefined ? undefined : readFileSync(tlsCa, 'utf8');
  const tls = { rejectUnauthorized: tlsRejectUnauthorized, ...(ca !== undefined && { ca }) };
  return { ...base, tls };
}
