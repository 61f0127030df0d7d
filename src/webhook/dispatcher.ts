/**
 * Sends what waits: gives every destination its turn within its own bounds and those of its host, judges what
 * came of it, and reads again from the store what does not fit into memory. Owns the timers and the dice.
 */
import { Deadlines } from '../base/deadlines.ts';
import type { StoreClient } from '../store/client.ts';
import type { AttemptRow } from '../store/outbox-messages.ts';
import { attempt, verdictOn } from './attempting.ts';
import type { Delivery } from './delivery.ts';
import { whyExpired } from './ended-calls.ts';
import { Hosts } from './hosts.ts';
import { Outlet, type Resting, type Sending } from './outlet.ts';
import type { Planned } from './planner.ts';
import { Refills } from './refills.ts';
import type { Enrolled } from './roster.ts';
import type { Outcome, Sender } from './sending.ts';
import { settlementOf, Settling } from './settling.ts';
import type { Verdict } from './verdict.ts';

export interface DispatcherOptions {
  readonly store: Pick<StoreClient, 'due' | 'settle'>;
  readonly sender: Sender;
  /** Whether something live is not true any more, so that it is not told. */
  readonly isStale?: (delivery: Delivery) => boolean;
  /** Our time, milliseconds since 1970; nobody should be able to set it. */
  readonly nowMs: () => number;
  /** Requests under way at one time: to one host, and in all. */
  readonly bounds: { readonly perHost: number; readonly inAll: number };
  /** Told when outcomes cannot be written, and with undefined when they can again. */
  readonly onTrouble: (error: Error | undefined) => void;
  /** Told of what should not happen, such as a delivery that cannot be read. */
  readonly onFault: (error: unknown, destination: string) => void;
  /** Told of every attempt. */
  readonly onAttempt?: (destination: string, outcome: Outcome, durationMs: number) => void;
  /** Told when the first attempt of a delivery begins, with how long after it was made; milliseconds. */
  readonly onFirst?: (lagMs: number) => void;
}

/** How late what is due is looked at, at most, milliseconds. */
const slotMs = 25;
/** For how long requests are begun in one turn of the event loop, milliseconds. */
const turnMs = 2;
/** No more is sent while so many outcomes wait to be written. */
const mostUnwritten = 5_000;
const fresh: Resting = { status: 'pending', reason: null, paused: false };

export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #outlets = new Map<string, Outlet>();
  /** Of destinations that are gone, should they come back. */
  readonly #resting = new Map<string, Resting>();
  readonly #settling: Settling;
  readonly #hosts: Hosts;
  readonly #wakes: Deadlines<Outlet>;
  readonly #refills: Refills;
  readonly #toServe = new Set<Outlet>();
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #serving = false;
  #stopped = false;

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#settling = new Settling({ ...options, onWritten: () => this.#serveLater() });
    this.#refills = new Refills({ ...options, onRead: (outlet) => this.#stir(outlet) });
    this.#hosts = new Hosts(options.bounds);
    this.#wakes = new Deadlines(slotMs, options.nowMs());
  }

  start(): void {
    this.#timer = setInterval(() => this.#look(), slotMs);
    for (const outlet of this.#outlets.values()) this.#stir(outlet);
  }

  /** Sends nothing more, waits for what is under way until the deadline, writes what came of it. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopped = true;
    this.#refills.stop();
    clearInterval(this.#timer);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, deadlineMs)));
    await Promise.race([Promise.all(this.#underWay), late]);
    clearTimeout(timer);
    await this.#options.sender.close();
    await Promise.all(this.#underWay);
    await this.#settling.close();
  }

  /** From here on the destination is as given; undefined: nothing more is sent to it. */
  enrol(id: string, enrolled: Enrolled | undefined, state?: Resting): void {
    const known = this.#outlets.get(id);
    if (enrolled === undefined) {
      if (known !== undefined) this.#forget(known);
      return;
    }
    if (known !== undefined) {
      const hasMoved = known.renew(enrolled.destination);
      // The receiver that had gone for good was another one.
      if (hasMoved && known.status === 'disabled') this.#become(known, 'pending', null);
      // Room at the hosts that it had is not for it any more.
      this.#hosts.forget(known);
      known.wakeNow();
      this.#stir(known);
      return;
    }
    const outlet = new Outlet(enrolled.destination, this.#resting.get(id) ?? state ?? fresh);
    this.#outlets.set(id, outlet);
    this.#stir(outlet);
  }

  outlet(id: string): Pick<Outlet, 'status' | 'reason' | 'paused' | 'underWay'> | undefined {
    return this.#outlets.get(id);
  }

  /** Deliveries in memory, requests under way and outcomes to be written, of all destinations. */
  get load(): { readonly inMemory: number; readonly underWay: number; readonly unwritten: number } {
    let inMemory = 0;
    for (const { lanes } of this.#outlets.values()) inMemory += lanes.size;
    return { inMemory, underWay: this.#hosts.underWay, unwritten: this.#settling.size };
  }

  /** These have been made and are in the store. @param held ids whose lane waits there */
  made(planned: readonly Planned[], held: ReadonlySet<number>): void {
    const nowMs = this.#options.nowMs();
    for (const { destination, delivery } of planned) {
      const outlet = this.#outlets.get(destination);
      if (outlet === undefined) continue;
      outlet.made(delivery, held.has(delivery.id), nowMs);
      this.#stir(outlet);
    }
  }

  /** Something of the destination was changed in the store. */
  nudge(id: string): void {
    const outlet = this.#outlets.get(id);
    if (outlet === undefined) return;
    outlet.wakeNow();
    this.#stir(outlet);
  }

  /** Stops or goes on; going on, one that was disabled because its receiver had gone is tried again. */
  pause(id: string, paused: boolean): void {
    const outlet = this.#outlets.get(id);
    if (outlet === undefined) return;
    outlet.paused = paused;
    if (!paused && outlet.status === 'disabled') this.#become(outlet, 'pending', null);
    if (!paused) this.nudge(id);
  }

  #forget(outlet: Outlet): void {
    const { destination, status, reason, paused } = outlet;
    this.#outlets.delete(destination.id);
    this.#resting.set(destination.id, { status, reason, paused });
    outlet.close();
    this.#hosts.forget(outlet);
    this.#wakes.delete(outlet);
    this.#refills.forget(outlet);
    this.#toServe.delete(outlet);
  }

  #look(): void {
    const nowMs = this.#options.nowMs();
    for (const outlet of this.#wakes.due(nowMs)) {
      outlet.wake(nowMs);
      this.#stir(outlet);
    }
  }

  /** Something has changed for it: it may have something to send, to read or to wait for. */
  #stir(outlet: Outlet): void {
    if (this.#stopped || this.#timer === undefined) return;
    this.#refills.look(outlet);
    this.#toServe.add(outlet);
    this.#serveLater();
  }

  /** Begins requests, one of each destination in turn, for as long as one turn may take. */
  #serve(): void {
    this.#serving = false;
    const endMs = performance.now() + turnMs;
    for (const outlet of this.#toServe) {
      // It goes on when outcomes have been written.
      if (this.#stopped || this.#settling.size > mostUnwritten) return;
      this.#toServe.delete(outlet);
      if (this.#serveOne(outlet)) this.#toServe.add(outlet);
      if (performance.now() > endMs) break;
    }
    if (this.#toServe.size > 0) this.#serveLater();
  }

  #serveLater(): void {
    if (this.#serving || this.#stopped) return;
    this.#serving = true;
    setImmediate(() => this.#serve());
  }

  /** Whether it may have more to send at once. */
  #serveOne(outlet: Outlet): boolean {
    const nowMs = this.#options.nowMs();
    if (!this.#hosts.hasRoom(outlet, outlet.urlAt(nowMs))) {
      // It may have waited for another of its hosts than the one that it turns to now.
      for (const each of this.#hosts.passOn(outlet)) this.#stir(each);
      return false;
    }
    const expire = (each: Delivery): void => this.#expire(outlet, each, nowMs);
    const step = outlet.next(nowMs, expire, this.#options.isStale);
    if (step.kind === 'wait') {
      for (const each of this.#hosts.passOn(outlet)) this.#stir(each);
      const untilMs = Math.min(step.untilMs ?? Infinity, outlet.nextDueMs ?? Infinity);
      if (untilMs < Infinity) this.#wakes.set(outlet, untilMs);
      this.#refills.look(outlet);
      return false;
    }
    const host = this.#hosts.begin(outlet.destination.urls[step.receiver] ?? '');
    const work = this.#send(outlet, step).finally(() => {
      this.#underWay.delete(work);
      outlet.underWay -= 1;
      for (const each of this.#hosts.end(host)) this.#stir(each);
      this.#stir(outlet);
    });
    this.#underWay.add(work);
    return true;
  }

  async #send(outlet: Outlet, sending: Sending): Promise<void> {
    const { deliveries, receiver } = sending;
    const { nowMs, onAttempt, onFirst, onFault } = this.#options;
    const { destination } = outlet;
    const startedMs = nowMs();
    const url = destination.urls[receiver] ?? destination.urls[0];
    const { tried, untellable } = await attempt(deliveries, destination, url, this.#options);
    for (const { delivery, reason, fault } of untellable) {
      if (fault !== undefined) onFault(fault, destination.id);
      this.#settle(outlet, delivery, 'dead', reason, null);
    }
    if (tried === undefined) return outlet.untried(receiver, startedMs);
    for (const { attempts, madeMs } of tried.deliveries) {
      if (attempts === 0) onFirst?.(startedMs - madeMs);
    }
    onAttempt?.(destination.id, tried.outcome, tried.row.durationMs);
    const verdicts = tried.deliveries.map((each) =>
      verdictOn(tried.outcome, each, destination, nowMs(), Math.random()),
    );
    // It says the same of the receiver for all of one request; nothing, if another one has taken its place.
    const isStill = outlet.destination.urls[receiver] === url;
    if (verdicts[0] !== undefined && isStill) this.#learn(outlet, receiver, verdicts[0], tried.row);
    for (const [index, each] of tried.deliveries.entries()) {
      const verdict = verdicts[index];
      if (verdict !== undefined) this.#judge(outlet, each, verdict, tried.row);
    }
  }

  #judge(outlet: Outlet, delivery: Delivery, verdict: Verdict, attempt: AttemptRow): void {
    const isTaken = verdict.to === 'delivered';
    const row = isTaken || attempt.error !== null ? attempt : { ...attempt, error: 'status' };
    if (verdict.to === 'retry') this.#park(outlet, delivery, verdict, row);
    else this.#settle(outlet, delivery, verdict.to, verdict.reason, row);
  }

  /** It is tried again later; until then its lane waits in the store. */
  #park(outlet: Outlet, delivery: Delivery, verdict: Verdict, attempt: AttemptRow): void {
    const atOnce = verdict.disable || (verdict.receiver === 'fails' && outlet.hasAnother);
    const waitMs = atOnce ? 0 : Math.max(verdict.afterMs, verdict.holdMs);
    const dueMs = Math.trunc(this.#options.nowMs() + waitMs);
    outlet.lanes.park(delivery);
    const { id } = outlet.destination;
    const settlement = settlementOf(id, delivery, 'waiting', verdict.reason, attempt);
    this.#settling.add({ ...settlement, dueMs }, () =>
      outlet.afterReading(() => {
        outlet.parked(delivery.lane, dueMs, this.#options.nowMs());
        this.#stir(outlet);
      }),
    );
  }

  /** What the attempt says of the receiver, and of the destination as a whole. */
  #learn(outlet: Outlet, receiver: number, verdict: Verdict, { status, answer }: AttemptRow): void {
    if (verdict.disable) {
      outlet.untried(receiver, 0);
      this.#become(outlet, 'disabled', 'The receiver says that it has gone for good (410).');
      return;
    }
    outlet.learn(receiver, verdict, this.#options.nowMs(), Math.random());
    if (verdict.to === 'delivered') this.#become(outlet, 'active', null);
    else if (outlet.areReceiversDown) {
      this.#become(outlet, 'error', status === null ? answer : `The receiver answered ${status}.`);
    }
  }

  #become(outlet: Outlet, status: Outlet['status'], reason: string | null): void {
    if (outlet.status === status) return;
    outlet.status = status;
    outlet.reason = reason;
    const destination = outlet.destination.id;
    this.#settling.status({ destination, status, reason, atMs: Math.trunc(this.#options.nowMs()) });
  }

  #expire(outlet: Outlet, delivery: Delivery, nowMs: number): void {
    const to = delivery.class === 'live' ? 'expired' : 'dead';
    this.#settle(outlet, delivery, to, whyExpired(delivery, nowMs), null);
  }

  /** It is over with: its lane goes on at once, and the store hears of it soon. */
  #settle(
    outlet: Outlet,
    delivery: Delivery,
    to: 'delivered' | 'dead' | 'expired',
    reason: string | null,
    attempt: AttemptRow | null,
  ): void {
    outlet.lanes.done(delivery);
    this.#settling.add(settlementOf(outlet.destination.id, delivery, to, reason, attempt), () =>
      outlet.afterReading(() => outlet.lanes.settled(delivery.id)),
    );
  }
}
