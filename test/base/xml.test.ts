import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { create } from 'xmlbuilder2';
import {
  attribute,
  element,
  escapeAttribute,
  escapeText,
  resolveReferences,
  textElement,
} from '../../src/base/xml.ts';

describe('escaping', () => {
  it.each([
    ['nothing to do', 'Anna Weber +49', 'Anna Weber +49', 'Anna Weber +49'],
    [
      'markup',
      `<a href="x">&'</a>`,
      `&lt;a href="x"&gt;&amp;'&lt;/a&gt;`,
      `&lt;a href=&quot;x&quot;&gt;&amp;'&lt;/a&gt;`,
    ],
    ['what looks escaped already', '&amp;&#65;', '&amp;amp;&amp;#65;', '&amp;amp;&amp;#65;'],
    ['the end of CDATA', 'a]]>b', 'a]]&gt;b', 'a]]&gt;b'],
    ['line breaks', 'a\r\nb\nc', 'a&#13;&#10;b&#10;c', 'a&#13;&#10;b&#10;c'],
    ['a tab', 'a\tb', 'a\tb', 'a&#9;b'],
    [
      'control characters',
      'a\0\x01\x1f\x7fb',
      'a\ufffd\ufffd\ufffd\x7fb',
      'a\ufffd\ufffd\ufffd\x7fb',
    ],
    ['noncharacters', '\ufffe\uffff', '\ufffd\ufffd', '\ufffd\ufffd'],
    ['a pair of surrogates', '😀', '😀', '😀'],
    [
      'lone surrogates',
      '\ud83d \ude00 \ude00\ud83d',
      '\ufffd \ufffd \ufffd\ufffd',
      '\ufffd \ufffd \ufffd\ufffd',
    ],
    ['a pair after half of one', '\ud83d\ud83d\ude00\ude00', '\ufffd😀\ufffd', '\ufffd😀\ufffd'],
    ['nothing', '', '', ''],
  ])('writes %s', (_, raw, text, value) => {
    expect(escapeText(raw)).toBe(text);
    expect(escapeAttribute(raw)).toBe(value);
  });
});

describe('elements', () => {
  it('leave out what has no value', () => {
    expect(attribute('name', undefined)).toBe('');
    expect(textElement('name', undefined)).toBe('');
  });

  it('close themselves when they are empty', () => {
    expect(element('a', attribute('b', 1) + attribute('c', false))).toBe('<a b="1" c="false"/>');
    expect(element('a', '', textElement('b', 2))).toBe('<a><b>2</b></a>');
  });
});

/** Any text, with the characters that matter more often than chance brings them. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ...`&<>"'\t\r\n\0\x01\x1f\x7f\x85 ]]>`,
          '&amp;',
          '&#13;',
          '<!--',
          '\ufffe',
          '\uffff',
        ),
        fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit)),
        fc.string({ unit: 'grapheme' }),
      ),
    )
    .map((parts) => parts.join('')),
);

/** What XML can carry of a text. */
function carried(text: string): string {
  return text.replace(/[\0-\x08\v\f\x0e-\x1f\ufffe\uffff\p{Surrogate}]/gu, '\ufffd');
}

describe('any text whatever', () => {
  it('is written with the same bytes as by xmlbuilder2', () => {
    fc.assert(
      fc.property(anyText, anyText, (text, value) => {
        // xmlbuilder2 leaves alone what looks like a reference, and writes line breaks as they are.
        const referenced = (raw: string) =>
          raw.replace(/&/g, '&amp;').replace(/\n/g, '&#10;').replace(/\r/g, '&#13;');
        const theirs = create({ invalidCharReplacement: '\ufffd' })
          .ele('a')
          .att('b', referenced(value).replace(/\t/g, '&#9;'))
          .txt(referenced(text))
          .toString({ headless: true });
        expect(`<a${attribute('b', value)}>${escapeText(text)}</a>`).toBe(theirs);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is read by fast-xml-parser as it was written', () => {
    const parser = new XMLParser({
      ignoreAttributes: false,
      parseTagValue: false,
      trimValues: false,
      // Line breaks are numeric references; the library counts those to its HTML entities.
      htmlEntities: true,
    });
    fc.assert(
      fc.property(anyText, anyText, (text, value) => {
        const root: unknown = parser.parse(
          element('a', attribute('b', value), textElement('c', text)),
        );
        expect(root).toEqual({ a: { '@_b': carried(value), c: carried(text) } });
      }),
      { numRuns: 2_000 },
    );
  });

  it('comes back through our own reading of references', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(resolveReferences(escapeText(text))).toBe(carried(text));
        expect(resolveReferences(escapeAttribute(text))).toBe(carried(text));
      }),
    );
  });

  it('never makes a second line', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(escapeText(text) + escapeAttribute(text)).not.toMatch(/[\r\n]/);
      }),
    );
  });
});

describe('references', () => {
  it.each([
    ['a &lt;b&gt; &amp; &quot;c&quot; &apos;d&apos;', `a <b> & "c" 'd'`],
    ['&#65;&#x42;&#x1F600;&#x1f600;', 'AB😀😀'],
    ['&#9;&#10;&#13;&#xD7FF;&#xE000;&#xFFFD;&#x10FFFF;', '\t\n\r\ud7ff\ue000\ufffd\u{10ffff}'],
    ['&amp;lt; is read once', '&lt; is read once'],
    ['&#0000000000000000000065;', 'A'],
  ])('%s are resolved', (raw, text) => {
    expect(resolveReferences(raw)).toBe(text);
  });

  it.each([
    '&',
    'a & b',
    '&nbsp;',
    '&AMP;',
    '&lt',
    '&;',
    '&#;',
    '&#x;',
    '&#X41;',
    '&#-1;',
    '&#0;',
    '&#8;',
    '&#11;',
    '&#xD800;',
    '&#xDFFF;',
    '&#xFFFE;',
    '&#xFFFF;',
    '&#x110000;',
    '&#99999999999999999999;',
    '&am&amp;p;',
    '&constructor;',
  ])('%s is none', (raw) => {
    expect(resolveReferences(raw)).toBeUndefined();
  });
});
