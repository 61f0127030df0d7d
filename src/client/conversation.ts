/**
 * What a client does and when, over all its connections: subscribing, acknowledging, noticing silence, coming
 * back with its position, holding back while the consumer is slow, and when to give up. Pure: what came or
 * the time goes in, what to do comes out, in order. Knows no transport and no encoding.
 */
import { spreadMs } from '../base/backoff.ts';
import { type Request, wire } from '../subscriber/message.ts';
import type { AnswerReading, ServerMessage, SourceReading } from '../subscriber/reading.ts';
import { type Ask, Asking } from './asking.ts';
import { Backlog } from './backlog.ts';
import {
  acknowledgement,
  type Closing,
  type ConversationSettings,
  type Effect,
  send,
  settle,
} from './effect.ts';
import { endOf, openingIds, partingOf } from './ending.ts';
import { closedError, FeedError } from './error.ts';
import type { FeedEvent } from './event.ts';
import { Patience } from './patience.ts';
import { type Fresh, Progress } from './progress.ts';

/** While a request is under way, reading goes on to so many times the usual bound. */
const stretch = 4;

type Phase =
  /** The next attempt has its time. */
  | 'waiting'
  | 'dialling'
  /** The line is there, the subscribe request is not answered. */
  | 'subscribing'
  | 'live'
  /** No attempt before the consumer has caught up. */
  | 'behind'
  | 'over';

export class Conversation {
  readonly #settings: ConversationSettings;
  readonly #progress: Progress;
  readonly #backlog: Backlog;
  readonly #asking: Asking;
  #phase: Phase = 'waiting';
  #dialAtMs: number;
  #attempt = 0;
  #everLive = false;
  readonly #patience = new Patience();
  /** Events of a snapshot in the backlog: it is told as a whole, however large it is. */
  #snapshotEvents = 0;
  #sources: readonly SourceReading[] = [];
  /** What the server said when it last took leave. */
  #goodbye: string | undefined;
  #failure: FeedError | undefined;

  constructor(settings: ConversationSettings, nowMs: number) {
    this.#settings = settings;
    this.#progress = new Progress(settings);
    this.#backlog = new Backlog(settings.after);
    this.#asking = new Asking(settings.requestTimeoutMs);
    this.#dialAtMs = nowMs;
  }

  /** Up to here the consumer has handled everything. */
  get position(): string | undefined {
    return this.#backlog.position;
  }

  /** As the last keep-alive told them. */
  get sources(): readonly SourceReading[] {
    return this.#sources;
  }

  get isOver(): boolean {
    return this.#phase === 'over';
  }

  /** Why it is over, where nobody closed it; to be told when the consumer has taken what waits. */
  get failure(): FeedError | undefined {
    return this.#failure;
  }

  /** The transport is connected. */
  opened(): readonly Effect[] {
    if (this.#phase !== 'dialling') return [];
    this.#phase = 'subscribing';
    this.#goodbye = undefined;
    const { token, extensions } = this.#settings;
    const subscribe: Request = {
      kind: 'subscribe',
      head: { type: wire.requests.subscribe, id: openingIds.subscribe },
      extensions,
      feed: this.#progress.begin(),
    };
    if (token === undefined) return [send(subscribe)];
    const head = { type: wire.requests.authenticate, id: openingIds.authenticate };
    return [send({ kind: 'authenticate', head, token }), send(subscribe)];
  }

  /** Something came, if only half a message. */
  heard(nowMs: number): void {
    this.#patience.heard(nowMs);
  }

  received(message: ServerMessage, nowMs: number, random: number): readonly Effect[] {
    if (this.#phase !== 'subscribing' && this.#phase !== 'live') return [];
    this.heard(nowMs);
    switch (message.kind) {
      case 'answer':
        if (message.head.id === openingIds.subscribe) return this.#subscribed(message, nowMs);
        return settle(this.#asking.answered(message));
      case 'failure':
        return this.#failed(message, nowMs, random);
      case 'call':
      case 'source':
        this.#attempt = 1;
        return this.#tell(this.#progress.told(message), nowMs);
      case 'keepalive':
        this.#attempt = 1;
        this.#patience.announced(message.intervalS, nowMs);
        this.#sources = message.sources;
        return [...this.#reached(message.position, nowMs), send(acknowledgement)];
      case 'goodbye':
        return this.#parting(message.reason, message.position, nowMs);
      case 'unknown':
        return [];
    }
  }

  /** The line has ended, or could not be made. */
  closed(closing: Closing, nowMs: number, random: number): readonly Effect[] {
    if (this.#phase === 'over') return [];
    const reason = this.#goodbye ?? closing.reason;
    const { code } = closing;
    // What was trusted once will be again, when its certificate has been renewed.
    const mayPass = code === undefined || (code === 'FEED_UNTRUSTED' && this.#everLive);
    if (!mayPass) return this.#fail(new FeedError(code, reason));
    if (this.#settings.failFast && !this.#everLive) {
      return this.#fail(new FeedError('FEED_UNREACHABLE', reason));
    }
    return this.#lost(reason, nowMs, random);
  }

  /** To be called when the next deadline has come, or later. */
  tick(nowMs: number, random: number): readonly Effect[] {
    const late = this.#asking.late(nowMs).flatMap(settle);
    if (this.#hasLine) return [...late, ...this.#watch(nowMs, random)];
    const isDue = this.#phase === 'waiting' && nowMs >= this.#dialAtMs;
    return isDue ? [...late, ...this.#dial(nowMs)] : late;
  }

  #watch(nowMs: number, random: number): readonly Effect[] {
    switch (this.#patience.look(nowMs)) {
      case 'wait':
        return [];
      case 'sign':
        return [send(acknowledgement)];
      case 'give-up':
        return this.#drop(this.#patience.silence, nowMs, random);
    }
  }

  /** When `tick` has to be called; Infinity for never. */
  get nextDeadlineMs(): number {
    const alone = this.#phase === 'waiting' ? this.#dialAtMs : Infinity;
    const own = this.#hasLine ? this.#patience.nextDeadlineMs : alone;
    return Math.min(this.#asking.nextDeadlineMs, own);
  }

  get #hasLine(): boolean {
    return this.#phase === 'dialling' || this.#phase === 'subscribing' || this.#phase === 'live';
  }

  /** The consumer asks for the next event, so it has handled the one before; undefined when none waits. */
  take(): FeedEvent | undefined {
    return this.#backlog.take();
  }

  /** The consumer has taken something: there may be room again. */
  relieved(nowMs: number): readonly Effect[] {
    if (this.#backlog.size > this.#settings.bufferedEvents / 2) return [];
    this.#snapshotEvents = 0;
    if (this.#phase === 'behind') return this.#dial(nowMs);
    return this.#listen(nowMs);
  }

  /** @param request made with an id of `nextId` */
  ask(request: Ask, nowMs: number): readonly Effect[] {
    const id = request.head.id ?? '';
    if (this.#phase === 'over') return settle({ id, error: this.#failure ?? closedError() });
    const isLive = this.#phase === 'live';
    this.#asking.ask(request, isLive, nowMs);
    if (isLive) return [...this.#listen(nowMs), send(request)];
    return this.#phase === 'behind' ? this.#dial(nowMs) : [];
  }

  nextId(): string {
    return this.#asking.nextId();
  }

  /** Nobody wants it any more. */
  close(): readonly Effect[] {
    if (this.#phase === 'over') return [];
    this.#backlog.clear();
    return this.#end(closedError());
  }

  #dial(nowMs: number): readonly Effect[] {
    this.#phase = 'dialling';
    this.#attempt += 1;
    this.#patience.begin(this.#settings.connectTimeoutMs, nowMs);
    return [{ kind: 'dial' }];
  }

  #subscribed(answer: AnswerReading, nowMs: number): readonly Effect[] {
    const { feed } = answer;
    if (this.#phase !== 'subscribing' || feed === undefined) return [];
    this.#phase = 'live';
    this.#patience.announced(answer.keepAliveS, nowMs);
    const again = this.#everLive;
    this.#everLive = true;
    const upTo = this.#progress.subscribed(feed);
    const { calls = 0, recovered = true } = feed;
    this.#backlog.add({ kind: 'connected', again, recovered, calls }, upTo);
    return [...this.#asking.send().map(send), ...this.#hold(nowMs)];
  }

  #failed(
    message: Extract<ServerMessage, { kind: 'failure' }>,
    nowMs: number,
    random: number,
  ): readonly Effect[] {
    const settled = this.#asking.answered(message);
    if (settled !== undefined) return settle(settled);
    const end = endOf(message);
    if (end === undefined) return [];
    if (end !== 'may-pass') return this.#fail(end);
    return this.#drop(`${message.failure}: ${message.detail}`, nowMs, random);
  }

  #parting(reason: string, position: string | undefined, nowMs: number): readonly Effect[] {
    const end = partingOf(reason);
    if (end instanceof FeedError) return this.#fail(end);
    this.#goodbye = end;
    return this.#reached(position, nowMs);
  }

  #reached(position: string | undefined, nowMs: number): readonly Effect[] {
    if (position === undefined) return [];
    const effects = this.#tell(this.#progress.reached(position), nowMs);
    this.#backlog.mark(this.#progress.position ?? position);
    return effects;
  }

  #tell(fresh: readonly Fresh[], nowMs: number): readonly Effect[] {
    for (const { event, upTo } of fresh) {
      if (event.kind === 'call' && event.snapshot) this.#snapshotEvents += 1;
      this.#backlog.add(event, upTo);
    }
    return this.#hold(nowMs);
  }

  /** Holds the server back when too much waits. */
  #hold(nowMs: number): readonly Effect[] {
    const { bufferedEvents, canPause } = this.#settings;
    const bound = this.#asking.isWaiting ? stretch * bufferedEvents : bufferedEvents;
    if (this.#patience.isPaused || this.#backlog.size - this.#snapshotEvents < bound) return [];
    if (canPause && !this.#asking.isWaiting) {
      this.#patience.pause(nowMs);
      return [{ kind: 'pause' }];
    }
    const effects = this.#lost(behindWords, nowMs, 0);
    return [{ kind: 'hang-up' }, ...effects];
  }

  /** Reads again, where it did not; the time in between was not the server's silence. */
  #listen(nowMs: number): readonly Effect[] {
    if (!this.#patience.isPaused) return [];
    this.#patience.resume(nowMs);
    return [{ kind: 'resume' }];
  }

  /** We end the line and come back. */
  #drop(reason: string, nowMs: number, random: number): readonly Effect[] {
    return [{ kind: 'hang-up' }, ...this.closed({ reason }, nowMs, random)];
  }

  #lost(reason: string, nowMs: number, random: number): readonly Effect[] {
    const settled = this.#asking.lost().flatMap(settle);
    const { backoff, bufferedEvents } = this.#settings;
    const isBehind = this.#backlog.size >= bufferedEvents;
    const retryMs = isBehind ? 0 : spreadMs(backoff, this.#attempt, random);
    this.#phase = isBehind ? 'behind' : 'waiting';
    this.#dialAtMs = nowMs + retryMs;
    this.#backlog.add({ kind: 'lost', reason, retryMs });
    return settled;
  }

  #fail(error: FeedError): readonly Effect[] {
    this.#failure = error;
    return this.#end(error);
  }

  #end(error: FeedError): readonly Effect[] {
    this.#phase = 'over';
    const settled = this.#asking.close(error.code === 'FEED_CLOSED' ? error : closedError(error));
    return [{ kind: 'hang-up' }, ...settled.flatMap(settle)];
  }
}

const behindWords = 'the consumer was too far behind';
