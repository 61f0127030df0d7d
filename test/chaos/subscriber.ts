/**
 * A client of the chaos test: connects, subscribes, notes what it is told, and comes back by itself with
 * its position after waiting a little, as the protocol asks of clients. It keeps the rules of a client;
 * whether the server keeps its own is for the ledger to say.
 */
import { backoffMs, type BackoffPlan } from '../../src/base/backoff.ts';
import { jsonSubprotocol, requestJson } from '../../src/client/json-codec.ts';
import type { Dice } from '../../src/source/simulator/dice.ts';
import type { Request } from '../../src/subscriber/message.ts';
import { requestXml } from '../../src/subscriber/request-codec.ts';
import type { Stay } from './ledger.ts';
import { dialTcp, dialWebSocket, type Line } from './lines.ts';
import { type Note, noteOf, type Place, positionOf } from './note.ts';
import type { ToldAs, Wish } from './truth.ts';

/** How a client behaves all its life. */
export interface Manner {
  readonly name: string;
  readonly transport: 'tcp' | 'websocket';
  /** JSON goes over WebSocket only. */
  readonly form: ToldAs;
  readonly wish: Wish;
  /** Whether it asks for a snapshot where it has no position. */
  readonly snapshot: boolean;
  /** Whether it answers keep-alives. */
  readonly ack: boolean;
  /** Whether it comes back with its position. */
  readonly resumes: boolean;
}

/** Where the server is; while it is shut, clients wait before it. */
export interface Door {
  feedPort: number;
  httpPort: number;
  isOpen: boolean;
}

const again: BackoffPlan = { firstMs: 150, maxMs: 2_500 };

export class Subscriber {
  readonly manner: Manner;
  readonly stays: Stay[] = [];
  readonly #door: Door;
  readonly #dice: Dice;
  readonly #heard: ((note: Note) => void) | undefined;
  #wish: Wish;
  #line: Line | undefined;
  #isWanted = false;
  #attempt = 0;
  #retry: NodeJS.Timeout | undefined;
  #asked = 0;
  #answered = 0;
  #toCome = 0;
  #position: Place | undefined;

  /** @param heard told of every note as it is taken */
  constructor(manner: Manner, door: Door, dice: Dice, heard?: (note: Note) => void) {
    this.manner = manner;
    this.#wish = manner.wish;
    this.#door = door;
    this.#dice = dice;
    this.#heard = heard;
  }

  /** Up to where it has everything, where there is such a place. */
  get position(): Place | undefined {
    return this.#position;
  }

  /** Whether it is connected and its last request has been answered. */
  get isServed(): boolean {
    return this.#line !== undefined && this.#asked > 0 && this.#answered === this.#asked;
  }

  get isConnected(): boolean {
    return this.#line !== undefined;
  }

  /** Its stay of this moment, when it is served. */
  get stay(): Stay | undefined {
    return this.isServed ? this.stays.at(-1) : undefined;
  }

  toString(): string {
    const line = this.#line === undefined ? 'away' : 'connected';
    const last = this.stays.at(-1)?.notes.slice(-3) ?? [];
    return `${this.manner.name}: ${line}, ${this.#answered} of ${this.#asked} answered, at ${this.#position?.seq}, ${this.#toCome} to come, ${JSON.stringify(last)}`;
  }

  /** Wants to be there from now on, whatever happens. */
  join(from?: Place): void {
    this.#position = from ?? this.#position;
    if (this.#isWanted) return;
    this.#isWanted = true;
    this.#connect();
  }

  leave(how: 'fin' | 'rst'): void {
    this.#isWanted = false;
    clearTimeout(this.#retry);
    const line = this.#line;
    this.#line = undefined;
    line?.leave(how);
  }

  pause(): void {
    this.#line?.pause();
  }

  resume(): void {
    this.#line?.resume();
  }

  /** Asks for something else on the same connection. */
  wishAgain(wish: Wish): void {
    const stay = this.stay;
    if (stay === undefined) return;
    this.#wish = wish;
    stay.wishes.push(wish);
    this.#ask();
  }

  #connect(): void {
    const { feedPort, httpPort, isOpen } = this.#door;
    if (!isOpen) {
      this.#retry = setTimeout(() => this.#connect(), 50);
      return;
    }
    const isHere = (): boolean => this.#line === line;
    const port = {
      opened: () => {
        if (!isHere()) return;
        this.#attempt = 0;
        this.#open();
      },
      document: (text: string) => {
        if (isHere()) this.#take(noteOf(text));
      },
      closed: () => {
        if (!isHere()) return;
        this.#line = undefined;
        this.#comeBack();
      },
    };
    const { transport, form } = this.manner;
    const subprotocol = form === 'json' ? jsonSubprotocol : 'offhook.xml';
    const line: Line =
      transport === 'tcp' ? dialTcp(feedPort, port) : dialWebSocket(httpPort, subprotocol, port);
    this.#line = line;
    this.#asked = 0;
    this.#answered = 0;
  }

  #comeBack(): void {
    if (!this.#isWanted) return;
    this.#attempt += 1;
    const waitMs = backoffMs(again, this.#attempt, this.#dice.roll());
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }

  #open(): void {
    const { form, snapshot, resumes, name } = this.manner;
    // Within a snapshot there is no place to go on from.
    const after = resumes && this.#toCome === 0 ? this.#position : undefined;
    this.#toCome = 0;
    this.stays.push({
      client: name,
      wishes: [this.#wish],
      form,
      snapshot,
      ...(after !== undefined && { after }),
      askedAtMs: Date.now(),
      notes: [],
    });
    this.#ask(after);
  }

  #ask(after?: Place): void {
    const { form, ack } = this.manner;
    const { patterns: extensions, types: events } = this.#wish;
    const head = { type: 'SubscribeOnCallEvent', id: String(this.#asked) };
    // The snapshot is for who comes; who subscribes again only wants other calls from here on.
    const snapshot = this.manner.snapshot && this.#asked === 0;
    const from = after === undefined ? {} : { after: positionOf(after) };
    const feed = { events, snapshot, ack, ...from };
    this.#asked += 1;
    // A position is a place in what one filter shows.
    if (after === undefined) this.#position = undefined;
    const request = { head, kind: 'subscribe' as const, extensions };
    this.#send(form === 'legacy' ? request : { ...request, feed });
  }

  #send(request: Request): void {
    this.#line?.send(this.manner.form === 'json' ? requestJson(request) : requestXml(request));
  }

  #take(note: Note): void {
    const stay = this.stays.at(-1);
    if (stay === undefined) throw new Error('something came before anything was asked');
    stay.notes.push(note);
    this.#heard?.(note);
    switch (note.kind) {
      case 'answer':
        this.#answered += 1;
        stay.answeredAtMs ??= Date.now();
        this.#toCome = note.calls ?? 0;
        this.#moveTo(note.at);
        break;
      case 'call':
        if (note.snapshot) this.#toCome -= 1;
        this.#moveTo(note.at);
        break;
      case 'alive':
        this.#moveTo(note.at);
        if (this.manner.ack) this.#send(keepAlive);
        break;
      case 'source':
      case 'goodbye':
        this.#moveTo(note.at);
        break;
      case 'strange':
    }
  }

  #moveTo(place: Place | undefined): void {
    // Between a request and its answer the place is still one of the former wish.
    if (place !== undefined && this.#answered === this.#asked) this.#position = place;
  }
}

const keepAlive: Request = { head: { type: 'Keepalive' }, kind: 'keepalive' };
