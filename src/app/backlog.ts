/**
 * What waits for the disk, by source, and who is held back for it. Knows no source; what it decides is
 * told to whoever can stop one from reading.
 */

/** Events that may wait for the disk before all sources are held back, and when they go on. */
const holdAbove = 50_000;
const goOnBelow = 5_000;
/**
 * The same for one source alone: what it sends in a flood waits with itself, not in front of the others, whose
 * events are at most so many behind. A source that nobody reads from waits in the network.
 */
const holdOneAbove = 600;
const goOnOneBelow = 200;

export class Backlog {
  readonly #hold: (held: boolean, source?: string) => void;
  readonly #waiting = new Map<string, number>();
  readonly #heldAlone = new Set<string>();
  #sum = 0;
  #isHeld = false;

  /** @param hold told when one source, or all of them, are to stop reading, and when they may go on */
  constructor(hold: (held: boolean, source?: string) => void) {
    this.#hold = hold;
  }

  /** True while all sources are held back. */
  get isHeld(): boolean {
    return this.#isHeld;
  }

  /** Events of this source have been given to the disk. */
  added(source: string, events: number): void {
    this.#count(source, events);
  }

  /** The source goes on talking by itself: who waits for an answer to each batch need not be held. */
  judge(source: string): void {
    if (this.#isHeld) return;
    if ((this.#waiting.get(source) ?? 0) > holdOneAbove && !this.#heldAlone.has(source)) {
      this.#heldAlone.add(source);
      this.#hold(true, source);
    }
    if (this.#sum <= holdAbove) return;
    this.#isHeld = true;
    this.#hold(true);
  }

  /** Events of this source are on the disk. */
  durable(source: string, events: number): void {
    this.#count(source, -events);
  }

  /** All of a commit have been counted: lets go on who may. */
  settle(): void {
    if (this.#isHeld && this.#sum < goOnBelow) {
      this.#isHeld = false;
      this.#hold(false);
    }
    if (this.#isHeld) return;
    for (const source of this.#heldAlone) {
      if ((this.#waiting.get(source) ?? 0) >= goOnOneBelow) continue;
      this.#heldAlone.delete(source);
      this.#hold(false, source);
    }
  }

  #count(source: string, events: number): void {
    this.#waiting.set(source, (this.#waiting.get(source) ?? 0) + events);
    this.#sum += events;
  }
}
