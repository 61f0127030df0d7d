/**
 * The bytes of UTF-8 that mean something to XML markup.
 */
const byteOf = (character: string): number => character.charCodeAt(0);
export const lt = byteOf('<');
export const gt = byteOf('>');
export const slash = byteOf('/');
export const bang = byteOf('!');
export const question = byteOf('?');
export const dash = byteOf('-');
export const equals = byteOf('=');
export const doubleQuote = byteOf('"');
export const singleQuote = byteOf("'");
export const openBracket = byteOf('[');
export const closeBracket = byteOf(']');
export const cdataStart = Buffer.from('[CDATA[');

/** Tab, line feed, carriage return, space. */
export function isSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** Whether a name may begin with the byte. */
export function beginsName(byte: number): boolean {
  // Which characters beyond ASCII may stand in a name is the parser's knowledge.
  return (
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    byte === 0x5f ||
    byte === 0x3a ||
    byte >= 0x80
  );
}

/** Whether a name may go on with the byte. */
export function continuesName(byte: number): boolean {
  return beginsName(byte) || (byte >= 0x30 && byte <= 0x39) || byte === dash || byte === 0x2e;
}

/** A byte as people read it: `"G"`, or `0x16` where it cannot be shown. */
export function shownByte(byte: number): string {
  const hex = `0x${byte.toString(16).padStart(2, '0')}`;
  return byte > 0x20 && byte < 0x7f ? `"${String.fromCharCode(byte)}" (${hex})` : hex;
}
