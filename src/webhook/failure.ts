/**
 * What an error on the way to a receiver means: its class, and a sentence for a person. Pure.
 */
import type { FailureClass, Outcome } from './sending.ts';

export type Failed = Extract<Outcome, { readonly kind: 'failed' }>;

/** No connection came about, and at which step. */
export class ConnectFailure extends Error {
  readonly error: FailureClass;

  constructor(error: FailureClass, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.name = 'ConnectFailure';
    this.error = error;
  }
}

export function failed(error: FailureClass, detail: string): Failed {
  return { kind: 'failed', error, detail };
}

export interface Whereto {
  readonly hostname: string;
  readonly port: string;
  readonly isTls: boolean;
}

/** What kept a connection from coming about. */
export function connectFailure(error: Error, { hostname, port, isTls }: Whereto): ConnectFailure {
  if (error instanceof ConnectFailure) return error;
  const code = codeOf(error);
  const at = `${hostname}:${port}`;
  const cause = { cause: error };
  if (/^E(NOTFOUND|AI_[A-Z]+)$|^ENODATA$/.test(code)) {
    const again = code === 'EAI_AGAIN' ? ' just now' : '';
    return new ConnectFailure('dns', `The name ${hostname} cannot be resolved${again}.`, cause);
  }
  if (code === 'UND_ERR_CONNECT_TIMEOUT' || code === 'ETIMEDOUT') {
    return new ConnectFailure('timeout', `No connection to ${at} in time.`, cause);
  }
  const words = connectWords[code];
  if (words !== undefined) return new ConnectFailure('connect', `${at} ${words}.`, cause);
  if (isTls) {
    const why = tlsWords[code] ?? `the TLS handshake failed (${brief(error)})`;
    return new ConnectFailure('tls', `No trust between us and ${at}: ${why}.`, cause);
  }
  if (code === 'ECONNRESET' || code === 'EPIPE') {
    return new ConnectFailure('reset', `${at} cut the connection.`, cause);
  }
  return new ConnectFailure('connect', `No connection to ${at} (${brief(error)}).`, cause);
}

/** What ended a request whose connection had come about, or never should have been tried. */
export function requestFailure(error: Error, at: string): Failed {
  if (error instanceof ConnectFailure) return failed(error.error, error.message);
  const code = codeOf(error);
  if (error.name === 'HTTPParserError' || protocolCodes.has(code)) {
    return failed('protocol', `What ${at} answered is no HTTP that can be read.`);
  }
  if (requestCodes.has(code)) {
    return failed('request', `The request cannot be sent: ${brief(error)}.`);
  }
  if (code === 'UND_ERR_DESTROYED' || code === 'UND_ERR_CLOSED') {
    return failed('reset', 'The request was ended because this server stops.');
  }
  if (code === 'UND_ERR_SOCKET' && /bad (response|upgrade)/.test(error.message)) {
    return failed('protocol', `${at} answered with a status that was not asked for.`);
  }
  return failed('reset', `${at} cut the connection before it had answered.`);
}

const connectWords: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refuses connections',
  EHOSTUNREACH: 'cannot be reached from here',
  EHOSTDOWN: 'cannot be reached from here',
  ENETUNREACH: 'is in a network that cannot be reached from here',
  ENETDOWN: 'cannot be reached: the network is down',
  EADDRNOTAVAIL: 'cannot be reached: no local port is free',
  EACCES: 'may not be reached: this machine forbids it',
  EPERM: 'may not be reached: this machine forbids it',
  EMFILE: 'cannot be reached: too many files are open here',
  ENFILE: 'cannot be reached: too many files are open here',
};

const unknownAuthority =
  'its certificate is of an authority that is not known here (NODE_EXTRA_CA_CERTS names more of them)';
const tlsWords: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  CERT_REVOKED: 'its certificate was revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'it signed its certificate itself',
  SELF_SIGNED_CERT_IN_CHAIN: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: unknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: unknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: unknownAuthority,
  ECONNRESET: 'it cut the connection during the TLS handshake',
  EPIPE: 'it cut the connection during the TLS handshake',
};

const protocolCodes: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_OVERFLOW',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_RES_EXCEEDED_MAX_SIZE',
]);
const requestCodes: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** A code where there is one: messages of TLS are long, and name places in a library. */
function brief(error: Error): string {
  const code = codeOf(error);
  return code === '' ? error.message.slice(0, 120).replace(/[^\x20-\x7e]/g, ' ') : code;
}
