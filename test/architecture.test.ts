import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../src/base/errors.ts';
import {
  barrels,
  circles,
  doors,
  floors,
  floorsIn,
  headless,
  impure,
  lostDoors,
  roomOf,
  type SourceFile,
  sourceFile,
  sourceFiles,
  textOf,
  tooLong,
  undeclared,
  wrongFloors,
} from './support/floor-plan.ts';

const house = sourceFiles(fileURLToPath(new URL('../src', import.meta.url)));
const rootFile = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url));

/** A house of a few files, with its mistake in it. */
function sample(files: Readonly<Record<string, string>>): SourceFile[] {
  return Object.entries(files).map(([path, text]) => sourceFile(path, text));
}

it('the house has been read', () => {
  expect(house.length).toBeGreaterThan(100);
  expect(house.flatMap(({ imports }) => imports).length).toBeGreaterThan(500);
  const rooms = new Set(house.map(({ path }) => roomOf(path).split('/')[0]));
  expect([...rooms].sort()).toEqual(floors.flat().sort());
});

describe('imports', () => {
  it('run down the floors only', () => {
    expect(wrongFloors(house)).toEqual([]);
  });

  it('that do not are found: up, sideways, between sources, from nowhere', () => {
    const files = sample({
      'call/up.ts': "import { a } from '../feed/a.ts';",
      'feed/a.ts': "import type { b } from '../journal/b.ts';",
      'journal/b.ts': "export { c } from '../call/c.ts';",
      'call/c.ts': "const d = import('../base/d.ts');",
      'base/d.ts': '',
      'source/ami/e.ts': "import '../esl/f.ts';\nimport '../shared.ts';",
      'source/esl/f.ts': '',
      'source/shared.ts': "import './esl/f.ts';",
      'subscriber/g.ts': "import '../source/shared.ts';\nimport '../call/nowhere.ts';",
      'app/h.ts': "import '../cli/i.ts';\nimport '../subscriber/g.ts';",
      'cli/i.ts': "import '../app/h.ts';",
      'cellar/j.ts': '',
    });
    expect(wrongFloors(files)).toEqual([
      'call/up.ts imports feed/a.ts, on a higher floor',
      'feed/a.ts imports journal/b.ts, on another room of its floor',
      'source/ami/e.ts imports source/esl/f.ts, on another room of its floor',
      'source/shared.ts imports source/esl/f.ts, on another room of its floor',
      'subscriber/g.ts imports source/shared.ts, on another room of its floor',
      'subscriber/g.ts imports ../call/nowhere.ts, which is no file of src',
      'app/h.ts imports cli/i.ts, on a higher floor',
      'cellar/j.ts is in no room that stands on a floor',
    ]);
  });

  it('are of packages that package.json declares', () => {
    const manifest: { readonly dependencies: Readonly<Record<string, string>> } = JSON.parse(
      textOf(rootFile('package.json')) ?? '',
    );
    const declared = new Set(Object.keys(manifest.dependencies));
    expect(undeclared(house, declared)).toEqual([]);

    const files = sample({
      'a.ts': "import 'left-pad';\nimport 'zod/v4';\nimport '@x/y/z';\nimport 'node:nets';",
    });
    expect(undeclared(files, new Set(['zod', '@x/z']))).toEqual([
      'a.ts imports left-pad, which package.json does not declare',
      'a.ts imports @x/y/z, which package.json does not declare',
      'a.ts imports node:nets, which package.json does not declare',
    ]);
  });

  it('go in no circle, types left aside', () => {
    expect(circles(house)).toEqual([]);
  });

  it('that go in a circle are found', () => {
    const files = sample({
      'a.ts': "import { b } from './b.ts';",
      'b.ts': "import type { a } from './a.ts';\nimport { type c } from './c.ts';",
      'c.ts': "export { a } from './b.ts';\nexport type { d } from './d.ts';",
      'd.ts': "import { c } from './c.ts';\nimport './d.ts';",
    });
    expect(circles(files)).toEqual(['b.ts → c.ts → b.ts', 'd.ts → d.ts']);
  });
});

describe('the outside', () => {
  it('is touched by those files only that are listed as doors', () => {
    expect([...impure(house), ...lostDoors(house)]).toEqual([]);
  });

  it.each([
    ["import { connect } from 'node:net';", 'node:net'],
    ["import { readFile } from 'node:fs/promises';", 'node:fs/promises'],
    ["import type { Logger } from 'pino';", 'pino'],
    ["const { WebSocket } = await import('ws');", 'ws'],
    ['const now = Date.now();', 'Date.now('],
    ['const now = new Date();', 'new Date()'],
    ['setTimeout(() => undefined, 5);', 'setTimeout('],
    ['clearInterval(timer);', 'clearInterval('],
    ['const dice = Math.random();', 'Math.random('],
    ["import { randomBytes } from 'node:crypto';\nrandomBytes(8);", 'randomBytes('],
    ['const { HOME } = process.env;', 'process.'],
    ['console.log(1);', 'console.'],
  ])('touched by %s is found', (text, touched) => {
    expect(impure(sample({ 'source/ami/session.ts': text }))).toEqual([
      `source/ami/session.ts is no door and touches ${touched}`,
    ]);
    expect(impure(sample({ 'source/ami/client.ts': text }))).toEqual([]);
    expect(impure(sample({ 'store/writer.ts': text }))).toEqual([]);
  });

  it('is not touched by a word about it, a type, or a time that is given', () => {
    const text = [
      '/** Date.now() is not for us, nor process.exit. */',
      'type Timer = ReturnType<typeof setTimeout>; // setTimeout(',
      "import { createHash } from 'node:crypto';",
      'const at = new Date(createHash.length);',
    ].join('\n');
    expect(impure(sample({ 'call/call.ts': text }))).toEqual([]);
  });

  it('has no door that is shut, gone, or stands where all must be pure', () => {
    const files = sample({
      'base/quiet.ts': 'export const quiet = 1;',
      'call/clock.ts': 'Date.now();',
      'subscriber/call-codec.ts': 'Date.now();',
    });
    const listed = Object.fromEntries([...files.map(({ path }) => [path, '']), ['gone.ts', '']]);
    expect(impure(files, listed)).toEqual([
      'base/quiet.ts is listed as a door and touches nothing',
      'call/clock.ts is listed as a door and must be pure',
      'subscriber/call-codec.ts is listed as a door and must be pure',
    ]);
    expect(lostDoors(files, listed)).toEqual(['gone.ts is listed as a door and is not there']);
  });

  it('is never touched by what must be pure in every room', () => {
    const names = ['codec', 'session', 'translate', 'framer', 'lexer', 'registry', 'transitions'];
    for (const name of names) {
      const path = `source/ami/${name}.ts`;
      expect(impure(sample({ [path]: 'Date.now();' }), { ...doors, [path]: '' })).toEqual([
        `${path} is listed as a door and must be pure`,
      ]);
    }
  });
});

describe('every file', () => {
  it('can be read in one sitting', () => {
    expect(tooLong(house)).toEqual([]);
    const lines = (count: number): string => 'const a = 1;\n'.repeat(count);
    expect(tooLong(sample({ 'a.ts': lines(320), 'b.ts': lines(321) }))).toEqual([
      'b.ts has 321 lines, 320 at the most',
    ]);
  });

  it('begins by saying what belongs in it', () => {
    expect(headless(house)).toEqual([]);
    const header = '/**\n * The part of the house that is tried.\n */\n';
    const files = sample({
      'good.ts': header,
      'short.ts': '/** The part of the house that is tried. */\n',
      'program.ts': `#!/usr/bin/env node\n${header}`,
      'late.ts': `import 'a';\n${header}`,
      'none.ts': 'const a = 1;\n',
      'empty.ts': '/**\n * Codec.\n */\n',
      'line.ts': '// The part of the house that is tried.\n',
    });
    expect(headless(files)).toEqual(
      ['late.ts', 'none.ts', 'empty.ts', 'line.ts'].map(
        (path) => `${path} does not begin with a header`,
      ),
    );
  });

  it('makes something of its own', () => {
    expect(barrels(house)).toEqual([]);
    const files = sample({
      'index.ts': "export * from './a.ts';",
      'call/index.ts': 'export const a = 1;',
      'call/all.ts': "export const a = 1;\nexport * from './a.ts';",
      'call/some.ts': "export { a } from './a.ts';\nexport type { b } from './b.ts';",
      'call/own.ts': "export type { b } from './b.ts';\nexport const a = 1;",
    });
    expect(barrels(files)).toEqual([
      'call/index.ts is a barrel',
      'call/all.ts is a barrel',
      'call/some.ts is a barrel',
    ]);
  });
});

describe('ARCHITECTURE.md', () => {
  const document = textOf(rootFile('ARCHITECTURE.md')) ?? '';

  it('shows the floors that the house has', () => {
    expect(floorsIn(document).map((rooms) => rooms.filter(isTopRoom).sort())).toEqual(
      floors.map((rooms) => [...rooms].sort()),
    );
  });

  it('lists every error code, and no other', () => {
    const listed = Array.from(document.matchAll(/^\| `([A-Z_]+)` \|/gm), ([, code]) => code);
    expect(listed.sort()).toEqual(Object.keys(errorCodes).sort());
  });

  it('lists the sources that there are', () => {
    const rooms = new Set(house.map(({ path }) => roomOf(path)));
    for (const room of rooms) {
      if (room.startsWith('source/')) expect(document).toContain(`\`${room.slice(7)}/\``);
    }
  });
});

/** The table also names the rooms within the room of sources. */
function isTopRoom(room: string): boolean {
  return floors.flat().includes(room);
}
