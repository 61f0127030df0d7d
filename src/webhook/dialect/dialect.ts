/**
 * What a dialect is: how one vendor's receivers want to be told. Everything here is pure: an occurrence in,
 * parts out; parts in, a request out. Who sends it, when, and how often is not a dialect's business.
 */
import type { z } from 'zod';
import type { Call } from '../../call/call.ts';
import type { Destination } from '../destination.ts';
import type { Occurrence } from '../occurrence.ts';

/**
 * One thing that a destination is told of an occurrence. An occurrence may have several, told in the order
 * in which they stand.
 */
export interface Part {
  /** The dialect's own word for it, such as `pickup` or `RECORDING_ENDED_EVENT`; at most 64 characters. */
  readonly topic: string;
  /** `live` is worth telling only while it is true; `record` is told for days. */
  readonly class: 'live' | 'record';
  /**
   * Which live parts of the same call, still untold, it makes superfluous: none, those of its topic, or all.
   */
  readonly supersedes: 'nothing' | 'topic' | 'live';
  /** What of the occurrence is meant, for `render` to find it again; at most 4,096 characters. */
  readonly about?: string;
}

/** A part on its way, with what it is a part of. */
export interface Item {
  readonly occurrence: Occurrence;
  readonly topic: string;
  readonly about: string | undefined;
  /** Idempotency key. */
  readonly key: string;
  /** Counts the events of the call, from 1; 0 for what is of no call. */
  readonly sequence: number;
  /** Attempts before this one. */
  readonly attempts: number;
}

export interface OutgoingRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  /** Absolute, ready to be sent. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface RenderContext {
  /** Which of the destination's URLs is tried, as it was typed. */
  readonly url: string;
  /** Our time, milliseconds since 1970. */
  readonly nowMs: number;
}

/** Something about a destination that cannot be; path and words as the configuration's problems have them. */
export interface DestinationProblem {
  /** Within the destination, such as `focalscope.params.Event`. */
  readonly path: string;
  readonly seen: string;
  readonly expected: string;
}

export interface Dialect<Options = unknown> {
  readonly name: string;
  /** One line for a person. */
  readonly meaning: string;
  /** The dialect's own table of a destination; its defaults filled in. Strict: unknown names are refused. */
  readonly options: z.ZodType<Options>;
  /** Problems that no value has alone. */
  readonly check: (options: Options, destination: Destination) => readonly DestinationProblem[];
  /**
   * What the destination is told of the occurrence, which its filter has let through; often nothing.
   * @param before the call as of its last event; undefined for its first
   */
  readonly partsOf: (
    occurrence: Occurrence,
    before: Call | undefined,
    destination: Destination<Options>,
  ) => readonly Part[];
  /**
   * The request for the items: one, or as many as `batches` allows, in order of telling.
   * @throws {RangeError} when an item cannot be told; its delivery is dead then
   */
  readonly render: (
    items: readonly Item[],
    destination: Destination<Options>,
    context: RenderContext,
  ) => OutgoingRequest;
  /** Whether one request may carry several items. */
  readonly batches: boolean;
  /** Statuses that mean "taken". */
  readonly isTaken: (status: number) => boolean;
  /** Statuses, of those that do not, after which trying again is useless. 410 is always final and disables. */
  readonly isFinal: (status: number) => boolean;
  /**
   * Waits before the second, third, … attempt, seconds, before jitter; a destination may set its own. The
   * last one repeats for what is a record. Empty: live parts are tried once.
   */
  readonly retries: readonly number[];
  /** An occurrence to try a destination with; made up, and recognisable as such. */
  readonly sample: (destination: Destination<Options>, id: string, nowMs: number) => Occurrence;
  /** What whoever looks at the destination should know of it; absent: nothing. */
  readonly note?: (destination: Destination<Options>) => string;
}

/** 2xx, as most receivers mean it. */
export function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

/** Most 4xx say that the request itself is at fault; 408, 425 and 429 ask for patience. */
export function isRequestsFault(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 425 && status !== 429;
}
