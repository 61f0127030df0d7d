/**
 * The way of a signal: registry, journal, and, once durable, hub and books. The only place where the
 * rooms of the path of an event meet.
 */
import type { Clock } from '../base/clock.ts';
import type { Applied, CallEvent, EventKind, IgnoredReason } from '../call/event.ts';
import type { Registry } from '../call/registry.ts';
import type { CallSignal } from '../call/signal.ts';
import type { Journal, SignalId } from '../journal/journal.ts';
import { Backlog } from './backlog.ts';

export class Pipeline {
  readonly #registry: Registry;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #backlog: Backlog;
  /** Signals so far, by source; each is either applied or ignored. */
  readonly taken = new Map<string, number>();
  /** Those that made events, and those that were taken into account with nothing to tell yet. */
  readonly applied = { told: 0, noted: 0 };
  readonly ignored: Record<IgnoredReason, number> = {
    duplicate: 0,
    'unknown-leg': 0,
    'after-end': 0,
    'no-change': 0,
    'not-in-this-state': 0,
  };
  /** Events that are durable, by kind. */
  readonly events: Record<EventKind, number> = {
    'call.started': 0,
    'call.answered': 0,
    'call.updated': 0,
    'call.ended': 0,
    'recording.started': 0,
    'recording.paused': 0,
    'recording.resumed': 0,
    'recording.ended': 0,
    'source.gap': 0,
    'source.up': 0,
  };
  /** How long each source was out of sight, gaps that are over only; milliseconds. */
  readonly gapMs = new Map<string, number>();

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
    this.#backlog = new Backlog(hold);
    journal.onCommitted((entries) => {
      for (const { event } of entries) {
        this.events[event.kind] += 1;
        this.#backlog.durable(event.source, 1);
      }
      this.#backlog.settle();
    });
  }

  /** True while all sources are held back. */
  get isHeld(): boolean {
    return this.#backlog.isHeld;
  }

  signal(signal: CallSignal): void {
    const applied = this.#apply(signal);
    if (applied.kind !== 'events') return;
    this.#append(applied.events);
    this.#backlog.judge(signal.source);
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
    this.#count(signal.source, 1);
    const applied = this.#registry.apply(signal, this.#clock.now());
    switch (applied.kind) {
      case 'ignored':
        this.ignored[applied.reason] += 1;
        break;
      case 'noted':
        this.applied.noted += 1;
        break;
      case 'events':
        this.applied.told += 1;
        if (signal.kind === 'source.connected') this.#sawAgain(applied.events);
    }
    return applied;
  }

  /** Signals of the source that it had sent before, and that were left out. */
  leftOut(source: string, count: number): void {
    this.#count(source, count);
    this.ignored.duplicate += count;
  }

  #count(source: string, count: number): void {
    this.taken.set(source, (this.taken.get(source) ?? 0) + count);
  }

  /** In the same moment as the registry forgets the gap, so that the sum of both never falls. */
  #sawAgain(events: readonly CallEvent[]): void {
    for (const event of events) {
      if (event.kind !== 'source.up' || event.toMs === undefined) continue;
      const lengthMs = Math.max(0, event.toMs - event.fromMs);
      this.gapMs.set(event.source, (this.gapMs.get(event.source) ?? 0) + lengthMs);
    }
  }

  #append(events: readonly CallEvent[], ids?: readonly SignalId[]): void {
    for (const { source } of events) this.#backlog.added(source, 1);
    this.#journal.append(events, ids);
  }
}
