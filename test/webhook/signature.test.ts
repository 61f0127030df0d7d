import { createHmac, createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseSecret, signatureHeaders, type SigningKey } from '../../src/webhook/signature.ts';

const hmacSecret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const privateSecret = 'whsk_VEVTVFNJR05JTkdLRVlET05PVFVTRVRISVNGT1JBTlk=';

function key(secret: string): SigningKey {
  const parsed = parseSecret(secret);
  if (parsed === undefined) throw new Error('no secret');
  return parsed;
}

/** Checks `webhook-signature` as a receiver does that has read the specification and nothing of ours. */
function isSigned(
  headers: Readonly<Record<string, string>>,
  body: string,
  secret: string,
): boolean {
  const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`;
  const [prefix, base64 = ''] = secret.split('_');
  const bytes = Buffer.from(base64, 'base64');
  return (headers['webhook-signature'] ?? '').split(' ').some((each) => {
    const [version, signature = ''] = each.split(',');
    if (prefix === 'whsec' && version === 'v1') {
      return createHmac('sha256', bytes).update(signed).digest('base64') === signature;
    }
    if (prefix !== 'whpk' || version !== 'v1a') return false;
    const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
    const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
    return verify(null, Buffer.from(signed), publicKey, Buffer.from(signature, 'base64'));
  });
}

describe('signatures', () => {
  // Both vectors are those of the reference libraries of Standard Webhooks.
  it.each([
    [hmacSecret, 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE='],
    [
      privateSecret,
      'v1a,tQ9V2XOqn7jL/DQenEFpqIugdBVtiMmER5mhSkXBNwM0mkATuDe6KYYUuxqtaiHeYGb7KaaBRdM5WqyeFiL8Ag==',
    ],
  ])('are those of the reference libraries: %s', (secret, expected) => {
    const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
    const headers = signatureHeaders([key(secret)], id, 1_614_265_330_999, '{"test": 2432232314}');
    expect(headers).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': expected,
    });
  });

  it('of both keys stand beside each other while one is changed', () => {
    const pair = generateKeyPairSync('ed25519');
    const { d = '', x = '' } = pair.privateKey.export({ format: 'jwk' });
    const seed = Buffer.from(d, 'base64url');
    const open = Buffer.from(x, 'base64url');
    const whole = `whsk_${Buffer.concat([seed, open]).toString('base64')}`;
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat(), (body, nowMs) => {
        const headers = signatureHeaders([key(whole), key(hmacSecret)], 'e-1', nowMs, body);
        expect(headers['webhook-signature']).toMatch(/^v1a,\S{88} v1,\S{44}$/);
        for (const secret of [hmacSecret, `whpk_${open.toString('base64')}`]) {
          expect(isSigned(headers, body, secret)).toBe(true);
          expect(isSigned(headers, `${body} `, secret)).toBe(false);
          expect(isSigned({ ...headers, 'webhook-id': 'e-2' }, body, secret)).toBe(false);
          expect(isSigned({ ...headers, 'webhook-timestamp': '1' }, body, secret)).toBe(false);
        }
        const other = `whsec_${Buffer.alloc(24, 7).toString('base64')}`;
        expect(isSigned(headers, body, other)).toBe(false);
      }),
      { numRuns: 25 },
    );
  });
});

describe('a secret', () => {
  const bytes = (count: number): string => Buffer.alloc(count, 0xfb).toString('base64');

  it.each([
    `whsec_${bytes(24)}`,
    `whsec_${bytes(64)}`,
    `whsec_${bytes(25).replaceAll('=', '')}`,
    privateSecret,
  ])('is taken: %s', (secret) => expect(parseSecret(secret)).toBeDefined());

  it.each([
    ['a shorter one', `whsec_${bytes(23)}`],
    ['a longer one', `whsec_${bytes(65)}`],
    ['no prefix', bytes(32)],
    ['a public key', `whpk_${bytes(32)}`],
    ['what is no base64', `whsec_${'*'.repeat(40)}`],
    ['base64 of URLs', `whsec_${Buffer.alloc(33, 0xfb).toString('base64url')}`],
    ['base64 with a line end', `whsec_${bytes(24)}\n`],
    ['a private key that is too short', `whsk_${bytes(31)}`],
    ['halves that do not belong together', `whsk_${bytes(64)}`],
    ['nothing', ''],
  ])('is none: %s', (_what, secret) => expect(parseSecret(secret)).toBeUndefined());
});
