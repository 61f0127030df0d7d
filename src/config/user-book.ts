/**
 * What a configuration says of API users, whatever else in it is wrong: the first user must be made before
 * anybody can log in. Pure.
 */
import { takeEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { usersFileOf } from './files.ts';
import { InvalidConfigError } from './problem.ts';
import { parseFile } from './read.ts';
import { copyTree, tablesOf, valueAt } from './tree.ts';

export interface WrittenUser {
  readonly email: string;
  /** Sees the recordings of every account without one. */
  readonly account?: number;
  readonly control: boolean;
  readonly video: boolean;
  /** A day, `yyyy-mm-dd`. */
  readonly passwordExpires?: string;
  readonly timeZone: string;
}

export interface UserBook {
  /** Absolute path of the users file; it need not be there. */
  readonly usersFile: string;
  /** The `[[user]]` tables that have an e-mail address. */
  readonly users: readonly WrittenUser[];
  /** The numbers of the `[[account]]` tables; none: everything is account 1. */
  readonly accounts: readonly number[];
  /** Whether the server serves what users log in to. */
  readonly enabled: boolean;
}

/**
 * Reads what the text of a configuration file says of users.
 * @param folder absolute folder that relative paths start from
 * @throws {InvalidConfigError} when the text is no TOML, or the users file is no path
 */
export function readUserBook(
  text: string,
  origin: string,
  { env, folder }: { readonly env: Environment; readonly folder: string },
): UserBook {
  const written = copyTree(parseFile(text, origin));
  takeEnvironment(written, env, []);
  const usersFile = usersFileOf(written, folder);
  if (usersFile === undefined) {
    const problem = { path: 'face.usersFile', seen: 'no path', expected: 'a path' };
    throw new InvalidConfigError(origin, [problem]);
  }
  const users = tablesOf(written, 'user').flatMap(({ table }): WrittenUser[] => {
    const { email, account, control, video, passwordExpires, timeZone } = table;
    if (typeof email !== 'string') return [];
    return [
      {
        email,
        ...(typeof account === 'number' && { account }),
        control: control !== false,
        video: video !== false,
        ...(typeof passwordExpires === 'string' && { passwordExpires }),
        timeZone: typeof timeZone === 'string' ? timeZone : 'UTC',
      },
    ];
  });
  const accounts = tablesOf(written, 'account').flatMap(({ table: { id } }) =>
    typeof id === 'number' ? [id] : [],
  );
  return {
    usersFile,
    users,
    accounts,
    enabled: valueAt(written, ['face', 'enabled']) === true,
  };
}
