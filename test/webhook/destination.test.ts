import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readDestination } from '../../src/webhook/destination.ts';
import { destinationOf } from '../support/deliveries.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const least = {
  ...{ id: 'crm', dialect: 'standard', url: 'https://crm.example/hook' },
  standard: { secrets: [secret] },
};

function problemsOf(written: unknown): readonly string[] {
  const read = readDestination(written);
  return read.kind === 'problems' ? read.problems.map(({ path }) => path) : [];
}

describe('a destination', () => {
  it('needs an id, a dialect and where to, and has the rest by itself', () => {
    const { written, filter, options: _, ...rest } = destinationOf(least);
    expect(rest).toMatchObject({
      ...{ id: 'crm', dialect: 'standard', urls: ['https://crm.example/hook'], enabled: true },
      ...{ timeout: 5, concurrency: 4, liveFor: 30, recordFor: 259_200, headers: {} },
    });
    expect(filter.extensions.all).toBe(true);
    expect(written).toEqual(least);
    expect(destinationOf(written).written).toEqual(written);
  });

  it('has several URLs in order, or one', () => {
    const { url, ...without } = least;
    const urls = [url, 'http://10.0.0.1:8080/x?a=%20b&c'];
    expect(destinationOf({ ...without, urls }).urls).toEqual(urls);
    expect(problemsOf({ ...without, urls, url })).toEqual(['url']);
    expect(problemsOf(without)).toEqual(['url']);
    expect(problemsOf({ ...without, urls: [] })).toEqual(['urls']);
    expect(problemsOf({ ...without, urls: Array.from({ length: 9 }, () => url) })).toEqual([
      'urls',
    ]);
    expect(problemsOf({ ...without, urls: [url, 'ftp://x/'] })).toEqual(['urls[1]']);
  });

  it.each([
    ['ftp://x.example/', 'another scheme'],
    ['//x.example/', 'no scheme'],
    ['http://', 'no host'],
    ['http:///path', 'no host'],
    ['http://user@x.example/', 'a user'],
    ['http://user:password@x.example/', 'a password'],
    ['http://x.example/#top', 'a fragment'],
    ['http://x.example/#', 'an empty fragment'],
    ['http://x.example:99999/', 'no such port'],
    ['javascript:alert(1)', 'a script'],
    ['', 'nothing'],
  ])('is not at %j: it has %s', (url) => {
    expect(problemsOf({ ...least, url })).toEqual(['url']);
  });

  it.each([
    ['id', { id: 'a b' }],
    ['dialect', { dialect: 'klingon' }],
    ['timeout', { timeout: 0.09 }],
    ['timeout', { timeout: 121 }],
    ['concurrency', { concurrency: 0 }],
    ['concurrency', { concurrency: 65 }],
    ['concurrency', { concurrency: 1.5 }],
    ['liveFor', { liveFor: 0 }],
    ['recordFor', { recordFor: 59 }],
    ['retries', { retries: Array.from({ length: 21 }, () => 1) }],
    ['retries[1]', { retries: [1, -1] }],
    ['batch.size', { batch: { size: 101 } }],
    ['batch.wait', { batch: { wait: 11 } }],
    ['directions[0]', { directions: ['sideways'] }],
    ['extensions[1]', { extensions: ['1001', '1099-1000'] }],
    ['allowAddresses[0]', { allowAddresses: ['everybody'] }],
    ['colour', { colour: 'red' }],
    ['standard.colour', { standard: { secrets: [secret], colour: 'red' } }],
    ['standard.secrets', { standard: {} }],
    ['focalscope', { focalscope: {} }],
  ])('is refused for %s in %j', (path, change) => {
    expect(problemsOf({ ...least, ...change })).toEqual([path]);
  });

  it.each([
    ['Host', 'x'],
    ['content-length', '5'],
    ['Transfer-Encoding', 'chunked'],
    ['Idempotency-Key', 'mine'],
    ['AUTHORIZATION', 'Basic eA=='],
    ['x y', 'no name'],
    ['x-a', 'a\r\nx-b: c'],
    ['x-a', '☎'],
  ])('sets no header %s to %j', (name, value) => {
    const [problem, ...others] = problemsOf({ ...least, headers: { [name]: value } });
    expect(problem).toMatch(/^headers/);
    expect(others).toEqual([]);
  });

  it('has everything that is wrong with it said at once', () => {
    const bad = { ...least, url: 'x', timeout: 0, standard: { secrets: [] }, colour: 1 };
    expect([...problemsOf(bad)].sort()).toEqual(
      expect.arrayContaining(['colour', 'standard.secrets', 'timeout']),
    );
  });

  it('is read without throwing, whatever is given', () => {
    const keys = fc.constantFrom('id', 'dialect', 'url', 'urls', 'standard', 'headers', 'batch');
    const anything = fc.oneof(
      fc.anything(),
      fc.dictionary(keys, fc.oneof(fc.anything(), fc.constantFrom('standard', 'x'))),
      fc.dictionary(keys, fc.anything()).map((more) => ({ ...least, ...more })),
    );
    fc.assert(
      fc.property(anything, (written) => {
        const read = readDestination(written);
        if (read.kind === 'problems') expect(read.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 500 },
    );
  });
});
