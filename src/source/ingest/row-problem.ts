/**
 * What is wrong with one row of what was sent, in the words of people: where it stands, what was seen there,
 * and what was expected. Pure.
 */
import type { z } from 'zod';

/** One thing that is wrong with what was sent. */
export interface RowProblem {
  /** Place of the row in the batch, from 0; absent when the batch itself is wrong. */
  readonly index?: number;
  /** Where in the row (or the body), as a JSON Pointer; empty for the whole of it. */
  readonly path: string;
  /** What stood there, cut to a readable length; `nothing` when it was left out. */
  readonly seen: string;
  readonly expected: string;
}

/** One thing that is wrong within a row. */
export type FieldProblem = Omit<RowProblem, 'index'>;

const problemsPerRow = 8;
const seenChars = 80;

/**
 * The problems of one row that are told. The first word on a place says enough; an empty text need not also be
 * told that it has no pattern.
 */
export function distinct(problems: readonly FieldProblem[]): readonly FieldProblem[] {
  const first = new Map<string, FieldProblem>();
  for (const problem of problems) if (!first.has(problem.path)) first.set(problem.path, problem);
  return [...first.values()].slice(0, problemsPerRow);
}

/** @param of what has a schema, such as the kind of a signal */
export function explain(
  issue: z.core.$ZodIssue,
  row: unknown,
  of: string,
): readonly FieldProblem[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, problemsPerRow).map((field) => {
      const path = [...issue.path, field];
      const expected = `no such field; the schema of ${of} has the fields that are`;
      return { path: pointer(path), seen: show(valueAt(row, path)), expected };
    });
  }
  const seen = show(valueAt(row, issue.path));
  return [{ path: pointer(issue.path), seen, expected: expectedBy(issue) }];
}

const typeNames: Readonly<Record<string, string>> = {
  string: 'a text',
  int: 'a whole number',
  number: 'a whole number',
  array: 'a list',
  object: 'an object',
};

/** In words, what the schema wanted. */
function expectedBy(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return typeNames[issue.expected] ?? issue.expected;
    case 'invalid_value':
      return `one of ${issue.values.map(String).join(', ')}`;
    case 'too_big':
      return `at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    case 'too_small':
      return `at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case 'invalid_format':
      return issue.format === 'datetime'
        ? 'a time such as 2026-01-05T09:00:00.000+01:00'
        : 'a text without control characters or broken Unicode';
    default:
      return issue.message;
  }
}

function unitOf(origin: string): string {
  switch (origin) {
    case 'string':
      return ' characters';
    case 'array':
      return ' entries';
    default:
      return '';
  }
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, step)) return undefined;
    at = Reflect.get(at, step);
  }
  return at;
}

/** RFC 6901. */
export function pointer(path: readonly PropertyKey[]): string {
  return path
    .map((step) => `/${cut(String(step)).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

/** A value that was seen, short and in one line. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  try {
    return cut(JSON.stringify(value));
  } catch (error) {
    // Deeper than the stack is high: reading JSON takes no stack, writing it does.
    if (error instanceof RangeError) return 'something that is nested very deeply';
    throw error;
  }
}

function cut(text: string): string {
  return text.length > seenChars ? `${text.slice(0, seenChars)}…` : text;
}
