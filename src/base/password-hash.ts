/**
 * How a password is kept: the text form of an scrypt hash, with the costs it was made with. Pure: reads and
 * writes the text; making and comparing hashes is the business of whoever lets people in.
 */

/** What one hash costs: memory 128 × n × r bytes, time in proportion to n × r × p. */
export interface ScryptCosts {
  /** A power of two. */
  readonly n: number;
  readonly r: number;
  readonly p: number;
}

export interface PasswordHash extends ScryptCosts {
  readonly salt: Uint8Array;
  readonly hash: Uint8Array;
}

/** What new hashes are made with: 32 MiB, and about a tenth of a second. */
export const usualCosts: ScryptCosts = { n: 32_768, r: 8, p: 1 };
export const saltBytes = 16;
export const hashBytes = 32;

// A hash comes from a file that somebody else may have written: it must not say how much of this machine it takes.
const leastN = 16_384;
const mostN = 131_072;
const mostR = 16;
const mostP = 4;
const mostMemory = 64 * 1024 * 1024;
const mostWork = 4 * usualCosts.n * usualCosts.r * usualCosts.p;
const longestText = 256;

export const passwordHashShape = 'a hash as `offhook users hash` prints it';

/** `scrypt$32768$8$1$SALT$HASH`, salt and hash in base64url. */
export function passwordHashText({ n, r, p, salt, hash }: PasswordHash): string {
  return ['scrypt', n, r, p, base64url(salt), base64url(hash)].join('$');
}

/**
 * What `passwordHashText` has written; undefined for anything else, and for a hash that would be weaker than
 * any of ours or cost more than 64 MiB, or four times the time.
 */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  if (text.length > longestText) return undefined;
  const match = /^scrypt\$([1-9]\d{0,6})\$([1-9]\d?)\$([1-9])\$([\w-]+)\$([\w-]+)$/.exec(text);
  if (match === null) return undefined;
  const [n = 0, r = 0, p = 0] = match.slice(1, 4).map(Number);
  const [salt, hash] = match.slice(4).map((part) => Buffer.from(part, 'base64url'));
  if (n < leastN || n > mostN || (n & (n - 1)) !== 0 || r > mostR || p > mostP) return undefined;
  if (128 * n * r > mostMemory || n * r * p > mostWork) return undefined;
  // A shorter hash would let more passwords in.
  if (salt?.length !== saltBytes || hash?.length !== hashBytes) return undefined;
  return { n, r, p, salt, hash };
}

function base64url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64url');
}
