/**
 * The time of day for what cannot be undone, such as dropping what is old: a clock that was set ahead is believed only
 * once it has stood so for a while. One that was set back is believed at once, since that drops nothing.
 */
import type { Clock } from '../base/clock.ts';

/** Offsets this close are one: a clock that is kept right is moved by milliseconds. */
const sameMs = 1_000;

/**
 * @param day the machine's time of day, which may jump
 * @param steady a clock that nobody sets
 * @param patienceMs for how long a time ahead of the others must have stood, milliseconds, > 0
 */
export function patientClock(day: Clock, steady: Clock, patienceMs: number): Clock {
  /** By how much the day was ahead of the steady clock, and when that was last so. */
  let seen: { readonly aheadMs: number; readonly lastMs: number }[] = [];
  return {
    now: () => {
      const nowMs = steady.now();
      const aheadMs = day.now() - nowMs;
      seen = seen.filter(
        (each) => nowMs - each.lastMs < patienceMs && Math.abs(each.aheadMs - aheadMs) > sameMs,
      );
      seen.push({ aheadMs, lastMs: nowMs });
      return nowMs + Math.min(...seen.map((each) => each.aheadMs));
    },
  };
}
