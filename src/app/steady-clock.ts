/**
 * A clock that nobody can set: for intervals, such as keep-alives, that must survive the machine's time
 * being changed by an hour.
 */
import type { Clock } from '../base/clock.ts';

export const steadyClock: Clock = { now: () => performance.timeOrigin + performance.now() };
