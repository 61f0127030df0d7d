/**
 * The way of a signal: registry, journal, and, once durable, hub and books. The only place where the
 * rooms of the path of an event meet.
 */
import type { Clock } from '../base/clock.ts';
import type { Applied, CallEvent, IgnoredReason } from '../call/event.ts';
import type { Registry } from '../call/registry.ts';
import type { CallSignal } from '../call/signal.ts';
import type { Journal, SignalId } from '../journal/journal.ts';

/** Events that may wait for the disk before the sources are held back, and when they go on. */
const holdAbove = 50_000;
const goOnBelow = 5_000;
/**
 * The same for one source alone: what it sends in a flood waits with itself, not in front of the others, whose
 * events are at most so many behind. A source that nobody reads from waits in the network.
 */
const holdOneAbove = 600;
const goOnOneBelow = 200;

export class Pipeline {
  readonly #registry: Registry;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #hold: (held: boolean, source?: string) => void;
  readonly ignored = new Map<IgnoredReason, number>();
  #signals = 0;
  #held = false;
  /** Events that wait for the disk, by source. */
  readonly #waiting = new Map<string, number>();
  readonly #heldAlone = new Set<string>();

  /** @param hold told when one source, or all of them, are to stop reading, and when they may go on */
  constructor(
    registry: Registry,
    journal: Journal,
    clock: Clock,
    hold: (held: boolean, source?: string) => void,
  ) {
    this.#registry = registry;
    this.#journal = journal;
    this.#clock = clock;
    this.#hold = hold;
    journal.onCommitted((entries) => {
      for (const { event } of entries) this.#count(event, -1);
      if (this.#held && journal.pending < goOnBelow) this.#setHeld(false);
      if (!this.#held) this.#letOneGo();
    });
  }

  /** Signals taken so far. */
  get signals(): number {
    return this.#signals;
  }

  signal(signal: CallSignal): void {
    const applied = this.#apply(signal);
    if (applied.kind !== 'events') return;
    this.#append(applied.events);
    // Who sends over HTTP waits for the answer to each batch, and need not be held.
    if (!this.#held && (this.#waiting.get(signal.source) ?? 0) > holdOneAbove) {
      this.#heldAlone.add(signal.source);
      this.#hold(true, signal.source);
    }
    if (!this.#held && this.#journal.pending > holdAbove) this.#setHeld(true);
  }

  /** Takes a batch as one; resolves when what came of it is durable, with what came of each. */
  async accept(
    signals: readonly CallSignal[],
    ids: readonly SignalId[],
  ): Promise<readonly Applied[]> {
    const applied = signals.map((signal) => this.#apply(signal));
    const events = applied.flatMap((each): readonly CallEvent[] =>
      each.kind === 'events' ? each.events : [],
    );
    this.#append(events, ids);
    await this.#journal.settled();
    return applied;
  }

  #apply(signal: CallSignal): Applied {
    this.#signals += 1;
    const applied = this.#registry.apply(signal, this.#clock.now());
    if (applied.kind === 'ignored') {
      this.ignored.set(applied.reason, (this.ignored.get(applied.reason) ?? 0) + 1);
    }
    return applied;
  }

  #append(events: readonly CallEvent[], ids?: readonly SignalId[]): void {
    for (const event of events) this.#count(event, 1);
    this.#journal.append(events, ids);
  }

  #count({ source }: CallEvent, by: 1 | -1): void {
    this.#waiting.set(source, (this.#waiting.get(source) ?? 0) + by);
  }

  #letOneGo(): void {
    for (const source of this.#heldAlone) {
      if ((this.#waiting.get(source) ?? 0) >= goOnOneBelow) continue;
      this.#heldAlone.delete(source);
      this.#hold(false, source);
    }
  }

  #setHeld(held: boolean): void {
    this.#held = held;
    this.#hold(held);
  }
}
