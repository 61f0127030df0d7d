/**
 * What the server says at an end, in words, and whether it is the end of the feed. Pure.
 */
import { wire } from '../subscriber/message.ts';
import type { ServerMessage } from '../subscriber/reading.ts';
import { FeedError } from './error.ts';

/** Ids of the two requests that a conversation makes by itself. */
export const openingIds = { authenticate: 'authenticate', subscribe: 'subscribe' } as const;

type Failure = Extract<ServerMessage, { readonly kind: 'failure' }>;

/** What a failure that answers none of the consumer's requests means; undefined where it means nothing. */
export function endOf({ head, failure, detail }: Failure): FeedError | 'may-pass' | undefined {
  if (failure === 'Not Authorized') return new FeedError('FEED_UNAUTHORIZED', detail);
  const words = `${failure}: ${detail}`;
  if (head === undefined) return new FeedError('FEED_PROTOCOL', words);
  const isOpening =
    head.id === openingIds.subscribe ||
    head.id === openingIds.authenticate ||
    head.type === wire.requests.keepalive;
  if (!isOpening) return undefined;
  // The server's own trouble may pass; what it thinks of our request does not.
  return failure === 'Processing Error' ? 'may-pass' : new FeedError('FEED_REFUSED', words);
}

const words: Readonly<Record<string, string>> = {
  'going-away': 'the server is going away',
  'slow-consumer': 'we read too slowly',
  idle: 'the server heard nothing of us',
};

/** What the reason of a Goodbye means: the end, or in words why we have to come back. */
export function partingOf(reason: string): FeedError | string {
  switch (reason) {
    case 'unauthorized':
      return new FeedError(
        'FEED_UNAUTHORIZED',
        'the token is missing, not known, or was withdrawn',
      );
    case 'protocol-error':
      return new FeedError('FEED_PROTOCOL', 'the server did not understand us');
    default:
      return words[reason] ?? reason;
  }
}
