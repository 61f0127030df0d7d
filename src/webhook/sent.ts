/**
 * A destination as somebody sends it, to make one or to change it. Pure.
 */
import { readDestination, type ReadDestination } from './destination.ts';
import { redactedProblems, restored } from './redaction.ts';

/**
 * Reads what was sent, with stored secrets where they came back hidden; problems never show a secret.
 * @param stored what the destination has so far; undefined for a new one
 */
export function readSent(written: unknown, stored: unknown): ReadDestination {
  const whole = restored(written, stored);
  if (whole.problems.length > 0) return { kind: 'problems', problems: whole.problems };
  const read = readDestination(whole.written);
  if (read.kind === 'destination') return read;
  return { kind: 'problems', problems: redactedProblems(read.problems, whole.written) };
}

/** What was sent to the address of a destination need not say its id once more. */
export function withId(written: unknown, id: string): unknown {
  const isTable = typeof written === 'object' && written !== null && !Array.isArray(written);
  return isTable && !Object.hasOwn(written, 'id') ? { id, ...written } : written;
}
