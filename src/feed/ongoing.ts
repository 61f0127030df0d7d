/**
 * The calls that go on, found by id or by extension: thousands of clients that come back at once each ask
 * for the few calls of their own. Pure.
 */
import type { Call } from '../call/call.ts';
import { type ExtensionFilter, seesAny } from '../call/extension.ts';

interface Entry {
  call: Call;
  /** Counts calls in the order in which they began. */
  readonly nth: number;
}

export class OngoingCalls {
  readonly #byId = new Map<string, Entry>();
  readonly #byExtension = new Map<string, Set<Entry>>();
  #count = 0;

  get size(): number {
    return this.#byId.size;
  }

  get(id: string): Call | undefined {
    return this.#byId.get(id)?.call;
  }

  /** Takes a call as it is now. An extension that a call has once had it keeps. */
  set(call: Call): void {
    let entry = this.#byId.get(call.id);
    if (entry === undefined) {
      this.#count += 1;
      entry = { call, nth: this.#count };
      this.#byId.set(call.id, entry);
    }
    entry.call = call;
    for (const extension of call.extensions) {
      const found = this.#byExtension.get(extension);
      if (found === undefined) this.#byExtension.set(extension, new Set([entry]));
      else found.add(entry);
    }
  }

  delete({ id, extensions }: Call): void {
    const entry = this.#byId.get(id);
    if (entry === undefined) return;
    this.#byId.delete(id);
    for (const extension of extensions) {
      const found = this.#byExtension.get(extension);
      found?.delete(entry);
      if (found?.size === 0) this.#byExtension.delete(extension);
    }
  }

  /** Those that the filter sees, oldest first. */
  seenBy(filter: ExtensionFilter): Call[] {
    if (filter.all) return [...this.#byId.values()].map(({ call }) => call);
    if (filter.ranges.length > 0) {
      const all = [...this.#byId.values()].map(({ call }) => call);
      return all.filter(({ extensions }) => seesAny(filter, extensions));
    }
    const found = new Set<Entry>();
    for (const number of filter.numbers) {
      for (const entry of this.#byExtension.get(number) ?? []) found.add(entry);
    }
    return [...found].sort((one, other) => one.nth - other.nth).map(({ call }) => call);
  }
}
