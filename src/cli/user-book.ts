/**
 * The API users that a server would know, as the commands for users see them: those written into the
 * configuration, and those of the users file beside it.
 */
import { OwnedFileError } from '../access/owned-file.ts';
import { changeUserFile, readUserFile } from '../access/user-file.ts';
import type { FiledUser } from '../access/user-file.ts';
import { emailKey } from '../base/names.ts';
import { loadUserBook } from '../config/load.ts';
import type { UserBook } from '../config/user-book.ts';
import { Failure } from './failure.ts';
import { printable, table } from './terminal.ts';
import type { Cell, Paint } from './terminal.ts';

/** A user without the hash of the password. */
export interface KnownUser extends Omit<FiledUser, 'password' | 'created'> {
  /** When the user was added, ISO 8601; not known of those in the configuration. */
  readonly created?: string;
  readonly in: 'configuration' | 'users file';
}

/** The users of the configuration at `path`, those of the configuration file first. */
export function knownUsers(path: string): readonly KnownUser[] {
  const book = loadUserBook(path);
  const written = book.users.map((user): KnownUser => ({ ...user, in: 'configuration' }));
  const filed = readFiled(book).map(({ password: _password, ...user }): KnownUser => ({
    ...user,
    in: 'users file',
  }));
  return [...written, ...filed];
}

function readFiled(book: UserBook): readonly FiledUser[] {
  try {
    return readUserFile(book.usersFile);
  } catch (error) {
    throw told(error, book);
  }
}

/**
 * Whether such a user could be added, as far as can be known before it has a password.
 * @throws {Failure} when the address is taken, or there is no such account
 */
export function bookFor(
  path: string,
  { email, account }: Pick<FiledUser, 'email' | 'account'>,
): UserBook {
  const book = loadUserBook(path);
  const name = JSON.stringify(printable(email));
  if (isAmong(book.users, email)) {
    const next = 'Choose another address, or delete its [[user]] there.';
    throw new Failure(1, `A user ${name} is in ${path} already.`, next);
  }
  if (isAmong(readFiled(book), email)) throw taken(book, email);
  const { accounts } = book;
  if (account !== undefined && accounts.length > 0 && !accounts.includes(account)) {
    const next = `Choose one of ${accounts.join(', ')}, or add it there.`;
    throw new Failure(1, `${path} has no [[account]] with the id ${account}.`, next);
  }
  return book;
}

/**
 * Adds a user to the users file.
 * @throws {Failure} when the address is taken, or the file cannot be changed
 */
export function addUser(book: UserBook, user: FiledUser): Promise<void> {
  return change(book, (users) => {
    if (isAmong(users, user.email)) throw taken(book, user.email);
    return [...users, user];
  });
}

/**
 * Takes a user out of the users file.
 * @throws {Failure} when there is none of that address, or the file cannot be changed
 */
export async function removeUser(path: string, email: string): Promise<UserBook> {
  const book = bookWith(path, email, 'Delete its [[user]] there.');
  await change(book, (users) => {
    const others = users.filter((each) => emailKey(each.email) !== emailKey(email));
    if (others.length === users.length) throw unknown(book, email);
    return others;
  });
  return book;
}

/**
 * The book in which the user stands, for a change of the users file.
 * @param next what to do about a user of the configuration, a sentence
 * @throws {Failure} when the user is in the configuration, or nowhere
 */
export function bookWith(path: string, email: string, next: string): UserBook {
  const book = loadUserBook(path);
  if (isAmong(book.users, email)) {
    const shown = JSON.stringify(printable(email));
    throw new Failure(1, `The user ${shown} is in ${path}, not in the users file.`, next);
  }
  // A file is not made only to find out that it holds nobody.
  if (!isAmong(readFiled(book), email)) throw unknown(book, email);
  return book;
}

/**
 * Gives a user of the users file another password; a day on which the old one expired is forgotten.
 * @param passwordExpires the day, `yyyy-mm-dd`, from which on the new one lets nobody in; absent: never
 * @throws {Failure} when there is no such user any more, or the file cannot be changed
 */
export function changePassword(
  book: UserBook,
  email: string,
  password: string,
  passwordExpires?: string,
): Promise<void> {
  return change(book, (users) => {
    if (!isAmong(users, email)) throw unknown(book, email);
    return users.map((user) => {
      if (emailKey(user.email) !== emailKey(email)) return user;
      const { passwordExpires: _old, ...rest } = user;
      return { ...rest, password, ...(passwordExpires !== undefined && { passwordExpires }) };
    });
  });
}

function isAmong(users: readonly { readonly email: string }[], email: string): boolean {
  return users.some((each) => emailKey(each.email) === emailKey(email));
}

function taken({ usersFile }: UserBook, email: string): Failure {
  const next = `Choose another address, or \`offhook users passwd\` gives that user another password.`;
  const name = JSON.stringify(printable(email));
  return new Failure(1, `A user ${name} is in ${usersFile} already.`, next);
}

function unknown({ usersFile }: UserBook, email: string): Failure {
  const next = '`offhook users list` shows those that there are.';
  const shown = JSON.stringify(printable(email));
  return new Failure(1, `${usersFile} has no user ${shown}.`, next);
}

async function change(
  book: UserBook,
  next: (users: readonly FiledUser[]) => readonly FiledUser[],
): Promise<void> {
  try {
    await changeUserFile(book.usersFile, next);
  } catch (error) {
    throw told(error, book);
  }
}

function told(error: unknown, { usersFile }: UserBook): unknown {
  if (!(error instanceof OwnedFileError)) return error;
  const message = `${usersFile} cannot be used: ${error.message}.`;
  return new Failure(1, message, undefined, { cause: error });
}

const widestCell = 48;

/** Users as a table for people, a line each under a heading. */
export function userTable(users: readonly KnownUser[], paint: Paint): readonly string[] {
  const heading = [
    'E-mail',
    'Account',
    'Control',
    'Video',
    'Password until',
    'Time zone',
    'Kept in',
  ];
  const rows = users.map((user): readonly Cell[] => [
    { text: printable(user.email) },
    { text: user.account === undefined ? 'every' : String(user.account) },
    { text: user.control ? 'yes' : 'no' },
    { text: user.video ? 'yes' : 'no' },
    { text: user.passwordExpires === undefined ? 'for ever' : printable(user.passwordExpires) },
    { text: printable(user.timeZone) },
    { text: user.in, ink: 'dim' },
  ]);
  return table(heading, rows, widestCell, paint);
}
