/**
 * The return codes of the vendor's interface, their messages word for word, and the HTTP status that each has
 * where a server answers strictly. Pure.
 */

/** Codes that are answered here; `protocol/face/README.md` says which others there are, and why they cannot occur. */
export const code = {
  ack: 0,
  nack: -1,
  notAuthorized: 2,
  parameterMissing: 3,
  commandMissing: 4,
  commandInvalid: 5,
  database: 10,
  fileGone: 11,
  wrongState: 12,
  cannotEnd: 13,
  token: 16,
  noRecording: 19,
  recorder: 20,
  renameInProgress: 21,
  renameDeleted: 22,
  conversion: 23,
  noSession: 26,
  namedParameter: 27,
} as const;

/** What a command came to, without what it brings along. */
export interface Verdict {
  readonly code: number;
  readonly message: string;
  /** The status of a strict answer, where the code alone does not tell it. */
  readonly status?: number;
}

const startedElsewhere = 'Recording is started by another session or not started';

export const verdicts = {
  ack: { code: code.ack, message: 'ACK' },
  notAuthorized: { code: code.notAuthorized, message: 'Host Not Authorized' },
  parameterMissing: { code: code.parameterMissing, message: 'Parameter Missing' },
  commandMissing: {
    code: code.commandMissing,
    message: 'Missing Command - command parameter is required',
  },
  commandInvalid: { code: code.commandInvalid, message: 'Invalid Command' },
  database: { code: code.database, message: 'Error establishing database connection' },
  fileGone: { code: code.fileGone, message: 'Error retrieving file with supplied criteria' },
  alreadyStarted: {
    code: code.wrongState,
    message: 'Recording has already started on this channel.',
  },
  notPaused: {
    code: code.wrongState,
    message: 'Recording is not paused, cannot unpause recording.',
  },
  alreadyPaused: {
    code: code.wrongState,
    message: 'Recording has already been paused, cannot pause recording.',
  },
  cannotPause: { code: code.wrongState, message: `${startedElsewhere}, cannot pause recording.` },
  cannotResume: {
    code: code.wrongState,
    message: `${startedElsewhere}, cannot unpause recording.`,
  },
  // The vendor has no text for it; this one follows the others.
  cannotSplit: { code: code.wrongState, message: `${startedElsewhere}, cannot split recording.` },
  cannotEnd: { code: code.cannotEnd, message: `${startedElsewhere}, cannot end recording.` },
  token: { code: code.token, message: 'Error Generating Token' },
  noRecording: { code: code.noRecording, message: 'No recording found with supplied criteria' },
  recorder: { code: code.recorder, message: 'RSS could not successfully perform the operation' },
  renameInProgress: {
    code: code.renameInProgress,
    message: 'Cannot change name of file while recording is in progress',
  },
  renameDeleted: {
    code: code.renameDeleted,
    message: 'Cannot rename a file that is set to be deleted',
  },
  conversion: { code: code.conversion, message: 'Could not convert file to playable format' },
  noSession: {
    code: code.noSession,
    message: 'No session or file was found matching the provided UCID',
  },
} as const satisfies Readonly<Record<string, Verdict>>;

const insufficient = 'Selection criteria insufficient to determine recording.';

/** Several match, and all of them are shown: the usual answer of a search. */
export const allMatches: Verdict = {
  code: code.nack,
  message: `${insufficient} Returning all matches.`,
  status: 200,
};

/** Several match, and only the first are shown. */
export const someMatches: Verdict = {
  code: code.nack,
  message: `${insufficient} There were more matches than maxListLength, please refine your search if the entry you require is not in this list.`,
  status: 200,
};

/** A refusal in words of ours: what was seen, and what was expected. */
export function nack(message: string, status = 400): Verdict {
  return { code: code.nack, message, status };
}

export function missing(parameter: string): Verdict {
  return {
    code: code.namedParameter,
    message: `Missing Parameter - ${parameter} parameter is required`,
  };
}

export function succeeded(command: string): Verdict {
  return { code: code.ack, message: `${command} command returned successfully` };
}

export function renamed(filename: string): Verdict {
  return {
    code: code.ack,
    message: `This file has been renamed by the recorder, please use the following new filename for future commands: ${filename}`,
  };
}

const statuses: ReadonlyMap<number, number> = new Map([
  [code.ack, 200],
  [1, 403],
  [code.notAuthorized, 403],
  ...[3, 4, 5, 6, 7, 8, 9, 18, 27].map((each) => [each, 400] as const),
  ...[code.fileGone, code.noRecording, code.noSession].map((each) => [each, 404] as const),
  ...[12, 13, 21, 22, 25].map((each) => [each, 409] as const),
  [24, 504],
]);

/** The HTTP status of a strict answer. */
export function strictStatusOf({ code: given, status }: Verdict): number {
  return status ?? statuses.get(given) ?? 500;
}
