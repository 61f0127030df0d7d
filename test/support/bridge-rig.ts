/**
 * The webhook bridge with a real store, a real journal and a real sender, without the rest of the server; it can
 * be stopped in order, or crash: then what had not been written by that moment never is.
 */
import { systemClock } from '../../src/base/clock.ts';
import type { Call } from '../../src/call/call.ts';
import type { CallEvent } from '../../src/call/event.ts';
import { EmbeddedJournal } from '../../src/journal/embedded.ts';
import { StoreClient } from '../../src/store/client.ts';
import type { DestinationStateRow } from '../../src/store/outbox-messages.ts';
import { Bridge } from '../../src/webhook/bridge.ts';
import type { Destination } from '../../src/webhook/destination.ts';
import { Roster } from '../../src/webhook/roster.ts';
import { createSender } from '../../src/webhook/sender.ts';

export class BridgeRig {
  readonly store: StoreClient;
  readonly journal: EmbeddedJournal;
  readonly bridge: Bridge;
  readonly roster: Roster;
  /** What went wrong, from its opening on. */
  readonly faults: readonly unknown[];
  #crashed: boolean;

  private constructor(
    store: StoreClient,
    journal: EmbeddedJournal,
    bridge: Bridge,
    roster: Roster,
    crash: { on: boolean },
    faults: readonly unknown[],
  ) {
    this.store = store;
    this.journal = journal;
    this.bridge = bridge;
    this.roster = roster;
    this.#crashed = false;
    this.#crash = crash;
    this.faults = faults;
  }

  readonly #crash: { on: boolean };

  static async open(
    folder: string,
    destinations: readonly Destination[],
    bounds = { perHost: 32, inAll: 256 },
  ): Promise<BridgeRig> {
    const store = await StoreClient.open({
      folder,
      onFailure: (error) => {
        throw error;
      },
    });
    const crash = { on: false };
    const faults: unknown[] = [];
    const roster = new Roster();
    roster.renewFile(destinations, systemClock.now());
    const parts: { bridge?: Bridge } = {};
    const journal = new EmbeddedJournal({
      store,
      clock: systemClock,
      cdrs: { xmlOf: () => '', file: 'off' },
      onTrouble: (error) => {
        if (error !== undefined) faults.push(error);
      },
      outbox: {
        rowsOf: async (entries) =>
          (await parts.bridge?.rowsOf(entries.map(({ event }) => event))) ?? {
            occurrences: [],
            deliveries: [],
          },
        committed: (rows, enqueued) => parts.bridge?.committed(rows, enqueued),
      },
    });
    const { open } = await journal.remember();
    const bridge = await Bridge.open({
      store: {
        due: (ask) => store.due(ask),
        // What is settled after the crash is lost with the process.
        settle: (ask) => (crash.on ? new Promise(() => undefined) : store.settle(ask)),
        enqueue: (rows) => store.enqueue(rows),
        outboxHead: () => store.outboxHead(),
        destinationStates: () => store.destinationStates(),
      },
      ...{ roster, open, bounds },
      sender: createSender(),
      nowMs: () => systemClock.now(),
      onTrouble: (error) => {
        if (error !== undefined) faults.push(error);
      },
      onFault: (error) => faults.push(error),
    });
    parts.bridge = bridge;
    const rig = new BridgeRig(store, journal, bridge, roster, crash, faults);
    bridge.start();
    return rig;
  }

  /** Resolves when the events are on the disk. */
  async publish(...events: readonly CallEvent[]): Promise<void> {
    this.journal.append(events);
    await this.journal.settled();
  }

  async states(): Promise<readonly DestinationStateRow[]> {
    return this.store.destinationStates();
  }

  /** Deliveries that wait, of all destinations. */
  async waiting(): Promise<number> {
    return (await this.states()).reduce((sum, { waiting }) => sum + waiting, 0);
  }

  async close(): Promise<void> {
    if (this.#crashed) return;
    await this.journal.close();
    await this.bridge.stop(1_000);
    await this.store.close();
  }

  /** Nothing of what is under way is known afterwards. */
  async crash(): Promise<void> {
    this.#crashed = true;
    this.#crash.on = true;
    await this.journal.close();
    // Requests end as the sockets of a process do; what comes of them is not written any more.
    void this.bridge.stop(0);
    await this.store.close();
  }
}

/** The calls of these events as of their last one. */
export function lastOf(events: readonly CallEvent[]): ReadonlyMap<string, Call> {
  return new Map(events.flatMap((each) => ('call' in each ? [[each.call.id, each.call]] : [])));
}
