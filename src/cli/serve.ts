/** `offhook serve`: a server as its configuration says. */
import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { exitCodesHelp } from './failure.ts';
import { configOption } from './options.ts';
import { readers } from './readers.ts';
import type { Surface } from './surface.ts';

interface ServeOptions {
  readonly config: string;
}

export function serveCommand(surface: Surface): Command {
  return new Command('serve')
    .description('run the server with a configuration file')
    .addOption(configOption())
    .addHelpText(
      'after',
      `
The log is on standard error, as JSON lines. SIGTERM and Ctrl-C stop it in order; a second one at once.
SIGHUP takes up the configuration, the tokens and the certificates as they are then; sessions stay.

Example:
  offhook serve --config offhook.toml
${exitCodesHelp}`,
    )
    .action((options: ServeOptions) => serve(options, surface));
}

async function serve(options: ServeOptions, surface: Surface): Promise<void> {
  const config = loadConfig(options.config, readers);
  const enabled = config.sources.filter((source) => source.enabled);
  const names = enabled.map(({ name, type }) => `${name} (${type})`).join(', ');
  const about = names === '' ? 'No source is enabled: no call will be seen.' : `Sources: ${names}`;
  // Only a server needs all of a server; the other commands start faster without.
  const { runServer } = await import('./serving.ts');
  await runServer(config, about, surface, () => loadConfig(options.config, readers));
}
