/**
 * Problem details for HTTP (RFC 9457), as every HTTP room of ours answers errors: the status, a stable code
 * for programs, and a sentence for people that says what was seen and what was expected.
 */
export const problemType = 'application/problem+json';

export interface Problem {
  readonly status: number;
  /** The phrase that belongs to the status; RFC 9457 asks for it where no `type` is given. */
  readonly title: string;
  readonly code: string;
  readonly detail: string;
  /** Members of one kind of problem only. */
  readonly [extension: string]: unknown;
}

/** The phrases of RFC 9110 for the statuses that we answer. */
const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  406: 'Not Acceptable',
  408: 'Request Timeout',
  409: 'Conflict',
  411: 'Length Required',
  413: 'Content Too Large',
  414: 'URI Too Long',
  415: 'Unsupported Media Type',
  416: 'Range Not Satisfiable',
  417: 'Expectation Failed',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
};

export function problem(
  status: number,
  code: string,
  detail: string,
  extensions: Readonly<Record<string, unknown>> = {},
): Problem {
  return { status, title: titles[status] ?? 'Error', code, detail, ...extensions };
}
