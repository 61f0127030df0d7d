import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SourceError } from '../../../src/base/errors.ts';
import { AmiDecoder, encodeAction } from '../../../src/source/ami/codec.ts';
import { type AmiMessage, bounds, field } from '../../../src/source/ami/message.ts';
import { piecesOf } from '../../support/scripted-pbx.ts';
import { readRecording } from './recorded.ts';

const banner = 'Asterisk Call Manager/11.0.0\r\n';

function decode(...chunks: readonly (string | Buffer)[]): AmiMessage[] {
  const decoder = new AmiDecoder();
  return chunks.flatMap((chunk) => decoder.push(Buffer.from(chunk)));
}

/** What the only block after the banner means. */
function block(text: string): AmiMessage | undefined {
  const [, message, ...others] = decode(banner + text);
  expect(others).toEqual([]);
  return message;
}

function errorOf(run: () => void): SourceError {
  try {
    run();
  } catch (error) {
    if (error instanceof SourceError) return error;
    throw error;
  }
  throw new Error('Expected a SourceError, but nothing was thrown.');
}

describe('the greeting', () => {
  it.each([
    ['Asterisk Call Manager/11.0.0\r\n', '11.0.0'],
    ['Asterisk Call Manager/7.0.3\r\n', '7.0.3'],
    ['Asterisk Call Manager/2.10.6\n', '2.10.6'],
  ])('%j is Asterisk’s', (text, version) => {
    expect(decode(text)).toEqual([{ kind: 'banner', version }]);
  });

  it.each([
    ['HTTP/1.1 400 Bad Request\r\n'],
    ['SSH-2.0-OpenSSH_9.2\r\n'],
    ['\r\n'],
    ['Event: Newchannel\r\n'],
    ['Asterisk Call Manager/\r\n'],
    ['\u0016\u0003\u0001\u0002\n'],
  ])('%j is not, and is named', (text) => {
    const error = errorOf(() => decode(text));
    expect(error.code).toBe('AMI_BANNER_UNEXPECTED');
    expect(error.message).toContain(JSON.stringify(text.trim()));
  });

  it('is quoted only in part when it is long', () => {
    const error = errorOf(() => decode(`${'x'.repeat(10_000)}\n`));
    expect(error.message.length).toBeLessThan(300);
  });
});

describe('a block', () => {
  it('is an event when it names one', () => {
    const message = block('Event: Hold\r\nUniqueid: 1.2\r\nMusicClass: default\r\n\r\n');
    expect(message).toEqual({
      kind: 'event',
      name: 'Hold',
      fields: new Map([
        ['event', 'Hold'],
        ['uniqueid', '1.2'],
        ['musicclass', 'default'],
      ]),
    });
  });

  it('is a response when it gives one', () => {
    expect(block('Response: Error\r\nMessage: Permission denied\r\n\r\n')).toMatchObject({
      kind: 'response',
      result: 'Error',
    });
  });

  it('is nothing when it is neither', () => {
    expect(block('Foo: Bar\r\n\r\n')).toBeUndefined();
    expect(block('\r\n\r\n\r\n')).toBeUndefined();
  });

  it.each([
    ['a colon in the value', 'Value: a:b: c', 'a:b: c'],
    ['no space after the colon', 'Value:x', 'x'],
    ['spaces around', 'Value:   x  ', 'x'],
    ['leading zeros', 'Value: 0012', '0012'],
    ['names in any case', 'VALUE: x', 'x'],
    ['a repeated field, of which the first counts', 'Value: x\r\nValue: y', 'x'],
    ['letters of any script', 'Value: Jürgen Müller 山田', 'Jürgen Müller 山田'],
    ['a line without a colon before it', 'no field\r\nValue: x', 'x'],
    ['a line that begins with a colon', ': y\r\nValue: x', 'x'],
  ])('holds %s', (_, lines, value) => {
    const message = block(`Event: Any\r\n${lines}\r\n\r\n`);
    expect(message?.kind === 'event' && field(message.fields, 'Value')).toBe(value);
  });

  it.each([[''], ['<unknown>']])('has no value where Asterisk says %j', (value) => {
    const message = block(`Event: Any\r\nValue: ${value}\r\n\r\n`);
    expect(message?.kind === 'event' && field(message.fields, 'Value')).toBeUndefined();
  });

  it('may end its lines with LF alone', () => {
    expect(block('Event: Hold\nUniqueid: 1.2\n\n')).toMatchObject({ kind: 'event', name: 'Hold' });
  });

  it('may hold bytes that are no UTF-8', () => {
    const bytes = Buffer.concat([
      Buffer.from(`${banner}Event: Any\r\nValue: `),
      Buffer.from([0xff, 0xfe]),
      Buffer.from('\r\n\r\n'),
    ]);
    const [, message] = decode(bytes);
    expect(message?.kind === 'event' && field(message.fields, 'Value')).toBe('\ufffd\ufffd');
  });
});

describe('however the bytes are cut', () => {
  it('the messages of a real recording are the same', () => {
    const bytes = readRecording('ami-sip-busy-486');
    const whole = decode(bytes);
    expect(whole.length).toBeGreaterThan(50);
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 3_000 }), (seed, longest) => {
        const pieces = [...piecesOf(bytes, { kind: 'random', seed, longest })];
        expect(decode(...pieces)).toEqual(whole);
      }),
      { numRuns: 30 },
    );
  });

  it('at each single place, also within a letter of several bytes', () => {
    const bytes = Buffer.from(
      `${banner}Event: Any\r\nValue: 山田\r\n\r\nResponse: Success\r\n\r\n`,
    );
    const whole = decode(bytes);
    expect(whole).toHaveLength(3);
    for (let at = 0; at <= bytes.length; at += 1) {
      expect(decode(bytes.subarray(0, at), bytes.subarray(at))).toEqual(whole);
    }
    expect(decode(...piecesOf(bytes, { kind: 'bytes' }))).toEqual(whole);
  });

  it('no chunk can change what was handed over before', () => {
    const decoder = new AmiDecoder();
    const chunk = Buffer.from(`${banner}Event: Any\r\nVal`);
    decoder.push(chunk);
    // The socket may use its buffer again.
    chunk.fill('!');
    const [message] = decoder.push(Buffer.from('ue: x\r\n\r\n'));
    expect(message?.kind === 'event' && field(message.fields, 'Value')).toBe('x');
  });
});

describe('bounds', () => {
  it('refuse a line of 100 MB before it is held', () => {
    const decoder = new AmiDecoder();
    decoder.push(Buffer.from(banner));
    const chunk = Buffer.alloc(1_024, 'a');
    let fed = 0;
    const error = errorOf(() => {
      for (; fed < 100 * 1_024 * 1_024; fed += chunk.length) decoder.push(chunk);
    });
    expect(error.code).toBe('AMI_LINE_TOO_LONG');
    expect(error.message).toContain(String(bounds.lineBytes));
    expect(fed).toBeLessThanOrEqual(bounds.lineBytes);
  });

  it.each(['', '\n'])('refuse a line of 100 MB that comes at once (ended by %j)', (end) => {
    const line = Buffer.concat([Buffer.alloc(100 * 1_024 * 1_024, 'a'), Buffer.from(end)]);
    const before = process.memoryUsage().arrayBuffers;
    const error = errorOf(() => decode(banner, line));
    expect(error.code).toBe('AMI_LINE_TOO_LONG');
    // `decode` copies what it is given once; the decoder must not do so again.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(150 * 1_024 * 1_024);
  });

  it('allow a line up to the bound, and none beyond', () => {
    const line = (bytes: number): string => `V: ${'x'.repeat(bytes - 5)}\r\n`;
    expect(() => decode(banner, line(bounds.lineBytes))).not.toThrow();
    const error = errorOf(() => decode(banner, line(bounds.lineBytes + 2)));
    expect(error.code).toBe('AMI_LINE_TOO_LONG');
  });

  it('refuse a block without an end', () => {
    const decoder = new AmiDecoder();
    decoder.push(Buffer.from(banner));
    // Lines without a colon are dropped, yet they count.
    const line = Buffer.from(`${'x'.repeat(1_000)}\r\n`);
    let fed = 0;
    const error = errorOf(() => {
      for (; fed < 10 * bounds.blockBytes; fed += line.length) decoder.push(line);
    });
    expect(error.code).toBe('AMI_LINE_TOO_LONG');
    expect(fed).toBeLessThanOrEqual(bounds.blockBytes + line.length);
  });

  it('refuse a block of too many fields', () => {
    const lines = Array.from({ length: bounds.fieldsPerBlock + 1 }, (_, n) => `F${n}: x\r\n`);
    const error = errorOf(() => decode(banner, lines.join('')));
    expect(error.message).toContain(String(bounds.fieldsPerBlock));
  });

  it('hold for each block anew', () => {
    const half = 'x'.repeat(bounds.lineBytes / 2);
    const fields = Array.from({ length: 20 }, (_, n) => `F${n}: ${half}\r\n`).join('');
    const blocks = Array.from({ length: 10 }, () => `Event: Any\r\n${fields}\r\n`);
    expect(decode(banner, ...blocks)).toHaveLength(11);
  });
});

describe('an action', () => {
  it('is written as lines, ended by an empty one', () => {
    const text = encodeAction([
      ['Action', 'Ping'],
      ['ActionID', 'offhook-1'],
    ]);
    expect(text).toBe('Action: Ping\r\nActionID: offhook-1\r\n\r\n');
  });

  it.each([
    ['a\r\nAction: Originate', 'a Action: Originate'],
    ['a\nb', 'a b'],
    ['a\rb', 'a b'],
    ['a\r\n\r\nAction: Command\r\nCommand: x', 'a Action: Command Command: x'],
    ['a\0b', 'a b'],
  ])('cannot be given another field by the value %j', (value, written) => {
    expect(encodeAction([['Channel', value]])).toBe(`Channel: ${written}\r\n\r\n`);
  });

  it('is one block of as many lines as it has fields, whatever the values', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 }), (values) => {
        const text = encodeAction(values.map((value) => ['Name', value]));
        expect(text.split(/\r\n|\r|\n|\0/)).toHaveLength(values.length + (values.length ? 2 : 3));
      }),
    );
  });
});
