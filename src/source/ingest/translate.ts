/**
 * From JSON that anybody may have sent to signals of ours, or to a list of everything that is wrong with
 * it. Pure.
 */
import type { z } from 'zod';
import type { CallSignal } from '../../call/signal.ts';
import {
  distinct,
  explain,
  type FieldProblem,
  isObject,
  pointer,
  type RowProblem,
  show,
} from './row-problem.ts';
import { bounds, isSignalKind, schemas, type SentSignal } from './schema.ts';

export type Translated =
  | { readonly kind: 'signals'; readonly signals: readonly CallSignal[] }
  | { readonly kind: 'problems'; readonly problems: readonly RowProblem[] };

type Translation =
  | { readonly kind: 'signal'; readonly signal: CallSignal }
  | { readonly kind: 'problems'; readonly problems: readonly FieldProblem[] };

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
function whenOf(row: Readonly<Record<string, unknown>>): number | FieldProblem {
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

function bad(...problems: readonly FieldProblem[]): Translation {
  return { kind: 'problems', problems: distinct(problems) };
}
