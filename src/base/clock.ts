/**
 * Where time comes from. Pure rooms take the time as an argument; the few files that own a socket or
 * a timer are given a Clock, so that a test can hold it still.
 */
export interface Clock {
  /** Milliseconds since 1970-01-01T00:00:00Z. May jump when the machine's clock is set. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
