/**
 * The header `retry-after`: how long a receiver asks to be left alone. Pure.
 */

/** Nobody is left alone for longer than a day, whatever they ask for. */
export const longestWaitMs = 86_400_000;

const date = /^[A-Za-z]{3,9},? [0-9A-Za-z :-]{8,40}$/;

/**
 * Milliseconds from `nowMs`, from 0 to a day; undefined when the header is absent or cannot be read.
 * @param header seconds, or a date of HTTP
 */
export function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^[0-9]{1,15}$/.test(text)) return Math.min(Number(text) * 1_000, longestWaitMs);
  if (!date.test(text)) return undefined;
  // The oldest of the three forms names no zone, and means Greenwich as the others do.
  const atMs = Date.parse(/GMT|UTC/i.test(text) ? text : `${text} GMT`);
  if (Number.isNaN(atMs)) return undefined;
  return Math.min(Math.max(atMs - nowMs, 0), longestWaitMs);
}
