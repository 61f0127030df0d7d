/**
 * The receivers of one destination, in order of preference, and which of them is tried next: the first one
 * that works. One that fails is left alone for a while, longer each time, then tried with one request. Pure.
 */
import { jittered } from './jitter.ts';

export type Pick =
  /**
   * `probe`: nothing else is sent to it until this one's outcome is known. Whoever sends nothing after all
   * says so with `hold(index, nowMs)`.
   */
  | { readonly kind: 'use'; readonly index: number; readonly probe: boolean }
  | { readonly kind: 'wait'; readonly untilMs: number };

/** Failures in a row after which a receiver is left alone: where there are others to turn to, one is enough. */
const thresholdAlone = 3;
const thresholdOfSeveral = 1;
/** The first and the longest time for which it is, before jitter, milliseconds. */
const firstMs = 1_000;
const longestMs = 60_000;
/** When to ask again while all that can be hoped for is the outcome of a probe, milliseconds. */
const probeMs = 1_000;

interface Receiver {
  /** Failures in a row. */
  failures: number;
  /** How long it is left alone now, before jitter; 0 while it is believed to work. */
  aloneMs: number;
  untilMs: number;
  /** Until then it asked to be left alone. */
  heldUntilMs: number;
  isProbed: boolean;
}

/** What came of a request to one that is no longer among them says nothing. */
export class Receivers {
  readonly #receivers: readonly Receiver[];
  readonly #threshold: number;

  /** @param count how many there are, from 1 */
  constructor(count: number) {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`Receivers: seen ${count}, expected one or more`);
    }
    this.#threshold = count === 1 ? thresholdAlone : thresholdOfSeveral;
    this.#receivers = Array.from({ length: count }, () => ({
      failures: 0,
      aloneMs: 0,
      untilMs: 0,
      heldUntilMs: 0,
      isProbed: false,
    }));
  }

  /** True while none of them is believed to work. */
  get areDown(): boolean {
    return this.#receivers.every(({ aloneMs }) => aloneMs > 0);
  }

  pick(nowMs: number): Pick {
    const next = this.next(nowMs);
    const receiver = next.kind === 'use' ? this.#receivers[next.index] : undefined;
    if (receiver !== undefined) receiver.isProbed = receiver.aloneMs > 0;
    return next;
  }

  /** What `pick` would say, without picking it. */
  next(nowMs: number): Pick {
    let untilMs = Infinity;
    for (const [index, receiver] of this.#receivers.entries()) {
      const freeMs = Math.max(receiver.untilMs, receiver.heldUntilMs);
      if (receiver.isProbed) untilMs = Math.min(untilMs, nowMs + probeMs);
      else if (nowMs < freeMs) untilMs = Math.min(untilMs, freeMs);
      else return { kind: 'use', index, probe: receiver.aloneMs > 0 };
    }
    return { kind: 'wait', untilMs };
  }

  works(index: number): void {
    const receiver = this.#receivers[index];
    if (receiver === undefined) return;
    receiver.failures = 0;
    receiver.aloneMs = 0;
    receiver.untilMs = 0;
    receiver.isProbed = false;
  }

  /** @param random in [0, 1) */
  fails(index: number, nowMs: number, random: number): void {
    const receiver = this.#receivers[index];
    if (receiver === undefined) return;
    receiver.failures += 1;
    // Those that were under way when it was given up say nothing new.
    const isNews =
      receiver.aloneMs === 0 ? receiver.failures >= this.#threshold : receiver.isProbed;
    receiver.isProbed = false;
    if (!isNews) return;
    receiver.aloneMs = receiver.aloneMs === 0 ? firstMs : Math.min(receiver.aloneMs * 2, longestMs);
    receiver.untilMs = nowMs + jittered(receiver.aloneMs, random);
  }

  /** It asked to be left alone; or a probe was not sent after all, with a time that has come. */
  hold(index: number, untilMs: number): void {
    const receiver = this.#receivers[index];
    if (receiver === undefined) return;
    receiver.heldUntilMs = Math.max(receiver.heldUntilMs, untilMs);
    receiver.isProbed = false;
  }
}
