/**
 * Logging in: an e-mail address and a password for a token that holds for a while. One generic answer for
 * everything that does not fit, after the same work, so that nobody learns who is a user; and so little of it at a
 * time that whoever tries passwords harms nobody else.
 */
import type { Clock } from '../base/clock.ts';
import { emailKey } from '../base/names.ts';
import type { PasswordHash } from '../base/password-hash.ts';
import { type ApiTokenKeeper, ApiTokens } from './api-tokens.ts';
import { FairTurns } from '../base/fair-turns.ts';
import { placeOf } from './gate.ts';
import { Lockout } from './lockout.ts';
import { longestPassword, nobodysHash, verifyPassword } from './scrypt.ts';
import { makeApiToken } from './tokens.ts';
import type { ApiUser, KnownUser, Users } from './users.ts';

export type LoginResult =
  | {
      readonly kind: 'token';
      /** A UUID in lower case. */
      readonly token: string;
      readonly expiresSeconds: number;
    }
  /** No such user, another password, or locked: which of them is not told. */
  | { readonly kind: 'refused' }
  /** The password was right, and is too old. */
  | { readonly kind: 'password-expired' }
  /** Too many wait to log in, or this machine cannot do the work now. */
  | { readonly kind: 'busy' };

export interface LoginLimits {
  /** Longest life of a token, milliseconds. */
  readonly tokenLifetimeMs: number;
  /** Failed logins of one user that lock, within `lockForMs`. */
  readonly lockAfter: number;
  readonly lockForMs: number;
  /** Requests of one token a second; 0: no bound. */
  readonly requestRate: number;
}

export interface LoginParts {
  readonly users: Users;
  readonly limits: LoginLimits;
  readonly keeper: ApiTokenKeeper;
  /** What tokens expire by, also after a restart. */
  readonly clock: Clock;
  /** A clock that nobody can set, for locks and rates. */
  readonly steady: Clock;
  /** Told why tokens cannot be kept, or a password cannot be checked. */
  readonly onTrouble: (error: unknown) => void;
  /** Told that a user was locked. */
  readonly onLocked?: (email: string) => void;
  /** Absent: by scrypt. */
  readonly verify?: (password: string, known: PasswordHash) => Promise<boolean>;
}

export interface LoginStanding {
  readonly waiting: number;
  /** Remembered, those that have expired and were not looked at since included. */
  readonly tokens: number;
  readonly tokensHeld: number;
  /** Users whose failures are remembered. */
  readonly failing: number;
  readonly locked: number;
}

/** Checks of a password under way at one time: 32 MiB each, on two of the four threads of Node's pool. */
export const checksAtOnce = 2;
/** Logins that wait for that; beyond it one is told to come back. */
export const mostWaiting = 64;
/** Tokens that hold at one time, and how many of them may be one user's. */
export const mostTokens = 100_000;
export const mostTokensPerUser = 1_000;
/** Users whose failures are remembered; only of users that there are. */
const mostFailing = 20_000;
/** Bursts of requests are what comes in so many seconds. */
const burstS = 2;

export class Logins {
  readonly #parts: LoginParts;
  readonly #verify: (password: string, known: PasswordHash) => Promise<boolean>;
  readonly #turns = new FairTurns({ atOnce: checksAtOnce, waiting: mostWaiting });
  readonly #tokens: ApiTokens;
  readonly #lockout: Lockout;
  #users: Users;
  #limits: LoginLimits;
  /** How logins were answered so far. */
  readonly counts: Record<LoginResult['kind'], number> = {
    ...{ token: 0, refused: 0, 'password-expired': 0, busy: 0 },
  };

  constructor(parts: LoginParts) {
    this.#parts = parts;
    this.#verify = parts.verify ?? verifyPassword;
    this.#users = parts.users;
    this.#limits = parts.limits;
    const bounds = { all: mostTokens, perUser: mostTokensPerUser };
    this.#tokens = new ApiTokens(parts.keeper, bounds, parts.onTrouble);
    this.#lockout = new Lockout(parts.limits, mostFailing);
  }

  /** Takes back the tokens of the last run. Rejects when the keeper does. */
  async load(): Promise<void> {
    await this.#tokens.load(this.#parts.clock.now());
    this.#forgetOthers();
  }

  /** From here on these users and limits hold, also for tokens that were given before. */
  renew(users: Users, limits: LoginLimits): void {
    this.#users = users;
    this.#limits = limits;
    this.#lockout.limits = limits;
    this.#forgetOthers();
  }

  /** Logins that wait, tokens and failures that are remembered, and which of them hold: what there is to look at. */
  get standing(): LoginStanding {
    const { clock, steady } = this.#parts;
    return {
      waiting: this.#turns.waiting,
      tokens: this.#tokens.size,
      tokensHeld: this.#tokens.held(clock.now()),
      failing: this.#lockout.size,
      locked: this.#lockout.locked(steady.now()),
    };
  }

  /**
   * @param seconds how long the token shall hold; what is no number of 1 or more counts as not given
   * @param address where the login comes from; those of one address wait for each other
   */
  async login(
    email: string,
    password: string,
    seconds: number | undefined,
    address: string,
  ): Promise<LoginResult> {
    const result = await this.#answer(email, password, seconds, address);
    this.counts[result.kind] += 1;
    return result;
  }

  async #answer(
    email: string,
    password: string,
    seconds: number | undefined,
    address: string,
  ): Promise<LoginResult> {
    const user = this.#users.find(email);
    try {
      const known = user?.hash ?? nobodysHash;
      const check = (): Promise<boolean> => this.#verify(password.slice(0, longestPassword), known);
      const isRight = await this.#turns.take(placeOf(address), check);
      if (isRight === undefined) return { kind: 'busy' };
      return this.#judge(user, isRight && password.length <= longestPassword, seconds);
    } catch (error) {
      this.#parts.onTrouble(error);
      return { kind: 'busy' };
    }
  }

  /** Who presents this token, as configured now; undefined when it does not hold. */
  userOf(token: string): ApiUser | undefined {
    const holder = this.#tokens.holderOf(token, this.#parts.clock.now());
    if (holder === undefined) return undefined;
    return this.#users.withKey(holder);
  }

  /** Milliseconds after which this token may ask again; 0 when it may now, which counts as asking. */
  waitMs(token: string): number {
    const { requestRate: perSecond } = this.#limits;
    const rate = { perSecond, burst: Math.max(1, perSecond * burstS) };
    return this.#tokens.waitMs(token, rate, this.#parts.steady.now());
  }

  /** Tokens of users who are gone, or have another password, do not come back with them. */
  #forgetOthers(): void {
    this.#tokens.keepOnly((holder) => this.#users.withKey(holder) !== undefined);
  }

  /**
   * Only now is looked at the lock: of many that were tried at once, no more count than may.
   */
  #judge(user: KnownUser | undefined, isRight: boolean, seconds: number | undefined): LoginResult {
    // Who was taken out or given another password meanwhile does not get in with the old one.
    if (user === undefined || this.#users.withKey(user.key) === undefined) return refused;
    const { email } = user.user;
    const who = emailKey(email);
    const nowMs = this.#parts.steady.now();
    if (this.#lockout.isLocked(who, nowMs)) return refused;
    if (!isRight) {
      if (this.#lockout.failed(who, nowMs)) this.#parts.onLocked?.(email);
      return refused;
    }
    this.#lockout.succeeded(who);
    const atMs = this.#parts.clock.now();
    if (user.passwordExpiresMs !== undefined && atMs >= user.passwordExpiresMs) {
      return { kind: 'password-expired' };
    }
    const expiresSeconds = lifetime(seconds, Math.floor(this.#limits.tokenLifetimeMs / 1_000));
    const token = makeApiToken();
    this.#tokens.add(token, user.key, atMs + expiresSeconds * 1_000, atMs);
    return { kind: 'token', token, expiresSeconds };
  }
}

const refused: LoginResult = { kind: 'refused' };

function lifetime(asked: number | undefined, most: number): number {
  if (asked === undefined || !(asked >= 1)) return most;
  return Math.min(Math.floor(asked), most);
}
