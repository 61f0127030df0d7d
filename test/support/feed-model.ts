/**
 * What a client of the feed knows, by the rules of the published protocol and nothing else; and a small
 * telephony to tell it of. Everything that is against the rules is thrown.
 */
import { type CallEvent, isOfCall } from '../../src/call/event.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import type { AnswerReading, ServerMessage } from '../../src/subscriber/reading.ts';
import { connectedCall, endedCall, eventOf, offeredCall } from './calls.ts';

/** What a client asks to see; of the calls that it sees it is told everything. */
export interface Wish {
  /** Its Extension elements. */
  readonly xml: string;
  readonly sees: (extension: string) => boolean;
}

const none = (): boolean => false;
const seqOf = (position: string | undefined): number => Number(position?.split('-')[1]);

/** The ongoing calls that the wish sees after the entry with that number: revision by call id. */
export function truthAt(
  entries: readonly JournalEntry[],
  seq: number,
  wish: Wish,
): Map<string, number> {
  const truth = new Map<string, number>();
  for (const { event } of entries.slice(0, seq)) {
    if (!isOfCall(event)) continue;
    const { id, revision, extensions } = event.call;
    if (event.kind === 'call.ended') truth.delete(id);
    else if (extensions.some(wish.sees)) truth.set(id, revision);
  }
  return truth;
}

/** One client over all its connections. It always asks for a snapshot, or for what it missed. */
export class FeedModel {
  /** Revision by call id. */
  readonly known = new Map<string, number>();
  /** From where it may resume, where there is such a place. */
  position: string | undefined;
  readonly #entries: () => readonly JournalEntry[];
  /** Asked for on this connection and not answered, in order. */
  #asked: Wish[] = [];
  /** What the position is of. */
  #answeredWish: Wish | undefined;
  #isSubscribed = false;
  #toCome = 0;
  #snapshotPosition = '';
  #lastSeq = -1;
  /** True where the server cannot know what the client knows, and tells everything again. */
  #mayRepeat = false;

  constructor(entries: () => readonly JournalEntry[]) {
    this.#entries = entries;
  }

  /** A new connection, with a subscribe request. Whoever has no position begins with nothing. */
  connects(wish: Wish): string | undefined {
    this.#asked = [wish];
    this.#isSubscribed = false;
    this.#toCome = 0;
    // A position is a place in what one filter shows.
    if (this.#answeredWish !== wish) this.position = undefined;
    if (this.position === undefined) this.known.clear();
    return this.position;
  }

  subscribesAgain(wish: Wish): void {
    this.#asked.push(wish);
  }

  takes(message: ServerMessage): void {
    switch (message.kind) {
      case 'answer':
        return this.#answered(message);
      case 'call': {
        const id = message.cdr.fields.get('id') ?? '';
        const revision = message.view?.revision ?? 0;
        if (message.snapshot) return this.#snapshot(id, revision, message.position);
        if (this.#toCome > 0) throw new Error('an event within the snapshot');
        const seq = seqOf(message.position);
        if (!(seq > this.#lastSeq)) throw new Error(`${seq} came after ${this.#lastSeq}`);
        this.#nothingLeftOut(seq - 1);
        this.#lastSeq = seq;
        this.position = message.position;
        if (message.type === 'CallEnd') this.known.delete(id);
        else this.known.set(id, revision);
        return;
      }
      case 'keepalive':
      case 'goodbye':
        if (message.position === undefined) return;
        if (this.#toCome > 0) throw new Error('a position within the snapshot');
        if (seqOf(message.position) < this.#lastSeq) throw new Error('a position of the past');
        this.#nothingLeftOut(seqOf(message.position));
        this.position = message.position;
        return;
      case 'failure':
      case 'source':
      case 'unknown':
        throw new Error(`not expected: ${JSON.stringify(message)}`);
    }
  }

  /** Between the last event and `throughSeq` there must be none that the client was to be told of. */
  #nothingLeftOut(throughSeq: number): void {
    for (const { seq, event } of this.#entries().slice(this.#lastSeq, throughSeq)) {
      const isSeen =
        isOfCall(event) && event.call.extensions.some(this.#answeredWish?.sees ?? none);
      if (isSeen) throw new Error(`${seq} was left out`);
    }
  }

  #answered({ feed }: AnswerReading): void {
    const wish = this.#asked.shift();
    if (feed === undefined || wish === undefined) throw new Error('an answer nobody asked for');
    if (this.#toCome > 0) throw new Error(`${this.#toCome} calls of the snapshot are missing`);
    // What was subscribed before has been told in full before something else is.
    if (this.#isSubscribed && feed.recovered === undefined) {
      this.#nothingLeftOut(seqOf(feed.position));
    }
    this.#isSubscribed = true;
    this.#answeredWish = wish;
    if (feed.recovered === false) this.known.clear();
    // What the new filter does not see is none of its business any more.
    const seen = truthAt(this.#entries(), seqOf(feed.position), wish);
    for (const id of this.known.keys()) {
      if (feed.recovered !== true && !seen.has(id)) this.known.delete(id);
    }
    this.#mayRepeat = feed.calls !== undefined && this.#mayRepeat;
    this.#toCome = feed.calls ?? 0;
    this.#snapshotPosition = feed.position;
    this.#lastSeq = seqOf(feed.position);
    this.position = this.#toCome === 0 ? feed.position : undefined;
    if (feed.recovered === true) this.#mayRepeat = true;
    else if (this.#toCome === 0) this.#mayRepeat = false;
  }

  #snapshot(id: string, revision: number, position: string | undefined): void {
    if (position !== this.#snapshotPosition) throw new Error(`a snapshot call at ${position}`);
    if (this.#toCome === 0) throw new Error('more snapshot calls than promised');
    if (this.known.has(id) && !this.#mayRepeat) throw new Error('told twice');
    this.known.set(id, revision);
    this.#toCome -= 1;
    if (this.#toCome > 0) return;
    this.position = position;
    this.#mayRepeat = false;
  }
}

/** A few lines, each with one call after the other; an event takes a line's call one step further. */
export class Telephony {
  readonly #calls = new Map<number, { n: number; revision: number; extensions: string[] }>();
  #next = 0;

  /** @param number who begins the call, or joins it */
  event(line: number, number: string): CallEvent {
    const call = this.#calls.get(line);
    if (call === undefined) {
      const n = this.#next;
      this.#next += 1;
      const extensions = [number];
      this.#calls.set(line, { n, revision: 1, extensions });
      return eventOf('call.started', offeredCall(n, { extensions }));
    }
    call.revision += 1;
    const { n, revision } = call;
    if (revision === 6) {
      this.#calls.delete(line);
      return eventOf('call.ended', endedCall(n, { revision, extensions: call.extensions }));
    }
    const joins = revision !== 3 && !call.extensions.includes(number);
    if (joins) call.extensions = [...call.extensions, number];
    const event = eventOf(
      revision === 3 ? 'call.answered' : 'call.updated',
      connectedCall(n, { revision, extensions: call.extensions }),
    );
    return { ...event, joined: joins ? [number] : [] };
  }
}
