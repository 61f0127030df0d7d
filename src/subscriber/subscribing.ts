/**
 * One session's subscription as it is carried out: answered, the calls that go on told, what was missed
 * caught up with, and then live; and up to where the client has been told everything. Nothing of it
 * depends on the transport.
 */
import type { Call } from '../call/call.ts';
import { type ExtensionFilter, seesAny } from '../call/extension.ts';
import type { Hub } from '../feed/hub.ts';
import type { Journal } from '../journal/journal.ts';
import type { Position } from '../journal/position.ts';
import type { Log } from '../telemetry/log.ts';
import type { SessionCounts } from './counts.ts';
import type { Encoder, Form } from './encoding.ts';
import { feedMissed, feedSnapshot, type Reader } from './feeding.ts';
import type { Groups, Member } from './group.ts';
import { Ledger, type Tally } from './ledger.ts';
import { type GoodbyeReason, type RequestHead, wire } from './message.ts';
import type { Subscription } from './subscription.ts';

/** What there is to be told, and by whom. */
export interface Stock {
  readonly hub: Hub;
  readonly journal: Pick<Journal, 'epoch' | 'readAfter'>;
  readonly groups: Groups;
  readonly encoder: Encoder;
  readonly log: Log;
  readonly counts: SessionCounts;
}

export interface FeedAnswer {
  readonly position: string;
  readonly calls?: number;
  readonly recovered?: boolean;
}

/** The session whose subscription it is. */
export interface Line {
  readonly transport: Form['transport'];
  readonly encoding: Form['encoding'];
  readonly isOpen: boolean;
  /** Answers the request; from then on the subscription holds. */
  subscribed(head: RequestHead, subscription: Subscription, feed: FeedAnswer): void;
  /** False when it could not be written, and the session has ended. */
  send(bytes: Buffer): boolean;
  drained(): Promise<void>;
  end(reason: GoodbyeReason, detail: string): void;
}

/** Where to go on from: now, a number in the journal, or now because that number cannot be had. */
type From = 'now' | 'lost' | number;

export class Subscribing implements Member {
  readonly #stock: Stock;
  readonly #line: Line;
  readonly #ledger = new Ledger();
  /** Counts subscriptions: what still feeds an older one stops. */
  #turn = 0;
  #isLive = false;
  #catchingUp: Promise<void> | undefined;
  /** Up to here the client has been told everything; undefined where there is no such place yet. */
  #toldSeq: number | undefined;
  /** The filter of which the client knows every call that goes on. */
  #known: ExtensionFilter | undefined;

  constructor(stock: Stock, line: Line) {
    this.#stock = stock;
    this.#line = line;
  }

  /** True while it is told what went before; then all that the client has to do is read. */
  get isCatchingUp(): boolean {
    return this.#catchingUp !== undefined;
  }

  /**
   * Carries out a subscribe request, replacing what was subscribed before.
   * @returns nothing when it has been answered, else a promise: the next request must wait for it
   */
  subscribe(head: RequestHead, subscription: Subscription): Promise<void> | undefined {
    const { after } = subscription;
    if (after !== undefined) return this.#resume(head, subscription, after);
    // Only what has been told in full can be added to: else what was still to be told would be lost.
    if (this.#catchingUp !== undefined) {
      return this.#catchingUp.then(() => this.#begin(head, subscription, 'now'));
    }
    this.#begin(head, subscription, 'now');
    return undefined;
  }

  /** What became of the events that passed so far; the hub must have been flushed. */
  get tally(): Readonly<Tally> {
    this.#ledger.settle(this.#stock.hub.head);
    return this.#ledger.tally;
  }

  /** Events that it has still to look at while it catches up. */
  get behind(): number {
    if (!this.isCatchingUp) return 0;
    const { head } = this.#stock.hub;
    return head - (this.#ledger.settledSeq ?? head);
  }

  /** Tells nothing any more: the client wants it so, or the session has ended. */
  leave(): void {
    this.#ledger.end(this.#stock.hub.head);
    this.#turn += 1;
    this.#isLive = false;
    this.#catchingUp = undefined;
    this.#toldSeq = undefined;
    this.#known = undefined;
    this.#stock.groups.leave(this);
  }

  take(bytes: Buffer, seq?: number, events = 0): void {
    // Said before: who is refused the write is gone when it returns, and counted.
    this.#ledger.handing(events);
    if (!this.#line.send(bytes)) return;
    this.#ledger.handed();
    this.#toldSeq = seq;
  }

  /** Tells the live client what waits for the end of the turn, so that it is up to date. */
  flush(): void {
    if (this.#isLive) this.#stock.hub.flush();
    if (this.#isLive) this.#toldSeq = this.#stock.hub.head;
  }

  /** The position from where the client can go on with what it has been sent; absent where that would lose something. */
  get place(): { readonly position?: string } {
    if (this.#toldSeq === undefined) return {};
    return { position: this.#stock.encoder.position(this.#toldSeq) };
  }

  async #resume(head: RequestHead, subscription: Subscription, after: Position): Promise<void> {
    this.#stop();
    try {
      this.#begin(head, subscription, (await this.#canResume(after)) ? after.seq : 'lost');
    } catch (error) {
      this.#journalFailed(error);
    }
  }

  /** Whether what came after the position can still be told. */
  async #canResume(after: Position): Promise<boolean> {
    const { journal, hub } = this.#stock;
    if (after.epoch !== journal.epoch || after.seq > hub.head) return false;
    if (after.seq === hub.head) return true;
    return (await journal.readAfter(after.seq, 1)).kind === 'entries';
  }

  /** Ends what is being told; of what was live, everything until now has been told then. */
  #stop(): void {
    this.flush();
    this.#ledger.end(this.#stock.hub.head);
    this.#turn += 1;
    this.#isLive = false;
    this.#catchingUp = undefined;
    this.#stock.groups.leave(this);
  }

  #begin(head: RequestHead, subscription: Subscription, from: From): void {
    this.#stop();
    if (!this.#line.isOpen) return;
    const { hub, encoder } = this.#stock;
    const isResumed = typeof from === 'number';
    const withSnapshot = from === 'lost' || (from === 'now' && subscription.snapshot);
    const seq = isResumed ? from : hub.head;
    const calls = withSnapshot ? this.#news(subscription.filter, from) : [];
    this.#known = undefined;
    this.#toldSeq = calls.length === 0 ? seq : undefined;
    this.#line.subscribed(head, subscription, {
      position: encoder.position(seq),
      ...(withSnapshot && { calls: calls.length }),
      ...(from !== 'now' && { recovered: isResumed }),
    });
    if (!this.#line.isOpen) return;
    if (from !== 'now') this.#countResume(from, subscription.after);
    this.#ledger.begin(seq);
    const join = (): void => this.#join(subscription, withSnapshot);
    if (calls.length === 0 && seq === hub.head) join();
    else this.#catchingUp = this.#catchUp(subscription, calls, seq, join);
  }

  #countResume(from: From, after: Position | undefined): void {
    const { hub, journal, counts } = this.#stock;
    if (from !== 'lost' || after === undefined) {
      counts.resumes.recovered += 1;
    } else if (after.epoch === journal.epoch && after.seq <= hub.head) {
      counts.resumes['too-old'] += 1;
      this.#ledger.unrecovered(after.seq, hub.head);
    } else {
      // How much that was nobody can say.
      counts.resumes.unknown += 1;
    }
  }

  /** The calls to tell of in a snapshot: those of the filter that the client does not know yet. */
  #news(filter: ExtensionFilter, from: From): readonly Call[] {
    const calls = this.#stock.hub.ongoing(filter);
    const known = from === 'lost' ? undefined : this.#known;
    return known === undefined ? calls : calls.filter((call) => !seesAny(known, call.extensions));
  }

  async #catchUp(
    subscription: Subscription,
    calls: readonly Call[],
    seq: number,
    join: () => void,
  ): Promise<void> {
    const { hub, encoder, journal } = this.#stock;
    const turn = this.#turn;
    const isCurrent = (): boolean => this.#line.isOpen && this.#turn === turn;
    const reader: Reader = {
      take: (bytes, upTo, events) => this.take(bytes, upTo, events),
      passed: (upTo, filtered) => {
        if (isCurrent()) this.#ledger.caughtUp(upTo, filtered);
      },
      drained: () => this.#line.drained(),
      isCurrent,
    };
    const form = this.#form(subscription);
    const feeding = { journal, head: () => hub.head, join, encoder, form };
    try {
      await feedSnapshot(reader, calls, seq, feeding);
      const end = await feedMissed(reader, subscription, seq, feeding);
      if (end !== 'gone') return;
      this.#line.end('slow-consumer', 'What it had yet to read was dropped by retention.');
    } catch (error) {
      this.#journalFailed(error);
    } finally {
      if (this.#turn === turn) this.#catchingUp = undefined;
    }
  }

  /** In this very moment the client has been told everything up to the hub's head. */
  #join(subscription: Subscription, withSnapshot: boolean): void {
    const { groups, hub } = this.#stock;
    this.#ledger.joined(groups.join(this, subscription, this.#form(subscription)), hub.head);
    this.#isLive = true;
    this.#toldSeq = hub.head;
    // After a resume we cannot know what the client was told before, nor where it is not told of starts.
    const isWhole = withSnapshot && subscription.types.includes(wire.callStart);
    this.#known = isWhole ? subscription.filter : undefined;
  }

  #form({ feed }: Subscription): Form {
    const { transport, encoding } = this.#line;
    return { transport, encoding, feed };
  }

  #journalFailed(error: unknown): void {
    this.#stock.log.error({ err: error }, 'journal.unreadable');
    this.#line.end('going-away', 'The journal could not be read.');
  }
}
