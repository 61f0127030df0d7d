import { scryptSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashPassword, nobodysHash, verifyPassword } from '../../src/access/scrypt.ts';
import { parsePasswordHash, passwordHashText } from '../../src/base/password-hash.ts';
import type { PasswordHash } from '../../src/base/password-hash.ts';

function parsed(text: string): PasswordHash {
  const hash = parsePasswordHash(text);
  if (hash === undefined) throw new Error(`no hash: ${text}`);
  return hash;
}

describe('a password', () => {
  it('is hashed with its own salt at the usual costs, and known again', async () => {
    const [one, other] = await Promise.all([hashPassword('hunter2'), hashPassword('hunter2')]);
    expect(one).toMatch(/^scrypt\$32768\$8\$1\$[\w-]{22}\$[\w-]{43}$/);
    expect(one).not.toBe(other);
    expect(await verifyPassword('hunter2', parsed(one))).toBe(true);
    expect(await verifyPassword('Hunter2', parsed(one))).toBe(false);
    expect(await verifyPassword('', parsed(one))).toBe(false);
  });

  it('is what scrypt makes of it', async () => {
    const salt = Buffer.from('0123456789abcdef');
    const costs = { n: 16_384, r: 8, p: 1 };
    const hash = scryptSync('pässword', salt, 32, { N: 16_384, r: 8, p: 1 });
    expect(await verifyPassword('pässword', { ...costs, salt, hash })).toBe(true);
    // The same word, its umlaut typed as two characters.
    expect(await verifyPassword('pa\u0308ssword', { ...costs, salt, hash })).toBe(true);
  });

  it('may be anything', async () => {
    for (const password of ['\u0000', '\ud800', '🔑', 'x'.repeat(10_000)]) {
      expect(await verifyPassword(password, parsed(await hashPassword(password)))).toBe(true);
    }
  });

  it('is nobody’s where there is no user', async () => {
    expect(await verifyPassword('', nobodysHash)).toBe(false);
    expect(nobodysHash).toMatchObject({ n: 32_768, r: 8, p: 1 });
  });

  it('can be checked at the highest costs that are taken', async () => {
    const parts = ['scrypt', 65_536, 8, 2, 'A'.repeat(22), 'B'.repeat(42) + 'A'];
    expect(await verifyPassword('x', parsed(parts.join('$')))).toBe(false);
  });
});

describe('the text of a hash', () => {
  const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
    fc.uint8Array({ minLength: length, maxLength: length });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(bytes(16), bytes(32), (salt, hash) => {
        const written = { n: 32_768, r: 8, p: 1, salt, hash };
        const read = parsed(passwordHashText(written));
        expect({ ...read, salt: [...read.salt], hash: [...read.hash] }).toEqual({
          ...{ n: 32_768, r: 8, p: 1 },
          ...{ salt: [...salt], hash: [...hash] },
        });
      }),
    );
  });

  it('never asks for more than 64 MiB, or four times the time', () => {
    const numbers = fc.tuple(fc.nat(2 ** 21), fc.nat(99), fc.nat(9));
    const powers = fc.tuple(fc.nat(21), fc.nat(40), fc.nat(9)).map(([n, r, p]) => [2 ** n, r, p]);
    fc.assert(
      fc.property(fc.oneof(numbers, powers), (costs) => {
        const text = ['scrypt', ...costs, 'A'.repeat(22), 'A'.repeat(43)].join('$');
        const read = parsePasswordHash(text);
        if (read === undefined) return;
        const { n, r, p } = read;
        expect([n, r, p]).toEqual(costs);
        expect(128 * n * r).toBeLessThanOrEqual(64 * 1024 * 1024);
        expect(n * r * p).toBeLessThanOrEqual(4 * 32_768 * 8);
        expect(n).toBeGreaterThanOrEqual(16_384);
        expect(Math.log2(n) % 1).toBe(0);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    '',
    'hunter2',
    `bcrypt$32768$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
    `scrypt$32768$8$1$${'A'.repeat(22)}$${'A'.repeat(42)}`,
    `scrypt$32768$8$1$${'A'.repeat(20)}$${'A'.repeat(43)}`,
    `scrypt$32768$8$1$$${'A'.repeat(43)}`,
    `scrypt$032768$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}`,
    `scrypt$32768$8$1$${'A'.repeat(22)}$${'A'.repeat(43)}$`,
    `scrypt$32768$8$1$${'A'.repeat(22)}$${'A'.repeat(100_000)}`,
  ])('is none: %j', (text) => {
    expect(parsePasswordHash(text)).toBeUndefined();
  });
});
