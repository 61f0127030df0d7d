/**
 * One client's connection, whatever it came over: requests go to the session, one after the other, and
 * what the session wants done is carried out here. Owns no socket and no timer; both are given in.
 */
import type { Grant } from '../access/grant.ts';
import { ProtocolError } from '../base/errors.ts';
import { answerTo, orFailure } from './answering.ts';
import { closeCodes } from './close-codes.ts';
import type { House } from './house.ts';
import { frame } from './encoding.ts';
import type { Standing } from './counts.ts';
import { Inbox } from './inbox.ts';
import type { Answer, GoodbyeReason, Refusal, Request, RequestHead } from './message.ts';
import { Outbound, type Transport } from './outbound.ts';
import { type Ask, Session, type SessionEffect, type SessionSettings } from './session.ts';
import type { Subscription } from './subscription.ts';
import { type FeedAnswer, type Line, Subscribing } from './subscribing.ts';
import { type Encoding, type Wire, xmlWire } from './wire.ts';

/**
 * How much longer a reader that catches up may take, milliseconds: the kernel shows that it reads only
 * every megabyte or two, which over a slow line is most of a minute.
 */
const catchUpGraceMs = 45_000;

export class Connection implements Line {
  readonly encoding: Encoding;
  readonly #house: House;
  readonly #transport: Transport;
  readonly #wire: Wire;
  readonly #settings: SessionSettings;
  readonly #session: Session;
  readonly #subscribing: Subscribing;
  readonly #outbound: Outbound;
  readonly #openedAtMs: number;
  /** The grant whose seat is taken. */
  #seated: Grant | undefined;
  /** Bytes that have come without a token. */
  #unaskedBytes = 0;
  readonly #inbox: Inbox<Request | Refusal | ProtocolError>;
  #isServing = false;
  #isPaused = false;
  #ended: GoodbyeReason | 'closed' | undefined;
  #isGone = false;
  /** Whoever waits for the transport to let go; of most sessions, nobody. */
  #awaited: (() => void)[] | undefined;

  constructor(transport: Transport, settings: SessionSettings, house: House, wire = xmlWire) {
    this.#house = house;
    this.#wire = wire;
    this.encoding = wire.encoding;
    this.#transport = transport;
    this.#settings = settings;
    this.#openedAtMs = house.clock.now();
    this.#inbox = new Inbox(settings.documentRate, this.#openedAtMs);
    this.#session = new Session(settings, this.#openedAtMs);
    this.#outbound = new Outbound(transport, house.queueBytes);
    this.#subscribing = new Subscribing(house, this);
    house.counts.opened[transport.kind] += 1;
    this.#schedule();
  }

  /** Resolves when the transport has let go. */
  get gone(): Promise<void> {
    if (this.#isGone) return Promise.resolve();
    return new Promise((resolve) => (this.#awaited ??= []).push(resolve));
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  get transport(): Transport['kind'] {
    return this.#transport.kind;
  }

  /** What the peer may see and do; undefined until its token has come. */
  get grant(): Grant | undefined {
    return this.#session.grant;
  }

  /** So many bytes came from the peer. @returns false when they are not to be looked at */
  came(bytes: number): boolean {
    if (this.#session.grant !== undefined) return true;
    // What came before counts, not what comes along: requests may follow the token in one piece.
    if (this.#unaskedBytes > this.#settings.authBytes) {
      if (this.isOpen) void this.#carryOut(this.#session.tooMuchUnasked());
      return false;
    }
    this.#unaskedBytes += bytes;
    return true;
  }

  /** One whole document from the peer. */
  receive(document: Uint8Array): void {
    if (!this.isOpen) return;
    this.#session.heard(this.#house.clock.now());
    this.#take(this.#wire.request(document));
  }

  /** The peer broke the protocol. */
  broken(error: ProtocolError): void {
    if (this.isOpen) this.#take(error);
  }

  /** A sign of life that is no document: a ping or a pong. */
  heard(): void {
    this.#session.heard(this.#house.clock.now());
    this.#schedule();
  }

  /** A message began (or is whole again): it may stay half received only for so long. */
  half(isHalf: boolean): void {
    this.#session.half(isHalf ? this.#house.clock.now() : undefined);
    this.#schedule();
  }

  /** The transport is gone. */
  closed(): void {
    this.#isGone = true;
    for (const resolve of this.#awaited?.splice(0) ?? []) resolve();
    this.#leave('closed', 'The peer closed the connection.');
  }

  tick(): void {
    if (!this.isOpen) return;
    const nowMs = this.#house.clock.now();
    const dueMs = this.#session.keepAliveDueMs;
    void this.#carryOut(this.#session.tick(nowMs, this.#blockedSinceMs(nowMs)));
    if (nowMs >= this.#inbox.resumeAtMs && !this.#isServing) void this.#serve();
    if (this.isOpen && nowMs >= dueMs) this.#house.counts.onKeepAlive(nowMs - dueMs);
    this.#schedule();
  }

  /** Ends the session from our side, telling why to a client that opted in. */
  end(reason: GoodbyeReason, detail: string): void {
    // A slow reader gets nothing more but the goodbye; flushing may also end this very session as slow.
    if (this.isOpen && reason !== 'slow-consumer') this.#subscribing.flush();
    if (!this.isOpen) return;
    const hasOptedIn = this.#wire.optedIn || this.#session.subscription?.feed === true;
    const { place } = this.#subscribing;
    this.#leave(reason, detail);
    if (hasOptedIn) {
      const goodbye = this.#wire.goodbye({ reason, ...place });
      this.#transport.write(frame(goodbye, this.#transport.kind));
    }
    this.#transport.end(closeCodes[reason].code, reason);
  }

  #leave(reason: GoodbyeReason | 'closed', detail: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    const { deadlines, log, clock, desk, counts } = this.#house;
    this.#subscribing.leave();
    if (this.#seated !== undefined) desk.letGo(this.#seated);
    this.#seated = undefined;
    deadlines.delete(this);
    this.#inbox.clear();
    const durationMs = clock.now() - this.#openedAtMs;
    const { kind: transport, peer } = this.#transport;
    const events = counts.ended(transport, reason, this.#subscribing.tally);
    log.info({ transport, peer, reason, detail, durationMs, ...events }, 'session.closed');
  }

  /** How it stands with the session while it is open; the hub must have been flushed. */
  get standing(): Standing {
    const isSubscribed = this.#session.subscription !== undefined;
    const { behind, tally } = this.#subscribing;
    return { isSubscribed, waitingBytes: this.#transport.pendingBytes, behind, tally };
  }

  send(bytes: Buffer): boolean {
    if (!this.isOpen) return false;
    const result = this.#outbound.write(bytes, this.#house.clock.now());
    if (result === 'waits') this.#schedule();
    if (result !== 'overflow') return true;
    this.end('slow-consumer', `More than ${this.#house.queueBytes} bytes waited for the reader.`);
    return false;
  }

  drained(): Promise<void> {
    return this.#outbound.drained();
  }

  subscribed(head: RequestHead, subscription: Subscription, feed: FeedAnswer): void {
    const keepAliveS = this.#settings.keepAliveMs / 1_000;
    const answer = { kind: 'subscribed' as const, head, keepAliveS };
    this.#answer(subscription.feed ? { ...answer, feed } : answer);
    this.#session.subscribed(subscription, this.#house.clock.now());
    this.#schedule();
  }

  /** Since when nothing has drained; moved on for a reader that is still catching up. */
  #blockedSinceMs(nowMs: number): number | undefined {
    const sinceMs = this.#outbound.blockedSinceMs(nowMs);
    if (sinceMs === undefined || !this.#subscribing.isCatchingUp) return sinceMs;
    return sinceMs + catchUpGraceMs;
  }

  #schedule(): void {
    if (!this.isOpen) return;
    const blocked = this.#blockedSinceMs(this.#house.clock.now());
    const next = Math.min(this.#session.nextDeadlineMs(blocked), this.#inbox.resumeAtMs);
    if (next === Infinity) this.#house.deadlines.delete(this);
    else this.#house.deadlines.set(this, next);
  }

  #take(request: Request | Refusal | ProtocolError): void {
    this.#inbox.push(request);
    if (!this.#isServing && this.#inbox.resumeAtMs === Infinity) void this.#serve();
    if (this.#inbox.isFull) this.#listen(false);
  }

  /**
   * In the order in which they came, in this very turn unless one has to wait for somebody, or all of
   * them for the pace.
   */
  async #serve(): Promise<void> {
    this.#isServing = true;
    const { clock } = this.#house;
    for (;;) {
      const nowMs = clock.now();
      const next = this.#inbox.next(nowMs);
      if (next === undefined) break;
      const effects =
        next instanceof ProtocolError
          ? this.#session.broken(next)
          : this.#session.request(next, nowMs);
      const waits = this.#carryOut(effects);
      if (waits !== undefined) await waits;
      if (!this.#inbox.isFull) this.#listen(true);
    }
    this.#listen(!this.#inbox.isFull);
    this.#isServing = false;
    this.#schedule();
  }

  /** Reads on from the client, or no longer: then its silence is our doing. */
  #listen(listens: boolean): void {
    if (listens !== this.#isPaused || !this.isOpen) return;
    this.#isPaused = !listens;
    this.#session.listening(listens, this.#house.clock.now());
    if (listens) this.#transport.resume();
    else this.#transport.pause();
    this.#schedule();
  }

  /** @returns a promise where the next request has to wait */
  #carryOut(effects: readonly SessionEffect[]): Promise<void> | undefined {
    let waits: Promise<void> | undefined;
    for (const effect of effects) {
      switch (effect.kind) {
        case 'answer':
          this.#answer(effect.answer);
          break;
        case 'ask':
          waits = this.#ask(effect.ask, effect.grant);
          break;
        case 'subscribe':
          waits = this.#subscribing.subscribe(effect.head, effect.subscription);
          break;
        case 'unsubscribe':
          this.#subscribing.leave();
          break;
        case 'keepalive':
          this.#keepAlive();
          break;
        case 'ping':
          this.#transport.ping();
          break;
        case 'end':
          this.end(effect.reason, effect.detail);
          break;
      }
    }
    return waits;
  }

  #answer(answer: Answer): void {
    const bytes = frame(this.#wire.answer(answer, this.#house.times), this.#transport.kind);
    this.#inbox.answered(bytes.length, this.#house.clock.now());
    this.send(bytes);
  }

  #keepAlive(): void {
    const { encoder, desk } = this.#house;
    const intervalS = this.#settings.keepAliveMs / 1_000;
    const hasOptedIn = this.#session.subscription?.feed === true;
    if (hasOptedIn) this.#subscribing.flush();
    const state = hasOptedIn ? { sources: desk.sources(), ...this.#subscribing.place } : undefined;
    this.send(encoder.keepAlive(intervalS, this, state));
  }

  #ask(ask: Ask, grant: Grant): Promise<void> | undefined {
    const { desk, hub } = this.#house;
    if (ask.kind === 'authenticate') {
      const outcome = desk.authenticate(ask.token);
      if (typeof outcome !== 'string') {
        if (this.#seated !== undefined) desk.letGo(this.#seated);
        this.#seated = outcome;
      }
      void this.#carryOut(this.#session.authenticated(outcome, ask.head));
      return undefined;
    }
    const answer = answerTo(ask, grant, desk, hub);
    if (answer instanceof Promise) return this.#wait(answer, ask.head);
    void this.#carryOut(this.#session.answered(answer));
    return undefined;
  }

  async #wait(answering: Promise<Answer>, head: RequestHead): Promise<void> {
    const answer = await orFailure(answering, head, this.#house.log);
    if (this.isOpen) void this.#carryOut(this.#session.answered(answer));
  }
}
