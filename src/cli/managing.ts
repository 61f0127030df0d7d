/**
 * What the commands for destinations and deliveries share: asking a running server to do something, and what
 * its refusals mean to a person.
 */
import { Failure } from './failure.ts';
import { type HttpAnswer, parseJson, send, unexpectedAnswer } from './http.ts';
import { printable } from './terminal.ts';

export interface ServerOptions {
  readonly http: string;
  readonly token?: string;
  readonly json?: true;
}

/**
 * Sends a request and gives the JSON of its answer; undefined when that has none.
 * @throws {Failure} when the server refuses or does not answer
 */
export async function manage(
  { http, token }: ServerOptions,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: unknown,
): Promise<unknown> {
  const answer = await send(http, path, { method, token, body });
  if (answer.status >= 200 && answer.status < 300) return parseJson(answer.body);
  throw refusal(http, answer);
}

const nextSteps: Readonly<Record<string, string>> = {
  DESTINATION_UNKNOWN: '`offhook destinations list` shows those that there are.',
  DESTINATION_EXISTS: '`offhook destinations update` changes it.',
  DESTINATION_FROM_FILE: 'Change it in the configuration file and reload the server with SIGHUP.',
  DESTINATION_INVALID: 'Correct these and try again; nothing was changed.',
  DELIVERY_UNKNOWN: '`offhook deliveries list` shows those that are kept.',
  RECORDING_UNKNOWN: '`offhook recordings list` shows those that there are.',
  SEGMENT_UNKNOWN: '`offhook recordings show` has the segments of a recording.',
  SEGMENTS_SEVERAL: 'Name one with --segment; `offhook recordings show` has them.',
  MEDIA_OUTSIDE: 'Let record.mediaRoots name the folder that it lies in.',
  MEDIA_MISSING: '`offhook recordings verify` finds all that are gone.',
  RECORDINGS_INVALID: 'Correct these and try again; none of this lot was taken over.',
  RECORDINGS_EXIST: 'Leave these out; none of this lot was taken over.',
  VERIFY_UNDER_WAY: 'Wait for the other one.',
  CONTROL_FORBIDDEN: '`offhook tokens add --control` makes a token that may.',
  MANAGE_FORBIDDEN: '`offhook tokens add --manage` makes a token that may.',
};

/** What a refusal means to a person. */
export function refusal(base: string, answer: HttpAnswer): Failure {
  const value = parseJson(answer.body);
  const table = typeof value === 'object' && value !== null ? value : {};
  const code = 'code' in table && typeof table.code === 'string' ? table.code : '';
  const next = nextSteps[code];
  if (next === undefined || !('detail' in table)) return unexpectedAnswer(base, answer);
  const lines = [`The server says: ${printable(String(table.detail))}`];
  const problems: readonly unknown[] =
    'problems' in table && Array.isArray(table.problems) ? table.problems : [];
  for (const each of problems) {
    if (typeof each !== 'object' || each === null) continue;
    const { path, seen, expected } = { path: '', seen: '', expected: '', ...each };
    const where = path === '' ? 'what was sent' : String(path);
    lines.push(`  ${printable(`${where}: saw ${String(seen)}, expected ${String(expected)}`)}`);
  }
  return new Failure(1, lines.join('\n'), next);
}
