/**
 * Requests that wait for their answers: matched by id, given up when the connection ends or time is over.
 * Made before there is a connection, a request waits for one. Pure.
 */
import type { Request } from '../subscriber/message.ts';
import type { AnswerReading, ServerMessage } from '../subscriber/reading.ts';
import { FeedError, requestError } from './error.ts';

export type Ask = Extract<
  Request,
  { readonly kind: 'ongoing' | 'detail' | 'mute' | 'mute-state' | 'summary' }
>;

/** How a request ended; `id` is what `ask` gave. */
export type Settled =
  | { readonly id: string; readonly answer: AnswerReading }
  | { readonly id: string; readonly error: FeedError };

interface Pending {
  readonly request: Ask;
  readonly deadlineMs: number;
  sent: boolean;
}

const lost = 'The connection ended before the answer came.';

export class Asking {
  readonly #timeoutMs: number;
  readonly #pending = new Map<string, Pending>();
  #asked = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** The id that the next request must bear. */
  nextId(): string {
    this.#asked += 1;
    return `r${this.#asked}`;
  }

  /** @param isSent false when it has to wait for a connection */
  ask(request: Ask, isSent: boolean, nowMs: number): void {
    const deadlineMs = nowMs + this.#timeoutMs;
    this.#pending.set(request.head.id ?? '', { request, deadlineMs, sent: isSent });
  }

  get isWaiting(): boolean {
    return this.#pending.size > 0;
  }

  /** What waited for a connection, and is sent now. */
  send(): readonly Ask[] {
    const held = [...this.#pending.values()].filter(({ sent }) => !sent);
    for (const each of held) each.sent = true;
    return held.map(({ request }) => request);
  }

  /** The request that the message answers, if it is one of ours. */
  answered(message: Extract<ServerMessage, { kind: 'answer' | 'failure' }>): Settled | undefined {
    const id = message.head?.id ?? '';
    if (!this.#pending.delete(id)) return undefined;
    if (message.kind === 'answer') return { id, answer: message };
    return { id, error: requestError(message.failure, message.detail) };
  }

  /** The connection has ended: nobody can tell what became of that which was sent. */
  lost(): readonly Settled[] {
    return this.#giveUp(({ sent }) => sent, new FeedError('CONNECTION_LOST', lost));
  }

  late(nowMs: number): readonly Settled[] {
    const words = `No answer came within ${this.#timeoutMs / 1_000} s.`;
    const isLate = ({ deadlineMs }: Pending): boolean => nowMs >= deadlineMs;
    return this.#giveUp(isLate, new FeedError('REQUEST_TIMEOUT', words));
  }

  /** The feed is over. */
  close(error: FeedError): readonly Settled[] {
    return this.#giveUp(() => true, error);
  }

  get nextDeadlineMs(): number {
    return Math.min(Infinity, ...[...this.#pending.values()].map(({ deadlineMs }) => deadlineMs));
  }

  #giveUp(applies: (pending: Pending) => boolean, error: FeedError): readonly Settled[] {
    const found = [...this.#pending].filter(([, pending]) => applies(pending));
    for (const [id] of found) this.#pending.delete(id);
    return found.map(([id]) => ({ id, error }));
  }
}
