/**
 * What stands behind the `?` of an address: read strictly, since a filter that is spelled wrong and
 * silently left out shows calls that nobody asked for. Pure.
 */
import { extensionKey } from '../call/extension.ts';

export type Query<N extends string> =
  | { readonly kind: 'query'; readonly all: (name: N) => readonly string[] }
  | { readonly kind: 'wrong'; readonly detail: string };

const longestValue = 128;
const mostValues = 256;

/**
 * All values of each of the names, in order; any other name is wrong.
 * @param longest characters that a value may have
 */
export function readQuery<N extends string>(
  url: string,
  names: readonly N[],
  longest: number = longestValue,
): Query<N> {
  const start = url.indexOf('?');
  const sent = new URLSearchParams(start < 0 ? '' : url.slice(start + 1));
  const values = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const [name, value] of sent) {
    const known = values.get(name);
    if (known === undefined) {
      const expected = names.length === 0 ? 'none' : `only ${names.join(', ')}`;
      return wrong(`seen the query parameter "${name.slice(0, 40)}", expected ${expected}`);
    }
    if (value === '' || value.length > longest) {
      const seen = `${value.length} characters in "${name}"`;
      return wrong(`seen ${seen}, expected 1 to ${longest}`);
    }
    known.push(value);
    if (known.length > mostValues) {
      return wrong(`seen more than ${mostValues} times "${name}", expected at most that`);
    }
  }
  return { kind: 'query', all: (name) => values.get(name) ?? [] };
}

/** A whole number given at most once; `absent` when it is not given. */
export function wholeNumber(
  name: string,
  values: readonly string[],
  { from, to, absent }: { readonly from: number; readonly to: number; readonly absent: number },
):
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'wrong'; readonly detail: string } {
  const [text] = values;
  if (text === undefined) return { kind: 'number', value: absent };
  const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
  if (values.length === 1 && value >= from && value <= to) return { kind: 'number', value };
  const seen = values.map((each) => `"${each.slice(0, 40)}"`).slice(0, 3);
  return wrong(
    `seen ${name} ${seen.join(' and ')}, expected one whole number from ${from} to ${to}`,
  );
}

/** A text given at most once; undefined when it is not given. */
export function atMostOne(
  name: string,
  values: readonly string[],
):
  | { readonly kind: 'text'; readonly value: string | undefined }
  | { readonly kind: 'wrong'; readonly detail: string } {
  if (values.length < 2) return { kind: 'text', value: values[0] };
  return wrong(`seen ${values.length} times "${name}", expected it once`);
}

/** Whether any of `numbers` is asked for; everything is when nothing is asked for in particular. */
export function asksFor(
  asked: readonly string[],
  numbers: readonly (string | undefined)[],
): boolean {
  if (asked.length === 0) return true;
  const keys = new Set(asked.map(extensionKey));
  return numbers.some((number) => number !== undefined && keys.has(extensionKey(number)));
}

function wrong(detail: string): { readonly kind: 'wrong'; readonly detail: string } {
  return { kind: 'wrong', detail };
}
