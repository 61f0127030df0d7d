/**
 * From JSON that anybody may have sent to signals of ours, or to a list of everything that is wrong with
 * it. Pure.
 */
import type { z } from 'zod';
import type { CallSignal } from '../../call/signal.ts';
import { bounds, isSignalKind, schemas, type SentSignal } from './schema.ts';

/** One thing that is wrong with what was sent. */
export interface RowProblem {
  /** Place of the signal in the batch, from 0; absent when the batch itself is wrong. */
  readonly index?: number;
  /** Where in the signal (or the body), as a JSON Pointer; empty for the whole of it. */
  readonly path: string;
  /** What stood there, cut to a readable length; `nothing` when it was left out. */
  readonly seen: string;
  readonly expected: string;
}

export type Translated =
  | { readonly kind: 'signals'; readonly signals: readonly CallSignal[] }
  | { readonly kind: 'problems'; readonly problems: readonly RowProblem[] };

type Translation =
  | { readonly kind: 'signal'; readonly signal: CallSignal }
  | { readonly kind: 'problems'; readonly problems: readonly Omit<RowProblem, 'index'>[] };

const problemsPerRow = 8;
const seenChars = 80;

/** Reads a whole body: one signal, a list of them, or `{ "signals": [...] }`. All or nothing. */
export function translate(body: unknown, source: string): Translated {
  const { rows, problem } = rowsOf(body);
  if (problem !== undefined) return { kind: 'problems', problems: [problem] };
  const signals: CallSignal[] = [];
  const problems: RowProblem[] = [];
  rows.forEach((row: unknown, index) => {
    const translation = translateOne(row, source);
    if (translation.kind === 'signal') signals.push(translation.signal);
    else problems.push(...translation.problems.map((one) => ({ index, ...one })));
  });
  return problems.length > 0 ? { kind: 'problems', problems } : { kind: 'signals', signals };
}

interface Rows {
  readonly rows: readonly unknown[];
  /** Set when the batch itself is wrong; then there are no rows. */
  readonly problem?: RowProblem;
}

function rowsOf(body: unknown): Rows {
  if (Array.isArray(body)) return bounded(body, '');
  if (!isObject(body) || !Object.hasOwn(body, 'signals')) return { rows: [body] };
  const stranger = Object.keys(body).find((field) => field !== 'signals');
  if (stranger !== undefined) {
    const expected = 'no field beside "signals"';
    return wrong({ path: pointer([stranger]), seen: show(body[stranger]), expected });
  }
  const { signals } = body;
  if (Array.isArray(signals)) return bounded(signals, '/signals');
  return wrong({ path: '/signals', seen: show(signals), expected: 'a list of signals' });
}

function bounded(rows: readonly unknown[], path: string): Rows {
  if (rows.length <= bounds.signalsPerBatch) return { rows };
  const expected = `at most ${bounds.signalsPerBatch} signals in one batch`;
  return wrong({ path, seen: `${rows.length} signals`, expected });
}

function wrong(problem: RowProblem): Rows {
  return { rows: [], problem };
}

function translateOne(row: unknown, source: string): Translation {
  if (!isObject(row)) return bad({ path: '', seen: show(row), expected: 'an object' });
  const { kind } = row;
  if (typeof kind !== 'string' || !isSignalKind(kind)) {
    const expected = `one of ${Object.keys(schemas).join(', ')}`;
    return bad({ path: '/kind', seen: show(kind), expected });
  }
  const atMs = whenOf(row);
  const parsed: z.ZodSafeParseResult<SentSignal> = schemas[kind].safeParse(row);
  if (!parsed.success || typeof atMs !== 'number') {
    const problems = typeof atMs === 'number' ? [] : [atMs];
    const issues = parsed.error?.issues ?? [];
    return bad(...[...problems, ...issues.flatMap((issue) => explain(issue, row, kind))]);
  }
  return { kind: 'signal', signal: signalOf(parsed.data, source, atMs) };
}

function signalOf(sent: SentSignal, source: string, atMs: number): CallSignal {
  const { at: _at, atMs: _atMs, source: _source, ...signal } = sent;
  return { ...signal, source, atMs };
}

/** The time of a row, from `at` or `atMs`; a value of the wrong form is left to the schema to tell. */
function whenOf(row: Readonly<Record<string, unknown>>): number | Omit<RowProblem, 'index'> {
  const { at, atMs } = row;
  const seen = `at: ${show(at)}, atMs: ${show(atMs)}`;
  if ((at === undefined) === (atMs === undefined)) {
    return { path: '/atMs', seen, expected: 'one of at and atMs, and only one' };
  }
  if (typeof atMs === 'number') return atMs;
  const ms = typeof at === 'string' ? Date.parse(at) : NaN;
  if (ms < bounds.earliestMs || ms > bounds.latestMs) {
    return { path: '/at', seen: show(at), expected: 'a time between the years 2000 and 2100' };
  }
  // Not a time at all: whatever stands here is refused by the schema.
  return Number.isNaN(ms) ? bounds.earliestMs : ms;
}

function bad(...problems: readonly Omit<RowProblem, 'index'>[]): Translation {
  // The first word on a place says enough; an empty text need not also be told that it has no pattern.
  const first = new Map<string, Omit<RowProblem, 'index'>>();
  for (const problem of problems) if (!first.has(problem.path)) first.set(problem.path, problem);
  return { kind: 'problems', problems: [...first.values()].slice(0, problemsPerRow) };
}

function explain(
  issue: z.core.$ZodIssue,
  row: unknown,
  kind: string,
): readonly Omit<RowProblem, 'index'>[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.slice(0, problemsPerRow).map((field) => {
      const path = [...issue.path, field];
      const expected = `no such field; the schema of ${kind} has the fields that are`;
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

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
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
function pointer(path: readonly PropertyKey[]): string {
  return path
    .map((step) => `/${cut(String(step)).replaceAll('~', '~0').replaceAll('/', '~1')}`)
    .join('');
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : cut(JSON.stringify(value));
}

function cut(text: string): string {
  return text.length > seenChars ? `${text.slice(0, seenChars)}…` : text;
}
