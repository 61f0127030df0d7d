/**
 * Saying no to a request in words its sender can act on: what was seen, and what was expected.
 */
import type { Answer, FailureClass, Refusal, RequestHead } from './message.ts';

/** An `Invalid Request`. `detail` says what was seen and what was expected. */
export function refusal(head: RequestHead | undefined, detail: string): Refusal {
  return { kind: 'refusal', ...(head && { head }), failure: 'Invalid Request', detail };
}

/** The answer to a request that cannot be served. */
export function failed(failure: FailureClass, detail: string, head?: RequestHead): Answer {
  return { kind: 'failure', failure, detail, ...(head !== undefined && { head }) };
}

/** Refuses a request of a type that is none of the `known`. */
export function unknownRequest(head: RequestHead, known: Iterable<string>): Refusal {
  const detail = `The type ${quoted(head.type)} is not known; expected one of ${[...known].join(', ')}.`;
  return { kind: 'refusal', head, failure: 'Unknown Request', detail };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'refusal';
}

/** What a peer sent, short enough to be sent back. */
export function quoted(seen: string): string {
  return `"${seen.length > 60 ? `${seen.slice(0, 60)}…` : seen}"`;
}
