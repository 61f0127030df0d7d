/**
 * The rules of one feed conversation: what may be asked when, when a keep-alive is due, and when it is
 * over. Pure: a request or the time goes in, what to do comes out, in order.
 */
import { type ProtocolError } from '../base/errors.ts';
import { type ExtensionFilter, filterOf } from '../call/extension.ts';
import { parsePosition, type Position } from '../journal/position.ts';
import {
  type Answer,
  type GoodbyeReason,
  type NotificationType,
  type Refusal,
  type Request,
  type RequestHead,
  wire,
} from './message.ts';

export interface SessionSettings {
  /** Between keep-alives, milliseconds; 0 turns them off. */
  readonly keepAliveMs: number;
  /** How long a client may stay without subscribing, milliseconds; 0 for ever. */
  readonly idleTimeoutMs: number;
  /** How long nothing may drain before the client counts as slow, milliseconds. */
  readonly drainTimeoutMs: number;
  /** True where a token must come first. */
  readonly requireToken: boolean;
  /** True to close after answering anything but a subscription, as some vendor servers do. */
  readonly closeAfterResponse: boolean;
  /** A message half received may stay so for this long, milliseconds. */
  readonly halfMessageMs: number;
  /** Between pings where the transport has them, milliseconds; 0 for none. */
  readonly pingMs: number;
}

/** What a subscription asks for, checked. */
export interface Subscription {
  readonly filter: ExtensionFilter;
  readonly types: readonly NotificationType[];
  /** True when the client asked by a Feed element: it may see what the vendor's clients do not know. */
  readonly feed: boolean;
  readonly snapshot: boolean;
  readonly after?: Position;
  readonly ack: boolean;
}

/** Requests that somebody else must answer. */
export type Ask = Extract<
  Request,
  { kind: 'ongoing' | 'detail' | 'mute' | 'mute-state' | 'summary' | 'authenticate' }
>;

export type SessionEffect =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'ask'; readonly ask: Ask }
  | { readonly kind: 'subscribe'; readonly head: RequestHead; readonly subscription: Subscription }
  | { readonly kind: 'unsubscribe' }
  | { readonly kind: 'keepalive' }
  | { readonly kind: 'ping' }
  | { readonly kind: 'end'; readonly reason: GoodbyeReason; readonly detail: string };

const legacyTypes: readonly NotificationType[] = [wire.callStart, wire.callEnd];
/** The patience of either side, in intervals last announced. */
const patience = 1.5;

export class Session {
  readonly #settings: SessionSettings;
  #authenticated: boolean;
  #subscription: Subscription | undefined;
  #heardAtMs: number;
  /** When it was opened, or the last request was served. */
  #askedAtMs: number;
  #listens = true;
  #keepAliveDueMs = Infinity;
  #pingDueMs: number;
  #halfSinceMs: number | undefined;

  constructor(settings: SessionSettings, nowMs: number) {
    this.#settings = settings;
    this.#heardAtMs = nowMs;
    this.#askedAtMs = nowMs;
    this.#authenticated = !settings.requireToken;
    this.#pingDueMs = settings.pingMs > 0 ? nowMs + settings.pingMs : Infinity;
  }

  get subscription(): Subscription | undefined {
    return this.#subscription;
  }

  /** Something came from the peer, if only a pong. */
  heard(nowMs: number): void {
    this.#heardAtMs = nowMs;
  }

  /** Since when a message is half received, if one is. */
  half(sinceMs: number | undefined): void {
    this.#halfSinceMs = sinceMs;
  }

  /** Whether we read what the peer sends: while we do not, its silence is no fault of its own. */
  listening(listens: boolean, nowMs: number): void {
    this.#listens = listens;
    if (!listens) return;
    this.#heardAtMs = nowMs;
    if (this.#halfSinceMs !== undefined) this.#halfSinceMs = nowMs;
  }

  request(request: Request | Refusal, nowMs: number): readonly SessionEffect[] {
    if (!this.#authenticated && request.head?.type !== wire.requests.authenticate) {
      const type = request.head?.type ?? 'Something else';
      const detail = `${type.slice(0, 60)} came before Authenticate; this listener asks for a token first.`;
      return [
        { kind: 'answer', answer: failed('Not Authorized', detail, request.head) },
        { kind: 'end', reason: 'unauthorized', detail },
      ];
    }
    // Somebody without a token must not be able to stay by asking.
    if (this.#authenticated) this.#askedAtMs = nowMs;
    if (request.kind === 'refusal') {
      const { head, failure, detail } = request;
      return this.#final([{ kind: 'answer', answer: failed(failure, detail, head) }]);
    }
    switch (request.kind) {
      case 'subscribe':
        return this.#subscribe(request);
      case 'unsubscribe':
        this.#subscription = undefined;
        this.#keepAliveDueMs = Infinity;
        return [
          { kind: 'unsubscribe' },
          { kind: 'answer', answer: { kind: 'done', head: request.head } },
        ];
      case 'keepalive':
        return [];
      case 'ongoing':
      case 'detail':
      case 'mute':
      case 'mute-state':
      case 'summary':
      case 'authenticate':
        return [{ kind: 'ask', ask: request }];
    }
  }

  /** What follows the answer to an `ask`. */
  answered(answer: Answer): readonly SessionEffect[] {
    return this.#final([{ kind: 'answer', answer }]);
  }

  /** The token was accepted, or not. */
  authenticated(accepted: boolean, head: RequestHead): readonly SessionEffect[] {
    if (accepted) {
      this.#authenticated = true;
      return [{ kind: 'answer', answer: { kind: 'done', head } }];
    }
    const detail = 'The token is not known here; ask the administrator for a valid one.';
    return [
      { kind: 'answer', answer: failed('Not Authorized', detail, head) },
      { kind: 'end', reason: 'unauthorized', detail },
    ];
  }

  /** The subscribe answer has been written; the keep-alive clock starts. */
  subscribed(subscription: Subscription, nowMs: number): void {
    this.#subscription = subscription;
    this.#heardAtMs = nowMs;
    const { keepAliveMs } = this.#settings;
    this.#keepAliveDueMs = keepAliveMs > 0 ? nowMs + keepAliveMs : Infinity;
  }

  /** The peer broke the protocol: it is told once, without echo, and the session ends. */
  broken(error: ProtocolError): readonly SessionEffect[] {
    return [
      { kind: 'answer', answer: failed('Invalid Request', error.message) },
      { kind: 'end', reason: 'protocol-error', detail: error.message },
    ];
  }

  /** @param blockedSinceMs since when nothing of what waits has drained, if anything waits */
  tick(nowMs: number, blockedSinceMs: number | undefined): readonly SessionEffect[] {
    const over = this.#over(nowMs, blockedSinceMs);
    if (over !== undefined) return [over];
    const effects: SessionEffect[] = [];
    if (nowMs >= this.#keepAliveDueMs) {
      effects.push({ kind: 'keepalive' });
      this.#keepAliveDueMs = later(this.#keepAliveDueMs, this.#settings.keepAliveMs, nowMs);
    }
    if (nowMs >= this.#pingDueMs) {
      effects.push({ kind: 'ping' });
      this.#pingDueMs = later(this.#pingDueMs, this.#settings.pingMs, nowMs);
    }
    return effects;
  }

  #over(nowMs: number, blockedSinceMs: number | undefined): SessionEffect | undefined {
    const deadlines = this.#deadlines(blockedSinceMs);
    if (nowMs > deadlines.half) {
      const detail = `A message stayed half received for ${this.#settings.halfMessageMs / 1_000} s.`;
      return { kind: 'end', reason: 'protocol-error', detail };
    }
    if (nowMs > deadlines.blocked) {
      return {
        kind: 'end',
        reason: 'slow-consumer',
        detail: 'Nothing drained within the time allowed.',
      };
    }
    if (nowMs > deadlines.silent) {
      return { kind: 'end', reason: 'idle', detail: 'Nothing was heard within 1.5 intervals.' };
    }
    if (nowMs > deadlines.idle) {
      return {
        kind: 'end',
        reason: 'idle',
        detail: 'No subscription was made in the time allowed.',
      };
    }
    return undefined;
  }

  #deadlines(
    blockedSinceMs: number | undefined,
  ): Record<'half' | 'blocked' | 'silent' | 'idle', number> {
    const { keepAliveMs, drainTimeoutMs, idleTimeoutMs, halfMessageMs, pingMs } = this.#settings;
    const patienceMs = keepAliveMs > 0 ? patience * keepAliveMs : Infinity;
    const acks = this.#subscription?.ack === true ? patienceMs : Infinity;
    const pongs = pingMs > 0 ? patience * pingMs : Infinity;
    const isIdle = this.#subscription === undefined && idleTimeoutMs > 0;
    const halfSinceMs = this.#listens ? this.#halfSinceMs : undefined;
    return {
      half: (halfSinceMs ?? Infinity) + halfMessageMs,
      blocked: (blockedSinceMs ?? Infinity) + Math.min(drainTimeoutMs, patienceMs),
      silent: this.#listens ? this.#heardAtMs + Math.min(acks, pongs) : Infinity,
      // A pong is a sign of life and no use of the feed.
      idle: isIdle ? this.#askedAtMs + idleTimeoutMs : Infinity,
    };
  }

  /** When `tick` has to be called at the latest; Infinity for never. */
  nextDeadlineMs(blockedSinceMs: number | undefined): number {
    const { half, blocked, silent, idle } = this.#deadlines(blockedSinceMs);
    // One past: a deadline is over when the time is beyond it.
    const over = Math.min(half, blocked, silent, idle) + 1;
    return Math.min(over, this.#keepAliveDueMs, this.#pingDueMs);
  }

  #subscribe(request: Extract<Request, { kind: 'subscribe' }>): readonly SessionEffect[] {
    const { head, extensions, feed } = request;
    const filter = filterOf(extensions);
    if (feed === undefined) {
      const subscription = { filter, types: legacyTypes, feed: false, snapshot: false, ack: false };
      return [{ kind: 'subscribe', head, subscription }];
    }
    const after = feed.after === undefined ? undefined : parsePosition(feed.after);
    if (feed.after !== undefined && after === undefined) {
      const detail = `after="${feed.after.slice(0, 80)}" is no position; send one as this server gave it.`;
      return this.#final([{ kind: 'answer', answer: failed('Invalid Request', detail, head) }]);
    }
    const subscription: Subscription = {
      filter,
      types: feed.events ?? legacyTypes,
      feed: true,
      snapshot: feed.snapshot,
      ack: feed.ack,
      ...(after !== undefined && { after }),
    };
    return [{ kind: 'subscribe', head, subscription }];
  }

  #final(effects: readonly SessionEffect[]): readonly SessionEffect[] {
    if (!this.#settings.closeAfterResponse || this.#subscription !== undefined) return effects;
    return [
      ...effects,
      { kind: 'end', reason: 'going-away', detail: 'Answered; closing as configured.' },
    ];
  }
}

/** The next due time on the same beat; beats that were missed are not made up for. */
function later(dueMs: number, everyMs: number, nowMs: number): number {
  const next = dueMs + everyMs;
  return next > nowMs ? next : nowMs + everyMs;
}

function failed(
  failure: Extract<Answer, { kind: 'failure' }>['failure'],
  detail: string,
  head?: RequestHead,
): Answer {
  return { kind: 'failure', failure, detail, ...(head !== undefined && { head }) };
}
