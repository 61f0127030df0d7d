/**
 * Answers of a running server that are taken as they come, however long they are: files, and lines of JSON. Only a
 * server that says nothing for a while is given up.
 */
import { Failure } from './failure.ts';
import { parseJson, reasonOf } from './http.ts';
import { refusal, type ServerOptions } from './managing.ts';

const patienceMs = 30_000;
const longestLine = 64 * 1024;
const longestProblem = 64 * 1024;

export interface Streamed {
  readonly headers: Headers;
  /** Rejects with a Failure when the connection is cut. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** @throws {Failure} when the server refuses or does not answer */
export async function stream(
  { http, token }: ServerOptions,
  method: 'GET' | 'POST',
  path: string,
): Promise<Streamed> {
  const control = new AbortController();
  const silent = new Error('it says nothing any more');
  let timer = setTimeout(() => control.abort(silent), patienceMs);
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => control.abort(silent), patienceMs);
  };
  const isGiven = token !== undefined && token !== '';
  const headers = isGiven ? { authorization: `Bearer ${token}` } : {};
  const given = { method, headers, signal: control.signal, redirect: 'error' } as const;
  try {
    const response = await fetch(http + path, given);
    if (response.ok) {
      return {
        headers: response.headers,
        chunks: chunksOf(response, http, heard, () => clearTimeout(timer)),
      };
    }
    const body = (await response.text()).slice(0, longestProblem);
    clearTimeout(timer);
    throw refusal(http, { status: response.status, body });
  } catch (error) {
    clearTimeout(timer);
    throw cut(http, error);
  }
}

async function* chunksOf(
  response: Response,
  http: string,
  heard: () => void,
  over: () => void,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) {
      heard();
      yield chunk;
    }
  } catch (error) {
    throw cut(http, error);
  } finally {
    over();
  }
}

function cut(http: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const next = 'Start one with `offhook simulate`, or name another with --http URL.';
  return new Failure(2, `No server answers at ${http} (${reasonOf(error)}).`, next, {
    cause: error,
  });
}

/** The JSON of each line. @throws {Failure} for what is none */
export async function* jsonLines(
  { chunks }: Pick<Streamed, 'chunks'>,
  http: string,
): AsyncGenerator<unknown> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > longestLine) break;
    yield* lines.map(parseJson);
  }
  if (rest !== '') {
    const next = 'Check the address given with --http.';
    throw new Failure(2, `What answers at ${http} ends in the middle of a line.`, next);
  }
}
