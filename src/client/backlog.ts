/**
 * Events that wait for the consumer, and up to where it has handled them. Pure.
 */
import type { FeedEvent } from './event.ts';

interface Item {
  readonly event: FeedEvent;
  /** Whoever has handled the event has handled everything up to here; absent where that is no such place. */
  upTo: string | undefined;
}

export class Backlog {
  #items: Item[] = [];
  /** How many of the items have been taken. */
  #taken = 0;
  /** Given to the consumer, which has not asked for the next one yet. */
  #inHand: Item | undefined;
  #handled: string | undefined;

  /** @param position up to where the consumer has handled everything already */
  constructor(position?: string) {
    this.#handled = position;
  }

  /** Up to here the consumer has handled everything. */
  get position(): string | undefined {
    return this.#handled;
  }

  /** How many events wait. */
  get size(): number {
    return this.#items.length - this.#taken;
  }

  add(event: FeedEvent, upTo?: string): void {
    this.#items.push({ event, upTo });
  }

  /** Nothing else happened up to `position`: whoever has handled what is here has handled that too. */
  mark(position: string): void {
    const last = this.size > 0 ? this.#items.at(-1) : this.#inHand;
    if (last === undefined) this.#handled = position;
    else last.upTo = position;
  }

  /**
   * The consumer asks for the next event, so it has handled the one before; the one that it gets is in its
   * hand from here on. Undefined when none waits.
   */
  take(): FeedEvent | undefined {
    this.#handled = this.#inHand?.upTo ?? this.#handled;
    const item = this.#items[this.#taken];
    this.#inHand = item;
    if (item === undefined) return undefined;
    this.#taken += 1;
    // Now and then, so that taking costs the same however many wait.
    if (this.#taken * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return item.event;
  }

  clear(): void {
    this.#items = [];
    this.#taken = 0;
  }
}
