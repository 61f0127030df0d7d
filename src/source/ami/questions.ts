/**
 * Actions that await their answer, each by the ActionID it was sent with. Pure: the time is an argument.
 */
import type { Fields } from './message.ts';

/** What comes of an answer, and of there being none. */
export interface Question<T> {
  readonly done: (fields: Fields, ok: boolean, nowMs: number) => T;
  readonly expired: (nowMs: number) => T;
}

export class Questions<T> {
  readonly #waitMs: number;
  readonly #asked = new Map<string, Question<T> & { readonly sinceMs: number }>();

  /** @param waitMs an answer that has not come after this time comes no more */
  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  ask(id: string, nowMs: number, question: Question<T>): void {
    this.#asked.set(id, { ...question, sinceMs: nowMs });
  }

  /** What comes of the answer; undefined when nobody asked, or it was answered before. */
  answer(id: string, fields: Fields, ok: boolean, nowMs: number): T | undefined {
    const question = this.#asked.get(id);
    this.#asked.delete(id);
    return question?.done(fields, ok, nowMs);
  }

  /** What comes of those that have waited too long, in the order in which they were asked. */
  expire(nowMs: number): T[] {
    const expired: T[] = [];
    for (const [id, question] of this.#asked) {
      if (nowMs - question.sinceMs <= this.#waitMs) break;
      this.#asked.delete(id);
      expired.push(question.expired(nowMs));
    }
    return expired;
  }
}
