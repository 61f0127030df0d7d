import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hashToken, longestToken, makeToken, verifyToken } from '../../src/access/tokens.ts';

const sesame = 'open sesame';
const grants = [
  { name: 'wall', sha256: hashToken('another') },
  { name: 'cave', sha256: hashToken(sesame) },
  { name: 'cellar', sha256: hashToken('third') },
];

describe('a token', () => {
  it('has 256 bits of chance and a prefix by which it is known', () => {
    const tokens = Array.from({ length: 100 }, makeToken);
    expect(new Set(tokens).size).toBe(100);
    for (const token of tokens) expect(token).toMatch(/^ohk_[A-Za-z0-9_-]{43}$/);
  });

  it('is kept as the SHA-256 of its text', () => {
    expect(hashToken('abc')).toBe(createHash('sha256').update('abc').digest('hex'));
  });
});

describe('verifying a token', () => {
  it('names the grant it opens', () => {
    expect(verifyToken(sesame, grants)).toBe('cave');
    expect(verifyToken('third', grants)).toBe('cellar');
  });

  it('accepts a hash written in capitals', () => {
    const [cave] = grants.slice(1);
    const shouted = [{ name: 'cave', sha256: cave?.sha256.toUpperCase() ?? '' }];
    expect(verifyToken(sesame, shouted)).toBe('cave');
  });

  it.each([['open sesam'], ['OPEN SESAME'], [''], [hashToken(sesame)], ['open sesame ']])(
    'opens nothing with %j',
    (presented) => {
      expect(verifyToken(presented, grants)).toBeUndefined();
    },
  );

  it('opens nothing where there are no grants, or one with a broken hash', () => {
    expect(verifyToken(sesame, [])).toBeUndefined();
    expect(verifyToken('', [{ name: 'x', sha256: '' }])).toBeUndefined();
    expect(
      verifyToken(sesame, [{ name: 'x', sha256: hashToken(sesame).slice(2) }]),
    ).toBeUndefined();
  });

  it('does not look at a text longer than any token', () => {
    const long = 'x'.repeat(longestToken + 1);
    expect(verifyToken(long, [{ name: 'x', sha256: hashToken(long) }])).toBeUndefined();
    const fits = 'x'.repeat(longestToken);
    expect(verifyToken(fits, [{ name: 'x', sha256: hashToken(fits) }])).toBe('x');
  });
});
