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

export class Pipeline {
  readonly #registry: Registry;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #hold: (held: boolean) => void;
  readonly ignored = new Map<IgnoredReason, number>();
  #signals = 0;
  #held = false;

  /** @param hold told when sources are to stop reading, and when they may go on */
  constructor(registry: Registry, journal: Journal, clock: Clock, hold: (held: boolean) => void) {
    this.#registry = registry;
    this.#journal = journal;
    this.#clock = clock;
    this.#hold = hold;
    journal.onCommitted(() => {
      if (this.#held && journal.pending < goOnBelow) this.#setHeld(false);
    });
  }

  /** Signals taken so far. */
  get signals(): number {
    return this.#signals;
  }

  signal(signal: CallSignal): void {
    const applied = this.#apply(signal);
    if (applied.kind !== 'events') return;
    this.#journal.append(applied.events);
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
    this.#journal.append(events, ids);
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

  #setHeld(held: boolean): void {
    this.#held = held;
    this.#hold(held);
  }
}
