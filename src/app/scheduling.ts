/**
 * When the hub flushes: at the end of the turn, and, only while flushes are long enough to be the load
 * themselves, after a window of a few milliseconds, in which more events join one write.
 */

/** A flush that takes longer shows that there are many writes to save. Milliseconds. */
const longFlushMs = 2;
/** The window under load, milliseconds: its cost is that much delay, its gain one write per socket. */
const windowMs = 4;

export function adaptiveSchedule(): (flush: () => void) => void {
  let lastMs = 0;
  return (flush) => {
    const timed = (): void => {
      const startMs = performance.now();
      flush();
      lastMs = performance.now() - startMs;
    };
    if (lastMs > longFlushMs) setTimeout(timed, windowMs);
    else setImmediate(timed);
  };
}
