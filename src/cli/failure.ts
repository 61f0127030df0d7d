/**
 * How a command fails: one sentence about what happened, one about what to do next, and an exit code.
 * A person never sees a stack unless OFFHOOK_DEBUG asks for it.
 */

/** 1: the answer is no, or something is wrong. 2: the server cannot be reached, or wrong usage. */
export type ExitCode = 0 | 1 | 2;

export const exitCodesHelp = `
Exit codes:
  0  done
  1  the answer is no, or something is wrong
  2  the server cannot be reached, or the command was not understood`;

/** Thrown by a command, printed by main. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  /** What the person can do about it. */
  readonly next: string | undefined;

  constructor(exitCode: ExitCode, message: string, next?: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
    this.exitCode = exitCode;
    this.next = next;
  }
}

/** What anything that was thrown means for a person. */
export function explain(error: unknown): Failure {
  if (error instanceof Failure) return error;
  const cause = { cause: error };
  const message = error instanceof Error ? error.message : String(error);
  switch (codeOf(error)) {
    case 'CONFIG_INVALID':
      return new Failure(1, message, 'Correct these settings and start again.', cause);
    case 'CERTIFICATE_UNUSABLE':
      return new Failure(1, message, 'Correct what [tls] names and start again.', cause);
    case 'CONFIG_UNREADABLE':
      return new Failure(
        1,
        message,
        'Name the file with --config, or try `offhook simulate`, which needs none.',
        cause,
      );
    case 'EADDRINUSE':
      return new Failure(
        1,
        `${addressOf(error)} is in use by another program.`,
        'Stop the other one, or choose another port.',
        cause,
      );
    case 'EADDRNOTAVAIL':
      return new Failure(
        1,
        `${addressOf(error)} is no address of this machine.`,
        'Listen on 127.0.0.1, 0.0.0.0 or an address that this machine has.',
        cause,
      );
    case 'EACCES':
      return new Failure(
        1,
        `Permission denied: ${message}.`,
        'Run as a user who may, or choose another port or folder.',
        cause,
      );
    case 'REPLAY_UNREADABLE':
    case 'STORE_IN_USE':
    case 'STORE_UNAVAILABLE':
      // The message says what to do.
      return new Failure(1, message, undefined, cause);
    default:
      return new Failure(1, message, 'Set OFFHOOK_DEBUG=1 to see where it comes from.', cause);
  }
}

/** The text for standard error, ending in a line break. */
export function failureText(failure: Failure, debug: boolean): string {
  const lines = [`offhook: ${failure.message}`];
  if (failure.next !== undefined) lines.push(failure.next);
  if (debug) {
    const origin = failure.cause instanceof Error ? failure.cause : failure;
    lines.push(origin.stack ?? String(origin));
  }
  return `${lines.join('\n')}\n`;
}

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

function addressOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return 'The address';
  const host = 'address' in error ? String(error.address) : '';
  return 'port' in error ? `Port ${String(error.port)} on ${host}` : `Address ${host}`;
}
