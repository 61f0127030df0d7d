/**
 * Puts the webhook bridge together and into its place between journal and world: what the journal commits is
 * delivered, destinations of the file and of the API are in force, and who manages them is answered.
 */
import { hostname } from 'node:os';
import { nanoid } from 'nanoid';
import type { Call } from '../call/call.ts';
import type { Config } from '../config/settings.ts';
import type { OutboxMaker } from '../journal/rows.ts';
import type { StoreClient } from '../store/client.ts';
import type { DestinationCounts, DestinationStateRow } from '../store/outbox-messages.ts';
import type { Log } from '../telemetry/log.ts';
import { Administration } from '../webhook/administration.ts';
import { Bridge } from '../webhook/bridge.ts';
import { type Destination, type ReadDestination, readDestination } from '../webhook/destination.ts';
import type { Occurrence } from '../webhook/occurrence.ts';
import { OutboxRetention } from '../webhook/outbox-retention.ts';
import { redactedProblems } from '../webhook/redaction.ts';
import { Roster } from '../webhook/roster.ts';
import { createSender } from '../webhook/sender.ts';
import type { Outcome } from '../webhook/sending.ts';
import type { Refusal } from './desk.ts';
import { steadyClock } from './steady-clock.ts';

export interface WebhookParts {
  readonly store: StoreClient;
  readonly log: Log;
  /** Calls that go on, as the last run left them. */
  readonly open: readonly Call[];
  /** A call, ongoing or in the books. */
  readonly find: (callId: string) => Promise<Call | undefined>;
  /** Told of every attempt. */
  readonly onAttempt: (outcome: Outcome, durationMs: number) => void;
  /** Told how long after a delivery was made its first attempt began, milliseconds. */
  readonly onFirst: (lagMs: number) => void;
}

/** What has become of the deliveries of every destination there ever was, and what is in memory now. */
export interface Standing {
  readonly destinations: readonly {
    /** `gone`: of destinations that are not there any more. */
    readonly dialect: string;
    readonly isInForce: boolean;
    readonly status: DestinationStateRow['status'];
    readonly counts: DestinationCounts;
  }[];
  readonly load: Bridge['load'];
}

/** What is under way when the server stops has this long, milliseconds. */
const stopMs = 1_000;

export class Webhooks {
  readonly administration: Administration;
  readonly #roster: Roster;
  readonly #bridge: Bridge;
  readonly #store: StoreClient;
  readonly #log: Log;
  readonly #retention: OutboxRetention;

  private constructor(config: Config, parts: WebhookParts, roster: Roster, bridge: Bridge) {
    const { store, log, find } = parts;
    this.#log = log;
    this.#roster = roster;
    this.#bridge = bridge;
    this.#store = store;
    this.administration = new Administration({
      ...{ roster, store, bridge, find },
      nowMs: () => steadyClock.now(),
      newId: () => nanoid(),
      domain: config.site.location === '' ? hostname() : config.site.location,
    });
    this.#retention = new OutboxRetention({
      store,
      clock: steadyClock,
      settledMaxAgeMs: config.webhooks.keepForMs,
      onReport: (report) => {
        if (report.kind === 'failed') log.error({ err: report.error }, 'retention.failed');
      },
    });
  }

  /**
   * Reads what the last run left; nothing is sent before `start`.
   * @throws {StoreError} STORE_UNAVAILABLE when the store cannot be read
   */
  static async open(config: Config, parts: WebhookParts): Promise<Webhooks> {
    const { store, log, open, onAttempt, onFirst } = parts;
    const roster = new Roster();
    for (const { id, body, madeMs, changedMs } of await store.destinations()) {
      const kept = keptDestination(body);
      if (kept.kind === 'destination') roster.put(kept.destination, { madeMs, changedMs });
      else log.error({ destination: id, problems: kept.problems }, 'destination.unreadable');
    }
    roster.renewFile(destinationsOf(config), steadyClock.now());
    const { concurrency, perHost } = config.webhooks;
    const bridge = await Bridge.open({
      ...{ store, roster, open, onFirst },
      // Twice as many, for those that are still busy in the moment of their answer.
      sender: createSender({ connections: 2 * perHost }),
      nowMs: () => steadyClock.now(),
      bounds: { perHost, inAll: concurrency },
      onTrouble: (error) => {
        if (error === undefined) log.info({}, 'webhook.recovered');
        else log.error({ err: error }, 'webhook.failing');
      },
      onFault: (error, destination) => log.error({ err: error, destination }, 'webhook.fault'),
      onAttempt: (_destination, outcome, durationMs) => onAttempt(outcome, durationMs),
    });
    return new Webhooks(config, parts, roster, bridge);
  }

  /** The journal's side of it. */
  get outbox(): OutboxMaker {
    return {
      rowsOf: (entries) => this.#bridge.rowsOf(entries.map(({ event }) => event)),
      committed: (rows, enqueued) => this.#bridge.committed(rows, enqueued),
    };
  }

  start(): void {
    this.#bridge.start();
    this.#retention.start();
  }

  /** From here on the destinations of this configuration hold; nothing that waits is lost. */
  renew(config: Config): void {
    this.#roster.renewFile(destinationsOf(config), steadyClock.now());
  }

  /** Has occurrences delivered that are no events of the journal; resolves when they are on the disk. */
  async tell(occurrences: readonly Occurrence[]): Promise<void> {
    for (const occurrence of occurrences) await this.#bridge.tell(occurrence);
  }

  /** A recorder did not do what it was told. */
  refused(refusal: Refusal): void {
    this.tell([{ kind: 'command-failed', ...refusal }]).catch((error: unknown) => {
      this.#log.error({ err: error }, 'webhook.failing');
    });
  }

  /** Rejects with a StoreError when the store cannot be read. */
  async standing(): Promise<Standing> {
    const rows = await this.#store.destinationStates();
    const counted = new Set(rows.map(({ destination }) => destination));
    const fresh = this.#roster.all.filter(({ destination: { id } }) => !counted.has(id));
    const destinations = [
      ...rows.map((counts) => ({ ...this.#enrolled(counts.destination), counts })),
      ...fresh.map(({ destination: { id } }) => ({ ...this.#enrolled(id), counts: none })),
    ];
    return { destinations, load: this.#bridge.load };
  }

  #enrolled(id: string): Omit<Standing['destinations'][number], 'counts'> {
    const dialect = this.#roster.get(id)?.destination.dialect;
    const status = this.#bridge.outlet(id)?.status ?? 'pending';
    return { dialect: dialect ?? 'gone', isInForce: dialect !== undefined, status };
  }

  async stop(): Promise<void> {
    await this.#retention.stop();
    await this.#bridge.stop(stopMs);
  }
}

const none: DestinationCounts = {
  ...{ accepted: 0, waiting: 0, delivered: 0, collapsed: 0, expired: 0, dead: 0 },
  ...{ attempts: 0, failures: 0 },
};

/** They have been found to be right when the configuration was read. */
function destinationsOf(config: Config): Destination[] {
  return config.destinations.flatMap((table) => {
    const read = readDestination(table);
    return read.kind === 'destination' ? [read.destination] : [];
  });
}

/** With problems: what an older version wrote and this one does not take any more, or what is damaged. */
function keptDestination(body: string): ReadDestination {
  let written: unknown;
  try {
    written = JSON.parse(body);
  } catch {
    return { kind: 'problems', problems: [{ path: '', seen: 'no JSON', expected: 'a table' }] };
  }
  const read = readDestination(written);
  if (read.kind === 'destination') return read;
  return { kind: 'problems', problems: redactedProblems(read.problems, written) };
}
