/**
 * The hub: holds the calls that go on, finds for each durable event the audiences that are to get it, and
 * hands each audience what came in a turn at once. Cost follows the audiences that match. It knows no
 * wire, no session and no timer; when to flush is decided by who is given in.
 */
import type { Call } from '../call/call.ts';
import { type CallEvent, isOfCall } from '../call/event.ts';
import type { ExtensionFilter } from '../call/extension.ts';
import { OngoingCalls } from './ongoing.ts';
import { sightOf } from './sight.ts';

/** A durable event, as the journal numbers it: from 1, without gaps. */
export interface NumberedEvent {
  readonly seq: number;
  readonly event: CallEvent;
}

export interface Delivery {
  readonly entry: NumberedEvent;
  /** The audience's filter sees this call here for the first time. */
  readonly first: boolean;
}

/** Everybody who is to get the same events in the same form. */
export interface Audience {
  readonly filter: ExtensionFilter;
  /** Takes what a turn brought, in order. Must not throw. */
  deliver(deliveries: readonly Delivery[]): void;
}

export class Hub {
  /** Arranges for `flush` to be called, once, soon. */
  readonly #schedule: (flush: () => void) => void;
  readonly #ongoing = new OngoingCalls();
  /** Most numbers are watched by one audience, and a set is large for one. */
  readonly #byNumber = new Map<string, Audience | Set<Audience>>();
  /** Audiences whose filter cannot be looked up: all calls, prefixes, ranges. */
  readonly #scanned = new Set<Audience>();
  readonly #waiting = new Map<Audience, Delivery[]>();
  #audiences = 0;
  #head: number;
  #scheduled = false;

  constructor(schedule: (flush: () => void) => void, head: number, ongoing: readonly Call[]) {
    this.#schedule = schedule;
    this.#head = head;
    for (const call of ongoing) this.#ongoing.set(call);
  }

  /** Number of the last event published; `ongoing` is the state at it. */
  get head(): number {
    return this.#head;
  }

  get audiences(): number {
    return this.#audiences;
  }

  call(id: string): Call | undefined {
    return this.#ongoing.get(id);
  }

  get ongoingCount(): number {
    return this.#ongoing.size;
  }

  /** The calls that go on as of `head` and that the filter sees, oldest first. */
  ongoing(filter: ExtensionFilter): Call[] {
    return this.#ongoing.seenBy(filter);
  }

  /** From the next event on, the audience is served. */
  add(audience: Audience): void {
    this.#audiences += 1;
    const { filter } = audience;
    if (filter.all || filter.ranges.length > 0) this.#scanned.add(audience);
    else for (const number of filter.numbers) this.#index(number, audience);
  }

  remove(audience: Audience): void {
    this.#audiences -= 1;
    this.#scanned.delete(audience);
    this.#waiting.delete(audience);
    for (const number of audience.filter.numbers) {
      const indexed = this.#byNumber.get(number);
      if (indexed instanceof Set) indexed.delete(audience);
      if (indexed === audience || (indexed instanceof Set && indexed.size === 0)) {
        this.#byNumber.delete(number);
      }
    }
  }

  #index(number: string, audience: Audience): void {
    const indexed = this.#byNumber.get(number);
    if (indexed === undefined) this.#byNumber.set(number, audience);
    else if (indexed instanceof Set) indexed.add(audience);
    else this.#byNumber.set(number, new Set([indexed, audience]));
  }

  /** Takes durable events, in order. */
  publish(entries: readonly NumberedEvent[]): void {
    for (const entry of entries) {
      this.#head = entry.seq;
      this.#retain(entry.event);
      for (const audience of this.#matching(entry.event)) this.#queue(audience, entry);
    }
    if (this.#waiting.size === 0 || this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(() => {
      this.#scheduled = false;
      this.flush();
    });
  }

  #retain(event: CallEvent): void {
    if (!isOfCall(event)) return;
    if (event.kind === 'call.ended') this.#ongoing.delete(event.call);
    else this.#ongoing.set(event.call);
  }

  #matching(event: CallEvent): Set<Audience> {
    const found = new Set(this.#scanned);
    if (isOfCall(event)) {
      for (const extension of event.call.extensions) {
        const indexed = this.#byNumber.get(extension);
        if (indexed instanceof Set) for (const audience of indexed) found.add(audience);
        else if (indexed !== undefined) found.add(indexed);
      }
      return found;
    }
    // What happens to a source concerns everybody.
    for (const indexed of this.#byNumber.values()) {
      if (indexed instanceof Set) for (const audience of indexed) found.add(audience);
      else found.add(indexed);
    }
    return found;
  }

  #queue(audience: Audience, entry: NumberedEvent): void {
    const sight = sightOf(audience.filter, entry.event);
    if (sight === 'none') return;
    const delivery = { entry, first: sight === 'first' };
    const waiting = this.#waiting.get(audience);
    if (waiting === undefined) this.#waiting.set(audience, [delivery]);
    else waiting.push(delivery);
  }

  /** What the audience will be handed at the next flush. */
  waiting(audience: Audience): readonly Delivery[] {
    return this.#waiting.get(audience) ?? [];
  }

  /** Hands out everything that waits. */
  flush(): void {
    for (const [audience, deliveries] of this.#waiting) {
      // One by one, so that who is removed while others are served gets nothing more.
      this.#waiting.delete(audience);
      audience.deliver(deliveries);
    }
  }
}
