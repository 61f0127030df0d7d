/**
 * The errors a person must act on, one class per person; each has a stable code. Anything else that is
 * thrown is a bug. What is expected (not enough bytes, no such call) is a return value, never an error.
 */

/** Every code, with who must act and what it means. ARCHITECTURE.md lists them; a test compares. */
export const errorCodes = {
  CONFIG_UNREADABLE: 'The configuration file could not be read.',
  CONFIG_INVALID:
    'The configuration has problems; each is listed with path, value and expectation.',
  CERTIFICATE_UNUSABLE:
    'A certificate, its key or the authorities of clients cannot be used for TLS.',
  FEED_FRAME_TOO_LARGE:
    'A feed message exceeds a bound on size, depth, elements, attributes or value.',
  FEED_FRAME_FORBIDDEN:
    'A feed message holds a construct that is never accepted, such as a DOCTYPE.',
  FEED_XML_MALFORMED: 'A feed message is not well-formed XML.',
  FEED_JSON_MALFORMED: 'A feed message is not well-formed JSON.',
  AMI_BANNER_UNEXPECTED: 'The peer does not greet as an Asterisk manager interface.',
  AMI_LINE_TOO_LONG: 'The peer sent a line or block beyond the bound.',
  AMI_LOGIN_REJECTED: 'Asterisk refused the manager login.',
  AMI_UNREACHABLE: 'The connection to Asterisk could not be made or was lost.',
  AMI_SILENT: 'Asterisk did not answer within the time allowed.',
  REPLAY_UNREADABLE: 'The transcript to replay could not be read.',
  STORE_UNAVAILABLE: 'The embedded store could not be opened or has failed.',
  STORE_COMMIT_FAILED: 'A commit to the embedded store failed; it is tried again.',
  STORE_IN_USE: 'Another server holds the data folder.',
} as const;

export type ErrorCode = keyof typeof errorCodes;

class CodedError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The operator must change the configuration. */
export class ConfigError extends CodedError {}

/** The peer on a feed connection broke the protocol; the session ends. */
export class ProtocolError extends CodedError {}

/** The telephony system is at fault or away. */
export class SourceError extends CodedError {
  /** False when trying again cannot help before somebody changes something. */
  readonly retryable: boolean;

  constructor(code: ErrorCode, message: string, retryable: boolean, options?: ErrorOptions) {
    super(code, message, options);
    this.retryable = retryable;
  }
}

/** The disk or the database on it is at fault. */
export class StoreError extends CodedError {}
