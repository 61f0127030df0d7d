/**
 * The simulator's only source of chance: a small generator whose whole state is one 32-bit number, so that
 * a seed names a whole day of calls and a day can be played again. Good for demonstrations and tests,
 * never for secrets.
 */

/** What chance is asked for. Every draw moves the same sequence on. */
export interface Dice {
  /** A number in [0, 1). */
  roll(): number;
  /** True with probability `probability` (0 = never, 1 = always). */
  chance(probability: number): boolean;
  /** A whole number in [from, to]. */
  whole(from: number, to: number): number;
  /** A number in [from, to). */
  between(from: number, to: number): number;
  /** An exponentially distributed number with the given mean; never negative. */
  waiting(mean: number): number;
  /** One of the choices; throws when there is none. */
  pick<T>(choices: readonly T[]): T;
}

/** Dice that fall the same way for the same seed; only the seed's lower 32 bits count. */
export function seededDice(seed: number): Dice {
  let state = seed >>> 0;

  function roll(): number {
    // A Weyl step (an odd number, so that all 2^32 states are visited), then two multiply-and-fold
    // rounds so that neighbouring states share nothing visible.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  return {
    roll,
    chance: (probability) => roll() < probability,
    whole: (from, to) => from + Math.floor(roll() * (to - from + 1)),
    between: (from, to) => from + roll() * (to - from),
    waiting: (mean) => -mean * Math.log(1 - roll()),
    pick(choices) {
      const choice = choices[Math.floor(roll() * choices.length)];
      if (choice === undefined)
        throw new RangeError('pick: seen no choices, expected at least one');
      return choice;
    },
  };
}

/** One of the choices, each as often as its weight says. */
export function among<T>(
  dice: Dice,
  choices: readonly (readonly [weight: number, choice: T])[],
): T {
  let left = dice.roll() * choices.reduce((sum, [weight]) => sum + weight, 0);
  for (const [weight, choice] of choices) {
    left -= weight;
    if (left < 0) return choice;
  }
  throw new RangeError('among: seen no weight above 0, expected at least one');
}
