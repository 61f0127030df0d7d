/**
 * How long to wait before the next attempt. Pure: the dice are an argument.
 */
export interface BackoffPlan {
  /** First wait, milliseconds, > 0. */
  readonly firstMs: number;
  /** Longest wait, milliseconds, >= firstMs. */
  readonly maxMs: number;
}

/**
 * The wait before attempt `attempt` (1 = the first retry): doubling from `firstMs` up to `maxMs`, with
 * half of it drawn by `random` so that many clients do not come back in the same instant.
 * @param random a number in [0, 1)
 */
export function backoffMs(plan: BackoffPlan, attempt: number, random: number): number {
  const full = Math.min(plan.maxMs, plan.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random);
}

/**
 * The same with full jitter: anything from nothing to the whole wait, so that thousands who lost one server
 * in one instant spread over all of it.
 * @param random a number in [0, 1)
 */
export function spreadMs(plan: BackoffPlan, attempt: number, random: number): number {
  const full = Math.min(plan.maxMs, plan.firstMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full * random);
}
