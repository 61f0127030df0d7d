/** `offhook simulate`: a server with a made-up contact centre on the line; needs no configuration. */
import { Command } from 'commander';
import { thisMachine } from '../config/load.ts';
import { configOf } from '../config/read.ts';
import type { Surroundings } from '../config/read.ts';
import type { Config } from '../config/settings.ts';
import { decimal, wholeNumber } from './arguments.ts';
import { exitCodesHelp } from './failure.ts';
import { readers } from './readers.ts';
import type { Surface } from './surface.ts';

export interface SimulateOptions {
  readonly rate: number;
  readonly seed: number;
  readonly agents: number;
  readonly data?: string;
  readonly feedPort?: number;
  readonly httpPort?: number;
}

export function simulateCommand(surface: Surface): Command {
  return new Command('simulate')
    .description('run the server with a simulated contact centre')
    .option('--rate <n>', 'calls that begin per second', decimal(0.001, 10_000), 1)
    .option('--seed <n>', 'the same seed gives the same calls', wholeNumber(0, 4_294_967_295), 1)
    .option('--agents <n>', 'agents, at extensions from 1001 on', wholeNumber(1, 8999), 20)
    .option('--data <dir>', 'data folder (default: ./offhook-data)')
    .option('--feed-port <port>', 'port of the TCP feed; 0 is any', wholeNumber(0, 65_535))
    .option('--http-port <port>', 'port of HTTP and WebSocket; 0 is any', wholeNumber(0, 65_535))
    .addHelpText('after', `\nExample:\n  offhook simulate --rate 2 --agents 50\n${exitCodesHelp}`)
    .action((options: SimulateOptions) => simulate(options, surface));
}

async function simulate(options: SimulateOptions, surface: Surface): Promise<void> {
  const config = simulatedConfig(options, thisMachine(process.cwd(), readers));
  const last = 1000 + options.agents;
  const agents = options.agents === 1 ? 'agent 1001' : `agents 1001 to ${last}`;
  const rate = options.rate === 1 ? 'a call' : `${options.rate} calls`;
  const about = `A simulated contact centre: ${agents}, ${rate} a second.`;
  // Only a server needs all of a server; the other commands start faster without.
  const { runServer } = await import('./serving.ts');
  await runServer(config, about, surface);
}

/** The settings of a simulation: the environment may change them, and options win over it. */
export function simulatedConfig(options: SimulateOptions, surroundings: Surroundings): Config {
  const { rate, seed, agents, data, feedPort, httpPort } = options;
  const values = {
    // The terminal belongs to the person; a line there should mean that something is wrong.
    log: { level: 'warn' },
    source: [
      { type: 'simulator', name: 'simulator', rate, seed, agents },
      // So that signals of one's own can be tried beside the simulated ones.
      { type: 'ingest', name: 'signals' },
    ],
  };
  return configOf(values, 'The simulation', surroundings, {
    ...(data === undefined ? {} : { data: { dir: data } }),
    ...(feedPort === undefined ? {} : { feed: { port: feedPort } }),
    ...(httpPort === undefined ? {} : { http: { port: httpPort } }),
  });
}
