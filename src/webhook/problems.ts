/**
 * What is wrong with a destination, in the words of people: which place, what was seen, what was expected.
 * Pure.
 */
import type { z } from 'zod';
import type { DestinationProblem } from './dialect/dialect.ts';

const longestSeen = 60;
/** Names whose values are not shown, whatever they are. */
const hidden = /secret|password|token|key|authorization/i;

/** A value that was seen, short and in one line. */
export function seenOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > longestSeen ? `${text.slice(0, longestSeen)}…` : text;
}

/**
 * @param under where the checked value stands within the destination; empty for the destination itself
 * @param value what was checked
 */
export function problemsOf(error: z.ZodError, under: string, value: unknown): DestinationProblem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'symbol' ? '' : part));
    const at = pathOf(under, path);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({
        path: pathOf(under, [...path, key]),
        seen: 'a name that is not known here',
        expected: 'one of the names in the documentation of destinations',
      }));
    }
    const seen = path.some((part) => hidden.test(String(part)))
      ? 'a hidden value'
      : seenOf(valueAt(value, path));
    return [{ path: at, seen, expected: expectedOf(issue) }];
  });
}

function pathOf(under: string, path: readonly (string | number)[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`,
    under,
  );
}

function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  let here = value;
  for (const part of path) {
    if (typeof here !== 'object' || here === null) return undefined;
    here = new Map<string, unknown>(Object.entries(here)).get(String(part));
  }
  return here;
}

function expectedOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `a ${issue.expected}`;
    case 'invalid_value':
      return `one of ${issue.values.map((each) => JSON.stringify(each)).join(', ')}`;
    case 'too_small':
      return `${unitOf(issue.origin)}${String(issue.minimum)} or more`;
    case 'too_big':
      return `${unitOf(issue.origin)}${String(issue.maximum)} or less`;
    default:
      return issue.message;
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return 'a text, of characters ';
  return origin === 'array' ? 'a list, of items ' : 'a number of ';
}
