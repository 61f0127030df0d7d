/**
 * The users file: API users with their passwords as hashes and what each may do, kept by commands and read by
 * the server.
 */
import { z } from 'zod';
import { dateShape, isDate, isTimeZone, timeZoneShape } from '../base/civil-time.ts';
import { emailKey, emailShape, isEmail } from '../base/names.ts';
import { parsePasswordHash, passwordHashShape } from '../base/password-hash.ts';
import { changeOwnedFile, OwnedFileError, ownedValue, readOwnedFile } from './owned-file.ts';

/** A user of the file. */
export interface FiledUser {
  /** What the user logs in with; case makes no difference. */
  readonly email: string;
  /** As `passwordHashText` writes it. */
  readonly password: string;
  /** The account whose recordings the user sees; those of every account without it. */
  readonly account?: number;
  /** Whether the user may drive recorders, and change and delete recordings. */
  readonly control: boolean;
  /** Whether the user may see video and other supplemental files. */
  readonly video: boolean;
  /** The day, `yyyy-mm-dd`, from which on the password lets nobody in. */
  readonly passwordExpires?: string;
  /** A name of the IANA database. */
  readonly timeZone: string;
  /** When the user was added, ISO 8601 UTC. */
  readonly created: string;
}

const mostUsers = 10_000;
const mostAccount = 2_147_483_647;

const schema = z.strictObject({
  version: z.literal(1, { error: 'expected 1, the only version there is' }),
  users: z
    .array(
      z.strictObject({
        email: z.string().refine(isEmail, { error: `expected ${emailShape}` }),
        password: z.string().refine(isHash, { error: `expected ${passwordHashShape}` }),
        account: z
          .number({ error: 'expected a number' })
          .int()
          .min(1, { error: 'expected 1 or more' })
          .max(mostAccount, { error: `expected at most ${mostAccount}` })
          .exactOptional(),
        control: z.boolean(),
        video: z.boolean(),
        passwordExpires: z
          .string()
          .refine(isDate, { error: `expected ${dateShape}` })
          .exactOptional(),
        timeZone: z.string().refine(isTimeZone, { error: `expected ${timeZoneShape}` }),
        created: z.iso.datetime({ error: 'expected a time such as 2026-01-31T12:00:00Z' }),
      }),
    )
    .max(mostUsers, { error: `expected at most ${mostUsers} users` }),
});

function isHash(text: string): boolean {
  return parsePasswordHash(text) !== undefined;
}

/**
 * The users in the file at `path`; none where there is no file.
 * @throws {OwnedFileError} when it cannot be read, is none of ours, or others may write to it
 */
export function readUserFile(path: string): readonly FiledUser[] {
  return usersIn(readOwnedFile(path));
}

/**
 * Puts what `change` makes of the users into the place of the file at `path`; see `changeOwnedFile`.
 * @param patienceMs how long to wait for another who changes the file, milliseconds
 * @throws {OwnedFileError} when the file cannot be read or written, or another holds it for too long
 */
export function changeUserFile(
  path: string,
  change: (users: readonly FiledUser[]) => readonly FiledUser[],
  patience: { readonly patienceMs?: number } = {},
): Promise<void> {
  const changed = (before: string | undefined): string => {
    const text = `${JSON.stringify({ version: 1, users: change(usersIn(before)) }, null, 2)}\n`;
    usersIn(text);
    return text;
  };
  return changeOwnedFile(path, changed, { what: 'users', ...patience });
}

function usersIn(text: string | undefined): readonly FiledUser[] {
  if (text === undefined) return [];
  const { users } = ownedValue(text, schema);
  const known = new Set<string>();
  for (const [index, { email }] of users.entries()) {
    const key = emailKey(email);
    if (known.has(key))
      throw new OwnedFileError(`users[${index}].email: "${email}" is there twice`);
    known.add(key);
  }
  return users;
}
