/**
 * From where a feed goes on after a lost connection: what has been received, which is not yet what has been
 * handled. A snapshot is kept back until it is whole, so that half of one is never told. Pure.
 */
import { parsePosition } from '../journal/position.ts';
import type { FeedOptions, NotificationType } from '../subscriber/message.ts';
import type { FeedReading, ServerMessage } from '../subscriber/reading.ts';
import { type CallEvent, eventOf, type FeedTimes, type SourceEvent } from './event.ts';

export interface FeedWish {
  readonly events: readonly NotificationType[];
  readonly snapshot: boolean;
  /** Position to begin after. */
  readonly after: string | undefined;
  readonly times: FeedTimes;
}

type Told = Extract<ServerMessage, { readonly kind: 'call' | 'source' }>;

/** An event for the consumer, and up to where it then has everything. */
export interface Fresh {
  readonly event: CallEvent | SourceEvent;
  readonly upTo: string | undefined;
}

/** A snapshot of which so many calls are still to come, and the place it stands for. */
interface Snapshot {
  left: number;
  readonly position: string;
  readonly told: Told[];
}

export class Progress {
  readonly #wish: FeedWish;
  #position: string | undefined;
  #snapshot: Snapshot | undefined;

  constructor(wish: FeedWish) {
    this.#wish = wish;
    this.#position = wish.after;
  }

  /** Up to here everything has been received. */
  get position(): string | undefined {
    return this.#position;
  }

  /** A new connection begins: what to ask for on it. */
  begin(): FeedOptions {
    // Half a snapshot was never told: it is asked for again as a whole.
    this.#snapshot = undefined;
    const { events, snapshot } = this.#wish;
    return this.#position === undefined
      ? { events, snapshot, ack: true }
      : { events, snapshot: false, after: this.#position, ack: true };
  }

  /**
   * The subscribe request was answered.
   * @returns the place up to which the client has everything now, where there is one
   */
  subscribed(feed: FeedReading): string | undefined {
    const { position, calls = 0, recovered } = feed;
    if (calls > 0) {
      this.#snapshot = { left: calls, position, told: [] };
      return undefined;
    }
    // After a resume the missed events are still to come; they have positions of their own.
    if (recovered === true) return undefined;
    this.#position = position;
    return position;
  }

  /** An event came; what of it, or of what was kept back, is to be told now. */
  told(message: Told): readonly Fresh[] {
    const snapshot = this.#snapshot;
    if (snapshot === undefined) return this.#fresh(message);
    snapshot.told.push(message);
    if (message.kind === 'call' && message.snapshot) snapshot.left -= 1;
    return snapshot.left > 0 ? [] : this.#whole(snapshot);
  }

  /**
   * A keep-alive or goodbye came, with its position: everything up to there has been told.
   * @returns what was kept back and is to be told now
   */
  reached(position: string): readonly Fresh[] {
    // Within a snapshot they carry none, so it is whole, whatever number was announced.
    const kept = this.#snapshot === undefined ? [] : this.#whole(this.#snapshot);
    if (!this.#isKnown(position)) this.#position = position;
    return kept;
  }

  #whole(snapshot: Snapshot): readonly Fresh[] {
    this.#snapshot = undefined;
    const calls = snapshot.told.filter((each) => each.kind === 'call' && each.snapshot);
    const rest = snapshot.told.filter((each) => !calls.includes(each));
    const events = calls.flatMap((each) => eventOf(each, this.#wish.times) ?? []);
    this.#position = snapshot.position;
    return [
      ...events.map((event, index) => ({
        event,
        upTo: index === events.length - 1 ? snapshot.position : undefined,
      })),
      ...rest.flatMap((each) => this.#fresh(each)),
    ];
  }

  #fresh(message: Told): readonly Fresh[] {
    const { position } = message;
    if (position === undefined || this.#isKnown(position)) return [];
    const event = eventOf(message, this.#wish.times);
    if (event === undefined) return [];
    this.#position = position;
    return [{ event, upTo: position }];
  }

  /**
   * Whether everything up to `position` has been received. To others a position is opaque; we are of the
   * house that makes it, and one of a form that we do not know counts as new.
   */
  #isKnown(position: string): boolean {
    const one = parsePosition(position);
    const mine = this.#position === undefined ? undefined : parsePosition(this.#position);
    if (one === undefined || mine === undefined || one.epoch !== mine.epoch) return false;
    return one.seq <= mine.seq;
  }
}
