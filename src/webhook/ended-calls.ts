/**
 * Which calls have ended lately, so that nobody is told of one as going on because the end itself is none of
 * what they want. Bounded; of calls that ended long ago nothing live waits any more. Pure.
 */
import type { Delivery } from './delivery.ts';

/** Why something live was not told although its time was not over. */
export const callHasEnded = 'The call had ended before it could be told.';

/** At two hundred calls a second those of four minutes, at about a hundred bytes each. */
const mostRemembered = 50_000;

export class EndedCalls {
  /** In the order of their ends. */
  readonly #ended = new Set<string>();
  readonly #sinceMs: number;
  readonly #goesOn: (callId: string) => boolean;

  /**
   * @param sinceMs when this run began; what was made before and is of no call that goes on is of one that ended
   * @param goesOn whether the call goes on, as far as is known
   */
  constructor(sinceMs: number, goesOn: (callId: string) => boolean) {
    this.#sinceMs = sinceMs;
    this.#goesOn = goesOn;
  }

  add(callId: string): void {
    this.#ended.add(callId);
    if (this.#ended.size <= mostRemembered) return;
    for (const oldest of this.#ended) {
      this.#ended.delete(oldest);
      return;
    }
  }

  /** Whether it tells of a call as going on that has ended since. */
  makesStale({ class: kind, occurrence, madeMs }: Delivery): boolean {
    if (kind !== 'live' || occurrence?.kind !== 'call') return false;
    const { call } = occurrence.event;
    if (call.state === 'ended') return false;
    return this.#ended.has(call.id) || (madeMs < this.#sinceMs && !this.#goesOn(call.id));
  }
}

/** Of one that was not told any more, and has not been tried. */
export function whyExpired(
  { class: kind, expiresMs }: Pick<Delivery, 'class' | 'expiresMs'>,
  nowMs: number,
): string {
  if (kind === 'record') return 'It was tried for too long.';
  return expiresMs <= nowMs ? 'Its time was over before it could be told.' : callHasEnded;
}
