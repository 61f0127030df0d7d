/**
 * Writing XML 1.0 text, and reading back its references. What comes out is always well-formed and never
 * holds a line break, so that a message is one line whatever names its callers have. On the hot path:
 * a text that needs no escaping is returned as it is.
 */

/** What every document of ours begins with. */
export const declaration = '<?xml version="1.0" encoding="UTF-8"?>';

/** Anything that may need work; surrogates are only looked at more closely, most of them are pairs. */
const suspectInText = /[&<>\0-\x08\n\v\f\r\x0e-\x1f\ud800-\udfff\ufffe\uffff]/;
const suspectInAttribute = /[&<>"\0-\x1f\ud800-\udfff\ufffe\uffff]/;

const loneSurrogate =
  '[\\ud800-\\udbff](?![\\udc00-\\udfff])|(?<![\\ud800-\\udbff])[\\udc00-\\udfff]';
const toReplaceInText = new RegExp(
  `[&<>\\0-\\x08\\n\\v\\f\\r\\x0e-\\x1f\\ufffe\\uffff]|${loneSurrogate}`,
  'g',
);
const toReplaceInAttribute = new RegExp(`[&<>"\\0-\\x1f\\ufffe\\uffff]|${loneSurrogate}`, 'g');

/** What XML 1.0 §2.2 forbids altogether cannot be written in any way; this stands in its place. */
const replacement = '\ufffd';

function escaped(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '"':
      return '&quot;';
    // A reader turns these into spaces or line feeds unless they are references (XML 1.0 §2.11, §3.3.3).
    case '\t':
      return '&#9;';
    case '\n':
      return '&#10;';
    case '\r':
      return '&#13;';
    default:
      return replacement;
  }
}

/** `text` as the content of an element. Characters that XML forbids become U+FFFD. */
export function escapeText(text: string): string {
  return suspectInText.test(text) ? text.replace(toReplaceInText, escaped) : text;
}

/** `text` as an attribute value between double quotes. Characters that XML forbids become U+FFFD. */
export function escapeAttribute(text: string): string {
  return suspectInAttribute.test(text) ? text.replace(toReplaceInAttribute, escaped) : text;
}

/** ` name="value"` with its leading space; nothing at all when there is no value. */
export function attribute(name: string, value: string | number | boolean | undefined): string {
  if (value === undefined) return '';
  return ` ${name}="${typeof value === 'string' ? escapeAttribute(value) : String(value)}"`;
}

/** `<name>text</name>`; nothing at all when there is no value. */
export function textElement(name: string, value: string | number | boolean | undefined): string {
  if (value === undefined) return '';
  return `<${name}>${typeof value === 'string' ? escapeText(value) : String(value)}</${name}>`;
}

/**
 * An element from ready parts.
 * @param attributes as `attribute` makes them, joined; may be empty
 * @param content ready markup; empty makes a self-closed element
 */
export function element(name: string, attributes: string, content = ''): string {
  return content === '' ? `<${name}${attributes}/>` : `<${name}${attributes}>${content}</${name}>`;
}

const reference = /&(?:(amp|lt|gt|quot|apos)|#([0-9]+)|#x([0-9A-Fa-f]+));/g;
const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/**
 * The text behind `raw`: the five predefined references and the numeric ones, nothing else.
 * @returns undefined when it holds another `&`, or a number that is no XML character
 */
export function resolveReferences(raw: string): string | undefined {
  if (!raw.includes('&')) return raw;
  let sound = !raw.replace(reference, '').includes('&');
  const text = raw.replace(reference, (_, name?: string, decimal?: string, hex?: string) => {
    if (name !== undefined) return named[name] ?? '';
    const code = decimal === undefined ? parseInt(hex ?? '', 16) : parseInt(decimal, 10);
    if (isXmlCharacter(code)) return String.fromCodePoint(code);
    sound = false;
    return '';
  });
  return sound ? text : undefined;
}

/** XML 1.0 §2.2, production 2. */
function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return (
    code <= 0xd7ff || (code >= 0xe000 && code <= 0xfffd) || (code >= 0x10000 && code <= 0x10ffff)
  );
}
