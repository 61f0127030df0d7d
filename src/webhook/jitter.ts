/**
 * How a wait is drawn so that many who failed in one instant do not come back in one instant. Pure: the dice
 * are an argument.
 */

/**
 * Anything from a tenth of the wait to all of it. The tenth keeps a lucky draw from hammering a receiver that
 * has just failed.
 * @param random in [0, 1)
 * @returns whole milliseconds
 */
export function jittered(waitMs: number, random: number): number {
  return Math.round(Math.max(waitMs / 10, waitMs * random));
}
