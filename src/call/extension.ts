/**
 * Naming extensions: one by one, by prefix or range, or all of them; and which calls are seen by what was
 * named. Pure.
 */
import { extensionKey } from './parties.ts';

/** One way to name extensions: exact number, prefix, or an inclusive range of equally long numbers. */
export type ExtensionPattern =
  | { readonly kind: 'number'; readonly number: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'range'; readonly from: string; readonly to: string };

export interface ExtensionFilter {
  /** The same text for the same filter, whatever order it was written in. */
  readonly key: string;
  /** True when nothing was named: every call is seen. */
  readonly all: boolean;
  readonly numbers: ReadonlySet<string>;
  readonly ranges: readonly Exclude<ExtensionPattern, { kind: 'number' }>[];
}

export function filterOf(patterns: readonly ExtensionPattern[]): ExtensionFilter {
  const numbers = new Set<string>();
  const ranges = new Map<string, Exclude<ExtensionPattern, { kind: 'number' }>>();
  for (const pattern of patterns) {
    switch (pattern.kind) {
      case 'number':
        numbers.add(extensionKey(pattern.number));
        break;
      case 'prefix':
        ranges.set(JSON.stringify(['prefix', pattern.prefix]), pattern);
        break;
      case 'range':
        ranges.set(JSON.stringify(['range', pattern.from, pattern.to]), pattern);
        break;
    }
  }
  const names = [...numbers].map((number) => JSON.stringify(['number', number]));
  return {
    // No number may spell the name of a prefix: filters with the same key share what is sent.
    key: [...names, ...ranges.keys()].sort().join(' '),
    all: patterns.length === 0,
    numbers,
    ranges: [...ranges.values()],
  };
}

/** Whether any of the extensions is one the filter names. An extension of a call is in its key form. */
export function seesAny(filter: ExtensionFilter, extensions: readonly string[]): boolean {
  if (filter.all) return true;
  return extensions.some(
    (each) => filter.numbers.has(each) || filter.ranges.some((range) => isWithin(range, each)),
  );
}

function isWithin(
  range: Exclude<ExtensionPattern, { kind: 'number' }>,
  extension: string,
): boolean {
  if (range.kind === 'prefix') {
    // An extension with an `@` is kept in lower case, whatever part of it the prefix spells.
    const { prefix } = range;
    return extension.startsWith(extension.includes('@') ? prefix.toLowerCase() : prefix);
  }
  // Numbers are text: 0012 is not 12, so only equally long ones compare.
  return extension.length === range.from.length && extension >= range.from && extension <= range.to;
}
