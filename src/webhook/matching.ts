/**
 * Which destinations may want an occurrence, found without asking all of them: those that name extensions are
 * found by the extensions of the call. Pure.
 */
import { keptOut } from './filter.ts';
import { callOf, type Occurrence } from './occurrence.ts';
import type { Destination } from './destination.ts';

export class Matching {
  readonly #byNumber = new Map<string, Set<Destination>>();
  /** Those that name no extension, or prefixes and ranges. */
  readonly #asked = new Set<Destination>();

  add(destination: Destination): void {
    const { all, numbers, ranges } = destination.filter.extensions;
    if (all || ranges.length > 0) this.#asked.add(destination);
    else for (const number of numbers) this.#under(number).add(destination);
  }

  remove(destination: Destination): void {
    this.#asked.delete(destination);
    for (const number of destination.filter.extensions.numbers) {
      const found = this.#byNumber.get(number);
      found?.delete(destination);
      if (found?.size === 0) this.#byNumber.delete(number);
    }
  }

  /** The destinations whose filter lets the occurrence through, each once. */
  wanting(occurrence: Occurrence): Destination[] {
    const call = callOf(occurrence);
    const found = new Set(this.#asked);
    if (call === undefined) {
      // What is of no call is limited by no extension.
      for (const some of this.#byNumber.values()) for (const each of some) found.add(each);
    } else {
      for (const extension of call.extensions) {
        for (const each of this.#byNumber.get(extension) ?? []) found.add(each);
      }
    }
    return [...found].filter(({ filter }) => keptOut(filter, occurrence) === undefined);
  }

  #under(number: string): Set<Destination> {
    const known = this.#byNumber.get(number);
    if (known !== undefined) return known;
    const fresh = new Set<Destination>();
    this.#byNumber.set(number, fresh);
    return fresh;
  }
}
