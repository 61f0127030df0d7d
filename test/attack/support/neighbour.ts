/**
 * The healthy neighbour as a test sees it: what it was told in time, calm and under attack, in the same
 * run on the same machine.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { expect } from 'vitest';

/** Milliseconds. */
export interface Latencies {
  /** The 99th percentile of each half second. */
  readonly windows: readonly number[];
  readonly worst: number;
}

/** What the neighbour saw between two points in time. */
export interface Report {
  readonly documents: number;
  /** Calls that a subscriber was not told of, seconds later. */
  readonly missing: number;
  /** What else went wrong, in words. */
  readonly failures: readonly string[];
  /** From the signal of a telephony system to the document at a subscriber. */
  readonly feed: Latencies;
  /** From a request to its answer, connecting included. */
  readonly http: Latencies;
}

/**
 * How much slower than calm the median window may be. Attacker, server and neighbour share two cores with
 * whatever else runs there, so that this is generous; a server that stands still is beyond it at once.
 */
const ratio = 10;
/** What is no harm, whatever the ratio: milliseconds, as a median of windows. A request waits to connect. */
const harmlessMs = { feed: 600, http: 1_500 };
/** One in thousands may be late, but not as late as somebody who looks would call it a fault. */
const worstMs = { feed: 2_500, http: 5_000 };

export class Neighbour {
  readonly pbxPort: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, pbxPort: number) {
    this.#child = child;
    this.pbxPort = pbxPort;
  }

  static async start(): Promise<Neighbour> {
    const child = fork(join(import.meta.dirname, 'neighbour-child.mjs'));
    const { port } = await messageFrom<{ readonly port: number }>(child, 'listening');
    return new Neighbour(child, port);
  }

  /** From here on it tells, hears and asks. */
  async live(feedPort: number, httpPort: number, token?: string): Promise<void> {
    this.#child.send({ kind: 'live', feedPort, httpPort, ...(token !== undefined && { token }) });
    await messageFrom(this.#child, 'lives');
  }

  /** Names the caller of each call from here on; longer names make longer documents. */
  rename(name: string): void {
    this.#child.send({ kind: 'name', name });
  }

  /** What it sees while `deed` is done, and for `leastMs` at the least. */
  async during(
    deed: () => Promise<void> = async () => undefined,
    leastMs = 2_000,
  ): Promise<Report> {
    this.#child.send({ kind: 'begin' });
    const least = new Promise((resolve) => setTimeout(resolve, leastMs));
    await deed();
    await least;
    this.#child.send({ kind: 'end' });
    return (await messageFrom<{ readonly report: Report }>(this.#child, 'report')).report;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

function messageFrom<T>(child: ChildProcess, kind: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const gone = (): void => reject(new Error(`the neighbour ended before it said "${kind}"`));
    const hear = (message: unknown): void => {
      if (!isOfKind<T>(message, kind)) return;
      child.off('message', hear);
      child.off('exit', gone);
      resolve(message);
    };
    child.on('message', hear);
    child.once('exit', gone);
  });
}

function isOfKind<T>(message: unknown, kind: string): message is T {
  return (
    typeof message === 'object' && message !== null && 'kind' in message && message.kind === kind
  );
}

export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** The neighbour was told everything, and about as fast as in calm. */
export function expectUnharmed(calm: Report, attacked: Report): void {
  expect(attacked.failures).toEqual([]);
  expect(attacked.missing).toBe(0);
  expect(attacked.documents).toBeGreaterThan(0);
  for (const way of ['feed', 'http'] as const) {
    const allowed = Math.max(harmlessMs[way], ratio * median(calm[way].windows));
    const said = `${way} windows, calm ${shown(calm[way])}, attacked ${shown(attacked[way])}`;
    expect(median(attacked[way].windows), said).toBeLessThan(allowed);
    expect(attacked[way].worst, said).toBeLessThan(Math.max(worstMs[way], 4 * calm[way].worst));
  }
}

export const shown = ({ windows, worst }: Latencies): string =>
  `${windows.map((ms) => ms.toFixed(1)).join(' ')} worst ${worst.toFixed(1)} ms`;
