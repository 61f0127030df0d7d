/** Looks at the deadlines of all sessions, a few times a second. */
import { Deadlines } from '../base/deadlines.ts';
import type { Connection } from '../subscriber/connection.ts';
import { steadyClock } from './steady-clock.ts';

/** How late a keep-alive may come at most, milliseconds. */
const slotMs = 50;

/** @returns the deadlines, and how to stop looking at them */
export function lookAtDeadlines(): { deadlines: Deadlines<Connection>; stop: () => void } {
  const deadlines = new Deadlines<Connection>(slotMs, steadyClock.now());
  const look = (): void => {
    for (const connection of deadlines.due(steadyClock.now())) connection.tick();
  };
  // After the sockets have been read: whoever spoke while this process was held up was not silent.
  const timer = setInterval(() => setImmediate(look), slotMs);
  return { deadlines, stop: () => clearInterval(timer) };
}
