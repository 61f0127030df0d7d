/**
 * Ids of ours, derived from the source's own keys so that the same call has the same id after a restart
 * and on every node (name-based UUID, RFC 9562 §5.5).
 */
import { createHash } from 'node:crypto';

/** Namespace of offhook's name-based ids; drawn once, never to be changed. */
const namespace = Buffer.from('5bb9be7e27a44df9a0a12a3c6e5c1f4d', 'hex');

/** A UUID of version 5 over the parts. */
export function uuidOf(...parts: readonly string[]): string {
  const digest = createHash('sha1').update(namespace).update(parts.join('\n')).digest();
  digest[6] = ((digest[6] ?? 0) & 0x0f) | 0x50;
  digest[8] = ((digest[8] ?? 0) & 0x3f) | 0x80;
  const hex = digest.toString('hex', 0, 16);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

/**
 * The id of the call known to `source` as `callKey`.
 * @param occurrence 1, or higher when the same key came back after its call had been given up.
 */
export function callIdOf(source: string, callKey: string, occurrence: number): string {
  return uuidOf('call', source, callKey, String(occurrence));
}

/**
 * A positive whole number of at most 53 bits over the parts, for those who can only tell things apart by
 * number: exact in JavaScript, and the same wherever it is derived.
 */
export function numberOf(...parts: readonly string[]): number {
  const digest = createHash('sha1').update(namespace).update(JSON.stringify(parts)).digest();
  const high = digest.readUInt32BE(0) >>> 11;
  return Math.max(1, high * 2 ** 32 + digest.readUInt32BE(4));
}
