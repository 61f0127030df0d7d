/**
 * The destinations in force: those of the configuration file and those made over the API, which the file's win
 * over. Says what changed to whoever keeps something of each.
 */
import type { Destination } from './destination.ts';

export interface Enrolled {
  readonly destination: Destination;
  readonly origin: 'file' | 'api';
  /** Our time, milliseconds since 1970; of the file's: when they were read. */
  readonly madeMs: number;
  readonly changedMs: number;
}

/** Told of each destination that is new, changed or gone (`undefined`). */
export type RosterListener = (id: string, now: Enrolled | undefined) => void;

export class Roster {
  readonly #file = new Map<string, Enrolled>();
  readonly #api = new Map<string, Enrolled>();
  readonly #listeners: RosterListener[] = [];

  onChange(listener: RosterListener): void {
    this.#listeners.push(listener);
  }

  get(id: string): Enrolled | undefined {
    return this.#file.get(id) ?? this.#api.get(id);
  }

  /** In the order of their ids. */
  get all(): readonly Enrolled[] {
    const ids = [...new Set([...this.#file.keys(), ...this.#api.keys()])].sort();
    return ids.flatMap((id) => this.get(id) ?? []);
  }

  /** From here on these are the destinations of the file. Those that have not changed stay what they were. */
  renewFile(destinations: readonly Destination[], nowMs: number): void {
    const before = new Map(this.#file);
    this.#file.clear();
    for (const destination of destinations) {
      const known = before.get(destination.id);
      const same = known !== undefined && isSame(known.destination, destination);
      const madeMs = known?.madeMs ?? nowMs;
      this.#file.set(
        destination.id,
        same ? known : { destination, origin: 'file', madeMs, changedMs: nowMs },
      );
    }
    for (const id of new Set([...before.keys(), ...this.#file.keys()])) {
      const hid = before.get(id) ?? this.#api.get(id);
      if (this.get(id) !== hid) this.#tell(id);
    }
  }

  /** Adds or changes one of those made over the API. */
  put(
    destination: Destination,
    times: { readonly madeMs: number; readonly changedMs: number },
  ): void {
    this.#api.set(destination.id, { destination, origin: 'api', ...times });
    if (!this.#file.has(destination.id)) this.#tell(destination.id);
  }

  /** Takes one of those made over the API away. */
  drop(id: string): void {
    if (this.#api.delete(id) && !this.#file.has(id)) this.#tell(id);
  }

  #tell(id: string): void {
    for (const listener of this.#listeners) listener(id, this.get(id));
  }
}

function isSame(one: Destination, other: Destination): boolean {
  return JSON.stringify(one.written) === JSON.stringify(other.written);
}
