/**
 * What PEM texts of certificates and keys hold, and what is wrong with them, in words that follow the name
 * of a file ("…, which is encrypted"). Pure.
 */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';

/** What was found, or why it cannot be used. */
export type Found<T> = { readonly value: T } | { readonly fault: string };

const certificateBlock = /-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/g;

/** The certificates of a PEM text in their order, one at least. */
export function certificatesIn(text: string): Found<readonly X509Certificate[]> {
  const blocks = text.match(certificateBlock) ?? [];
  if (blocks.length === 0)
    return { fault: `which holds ${contentOf(text)} and no PEM certificate` };
  const value: X509Certificate[] = [];
  for (const [index, block] of blocks.entries()) {
    try {
      value.push(new X509Certificate(block));
    } catch {
      return { fault: `whose ${ordinal(index)} certificate is damaged` };
    }
  }
  return { value };
}

/** The private key of a PEM text that needs no passphrase. */
export function keyIn(text: string): Found<KeyObject> {
  if (!/-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----/.test(text)) {
    return { fault: `which holds ${contentOf(text)} and no PEM key` };
  }
  try {
    return { value: createPrivateKey(text) };
  } catch {
    const isEncrypted = /-----BEGIN ENCRYPTED|^Proc-Type: 4,ENCRYPTED/m.test(text);
    return { fault: isEncrypted ? 'which is encrypted' : 'which holds a damaged key' };
  }
}

/** What a file holds in the place of what was looked for. */
function contentOf(text: string): string {
  const [, label] = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text) ?? [];
  if (label !== undefined) return `a PEM block "${label}"`;
  if (text === '') return 'nothing';
  // Every DER certificate or key begins with a sequence, whose tag is the digit 0.
  return text.startsWith('0') && !/^[\t\n\r -~]*$/.test(text.slice(0, 64)) ? 'DER' : 'other text';
}

/** Why the certificate cannot be used at this time; undefined when it can. */
export function whyNotNow(certificate: X509Certificate, nowMs: number): string | undefined {
  const { validFrom, validTo, subject } = certificate;
  const who = `in which ${JSON.stringify(subject.replaceAll('\n', ', ').slice(0, 100))}`;
  if (nowMs > Date.parse(validTo)) return `${who} expired on ${dateOf(validTo)}`;
  if (nowMs < Date.parse(validFrom)) return `${who} is not valid before ${dateOf(validFrom)}`;
  return undefined;
}

/** When the first of them expires, milliseconds since 1970. */
export function firstEndMs(certificates: readonly X509Certificate[]): number {
  return Math.min(...certificates.map(({ validTo }) => Date.parse(validTo)));
}

function dateOf(text: string): string {
  return new Date(Date.parse(text)).toISOString().replace('.000Z', 'Z');
}

/** Why the key does not go with the first of the certificates; undefined when it does. */
export function mismatch(chain: readonly X509Certificate[], key: KeyObject): string | undefined {
  const at = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (at === 0 || chain.length === 0) return undefined;
  return at < 0
    ? `which is not the key of ${chain.length === 1 ? 'that certificate' : 'any certificate there'}`
    : `which is the key of the ${ordinal(at)} certificate there; it must stand first`;
}

const ordinals = ['first', 'second', 'third', 'fourth', 'fifth'];

function ordinal(index: number): string {
  return ordinals[index] ?? `${index + 1}th`;
}
