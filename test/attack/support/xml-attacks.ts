/**
 * Documents that are made to break a reader of XML, each with what its sender is told. They are the same
 * over every transport; only where a message ends differs.
 */

export interface XmlAttack {
  readonly name: string;
  readonly bytes: Buffer;
  /** What the answer says. */
  readonly says: RegExp;
  /** The close code on WebSocket where the library ends it before we see the document; else 4002. */
  readonly code?: 1007 | 1009;
}

const million = 1_000_000;
const mark = Buffer.from('\u0001');

/** `text` with the bytes in place of U+0001. */
function around(text: string, bytes: readonly number[] = []): Buffer {
  const at = Buffer.from(text).indexOf(mark);
  const whole = Buffer.from(text);
  if (at < 0) return whole;
  return Buffer.concat([whole.subarray(0, at), Buffer.from(bytes), whole.subarray(at + 1)]);
}

const attack = (name: string, text: string | Buffer, says: RegExp): XmlAttack => ({
  name,
  bytes: Buffer.from(text),
  says,
});

/** Beyond 64 KiB, which on WebSocket the frame alone shows. */
const large = (name: string, text: string, says: RegExp): XmlAttack => ({
  ...attack(name, text, says),
  code: 1009,
});

const declared = /declaration beginning "<!".*never accepted/;
const reference = /none of the predefined or numeric references/;

const laughs = Array.from(
  { length: 9 },
  (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`,
).join('');

const declarations = [
  attack('a DOCTYPE', '<!DOCTYPE a><a/>', declared),
  attack('an internal entity', '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', declared),
  attack(
    'an external entity',
    '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    declared,
  ),
  attack(
    'a parameter entity',
    '<!DOCTYPE a [<!ENTITY % b SYSTEM "http://127.0.0.1:9/"> %b;]><a/>',
    declared,
  ),
  attack('an external DTD', '<!DOCTYPE a PUBLIC "-//x" "http://127.0.0.1:9/x.dtd"><a/>', declared),
  attack('a billion laughs', `<!DOCTYPE a [<!ENTITY l0 "lol">${laughs}]><a>&l9;</a>`, declared),
  attack('a DOCTYPE in small letters', '<!doctype a><a/>', declared),
  attack('a DOCTYPE after a comment', '<!-- a --><!DOCTYPE a><a/>', declared),
  attack('an ENTITY without a DOCTYPE', '<a><!ENTITY b "c"></a>', declared),
  attack('an ELEMENT in the content', '<a><!ELEMENT a ANY></a>', declared),
  attack('a NOTATION', '<!NOTATION a SYSTEM "b"><a/>', declared),
  attack('a conditional section', '<![INCLUDE[<a/>]]>', declared),
  attack('an entity that nobody declared', '<a>&lol;</a>', reference),
  attack('an entity in an attribute', '<a b="&lol;"/>', reference),
  attack('an entity of a thing of JavaScript', '<a>&constructor;&__proto__;</a>', reference),
];

const sizes = [
  large('nesting of a million', '<a>'.repeat(million), /more than 16 elements deep/),
  attack(
    'nesting of seventeen',
    '<a>'.repeat(17) + '</a>'.repeat(17),
    /more than 16 elements deep/,
  ),
  large('a million elements', `<a>${'<b/>'.repeat(million)}</a>`, /more than 256 elements/),
  large('a million attributes', `<a ${'b="" '.repeat(million)}/>`, /more than 32 attributes/),
  attack('the same attribute twice', '<a b="1" b="2"/>', /not well-formed/),
  large('a name of a million', `<${'a'.repeat(million)}/>`, /more than 4096 bytes a name/),
  large('an attribute name of a million', `<a ${'b'.repeat(million)}=""/>`, /more than 4096 bytes/),
  large('a value of a million', `<a b="${'c'.repeat(million)}"/>`, /more than 4096 bytes a value/),
  large('a text of a million', `<a>${'b'.repeat(million)}</a>`, /more than 4096 bytes a value/),
  large(
    'a CDATA section of a million',
    `<a><![CDATA[${']'.repeat(million)}]]></a>`,
    /more than 4096/,
  ),
  large(
    'a comment of a million',
    `<!--${'-a'.repeat(million)}--><a/>`,
    /more than 65536 bytes a message/,
  ),
  large('an instruction of a million', `<?a ${'?'.repeat(million)}?><a/>`, /more than 65536 bytes/),
  large(
    'white space of a million in a tag',
    `<a ${' '.repeat(million)}/>`,
    /more than 65536 bytes/,
  ),
  large(
    'white space of a million in the prolog',
    `<?xml version="1.0"?>${' '.repeat(million)}<a/>`,
    /65536/,
  ),
  large(
    'a million references',
    `<a b="${'&amp;'.repeat(million)}"/>`,
    /more than 4096 bytes a value/,
  ),
];

const badUtf8: readonly (readonly [string, readonly number[]])[] = [
  ['an overlong slash of two bytes', [0xc0, 0xaf]],
  ['an overlong "<" of two bytes', [0xc0, 0xbc]],
  ['an overlong slash of three bytes', [0xe0, 0x80, 0xaf]],
  ['an overlong slash of four bytes', [0xf0, 0x80, 0x80, 0xaf]],
  ['an overlong NUL', [0xc0, 0x80]],
  ['a truncated sequence of two', [0xc3]],
  ['a truncated sequence of three', [0xe2, 0x82]],
  ['a truncated sequence of four', [0xf0, 0x9f, 0x98]],
  ['a continuation without a start', [0x80]],
  ['a high surrogate', [0xed, 0xa0, 0x80]],
  ['a low surrogate', [0xed, 0xb0, 0x80]],
  ['a pair of surrogates', [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80]],
  ['a character beyond U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['five bytes', [0xf8, 0x88, 0x80, 0x80, 0x80]],
  ['0xFE', [0xfe]],
  ['0xFF', [0xff]],
];

const places: readonly (readonly [string, string])[] = [
  ['a text', '<a>b\u0001c</a>'],
  ['an attribute', '<a b="c\u0001d"/>'],
  ['a name', '<a\u0001/>'],
  ['a comment', '<a><!--\u0001--></a>'],
  ['a CDATA section', '<a><![CDATA[\u0001]]></a>'],
];

const encodings: XmlAttack[] = [
  ...badUtf8.flatMap(([what, bytes]) =>
    places.map(([where, text]): XmlAttack => ({
      name: `${what} in ${where}`,
      bytes: around(text, bytes),
      says: /the bytes are not UTF-8/,
      code: 1007,
    })),
  ),
  {
    name: 'Latin-1 that says so',
    bytes: around('<?xml version="1.0" encoding="ISO-8859-1"?><a>caf\u0001</a>', [0xe9]),
    says: /the bytes are not UTF-8/,
    code: 1007,
  },
  {
    name: 'UTF-16 with its mark, little end first',
    bytes: Buffer.concat([Buffer.of(0xff, 0xfe), Buffer.from('<a/>', 'utf16le')]),
    says: /begins UTF-16: only UTF-8 is read/,
    code: 1007,
  },
  {
    name: 'UTF-16 with its mark, big end first',
    bytes: Buffer.concat([Buffer.of(0xfe, 0xff), Buffer.from('<a/>', 'utf16le').swap16()]),
    says: /begins UTF-16: only UTF-8 is read/,
    code: 1007,
  },
  attack('UTF-16 without a mark', Buffer.from('<a/>', 'utf16le'), /0x00 where/),
  attack('U+FFFE', '<a>\ufffe</a>', /U\+FFFE or U\+FFFF/),
  attack('U+FFFF', '<a b="\uffff"/>', /U\+FFFE or U\+FFFF/),
  attack('NUL in a text', '<a>\0</a>', /0x00 where a character that XML allows/),
  attack('a control character in a name', '<a\u0007/>', /0x07 where a character that XML allows/),
  attack('an escape character in a value', '<a b="\u001b[2J"/>', /0x1b where a character/),
];

const references: XmlAttack[] = [
  '&#0;',
  '&#x0;',
  '&#x1f;',
  '&#xd800;',
  '&#xDFFF;',
  '&#xfffe;',
  '&#xffff;',
  '&#x110000;',
  '&#1114112;',
  '&#x7fffffff;',
  '&#99999999999;',
  '&#;',
  '&#x;',
  '&#xg;',
  '&#-1;',
  '&#X41;',
  '&amp',
  '&;',
  '& ;',
  '&AMP;',
].flatMap((text) => [
  attack(`the reference ${text} in a text`, `<a>${text}</a>`, reference),
  attack(`the reference ${text} in an attribute`, `<a b="${text}"/>`, reference),
]);

const markup: XmlAttack[] = [
  attack('"]]>" in a text', '<a>b ]]> c</a>', /"&gt;" after "\]\]"/),
  attack('"--" in a comment', '<a><!-- b -- c --></a>', /">" after "--" was expected/),
  attack('a comment that ends in "--->"', '<a><!-- b ---></a>', /">" after "--" was expected/),
  attack(
    'a comment that is "<!-->"',
    '<a><!--></a><!-- --></a> -- >',
    /">" after "--" was expected/,
  ),
  attack('a CDATA section outside the root', '<![CDATA[a]]><a/>', declared),
  attack('a CDATA section in small letters', '<a><![cdata[b]]></a>', /"<!\[CDATA\["/),
  attack('a tag in a value', "<a b='</a>'/>", /the end of the attribute value, or "&lt;"/),
  attack('an end that nothing began', '</a>', /the root element was expected/),
  attack('an end of something else', '<a></b>', /<\/b> where <\/a> was expected/),
  attack('ends that cross', '<a><b></a></b>', /<\/a> where <\/b> was expected/),
  attack('an end in another case', '<a></A>', /<\/A> where <\/a> was expected/),
  attack('an attribute in an end', '<a></a b="c">', /where ">" was expected/),
  attack('an attribute without a value', '<a b/>', /"=" and a value/),
  attack('an attribute without quotes', '<a b=c/>', /a quoted attribute value/),
  attack('attributes that touch', '<a b="c"d="e"/>', /white space, "\/" or ">"/),
  attack('a name that begins with a digit', '<1a/>', /a name after "<"/),
  attack('white space before a name', '< a/>', /a name after "<"/),
  attack(
    'a second XML declaration',
    '<?xml version="1.0"?><?xml version="1.0"?><a/>',
    /no XML declaration/,
  ),
  attack('an XML declaration inside', '<a><?xml version="1.0"?></a>', /no XML declaration/),
  attack('an instruction without a name', '<? a?><a/>', /a name was expected/),
  attack('a text before the root', 'hello <a/>', /"<" was expected to begin a message/),
  attack('JSON', '{"type":"Keepalive"}', /begins JSON: only XML is read/),
  attack('a TLS handshake', '\u0016\u0003\u0001\u0002\u0000\u0001', /begins a TLS handshake/),
  attack('an HTTP request', 'GET / HTTP/1.1\r\n\r\n', /"<" was expected to begin a message/),
];

/** What ends the session. */
export const xmlAttacks: readonly XmlAttack[] = [
  ...declarations,
  ...sizes,
  ...encodings,
  ...references,
  ...markup,
];

/** Nothing of this is wrong as XML: it is answered as the request that it is, and the session goes on. */
export const harmless: readonly {
  readonly name: string;
  readonly text: string;
  readonly says: RegExp;
}[] = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf'].flatMap(
    (name) => [
      {
        name: `an element called ${name}`,
        text: `<${name}><${name}/></${name}>`,
        says: new RegExp(`The root is &quot;${name}&quot;|The root is "${name}"`),
      },
      {
        name: `an attribute called ${name}`,
        text: `<VerbaApi><Request type="No" ${name}="x"/></VerbaApi>`,
        says: /code="2" type="No".*Unknown Request/,
      },
      {
        name: `a request of type ${name}`,
        text: `<VerbaApi><Request type="${name}" id="${name}"/></VerbaApi>`,
        says: new RegExp(`type="${name}" id="${name}".*Unknown Request`),
      },
      {
        name: `a parameter called ${name}`,
        text: `<VerbaApi><Request type="SubscribeOnCallEvent" id="p"><${name} number="1"/></Request></VerbaApi>`,
        says: /code="2" type="SubscribeOnCallEvent" id="p"/,
      },
    ],
  ),
  {
    name: 'the end of the root in a CDATA section',
    text: '<VerbaApi><![CDATA[</VerbaApi>]]><Request type="No" id="1"/></VerbaApi>',
    says: /type="No" id="1"/,
  },
  {
    name: 'the end of the root in a comment',
    text: '<VerbaApi><!-- </VerbaApi> <!DOCTYPE a> ]]> --><Request type="No" id="2"/></VerbaApi>',
    says: /type="No" id="2"/,
  },
  {
    name: 'the end of the root in an instruction',
    text: '<VerbaApi><?a </VerbaApi> "?><Request type="No" id="3"/></VerbaApi>',
    says: /type="No" id="3"/,
  },
  {
    name: 'a quote in an instruction that never ends',
    text: '<?a "?><VerbaApi><?b \'?><Request type="No" id="4"/></VerbaApi>',
    says: /type="No" id="4"/,
  },
  {
    name: 'a comment in a CDATA section that never ends',
    text: '<VerbaApi><![CDATA[<!-- ]]><Request type="No" id="5"/></VerbaApi>',
    says: /type="No" id="5"/,
  },
  {
    name: 'a CDATA section in a comment that never ends',
    text: '<VerbaApi><!-- <![CDATA[ --><Request type="No" id="6"/></VerbaApi>',
    says: /type="No" id="6"/,
  },
  {
    name: 'an end of a tag in quotes',
    text: '<VerbaApi a="/>"><Request b=\'>"\' type="No" id="7"/></VerbaApi>',
    says: /type="No" id="7"/,
  },
  {
    name: 'brackets without end before the end of a CDATA section',
    text: `<VerbaApi><![CDATA[${']'.repeat(2_000)}]]><Request type="No" id="8"/></VerbaApi>`,
    says: /type="No" id="8"/,
  },
  ...['UTF-16', 'ISO-8859-1', 'no-such-thing'].map((encoding) => ({
    name: `UTF-8 that says it is ${encoding}`,
    text: `<?xml version="1.0" encoding="${encoding}"?><VerbaApi><Request type="No" id="ü"/></VerbaApi>`,
    says: /type="No" id="ü"/,
  })),
];
