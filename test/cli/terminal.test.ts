import { describe, expect, it } from 'vitest';
import {
  columnsOf,
  fit,
  noPaint,
  paint,
  paintFor,
  printable,
  table,
} from '../../src/cli/terminal.ts';

describe('colour', () => {
  it('is used on a terminal', () => {
    expect(paintFor({ isTTY: true }, {})('green', 'x')).toBe('\u001b[32mx\u001b[39m');
  });

  it.each([
    ['in a pipe', { isTTY: false }, {}],
    ['in a file, where nothing is known of a terminal', {}, {}],
    ['with NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }],
    ['on a dumb terminal', { isTTY: true }, { TERM: 'dumb' }],
  ])('is not used %s', (_where, stream, env) => {
    expect(paintFor(stream, env)('green', 'x')).toBe('x');
  });

  it('is used where NO_COLOR is empty, as its authors say', () => {
    expect(paintFor({ isTTY: true }, { NO_COLOR: '' })).toBe(paint);
  });
});

describe('text from outside', () => {
  it.each([
    ['\u001b[2Jgone', '\ufffd[2Jgone'],
    ['a\r\nb', 'a\ufffd\ufffdb'],
    ['\u009b31m', '\ufffd31m'],
    ['\u202etxt.exe', '\ufffdtxt.exe'],
    ['\ud800', '\ufffd'],
    ['Zoë Weiß 電話 ☎', 'Zoë Weiß 電話 ☎'],
  ])('cannot move the cursor or turn the line around: %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });
});

describe('columns', () => {
  it.each([
    ['abc', 3],
    ['Zoe\u0308', 3],
    ['電話', 4],
    ['', 0],
  ])('of %j are %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdefg', 6, 'abcde…'],
    ['電話番号', 5, '電話…'],
  ])('are kept by cutting %j to %i', (text, columns, shown) => {
    expect(fit(text, columns)).toBe(shown);
  });
});

describe('a table', () => {
  const rows = [
    [{ text: 'ringing' }, { text: 'Zoe\u0308' }, { text: 'a-very-long-identifier' }],
    [{ text: 'on hold' }, { text: '電話' }, { text: 'b' }],
  ];

  it('lines up its columns, cuts long cells and never the last', () => {
    expect(table(['State', 'Who', 'Call'], rows, 6, noPaint)).toEqual([
      'State   Who   Call',
      'ringi…  Zoe\u0308   a-very-long-identifier',
      'on ho…  電話  b',
    ]);
  });

  it('lines up the same when coloured', () => {
    const coloured = table(['State', 'Who', 'Call'], rows, 9, paint);
    const bare = coloured.map((line) => line.replaceAll(/\u001b\[\d+m/g, '').trimEnd());
    expect(bare).toEqual(table(['State', 'Who', 'Call'], rows, 9, noPaint));
  });
});
