/**
 * API users: who may log in, and what they may see and do, as configured now. Pure.
 */
import { startOfDate } from '../base/civil-time.ts';
import { emailKey, isEmail } from '../base/names.ts';
import { parsePasswordHash, type PasswordHash } from '../base/password-hash.ts';
import { hashToken } from './tokens.ts';

/** What is known of who asks. */
export interface ApiUser {
  /** As it was configured. */
  readonly email: string;
  /** The account whose recordings may be seen; those of every account without it. */
  readonly account?: number;
  /** Whether recorders may be driven, and recordings changed and deleted. */
  readonly control: boolean;
  /** Whether video and other supplemental files may be seen. */
  readonly video: boolean;
  /** A name of the IANA database. */
  readonly timeZone: string;
}

/** A user as it was written; what must hold of each value has been checked before. */
export interface UserGrant extends ApiUser {
  /** As `passwordHashText` writes it. */
  readonly password: string;
  /** The day, `yyyy-mm-dd`, from which on the password lets nobody in (UTC). */
  readonly passwordExpires?: string;
}

/** A user with what a login needs to know. */
export interface KnownUser {
  readonly user: ApiUser;
  /**
   * Names the user together with the password: another password is another name, so that what was granted
   * for the old one does not hold.
   */
  readonly key: string;
  readonly hash: PasswordHash;
  /** Milliseconds since 1970. */
  readonly passwordExpiresMs?: number;
}

export class Users {
  readonly #byEmail = new Map<string, KnownUser>();
  readonly #byKey = new Map<string, KnownUser>();

  /** Of two with the same e-mail address the first one counts. */
  constructor(written: readonly UserGrant[]) {
    for (const each of written) {
      const email = emailKey(each.email);
      const known = knownUser(each, email);
      if (known === undefined || this.#byEmail.has(email)) continue;
      this.#byEmail.set(email, known);
      this.#byKey.set(known.key, known);
    }
  }

  get size(): number {
    return this.#byEmail.size;
  }

  /** The user with that e-mail address, whatever its case. */
  find(email: string): KnownUser | undefined {
    return isEmail(email) ? this.#byEmail.get(emailKey(email)) : undefined;
  }

  /** The user that once had this key, unless the user is gone or has another password. */
  withKey(key: string): ApiUser | undefined {
    return this.#byKey.get(key)?.user;
  }
}

/** Digits of a hash of the password's hash that tell one password of a user from another. */
const printLength = 16;

/** Undefined for one whose hash cannot be read: nobody logs in as that user. */
function knownUser(
  { password, passwordExpires, ...rest }: UserGrant,
  email: string,
): KnownUser | undefined {
  const hash = parsePasswordHash(password);
  if (hash === undefined) return undefined;
  const { account, control, video, timeZone } = rest;
  const user = { ...(account !== undefined && { account }), control, video, timeZone };
  // A day that cannot be read is over.
  const expiresMs = passwordExpires === undefined ? undefined : (startOfDate(passwordExpires) ?? 0);
  return {
    user: { email: rest.email, ...user },
    // No e-mail address has a blank in it.
    key: `${email} ${hashToken(password).slice(0, printLength)}`,
    hash,
    ...(expiresMs !== undefined && { passwordExpiresMs: expiresMs }),
  };
}
