#!/usr/bin/env -S node --max-semi-space-size=32
/**
 * The program `offhook`: its commands, and how every one of them ends. The commands are files of their
 * own beside this one.
 */
import { Command, CommanderError } from 'commander';
import { callsCommand } from './calls.ts';
import { cdrCommand } from './cdr.ts';
import { checkCommand } from './check.ts';
import { deliveriesCommand } from './deliveries.ts';
import { destinationsCommand } from './destinations.ts';
import { explain, exitCodesHelp, failureText } from './failure.ts';
import type { ExitCode } from './failure.ts';
import { receiverCommand } from './receiver.ts';
import { recordingsCommand } from './recordings.ts';
import { replayCommand } from './replay.ts';
import { serveCommand } from './serve.ts';
import { simulateCommand } from './simulate.ts';
import { processSurface } from './surface.ts';
import type { Surface } from './surface.ts';
import { tailCommand } from './tail.ts';
import { tokensCommand } from './tokens.ts';
import { usersCommand } from './users.ts';

const surface = processSurface();
process.on('uncaughtException', (error) => {
  complain(error, surface);
  process.exit(1);
});
process.exitCode = await run(process.argv, surface);
// Nothing should hold the process now; if something does, it shall not hold the person.
setTimeout(() => process.exit(), 1000).unref();

async function run(argv: readonly string[], to: Surface): Promise<ExitCode> {
  try {
    await program(to).parseAsync([...argv]);
    return 0;
  } catch (error) {
    // Commander has printed what it had to say: the help or version that was asked for, or a mistake.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return complain(error, to);
  }
}

function complain(error: unknown, to: Surface): ExitCode {
  const failure = explain(error);
  const debug = (to.env['OFFHOOK_DEBUG'] ?? '') !== '';
  process.stderr.write(failureText(failure, debug));
  return failure.exitCode;
}

function program(to: Surface): Command {
  const offhook = new Command('offhook')
    .description('Live call feed server: who is talking to whom, this second.')
    .version(to.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .showHelpAfterError('(--help shows how it is used)')
    .exitOverride()
    .addHelpText('after', `\nExample:\n  offhook simulate\n${exitCodesHelp}`);
  const commands = [
    serveCommand(to),
    simulateCommand(to),
    tailCommand(to),
    callsCommand(to),
    cdrCommand(to),
    checkCommand(to),
    replayCommand(to),
    receiverCommand(to),
    tokensCommand(to),
    usersCommand(to),
    destinationsCommand(to),
    deliveriesCommand(to),
    recordingsCommand(to),
  ];
  for (const command of commands) {
    adopt(offhook, command);
    offhook.addCommand(command);
  }
  return offhook;
}

/** Commands that are made apart do not inherit how mistakes are handled. */
function adopt(parent: Command, command: Command): void {
  command.copyInheritedSettings(parent);
  for (const child of command.commands) adopt(command, child);
}
