/** Tables as the bench prints them: columns aligned, and Markdown all the same. */

/** @param rows lists of texts, as many as there are heads */
export function table(heads, rows) {
  const widths = heads.map((head, at) =>
    Math.max(...[head, ...rows.map((row) => row[at])].map((t) => t.length)),
  );
  // The first column is a name, the others are figures.
  const pad = (text, at) => (at === 0 ? text.padEnd(widths[at]) : text.padStart(widths[at]));
  const line = (cells) => `| ${cells.map(pad).join(' | ')} |`;
  const rule = `| ${widths.map((width, at) => (at === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`)).join(' | ')} |`;
  return [line(heads), rule, ...rows.map(line)].join('\n');
}

export const whole = (value) =>
  Number.isFinite(value) ? Math.round(value).toLocaleString('en') : '–';
export const fixed = (value, digits = 2) => (Number.isFinite(value) ? value.toFixed(digits) : '–');
/** Milliseconds with as many digits as they are worth. */
export const ms = (value) =>
  value >= 100 ? fixed(value, 0) : value >= 10 ? fixed(value, 1) : fixed(value, 2);
export const seconds = (value) => `${fixed(value / 1000, 1)} s`;
export const percent = (share, digits = 1) => `${fixed(share * 100, digits)} %`;
export const times = (ratio) => (Number.isFinite(ratio) ? `${ratio.toFixed(2)} ×` : '–');
export const yesNo = (flag) => (flag ? 'yes' : 'NO');
