/**
 * Who has failed too often: so many failures of one within a time, and for that time no password is right.
 * Pure; time is given in. Remembers those only whom it is told of, and forgets the oldest beyond its bound.
 */

export interface LockoutLimits {
  /** Failures that lock, at least 1. */
  readonly lockAfter: number;
  /** Within how long, and for how long, milliseconds. */
  readonly lockForMs: number;
}

interface Record {
  /** When the latest failures were, oldest first; never more than lock. */
  failuresMs: number[];
  lockedAtMs?: number;
}

export class Lockout {
  limits: LockoutLimits;
  readonly #most: number;
  readonly #records = new Map<string, Record>();

  /** @param most how many are remembered */
  constructor(limits: LockoutLimits, most: number) {
    this.limits = limits;
    this.#most = most;
  }

  /** How many are remembered. */
  get size(): number {
    return this.#records.size;
  }

  /** How many are locked. */
  locked(nowMs: number): number {
    const { lockForMs } = this.limits;
    let count = 0;
    for (const { lockedAtMs } of this.#records.values()) {
      if (lockedAtMs !== undefined && nowMs < lockedAtMs + lockForMs) count += 1;
    }
    return count;
  }

  isLocked(who: string, nowMs: number): boolean {
    const record = this.#records.get(who);
    if (record?.lockedAtMs === undefined) return false;
    if (nowMs < record.lockedAtMs + this.limits.lockForMs) return true;
    this.#records.delete(who);
    return false;
  }

  /** Of one who is not locked. @returns whether that locks */
  failed(who: string, nowMs: number): boolean {
    const record = this.#records.get(who) ?? { failuresMs: [] };
    // Who failed last is remembered longest.
    this.#records.delete(who);
    this.#records.set(who, record);
    const sinceMs = nowMs - this.limits.lockForMs;
    record.failuresMs = [...record.failuresMs.filter((atMs) => atMs > sinceMs), nowMs];
    const isLocked = record.failuresMs.length >= this.limits.lockAfter;
    if (isLocked) record.lockedAtMs = nowMs;
    this.#makeRoom();
    return isLocked;
  }

  /** One who is not locked was right: earlier failures are forgiven. */
  succeeded(who: string): void {
    this.#records.delete(who);
  }

  #makeRoom(): void {
    if (this.#records.size <= this.#most) return;
    const [oldest] = this.#records.keys();
    if (oldest !== undefined) this.#records.delete(oldest);
  }
}
