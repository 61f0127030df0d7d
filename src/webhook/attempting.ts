/**
 * One attempt: from deliveries to a request, and from its outcome to what is kept of it.
 */
import type { AttemptRow } from '../store/outbox-messages.ts';
import { type Delivery, itemOf } from './delivery.ts';
import type { Destination } from './destination.ts';
import { dialects } from './dialects.ts';
import type { OutgoingRequest } from './dialect/dialect.ts';
import { addressed } from './envelope.ts';
import { scrubber } from './redaction.ts';
import type { Outcome, Sender } from './sending.ts';
import { type Verdict, verdictOf } from './verdict.ts';
import { plainUrl } from './printable.ts';

export type Tried =
  | { readonly kind: 'tried'; readonly outcome: Outcome; readonly row: AttemptRow }
  /** No request could be made of them. `fault`: the mistake is ours. */
  | {
      readonly kind: 'untellable';
      readonly reason: string;
      readonly fault: unknown;
      /** How to try them instead, one after another; empty where that would be no better. */
      readonly apart: readonly (readonly Delivery[])[];
    };

/**
 * Sends the deliveries as one request. Never rejects.
 * @param url which of the destination's
 * @param nowMs our time, milliseconds since 1970
 */
export async function attempt(
  deliveries: readonly Delivery[],
  destination: Destination,
  url: string,
  { sender, nowMs }: { readonly sender: Sender; readonly nowMs: () => number },
): Promise<Tried> {
  const startedMs = nowMs();
  let request: OutgoingRequest;
  try {
    request = requestOf(deliveries, destination, url, startedMs);
  } catch (error) {
    const reason = `It cannot be told: ${error instanceof Error ? error.message : String(error)}.`;
    const fault = error instanceof RangeError ? undefined : error;
    return { kind: 'untellable', reason, fault, apart: apart(deliveries, destination, url) };
  }
  const sent = await sender.send(request, {
    timeoutMs: destination.timeout * 1_000,
    allowAddresses: destination.allowAddresses,
  });
  // Receivers like to repeat what they were sent, and what they say is kept for longer than a secret is.
  const outcome = withoutSecrets(sent, destination);
  return { kind: 'tried', outcome, row: rowOf(outcome, url, startedMs, nowMs()) };
}

/** One that cannot be told takes none with it that can. */
function apart(
  deliveries: readonly Delivery[],
  destination: Destination,
  url: string,
): (readonly Delivery[])[] {
  const tellable = deliveries.filter((each) => {
    try {
      return requestOf([each], destination, url, each.madeMs) !== undefined;
    } catch {
      // Why is said when it is tried alone.
      return false;
    }
  });
  if (tellable.length === 0 || tellable.length === deliveries.length) return [];
  const others = deliveries.filter((each) => !tellable.includes(each));
  return [...others.map((each) => [each]), tellable];
}

function requestOf(
  deliveries: readonly Delivery[],
  destination: Destination,
  url: string,
  nowMs: number,
): OutgoingRequest {
  const items = deliveries.map(itemOf);
  const rendered = dialects[destination.dialect].render(items, destination, { url, nowMs });
  return addressed(rendered, items, destination);
}

function withoutSecrets(outcome: Outcome, { written }: Destination): Outcome {
  const scrub = scrubber(written);
  return outcome.kind === 'answered'
    ? { ...outcome, answer: scrub(outcome.answer) }
    : { ...outcome, detail: scrub(outcome.detail) };
}

function rowOf(outcome: Outcome, url: string, startedMs: number, endedMs: number): AttemptRow {
  const isAnswer = outcome.kind === 'answered';
  return {
    atMs: Math.trunc(startedMs),
    durationMs: Math.round(endedMs - startedMs),
    url: plainUrl(url),
    status: isAnswer ? outcome.status : null,
    error: isAnswer ? null : outcome.error,
    answer: isAnswer ? outcome.answer : outcome.detail,
  };
}

/** What follows from the outcome for one of the deliveries. @param random in [0, 1) */
export function verdictOn(
  outcome: Outcome,
  { class: kind, attempts, expiresMs }: Delivery,
  { dialect: name, retries }: Destination,
  nowMs: number,
  random: number,
): Verdict {
  const dialect = dialects[name];
  const retriesMs = (retries ?? dialect.retries).map((seconds) => seconds * 1_000);
  const attempted = { dialect, class: kind, attempts, retriesMs, expiresMs };
  return verdictOf(outcome, { ...attempted, nowMs, random });
}
