/**
 * Signing requests as Standard Webhooks describes it (standardwebhooks.com, version 1): over the id, the time
 * of the attempt and the very bytes of the body, with a shared secret (HMAC-SHA256) or a private key
 * (ed25519). Pure.
 */
import { createHmac, createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';

export type SigningKey =
  | { readonly kind: 'hmac'; readonly secret: Buffer }
  | { readonly kind: 'ed25519'; readonly key: KeyObject };

/** What a secret looks like, for a person. */
export const secretShape =
  'a secret of "whsec_" and 24 to 64 bytes in base64, or a private key of "whsk_" and 32 bytes (or 64, with its public key) in base64';

const hmacPrefix = 'whsec_';
const privatePrefix = 'whsk_';

/** RFC 8410: what stands before the 32 bytes of a private ed25519 key in PKCS #8. */
const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const seedBytes = 32;

/** The key that a secret spells; undefined when it spells none. */
export function parseSecret(text: string): SigningKey | undefined {
  if (text.startsWith(hmacPrefix)) {
    const secret = decodeBase64(text.slice(hmacPrefix.length));
    const isSound = secret !== undefined && secret.length >= 24 && secret.length <= 64;
    return isSound ? { kind: 'hmac', secret } : undefined;
  }
  if (!text.startsWith(privatePrefix)) return undefined;
  const bytes = decodeBase64(text.slice(privatePrefix.length));
  if (bytes === undefined || (bytes.length !== seedBytes && bytes.length !== 2 * seedBytes)) {
    return undefined;
  }
  const der = Buffer.concat([pkcs8, bytes.subarray(0, seedBytes)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  // A pair whose halves do not belong together would sign what nobody can verify.
  const given = bytes.subarray(seedBytes);
  if (given.length > 0 && !given.equals(publicBytes(key))) return undefined;
  return { kind: 'ed25519', key };
}

/** The 32 bytes of the public key that belongs to a private one: the end of its SPKI form. */
function publicBytes(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-seedBytes);
}

/** Undefined for what is not base64 to the letter; padding may be left out. */
function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  const plain = (each: string): string => each.replace(/={1,2}$/, '');
  return plain(bytes.toString('base64')) === plain(text) ? bytes : undefined;
}

/**
 * The headers that prove who sends the body. With several keys there is a signature of each, in their order:
 * while a secret is changed, receivers with the old one and those with the new one are both served.
 * @param id no full stop that a stranger could have put there; the same on every repeat
 * @param nowMs time of this attempt, milliseconds since 1970
 */
export function signatureHeaders(
  keys: readonly SigningKey[],
  id: string,
  nowMs: number,
  body: string,
): Readonly<Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string>> {
  const timestamp = String(Math.floor(nowMs / 1000));
  const signed = `${id}.${timestamp}.${body}`;
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': keys.map((key) => signatureOf(key, signed)).join(' '),
  };
}

function signatureOf(key: SigningKey, signed: string): string {
  if (key.kind === 'hmac') {
    return `v1,${createHmac('sha256', key.secret).update(signed).digest('base64')}`;
  }
  return `v1a,${sign(null, Buffer.from(signed), key.key).toString('base64')}`;
}
