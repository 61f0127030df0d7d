/**
 * What is wrong with a configuration, said so that the operator can mend it: all of it at once, each
 * with its path, what was seen and what was expected. Values of secrets are never part of it.
 */
import { ConfigError } from '../base/errors.ts';

export interface Problem {
  /** Name of the setting as a path, such as `source[0].port`, or the place in the file. */
  readonly path: string;
  readonly seen: string;
  readonly expected: string;
}

/** The configuration was read and cannot be used; `problems` holds at least one. */
export class InvalidConfigError extends ConfigError {
  readonly problems: readonly Problem[];

  /** @param origin the file or other place the settings came from, for the message */
  constructor(origin: string, problems: readonly Problem[], options?: ErrorOptions) {
    const count = problems.length === 1 ? 'a problem' : `${problems.length} problems`;
    const lines = problems.map((problem) => `\n  ${describeProblem(problem)}`);
    super('CONFIG_INVALID', `${origin} has ${count}:${lines.join('')}`, options);
    this.problems = problems;
  }
}

export function describeProblem(problem: Problem): string {
  return `${problem.path}: saw ${problem.seen}, expected ${problem.expected}`;
}

const longestShown = 60;

/** A value from the file as a person would recognise it, shortened; control characters escaped. */
export function describeValue(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 1 ? 'a list of 1' : `a list of ${value.length}`;
  if (value instanceof Date) return 'a date';
  switch (typeof value) {
    case 'string': {
      const shown = value.length > longestShown ? `${value.slice(0, longestShown)}…` : value;
      return JSON.stringify(shown);
    }
    case 'number':
    case 'boolean':
    case 'bigint':
      return String(value);
    default:
      return 'a table';
  }
}

/** The known name that `name` is probably a slip of, or undefined when none is near. */
export function nearest(name: string, known: readonly string[]): string | undefined {
  const wanted = plain(name.slice(0, 64));
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of known) {
    const distance = editDistance(wanted, plain(candidate));
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  const allowed = wanted.length <= 4 ? 1 : 2;
  return bestDistance <= allowed ? best : undefined;
}

/** `keep_alive`, `keep-alive` and `KeepAlive` are the same slip. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}

/** Letters to add, drop, change or swap with a neighbour to get from one to the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[to.length] ?? 0;
}
