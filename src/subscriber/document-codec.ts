/**
 * Bytes of one document to a tree of elements, and nothing about what they mean. The lexer has settled
 * where markup begins and ends; here it is made sure that the rest of XML 1.0 holds too. Names from
 * outside never become keys of an object that anybody inherits from.
 */
import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { ProtocolError } from '../base/errors.ts';
import { escapeText, resolveReferences } from '../base/xml.ts';
import { frameWhole } from './framer.ts';
import type { FrameBounds } from './lexer.ts';

export interface Element {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly Element[];
  /** The text directly inside, in one piece, white space and all. */
  readonly text: string;
}

/**
 * The library refuses elements that are called as things of JavaScript are (`constructor`). A mark that
 * no XML name can hold makes them all harmless; it asks for names more than once.
 */
const nameMark = '<';

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: nameMark,
  textNodeName: '#text',
  transformTagName: (name) => (name.startsWith(nameMark) ? name : nameMark + name),
  // Numbers stay text, and references are resolved by one strict function of ours.
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
});

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const notElements = /<!--[^]*?-->|<\?[^]*?\?>|<!\[CDATA\[([^]*?)\]\]>/g;
/** XML 1.0 §2.8; the encoding that is named is not believed, the bytes are UTF-8 or refused. */
const soundDeclaration =
  /^<\?xml\s+version\s*=\s*(["'])1\.[0-9]+\1(\s+encoding\s*=\s*(["'])[A-Za-z][\w.-]*\3)?(\s+standalone\s*=\s*(["'])(yes|no)\5)?\s*\?>/;
const forbidden = /[\ufffe\uffff]/;

/** The root of the document in `bytes`, or why it is none. */
export function parseDocument(bytes: Uint8Array, limits?: FrameBounds): Element | ProtocolError {
  const framed = frameWhole(bytes, limits);
  if (framed.kind === 'error') return framed.error;
  let text: string;
  try {
    text = utf8.decode(framed.document);
  } catch (cause) {
    return malformed('the bytes are not UTF-8', cause);
  }
  if (forbidden.test(text)) return malformed('it holds U+FFFE or U+FFFF, which XML forbids');
  if (/^<\?xml[\s?]/.test(text) && !soundDeclaration.test(text)) {
    return malformed('it begins with an XML declaration that is none');
  }
  // Elements and text are all that the parser gets to see: it reads processing instructions otherwise
  // than the lexer does, and two opinions about one document are a door.
  const markup = text.replace(notElements, (_, cdata?: string) =>
    cdata === undefined ? '' : escapeText(cdata),
  );
  const badReference = markup
    .match(/&[^;<"]{0,30};?/g)
    ?.find((reference) => resolveReferences(reference) === undefined);
  if (badReference !== undefined) {
    return malformed(`${badReference} is none of the predefined or numeric references`);
  }
  const verdict = XMLValidator.validate(markup);
  if (verdict !== true) return malformed(verdict.err.msg.slice(0, 200));
  // The library's tree is typed `any`; from here it is unknown, and childrenOf makes it ours.
  const nodes: unknown = parser.parse(markup);
  return childrenOf(nodes).elements[0] ?? malformed('it has no root element');
}

function malformed(seen: string, cause?: unknown): ProtocolError {
  return new ProtocolError('FEED_XML_MALFORMED', `The message is not well-formed XML: ${seen}.`, {
    cause,
  });
}

/** The library's list of nodes: each an object with its name as key, and its attributes under `:@`. */
function childrenOf(nodes: unknown): {
  readonly elements: readonly Element[];
  readonly text: string;
} {
  const elements: Element[] = [];
  let text = '';
  for (const node of Array.isArray(nodes) ? nodes : []) {
    for (const [key, content] of entriesOf(node)) {
      if (key === '#text') text += resolved(content);
      if (!key.startsWith(nameMark)) continue;
      const inside = childrenOf(content);
      elements.push({
        name: key.slice(nameMark.length),
        attributes: attributesOf(node),
        children: inside.elements,
        text: inside.text,
      });
    }
  }
  return { elements, text };
}

function attributesOf(node: unknown): ReadonlyMap<string, string> {
  const attributes = entriesOf(node).find(([key]) => key === ':@')?.[1];
  return new Map(
    entriesOf(attributes).map(([name, raw]) => [
      name.slice(nameMark.length),
      // XML 1.0 §3.3.3: a line break or tab that is no reference reads as a space.
      resolved(typeof raw === 'string' ? raw.replace(/[\t\n\r]/g, ' ') : raw),
    ]),
  );
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [];
}

function resolved(raw: unknown): string {
  return typeof raw === 'string' ? (resolveReferences(raw) ?? '') : '';
}
