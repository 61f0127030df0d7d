/**
 * Which recordings begin and end, each once, whatever the events are called that show it. A recording begins here
 * once somebody has taken part in its call, since who that is must be told with it; at the latest with its end. Pure.
 */
import type { Call } from '../call/call.ts';
import { tookPart } from '../record/session.ts';

export interface RecordingTurns {
  readonly began: readonly number[];
  readonly ended: readonly number[];
}

export class RecordingWatch {
  /** Recordings in progress, and whether they have been said to begin. */
  readonly #open = new Map<number, boolean>();

  /** @param ongoing calls that go on already: what they record has begun before */
  constructor(ongoing: readonly Call[]) {
    for (const call of ongoing) this.take(call);
  }

  /** Recordings that are being watched. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes a call as an event shows it, in order, and says which of its recordings it shows to begin or end. */
  take({ recordings, legs }: Call): RecordingTurns {
    const hasPartner = legs.some(tookPart);
    const began: number[] = [];
    const ended: number[] = [];
    for (const { id, of = id, endedAtMs, goesOn } of recordings) {
      const hasBegun = this.#open.get(of);
      if (endedAtMs === undefined) {
        this.#open.set(of, hasBegun === true || hasPartner);
        if (hasBegun !== true && hasPartner) began.push(of);
      } else if (goesOn !== true && this.#open.delete(of)) {
        if (hasBegun !== true) began.push(of);
        ended.push(of);
      }
    }
    return { began, ended };
  }
}
