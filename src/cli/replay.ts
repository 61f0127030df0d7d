/** `offhook replay`: what offhook makes of a recorded transcript, as the calls would have been told. */
import { Command, InvalidArgumentError } from 'commander';
import { isOfCall } from '../call/event.ts';
import type { CallEvent } from '../call/event.ts';
import { decimal, wholeNumber } from './arguments.ts';
import { exitCodesHelp } from './failure.ts';
import { Lines } from './line.ts';
import { newsOfEvent, newsOfSource } from './news.ts';
import { jsonOption } from './options.ts';
import { readers } from './readers.ts';
import type { Surface } from './surface.ts';
import { thisMachine } from '../config/load.ts';
import { configOf } from '../config/read.ts';
import { createLog } from '../telemetry/log.ts';

interface ReplayOptions {
  /** 0 is as fast as possible. */
  readonly speed: number;
  readonly feedPort: number;
  readonly json?: true;
}

export function replayCommand(surface: Surface): Command {
  return new Command('replay')
    .description('play a recorded AMI transcript and show the calls in it')
    .argument('<file>', 'the transcript, as it came from the manager interface')
    .option('--speed <n|max>', 'times as fast as recorded, or max', speed, 0)
    .option(
      '--feed-port <port>',
      'TCP port on which subscribers may listen; 0 takes any',
      wholeNumber(0, 65_535),
      0,
    )
    .addOption(jsonOption())
    .addHelpText('after', `\nExample:\n  offhook replay ami.txt --speed 10\n${exitCodesHelp}`)
    .action((file: string, options: ReplayOptions) => replay(file, options, surface));
}

function speed(text: string): number {
  if (text === 'max') return 0;
  try {
    return decimal(0.001, 100_000)(text);
  } catch {
    throw new InvalidArgumentError('Expected a number from 0.001 to 100000, or max.');
  }
}

async function replay(file: string, options: ReplayOptions, surface: Surface): Promise<void> {
  const lines = new Lines(surface.paint);
  const show = (event: CallEvent): void => {
    const line =
      options.json === true
        ? JSON.stringify(event)
        : isOfCall(event)
          ? lines.call(clock(event), newsOfEvent(event))
          : lines.source(clock(event), newsOfSource(event));
    if (line !== undefined) surface.out(line);
  };
  // Only here all of a server is needed; the other commands start faster without.
  const { runReplay } = await import('../app/replay-run.ts');
  const config = configOf(
    { http: { enabled: false } },
    'The replay',
    thisMachine(process.cwd(), readers),
    {
      feed: { port: options.feedPort },
    },
  );
  const { calls, events } = await runReplay({
    config,
    file,
    speed: options.speed,
    log: createLog({ level: 'error', parties: false }),
    onListening: ({ host, port: at }) => {
      surface.aside(surface.asidePaint('dim', `-- feed on ${host}:${at} while it lasts`));
    },
    onEvent: show,
  });
  const text = `${calls} ${calls === 1 ? 'call' : 'calls'}, ${events} events`;
  surface.aside(surface.asidePaint('dim', `-- end of ${file}: ${text}`));
}

/** `hh:mm:ss` UTC, by the clock of the system that was recorded. */
function clock(event: CallEvent): string {
  return new Date(event.atMs).toISOString().slice(11, 19);
}
