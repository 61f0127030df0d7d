/**
 * What of one destination's deliveries is in memory: by lane, each in order, one request of a lane at a time.
 * Everything here is in the store as well, so a lane may be let go of at any time and read again. Pure.
 */
import type { Delivery } from './delivery.ts';

interface Lane {
  /** Oldest first; the first `taken` of them are under way. */
  readonly queue: Delivery[];
  taken: number;
  /** Waits in the store for a later attempt, which is not known to be written yet. */
  parking: boolean;
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  /** Lanes whose first delivery can be sent, in the order in which they became so. */
  readonly #ready = new Set<string>();
  /** Deliveries in memory, and those whose end is not known to be written yet. */
  readonly #known = new Set<number>();
  #size = 0;

  /** Deliveries in memory. */
  get size(): number {
    return this.#size;
  }

  /** Deliveries in memory, and those whose end is not written yet. */
  get known(): number {
    return this.#known.size;
  }

  get hasReady(): boolean {
    return this.#ready.size > 0;
  }

  /** When the oldest delivery that can be sent was made, milliseconds since 1970. */
  get oldestReadyMs(): number | undefined {
    const [first] = this.#ready;
    return first === undefined ? undefined : this.#lanes.get(first)?.queue[0]?.madeMs;
  }

  /** How many could be sent now, at most `most`. */
  readyCount(most: number): number {
    let count = 0;
    for (const key of this.#ready) {
      count += this.#lanes.get(key)?.queue.length ?? 0;
      if (count >= most) return most;
    }
    return count;
  }

  /** Puts a delivery at the end of its lane, unless it is there already, or its lane waits in the store. */
  add(delivery: Delivery): void {
    if (this.#known.has(delivery.id)) return;
    const lane = this.#lane(delivery.lane);
    if (lane.parking) return;
    lane.queue.push(delivery);
    this.#known.add(delivery.id);
    this.#size += 1;
    if (lane.taken === 0) this.#ready.add(delivery.lane);
  }

  /**
   * Lets go of what the delivery makes superfluous, as the store does it when one is added; what is under way
   * stays. To be asked of every new delivery, whether or not it is added here.
   * @returns what it was; known until `settled`
   */
  supersede({ id, lane: key, supersedes, topic }: Delivery): readonly Delivery[] {
    const lane = this.#lanes.get(key);
    if (lane === undefined || supersedes === 'nothing') return [];
    const isOver = (each: Delivery): boolean =>
      each.id < id && each.class === 'live' && (supersedes === 'live' || each.topic === topic);
    const waiting = lane.queue.splice(lane.taken);
    const over = waiting.filter(isOver);
    lane.queue.push(...waiting.filter((each) => !isOver(each)));
    this.#size -= over.length;
    this.#letGoOf(key, lane);
    return over;
  }

  /** Lets go of what stands first in its lane and has expired. @returns it; known until `settled` */
  expire(nowMs: number): readonly Delivery[] {
    const expired: Delivery[] = [];
    for (const key of this.#ready) {
      const { queue } = this.#lane(key);
      while (queue[0] !== undefined && queue[0].expiresMs <= nowMs) {
        expired.push(queue[0]);
        queue.shift();
        this.#size -= 1;
      }
      if (queue.length > 0) continue;
      this.#ready.delete(key);
      this.#lanes.delete(key);
    }
    return expired;
  }

  /** Lets go of what `take` would take and is not true any more. @returns it; known until `settled` */
  drop(most: number, isStale: (delivery: Delivery) => boolean): readonly Delivery[] {
    const dropped: Delivery[] = [];
    let count = 0;
    for (const key of this.#ready) {
      if (count >= most) break;
      const lane = this.#lane(key);
      const stale = lane.queue.filter(isStale);
      if (stale.length > 0) {
        dropped.push(...stale);
        this.#size -= stale.length;
        lane.queue.push(...lane.queue.splice(0).filter((each) => !stale.includes(each)));
        this.#letGoOf(key, lane);
      }
      count += lane.queue.length;
    }
    return dropped;
  }

  /** Takes up to `most` deliveries that can be sent, in order, oldest lanes first; after `expire`. */
  take(most: number): readonly Delivery[] {
    const taken: Delivery[] = [];
    for (const key of this.#ready) {
      if (taken.length >= most) break;
      const lane = this.#lane(key);
      const some = lane.queue.slice(0, most - taken.length);
      lane.taken = some.length;
      taken.push(...some);
      this.#ready.delete(key);
    }
    return taken;
  }

  /** It has been told, or given up: its lane goes on. */
  done(delivery: Delivery): void {
    const lane = this.#lanes.get(delivery.lane);
    const at = lane?.queue.indexOf(delivery) ?? -1;
    if (lane === undefined || at < 0) return;
    lane.queue.splice(at, 1);
    this.#size -= 1;
    lane.taken -= 1;
    if (lane.taken > 0) return;
    if (lane.queue.length > 0) this.#ready.add(delivery.lane);
    else this.#lanes.delete(delivery.lane);
  }

  /** It is to be tried again later: its lane waits in the store from here on. */
  park(delivery: Delivery): void {
    const lane = this.#lane(delivery.lane);
    for (const each of lane.queue) this.#known.delete(each.id);
    this.#size -= lane.queue.length;
    lane.queue.length = 0;
    lane.taken = 0;
    lane.parking = true;
    this.#ready.delete(delivery.lane);
  }

  /** That the lane waits is written: what is read of the store from here on knows it. */
  parked(lane: string): void {
    if (this.#lanes.get(lane)?.parking === true) this.#lanes.delete(lane);
  }

  /** What became of it is written: what is read of the store from here on does not have it any more. */
  settled(id: number): void {
    this.#known.delete(id);
  }

  /** Whether it is in memory, or its end is not written yet. */
  knows(id: number): boolean {
    return this.#known.has(id);
  }

  /** Lets go of what the store does not have any more, but for what is under way. */
  retain(ids: ReadonlySet<number>): void {
    for (const [key, lane] of this.#lanes) {
      const { queue, taken } = lane;
      const waiting = queue.splice(taken);
      queue.push(...waiting.filter(({ id }) => ids.has(id)));
      for (const { id } of waiting) if (!ids.has(id)) this.#known.delete(id);
      this.#size -= waiting.length + taken - queue.length;
      this.#letGoOf(key, lane);
    }
  }

  /** Lets go of everything that is not under way. */
  clear(): void {
    for (const [key, lane] of this.#lanes) {
      if (lane.parking) continue;
      for (const each of lane.queue.splice(lane.taken)) {
        this.#known.delete(each.id);
        this.#size -= 1;
      }
      if (lane.taken === 0) this.#lanes.delete(key);
    }
    this.#ready.clear();
  }

  /** Forgets a lane that has nothing left, unless the store is still to hear of it. */
  #letGoOf(key: string, { queue, parking }: Lane): void {
    if (queue.length > 0 || parking) return;
    this.#ready.delete(key);
    this.#lanes.delete(key);
  }

  #lane(key: string): Lane {
    const known = this.#lanes.get(key);
    if (known !== undefined) return known;
    const fresh: Lane = { queue: [], taken: 0, parking: false };
    this.#lanes.set(key, fresh);
    return fresh;
  }
}
