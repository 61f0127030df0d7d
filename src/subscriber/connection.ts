/**
 * One client's connection, whatever it came over: documents go to the session, what the session wants
 * done is carried out here. Owns no socket and no timer; both are given in.
 */
import type { Clock } from '../base/clock.ts';
import type { Deadlines } from '../base/deadlines.ts';
import { ProtocolError } from '../base/errors.ts';
import { type ExtensionFilter, filterOf, seesAny } from '../feed/filter.ts';
import type { Hub } from '../feed/hub.ts';
import type { Call } from '../call/call.ts';
import type { Journal } from '../journal/journal.ts';
import type { Position } from '../journal/position.ts';
import type { CdrTimes } from '../record/cdr-xml.ts';
import type { Log } from '../telemetry/log.ts';
import { answerXml } from './answer-codec.ts';
import { closeCodes } from './close-codes.ts';
import type { Desk } from './desk.ts';
import { type Encoder, type Form, frame } from './encoding.ts';
import { feedMissed, feedSnapshot, type Reader } from './feeding.ts';
import type { Groups, Member } from './group.ts';
import type { Answer, GoodbyeReason, RequestHead } from './message.ts';
import { goodbyeXml } from './notification-codec.ts';
import { Outbound, type Transport } from './outbound.ts';
import { parseRequest } from './request-codec.ts';
import {
  type Ask,
  Session,
  type SessionEffect,
  type SessionSettings,
  type Subscription,
} from './session.ts';

/** Everything that all connections share. */
export interface House {
  readonly desk: Desk;
  readonly hub: Hub;
  readonly journal: Pick<Journal, 'epoch' | 'readAfter'>;
  readonly groups: Groups;
  readonly encoder: Encoder;
  readonly deadlines: Deadlines<Connection>;
  readonly clock: Clock;
  readonly log: Log;
  readonly times: CdrTimes;
  /** Bytes that may wait for one reader before it counts as slow. */
  readonly queueBytes: number;
}

/** Requests of one client that may wait for their answers; beyond it, it is not read. */
const maxOpenRequests = 64;

export class Connection implements Member, Reader {
  readonly #house: House;
  readonly #transport: Transport;
  readonly #settings: SessionSettings;
  readonly #session: Session;
  readonly #outbound: Outbound;
  readonly #openedAtMs: number;
  #sentSeq = 0;
  #openRequests = 0;
  #ended: GoodbyeReason | 'closed' | undefined;
  /** Which subscription is current; feeding for an older one stops. */
  #turn = 0;
  #feeding = 0;
  #let: () => void = () => undefined;
  readonly #gone = new Promise<void>((resolve) => (this.#let = resolve));
  /** The filter whose calls the client knows in full. */
  #known: ExtensionFilter | undefined;

  constructor(transport: Transport, settings: SessionSettings, house: House) {
    this.#house = house;
    this.#transport = transport;
    this.#settings = settings;
    this.#openedAtMs = house.clock.now();
    this.#session = new Session(settings, this.#openedAtMs);
    this.#outbound = new Outbound(transport, house.queueBytes);
    this.#schedule();
  }

  /** Resolves when the transport has let go. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  get isOpen(): boolean {
    return this.#ended === undefined;
  }

  /** One whole document from the peer. */
  receive(document: Uint8Array): void {
    if (!this.isOpen) return;
    const request = parseRequest(document);
    const nowMs = this.#house.clock.now();
    if (request instanceof ProtocolError) this.broken(request);
    else this.#carryOut(this.#session.request(request, nowMs));
    this.#schedule();
  }

  broken(error: ProtocolError): void {
    if (this.isOpen) this.#carryOut(this.#session.broken(error));
  }

  /** A sign of life that is no document: a pong. */
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
    this.#let();
    this.#leave('closed', 'The peer closed the connection.');
  }

  tick(): void {
    if (!this.isOpen) return;
    const nowMs = this.#house.clock.now();
    this.#carryOut(this.#session.tick(nowMs, this.#outbound.blockedSinceMs(nowMs)));
    this.#schedule();
  }

  /** Ends the session from our side, telling why to a client that opted in. */
  end(reason: GoodbyeReason, detail: string): void {
    if (!this.isOpen) return;
    if (this.#session.subscription?.feed === true) this.#write(goodbyeXml(this.#goodbye(reason)));
    this.#leave(reason, detail);
    this.#transport.end(closeCodes[reason].code, reason);
  }

  #goodbye(reason: GoodbyeReason): { reason: GoodbyeReason; position: string } {
    // A live session has got everything up to the head, were it not that it stopped reading.
    const isLive = this.#feeding === 0 && reason !== 'slow-consumer';
    if (isLive) this.#house.hub.flush();
    const seq = isLive ? this.#house.hub.head : this.#sentSeq;
    return { reason, position: this.#house.encoder.position(seq) };
  }

  #leave(reason: GoodbyeReason | 'closed', detail: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#turn += 1;
    const { groups, deadlines, log, clock } = this.#house;
    groups.leave(this);
    deadlines.delete(this);
    this.#outbound.release();
    const durationMs = clock.now() - this.#openedAtMs;
    const { kind: transport, peer } = this.#transport;
    log.info({ transport, peer, reason, detail, durationMs }, 'session.closed');
  }

  take(bytes: Buffer, seq: number): void {
    if (this.#send(bytes)) this.#sentSeq = seq;
  }

  drained(): Promise<void> {
    return this.#outbound.drained();
  }

  isCurrent(): boolean {
    return this.isOpen;
  }

  #write(document: string): void {
    this.#send(frame(document, this.#transport.kind));
  }

  #send(bytes: Buffer): boolean {
    if (!this.isOpen) return false;
    const nowMs = this.#house.clock.now();
    const result = this.#outbound.write(bytes, nowMs);
    if (result === 'waits') this.#schedule();
    if (result !== 'overflow') return true;
    this.#overflow();
    return false;
  }

  #overflow(): void {
    const goodbye = frame(goodbyeXml(this.#goodbye('slow-consumer')), this.#transport.kind);
    const opted = this.#session.subscription?.feed === true;
    this.#leave(
      'slow-consumer',
      `More than ${this.#house.queueBytes} bytes waited for the reader.`,
    );
    if (opted) this.#transport.write(goodbye);
    this.#transport.end(closeCodes['slow-consumer'].code, 'slow-consumer');
  }

  #schedule(): void {
    if (!this.isOpen) return;
    const blocked = this.#outbound.blockedSinceMs(this.#house.clock.now());
    const next = this.#session.nextDeadlineMs(blocked);
    if (next === Infinity) this.#house.deadlines.delete(this);
    else this.#house.deadlines.set(this, next);
  }

  #carryOut(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'answer':
          this.#answer(effect.answer);
          break;
        case 'ask':
          this.#ask(effect.ask);
          break;
        case 'subscribe':
          this.#subscribe(effect.head, effect.subscription);
          break;
        case 'unsubscribe':
          this.#turn += 1;
          this.#known = undefined;
          this.#house.groups.leave(this);
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
  }

  #answer(answer: Answer): void {
    this.#write(answerXml(answer, this.#house.times));
  }

  #keepAlive(): void {
    const { hub, encoder, desk } = this.#house;
    const form = this.#form();
    if (this.#feeding === 0) hub.flush();
    const seq = this.#feeding === 0 ? hub.head : this.#sentSeq;
    const intervalS = this.#settings.keepAliveMs / 1_000;
    this.#send(
      encoder.keepAlive(intervalS, form, { seq, sources: form.feed ? desk.sources() : [] }),
    );
  }

  #form(): Form {
    return {
      transport: this.#transport.kind,
      feed: this.#session.subscription?.feed === true,
    };
  }

  /** Requests are answered in order, but for those that have to wait for somebody. */
  #ask(ask: Ask): void {
    const { desk, hub } = this.#house;
    const { head } = ask;
    switch (ask.kind) {
      case 'authenticate':
        this.#carryOut(this.#session.authenticated(desk.authenticate(ask.token), head));
        break;
      case 'summary':
        this.#answered({ kind: 'summary', head, summary: desk.summary() });
        break;
      case 'ongoing':
        this.#answered({ kind: 'ongoing', head, calls: hub.ongoing(filterOf(ask.extensions)) });
        break;
      case 'mute-state': {
        const state = desk.muteState(ask.call);
        this.#answered(
          state === undefined ? noCall(head, ask.call) : { kind: 'mute-state', head, ...state },
        );
        break;
      }
      case 'detail':
      case 'mute':
        void this.#wait(ask);
        break;
    }
  }

  #answered(answer: Answer): void {
    if (this.isOpen) this.#carryOut(this.#session.answered(answer));
  }

  async #wait(ask: Extract<Ask, { kind: 'detail' | 'mute' }>): Promise<void> {
    this.#openRequests += 1;
    if (this.#openRequests === maxOpenRequests) this.#transport.pause();
    try {
      this.#answered(await this.#answerTo(ask));
    } catch (error) {
      this.#house.log.error({ err: error, request: ask.head.type }, 'request.failed');
      const detail = 'The server could not answer; the reason is in its log.';
      this.#answered({ kind: 'failure', head: ask.head, failure: 'Processing Error', detail });
    } finally {
      if (this.#openRequests === maxOpenRequests) this.#transport.resume();
      this.#openRequests -= 1;
      this.#schedule();
    }
  }

  async #answerTo(ask: Extract<Ask, { kind: 'detail' | 'mute' }>): Promise<Answer> {
    const { desk } = this.#house;
    const { head } = ask;
    if (ask.kind === 'detail') {
      const cdr = await desk.cdr(ask.call);
      return cdr === undefined ? noCall(head, ask.call) : { kind: 'detail', head, cdr };
    }
    const result = await desk.mute(ask.call, ask);
    if (result.kind === 'done') return { kind: 'done', head };
    if (result.kind === 'no-such-call') return noCall(head, ask.call);
    return { kind: 'failure', head, failure: 'Processing Error', detail: result.reason };
  }

  #subscribe(head: RequestHead, subscription: Subscription): void {
    this.#house.groups.leave(this);
    this.#turn += 1;
    const turn = this.#turn;
    const isCurrent = (): boolean => this.isOpen && this.#turn === turn;
    // Whoever asks for no position is answered, and served, in the same turn.
    if (subscription.after === undefined) this.#begin(head, subscription, undefined, isCurrent);
    else void this.#resume(head, subscription, subscription.after, isCurrent);
  }

  async #resume(
    head: RequestHead,
    subscription: Subscription,
    after: Position,
    isCurrent: () => boolean,
  ): Promise<void> {
    this.#feeding += 1;
    try {
      const recovered = await this.#canResume(after);
      if (isCurrent()) this.#begin(head, subscription, recovered ? after : 'lost', isCurrent);
    } catch (error) {
      this.#journalFailed(error);
    } finally {
      this.#feeding -= 1;
    }
  }

  /** @param from the position to go on from, `lost` when that cannot be, undefined when none was given */
  #begin(
    head: RequestHead,
    subscription: Subscription,
    from: Position | 'lost' | undefined,
    isCurrent: () => boolean,
  ): void {
    const { groups, hub, encoder } = this.#house;
    const resumed = typeof from === 'object';
    const withSnapshot = !resumed && (subscription.snapshot || from === 'lost');
    const seq = resumed ? from.seq : hub.head;
    const known = from === 'lost' ? undefined : this.#known;
    const calls = withSnapshot ? this.#news(subscription, known) : [];
    this.#sentSeq = seq;
    this.#known = withSnapshot || resumed ? subscription.filter : undefined;
    this.#subscribed(head, subscription, {
      position: encoder.position(seq),
      ...(withSnapshot && { calls: calls.length }),
      ...(from !== undefined && { recovered: resumed }),
    });
    if (calls.length === 0 && seq === hub.head) groups.join(this, subscription, this.#form());
    else void this.#catchUp(subscription, calls, seq, isCurrent);
  }

  async #catchUp(
    subscription: Subscription,
    calls: readonly Call[],
    seq: number,
    isCurrent: () => boolean,
  ): Promise<void> {
    const { groups, hub, encoder, journal } = this.#house;
    const form = this.#form();
    const reader: Reader = { take: this.take.bind(this), drained: () => this.drained(), isCurrent };
    const feeding = { journal, head: () => hub.head, encoder, form };
    this.#feeding += 1;
    try {
      await feedSnapshot(reader, calls, seq, feeding);
      const end = await feedMissed(reader, subscription, seq, feeding);
      if (!isCurrent()) return;
      if (end === 'live') groups.join(this, subscription, form);
      else this.end('slow-consumer', 'What it had yet to read was dropped by retention.');
    } catch (error) {
      this.#journalFailed(error);
    } finally {
      this.#feeding -= 1;
      this.#schedule();
    }
  }

  #journalFailed(error: unknown): void {
    this.#house.log.error({ err: error }, 'journal.unreadable');
    this.end('going-away', 'The journal could not be read.');
  }

  /** Whether what came after the position can still be told. */
  async #canResume(after: Position): Promise<boolean> {
    const { journal, hub } = this.#house;
    if (after.epoch !== journal.epoch || after.seq > hub.head) return false;
    if (after.seq === hub.head) return true;
    return (await journal.readAfter(after.seq, 1)).kind === 'entries';
  }

  /** The calls to tell of in a snapshot: those of the filter that the client does not know yet. */
  #news(subscription: Subscription, known: ExtensionFilter | undefined): readonly Call[] {
    const calls = this.#house.hub.ongoing(subscription.filter);
    if (known === undefined) return calls;
    return calls.filter((call) => !seesAny(known, call.extensions));
  }

  #subscribed(
    head: RequestHead,
    subscription: Subscription,
    feed: NonNullable<Extract<Answer, { kind: 'subscribed' }>['feed']>,
  ): void {
    const keepAliveS = this.#settings.keepAliveMs / 1_000;
    const answer = { kind: 'subscribed' as const, head, keepAliveS };
    this.#answer(subscription.feed ? { ...answer, feed } : answer);
    this.#session.subscribed(subscription, this.#house.clock.now());
  }
}

function noCall(head: RequestHead, id: string): Answer {
  const detail = `No call has the id "${id.slice(0, 80)}" here.`;
  return { kind: 'failure', head, failure: 'Call Not Found', detail };
}
