/**
 * The rules of one feed conversation: what may be asked when, when a keep-alive is due, and when it is
 * over. Pure: a request or the time goes in, what to do comes out, in order.
 */
import { type ProtocolError } from '../base/errors.ts';
import { anybody, type Grant } from '../access/grant.ts';
import {
  type Answer,
  type GoodbyeReason,
  type Refusal,
  type Request,
  type RequestHead,
  wire,
} from './message.ts';
import { failed } from './refusal.ts';
import { type Subscription, subscriptionOf } from './subscription.ts';

export interface SessionSettings {
  /** Between keep-alives, milliseconds; 0 turns them off. */
  readonly keepAliveMs: number;
  /** How long a client may stay without subscribing, milliseconds; 0 for ever. */
  readonly idleTimeoutMs: number;
  /** How long nothing may drain before the client counts as slow, milliseconds. */
  readonly drainTimeoutMs: number;
  /** True where a token must come first. */
  readonly requireToken: boolean;
  /** How long it may take until the token comes, milliseconds. */
  readonly authTimeoutMs: number;
  /** How many bytes may come before it, and with it. */
  readonly authBytes: number;
  /** Documents that are taken a second, twice as many at once; beyond it they wait. 0: as they come. */
  readonly documentRate: number;
  /** True to close after answering anything but a subscription, as some vendor servers do. */
  readonly closeAfterResponse: boolean;
  /** A message half received may stay so for this long, milliseconds. */
  readonly halfMessageMs: number;
  /** Between pings where the transport has them, milliseconds; 0 for none. */
  readonly pingMs: number;
}

/** Requests that somebody else must answer. */
export type Ask = Extract<
  Request,
  { kind: 'ongoing' | 'detail' | 'mute' | 'mute-state' | 'summary' | 'authenticate' }
>;

export type SessionEffect =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'ask'; readonly ask: Ask; readonly grant: Grant }
  | { readonly kind: 'subscribe'; readonly head: RequestHead; readonly subscription: Subscription }
  | { readonly kind: 'unsubscribe' }
  | { readonly kind: 'keepalive' }
  | { readonly kind: 'ping' }
  | { readonly kind: 'end'; readonly reason: GoodbyeReason; readonly detail: string };

/** The patience of either side, in intervals last announced. */
const patience = 1.5;

export class Session {
  readonly #settings: SessionSettings;
  /** What the peer may see and do; undefined until its token has come. */
  #grant: Grant | undefined;
  readonly #authDueMs: number;
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
    this.#grant = settings.requireToken ? undefined : anybody;
    this.#authDueMs = nowMs + settings.authTimeoutMs;
    this.#pingDueMs = settings.pingMs > 0 ? nowMs + settings.pingMs : Infinity;
  }

  get subscription(): Subscription | undefined {
    return this.#subscription;
  }

  /** What the peer may see and do; undefined until its token has come. */
  get grant(): Grant | undefined {
    return this.#grant;
  }

  /** When the next keep-alive is due; Infinity for never. */
  get keepAliveDueMs(): number {
    return this.#keepAliveDueMs;
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
    const grant = this.#grant ?? (isAuthenticate(request) ? anybody : undefined);
    if (grant === undefined) {
      const type = request.head?.type ?? 'Something else';
      const detail = `${type.slice(0, 60)} came before Authenticate; this listener asks for a token first.`;
      return this.#unauthorized(detail, request.head);
    }
    // Somebody without a token must not be able to stay by asking.
    if (this.#grant !== undefined) this.#askedAtMs = nowMs;
    if (request.kind === 'refusal') {
      const { head, failure, detail } = request;
      return this.#final([{ kind: 'answer', answer: failed(failure, detail, head) }]);
    }
    switch (request.kind) {
      case 'subscribe':
        return this.#subscribe(subscriptionOf(request, grant), request.head);
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
        return [{ kind: 'ask', ask: request, grant }];
    }
  }

  /** What follows the answer to an `ask`. */
  answered(answer: Answer): readonly SessionEffect[] {
    return this.#final([{ kind: 'answer', answer }]);
  }

  /** The token opens this grant; or it opens none, for the reason told. */
  authenticated(outcome: Grant | string, head: RequestHead): readonly SessionEffect[] {
    if (typeof outcome === 'string') return this.#unauthorized(outcome, head);
    this.#grant = outcome;
    return [{ kind: 'answer', answer: { kind: 'done', head } }];
  }

  /** More bytes came without a token than a token needs. */
  tooMuchUnasked(): readonly SessionEffect[] {
    const detail = `More than ${this.#settings.authBytes} bytes came before a token did.`;
    return this.#unauthorized(detail, undefined);
  }

  #unauthorized(detail: string, head: RequestHead | undefined): readonly SessionEffect[] {
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
    if (over !== undefined) return over;
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

  #over(nowMs: number, blockedSinceMs: number | undefined): readonly SessionEffect[] | undefined {
    const deadlines = this.#deadlines(blockedSinceMs);
    if (nowMs > deadlines.auth) {
      const detail = `No token came within ${this.#settings.authTimeoutMs / 1_000} s.`;
      return [
        { kind: 'answer', answer: failed('Not Authorized', detail) },
        end('unauthorized', detail),
      ];
    }
    if (nowMs > deadlines.half) {
      const detail = `A message stayed half received for ${this.#settings.halfMessageMs / 1_000} s.`;
      return [
        { kind: 'answer', answer: failed('Invalid Request', detail) },
        end('protocol-error', detail),
      ];
    }
    if (nowMs > deadlines.blocked) {
      return [end('slow-consumer', 'Nothing drained within the time allowed.')];
    }
    if (nowMs > deadlines.silent) {
      return [end('idle', 'Nothing was heard within 1.5 intervals.')];
    }
    if (nowMs > deadlines.idle) {
      return [end('idle', 'No subscription was made in the time allowed.')];
    }
    return undefined;
  }

  #deadlines(
    blockedSinceMs: number | undefined,
  ): Record<'auth' | 'half' | 'blocked' | 'silent' | 'idle', number> {
    const { keepAliveMs, drainTimeoutMs, idleTimeoutMs, halfMessageMs, pingMs } = this.#settings;
    const patienceMs = keepAliveMs > 0 ? patience * keepAliveMs : Infinity;
    const acks = this.#subscription?.ack === true ? patienceMs : Infinity;
    const pongs = pingMs > 0 ? patience * pingMs : Infinity;
    const isIdle = this.#subscription === undefined && idleTimeoutMs > 0;
    const halfSinceMs = this.#listens ? this.#halfSinceMs : undefined;
    return {
      auth: this.#grant === undefined ? this.#authDueMs : Infinity,
      half: (halfSinceMs ?? Infinity) + halfMessageMs,
      blocked: (blockedSinceMs ?? Infinity) + Math.min(drainTimeoutMs, patienceMs),
      silent: this.#listens ? this.#heardAtMs + Math.min(acks, pongs) : Infinity,
      // A pong is a sign of life and no use of the feed.
      idle: isIdle ? this.#askedAtMs + idleTimeoutMs : Infinity,
    };
  }

  /** When `tick` has to be called at the latest; Infinity for never. */
  nextDeadlineMs(blockedSinceMs: number | undefined): number {
    const { auth, half, blocked, silent, idle } = this.#deadlines(blockedSinceMs);
    // One past: a deadline is over when the time is beyond it.
    const over = Math.min(auth, half, blocked, silent, idle) + 1;
    return Math.min(over, this.#keepAliveDueMs, this.#pingDueMs);
  }

  #subscribe(subscription: Subscription | Answer, head: RequestHead): readonly SessionEffect[] {
    if ('kind' in subscription) return this.#final([{ kind: 'answer', answer: subscription }]);
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

function isAuthenticate({ head }: Request | Refusal): boolean {
  return head?.type === wire.requests.authenticate;
}

function end(reason: GoodbyeReason, detail: string): SessionEffect {
  return { kind: 'end', reason, detail };
}

/** The next due time on the same beat; beats that were missed are not made up for. */
function later(dueMs: number, everyMs: number, nowMs: number): number {
  const next = dueMs + everyMs;
  return next > nowMs ? next : nowMs + everyMs;
}
