/**
 * Many deadlines on one timer: items sorted into slots of time, taken out when their slot has passed.
 * Pure: the time is an argument; whoever owns the timer calls `due` about once per slot.
 */

export class Deadlines<T> {
  readonly #slotMs: number;
  readonly #slots = new Map<number, Set<T>>();
  readonly #slotOf = new Map<T, number>();
  #doneSlot: number;

  /** @param slotMs how late an item may come at most, milliseconds, > 0 */
  constructor(slotMs: number, nowMs: number) {
    this.#slotMs = slotMs;
    this.#doneSlot = Math.floor(nowMs / slotMs);
  }

  /** Sets or moves the item's deadline; one in the past is due at the next look. */
  set(item: T, atMs: number): void {
    this.delete(item);
    const slot = Math.max(Math.ceil(atMs / this.#slotMs), this.#doneSlot + 1);
    let items = this.#slots.get(slot);
    if (items === undefined) this.#slots.set(slot, (items = new Set()));
    items.add(item);
    this.#slotOf.set(item, slot);
  }

  delete(item: T): void {
    const slot = this.#slotOf.get(item);
    if (slot === undefined) return;
    this.#slotOf.delete(item);
    const items = this.#slots.get(slot);
    items?.delete(item);
    if (items?.size === 0) this.#slots.delete(slot);
  }

  /** Takes out every item whose deadline has passed. */
  due(nowMs: number): T[] {
    const slot = Math.floor(nowMs / this.#slotMs);
    const found: T[] = [];
    if (slot - this.#doneSlot > this.#slots.size) {
      // The clock has jumped, or nobody looked for long: fewer slots are filled than have passed.
      for (const [each, items] of this.#slots) if (each <= slot) found.push(...items);
    } else {
      for (let each = this.#doneSlot + 1; each <= slot; each += 1) {
        found.push(...(this.#slots.get(each) ?? []));
      }
    }
    // A clock set back must not hold up what was due by the old time.
    this.#doneSlot = slot;
    for (const item of found) this.delete(item);
    return found;
  }

  get size(): number {
    return this.#slotOf.size;
  }
}
