/**
 * A sender of signals over HTTP that does what a sender should: sends again, with the same ids, until it is
 * told that they were taken. What it was told so must be in the journal.
 */
import { request } from 'node:http';
import type { Dice } from '../../src/source/simulator/dice.ts';
import type { Door } from './subscriber.ts';

type Signal = Readonly<Record<string, unknown>>;

/** Keys of calls of whose start, and of whose end, the server said that it was taken. */
export interface Taken {
  readonly starts: Set<string>;
  readonly ends: Set<string>;
}

export class Sender {
  readonly taken: Taken = { starts: new Set(), ends: new Set() };
  /** What the server said besides taking it and being away, each once. */
  readonly surprises = new Set<string>();
  readonly #dice: Dice;
  readonly #door: Door;
  #calls = 0;
  #ids = 0;
  #isStopped = false;
  #isAbandoned = false;
  #atWork: Promise<void> = Promise.resolve();

  constructor(dice: Dice, door: Door) {
    this.#dice = dice;
    this.#door = door;
  }

  start(): void {
    this.#atWork = this.#work();
  }

  /** Takes up nothing new and ends what it has begun. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#atWork;
  }

  /** Lets everything go at once. */
  abandon(): void {
    this.#isStopped = true;
    this.#isAbandoned = true;
  }

  async #work(): Promise<void> {
    const calls: Promise<void>[] = [];
    while (!this.#isStopped) {
      calls.push(this.#call());
      await pause(this.#dice.waiting(250));
    }
    await Promise.all(calls);
  }

  async #call(): Promise<void> {
    this.#calls += 1;
    const call = `call-${this.#calls}`;
    const [caller, called] = [`${call}-a`, `${call}-b`];
    const dialled = String(this.#dice.whole(1001, 1060));
    const number = `+4930${this.#dice.whole(100_000, 999_999)}`;
    const [ringMs, talkMs] = [this.#dice.between(50, 600), this.#dice.between(100, 3_000)];
    await this.#send([
      this.#signal('leg.offered', caller, { facts: { call, number, dialled } }),
      this.#signal('dial.started', called, { from: caller, facts: { call, number: dialled } }),
      this.#signal('leg.ringing', called),
    ]);
    this.taken.starts.add(call);
    await pause(ringMs);
    await this.#send([
      this.#signal('leg.connected', called),
      this.#signal('leg.connected', caller),
      this.#signal('bridge.joined', caller, { bridge: call }),
      this.#signal('bridge.joined', called, { bridge: call }),
    ]);
    await pause(talkMs);
    const cause = { code: 16 };
    await this.#send([
      this.#signal('leg.ended', caller, { cause }),
      this.#signal('leg.ended', called, { cause }),
    ]);
    this.taken.ends.add(call);
  }

  #signal(kind: string, leg: string, more: Signal = {}): Signal {
    this.#ids += 1;
    return { kind, id: `s${this.#ids}`, atMs: Date.now(), leg, ...more };
  }

  async #send(signals: readonly Signal[]): Promise<void> {
    while (!this.#isAbandoned) {
      const { isOpen } = this.#door;
      const status = !isOpen
        ? undefined
        : await this.#post(JSON.stringify(signals)).catch(() => undefined);
      if (status === 200) return;
      if (status !== undefined && status !== 503) this.surprises.add(`ingest answered ${status}`);
      await pause(100);
    }
  }

  /** On a connection of its own, so that none stays open behind it. */
  #post(body: string): Promise<number | undefined> {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(body),
    };
    const options = { host: '127.0.0.1', port: this.#door.httpPort, path: '/v1/signals', headers };
    return new Promise((resolve, reject) => {
      const asking = request({ ...options, method: 'POST', agent: false, timeout: 15_000 });
      asking.on('timeout', () => asking.destroy(new Error('no answer')));
      asking.on('error', reject);
      asking.on('response', (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode));
        response.on('error', reject);
      });
      asking.end(body);
    });
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
