/**
 * Drives a conversation with the time, the dice and a transport, hands its events to the consumer, and decides
 * nothing. Runs in a browser too.
 */
import { wire } from '../subscriber/message.ts';
import type { AnswerReading, ServerMessage, SourceReading } from '../subscriber/reading.ts';
import type { Ask, Settled } from './asking.ts';
import { Conversation } from './conversation.ts';
import type { Closing, Effect } from './effect.ts';
import { FeedError } from './error.ts';
import { type FeedEvent, isoTime, recordOf } from './event.ts';
import type {
  CallDetail,
  Feed,
  MuteState,
  OngoingCall,
  ServerSummary,
  SourceState,
} from './feed.ts';
import { type ExtensionPattern, type FeedOptions, patternsOf, settingsOf } from './options.ts';
import type { Line, Transport } from './transport.ts';

type WithoutHead<T> = T extends unknown ? Omit<T, 'head'> : never;

interface Waiter<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: unknown) => void;
}

/** Longer, and a timer goes off at once. */
const longestTimerMs = 2 ** 31 - 1;

/**
 * Opens a feed over a transport; it dials at once.
 * @throws {TypeError} when an option is wrong
 */
export function openFeed(transport: Transport, options: FeedOptions): Feed {
  return new DrivenFeed(transport, options);
}

class DrivenFeed implements Feed, AsyncIterator<FeedEvent, undefined> {
  readonly #transport: Transport;
  readonly #options: FeedOptions;
  readonly #conversation: Conversation;
  readonly #consumers: Waiter<IteratorResult<FeedEvent, undefined>>[] = [];
  readonly #askers = new Map<string, Waiter<AnswerReading>>();
  #line: Line | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #timerAtMs = Infinity;
  #failureTold = false;
  readonly #abort = (): void => this.close();

  constructor(transport: Transport, options: FeedOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#conversation = new Conversation(settingsOf(options, transport.canPause), now());
    const { signal } = options;
    if (signal?.aborted === true) this.close();
    signal?.addEventListener('abort', this.#abort);
    this.#look();
  }

  get position(): string | undefined {
    return this.#conversation.position;
  }

  get sources(): readonly SourceState[] {
    return this.#sourcesOf(this.#conversation.sources);
  }

  [Symbol.asyncIterator](): AsyncIterator<FeedEvent, undefined> {
    return this;
  }

  next(): Promise<IteratorResult<FeedEvent, undefined>> {
    return new Promise((resolve, reject) => {
      this.#consumers.push({ resolve, reject });
      this.#serve();
      this.#do(this.#conversation.relieved(now()));
    });
  }

  return(): Promise<IteratorResult<FeedEvent, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  close(): void {
    this.#do(this.#conversation.close());
  }

  async ongoing(
    extensions?: readonly (string | ExtensionPattern)[],
  ): Promise<readonly OngoingCall[]> {
    const answer = await this.#ask(
      { kind: 'ongoing', extensions: patternsOf(extensions) },
      wire.requests.ongoing,
    );
    return answer.calls.map((call) => ({ ...call, start: this.#time(call.start) ?? '' }));
  }

  async detail(id: string): Promise<CallDetail> {
    const { cdr } = await this.#ask({ kind: 'detail', call: id }, wire.requests.detail[0]);
    if (cdr === undefined) throw lacking('record');
    return { ended: cdr.ended, record: recordOf(cdr) };
  }

  async mute(id: string, { callerMuted, calleeMuted }: MuteState): Promise<void> {
    await this.#ask({ kind: 'mute', call: id, callerMuted, calleeMuted }, wire.requests.mute);
  }

  async muteState(id: string): Promise<MuteState> {
    const { mute } = await this.#ask({ kind: 'mute-state', call: id }, wire.requests.muteState);
    if (mute === undefined) throw lacking('state');
    return mute;
  }

  async summary(): Promise<ServerSummary> {
    const { summary } = await this.#ask({ kind: 'summary' }, wire.requests.summary);
    if (summary === undefined) throw lacking('summary');
    return { ...summary, sources: this.#sourcesOf(summary.sources) };
  }

  #ask(ask: WithoutHead<Ask>, type: string): Promise<AnswerReading> {
    return new Promise((resolve, reject) => {
      const id = this.#conversation.nextId();
      this.#askers.set(id, { resolve, reject });
      this.#do(this.#conversation.ask({ ...ask, head: { type, id } }, now()));
    });
  }

  #sourcesOf(sources: readonly SourceReading[]): readonly SourceState[] {
    return sources.map((source) => ({ ...source, heard: this.#time(source.heard) }));
  }

  #time(text: string | undefined): string | undefined {
    return isoTime(text, this.#options.times ?? 'utc');
  }

  #do(effects: readonly Effect[]): void {
    for (const effect of effects) this.#carryOut(effect);
    this.#serve();
    this.#look();
  }

  #carryOut(effect: Effect): void {
    switch (effect.kind) {
      case 'dial':
        this.#line = this.#dial();
        return;
      case 'send':
        this.#line?.send(effect.request);
        return;
      case 'pause':
        this.#line?.pause();
        return;
      case 'resume':
        this.#line?.resume();
        return;
      case 'hang-up':
        this.#hangUp();
        return;
      case 'settle':
        this.#settle(effect.settled);
        return;
    }
  }

  #dial(): Line {
    const conversation = this.#conversation;
    // A line that was let go may still have something to say.
    const ofThis = (act: () => readonly Effect[]): void => {
      if (this.#line === line) this.#do(act());
    };
    const line = this.#transport.dial({
      opened: () => ofThis(() => conversation.opened()),
      heard: () => {
        if (this.#line === line) conversation.heard(now());
      },
      received: (message: ServerMessage) =>
        ofThis(() => conversation.received(message, now(), Math.random())),
      closed: (closing: Closing) =>
        ofThis(() => {
          this.#line = undefined;
          return conversation.closed(closing, now(), Math.random());
        }),
    });
    return line;
  }

  #hangUp(): void {
    const line = this.#line;
    this.#line = undefined;
    line?.hangUp();
  }

  #settle(settled: Settled): void {
    const asker = this.#askers.get(settled.id);
    this.#askers.delete(settled.id);
    if ('answer' in settled) asker?.resolve(settled.answer);
    else asker?.reject(settled.error);
  }

  /** Gives consumers that wait what there is. */
  #serve(): void {
    for (const consumer of this.#consumers.splice(0)) {
      const value = this.#conversation.take();
      if (value !== undefined) consumer.resolve({ done: false, value });
      else if (this.#conversation.isOver) this.#tellEnd(consumer);
      else this.#consumers.push(consumer);
    }
  }

  #tellEnd(consumer: Waiter<IteratorResult<FeedEvent, undefined>>): void {
    const { failure } = this.#conversation;
    if (failure === undefined || this.#failureTold)
      consumer.resolve({ done: true, value: undefined });
    else consumer.reject(failure);
    this.#failureTold = true;
  }

  /** Sees to it that the one timer goes off by the next deadline; one that is too early looks again. */
  #look(): void {
    const atMs = this.#conversation.nextDeadlineMs;
    if (atMs >= this.#timerAtMs && !this.#conversation.isOver) return;
    clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    if (this.#conversation.isOver) this.#options.signal?.removeEventListener('abort', this.#abort);
    if (atMs === Infinity) return;
    const inMs = Math.min(longestTimerMs, Math.max(0, Math.ceil(atMs - now())));
    this.#timer = setTimeout(() => {
      this.#timerAtMs = Infinity;
      this.#do(this.#conversation.tick(now(), Math.random()));
    }, inMs);
  }
}

/** Time that nobody can set, milliseconds. */
function now(): number {
  return performance.now();
}

function lacking(what: string): FeedError {
  return new FeedError('FEED_PROTOCOL', `The answer holds no ${what}.`);
}
