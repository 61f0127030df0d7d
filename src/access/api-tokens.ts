/**
 * Tokens that logins were answered with: kept as hashes, with whom they stand for and until when; bounded, and
 * handed to a keeper so that they outlive the process. Pure but for the keeper; time is given in.
 */
import type { ApiTokenRow } from '../store/recording-messages.ts';
import { Bucket, type Rate } from './bucket.ts';
import { hashToken } from './tokens.ts';

/** Where tokens are kept over a restart. */
export interface ApiTokenKeeper {
  /** Keeps a row; one with the same hash is replaced. */
  put(row: ApiTokenRow): Promise<void>;
  /** Forgets these; those that are not there are no error. */
  drop(hashes: readonly string[]): Promise<void>;
  /** Every row that is kept. */
  all(): Promise<readonly ApiTokenRow[]>;
}

/** How many tokens there may be; beyond it the oldest goes. */
export interface TokenBounds {
  readonly all: number;
  readonly perUser: number;
}

interface Kept {
  readonly user: string;
  readonly expiresMs: number;
  /** How often it is used; made with its first use. */
  pace?: Bucket;
}

const tokenShape = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** How often those that have expired are looked for, beside those that somebody presents. */
const sweepEveryMs = 60_000;

export class ApiTokens {
  readonly #keeper: ApiTokenKeeper;
  readonly #bounds: TokenBounds;
  readonly #onTrouble: (error: unknown) => void;
  /** By hash, oldest first. */
  readonly #tokens = new Map<string, Kept>();
  /** Hashes by user, oldest first. */
  readonly #ofUser = new Map<string, Set<string>>();
  #sweptMs = -Infinity;

  /** @param onTrouble told why the keeper failed; tokens hold all the same, until a restart */
  constructor(keeper: ApiTokenKeeper, bounds: TokenBounds, onTrouble: (error: unknown) => void) {
    this.#keeper = keeper;
    this.#bounds = bounds;
    this.#onTrouble = onTrouble;
  }

  get size(): number {
    return this.#tokens.size;
  }

  /** How many hold; those that have expired may be remembered a little longer. */
  held(nowMs: number): number {
    let count = 0;
    for (const { expiresMs } of this.#tokens.values()) if (nowMs < expiresMs) count += 1;
    return count;
  }

  /** Takes back what the last run left. Rejects as the keeper does. */
  async load(nowMs: number): Promise<void> {
    const rows = [...(await this.#keeper.all())].sort((a, b) => a.expiresMs - b.expiresMs);
    for (const { hash, user, expiresMs } of rows) this.#add(hash, { user, expiresMs });
    this.#drop(this.#surplus());
    this.#sweep(nowMs);
  }

  add(token: string, user: string, expiresMs: number, nowMs: number): void {
    const hash = hashToken(token);
    this.#add(hash, { user, expiresMs });
    this.#tell(this.#keeper.put({ hash, user, expiresMs }));
    this.#drop(this.#surplus(user));
    this.#sweep(nowMs);
  }

  /** Whom the token stands for, by the name that it was added with; undefined when it does not hold. */
  holderOf(token: string, nowMs: number): string | undefined {
    return this.#find(token, nowMs)?.user;
  }

  /** Milliseconds after which the token may be used again; 0 when it may now, which counts as a use. */
  waitMs(token: string, rate: Rate, nowMs: number): number {
    const kept = this.#find(token, nowMs);
    if (kept === undefined) return 0;
    const pace = (kept.pace ??= new Bucket(rate, nowMs));
    return pace.take(rate, nowMs) ? 0 : pace.waitMs(rate, nowMs);
  }

  /** From here on only the tokens of those hold whom `isKnown` knows. */
  keepOnly(isKnown: (user: string) => boolean): void {
    const others = [...this.#ofUser].filter(([user]) => !isKnown(user));
    this.#drop(others.flatMap(([, hashes]) => [...hashes]));
  }

  #find(token: string, nowMs: number): Kept | undefined {
    // It is looked up by its hash: whoever learns by timing how far a hash agrees is no nearer to a token.
    if (!tokenShape.test(token)) return undefined;
    const hash = hashToken(token);
    const kept = this.#tokens.get(hash);
    if (kept === undefined || nowMs < kept.expiresMs) return kept;
    this.#drop([hash]);
    return undefined;
  }

  #add(hash: string, kept: Kept): void {
    this.#tokens.set(hash, kept);
    const hashes = this.#ofUser.get(kept.user) ?? new Set();
    hashes.add(hash);
    this.#ofUser.set(kept.user, hashes);
  }

  /** The oldest of each user and of all, beyond the bounds. */
  #surplus(user?: string): string[] {
    const lines =
      user === undefined ? this.#ofUser.values() : [this.#ofUser.get(user) ?? new Set()];
    const found = new Set<string>();
    for (const hashes of lines) {
      let over = hashes.size - this.#bounds.perUser;
      for (const hash of hashes) {
        if (over <= 0) break;
        found.add(hash);
        over -= 1;
      }
    }
    let over = this.#tokens.size - found.size - this.#bounds.all;
    for (const hash of this.#tokens.keys()) {
      if (over <= 0) break;
      if (!found.has(hash)) over -= 1;
      found.add(hash);
    }
    return [...found];
  }

  #sweep(nowMs: number): void {
    // A clock that was set back must not put it off.
    if (nowMs >= this.#sweptMs && nowMs < this.#sweptMs + sweepEveryMs) return;
    this.#sweptMs = nowMs;
    const over: string[] = [];
    for (const [hash, { expiresMs }] of this.#tokens) if (expiresMs <= nowMs) over.push(hash);
    this.#drop(over);
  }

  #drop(hashes: readonly string[]): void {
    const known = hashes.filter((hash) => {
      const kept = this.#tokens.get(hash);
      if (kept === undefined) return false;
      this.#tokens.delete(hash);
      const line = this.#ofUser.get(kept.user);
      line?.delete(hash);
      if (line?.size === 0) this.#ofUser.delete(kept.user);
      return true;
    });
    if (known.length > 0) this.#tell(this.#keeper.drop(known));
  }

  #tell(kept: Promise<void>): void {
    kept.catch(this.#onTrouble);
  }
}
