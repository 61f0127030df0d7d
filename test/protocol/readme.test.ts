/** The text of the protocol says what the code does, where both have it in tables. */
import { describe, expect, it } from 'vitest';
import { closeCodes } from '../../src/subscriber/close-codes.ts';
import { bounds, notificationTypes, wire } from '../../src/subscriber/message.ts';
import { list, read } from './conversation.ts';

const text = read('README.md');

/** The rows of all tables, each as its cells. */
const rows = text
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );

const firstCells = rows.flatMap(([first = '']) => first.split(', '));

describe('the text of the protocol', () => {
  it('has a row for every request', () => {
    const { muteStateEcho: _, ...requests } = wire.requests;
    for (const type of Object.values(requests).flat()) expect(firstCells).toContain(`\`${type}\``);
  });

  it('has a row for every notification', () => {
    for (const type of notificationTypes) expect(firstCells).toContain(`\`${type}\``);
  });

  it.each(Object.entries(closeCodes))(
    'tells the close code of %s',
    (reason, { code, comeBack }) => {
      const row = rows.find(([first]) => first === `\`${reason}\``);
      expect(row?.[1]).toBe(String(code));
      expect(row?.[3]).toMatch(comeBack ? /^yes/ : /^no/);
    },
  );

  it('tells the bounds', () => {
    const told = rows.flatMap(([what, limit = '']) =>
      what === 'message' || /^(depth|elements|attributes?|message half)/.test(what ?? '')
        ? [parseInt(limit, 10)]
        : [],
    );
    const { halfMessageMs, ...rest } = bounds;
    expect(told).toEqual([...Object.values(rest), halfMessageMs / 1_000]);
  });

  it('shows only messages that are among the examples', () => {
    const shown = [...text.matchAll(/```xml\n(.*)\n```/g)].map(([, message]) => message);
    const known = list('examples').map((file) =>
      read(`examples/${file}`)
        .replace(/^<\?.*?\?>/, '')
        .trimEnd(),
    );
    expect(shown.length).toBeGreaterThan(5);
    for (const message of shown) expect(known).toContain(message);
  });

  it('tells the same bounds in the words of JSON', () => {
    const { messageBytes, depth, elements, attributesPerElement, valueBytes } = bounds;
    const table = rows.slice(rows.findIndex(([first]) => first === 'In JSON') + 2);
    expect(table.slice(0, 5).map(([, limit = '']) => parseInt(limit, 10))).toEqual([
      messageBytes,
      depth,
      elements,
      attributesPerElement,
      valueBytes,
    ]);
  });

  it('shows only JSON that is among the examples', () => {
    const shown = [...text.matchAll(/```json\n(.*)\n```/g)].map(([, message]) => message);
    const known = list('examples', 'json').map((file) => read(`examples/${file}`).trimEnd());
    expect(shown.length).toBeGreaterThan(1);
    for (const message of shown) expect(known).toContain(message);
  });

  it('links to files that are there', () => {
    const links = [...text.matchAll(/\]\(((?:examples|conversations)\/[^)]+)\)/g)].map(
      ([, to]) => to,
    );
    expect(links.length).toBeGreaterThan(3);
    for (const link of links) expect(read(link ?? '')).not.toBe('');
  });
});
