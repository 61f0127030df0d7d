/**
 * The way in of one session: bytes that have come and not had their turn. While any wait, the socket is
 * not read, so that a peer's flood waits at the peer.
 */
import type { Turns } from './turns.ts';

/** What stops and goes on, a socket for one. */
export interface Pausable {
  pause(): void;
  resume(): void;
}

export class Inbound implements Pausable {
  readonly #socket: Pausable;
  readonly #turns: Turns;
  readonly #take: (bytes: Buffer) => number;
  #waiting: Buffer[] = [];
  #isHeld = false;
  #isInTurn = false;

  /** @param take deals with the next message or so at the start of `bytes`, and says how many it took; ≥ 1 */
  constructor(socket: Pausable, turns: Turns, take: (bytes: Buffer) => number) {
    this.#socket = socket;
    this.#turns = turns;
    this.#take = take;
  }

  push(chunk: Buffer): void {
    this.#waiting.push(chunk);
    this.#goOn();
    if (this.#waiting.length > 0) this.#socket.pause();
  }

  /** Takes nothing more until `resume`, not even of what has come. */
  pause(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isHeld = false;
    if (this.#waiting.length === 0) this.#socket.resume();
    else this.#goOn();
  }

  #goOn(): void {
    if (this.#isHeld || this.#isInTurn) return;
    this.#isInTurn = true;
    this.#turns.take(this.#piece);
  }

  readonly #piece = (): boolean => {
    const [chunk] = this.#waiting;
    if (chunk !== undefined && !this.#isHeld) {
      const taken = this.#take(chunk);
      if (taken < chunk.length) this.#waiting[0] = chunk.subarray(taken);
      else this.#waiting.shift();
    }
    const isDone = this.#waiting.length === 0;
    if (!isDone && !this.#isHeld) return true;
    this.#isInTurn = false;
    if (isDone && !this.#isHeld) this.#socket.resume();
    return false;
  };
}
