/**
 * Naming extensions: one by one, by prefix or range, or all of them; which calls are seen by what was
 * named; and what is left of it within what may be seen. Pure.
 */

/** An extension as it is compared: numbers to the letter, addresses without case. */
export function extensionKey(number: string): string {
  return number.includes('@') ? number.toLowerCase() : number;
}

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
  readonly ranges: readonly Span[];
}

type Span = Exclude<ExtensionPattern, { kind: 'number' }>;

/** The filter of what the patterns name; of none, it sees every call. */
export function filterOf(patterns: readonly ExtensionPattern[]): ExtensionFilter {
  return patterns.length === 0 ? everything : named(patterns);
}

const everything: ExtensionFilter = { key: '', all: true, numbers: new Set(), ranges: [] };

/** The filter that sees no call at all. */
export const nothing: ExtensionFilter = {
  key: 'nothing',
  all: false,
  numbers: new Set(),
  ranges: [],
};

function named(patterns: readonly ExtensionPattern[]): ExtensionFilter {
  if (patterns.length === 0) return nothing;
  const numbers = new Set<string>();
  const ranges = new Map<string, Span>();
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
    all: false,
    numbers,
    ranges: [...ranges.values()],
  };
}

/**
 * A pattern as people write it: `1001`, `10*` for a prefix, `1000-1099` for a range of numbers with as
 * many digits. Undefined when it is none of them.
 */
export function parsePattern(text: string): ExtensionPattern | undefined {
  const range = /^(\d+)-(\d+)$/.exec(text);
  const [, from, to] = range ?? [];
  if (from !== undefined && to !== undefined) {
    return from.length === to.length && from <= to ? { kind: 'range', from, to } : undefined;
  }
  if (/^[^\s*]+\*$/.test(text)) return { kind: 'prefix', prefix: text.slice(0, -1) };
  return /^[^\s*]+$/.test(text) ? { kind: 'number', number: text } : undefined;
}

/**
 * What `filter` names and `scope` names too: it sees a call when one extension of it is in both. A prefix
 * that differs from one of the scope in case only is dropped, never widened.
 */
export function narrowed(filter: ExtensionFilter, scope: ExtensionFilter): ExtensionFilter {
  if (scope.all) return filter;
  if (filter.all) return scope;
  const numbers = [
    ...[...filter.numbers].filter((number) => seesAny(scope, [number])),
    ...[...scope.numbers].filter((number) => seesAny(filter, [number])),
  ].map((number): ExtensionPattern => ({ kind: 'number', number }));
  const spans = filter.ranges.flatMap((one) => scope.ranges.flatMap((other) => common(one, other)));
  return named([...numbers, ...spans]);
}

/** What two spans have in common: one span or none. */
function common(one: Span, other: Span): readonly Span[] {
  if (one.kind === 'prefix' && other.kind === 'prefix') {
    const [short, long] = one.prefix.length < other.prefix.length ? [one, other] : [other, one];
    return long.prefix.startsWith(short.prefix) ? [long] : [];
  }
  const left = one.kind === 'range' ? one : within(one, other);
  const right = other.kind === 'range' ? other : within(other, one);
  if (left === undefined || right === undefined || left.from.length !== right.from.length)
    return [];
  const from = left.from > right.from ? left.from : right.from;
  const to = left.to < right.to ? left.to : right.to;
  return from <= to ? [{ kind: 'range', from, to }] : [];
}

/** The numbers that begin so and are as long as those of the range. */
function within(span: Span, range: Span): Extract<Span, { kind: 'range' }> | undefined {
  if (span.kind !== 'prefix' || range.kind !== 'range') return undefined;
  const { prefix } = span;
  const { length } = range.from;
  if (prefix.length > length || !digits.test(prefix)) return undefined;
  return { kind: 'range', from: prefix.padEnd(length, '0'), to: prefix.padEnd(length, '9') };
}

const digits = /^\d*$/;

/** Whether any of the extensions is one the filter names. An extension of a call is in its key form. */
export function seesAny(filter: ExtensionFilter, extensions: readonly string[]): boolean {
  if (filter.all) return true;
  return extensions.some(
    (each) => filter.numbers.has(each) || filter.ranges.some((range) => isWithin(range, each)),
  );
}

function isWithin(range: Span, extension: string): boolean {
  if (range.kind === 'prefix') {
    // An extension with an `@` is kept in lower case, whatever part of it the prefix spells.
    const { prefix } = range;
    return extension.startsWith(extension.includes('@') ? prefix.toLowerCase() : prefix);
  }
  // Numbers are text: 0012 is not 12, so only equally long ones compare.
  if (extension.length !== range.from.length) return false;
  return extension >= range.from && extension <= range.to && digits.test(extension);
}
