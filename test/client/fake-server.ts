/**
 * A server as values, by the rules of the published protocol: a truth that grows, numbered; what it still
 * remembers of it; and what it says on a connection, message by message, as far as it is let to.
 */
import type { FeedOptions } from '../../src/subscriber/message.ts';
import type { CallView } from '../../src/subscriber/call-view.ts';
import type { AnswerReading, ServerMessage } from '../../src/subscriber/reading.ts';

export const keepAliveS = 10;

const noView: CallView = {
  state: 'ringing',
  revision: 1,
  source: 'pbx',
  dialled: undefined,
  answered: undefined,
  outcome: undefined,
  ending: undefined,
  endedBy: undefined,
  mergedInto: undefined,
  conference: undefined,
  parties: [],
  transfers: [],
  queue: [],
  recordings: [],
};

export function answer(changes: Partial<AnswerReading>): AnswerReading {
  return {
    kind: 'answer',
    head: { type: 'SubscribeOnCallEvent', id: 'subscribe' },
    keepAliveS: undefined,
    feed: undefined,
    calls: [],
    cdr: undefined,
    mute: undefined,
    summary: undefined,
    ...changes,
  };
}

/** An event of the call with that id; the position is `epoch-seq`. */
export function told(
  type: string,
  id: string,
  position: string,
  snapshot = false,
): Extract<ServerMessage, { kind: 'call' }> {
  const cdr = { ended: type === 'CallEnd', fields: new Map([['id', id]]) };
  return { kind: 'call', type, cdr, position, snapshot, view: noView };
}

export function keepalive(position?: string, intervalS = keepAliveS): ServerMessage {
  return { kind: 'keepalive', intervalS, position, sources: [] };
}

interface Entry {
  readonly type: 'CallStart' | 'CallEnd';
  readonly id: string;
}

/** What it told of the calls, and of which epoch that is. */
export class FakeServer {
  readonly truth: Entry[] = [];
  epoch = 'epoch0';
  /** The number of the first event that it still has. */
  #firstSeq = 1;
  /** Of the one connection there is: what it has yet to say. */
  #toSay: ServerMessage[] = [];
  #isSubscribed = false;

  /** A call starts, or one that goes on ends. */
  happens(pick: number): void {
    const ongoing = this.ongoing();
    const ending = pick % 2 === 1 ? ongoing[pick % Math.max(1, ongoing.length)] : undefined;
    const entry: Entry =
      ending === undefined
        ? { type: 'CallStart', id: `c${this.truth.length + 1}` }
        : { type: 'CallEnd', id: ending };
    this.truth.push(entry);
    if (this.#isSubscribed) this.#toSay.push(this.#event(this.truth.length));
  }

  ongoing(upTo = this.truth.length): string[] {
    const ids = new Set<string>();
    for (const { type, id } of this.truth.slice(0, upTo)) {
      if (type === 'CallStart') ids.add(id);
      else ids.delete(id);
    }
    return [...ids];
  }

  /** Retention: what came before is no longer known. */
  forget(): void {
    this.#firstSeq = this.truth.length + 1;
  }

  subscribe(feed: FeedOptions): void {
    const head = this.truth.length;
    const { after } = feed;
    const [epoch, seq] = (after ?? '').split('-');
    const from = Number(seq);
    const canResume = epoch === this.epoch && from >= this.#firstSeq - 1 && from <= head;
    this.#isSubscribed = true;
    if (after !== undefined && canResume) {
      this.#answer({ position: after, calls: undefined, recovered: true });
      for (let next = from + 1; next <= head; next += 1) this.#toSay.push(this.#event(next));
      return;
    }
    const isLost = after !== undefined;
    const calls = isLost || feed.snapshot ? this.ongoing() : undefined;
    const position = this.#position(head);
    this.#answer({ position, calls: calls?.length, recovered: isLost ? false : undefined });
    for (const id of calls ?? []) this.#toSay.push(told('CallStart', id, position, true));
  }

  /** A keep-alive; it holds a position where that of the connection is one to go on from. */
  keepAlive(): void {
    if (!this.#isSubscribed) return;
    const isMidway = this.#toSay.some((each) => each.kind === 'call' && each.snapshot);
    this.#toSay.push(keepalive(isMidway ? undefined : this.#position(this.truth.length)));
  }

  goodbye(): void {
    if (!this.#isSubscribed) return;
    this.#toSay.push({ kind: 'goodbye', reason: 'going-away', position: undefined });
  }

  /** The next message on the connection. */
  say(): ServerMessage | undefined {
    return this.#toSay.shift();
  }

  /** Says the next event again afterwards, as no server should. */
  stutter(): void {
    const next = this.#toSay[0];
    if (next?.kind === 'call' && !next.snapshot) this.#toSay.unshift(next);
  }

  cut(): void {
    this.#toSay = [];
    this.#isSubscribed = false;
  }

  /** Restarts with another store, in which what goes on is the same. */
  restore(): void {
    this.cut();
    this.epoch = `epoch${Number(this.epoch.slice(5)) + 1}`;
  }

  #answer(feed: AnswerReading['feed']): void {
    this.#toSay.push(answer({ keepAliveS, feed }));
  }

  #event(seq: number): ServerMessage {
    const entry = this.truth[seq - 1];
    return told(entry?.type ?? '', entry?.id ?? '', this.#position(seq));
  }

  #position(seq: number): string {
    return `${this.epoch}-${seq}`;
  }
}
