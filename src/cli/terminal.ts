/**
 * What is known of the terminal, and text that fits it: colour only where it is wanted, columns that
 * line up, and never a control character that came from a telephone system.
 */

export type Ink = 'plain' | 'bold' | 'dim' | 'green' | 'yellow' | 'red' | 'cyan';
/** Puts text into a colour, or leaves it as it is. */
export type Paint = (ink: Ink, text: string) => string;

const codes: Readonly<Record<Ink, readonly [number, number]>> = {
  plain: [0, 0],
  bold: [1, 22],
  dim: [2, 22],
  green: [32, 39],
  yellow: [33, 39],
  red: [31, 39],
  cyan: [36, 39],
};

export const noPaint: Paint = (_ink, text) => text;

export const paint: Paint = (ink, text) => {
  if (ink === 'plain' || text === '') return text;
  const [on, off] = codes[ink];
  return `\u001b[${on}m${text}\u001b[${off}m`;
};

/** Colour on a terminal only, and not where NO_COLOR (https://no-color.org) or a dumb one says no. */
export function paintFor(
  stream: { readonly isTTY?: boolean | undefined },
  env: Readonly<Record<string, string | undefined>>,
): Paint {
  const refused = (env['NO_COLOR'] ?? '') !== '' || env['TERM'] === 'dumb';
  return stream.isTTY === true && !refused ? paint : noPaint;
}

/** Control, direction and other invisible characters, which could make a terminal lie. */
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** Text from outside, safe to print on a line of its own. */
export function printable(text: string): string {
  return text.replaceAll(unprintable, '\ufffd');
}

const graphemes = new Intl.Segmenter('und', { granularity: 'grapheme' });
const wide =
  /\p{Script=Han}|\p{Script=Hiragana}|\p{Script=Katakana}|\p{Script=Hangul}|\p{Emoji_Presentation}|[\uff01-\uff60]/u;

/** Columns that a text takes on a terminal; for text without colour. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const { segment } of graphemes.segment(text)) columns += wide.test(segment) ? 2 : 1;
  return columns;
}

/** Shortens to at most `columns`, with an ellipsis where something was cut. */
export function fit(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let short = '';
  let used = 1;
  for (const { segment } of graphemes.segment(text)) {
    used += columnsOf(segment);
    if (used > columns) break;
    short += segment;
  }
  return `${short}…`;
}

export function pad(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

export interface Cell {
  readonly text: string;
  readonly ink?: Ink;
}

/**
 * Rows under a heading, columns two spaces apart, cells cut after `widest` columns; the last column is
 * never cut. Lines have no trailing space.
 */
export function table(
  heading: readonly string[],
  rows: readonly (readonly Cell[])[],
  widest: number,
  inked: Paint,
): readonly string[] {
  const last = heading.length - 1;
  const head = heading.map((text): Cell => ({ text, ink: 'dim' }));
  const lines = [head, ...rows].map((cells) =>
    cells.map((cell, column) => ({
      ...cell,
      text: column === last ? cell.text : fit(cell.text, widest),
    })),
  );
  const widths = heading.map((_, column) =>
    Math.max(...lines.map((cells) => columnsOf(cells[column]?.text ?? ''))),
  );
  return lines.map((cells) =>
    cells
      .map(({ text, ink }, column) => {
        const gap = column === last ? '' : ' '.repeat((widths[column] ?? 0) - columnsOf(text) + 2);
        return inked(ink ?? 'plain', text) + gap;
      })
      .join('')
      .trimEnd(),
  );
}
