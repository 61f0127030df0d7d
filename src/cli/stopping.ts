/**
 * How a running server is told to stop: which signals are one wish and which a second one, and how long
 * an orderly stop may take.
 */
import type { RunningServer } from '../app/server.ts';
import { Failure } from './failure.ts';

/**
 * A terminal's Ctrl-C reaches us twice when a package runner passes it on as well; two signals this
 * close together are one wish. Milliseconds.
 */
const sameWishMs = 400;

export class Wishes {
  #firstAtMs: number | undefined;

  /**
   * What a signal means: `first` stops in order, `echo` changes nothing, `again` ends at once.
   * @param nowMs milliseconds on any clock that does not go back
   */
  heard(nowMs: number): 'first' | 'echo' | 'again' {
    if (this.#firstAtMs === undefined) {
      this.#firstAtMs = nowMs;
      return 'first';
    }
    return nowMs - this.#firstAtMs <= sameWishMs ? 'echo' : 'again';
  }
}

/** How long past its deadline a stop is waited for; the server keeps the deadline itself. */
const graceMs = 1000;

/** @throws {Failure} when the server has not stopped when deadline and grace are over */
export async function stopInTime(
  server: Pick<RunningServer, 'stop'>,
  reason: string,
  deadlineMs: number,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `The server did not stop within ${deadlineMs / 1000} s and was cut off.`;
    timer = setTimeout(() => reject(new Failure(1, message)), deadlineMs + graceMs);
  });
  try {
    await Promise.race([server.stop(reason), late]);
  } finally {
    clearTimeout(timer);
  }
}
