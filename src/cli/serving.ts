/**
 * A server as a process: starts it, tells people where it listens and what to try, and turns signals
 * into one orderly stop. Both `serve` and `simulate` end up here.
 */
import { type RunningServer, startServer } from '../app/server.ts';
import { effectiveSettings } from '../config/effective.ts';
import type { Config } from '../config/settings.ts';
import { createLog, type Log, type TunableLog } from '../telemetry/log.ts';
import { explain } from './failure.ts';
import { Greeting } from './greeting.ts';
import { stopInTime, Wishes } from './stopping.ts';
import type { Surface } from './surface.ts';

/**
 * Runs a server until a signal stops it.
 * @param about one line on what the server shows, for people
 * @param again reads the configuration once more, for SIGHUP; absent where there is nothing to read
 * @throws {Failure} when it cannot start, fails, or does not stop in time
 */
export async function runServer(
  config: Config,
  about: string,
  surface: Surface,
  again?: () => Config,
): Promise<void> {
  const log = createLog(config.log);
  process.prependListener('uncaughtException', (err) => log.error({ err }, 'process.failed'));
  log.info({ settings: effectiveSettings(config) }, 'config.effective');
  const signal = firstSignal(surface, log);
  // Until there is a server, a SIGHUP must not be what ends the process.
  process.on('SIGHUP', () => undefined);
  const server = await startServer(config, { log });
  if (again !== undefined) reloadOnSignal(server, log, again);
  const { access, feed, http } = config;
  const asked = { token: access.requireToken, feedTls: feed.tls, httpTls: http.tls };
  surface.out(new Greeting(surface).text(server, about, asked));

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

/** A configuration that cannot be read or is wrong changes nothing; the log has what is wrong with it. */
function reloadOnSignal(server: RunningServer, log: TunableLog, again: () => Config): void {
  let running = Promise.resolve();
  const reload = async (): Promise<void> => {
    try {
      const config = again();
      await server.reload(config);
      log.tune(config.log);
      log.info({ settings: effectiveSettings(config) }, 'config.effective');
    } catch (error) {
      log.error({ err: error }, 'config.refused');
    }
  };
  process.on('SIGHUP', () => {
    log.info({ signal: 'SIGHUP' }, 'process.signalled');
    running = running.then(reload);
  });
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
