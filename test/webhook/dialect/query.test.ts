import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  asTyped,
  baseNameOf,
  component,
  encoded,
  tellable,
  withQuery,
} from '../../../src/webhook/dialect/query.ts';
import { hostileText } from '../../support/hostile-calls.ts';

describe('any text', () => {
  it('is encoded into letters, digits and four signs, and read back as it can be told', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const told = tellable(text);
        expect(encoded(told)).toMatch(/^([A-Za-z0-9._~-]|%[0-9A-F]{2})*$/);
        expect(decodeURIComponent(encoded(told))).toBe(told);
        expect(decodeURIComponent(component(told))).toBe(told);
      }),
    );
  });

  it('can be told up to a length, and in whole characters', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const told = tellable(text);
        expect(told.length).toBeLessThanOrEqual(256);
        expect(told).not.toMatch(/\p{Cs}/u);
        expect(tellable(told)).toBe(told);
        if (text.length <= 256 && !/\p{Cs}/u.test(text)) expect(told).toBe(text);
      }),
    );
  });

  it('as somebody typed it can stand in a request line, and is left alone where it can already', () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        expect(asTyped(text)).toMatch(/^[\x21-\x7e]*$/);
        expect(asTyped(asTyped(text))).toBe(asTyped(text));
      }),
    );
    const plain = 'https://[2001:db8::1]:8443/a%20b/~c?d=%41&e[]={f}|g';
    expect(asTyped(plain)).toBe(plain);
  });

  it('with half of a pair in it is encoded without one', () => {
    expect([component('a\ud800'), encoded('\udc00b'), asTyped('\ud83d x')]).toEqual([
      'a%EF%BF%BD',
      '%EF%BF%BDb',
      '%EF%BF%BD%20x',
    ]);
  });
});

it('a query goes on after the one that the base has', () => {
  const joined = ['http://r/a', 'http://r/a?', 'http://r/a?b=1', 'http://r/a?b=1&'];
  expect(joined.map((base) => withQuery(base, 'c=2'))).toEqual([
    'http://r/a?c=2',
    'http://r/a?c=2',
    'http://r/a?b=1&c=2',
    'http://r/a?b=1&c=2',
  ]);
  expect(withQuery('http://r/a', '')).toBe('http://r/a');
});

it('the name of a file is what follows the last separator of either kind', () => {
  const paths = ['/var/rec/a b.wav', 'C:\\rec\\c.wav', 'd.wav', '/var/rec/', undefined];
  expect(paths.map(baseNameOf)).toEqual(['a b.wav', 'c.wav', 'd.wav', '', undefined]);
});
