/**
 * One destination at work: what of its deliveries is in memory, which receiver is tried, what is under way,
 * and what has to be read again. Pure: says what is to be done, and is told what came of it.
 */
import type { DestinationStatus } from '../store/outbox-messages.ts';
import type { Delivery } from './delivery.ts';
import type { Destination } from './destination.ts';
import { dialects } from './dialects.ts';
import { Lanes } from './lanes.ts';
import { Receivers } from './receivers.ts';
import type { Verdict } from './verdict.ts';

/** Deliveries of one destination that may be in memory, and while nobody takes them. */
const windowSize = 64;
const windowSizeDown = 4;

/** One request: these deliveries, to that one of the destination's receivers. */
export interface Sending {
  readonly kind: 'send';
  readonly deliveries: readonly Delivery[];
  readonly receiver: number;
}

export type Step =
  | Sending
  /** Nothing to do before that time, or before something else happens. */
  | { readonly kind: 'wait'; readonly untilMs: number | undefined };

/** What outlives an outlet. */
export interface Resting {
  readonly status: DestinationStatus;
  readonly reason: string | null;
  readonly paused: boolean;
}

export class Outlet {
  destination: Destination;
  readonly lanes = new Lanes();
  #receivers: Receivers;
  underWay = 0;
  status: DestinationStatus;
  reason: string | null = null;
  paused: boolean;
  /** Something may wait in the store that is not in memory, and can be sent; at first nobody knows. */
  behind = true;
  /** A reading of the store is under way. */
  reading = false;
  /** When something in the store can be sent that cannot yet, our time; undefined: nothing that we know of. */
  nextDueMs: number | undefined;
  /** The highest id that a reading has brought. */
  #readThrough = 0;
  /** When a reading is tried again that failed. */
  #readAgainMs: number | undefined;
  /** Deliveries came by that were not taken into memory, since the reading began. */
  #missed = false;
  /** All that was read is of lanes whose waiting is not written yet: what is read now would be the same. */
  #blocked = false;
  #afterReading: (() => void)[] = [];

  constructor(destination: Destination, state: Resting) {
    this.destination = destination;
    this.#receivers = new Receivers(destination.urls.length);
    this.status = state.status;
    this.reason = state.reason;
    this.paused = state.paused;
  }

  /** Takes up what the destination is now. @returns whether its receivers are others than before */
  renew(destination: Destination): boolean {
    const hasMoved = JSON.stringify(destination.urls) !== JSON.stringify(this.destination.urls);
    this.destination = destination;
    // Whoever mends a destination wants to see it tried at once.
    if (hasMoved) this.#receivers = new Receivers(destination.urls.length);
    return hasMoved;
  }

  /** Whether anything may be sent at all. */
  get isOpen(): boolean {
    return this.destination.enabled && !this.paused && this.status !== 'disabled';
  }

  get areReceiversDown(): boolean {
    return this.#receivers.areDown;
  }

  get #window(): number {
    return this.#receivers.areDown ? windowSizeDown : windowSize;
  }

  /**
   * A delivery has just been made, and is in the store.
   * @param held its lane waits there
   * @param nowMs our time, milliseconds since 1970
   */
  made(delivery: Delivery, held: boolean, nowMs: number): void {
    // What has become due meanwhile may be of its lane, and comes first.
    this.wake(nowMs);
    this.#supersede(delivery);
    if (delivery.id <= this.#readThrough) {
      // A reading was faster than this word of it, and has seen it as it is by now: perhaps collapsed.
      if (!this.lanes.knows(delivery.id)) this.wakeNow();
      return;
    }
    if (this.behind || held || this.lanes.size >= this.#window || !this.isOpen) {
      this.wakeNow();
      return;
    }
    this.lanes.add(delivery);
  }

  /** What the store has collapsed for it is not sent either, even if it is still to come from a reading. */
  #supersede(delivery: Delivery): void {
    if (delivery.supersedes === 'nothing') return;
    const over = this.lanes.supersede(delivery);
    this.afterReading(() => {
      for (const { id } of [...over, ...this.lanes.supersede(delivery)]) this.lanes.settled(id);
    });
  }

  /** Whether the store should be read now. */
  get wantsReading(): boolean {
    if (this.#readAgainMs !== undefined || this.#blocked) return false;
    return this.behind && !this.reading && this.isOpen && this.lanes.size <= this.#window / 2;
  }

  /** How many rows to ask for: those that are known already come too. */
  beginReading(): number {
    this.reading = true;
    this.#missed = false;
    return this.#window + this.lanes.known;
  }

  /**
   * @param ids of all that was read
   * @param fresh what of it is not known, in order
   * @param isAll there is no more than was read that could be sent
   */
  endReading(
    ids: readonly number[],
    fresh: readonly Delivery[],
    isAll: boolean,
    nextDueMs: number | undefined,
  ): void {
    this.reading = false;
    let taken = true;
    const before = this.lanes.size;
    if (isAll) this.lanes.retain(new Set(ids));
    for (const id of ids) this.#readThrough = Math.max(this.#readThrough, id);
    for (const delivery of fresh) {
      if (this.lanes.size >= this.#window) taken = false;
      else this.lanes.add(delivery);
    }
    this.behind = !isAll || !taken || this.#missed;
    this.#blocked = !isAll && taken && this.lanes.size === before;
    if (nextDueMs !== undefined) this.dueAt(nextDueMs);
    for (const then of this.#afterReading.splice(0)) then();
  }

  /** A reading failed; it is tried again at that time, and until then nobody knows what waits. */
  failReading(againMs: number): void {
    this.reading = false;
    this.#readAgainMs = againMs;
    this.dueAt(againMs);
    for (const then of this.#afterReading.splice(0)) then();
  }

  /**
   * Runs `then` when no reading is under way that began earlier: what such a reading brings may be older than
   * what is known here.
   */
  afterReading(then: () => void): void {
    if (this.reading) this.#afterReading.push(then);
    else then();
  }

  /** It is written that the lane waits in the store until then. */
  parked(lane: string, dueMs: number, nowMs: number): void {
    this.lanes.parked(lane);
    this.#blocked = false;
    this.dueAt(dueMs);
    this.wake(nowMs);
  }

  /** Something in the store can be sent at that time. */
  dueAt(atMs: number): void {
    this.nextDueMs = Math.min(this.nextDueMs ?? Infinity, atMs);
  }

  /** Something in the store was changed: it is read again. */
  wakeNow(): void {
    this.behind = true;
    this.#missed = true;
  }

  /** Nothing more is to be sent. */
  close(): void {
    this.paused = true;
    this.lanes.clear();
  }

  /** Looks whether what was due later is due now. */
  wake(nowMs: number): void {
    if (this.nextDueMs === undefined || this.nextDueMs > nowMs) return;
    this.nextDueMs = undefined;
    this.#readAgainMs = undefined;
    this.wakeNow();
  }

  /**
   * What to do next. What has expired, or is stale, is not sent, and handed to `expire`.
   * @param nowMs our time, milliseconds since 1970
   */
  next(
    nowMs: number,
    expire: (delivery: Delivery) => void,
    isStale?: (delivery: Delivery) => boolean,
  ): Step {
    const idle: Step = { kind: 'wait', untilMs: undefined };
    if (!this.isOpen || this.underWay >= this.destination.concurrency) return idle;
    if (!this.lanes.hasReady) return idle;
    const { size, wait } = this.destination.batch ?? { size: 1, wait: 0 };
    const most = dialects[this.destination.dialect].batches ? size : 1;
    if (most > 1 && wait > 0) {
      const untilMs = (this.lanes.oldestReadyMs ?? 0) + wait * 1_000;
      if (untilMs > nowMs && this.lanes.readyCount(most) < most) return { kind: 'wait', untilMs };
    }
    for (const each of this.lanes.expire(nowMs)) expire(each);
    if (isStale !== undefined) for (const each of this.lanes.drop(most, isStale)) expire(each);
    if (!this.lanes.hasReady) return idle;
    const pick = this.#receivers.pick(nowMs);
    if (pick.kind === 'wait') return { kind: 'wait', untilMs: pick.untilMs };
    this.underWay += 1;
    return { kind: 'send', deliveries: this.lanes.take(most), receiver: pick.index };
  }

  /** Where the next request would go to; undefined while all of its receivers are left alone. */
  urlAt(nowMs: number): string | undefined {
    const next = this.#receivers.next(nowMs);
    return next.kind === 'use' ? this.destination.urls[next.index] : undefined;
  }

  /** What an attempt says of the receiver. @param random in [0, 1) */
  learn(
    receiver: number,
    verdict: Pick<Verdict, 'holdMs' | 'receiver'>,
    nowMs: number,
    random: number,
  ): void {
    if (verdict.holdMs > 0) this.#receivers.hold(receiver, nowMs + verdict.holdMs);
    else if (verdict.receiver === 'works') this.#receivers.works(receiver);
    else this.#receivers.fails(receiver, nowMs, random);
    if (this.#receivers.areDown) this.#letGo();
  }

  /** A receiver that was picked has not been tried. */
  untried(receiver: number, nowMs: number): void {
    this.#receivers.hold(receiver, nowMs);
  }

  /** What nobody takes waits in the store. */
  #letGo(): void {
    if (this.lanes.size <= windowSizeDown) return;
    this.lanes.clear();
    this.wakeNow();
  }

  /** Whether another receiver than one that has just failed can be tried at once. */
  get hasAnother(): boolean {
    return this.destination.urls.length > 1 && !this.#receivers.areDown;
  }
}
