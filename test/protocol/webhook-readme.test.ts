/** What stands in the text about every destination is what the program takes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { commonNames } from '../../src/webhook/destination.ts';
import { dialectNames } from '../../src/webhook/dialects.ts';

const folder = join(import.meta.dirname, '..', '..', 'protocol', 'webhook');
const text = readFileSync(join(folder, 'README.md'), 'utf8');

it('has a row for everything that a destination may have, and for nothing else', () => {
  const section = /## What a destination is\n([^]*?)\n## /.exec(text)?.[1] ?? '';
  const names = [...section.matchAll(/^\| `(\w+)`/gm)].map((match) => match[1]);
  expect(names.sort()).toEqual([...commonNames].sort());
});

it.each(dialectNames)('leads to the contract of %s', (name) => {
  expect(text).toContain(`(${name}/README.md)`);
  expect(readFileSync(join(folder, name, 'README.md'), 'utf8')).toContain(name);
});
