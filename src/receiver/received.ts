/**
 * What a receiver has received: requests as they came, the last few of them, and which were repeats. Pure.
 */
import type { FaultKind } from './fault.ts';

export interface Received {
  /** From 1, in order of arrival. */
  readonly number: number;
  /** When it was there as a whole, milliseconds since 1970. */
  readonly atMs: number;
  readonly method: string;
  /** Path and query, byte for byte. */
  readonly path: string;
  /** Names in lower case; of several of one name, joined as HTTP does. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its first part, as UTF-8. */
  readonly body: string;
  /** Bytes of the whole body. */
  readonly bodyBytes: number;
  /** What it met. */
  readonly fault: FaultKind;
  /** Header `idempotency-key`. */
  readonly key: string | undefined;
  /** How often this key had come before; 0 for the first time, and where there is none. */
  readonly repeats: number;
  /** Number of the connection on which it came, from 1. */
  readonly connection: number;
}

/** Requests that are kept: so many, and so many characters of them all. */
const mostKept = 10_000;
const mostCharacters = 32 * 1024 * 1024;
/** Keys that are remembered at least, and the longest of them. */
const leastKeys = 50_000;
const longestKey = 256;

export class Memory {
  readonly #kept: Received[] = [];
  /** How often each key has come: those of late, and those before them. */
  #recent = new Map<string, number>();
  #older: ReadonlyMap<string, number> = new Map();
  #characters = 0;
  #count = 0;
  #repeats = 0;

  /** The last ones, oldest first. */
  get requests(): readonly Received[] {
    return this.#kept;
  }

  /** All that have come. */
  get count(): number {
    return this.#count;
  }

  /** Requests whose key had come before. */
  get repeats(): number {
    return this.#repeats;
  }

  take(request: Omit<Received, 'number' | 'repeats' | 'key'>): Received {
    this.#count += 1;
    const key = request.headers['idempotency-key']?.slice(0, longestKey);
    const repeats = key === undefined ? 0 : this.#timesOf(key);
    if (key !== undefined) this.#remember(key, repeats + 1);
    if (repeats > 0) this.#repeats += 1;
    const received = { ...request, number: this.#count, key, repeats };
    this.#kept.push(received);
    this.#characters += charactersOf(received);
    while (this.#kept.length > mostKept || this.#characters > mostCharacters) {
      const oldest = this.#kept.shift();
      if (oldest === undefined) break;
      this.#characters -= charactersOf(oldest);
    }
    return received;
  }

  #timesOf(key: string): number {
    return this.#recent.get(key) ?? this.#older.get(key) ?? 0;
  }

  #remember(key: string, times: number): void {
    this.#recent.set(key, times);
    if (this.#recent.size < leastKeys) return;
    this.#older = this.#recent;
    this.#recent = new Map();
  }
}

function charactersOf({ path, headers, body }: Received): number {
  const words = Object.entries(headers).map(([name, value]) => name.length + value.length);
  return path.length + body.length + words.reduce((sum, length) => sum + length, 0);
}
