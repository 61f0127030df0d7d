/**
 * Signal ids that are on their way to the disk, where a look into the store does not find them yet.
 */
import type { SignalId } from './journal.ts';

export interface Question {
  /** Which of the ids asked for have been seen, given those the store knows. */
  seen(stored: readonly string[]): ReadonlySet<string>;
  end(): void;
}

export class RecentSignals {
  /** How often each id is on its way, by source. */
  readonly #underway = new Map<string, number>();
  /** What has been added since each open question was asked. */
  readonly #open = new Set<Set<string>>();

  add(signalIds: readonly SignalId[]): void {
    for (const signalId of signalIds) {
      const key = keyOf(signalId.source, signalId.id);
      this.#underway.set(key, (this.#underway.get(key) ?? 0) + 1);
      // A question may be answered from before a commit that is over when the answer arrives.
      for (const added of this.#open) added.add(key);
    }
  }

  /** The ids are durable: the store answers for them from now on. */
  settle(signalIds: readonly SignalId[]): void {
    for (const signalId of signalIds) {
      const key = keyOf(signalId.source, signalId.id);
      const left = (this.#underway.get(key) ?? 0) - 1;
      if (left > 0) this.#underway.set(key, left);
      else this.#underway.delete(key);
    }
  }

  ask(source: string, ids: readonly string[]): Question {
    const added = new Set<string>();
    this.#open.add(added);
    const underway = ids.filter((id) => this.#underway.has(keyOf(source, id)));
    return {
      seen: (stored) =>
        new Set([...stored, ...underway, ...ids.filter((id) => added.has(keyOf(source, id)))]),
      end: () => this.#open.delete(added),
    };
  }
}

function keyOf(source: string, id: string): string {
  return `${source}\n${id}`;
}
