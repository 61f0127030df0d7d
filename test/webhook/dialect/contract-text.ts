/**
 * What the texts under `protocol/webhook` say in tables and examples, so that a test can hold the code
 * against it.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'smol-toml';

const folder = join(import.meta.dirname, '..', '..', '..', 'protocol', 'webhook');

export function contractOf(dialect: string): string {
  return readFileSync(join(folder, dialect, 'README.md'), 'utf8');
}

/** The cells of all rows of the table whose first heading is this one, code marks left out. */
export function rowsUnder(text: string, heading: string): string[][] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  const rest = lines.slice(from + 2);
  const until = rest.findIndex((line) => !line.startsWith('|'));
  return rest.slice(0, until).map(cellsOf);
}

/** The headings of that table. */
export function headingsOf(text: string, heading: string): string[] {
  return cellsOf(text.split('\n').find((line) => line.startsWith(`| ${heading} |`)) ?? '');
}

function cellsOf(line: string): string[] {
  return line
    .slice(1, -1)
    .split('|')
    .map((cell) => cell.trim().replaceAll('`', ''));
}

/** The destinations of the text's TOML. */
export function destinationsIn(text: string): unknown[] {
  const blocks = [...text.matchAll(/^```toml\n([^]*?)^```$/gm)];
  return blocks.flatMap(([, block = '']) => {
    const { destination } = parse(block);
    return Array.isArray(destination) ? destination : [];
  });
}
