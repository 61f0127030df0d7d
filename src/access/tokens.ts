/**
 * Tokens: drawn at random, shown once, kept only as a hash. A token has 256 bits of chance in it, so one
 * round of SHA-256 is enough; there is nothing to guess.
 */
import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';

/** A holder of a token, as the settings name it. */
export interface NamedHash {
  readonly name: string;
  /** SHA-256 of the token, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Longest text that is looked at, in characters; ours are 47 long. */
export const longestToken = 256;

/** A new token; the prefix lets people and scanners recognise one. */
export function makeToken(): string {
  return `ohk_${randomBytes(32).toString('base64url')}`;
}

/** A new token of the FACE interface, a UUID in lower case as its clients expect, with 122 bits of chance. */
export function makeApiToken(): string {
  return randomUUID();
}

/** SHA-256 of the token's UTF-8 text, in lower-case hexadecimal. */
export function hashToken(token: string): string {
  return digestOf(token).toString('hex');
}

/**
 * The name of the grant that `presented` opens, or undefined. Takes the same time whether none, the
 * first or the last matches.
 */
export function verifyToken(presented: string, grants: readonly NamedHash[]): string | undefined {
  if (presented === '' || presented.length > longestToken) return undefined;
  const digest = digestOf(presented);
  let name: string | undefined;
  for (const grant of grants) {
    const known = Buffer.from(grant.sha256, 'hex');
    if (known.length !== digest.length) continue;
    if (timingSafeEqual(known, digest)) name ??= grant.name;
  }
  return name;
}

function digestOf(token: string): Buffer {
  return createHash('sha256').update(token, 'utf8').digest();
}
