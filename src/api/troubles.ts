/** What is wrong with a body, place by place: a schema's findings as problem details with what was seen. Pure. */
import type { z } from 'zod';
import { type Problem, problem } from '../base/problem.ts';
import type { Trouble } from './webhooks.ts';

/** More than these are not told: who sends a thousand mistakes makes one of them a thousand times. */
const mostTold = 20;

export function troublesOf(error: z.ZodError, body: unknown): readonly Trouble[] {
  return error.issues.slice(0, mostTold).flatMap((issue): readonly Trouble[] => {
    const path = issue.path.map(String).join('.').slice(0, 200);
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.slice(0, mostTold).map((key) => ({
        path: [path, key.slice(0, 64)].filter((part) => part !== '').join('.'),
        seen: 'an unknown name',
        expected: 'none but the documented ones',
      }));
    }
    const value = issue.path.reduce(stepInto, body);
    const seen = value === undefined ? 'nothing' : JSON.stringify(value).slice(0, 60);
    return [{ path, seen, expected: path === '' ? 'an object' : issue.message }];
  });
}

function stepInto(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
  const found: unknown = Reflect.get(value, key);
  return found;
}

export function unprocessable(code: string, detail: string, problems: readonly Trouble[]): Problem {
  return problem(422, code, detail, { problems: problems.slice(0, mostTold) });
}
