/**
 * Passwords of people, who choose them: hashed with scrypt, slowly and with much memory, so that whoever
 * steals the hashes learns little. Works on the threads of Node's pool, never on the event loop.
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import {
  hashBytes,
  type PasswordHash,
  passwordHashText,
  saltBytes,
  type ScryptCosts,
  usualCosts,
} from '../base/password-hash.ts';

/** Longest password that is looked at, in characters. */
export const longestPassword = 1_024;

/** A hash of the password in its text form, with a salt of its own. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derived(password, salt, usualCosts);
  return passwordHashText({ ...usualCosts, salt, hash });
}

/**
 * Whether the password is the one that was hashed. Takes as long for a wrong one as for the right one.
 * Rejects when this machine cannot do the work.
 */
export async function verifyPassword(password: string, known: PasswordHash): Promise<boolean> {
  return timingSafeEqual(await derived(password, known.salt, known), known.hash);
}

/** What nobody's password has: compared with for users that there are not, at the same cost. */
export const nobodysHash: PasswordHash = {
  ...usualCosts,
  salt: new Uint8Array(saltBytes),
  hash: new Uint8Array(hashBytes),
};

function derived(password: string, salt: Uint8Array, { n, r, p }: ScryptCosts): Promise<Buffer> {
  // What is needed and a little more: Node refuses to begin where it would not do.
  const maxmem = 128 * r * (n + p + 2) + 65_536;
  // One and the same password may be typed as different characters that look alike.
  const text = password.toWellFormed().normalize('NFKC');
  return new Promise((resolve, reject) => {
    scrypt(text, salt, hashBytes, { N: n, r, p, maxmem }, (error, hash) => {
      if (error === null) resolve(hash);
      else reject(error);
    });
  });
}
