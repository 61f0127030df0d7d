/** Which recordings begin and end, each once, whatever the events are called that show it. Pure. */
import type { Call } from '../call/call.ts';

export interface RecordingTurns {
  readonly began: readonly number[];
  readonly ended: readonly number[];
}

export class RecordingWatch {
  readonly #open = new Set<number>();

  /** @param ongoing calls that go on already: what they record has begun before */
  constructor(ongoing: readonly Call[]) {
    for (const call of ongoing) this.take(call);
  }

  /** Takes a call as an event shows it, in order, and says which of its recordings it shows to begin or end. */
  take({ recordings }: Call): RecordingTurns {
    const began: number[] = [];
    const ended: number[] = [];
    for (const { id, of = id, endedAtMs, goesOn } of recordings) {
      if (endedAtMs === undefined && !this.#open.has(of)) {
        this.#open.add(of);
        began.push(of);
      } else if (endedAtMs !== undefined && goesOn !== true && this.#open.delete(of)) {
        ended.push(of);
      }
    }
    return { began, ended };
  }
}
