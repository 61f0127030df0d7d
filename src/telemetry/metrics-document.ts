/**
 * The table of instruments for the documentation, in Markdown. A test holds the printed documentation
 * against it.
 */
import { type Instrument, instruments } from './instruments.ts';

/** One row per instrument, in the order of the table; ends with a line break. */
export function metricsTable(): string {
  const head = ['Metric', 'Type', 'Labels', 'Meaning'];
  const rows = Object.entries<Instrument>(instruments).map(([name, { type, labels, help }]) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(' '),
    help,
  ]);
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((cells) => (cells[column] ?? '').length)),
  );
  // Columns are padded as the formatter would, so that formatting the document changes nothing.
  const rule = widths.map((width) => '-'.repeat(width));
  const lines = [head, rule, ...rows].map((cells) => {
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `| ${padded.join(' | ')} |\n`;
  });
  return lines.join('');
}
