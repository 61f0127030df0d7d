/**
 * A server as a process: starts it, tells people where it listens and what to try, and turns signals
 * into one orderly stop. Both `serve` and `simulate` end up here.
 */
import { startServer } from '../app/server.ts';
import { effectiveSettings } from '../config/effective.ts';
import type { Config } from '../config/settings.ts';
import { createLog } from '../telemetry/log.ts';
import type { Log } from '../telemetry/log.ts';
import { explain } from './failure.ts';
import { Greeting } from './greeting.ts';
import { stopInTime, Wishes } from './stopping.ts';
import type { Surface } from './surface.ts';

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
  surface.out(new Greeting(surface).text(server, about, config.access.requireToken));

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
}

/** Resolves with the name of the first signal; a second one ends the process. */
function firstSignal(surface: Surface, log: Log): Promise<string> {
  return new Promise((resolve) => {
    const wishes = new Wishes();
    const heard = (signal: NodeJS.Signals): void => {
      const wish = wishes.heard(performance.now());
      log.info({ signal, wish }, 'process.signalled');
      if (wish === 'first') resolve(signal);
      if (wish !== 'again') return;
      surface.aside('Ended at once.');
      process.exit(1);
    };
    process.on('SIGTERM', heard);
    process.on('SIGINT', heard);
  });
}
