/**
 * The bridge as the rest of the server knows it: makes deliveries of what the journal commits and of what else
 * happens, and has them sent. Holds its parts together; decides nothing.
 */
import type { Call } from '../call/call.ts';
import type { CallEvent } from '../call/event.ts';
import type { StoreClient } from '../store/client.ts';
import type { Enqueued, OutboxRows } from '../store/outbox-messages.ts';
import type { Delivery } from './delivery.ts';
import type { Destination } from './destination.ts';
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts';
import type { Occurrence } from './occurrence.ts';
import { type Plan, Planner } from './planner.ts';
import type { Roster } from './roster.ts';

/** For how long events are planned in one turn of the event loop, milliseconds. */
const turnMs = 2;

export interface BridgeOptions extends Omit<DispatcherOptions, 'store' | 'isStale'> {
  readonly store: Pick<
    StoreClient,
    'due' | 'settle' | 'enqueue' | 'outboxHead' | 'destinationStates'
  >;
  readonly roster: Roster;
  /** Calls that go on, as the last run left them. */
  readonly open: readonly Call[];
}

export class Bridge {
  readonly #options: BridgeOptions;
  readonly #planner: Planner;
  readonly #dispatcher: Dispatcher;
  /** What has been planned, until its commit holds. */
  readonly #plans = new WeakMap<OutboxRows, Plan>();

  private constructor(options: BridgeOptions, planner: Planner, dispatcher: Dispatcher) {
    this.#options = options;
    this.#planner = planner;
    this.#dispatcher = dispatcher;
  }

  /**
   * Takes up where the last run stopped; nothing is sent before `start`.
   * @throws {StoreError} STORE_UNAVAILABLE when the store cannot be read
   */
  static async open(options: BridgeOptions): Promise<Bridge> {
    const { store, roster, open, onFault } = options;
    const head = await store.outboxHead();
    const planner = new Planner(head, open, onFault, options.nowMs());
    const isStale = (delivery: Delivery): boolean => planner.ended.makesStale(delivery);
    const dispatcher = new Dispatcher({ ...options, isStale });
    const states = new Map((await store.destinationStates()).map((row) => [row.destination, row]));
    for (const enrolled of roster.all) {
      const { id } = enrolled.destination;
      planner.enrol(id, enrolled);
      dispatcher.enrol(id, enrolled, states.get(id));
    }
    roster.onChange((id, now) => {
      planner.enrol(id, now);
      dispatcher.enrol(id, now, states.get(id));
    });
    return new Bridge(options, planner, dispatcher);
  }

  start(): void {
    this.#dispatcher.start();
  }

  /** What these events cause; asked by the journal once of each, in order, before their commit. */
  async rowsOf(events: readonly CallEvent[]): Promise<OutboxRows> {
    const { nowMs } = this.#options;
    const steps = this.#planner.ofEvents(events, nowMs());
    let endMs = nowMs() + turnMs;
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        this.#plans.set(step.value.rows, step.value);
        return step.value.rows;
      }
      if (nowMs() < endMs) continue;
      await new Promise((resolve) => setImmediate(resolve));
      endMs = nowMs() + turnMs;
    }
  }

  /** What `rowsOf` gave is on the disk. */
  committed(rows: OutboxRows, { held }: Enqueued): void {
    const plan = this.#plans.get(rows);
    if (plan === undefined || plan.deliveries.length === 0) return;
    this.#dispatcher.made(plan.deliveries, new Set(held));
  }

  /**
   * Has something delivered that is no event of the journal; resolves when that is on the disk.
   * @param to the only destination that is told, whatever it is limited to; absent: all that want it
   * @returns the ids of the deliveries it caused
   */
  async tell(occurrence: Occurrence, to?: Destination): Promise<readonly number[]> {
    const nowMs = this.#options.nowMs();
    const plan =
      to === undefined
        ? this.#planner.ofOccurrence(occurrence, nowMs)
        : this.#planner.ofOccurrenceFor(to, occurrence, nowMs);
    if (plan.deliveries.length === 0) return [];
    const { held } = await this.#options.store.enqueue(plan.rows);
    this.#dispatcher.made(plan.deliveries, new Set(held));
    return plan.deliveries.map(({ delivery }) => delivery.id);
  }

  /** The first of `count` ids for deliveries that the store makes. */
  reserve(count: number): number {
    return this.#planner.reserve(count);
  }

  /** What of the destination is in the store has changed. */
  nudge(id: string): void {
    this.#dispatcher.nudge(id);
  }

  pause(id: string, paused: boolean): void {
    this.#dispatcher.pause(id, paused);
  }

  outlet(id: string): ReturnType<Dispatcher['outlet']> {
    return this.#dispatcher.outlet(id);
  }

  get load(): Dispatcher['load'] {
    return this.#dispatcher.load;
  }

  /** Sends nothing more; what is under way has until the deadline, milliseconds. */
  stop(deadlineMs: number): Promise<void> {
    return this.#dispatcher.stop(deadlineMs);
  }
}
