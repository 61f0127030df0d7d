import { describe, expect, it } from 'vitest';
import { asksFor, readQuery, wholeNumber } from '../../src/api/query.ts';

describe('a query', () => {
  it('has every value of every name that is known, in order', () => {
    const query = readQuery('/v1/calls?extension=1001&limit=5&extension=%2B4930', [
      'extension',
      'limit',
      'x',
    ]);
    if (query.kind === 'wrong') throw new Error(query.detail);
    expect(query.all('extension')).toEqual(['1001', '+4930']);
    expect(query.all('limit')).toEqual(['5']);
    expect(query.all('x')).toEqual([]);
  });

  it('may be absent', () => {
    const query = readQuery('/v1/calls', ['extension']);
    expect(query.kind === 'query' && query.all('extension')).toEqual([]);
  });

  it.each([
    ['/v1/calls?extenson=1', 'seen the query parameter "extenson", expected only extension'],
    ['/v1/calls?constructor=1', 'seen the query parameter "constructor", expected only extension'],
    ['/v1/calls?extension=', 'seen 0 characters in "extension", expected 1 to 128'],
    [
      `/v1/calls?extension=${'1'.repeat(129)}`,
      'seen 129 characters in "extension", expected 1 to 128',
    ],
    [
      `/v1/calls?${'extension=1&'.repeat(257)}`,
      'seen more than 256 times "extension", expected at most that',
    ],
  ])('%.40s is wrong', (url, detail) => {
    expect(readQuery(url, ['extension'])).toEqual({ kind: 'wrong', detail });
  });
});

describe('a whole number', () => {
  const range = { from: 1, to: 500, absent: 50 };

  it('is what was given, or what stands for nothing', () => {
    expect(wholeNumber('limit', ['500'], range)).toEqual({ kind: 'number', value: 500 });
    expect(wholeNumber('limit', [], range)).toEqual({ kind: 'number', value: 50 });
  });

  it.each([[['0']], [['501']], [['-1']], [['1.5']], [['1e2']], [['abc']], [['1', '2']]])(
    'is not %j',
    (values) => {
      const answer = wholeNumber('limit', values, range);
      expect(answer).toMatchObject({
        kind: 'wrong',
        detail: expect.stringContaining('expected one whole number from 1 to 500'),
      });
    },
  );
});

it('asks for exact numbers, without case only where there is an @', () => {
  expect(asksFor([], ['1001'])).toBe(true);
  expect(asksFor(['1001'], ['1001', undefined])).toBe(true);
  expect(asksFor(['100'], ['1001'])).toBe(false);
  expect(asksFor(['Ada@Example.org'], ['ada@example.ORG'])).toBe(true);
  expect(asksFor(['ABC'], ['abc'])).toBe(false);
  expect(asksFor(['1001'], [undefined])).toBe(false);
});
