/**
 * Questions to a running server over HTTP. A server that does not answer, or not as offhook does, is a
 * failure with a sentence; everything else is the command's to judge.
 */
import { Failure, codeOf } from './failure.ts';

export const defaultHttp = 'http://127.0.0.1:7480';

const patienceMs = 10_000;
const largestAnswer = 256 * 1024 * 1024;

export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks the server at `base` for `path`.
 * @param accept the media type wanted
 * @throws {Failure} with exit code 2 when no whole answer comes
 */
export async function ask(
  base: string,
  path: string,
  accept: string,
  token: string | undefined,
): Promise<HttpAnswer> {
  return request(base, path, { headers: headersOf(accept, token) });
}

export interface Asked {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly token: string | undefined;
  /** Sent as JSON; undefined: no body. */
  readonly body: unknown;
}

/** As `ask`, for requests that change something and answer in JSON. @throws {Failure} as `ask` does */
export async function send(base: string, path: string, asked: Asked): Promise<HttpAnswer> {
  const { method, token, body } = asked;
  const headers = headersOf('application/json', token);
  if (body === undefined) return request(base, path, { method, headers });
  headers['content-type'] = 'application/json';
  return request(base, path, { method, headers, body: JSON.stringify(body) });
}

function headersOf(accept: string, token: string | undefined): Record<string, string> {
  const isGiven = token !== undefined && token !== '';
  return isGiven ? { accept, authorization: `Bearer ${token}` } : { accept };
}

async function request(base: string, path: string, options: RequestInit): Promise<HttpAnswer> {
  try {
    const signal = AbortSignal.timeout(patienceMs);
    const response = await fetch(base + path, { ...options, signal, redirect: 'error' });
    return { status: response.status, body: await bounded(response) };
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(
      2,
      `No server answers at ${base} (${reasonOf(error)}).`,
      'Start one with `offhook simulate`, or name another with --http URL.',
      { cause: error },
    );
  }
}

async function bounded(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  for await (const chunk of response.body ?? []) {
    length += chunk.byteLength;
    if (length > largestAnswer) throw new Error(`the answer is larger than ${largestAnswer} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** Why a connection failed, in words where we have them. */
export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  switch (codeOf(cause)) {
    case 'ECONNREFUSED':
      return 'connection refused';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the name is not known';
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return 'there is no way to it';
    case 'ECONNRESET':
    case 'UND_ERR_SOCKET':
      return 'the connection was cut';
    case 'ETIMEDOUT':
    case 'UND_ERR_CONNECT_TIMEOUT':
      return 'it does not answer in time';
    default:
      if (cause instanceof Error && cause.name === 'TimeoutError')
        return 'it does not answer in time';
      return cause instanceof Error ? cause.message : String(cause);
  }
}

/**
 * The failure for an answer that was not expected; says the server's own words where it sends a problem.
 * @param status the HTTP status, which was none that the command knows
 */
export function unexpectedAnswer(base: string, answer: HttpAnswer): Failure {
  if (answer.status === 401 || answer.status === 403) {
    return new Failure(
      1,
      `The server at ${base} does not allow this.`,
      'Give a token with --token or in OFFHOOK_TOKEN.',
    );
  }
  const detail = detailOf(answer.body);
  if (detail !== undefined) return new Failure(1, `The server says: ${detail}`);
  return new Failure(
    2,
    `What answers at ${base} is no offhook server (HTTP status ${answer.status}).`,
    'Check the address given with --http.',
  );
}

/** The detail of problem details (RFC 9457), where the body is that. */
export function detailOf(body: string): string | undefined {
  const value = parseJson(body);
  if (typeof value !== 'object' || value === null || !('detail' in value)) return undefined;
  return typeof value.detail === 'string' ? value.detail : undefined;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
