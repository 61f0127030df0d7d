/** `offhook tokens`: making the tokens that clients present, and keeping account of them. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { isPattern } from '../access/token-file.ts';
import { hashToken, makeToken } from '../access/tokens.ts';
import { plainName, plainNameShape } from '../base/names.ts';
import { several } from './arguments.ts';
import { exitCodesHelp } from './failure.ts';
import { configOption, jsonOption } from './options.ts';
import type { Surface } from './surface.ts';
import { addToken, extensionsText, knownTokens, removeToken, tokenTable } from './token-book.ts';

interface MakeOptions {
  readonly name: string;
  readonly json?: true;
}

interface AddOptions {
  readonly name: string;
  readonly extension: readonly string[];
  readonly control?: true;
  readonly manage?: true;
  readonly config: string;
  readonly json?: true;
}

interface BookOptions {
  readonly config: string;
  readonly json?: true;
}

export function tokensCommand(surface: Surface): Command {
  const tokens = new Command('tokens').description('make, list and remove tokens of clients');
  tokens
    .command('add')
    .description('make a token, keep its hash in the tokens file, and print it once')
    .requiredOption('--name <name>', 'who will hold it', name)
    .addOption(
      new Option(
        '--extension <pattern>',
        'what it may see: 1001, 10* or 1000-1099 (may be repeated)',
      )
        .default([], 'every call')
        .argParser(pattern),
    )
    .option('--control', 'it may drive recorders, and change and delete recordings')
    .option('--manage', 'it may manage destinations and see their deliveries')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Without --extension it may see every call. A running server takes the token up with SIGHUP.

Example:
  offhook tokens add --name wallboard --extension 1001 --extension '10*'
${exitCodesHelp}`,
    )
    .action((options: AddOptions) => add(options, surface));
  tokens
    .command('list')
    .description(
      'list the tokens of the configuration and of the tokens file, without their hashes',
    )
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nExample:\n  offhook tokens list --config offhook.toml\n${exitCodesHelp}`,
    )
    .action((options: BookOptions) => list(options, surface));
  tokens
    .command('remove')
    .description('take a token out of the tokens file')
    .argument('<name>', 'its name, as it was added')
    .addOption(configOption())
    .addHelpText(
      'after',
      `
A running server refuses the token once it has had SIGHUP.

Example:
  offhook tokens remove wallboard
${exitCodesHelp}`,
    )
    .action((who: string, options: BookOptions) => remove(who, options, surface));
  tokens
    .command('make')
    .description('draw a token; print it once, and the lines for the configuration')
    .option('--name <name>', 'who will hold it', name, 'client')
    .addOption(jsonOption())
    .addHelpText('after', `\nExample:\n  offhook tokens make --name wallboard\n${exitCodesHelp}`)
    .action((options: MakeOptions) => make(options, surface));
  return tokens;
}

function name(text: string): string {
  if (plainName.test(text)) return text;
  throw new InvalidArgumentError(`Expected ${plainNameShape}.`);
}

function pattern(text: string, before: readonly string[]): readonly string[] {
  if (isPattern(text)) return several(text, before);
  throw new InvalidArgumentError(
    'Expected an extension as 1001, 10* or 1000-1099 (equally long, from low to high).',
  );
}

async function add(options: AddOptions, surface: Surface): Promise<void> {
  const token = makeToken();
  const extensions = [...new Set(options.extension)];
  const control = options.control === true;
  const manage = options.manage === true;
  const rights = { name: options.name, extensions, control, manage };
  const created = new Date().toISOString();
  const book = await addToken(options.config, { ...rights, sha256: hashToken(token), created });
  if (options.json === true) {
    const { tokensFile } = book;
    surface.out(JSON.stringify({ ...rights, token, tokensFile }, null, 2));
    return;
  }
  surface.out(`The token of ${options.name}; it is not shown again:`);
  surface.out(`  ${surface.paint('bold', token)}`);
  const controls = control ? 'It may control recordings' : 'It may not control recordings';
  const manages = manage ? ' It may manage destinations, and import and verify recordings.' : '';
  surface.out(`It may see ${sees(extensions)}. ${controls}.${manages}`);
  surface.aside(`Its hash is in ${book.tokensFile}.`);
  if (!book.requireToken) {
    surface.aside('The server asks for no token: set requireToken = true under [access].');
  }
  surface.aside(`A running server takes it up with SIGHUP${reloading}`);
}

function sees(extensions: readonly string[]): string {
  return extensions.length === 0 ? 'every call' : `the calls of ${extensionsText(extensions)}`;
}

const reloading = ': `systemctl reload offhook`, or `kill -HUP` and its process id.';

function list(options: BookOptions, surface: Surface): void {
  const tokens = knownTokens(options.config);
  if (options.json === true) {
    surface.out(JSON.stringify(tokens, null, 2));
    return;
  }
  if (tokens.length === 0) {
    surface.out('There is no token.');
    surface.aside('`offhook tokens add --name <name>` makes one.');
    return;
  }
  for (const line of tokenTable(tokens, surface.paint)) surface.out(line);
}

async function remove(who: string, options: BookOptions, surface: Surface): Promise<void> {
  const { tokensFile } = await removeToken(options.config, who);
  surface.out(`The token of ${who} is no longer in ${tokensFile}.`);
  surface.aside(`A running server refuses it after SIGHUP${reloading}`);
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
