/**
 * Who waits in which queue, so that a new caller can be told a position. Callers are planned in the order
 * in which they arrive; one is gone from here when the plan says so.
 */
import type { Queue } from './cast.ts';
import { Timeline } from './timeline.ts';

export class WaitingRoom {
  /** Per queue name: the callers, by when they stop waiting. */
  readonly #waiting = new Map<string, Timeline<null>>();

  /** The position, from 1, of a caller who comes in at `atMs`. */
  positionAt(queue: Queue, atMs: number): number {
    const waiting = this.#of(queue);
    while (waiting.takeUntil(atMs) !== undefined);
    return waiting.size + 1;
  }

  enter(queue: Queue, untilMs: number): void {
    this.#of(queue).add(untilMs, null);
  }

  #of(queue: Queue): Timeline<null> {
    let waiting = this.#waiting.get(queue.name);
    if (waiting === undefined) this.#waiting.set(queue.name, (waiting = new Timeline()));
    return waiting;
  }
}
