/**
 * The grammar of one JSON text (RFC 8259) and the bounds on what a peer may send, looked at character by
 * character before anything is made of it. What is sound here the platform's parser reads; names that stand
 * twice in an object, which it would read silently, are refused.
 */
import { type ErrorCode, ProtocolError } from '../base/errors.ts';
import type { FrameBounds } from './lexer.ts';
import { quoted } from './refusal.ts';

interface Reading {
  readonly text: string;
  readonly limits: FrameBounds;
  /** Of the next character. */
  at: number;
  /** Objects and lists so far. */
  nests: number;
}

const scalar = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;
const space = /[ \t\n\r]*/y;

/**
 * What is wrong with `text`, if anything is.
 * @param limits `elements` are objects and lists, `attributesPerElement` the members of an object, and
 *   `valueBytes` holds for every text, name and number as sent
 */
export function lexJson(text: string, limits: FrameBounds): ProtocolError | undefined {
  const reading: Reading = { text, limits, at: 0, nests: 0 };
  const problem = value(reading, 0);
  if (problem !== undefined) return problem;
  skipSpace(reading);
  return reading.at < text.length ? unexpected(reading, 'the end') : undefined;
}

/** @param depth how many objects and lists are open around it; bounded, so that this may call itself */
function value(reading: Reading, depth: number): ProtocolError | undefined {
  skipSpace(reading);
  const { text, at, limits } = reading;
  const first = text[at];
  if (first === '"') {
    const raw = string(reading);
    return raw instanceof ProtocolError ? raw : undefined;
  }
  if (first === '{' || first === '[') {
    if (depth === limits.depth) return beyond(reading, `${limits.depth} objects and lists deep`);
    reading.nests += 1;
    if (reading.nests > limits.elements)
      return beyond(reading, `${limits.elements} objects and lists`);
    return first === '{' ? object(reading, depth + 1) : list(reading, depth + 1);
  }
  const [found] = matched(scalar, reading);
  if (found === undefined) return unexpected(reading, 'a value');
  if (found.length > limits.valueBytes)
    return beyond(reading, `${limits.valueBytes} bytes a number`);
  reading.at += found.length;
  return undefined;
}

function object(reading: Reading, depth: number): ProtocolError | undefined {
  const names = new Set<string>();
  reading.at += 1;
  skipSpace(reading);
  if (reading.text[reading.at] === '}') return skip(reading);
  for (;;) {
    skipSpace(reading);
    if (reading.text[reading.at] !== '"') return unexpected(reading, 'a name in quotes');
    const raw = string(reading);
    if (raw instanceof ProtocolError) return raw;
    const name = raw.includes('\\') ? String(JSON.parse(`"${raw}"`)) : raw;
    if (names.has(name)) return malformed(reading, `a second ${quoted(name)} in one object`);
    names.add(name);
    if (names.size > reading.limits.attributesPerElement)
      return beyond(reading, `${reading.limits.attributesPerElement} members of an object`);
    skipSpace(reading);
    if (reading.text[reading.at] !== ':') return unexpected(reading, '":"');
    reading.at += 1;
    const problem = value(reading, depth);
    if (problem !== undefined) return problem;
    skipSpace(reading);
    const next = reading.text[reading.at];
    if (next === '}') return skip(reading);
    if (next !== ',') return unexpected(reading, '"," or "}"');
    reading.at += 1;
  }
}

function list(reading: Reading, depth: number): ProtocolError | undefined {
  reading.at += 1;
  skipSpace(reading);
  if (reading.text[reading.at] === ']') return skip(reading);
  for (;;) {
    const problem = value(reading, depth);
    if (problem !== undefined) return problem;
    skipSpace(reading);
    const next = reading.text[reading.at];
    if (next === ']') return skip(reading);
    if (next !== ',') return unexpected(reading, '"," or "]"');
    reading.at += 1;
  }
}

/** @returns what stands between the quotes, as sent */
function string(reading: Reading): string | ProtocolError {
  const { text, limits } = reading;
  const from = reading.at + 1;
  for (reading.at = from; reading.at < text.length; reading.at += 1) {
    const character = text[reading.at] ?? '';
    if (character === '"') {
      const raw = text.slice(from, reading.at);
      if (Buffer.byteLength(raw) > limits.valueBytes)
        return beyond(reading, `${limits.valueBytes} bytes a text`);
      reading.at += 1;
      return raw;
    }
    if (character < ' ') return unexpected(reading, 'an escape such as "\\n"');
    if (character !== '\\') continue;
    const [found] = matched(escape, reading);
    if (found === undefined) return unexpected(reading, 'an escape that JSON knows');
    reading.at += found.length - 1;
  }
  return unexpected(reading, 'the end of a text');
}

function matched(pattern: RegExp, { text, at }: Reading): readonly (string | undefined)[] {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? [];
}

function skipSpace(reading: Reading): void {
  reading.at += matched(space, reading)[0]?.length ?? 0;
}

function skip(reading: Reading): undefined {
  reading.at += 1;
}

function unexpected(reading: Reading, expected: string): ProtocolError {
  return malformed(reading, `${shown(reading)} where ${expected} was expected`);
}

/** The character that is looked at, as people read it. */
function shown({ text, at }: Reading): string {
  const code = text.codePointAt(at);
  if (code === undefined) return 'the end';
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`;
  return code > 0x20 && code < 0x7f ? `"${String.fromCodePoint(code)}" (${hex})` : hex;
}

function malformed(reading: Reading, seen: string): ProtocolError {
  return wrong('FEED_JSON_MALFORMED', reading, seen);
}

function beyond(reading: Reading, what: string): ProtocolError {
  return wrong('FEED_FRAME_TOO_LARGE', reading, `more than ${what}`);
}

function wrong(code: ErrorCode, { at }: Reading, seen: string): ProtocolError {
  return new ProtocolError(code, `Character ${at + 1} of the message: ${seen}.`);
}
