/**
 * One attempt: from deliveries to a request, and from its outcome to what is kept of it.
 */
import type { AttemptRow } from '../store/outbox-messages.ts';
import { type Delivery, itemOf } from './delivery.ts';
import type { Destination } from './destination.ts';
import { dialects } from './dialects.ts';
import type { OutgoingRequest, RenderContext } from './dialect/dialect.ts';
import { addressed } from './envelope.ts';
import { scrubber } from './redaction.ts';
import type { Outcome, Sender } from './sending.ts';
import { type Verdict, verdictOf } from './verdict.ts';
import { plainUrl } from './printable.ts';

/** What came of a request, and of which deliveries it was. */
export interface Tried {
  readonly deliveries: readonly Delivery[];
  readonly outcome: Outcome;
  readonly row: AttemptRow;
}

/** One that no request can be made of. `fault`: the mistake is ours. */
export interface Untellable {
  readonly delivery: Delivery;
  readonly reason: string;
  readonly fault: unknown;
}

export interface Attempt {
  /** Undefined when none of them can be told: nothing was sent. */
  readonly tried: Tried | undefined;
  readonly untellable: readonly Untellable[];
}

/**
 * Sends the deliveries as one request; those that cannot be told do not keep the others back. Never rejects.
 * @param url which of the destination's
 * @param nowMs our time, milliseconds since 1970
 */
export async function attempt(
  deliveries: readonly Delivery[],
  destination: Destination,
  url: string,
  { sender, nowMs }: { readonly sender: Sender; readonly nowMs: () => number },
): Promise<Attempt> {
  const startedMs = nowMs();
  const made = tellable(deliveries, destination, { url, nowMs: startedMs });
  const { request, told, untellable } = made;
  if (request === undefined) return { tried: undefined, untellable };
  const sent = await sender.send(request, {
    timeoutMs: destination.timeout * 1_000,
    allowAddresses: destination.allowAddresses,
  });
  // Receivers like to repeat what they were sent, and what they say is kept for longer than a secret is.
  const outcome = withoutSecrets(sent, destination);
  const row = rowOf(outcome, url, startedMs, nowMs());
  return { tried: { deliveries: told, outcome, row }, untellable };
}

interface Made {
  readonly request: OutgoingRequest | undefined;
  /** What stands in the request. */
  readonly told: readonly Delivery[];
  readonly untellable: readonly Untellable[];
}

/** The request for as many of the deliveries as can be told. */
function tellable(
  deliveries: readonly Delivery[],
  destination: Destination,
  context: RenderContext,
): Made {
  const whole = requestOf(deliveries, destination, context);
  if (whole.kind === 'request') {
    return { request: whole.request, told: deliveries, untellable: [] };
  }
  const untellable = deliveries.flatMap((delivery): Untellable[] => {
    const alone = deliveries.length === 1 ? whole : requestOf([delivery], destination, context);
    return alone.kind === 'request' ? [] : [untellableOf(delivery, alone.error)];
  });
  const told = deliveries.filter((each) => !untellable.some(({ delivery }) => delivery === each));
  if (told.length === 0) return { request: undefined, told, untellable };
  const rest = requestOf(told, destination, context);
  if (rest.kind === 'request') return { request: rest.request, told, untellable };
  const others = told.map((delivery) => untellableOf(delivery, rest.error));
  return { request: undefined, told: [], untellable: [...untellable, ...others] };
}

type Requested =
  | { readonly kind: 'request'; readonly request: OutgoingRequest }
  | { readonly kind: 'none'; readonly error: unknown };

function requestOf(
  deliveries: readonly Delivery[],
  destination: Destination,
  context: RenderContext,
): Requested {
  try {
    const items = deliveries.map(itemOf);
    const rendered = dialects[destination.dialect].render(items, destination, context);
    return { kind: 'request', request: addressed(rendered, items, destination) };
  } catch (error) {
    return { kind: 'none', error };
  }
}

function untellableOf(delivery: Delivery, error: unknown): Untellable {
  const reason = `It cannot be told: ${error instanceof Error ? error.message : String(error)}.`;
  return { delivery, reason, fault: error instanceof RangeError ? undefined : error };
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
