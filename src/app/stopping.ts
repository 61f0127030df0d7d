/**
 * Ending in order and in time: goodbye to all sessions in batches, and one deadline for everything.
 */
import type { Connection } from '../subscriber/connection.ts';
import type { Log } from '../telemetry/log.ts';

/** Sessions that are said goodbye to at once, and the pause until the next lot, milliseconds. */
const goodbyeBatch = 500;
const goodbyePauseMs = 20;

/** In batches, so that not all of them come back in the same instant. Resolves when all are gone. */
export async function sayGoodbye(connections: readonly Connection[]): Promise<void> {
  for (let start = 0; start < connections.length; start += goodbyeBatch) {
    if (start > 0) await new Promise((resolve) => setTimeout(resolve, goodbyePauseMs));
    for (const connection of connections.slice(start, start + goodbyeBatch)) {
      connection.end('going-away', 'The server stops.');
    }
  }
  await Promise.all(connections.map((connection) => connection.gone));
}

/** Resolves when `work` is done, or the deadline is over; then the log has it. */
export async function within(deadlineMs: number, work: Promise<void>, log: Log): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(() => {
      log.error({ deadlineMs }, 'server.stop-cut');
      resolve();
    }, deadlineMs);
  });
  await Promise.race([work, late]);
  clearTimeout(timer);
}
