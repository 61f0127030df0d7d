/**
 * Who waits in which queue, so that a new caller can be told a position. Callers are planned in the order
 * in which they arrive; one is gone from here when the plan says so.
 */
import type { Queue } from './cast.ts';

export class WaitingRoom {
  /** Per queue name: when each caller stops waiting. */
  readonly #untilMs = new Map<string, readonly number[]>();

  /** The position, from 1, of a caller who comes in at `atMs`. */
  positionAt(queue: Queue, atMs: number): number {
    const waiting = (this.#untilMs.get(queue.name) ?? []).filter((untilMs) => untilMs > atMs);
    this.#untilMs.set(queue.name, waiting);
    return waiting.length + 1;
  }

  enter(queue: Queue, untilMs: number): void {
    this.#untilMs.set(queue.name, [...(this.#untilMs.get(queue.name) ?? []), untilMs]);
  }
}
