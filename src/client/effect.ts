/**
 * What a conversation is set to, what it is told of an end, and what it wants done. Values only.
 */
import type { BackoffPlan } from '../base/backoff.ts';
import type { ExtensionPattern } from '../call/extension.ts';
import { type Request, wire } from '../subscriber/message.ts';
import type { Settled } from './asking.ts';
import type { FeedErrorCode } from './error.ts';
import type { FeedWish } from './progress.ts';

export interface ConversationSettings extends FeedWish {
  /** None means all calls. */
  readonly extensions: readonly ExtensionPattern[];
  readonly token: string | undefined;
  /** True to fail when the first connection cannot be made, instead of trying again. */
  readonly failFast: boolean;
  /** From dialling to the subscribe answer at most, milliseconds. */
  readonly connectTimeoutMs: number;
  /** From a request to its answer at most, milliseconds. */
  readonly requestTimeoutMs: number;
  readonly backoff: BackoffPlan;
  /** So many events may wait for the consumer before the server is held back. */
  readonly bufferedEvents: number;
  /** Whether the transport can stop reading; without that, the connection is let go instead. */
  readonly canPause: boolean;
}

/** Why a connection ended, or could not be made. */
export interface Closing {
  /** For people. */
  readonly reason: string;
  /** Where coming back will not help: for ever, or, with `FEED_UNTRUSTED`, before it ever worked. */
  readonly code?: FeedErrorCode;
}

export type Effect =
  | { readonly kind: 'dial' }
  | { readonly kind: 'send'; readonly request: Request }
  | { readonly kind: 'pause' }
  | { readonly kind: 'resume' }
  /** Let the connection go; nothing of it is to be reported any more. */
  | { readonly kind: 'hang-up' }
  | { readonly kind: 'settle'; readonly settled: Settled };

/** The answer to a keep-alive, and our sign of life. */
export const acknowledgement: Request = {
  kind: 'keepalive',
  head: { type: wire.requests.keepalive },
};

export function send(request: Request): Effect {
  return { kind: 'send', request };
}

export function settle(settled: Settled | undefined): readonly Effect[] {
  return settled === undefined ? [] : [{ kind: 'settle', settled }];
}
