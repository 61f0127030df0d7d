/** `offhook tokens`: drawing the tokens that clients present. */
import { Command } from 'commander';
import { hashToken, makeToken } from '../access/tokens.ts';
import { exitCodesHelp } from './failure.ts';
import { jsonOption } from './options.ts';
import type { Surface } from './surface.ts';

interface MakeOptions {
  readonly name: string;
  readonly json?: true;
}

export function tokensCommand(surface: Surface): Command {
  const tokens = new Command('tokens').description('make tokens for clients');
  tokens
    .command('make')
    .description('draw a token; print it once, and the lines for the configuration')
    .option('--name <name>', 'who will hold it', 'client')
    .addOption(jsonOption())
    .addHelpText('after', `\nExample:\n  offhook tokens make --name wallboard\n${exitCodesHelp}`)
    .action((options: MakeOptions) => make(options, surface));
  return tokens;
}

function make(options: MakeOptions, surface: Surface): void {
  const token = makeToken();
  const sha256 = hashToken(token);
  if (options.json === true) {
    surface.out(JSON.stringify({ name: options.name, token, sha256 }, null, 2));
    return;
  }
  surface.out('For the client; it is not shown again:');
  surface.out(`  ${surface.paint('bold', token)}`);
  surface.out('For the configuration of the server:');
  surface.out('  [[token]]');
  surface.out(`  name = ${JSON.stringify(options.name)}`);
  surface.out(`  sha256 = "${sha256}"`);
}
