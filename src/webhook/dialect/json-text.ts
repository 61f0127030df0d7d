/**
 * Values as JSON that any parser takes, whatever a caller's name holds. Pure.
 */

/** Escapes as `JSON.stringify` writes them; every other backslash is the second one of a pair. */
const escapes = /\\(?:u[0-9a-f]{4}|.)/g;
const loneSurrogate = /^\\ud[89a-f]/;

/**
 * A value as JSON, on one line. Halves of surrogate pairs, which some parsers refuse even as escapes, become
 * U+FFFD; members that are undefined are left out.
 */
export function jsonOf(value: unknown): string {
  const text = JSON.stringify(value);
  if (!text.includes('\\ud')) return text;
  return text.replace(escapes, (found) => (loneSurrogate.test(found) ? '\ufffd' : found));
}
