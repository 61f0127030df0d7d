import { describe, expect, it } from 'vitest';
import { type ExtensionPattern, filterOf, seesAny } from '../../src/call/extension.ts';
import { sightOf } from '../../src/feed/sight.ts';
import { answered, ended, gapOf, started } from '../support/calls.ts';

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

describe('sight of a call', () => {
  it('is first with its start, and then again', () => {
    const filter = filterOf([number('1000')]);
    expect([started(0), answered(0), ended(0)].map((event) => sightOf(filter, event))).toEqual([
      'first',
      'again',
      'again',
    ]);
  });

  it('is first with the update by which somebody watched has joined', () => {
    const event = { ...answered(0), kind: 'call.updated' as const, joined: ['1000'] };
    expect(sightOf(filterOf([number('1000')]), event)).toBe('first');
    expect(sightOf(filterOf([prefix('10')]), event)).toBe('first');
    expect(sightOf(filterOf([number('4930555100')]), event)).toBe('again');
    expect(sightOf(filterOf([number('1000'), number('4930555100')]), event)).toBe('again');
    expect(sightOf(filterOf([]), event)).toBe('again');
  });

  it('is none for who watches somebody else', () => {
    expect(sightOf(filterOf([number('1001')]), started(0))).toBe('none');
  });

  it('of what happens to a source is had by everybody', () => {
    expect(sightOf(filterOf([number('1001')]), gapOf('pbx', 1))).toBe('again');
  });
});
