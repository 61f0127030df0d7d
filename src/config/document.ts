/**
 * The table of settings for the documentation, in Markdown. A test holds the printed documentation
 * against it.
 */
import { environmentName } from './environment.ts';
import { lists } from './lists.ts';
import { expectation } from './schema.ts';
import { sections } from './settings.ts';
import { commonSourceSettings, sourceTypes } from './source-settings.ts';
import { isRequired } from './setting.ts';
import type { Setting, Settings } from './setting.ts';

/** One Markdown table per section, in the order of the file; ends with a line break. */
export function settingsTable(): string {
  const parts: string[] = [];
  for (const [section, settings] of Object.entries(sections)) {
    const variable = (name: string): string => `\`${environmentName(section, name)}\``;
    parts.push(part(`\`[${section}]\``, settings, variable));
  }
  for (const [list, settings] of Object.entries(lists))
    parts.push(part(`\`[[${list}]]\``, settings));
  parts.push(part('`[[source]]`, every type', commonSourceSettings));
  for (const [type, settings] of Object.entries(sourceTypes)) {
    parts.push(part(`\`[[source]]\`, type "${type}"`, settings));
  }
  return parts.join('\n');
}

function part(title: string, settings: Settings, variable?: (name: string) => string): string {
  const head = ['Setting', 'Value', 'Default', 'Meaning'];
  if (variable !== undefined) head.push('Environment');
  const rows = Object.entries(settings).map(([name, setting]) => {
    const row = [`\`${name}\``, expectation(setting), defaultText(setting), setting.meaning];
    if (variable !== undefined) row.push(variable(name));
    return row;
  });
  const widths = head.map((_, column) =>
    Math.max(...[head, ...rows].map((cells) => (cells[column] ?? '').length)),
  );
  // Columns are padded as the formatter would, so that formatting the document changes nothing.
  const rule = widths.map((width) => '-'.repeat(width));
  const lines = [head, rule, ...rows].map((cells) => {
    const padded = cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return `| ${padded.join(' | ')} |\n`;
  });
  return `#### ${title}\n\n${lines.join('')}`;
}

function defaultText(setting: Setting): string {
  if (isRequired(setting)) return '_required_';
  if (!('default' in setting) || setting.default === undefined) return '_none_';
  return `\`${JSON.stringify(setting.default)}\``;
}
