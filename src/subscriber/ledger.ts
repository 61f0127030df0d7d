/**
 * What became of the events that passed a session while it was subscribed. For every session, at every
 * moment at which the hub has been flushed, and when it has ended:
 *
 *     passed = delivered + filtered + unrecovered + untold
 *
 * The terms are counted in different places, so that a mistake in one of them shows:
 *
 * - `passed` is counted by numbers of the journal: from where a subscription began (the head, or the
 *   position that the client came back with) to where it is settled now. No event is looked at for it.
 * - `delivered` is counted where bytes are handed over to the socket, by how many events are in them.
 * - `filtered` is counted event by event while the session catches up. Live, it is what passed and was
 *   not made into a notification by the session's group; the group counts what it made, not what any
 *   member was handed. So live sessions cost nothing but one addition per write.
 * - `unrecovered` and `untold` are stated losses, counted where they are stated.
 */

/** Events, each counted once per session that it passed. */
export interface Tally {
  passed: number;
  delivered: number;
  filtered: number;
  /** Between the position that the client came back with and now, and dropped: told by `recovered="false"`. */
  unrecovered: number;
  /**
   * Still to be told when the subscription ended; a session that catches up had not even looked at them.
   * Its position, or its end, tells so.
   */
  untold: number;
}

/** What a group has made for its members so far, and what of theirs still waits for the end of the turn. */
export interface Made {
  readonly made: number;
  readonly waiting: number;
}

export function emptyTally(): Tally {
  return { passed: 0, delivered: 0, filtered: 0, unrecovered: 0, untold: 0 };
}

/** Adds `more` to `sum`. */
export function addTally(sum: Tally, more: Readonly<Tally>): void {
  sum.passed += more.passed;
  sum.delivered += more.delivered;
  sum.filtered += more.filtered;
  sum.unrecovered += more.unrecovered;
  sum.untold += more.untold;
}

/** One session's count, over all its subscriptions. */
export class Ledger {
  readonly tally: Tally = emptyTally();
  /** Up to this number everything has been counted; undefined while nothing is subscribed. */
  #settledSeq: number | undefined;
  /** Only of a live session: what its group had made at `#liveSeq`. */
  #group: Made | undefined;
  #madeBefore = 0;
  #liveSeq = 0;
  /** Events of the write that is under way. */
  #handing = 0;

  /** The number up to which everything has been counted; undefined while nothing is subscribed. */
  get settledSeq(): number | undefined {
    return this.#settledSeq;
  }

  /** A subscription begins after this number. */
  begin(seq: number): void {
    this.#settledSeq = seq;
  }

  /** The client was told that what came after one number, up to another, cannot be had. */
  unrecovered(afterSeq: number, throughSeq: number): void {
    this.tally.passed += throughSeq - afterSeq;
    this.tally.unrecovered += throughSeq - afterSeq;
  }

  /** So many events are about to be written. If the write ends the session, they have not been told. */
  handing(events: number): void {
    this.#handing = events;
  }

  /** They have been written. */
  handed(): void {
    this.tally.delivered += this.#handing;
    this.#handing = 0;
  }

  /** A session that catches up has got this far; of the events since last time it did not want so many. */
  caughtUp(seq: number, filtered: number): void {
    if (this.#settledSeq === undefined) return;
    this.tally.passed += seq - this.#settledSeq;
    this.tally.filtered += filtered;
    this.#settledSeq = seq;
  }

  /** From this number on, the group tells it everything. */
  joined(group: Made, headSeq: number): void {
    this.#group = group;
    this.#madeBefore = group.made;
    this.#liveSeq = headSeq;
  }

  /** Counts what has passed a live session up to the head; everything must have been handed out. */
  settle(headSeq: number): void {
    if (this.#group === undefined || this.#settledSeq === undefined) return;
    this.tally.passed += headSeq - this.#settledSeq;
    this.tally.filtered += headSeq - this.#liveSeq - (this.#group.made - this.#madeBefore);
    this.#settledSeq = headSeq;
    this.#liveSeq = headSeq;
    this.#madeBefore = this.#group.made;
  }

  /** The subscription is over, or the session is, while the journal is at the head. */
  end(headSeq: number): void {
    if (this.#settledSeq === undefined) return;
    if (this.#group === undefined) {
      this.tally.passed += headSeq - this.#settledSeq;
      this.tally.untold += headSeq - this.#settledSeq;
    } else {
      const { waiting } = this.#group;
      this.settle(headSeq);
      this.tally.filtered -= waiting;
      this.tally.untold += waiting + this.#handing;
    }
    this.#settledSeq = undefined;
    this.#group = undefined;
    this.#handing = 0;
  }
}
