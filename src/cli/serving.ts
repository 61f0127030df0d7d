/**
 * A server as a process: starts it, tells people where it listens and what to try, and turns signals
 * into one orderly stop. Both `serve` and `simulate` end up here.
 */
import { startServer } from '../app/server.ts';
import type { RunningServer } from '../app/server.ts';
import { effectiveSettings } from '../config/effective.ts';
import type { Config } from '../config/settings.ts';
import { createLog } from '../telemetry/log.ts';
import type { Log } from '../telemetry/log.ts';
import { explain, Failure } from './failure.ts';
import { Greeting } from './greeting.ts';
import type { Surface } from './surface.ts';

/**
 * A terminal's Ctrl-C reaches us twice when a package runner passes it on as well; two signals this
 * close together are one wish. Milliseconds.
 */
const samePressMs = 400;

/** How long past its deadline a stop is waited for before the process ends regardless; milliseconds. */
const graceMs = 1000;

/**
 * Runs a server until a signal stops it.
 * @param about one line on what the server shows, for people
 * @throws {Failure} when it cannot start, fails, or does not stop in time
 */
export async function runServer(config: Config, about: string, surface: Surface): Promise<void> {
  const log = createLog(config.log);
  process.prependListener('uncaughtException', (err) => log.error({ err }, 'process.failed'));
  log.info({ settings: effectiveSettings(config) }, 'config.effective');
  const signal = firstSignal(surface, log);
  const server = await startServer(config, { log });
  surface.out(new Greeting(surface).text(server, about, config.feed.requireToken));

  const reason = await Promise.race([signal, server.failed]);
  if (reason instanceof Error) {
    log.error({ err: reason }, 'server.failed');
    await stopInTime(server, 'failure', config.stop.deadlineMs).catch(() => undefined);
    throw explain(reason);
  }
  surface.aside('Stopping; once more ends at once.');
  const beganMs = Date.now();
  await stopInTime(server, reason, config.stop.deadlineMs);
  log.info({ reason, durationMs: Date.now() - beganMs }, 'server.stopped');
  // Nothing should hold the process now; if something does, it shall not hold the operator.
  setTimeout(() => process.exit(0), graceMs).unref();
}

async function stopInTime(server: RunningServer, why: string, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `The server did not stop within ${deadlineMs / 1000} s and was cut off.`;
    timer = setTimeout(() => reject(new Failure(1, message)), deadlineMs + graceMs);
  });
  try {
    await Promise.race([server.stop(why), late]);
  } catch (error) {
    if (error instanceof Failure) setImmediate(() => process.exit(1));
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Resolves with the name of the first signal; a second one ends the process. */
function firstSignal(surface: Surface, log: Log): Promise<string> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    const heard = (signal: NodeJS.Signals): void => {
      const nowMs = Date.now();
      if (firstAtMs === undefined) {
        firstAtMs = nowMs;
        log.info({ signal }, 'process.signalled');
        resolve(signal);
      } else if (nowMs - firstAtMs > samePressMs) {
        log.warn({ signal }, 'process.cut');
        surface.aside('Ended at once.');
        process.exit(1);
      }
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
  });
}
