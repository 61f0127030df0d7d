/**
 * Why a connection from Node failed, in words where we have them, and whether it is a matter of trust.
 */
import type { Closing } from './effect.ts';

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'the name is not known',
  EAI_AGAIN: 'the name is not known',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'it does not answer in time',
};

/** Codes of OpenSSL's verdicts on certificates, of Node's on names, and of failed handshakes. */
const ofTrust =
  /^(ERR_TLS_|ERR_SSL_|EPROTO$|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|INVALID_CA|HOSTNAME_MISMATCH)/;

/** What an error of a socket means. */
export function refusedConnection(error: Error): Closing {
  // Several addresses of one name fail together, each for a reason of its own.
  const cause = error instanceof AggregateError ? (error.errors[0] ?? error) : error;
  const code = codeOf(cause);
  const reason = words[code] ?? (cause instanceof Error ? cause.message : String(cause));
  return ofTrust.test(code) ? { reason, code: 'FEED_UNTRUSTED' } : { reason };
}

function codeOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}
