/**
 * How a feed fails: one class, told apart by its code, whatever transport is below. Runs in a browser too.
 */
import type { FailureClass } from '../subscriber/message.ts';

/** Every code, with what it means. The first five end the iteration; the others reject one request. */
export const feedErrorCodes = {
  FEED_UNAUTHORIZED: 'The token is missing, is not known, or was withdrawn.',
  FEED_REFUSED: 'The server does not accept what was to be subscribed.',
  FEED_PROTOCOL: 'What answers does not speak the feed protocol, or does not understand us.',
  FEED_UNTRUSTED: 'The first connection failed because one side does not trust the other (TLS).',
  FEED_UNREACHABLE: 'The first connection failed, where it was to be made at once.',
  FEED_CLOSED: 'The feed was closed, or has failed, before the answer came.',
  CONNECTION_LOST: 'The connection ended before the answer came; it may have been carried out.',
  REQUEST_TIMEOUT: 'No answer came in the time allowed; it may have been carried out.',
  CALL_NOT_FOUND: 'There is no such call, ongoing or finished.',
  NOT_AUTHORIZED: 'The token does not allow this.',
  INVALID_REQUEST: 'A parameter is missing or wrong.',
  UNKNOWN_REQUEST: 'The server does not know this request.',
  PROCESSING_ERROR: 'It was understood and could not be done; the message says why.',
} as const;

export type FeedErrorCode = keyof typeof feedErrorCodes;

/**
 * Thrown by the iteration when coming back would not help, and what a request is rejected with.
 *
 * @example
 * try {
 *   for await (const event of connectFeed({ url, token })) show(event);
 * } catch (error) {
 *   if (error instanceof FeedError && error.code === 'FEED_UNAUTHORIZED') askForToken();
 *   else throw error;
 * }
 */
export class FeedError extends Error {
  readonly code: FeedErrorCode;

  constructor(code: FeedErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'FeedError';
    this.code = code;
  }
}

const codes: Readonly<Record<FailureClass, FeedErrorCode>> = {
  'Invalid Request': 'INVALID_REQUEST',
  'Unknown Request': 'UNKNOWN_REQUEST',
  'Call Not Found': 'CALL_NOT_FOUND',
  'Not Authorized': 'NOT_AUTHORIZED',
  'Processing Error': 'PROCESSING_ERROR',
};

/**
 * The error for a failure as the server words it.
 * @param failure the class of the failure; one that we do not know counts as a `Processing Error`
 */
export function requestError(failure: string, detail: string): FeedError {
  const known = Object.entries(codes).find(([name]) => name === failure)?.[1];
  return new FeedError(known ?? 'PROCESSING_ERROR', detail === '' ? failure : detail);
}

/** What requests are rejected with once the feed is over; `cause` where nobody closed it. */
export function closedError(cause?: FeedError): FeedError {
  const words =
    cause === undefined ? 'The feed was closed.' : `The feed has ended: ${cause.message}`;
  return new FeedError('FEED_CLOSED', words, cause && { cause });
}
