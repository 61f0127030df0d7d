/**
 * What sending a request can come to. The words between who decides what is sent (dispatcher, verdict) and
 * who sends it (sender).
 */
import type { OutgoingRequest } from './dialect/dialect.ts';

/**
 * Why there was no answer: the name is not known; its address may not be reached; no connection; a certificate
 * or handshake that does not hold; cut on the way; none in time; no HTTP.
 */
export type FailureClass =
  'dns' | 'address' | 'connect' | 'tls' | 'reset' | 'timeout' | 'protocol' | 'request';

export type Outcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** First characters of the answer's body, made printable; says so when the rest was not awaited. */
      readonly answer: string;
      /** How long the receiver asks us to wait, milliseconds; absent when it does not. */
      readonly retryAfterMs?: number;
    }
  | { readonly kind: 'failed'; readonly error: FailureClass; readonly detail: string };

export interface SendLimits {
  /** From being asked to send to the end of the answer's head, connecting included, milliseconds. */
  readonly timeoutMs: number;
  /** Address blocks that may be reached although they are private. */
  readonly allowAddresses: readonly string[];
}

export interface Sender {
  /** Never rejects. */
  send(request: OutgoingRequest, limits: SendLimits): Promise<Outcome>;
  /** Ends what is under way. */
  close(): Promise<void>;
}
