import { describe, expect, it } from 'vitest';
import { preferred } from '../../src/api/accept.ts';

const offers = ['application/xml', 'text/xml', 'application/json'] as const;

describe('the preferred form', () => {
  it.each([
    [undefined, 'application/xml'],
    ['', 'application/xml'],
    ['*/*', 'application/xml'],
    ['application/json', 'application/json'],
    ['Application/JSON; charset=utf-8', 'application/json'],
    ['text/*', 'text/xml'],
    ['text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8', 'application/xml'],
    ['application/json;q=0.5, text/xml;q=0.6', 'text/xml'],
    ['application/xml;q=0, */*', 'text/xml'],
    ['application/*;q=0.2, application/json', 'application/json'],
    ['*/*;q=0.1, application/json;q=0', 'application/xml'],
    ['image/png', undefined],
    ['application/json;q=0', undefined],
    ['application/json;q=2', undefined],
    ['application/json;q=x', undefined],
    [';;,,/,', undefined],
  ])('for %j is %j', (accept, expected) => {
    expect(preferred(accept, offers)).toBe(expected);
  });
});
