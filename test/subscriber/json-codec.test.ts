/**
 * JSON as it comes and goes: what the platform's parser takes is taken with the same meaning, but for what
 * has two meanings or none in XML, and nothing is made of a message that breaks a bound.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProtocolError } from '../../src/base/errors.ts';
import { escapeText, resolveReferences } from '../../src/base/xml.ts';
import type { FrameBounds } from '../../src/subscriber/lexer.ts';
import { jsonText, parseJson, quotedJson } from '../../src/subscriber/json-codec.ts';
import { bounds } from '../../src/subscriber/message.ts';

const unbounded: FrameBounds = {
  messageBytes: Infinity,
  depth: 1_000,
  elements: Infinity,
  attributesPerElement: Infinity,
  valueBytes: Infinity,
};

function parsed(text: string | Uint8Array, limits: FrameBounds = bounds): unknown {
  const result = parseJson(typeof text === 'string' ? Buffer.from(text) : text, limits);
  return result instanceof ProtocolError ? `${result.code}: ${result.message}` : result.value;
}

const malformed = (detail: RegExp): unknown =>
  expect.stringMatching(new RegExp(`^FEED_JSON_MALFORMED: .*${detail.source}`));
const tooLarge = (detail: RegExp): unknown =>
  expect.stringMatching(new RegExp(`^FEED_FRAME_TOO_LARGE: .*${detail.source}`));

/** Characters that XML has, so that nothing is refused for them. */
const xmlText = fc.string({ unit: 'binary' }).map((text) => {
  return resolveReferences(escapeText(text)) ?? '';
});

describe('reading', () => {
  it('gives what the platform reads, however it is written', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        xmlText,
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(fc.oneof(xmlText, fc.constantFrom('__proto__', 'constructor')), tie('tree'), {
          maxKeys: 4,
        }),
      ),
    }));
    const pause = fc.constantFrom(undefined, 1, '\t', ' \n\r');
    fc.assert(
      fc.property(tree, pause, fc.boolean(), (value, space, escapes) => {
        const written = JSON.stringify(value, undefined, space === ' \n\r' ? '\t' : space);
        const text = escapes ? escaped(written) : written;
        expect(parseJson(Buffer.from(text), unbounded)).toEqual({ value: JSON.parse(text) });
      }),
    );
  });

  /** The same JSON with every letter of a text as an escape. */
  function escaped(json: string): string {
    return json.replace(/"(?:[^"\\]|\\.)*"/g, (text) =>
      text.replace(/\\.|[a-z]/g, (found) =>
        found.length > 1 ? found : `\\u00${found.charCodeAt(0).toString(16)}`,
      ),
    );
  }

  it('refuses just what the platform refuses, of texts that are nearly JSON', () => {
    const near = fc
      .array(
        fc.constantFrom(
          '{',
          '}',
          '[',
          ']',
          ',',
          ':',
          '"',
          '"a"',
          '1',
          '-',
          '0',
          '.5',
          'e3',
          'true',
        ),
        { maxLength: 9 },
      )
      .map((parts) => parts.join(''));
    let sound = 0;
    fc.assert(
      fc.property(near, (text) => {
        let value: unknown;
        try {
          value = JSON.parse(text);
        } catch {
          expect(parsed(text, unbounded)).toEqual(malformed(/Character \d+ of the message: /));
          return;
        }
        sound += 1;
        expect(parsed(text, unbounded)).toEqual(value);
      }),
      { numRuns: 3_000 },
    );
    expect(sound).toBeGreaterThan(20);
  });

  it.each([
    ['nothing', '', /Character 1 of the message: the end where a value was expected/],
    ['the end', '{"type":"Unsubscribe"', /Character 22 .*the end where "," or "}" was expected/],
    ['a comma too many', '{"a":1,}', /"}" \(U\+007D\) where a name in quotes/],
    ['a name without quotes', '{a:1}', /"a" \(U\+0061\) where a name in quotes/],
    ['single quotes', "{'a':1}", /"'" \(U\+0027\) where a name/],
    ['no colon', '{"a" 1}', /"1" \(U\+0031\) where ":"/],
    ['two values', '{} {}', /Character 4 .*"{" \(U\+007B\) where the end was expected/],
    ['a comment', '{"a":1 /* b */}', /"\/" \(U\+002F\) where "," or "}"/],
    ['NaN', '{"a":NaN}', /"N" \(U\+004E\) where a value/],
    ['Infinity', '[-Infinity]', /"-" \(U\+002D\) where a value/],
    ['a number of another language', '[0x10]', /"x" \(U\+0078\) where "," or "]"/],
    ['a leading zero', '[01]', /"1" \(U\+0031\) where "," or "]"/],
    ['a byte order mark', '\ufeff{}', /Character 1 .*U\+FEFF where a value/],
    ['a NUL before it', '\0{}', /U\+0000 where a value/],
    ['a NUL after it', '{}\0', /U\+0000 where the end/],
    ['a NUL in a text', '["a\0b"]', /U\+0000 where an escape such as/],
    ['a line feed in a text', '["a\nb"]', /U\+000A where an escape/],
    ['an escape that is none', '["\\x41"]', /"\\" \(U\+005C\) where an escape that JSON knows/],
    ['half an escape', '["\\u00"]', /where an escape that JSON knows/],
    ['a text without end', '["abc', /the end where the end of a text was expected/],
    ['a text whose end is escaped', '["abc\\"', /the end where the end of a text/],
    ['a name twice', '{"a":1,"b":2,"a":1}', /a second "a" in one object/],
    ['a name twice, spelt otherwise', '{"call":"1","\\u0063all":"2"}', /a second "call"/],
    ['a name twice, deep inside', '{"a":[{"b":{"__proto__":1,"__proto__":2}}]}', /"__proto__"/],
    ['a NUL as an escape', '["\\u0000"]', /a text holds U\+0000, which XML cannot tell/],
    ['half a pair of surrogates', '{"a":"\\ud83d"}', /a text holds U\+D83D/],
    ['the other half', '{"a":"x\\ude00"}', /a text holds U\+DE00/],
    ['such a name', '{"\\ud800":1}', /a text holds U\+D800/],
    ['U+FFFE', '["\ufffe"]', /a text holds U\+FFFE/],
  ])('refuses %s', (_, text, detail) => {
    expect(parsed(text)).toEqual(malformed(detail));
  });

  it.each([
    ['a byte that never stands in UTF-8', [0x22, 0xff, 0x22]],
    ['an overlong slash', [0x22, 0xc0, 0xaf, 0x22]],
    ['a surrogate in UTF-8', [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ['half a character', [0x22, 0xc3, 0x22]],
    ['UTF-16', [0xff, 0xfe, 0x7b, 0x00]],
  ])('refuses %s', (_, bytes) => {
    expect(parsed(Uint8Array.from(bytes))).toEqual(malformed(/the bytes are not UTF-8/));
  });

  it('takes a pair of surrogates, as an escape or as it is', () => {
    expect(parsed('["\\ud83d\\ude00","😀"]')).toEqual(['😀', '😀']);
  });

  it('gives numbers as the platform does, however large', () => {
    expect(parsed('[1e400,-1e400,123456789012345678901234567890,0.1e-400]')).toEqual([
      Infinity,
      -Infinity,
      123456789012345678901234567890,
      0,
    ]);
  });

  it('names no key of an object by what everybody inherits', () => {
    const value = parsed('{"__proto__":{"type":"Unsubscribe"},"constructor":1}');
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect(Object.keys(value as object)).toEqual(['__proto__', 'constructor']);
    expect(({} as { type?: unknown }).type).toBeUndefined();
  });

  const deep = (n: number): string => '['.repeat(n) + ']'.repeat(n);
  const members = (n: number): string =>
    `{${Array.from({ length: n }, (_, at) => `"k${at}":1`).join(',')}}`;

  it.each([
    ['depth', deep(16), deep(17), /more than 16 objects and lists deep/],
    ['depth of objects', '{"a":'.repeat(15) + '{}' + '}'.repeat(15), '{"a":'.repeat(17), /16/],
    [
      'objects and lists',
      `[${Array(255).fill('{}').join(',')}]`,
      `[${Array(256).fill('{}').join(',')}]`,
      /more than 256 objects and lists\./,
    ],
    ['members', members(32), members(33), /more than 32 members of an object/],
    ['text', `["${'a'.repeat(4_096)}"]`, `["${'a'.repeat(4_097)}"]`, /more than 4096 bytes a text/],
    ['text in bytes', `["${'ü'.repeat(2_048)}"]`, `["${'ü'.repeat(2_049)}"]`, /4096 bytes a text/],
    ['name', `{"${'a'.repeat(4_096)}":1}`, `{"${'a'.repeat(4_097)}":1}`, /4096 bytes a text/],
    ['number', `[${'1'.repeat(4_096)}]`, `[${'1'.repeat(4_097)}]`, /4096 bytes a number/],
  ])('bounds %s', (_, most, more, detail) => {
    expect(parsed(most)).toEqual(JSON.parse(most));
    expect(parsed(more)).toEqual(tooLarge(detail));
  });

  it('bounds the message before it looks at it', () => {
    const spaces = (n: number): Buffer => Buffer.concat([Buffer.from('{}'), Buffer.alloc(n, ' ')]);
    expect(parsed(spaces(65_534))).toEqual({});
    expect(parsed(spaces(65_535))).toEqual(tooLarge(/more than 65536 bytes/));
    expect(parsed(Buffer.alloc(65_537, 0xff))).toEqual(tooLarge(/more than 65536 bytes/));
  });

  it('takes no longer for the worst that fits than for what is plain', () => {
    const plain = Buffer.from(`[${'1,'.repeat(32_000)}1]`);
    const worst = ['"'.padEnd(65_000, 'a'), `["${'\\'.repeat(4_000)}`, '-'.padEnd(65_000, '1')].map(
      (text) => Buffer.from(text),
    );
    const timeOf = (bytes: Buffer): number => {
      const startMs = performance.now();
      for (let n = 0; n < 20; n += 1) parseJson(bytes);
      return performance.now() - startMs;
    };
    timeOf(plain);
    const plainMs = timeOf(plain);
    for (const bytes of worst) expect(timeOf(bytes)).toBeLessThan(20 * plainMs + 20);
  });
});

describe('writing', () => {
  it('says what XML says: what it cannot tell becomes U+FFFD', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), halves, (text, half) => {
        const name = text + half;
        const read: unknown = JSON.parse(jsonText({ name, nothing: undefined }));
        expect(read).toEqual({ name: resolveReferences(escapeText(name)) });
        expect(quotedJson(name)).toBe(jsonText(name));
      }),
      { numRuns: 2_000 },
    );
  });

  /** What random text holds too seldom. */
  const halves = fc
    .array(
      fc.constantFrom(
        '\ud800',
        '\udfff',
        '\0',
        '\b',
        '\f',
        '\x1f',
        '\\',
        '"',
        '\\u0000',
        '\n\t\r',
        '\ufffe',
        '😀',
        '\\ud800',
        '\x7f',
        '\u2028',
      ),
    )
    .map((parts) => parts.join(''));

  it('is one line', () => {
    expect(jsonText({ a: 'b\nc\rd' })).toBe('{"a":"b\\nc\\rd"}');
  });
});
