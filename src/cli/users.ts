/** `offhook users`: making the API users that log in to the FACE interface, and keeping account of them. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { hashPassword } from '../access/scrypt.ts';
import { dateShape, isDate, isTimeZone, timeZoneShape } from '../base/civil-time.ts';
import { emailShape, isEmail } from '../base/names.ts';
import { wholeNumber } from './arguments.ts';
import { exitCodesHelp } from './failure.ts';
import { configOption, jsonOption } from './options.ts';
import { passwordFrom, type PasswordOptions } from './password.ts';
import type { Surface } from './surface.ts';
import {
  addUser,
  bookFor,
  bookWith,
  changePassword,
  knownUsers,
  removeUser,
  userTable,
} from './user-book.ts';

interface BookOptions {
  readonly config: string;
  readonly json?: true;
}

interface AddOptions extends BookOptions, PasswordOptions {
  readonly account?: number;
  readonly control: boolean;
  readonly video: boolean;
  readonly expires?: string;
  readonly timeZone: string;
}

interface PasswdOptions extends BookOptions, PasswordOptions {
  readonly expires?: string;
}

interface HashOptions extends PasswordOptions {
  readonly json?: true;
}

const mostAccount = 2_147_483_647;
const howPasswords = `
The password is asked for twice and not shown; programs give it on standard input (--password-stdin), and
--generate draws one. It is kept as a hash.`;

export function usersCommand(surface: Surface): Command {
  const users = new Command('users').description('make, list and remove API users (FACE)');
  const withPassword = (command: Command): Command =>
    command
      .option('--password-stdin', 'read the password from standard input')
      .option('--generate', 'draw a password and print it once');
  withPassword(
    users
      .command('add')
      .description('add a user to the users file')
      .argument('<email>', 'what the user logs in with', email)
      .addOption(
        new Option('--account <number>', 'see the recordings of this account only')
          .default(undefined, 'every account')
          .argParser(wholeNumber(1, mostAccount)),
      )
      .option('--no-control', 'may not drive recorders, or change and delete recordings')
      .option('--no-video', 'may not see video and other supplemental files')
      .addOption(expiresOption())
      .addOption(
        new Option('--time-zone <name>', 'time zone of the user').default('UTC').argParser(zone),
      ),
  )
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${howPasswords} A running server takes the user up with SIGHUP.

Examples:
  offhook users add crm@example.com --account 1 --no-control
  offhook users add backup@example.com --generate
${exitCodesHelp}`,
    )
    .action((who: string, options: AddOptions) => add(who, options, surface));
  users
    .command('list')
    .description('list the users of the configuration and of the users file')
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `\nExample:\n  offhook users list --config offhook.toml\n${exitCodesHelp}`,
    )
    .action((options: BookOptions) => list(options, surface));
  withPassword(
    users
      .command('passwd')
      .description('give a user of the users file another password')
      .argument('<email>', 'what the user logs in with', email)
      .addOption(expiresOption()),
  )
    .addOption(configOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${howPasswords} Once a running server has had SIGHUP, logins with the old one
do not hold any more, and a user who is locked stays so.

Example:
  offhook users passwd crm@example.com
${exitCodesHelp}`,
    )
    .action((who: string, options: PasswdOptions) => passwd(who, options, surface));
  users
    .command('remove')
    .description('take a user out of the users file')
    .argument('<email>', 'what the user logs in with')
    .addOption(configOption())
    .addHelpText(
      'after',
      `
A running server knows the user no more once it has had SIGHUP; logins that go on end with it.

Example:
  offhook users remove crm@example.com
${exitCodesHelp}`,
    )
    .action((who: string, options: BookOptions) => remove(who, options, surface));
  withPassword(
    users.command('hash').description('print the hash of a password, for the configuration'),
  )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `${howPasswords}

Examples:
  offhook users hash
  printf %s "$PASSWORD" | offhook users hash --password-stdin --json
${exitCodesHelp}`,
    )
    .action((options: HashOptions) => hash(options, surface));
  return users;
}

function expiresOption(): Option {
  return new Option('--expires <date>', 'the day from which on the password lets nobody in (UTC)')
    .default(undefined, 'never')
    .argParser((text: string) => {
      if (isDate(text)) return text;
      throw new InvalidArgumentError(`Expected ${dateShape.replace(' in quotes', '')}.`);
    });
}

function email(text: string): string {
  if (isEmail(text)) return text;
  throw new InvalidArgumentError(`Expected ${emailShape}.`);
}

function zone(text: string): string {
  if (isTimeZone(text)) return text;
  throw new InvalidArgumentError(`Expected ${timeZoneShape}.`);
}

async function add(who: string, options: AddOptions, surface: Surface): Promise<void> {
  const { account, control, video, expires, timeZone } = options;
  const rights = {
    email: who,
    ...(account !== undefined && { account }),
    ...{ control, video },
    ...(expires !== undefined && { passwordExpires: expires }),
    timeZone,
  };
  const book = bookFor(options.config, rights);
  const password = await passwordFrom(options, surface);
  const created = new Date().toISOString();
  await addUser(book, { ...rights, password: await hashPassword(password), created });
  const { usersFile } = book;
  if (options.json === true) {
    const shown = options.generate === true ? { password } : {};
    surface.out(JSON.stringify({ ...rights, ...shown, usersFile }, null, 2));
    return;
  }
  if (options.generate === true) tellPassword(who, password, surface);
  const sees = account === undefined ? 'every account' : `account ${account}`;
  const drives = control ? 'may' : 'may not';
  const watches = video ? 'may' : 'may not';
  surface.out(
    `${who} sees the recordings of ${sees}, ${drives} drive recorders, and ${watches} see video.`,
  );
  surface.aside(`The hash of the password is in ${usersFile}.`);
  if (!book.enabled) {
    surface.aside('The server has nothing to log in to: set enabled = true under [face].');
  }
  surface.aside(`A running server takes the user up with SIGHUP${reloading}`);
}

const reloading = ': `systemctl reload offhook`, or `kill -HUP` and its process id.';

function tellPassword(who: string, password: string, surface: Surface): void {
  surface.out(`The password of ${who}; it is not shown again:`);
  surface.out(`  ${surface.paint('bold', password)}`);
}

function list(options: BookOptions, surface: Surface): void {
  const users = knownUsers(options.config);
  if (options.json === true) {
    surface.out(JSON.stringify(users, null, 2));
    return;
  }
  if (users.length === 0) {
    surface.out('There is no user.');
    surface.aside('`offhook users add <email>` makes one.');
    return;
  }
  for (const line of userTable(users, surface.paint)) surface.out(line);
}

async function passwd(who: string, options: PasswdOptions, surface: Surface): Promise<void> {
  const next = 'Put what `offhook users hash` prints into its [[user]] there.';
  const book = bookWith(options.config, who, next);
  const password = await passwordFrom(options, surface);
  await changePassword(book, who, await hashPassword(password), options.expires);
  const { usersFile } = book;
  if (options.json === true) {
    const shown = options.generate === true ? { password } : {};
    surface.out(JSON.stringify({ email: who, ...shown, usersFile }, null, 2));
    return;
  }
  if (options.generate === true) tellPassword(who, password, surface);
  const until =
    options.expires === undefined ? 'does not expire' : `holds until ${options.expires}`;
  surface.out(`${who} has a new password; it ${until}.`);
  surface.aside(`A running server takes it up with SIGHUP${reloading}`);
}

async function remove(who: string, options: BookOptions, surface: Surface): Promise<void> {
  const { usersFile } = await removeUser(options.config, who);
  surface.out(`${who} is no longer in ${usersFile}.`);
  surface.aside(`A running server lets that user in no more after SIGHUP${reloading}`);
}

async function hash(options: HashOptions, surface: Surface): Promise<void> {
  const password = await passwordFrom(options, surface);
  const made = await hashPassword(password);
  if (options.json === true) {
    const shown = options.generate === true ? { password } : {};
    surface.out(JSON.stringify({ ...shown, hash: made }, null, 2));
    return;
  }
  if (options.generate === true) tellPassword('the user', password, surface);
  surface.out('For a [[user]] in the configuration of the server:');
  surface.out(`  password = "${made}"`);
}
