// What people are shown of URLs and answers, and what they never are.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { secretsOf, shownAnswer, plainUrl, withoutSecrets } from '../../src/webhook/printable.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a URL', () => {
  it.each([
    ['https://a.example/hook?token=abc#x', 'https://a.example/hook'],
    ['https://me:pw@a.example:8443/x', 'https://a.example:8443/x'],
    ['http://a.example', 'http://a.example'],
    ['http://a.example?x', 'http://a.example'],
    ['//a.example/x?y', '//a.example/x'],
    ['/relative?token=abc', '/relative'],
    ['a\r\nb', 'a b'],
    ['', ''],
  ])('%j is shown as %j', (url, shown) => {
    expect(plainUrl(url)).toBe(shown);
  });

  it('is short', () => {
    expect(plainUrl(`https://a.example/${'x'.repeat(5_000)}`).length).toBe(300);
  });
});

describe('a text', () => {
  it.each([
    ['token=abc&n=1', 'token=[redacted]&n=1'],
    ['access_token: abc', 'access_token: [redacted]'],
    ['{"password":"a \\u0041","n":1}', '{"password":[redacted],"n":1}'],
    ["{'api_key': 'abc'}", "{'api_key': [redacted]}"],
    ['Authorization: Basic dXNlcjpwdw==', 'Authorization: [redacted] [redacted]'],
    ['bearer eyJhbGciOi.J9.x-y_z', 'bearer [redacted]'],
    ['url=https%3A%2F%2Fa%2F%3Ftoken%3Dabc%26n', 'url=https%3A%2F%2Fa%2F%3Ftoken%3D[redacted]'],
    ['unknown key: e1/3', 'unknown key: e1/3'],
    ['nothing to hide, 42 items', 'nothing to hide, 42 items'],
    ['the token has expired', 'the token has expired'],
  ])('%s', (text, clean) => {
    expect(withoutSecrets(text)).toBe(clean);
  });
});

describe('secrets of a request', () => {
  it('are what its headers and its query keep to themselves', () => {
    const secrets = secretsOf({
      method: 'POST',
      url: 'https://a.example/x?token=t0k&sectok=s3ct0k&n=1234&a?b=c&x-sig=abcd',
      headers: {
        authorization: 'Bearer abcdef',
        'x-api-key': 'k3y-of-mine',
        'x-own-token': 'y0urs',
        'webhook-signature': 'v1,abc',
        'idempotency-key': 'call/1',
        'content-type': 'application/json',
      },
    });
    expect(secrets).toEqual([
      'Bearer abcdef',
      'k3y-of-mine',
      'abcdef',
      'v1,abc',
      's3ct0k',
      'y0urs',
      'abcd',
    ]);
  });
});

it('any answer is one short line that can be printed, without any secret', () => {
  const anyBytes = fc.uint8Array({ maxLength: 4_096 });
  const anyText = fc.string({ unit: 'binary', maxLength: 2_000 }).map(bytes);
  fc.assert(
    fc.property(fc.oneof(anyBytes, anyText), (answer) => {
      const secret = 'se cret\u2028';
      const shown = shownAnswer(new Uint8Array([...answer, ...bytes(' s3cr3t ')]), [
        's3cr3t',
        secret,
      ]);
      expect(shown.length).toBeLessThanOrEqual(1_000);
      expect(shown).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
      expect(shown).not.toContain('s3cr3t');
    }),
  );
});

it('a character that was cut in two is left out', () => {
  expect(shownAnswer(bytes('ok 📞').subarray(0, 5), [])).toBe('ok');
});
