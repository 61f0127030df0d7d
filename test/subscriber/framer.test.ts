import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Framer, frameWhole, type Framed } from '../../src/subscriber/framer.ts';
import { bounds } from '../../src/subscriber/message.ts';
import { readingBounds } from '../../src/subscriber/reading.ts';
import { list, read } from '../protocol/conversation.ts';

/** Documents as text; an error as its code and message. */
function shown(framed: readonly Framed[]): readonly string[] {
  return framed.map((one) =>
    one.kind === 'document' ? one.document.toString() : `${one.error.code}: ${one.error.message}`,
  );
}

function frame(...chunks: readonly (string | Uint8Array)[]): readonly string[] {
  const framer = new Framer();
  return chunks.flatMap((chunk) => shown(framer.push(Buffer.from(chunk))));
}

/** How `text` is framed when every byte comes alone. */
function byteByByte(text: string | Uint8Array): readonly string[] {
  return frame(...[...Buffer.from(text)].map((byte) => Buffer.of(byte)));
}

const examples = list('examples').map((file) => read(`examples/${file}`));

describe('the framer', () => {
  it.each([
    ['a self-closed root', '<VerbaApi/>'],
    ['a root with content', '<VerbaApi><Request type="a"/></VerbaApi>'],
    ['a declaration', '<?xml version="1.0" encoding="UTF-8"?>\n<VerbaApi/>'],
    ['">" and "/>" in attribute values', `<a b='>' c="/>" d='"' e="'"/>`],
    ['a closing tag in a comment', '<a><!-- </a> - -> --></a>'],
    ['a closing tag in CDATA', '<a><![CDATA[</a>]] >]]]]></a>'],
    ['a closing tag in a processing instruction', '<a><?b </a> ? > "?></a>'],
    ['a comment before the root', '<!----><!-- <x> --><a/>'],
    ['a processing instruction before the root', '<?xml-stylesheet href="x"?><a/>'],
    ['white space wherever it may be', '<a\n b\t=\r"c" ><d /></a \n>'],
    ['names of all sorts', '<_a:b-c.d1><é ü="ß"/></_a:b-c.d1>'],
    ['">" in text', '<a>1 > 0, ]] and ]></a>'],
    ['elements of the same name within each other', '<a><a><a/></a></a>'],
  ])('takes %s for one document', (_, text) => {
    expect(frame(text)).toEqual([text]);
    expect(byteByByte(text)).toEqual([text]);
  });

  it('takes ten messages in one chunk for ten', () => {
    const ten = examples.slice(0, 10);
    expect(frame(ten.join(''))).toEqual(ten.map((text) => text.trimEnd()));
  });

  it('needs nothing between two messages', () => {
    expect(frame('<a/><b></b><?xml version="1.0"?><c/>')).toEqual([
      '<a/>',
      '<b></b>',
      '<?xml version="1.0"?><c/>',
    ]);
  });

  it('skips white space, NUL and byte order marks between messages', () => {
    expect(frame('\ufeff \r\n\t<a/>\0\0\n\ufeff\ufeff<b/>\0')).toEqual(['<a/>', '<b/>']);
  });

  it('comes to the same at every cut of every example', () => {
    for (const text of examples) {
      const bytes = Buffer.from(`${text}\0\ufeff<next/>`);
      const whole = [text.trimEnd(), '<next/>'];
      for (let cut = 0; cut <= bytes.length; cut += 1) {
        const found = frame(bytes.subarray(0, cut), bytes.subarray(cut));
        if (found.join('\n') !== whole.join('\n')) expect([cut, ...found]).toEqual([cut, ...whole]);
      }
    }
  });

  it('comes to the same byte by byte', () => {
    expect(byteByByte(examples.join(''))).toEqual(examples.map((text) => text.trimEnd()));
  });

  it('comes to the same however any bytes at all are cut, error included', () => {
    const piece = fc.constantFrom(
      ...[
        '<a>',
        '</a>',
        '<a/>',
        '<!--',
        '-->',
        '<![CDATA[',
        ']]>',
        '<?p',
        '?>',
        '<',
        '>',
        '/',
        '"',
        "'",
      ],
      ...[
        '<a b="',
        '" c=\'',
        '=',
        ' ',
        'x',
        '-',
        ']',
        '!',
        '\0',
        '\ufeff',
        'é',
        '\x01',
        '&amp;',
        '<!D',
      ],
    );
    const stream = fc.oneof(
      fc.array(piece, { maxLength: 30 }).map((pieces) => Buffer.from(pieces.join(''))),
      fc.uint8Array({ maxLength: 40 }),
    );
    fc.assert(
      fc.property(stream, fc.array(fc.nat(60)), (bytes, cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = at.map((from, n) => bytes.subarray(from, at[n + 1] ?? bytes.length));
        expect(frame(...chunks)).toEqual(frame(bytes));
        expect(byteByByte(bytes)).toEqual(frame(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps what it gave when the next chunk comes', () => {
    const framer = new Framer();
    framer.push(Buffer.from('<a>1'));
    const [first] = framer.push(Buffer.from('</a><b>2'));
    const [second] = framer.push(Buffer.from('</b><c>3</c>'));
    expect(shown([first, second].filter((one) => one !== undefined))).toEqual([
      '<a>1</a>',
      '<b>2</b>',
    ]);
  });

  it('knows whether a message is half received', () => {
    const framer = new Framer();
    const halfAfter = (text: string) => {
      framer.push(Buffer.from(text));
      return framer.half;
    };
    expect(framer.half).toBe(false);
    expect(halfAfter(' \n')).toBe(false);
    expect(halfAfter('<')).toBe(true);
    expect(halfAfter('a>')).toBe(true);
    expect(halfAfter('</a>')).toBe(false);
    expect(halfAfter('<b/><?xml')).toBe(true);
    expect(halfAfter('?>')).toBe(true);
    expect(halfAfter('</c>')).toBe(false);
  });

  it('takes a megabyte byte by byte in a time that grows with its length, not its square', () => {
    const framer = new Framer(readingBounds);
    const text = `<a>${'<b>0123456789</b>'.repeat(64 * 1024)}</a>`;
    const byte = Buffer.alloc(1);
    let framed: readonly Framed[] = [];
    for (const value of Buffer.from(text)) {
      byte[0] = value;
      framed = framer.push(byte);
    }
    expect(shown(framed)).toEqual([text]);
  });
});

describe('the framer refuses', () => {
  const malformed = 'FEED_XML_MALFORMED';
  const forbidden = 'FEED_FRAME_FORBIDDEN';

  it.each([
    ['HTTP', 'GET / HTTP/1.1\r\n', malformed, /Between messages: "G" \(0x47\) where "<"/],
    ['a TLS handshake', '\x16\x03\x01', malformed, /0x16 .* TLS/],
    ['JSON', '{"type":', malformed, /JSON/],
    ['text after a message', '<a/>x', malformed, /"x" \(0x78\) where "<" was expected/],
    ['text before the root', '<?xml version="1.0"?>x<a/>', malformed, /Byte 22.*"x".*root element/],
    ['NUL inside a message', '<a>\0</a>', malformed, /Byte 4.*0x00/],
    ['a control character in a value', '<a b="\x1f"/>', malformed, /Byte 7.*0x1f/],
    ['a DOCTYPE at its first letter', '<!D', forbidden, /Byte 3.*"D".*DOCTYPE/],
    [
      'a DOCTYPE after the declaration',
      '<?xml version="1.0"?>\n<!DOCTYPE a [',
      forbidden,
      /DOCTYPE/,
    ],
    ['an entity declaration', '<a><!ENTITY', forbidden, /"E"/],
    ['an element declaration', '<a><!ELEMENT', forbidden, /"E"/],
    ['a conditional section', '<![INCLUDE[', forbidden, /"\["/],
    ['CDATA outside the root', '<![CDATA[x]]><a/>', forbidden, /"\["/],
    ['what begins like CDATA', '<a><![CDATX[', malformed, /"X".*CDATA/],
    ['what begins like a comment', '<a><!-x', malformed, /"x".*<!--/],
    ['"--" in a comment', '<a><!-- -- -->', malformed, /"--"/],
    ['a comment that ends in "--->"', '<a><!-- --->', malformed, /"--"/],
    ['"]]>" in text', '<a>]]>', malformed, /"\]\]"/],
    ['a closing tag first', '</a>', malformed, /"\/"/],
    ['a closing tag of another name', '<a><b></a>', malformed, /<\/a> where <\/b>/],
    ['a closing tag whose name goes on', '<a></ab>', malformed, /<\/ab> where <\/a>/],
    ['a closing tag with an attribute', '<a></a b="c">', malformed, /"b"/],
    ['no name at all', '<>', malformed, /">".*name/],
    ['a space before the name', '< a>', malformed, /0x20.*name/],
    ['a name that begins with a digit', '<1a/>', malformed, /"1"/],
    ['a name with markup in it', '<a<b/>', malformed, /"<"/],
    ['an attribute without a value', '<a b>', malformed, /">".*"="/],
    ['an attribute without a value, followed by another', '<a b c="d">', malformed, /"c".*"="/],
    ['an attribute without quotes', '<a b=c>', malformed, /"c".*quoted/],
    ['two attributes without a space', '<a b="c"d="e">', malformed, /"d".*white space/],
    ['"<" in an attribute value', '<a b="<"/>', malformed, /"<".*&lt;/],
    ['a slash that closes nothing', '<a / >', malformed, /0x20.*">"/],
    ['an equals sign without a name', '<a ="b"/>', malformed, /"=".*name/],
    ['a processing instruction without a target', '<? x?>', malformed, /0x20.*name/],
    ['a second declaration', '<a><?xml version="1.0"?></a>', malformed, /declaration/],
    ['a declaration after a comment', '<!----><?XML ?><a/>', malformed, /declaration/],
    ['half a byte order mark', '\xef\xbb<a/>', malformed, /byte order mark/],
    ['UTF-16', '\xff\xfe<\0', malformed, /UTF-16/],
  ])('%s', (_, text, code, message) => {
    const bytes = Buffer.from(text, 'latin1');
    const found = frame(bytes);
    expect(found.at(-1)).toMatch(new RegExp(`^${code}: `));
    expect(found.at(-1)).toMatch(message);
    expect(byteByByte(bytes)).toEqual(found);
  });

  it('at once, without waiting for more', () => {
    const framer = new Framer();
    expect(shown(framer.push(Buffer.from('<?xml version="1.0"?><!')))).toEqual([]);
    expect(framer.push(Buffer.from('D'))).toHaveLength(1);
  });

  it('everything after an error, and gives what came before it', () => {
    const framer = new Framer();
    expect(shown(framer.push(Buffer.from('<a/><b/>x<c/>')))).toHaveLength(3);
    expect(framer.push(Buffer.from('<d/>'))).toEqual([]);
    expect(framer.half).toBe(false);
  });
});

describe('the bounds', () => {
  const tooLarge = (what: string) => new RegExp(`^FEED_FRAME_TOO_LARGE: .*more than ${what}`);

  /** `<a>…</a>` of exactly this many bytes, no value of it too long. */
  function messageOf(bytes: number): string {
    const filler = `<!--${'x'.repeat(bytes - '<a><!----></a>'.length)}-->`;
    return `<a>${filler}</a>`;
  }
  const nested = (depth: number) => '<a>'.repeat(depth) + '</a>'.repeat(depth);
  const siblings = (count: number) => `<a>${'<b/>'.repeat(count - 1)}</a>`;
  const attributes = (count: number) =>
    `<a ${Array.from({ length: count }, (_, n) => `b${n}=""`).join(' ')}/>`;
  const value = (bytes: number) => `<a b="${'v'.repeat(bytes)}"/>`;
  const text = (bytes: number) => `<a>${'t'.repeat(bytes)}</a>`;
  const cdata = (bytes: number) => `<a>12<![CDATA[${'t'.repeat(bytes - 6)}]]>34</a>`;
  const elementName = (bytes: number) => `<${'n'.repeat(bytes)}/>`;
  const attributeName = (bytes: number) => `<a ${'n'.repeat(bytes)}=""/>`;

  it.each([
    ['bytes a message', messageOf, bounds.messageBytes, '65536 bytes a message'],
    ['depth', nested, bounds.depth, '16 elements deep'],
    ['elements', siblings, bounds.elements, '256 elements'],
    ['attributes', attributes, bounds.attributesPerElement, '32 attributes an element'],
    ['bytes a value', value, bounds.valueBytes, '4096 bytes a value'],
    ['bytes a run of text', text, bounds.valueBytes, '4096 bytes a value'],
    ['bytes of CDATA within text', cdata, bounds.valueBytes, '4096 bytes a value'],
    ['bytes an element name', elementName, bounds.valueBytes, '4096 bytes a name'],
    ['bytes an attribute name', attributeName, bounds.valueBytes, '4096 bytes a value'],
  ])('on %s are exact', (_, make, limit, what) => {
    expect(frame(make(limit))).toEqual([make(limit)]);
    expect(frame(make(limit + 1))).toEqual([expect.stringMatching(tooLarge(what))]);
    expect(byteByByte(make(limit + 1))).toEqual(frame(make(limit + 1)));
  });

  it('count text from tag to tag, not in sum', () => {
    const run = 't'.repeat(bounds.valueBytes);
    expect(frame(`<a>${run}<b/>${run}</a>`)).toHaveLength(1);
    expect(frame(`<a>${run}<b/>${run}</a>`)[0]).toMatch(/^<a>/);
  });

  it('count from the beginning for every message', () => {
    const messages = Array.from({ length: 20 }, () => siblings(bounds.elements));
    expect(frame(messages.join('\n'))).toEqual(messages);
  });

  it('hold between messages too: there white space costs nothing', () => {
    expect(frame(' '.repeat(1024 * 1024), '<a/>')).toEqual(['<a/>']);
  });

  it.each([
    ['elements a thousand deep', '<a>'.repeat(1_000)],
    ['a million attributes', `<a${' b="c"'.repeat(1_000_000)}`],
    ['a huge element name', `<${'n'.repeat(10_000_000)}`],
    ['a huge attribute name', `<a ${'n'.repeat(10_000_000)}`],
    ['a huge name of a processing instruction', `<?${'n'.repeat(10_000_000)}`],
    ['a huge closing name', `<a></${'n'.repeat(10_000_000)}`],
    ['an endless value', `<a b="${'v'.repeat(10_000_000)}`],
    ['an endless comment', `<!--${'c'.repeat(10_000_000)}`],
    ['an endless processing instruction', `<?p ${'c'.repeat(10_000_000)}`],
    ['endless CDATA', `<a><![CDATA[${'c'.repeat(10_000_000)}`],
    ['endless white space in a tag', `<a ${' '.repeat(10_000_000)}`],
    ['endless white space before the root', `<?p?>${' '.repeat(10_000_000)}`],
  ])('stop %s', (_, attack) => {
    expect(frame(attack)).toEqual([expect.stringMatching(/^FEED_FRAME_TOO_LARGE: /)]);
  });
});

describe('one WebSocket message', () => {
  const whole = (text: string) => shown([frameWhole(Buffer.from(text))]);

  it('is one document, with white space around it', () => {
    expect(whole('\ufeff\n<a/>\n')).toEqual(['<a/>']);
  });

  it.each([
    ['nothing', '', /no complete document/],
    ['only white space', ' \n', /no complete document/],
    ['half a document', '<a>', /no complete document/],
    ['two documents', '<a/><b/>', /after the end/],
    ['one document and half another', '<a/><b', /after the end/],
    ['a comment after the root', '<a/><!-- -->', /after the end/],
    ['text after the root', '<a/>x', /Between messages: "x"/],
    ['half a byte order mark after the root', Buffer.from('<a/>\xef', 'latin1'), /after the end/],
    ['a DOCTYPE', '<!DOCTYPE a><a/>', /FORBIDDEN/],
    ['too much', '<a>'.repeat(17), /TOO_LARGE/],
  ])('must not be %s', (_, message, reason) => {
    expect(shown([frameWhole(Buffer.from(message))])).toEqual([expect.stringMatching(reason)]);
  });
});
