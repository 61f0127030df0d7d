import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type ExtensionFilter,
  type ExtensionPattern,
  filterOf,
  narrowed,
  nothing,
  parsePattern,
  seesAny,
} from '../../src/call/extension.ts';

const number = (text: string): ExtensionPattern => ({ kind: 'number', number: text });
const prefix = (text: string): ExtensionPattern => ({ kind: 'prefix', prefix: text });
const range = (from: string, to: string): ExtensionPattern => ({ kind: 'range', from, to });

describe('a filter', () => {
  it.each<[string, ExtensionPattern[], string[], boolean]>([
    ['an exact number', [number('1000')], ['1000'], true],
    ['the number among others', [number('1000')], ['+4930', '1000'], true],
    ['no longer number', [number('1000')], ['10001'], false],
    ['no shorter number', [number('1000')], ['100'], false],
    ['numbers as text', [number('0012')], ['12'], false],
    ['an address whatever its case', [number('Bob@Example.ORG')], ['bob@example.org'], true],
    ['what has no @ as it is written', [number('Bob')], ['bob'], false],
    ['what begins with a prefix', [prefix('10')], ['1099'], true],
    ['the prefix itself', [prefix('10')], ['10'], true],
    ['nothing that holds the prefix later', [prefix('10')], ['2102'], false],
    ['an address by its beginning, whatever its case', [prefix('Bob')], ['bob@example.org'], true],
    ['an address by its beginning with @', [prefix('Bob@Ex')], ['bob@example.org'], true],
    ['what has no @ by its beginning as it is written', [prefix('Tr')], ['trunk'], false],
    ['the first of a range', [range('1000', '1099')], ['1000'], true],
    ['the last of a range', [range('1000', '1099')], ['1099'], true],
    ['what lies between', [range('1000', '1099')], ['1050'], true],
    ['not the one before', [range('1000', '1099')], ['0999'], false],
    ['not the one behind', [range('1000', '1099')], ['1100'], false],
    ['no number of another length', [range('1000', '1099')], ['10500'], false],
    ['no number that is shorter', [range('1000', '1099')], ['105'], false],
    ['what any of its patterns names', [number('7'), prefix('2'), range('4', '5')], ['5'], true],
    ['nothing that none of them names', [number('7'), prefix('2'), range('4', '5')], ['6'], false],
    ['everything when nothing is named', [], ['1000'], true],
    ['a call without extensions when nothing is named', [], [], true],
    ['no call without extensions else', [prefix('')], [], false],
  ])('sees %s', (_, patterns, extensions, sees) => {
    expect(seesAny(filterOf(patterns), extensions)).toBe(sees);
  });

  it('says whether it names anything', () => {
    expect(filterOf([]).all).toBe(true);
    expect(filterOf([number('1')]).all).toBe(false);
  });
});

describe('the key of a filter', () => {
  it('does not depend on order, repetition or the case of an address', () => {
    const written = [number('1'), number('Bob@X'), prefix('10'), range('1', '5')];
    const key = filterOf(written).key;
    expect(filterOf([...written].reverse()).key).toBe(key);
    expect(filterOf([...written, ...written]).key).toBe(key);
    expect(filterOf([...written.slice(0, 1), number('bob@x'), ...written.slice(2)]).key).toBe(key);
  });

  it('is of its own for all calls, a number, a prefix and a range', () => {
    const filters = [[], [number('10*')], [prefix('10')], [number('1..5')], [range('1', '5')]];
    expect(new Set(filters.map((each) => filterOf(each).key)).size).toBe(filters.length);
  });

  it('is never that of another filter, whatever signs a number is made of', () => {
    const texts = ['10', '10*', '1..5', '1', '5', '*', '', ' ', '["number","10"]', '"', 'a@b'];
    const all = texts.flatMap((text) => [
      [number(text)],
      [prefix(text)],
      ...texts.flatMap((other) => [
        [range(text, other)],
        ...(text < other
          ? [
              [number(text), number(other)],
              [prefix(text), prefix(other)],
            ]
          : []),
        [number(text), prefix(other)],
      ]),
    ]);
    expect(new Set(all.map((patterns) => filterOf(patterns).key)).size).toBe(all.length);
  });
});

describe('a pattern as people write it', () => {
  it.each<[string, ExtensionPattern | undefined]>([
    ['1001', number('1001')],
    ['Bob@Example.org', number('Bob@Example.org')],
    ['10*', prefix('10')],
    ['1000-1099', range('1000', '1099')],
    ['sales-2', number('sales-2')],
    ['1099-1000', undefined],
    ['99-100', undefined],
    ['*', undefined],
    ['1*1', undefined],
    ['10 01', undefined],
    ['', undefined],
  ])('%j is read', (text, pattern) => {
    expect(parsePattern(text)).toEqual(pattern);
  });
});

describe('a filter within a scope', () => {
  const extension = fc
    .array(fc.constantFrom('0', '1', '2', '9', 'a', 'A', '@'), { minLength: 1, maxLength: 4 })
    .map((letters) => letters.join(''));
  const digit = fc.constantFrom('0', '1', '2', '9');
  const pair = fc.integer({ min: 1, max: 4 }).chain((length) => {
    const text = fc
      .array(digit, { minLength: length, maxLength: length })
      .map((all) => all.join(''));
    return fc.tuple(text, text).map(([a, b]) => (a < b ? range(a, b) : range(b, a)));
  });
  const pattern = fc.oneof(extension.map(number), extension.map(prefix), pair);
  const filter = fc.array(pattern, { maxLength: 4 }).map(filterOf);
  /** An extension of a call is in its key form. */
  const shown = extension.map((each) => (each.includes('@') ? each.toLowerCase() : each));
  const both = (one: ExtensionFilter, other: ExtensionFilter, each: string): boolean =>
    seesAny(one, [each]) && seesAny(other, [each]);

  it('never sees what either of them does not see', () => {
    fc.assert(
      fc.property(filter, filter, shown, (wanted, scope, each) => {
        if (seesAny(narrowed(wanted, scope), [each])) expect(both(wanted, scope, each)).toBe(true);
      }),
      { numRuns: 5_000 },
    );
  });

  it('sees whatever number both of them see', () => {
    const numbers = fc.array(digit, { minLength: 1, maxLength: 4 }).map((all) => all.join(''));
    const plain = fc.oneof(numbers.map(number), numbers.map(prefix), pair);
    const plainFilter = fc.array(plain, { maxLength: 4 }).map(filterOf);
    fc.assert(
      fc.property(plainFilter, plainFilter, numbers, (wanted, scope, each) => {
        expect(seesAny(narrowed(wanted, scope), [each])).toBe(both(wanted, scope, each));
      }),
      { numRuns: 5_000 },
    );
  });

  it('that has nothing in common with it sees nothing, which is not everything', () => {
    const none = narrowed(filterOf([number('7')]), filterOf([prefix('1')]));
    expect(none).toBe(nothing);
    expect(none.key).not.toBe(filterOf([]).key);
    expect(seesAny(none, ['7', '1'])).toBe(false);
    expect(narrowed(filterOf([]), nothing)).toBe(nothing);
    expect(narrowed(nothing, filterOf([]))).toBe(nothing);
  });

  it('is the same filter where the scope is everything, or the wish is', () => {
    const some = filterOf([number('7')]);
    expect(narrowed(some, filterOf([]))).toBe(some);
    expect(narrowed(filterOf([]), some)).toBe(some);
  });
});
