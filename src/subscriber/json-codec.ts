/**
 * Bytes of one JSON text to a value and back, and nothing about what it means. Both directions know the
 * characters of XML 1.0 only, so that whatever is said in one encoding can be said in the other.
 */
import { ProtocolError } from '../base/errors.ts';
import { lexJson } from './json-lexer.ts';
import type { FrameBounds } from './lexer.ts';
import { bounds } from './message.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Not in XML 1.0 §2.2. A lone surrogate is found by its own pattern: with `u`, pairs are one character. */
const forbidden = /[\0-\x08\v\f\x0e-\x1f\ufffe\uffff]|\p{Cs}/u;

/**
 * The value in `bytes`, or why there is none.
 * @param limits as in `lexJson`; `messageBytes` is looked at before anything else
 */
export function parseJson(
  bytes: Uint8Array,
  limits: FrameBounds = bounds,
): { readonly value: unknown } | ProtocolError {
  if (bytes.length > limits.messageBytes) {
    const detail = `The message has more than ${limits.messageBytes} bytes.`;
    return new ProtocolError('FEED_FRAME_TOO_LARGE', detail);
  }
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch (cause) {
    return malformed('the bytes are not UTF-8', cause);
  }
  const problem = lexJson(text, limits);
  if (problem !== undefined) return problem;
  const value: unknown = JSON.parse(text);
  const bad = forbiddenIn(value);
  return bad === undefined ? { value } : malformed(`a text holds ${bad}, which XML cannot tell`);
}

/** Depth is bounded by now. */
function forbiddenIn(value: unknown): string | undefined {
  if (typeof value === 'string') {
    const code = forbidden.exec(value)?.[0]?.codePointAt(0);
    return code === undefined ? undefined : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [name, member] of Object.entries(value)) {
    const bad = forbiddenIn(name) ?? forbiddenIn(member);
    if (bad !== undefined) return bad;
  }
  return undefined;
}

function malformed(seen: string, cause?: unknown): ProtocolError {
  return new ProtocolError('FEED_JSON_MALFORMED', `The message is not JSON for us: ${seen}.`, {
    cause,
  });
}

/** Escapes as `JSON.stringify` writes them; every other backslash is the second one of a pair. */
const escapes = /\\(?:u[0-9a-f]{4}|.)/g;
const kept = new Set(['\\"', '\\\\', '\\n', '\\r', '\\t']);

/**
 * A value as JSON, on one line. Members that are undefined are left out; characters that XML forbids
 * become U+FFFD, as they do there.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value).replace(/[\ufffe\uffff]/g, '\ufffd');
  if (!text.includes('\\')) return text;
  return text.replace(escapes, (found) => (kept.has(found) ? found : '\ufffd'));
}

/** What a text must not hold to stand between quotes as it is. */
const suspect = /["\\\0-\x1f\ud800-\udfff\ufffe\uffff]/;

/** A text as JSON; on the hot path, where most texts need no work. */
export function quotedJson(text: string): string {
  return suspect.test(text) ? jsonText(text) : `"${text}"`;
}
