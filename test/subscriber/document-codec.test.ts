import fc from 'fast-check';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { parseDocument, type Element } from '../../src/subscriber/document-codec.ts';

/** An element as nested data: name, attributes, text, children. */
type Tree = readonly [string, Readonly<Record<string, string>>, string, ...(readonly Tree[])[]];

function treeOf(element: Element): Tree {
  const attributes = Object.fromEntries(
    [...element.attributes].map(([name, value]) => [`@${name}`, value]),
  );
  return [element.name, attributes, element.text, element.children.map(treeOf)];
}

function parse(text: string | Uint8Array): Tree | string {
  const root = parseDocument(Buffer.from(text));
  return root instanceof ProtocolError ? `${root.code}: ${root.message}` : treeOf(root);
}

describe('a document', () => {
  it('becomes a tree of elements', () => {
    expect(parse('<a b="1" c=\'2\'>x<d e="3"/>y<f>z</f></a>')).toEqual([
      'a',
      { '@b': '1', '@c': '2' },
      'xy',
      [
        ['d', { '@e': '3' }, '', []],
        ['f', {}, 'z', []],
      ],
    ]);
  });

  it('keeps numbers and spaces as they were sent', () => {
    expect(parse('<a b="0012" c=" +4930 " d="1e5" e="true" f=""> 007 </a>')).toEqual([
      'a',
      { '@b': '0012', '@c': ' +4930 ', '@d': '1e5', '@e': 'true', '@f': '' },
      ' 007 ',
      [],
    ]);
  });

  it('resolves the references of XML and no others', () => {
    expect(parse('<a b="&lt;&quot;&#65;&#x1F600;&#10;">&amp;lt;&apos;</a>')).toEqual([
      'a',
      { '@b': '<"A😀\n' },
      "&lt;'",
      [],
    ]);
  });

  it('reads line breaks as XML says', () => {
    expect(parse('<a b="1\r\n2\t3\n4">5\r\n6\r7\n8\t9</a>')).toEqual([
      'a',
      { '@b': '1 2 3 4' },
      '5\n6\n7\n8\t9',
      [],
    ]);
  });

  it('sees nothing in comments and processing instructions, and only text in CDATA', () => {
    const text = `<?p "?><!-- <x> --><a><!-- </a> "' -->1<?p "?>2<![CDATA[<b/>&amp;&x;]]>3<b/><!----></a>`;
    expect(parse(text)).toEqual(['a', {}, '12<b/>&amp;&x;3', [['b', {}, '', []]]]);
  });

  it('may be called as the things of JavaScript are', () => {
    const names = [
      '__proto__',
      'constructor',
      'prototype',
      'hasOwnProperty',
      'toString',
      'valueOf',
    ];
    for (const name of names) {
      expect(parse(`<${name} ${name}="1"><${name}>2</${name}></${name}>`)).toEqual([
        name,
        { [`@${name}`]: '1' },
        '',
        [[name, {}, '2', []]],
      ]);
    }
    expect(Object.keys(Object.prototype)).toEqual([]);
  });

  it.each(['<?xml?>', '<?xml 1.0"?>', '<?xml version="2.0"?>', '<?xml encoding="UTF-8"?>'])(
    'does not begin with %s, which is no XML declaration',
    (declaration) => {
      expect(parseDocument(Buffer.from(`${declaration}<a/>`))).toMatchObject({
        code: 'FEED_XML_MALFORMED',
      });
    },
  );

  it('may say that it is in another encoding, as some clients do, as long as it is UTF-8', () => {
    expect(parse('<?xml version="1.0" encoding="utf-16"?><a b="é"/>')).toEqual([
      'a',
      { '@b': 'é' },
      '',
      [],
    ]);
  });

  it('may begin with a byte order mark', () => {
    expect(parse('\ufeff<a/>')).toEqual(['a', {}, '', []]);
  });

  it.each([
    ['bytes that are no UTF-8', Buffer.from('<a b="\xe9"/>', 'latin1'), /not UTF-8/],
    ['an overlong slash', Buffer.from('<a b="\xc0\xaf"/>', 'latin1'), /not UTF-8/],
    ['a lone surrogate', Buffer.from('<a b="\xed\xa0\x80"/>', 'latin1'), /not UTF-8/],
    ['a character cut short', Buffer.from('<a b="\xf0\x9f\x98"/>', 'latin1'), /not UTF-8/],
    ['U+FFFE', '<a b="\ufffe"/>', /U\+FFFE/],
    ['an entity of HTML', '<a b="&nbsp;"/>', /&nbsp;/],
    ['an entity of its own', '<a>&lol;</a>', /&lol;/],
    ['a bare ampersand', '<a b="x & y"/>', /& y/],
    ['a number that is no character', '<a>&#0;</a>', /&#0;/],
    ['a number of a surrogate', '<a b="&#xD800;"/>', /&#xD800;/],
    ['an attribute twice', '<a b="1" b="2"/>', /'b' is repeated/],
    ['a name that XML does not know', '<a\u00d7/>', /invalid name/],
    ['an attribute that XML does not know', '<a \u00d7="1"/>', /invalid name/],
    ['tags that do not match', '<a><b></a></b>', /<\/a> where <\/b>/],
    ['two roots', '<a/><b/>', /exactly one document/],
    ['a DOCTYPE', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', /^FEED_FRAME_FORBIDDEN/],
    ['more than the bounds', '<a>'.repeat(1_000), /^FEED_FRAME_TOO_LARGE/],
    ['nothing', '', /no complete document/],
  ])('is none with %s', (_, text, reason) => {
    expect(parse(text)).toMatch(reason);
  });
});

describe('a thousand random documents', () => {
  const markup = fc.constantFrom(
    ...['<a>', '</a>', '<a/>', '<b c="1">', '</b>', '<b c=\'1\' d = "2"/>', '<b c="1" c="2"/>'],
    ...[
      '<!-- x -->',
      '<!-- x',
      '-- >',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?p q?>',
      '<?xml v?>',
      '<?p',
      '?>',
    ],
    ...[
      'text',
      '&amp;',
      '&#65;',
      '&#0;',
      '&x;',
      '&',
      '"',
      "'",
      '=',
      ']]',
      '>',
      '<',
      '<b c="<"/>',
      ' ',
    ],
  );
  const inside = fc.oneof(
    { weight: 1, arbitrary: fc.array(markup, { maxLength: 6 }) },
    // Nested in order, so that a fair part of them is well-formed.
    {
      weight: 2,
      arbitrary: fc
        .array(fc.tuple(fc.constantFrom('a', 'b'), markup), { maxLength: 4 })
        .map((pairs) =>
          pairs.reduceRight<string[]>((all, [n, m]) => [`<${n}>`, ...all, m, `</${n}>`], []),
        ),
    },
  );
  const documents = fc
    .sample(inside, { numRuns: 1_000, seed: 42 })
    .map((pieces) => `<r>${pieces.join('')}</r>`);

  it('are well-formed to us exactly when they are to libxml2', () => {
    const folder = mkdtempSync(join(tmpdir(), 'offhook-documents-'));
    try {
      const files = documents.map((text, at) => {
        const file = join(folder, `${at}.xml`);
        writeFileSync(file, text);
        return file;
      });
      const { error, stderr } = spawnSync('xmllint', ['--noout', '--nonet', ...files], {
        encoding: 'utf8',
        maxBuffer: 64 * 1024 * 1024,
      });
      if (error !== undefined) {
        throw new Error('xmllint is not installed; on Debian: apt-get install libxml2-utils');
      }
      const theirs = files.map((file) => !stderr.includes(`${file}:`));
      const ours = documents.map(
        (text) => !(parseDocument(Buffer.from(text)) instanceof ProtocolError),
      );
      const differing = documents.filter((_, at) => ours[at] !== theirs[at]);
      expect(differing).toEqual([]);
      expect(ours.filter((sound) => sound).length).toBeGreaterThan(100);
      expect(ours.filter((sound) => !sound).length).toBeGreaterThan(100);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
