/**
 * CLIENT.md, run: each program in it is checked against the types that the package ships, and then run against
 * a server, found by the package's name as a user's program finds it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { feedErrorCodes } from '../../src/client/error.ts';
import { notificationTypes } from '../../src/subscriber/message.ts';
import { type ServerProcess, startServerProcess } from '../support/server-process.ts';

const root = join(import.meta.dirname, '..', '..');
const guide = readFileSync(join(root, 'CLIENT.md'), 'utf8');
const programs = Array.from(guide.matchAll(/^```ts\n([^]*?)^```$/gm), ([, text = '']) => text);

let folder: string;
let server: ServerProcess;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-guide-'));
  mkdirSync(join(folder, 'node_modules', '@types'), { recursive: true });
  symlinkSync(root, join(folder, 'node_modules', 'offhook'));
  symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  server = await startServerProcess(
    folder,
    `[feed]
port = 0
[http]
port = 0
[data]
dir = "${join(folder, 'data')}"
[[source]]
type = "simulator"
name = "centre"
rate = 50
agents = 100
timeScale = 0.1
`,
  );
});
afterAll(async () => {
  await server.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a program until it has said something that fits; all that it said. */
async function said(program: number, fits: RegExp): Promise<string> {
  const text = (programs[program] ?? '')
    .replace(':7400', `:${server.feedPort}`)
    .replace(':7480', `:${server.httpPort}`)
    // The simulated centre's own numbers.
    .replace(/extensions: \[.*\],/, '');
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
  });
  writeFileSync(join(folder, `run${program}.js`), outputText);
  const child = spawn(process.execPath, [`run${program}.js`], { cwd: folder });
  const gone = new Promise((resolve) => child.once('exit', resolve));
  let errors = '';
  child.stderr.on('data', (chunk) => (errors += String(chunk)));
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (fits.test(lines.join('\n'))) break;
  }
  child.kill('SIGKILL');
  await gone;
  expect(errors).toBe('');
  return lines.join('\n');
}

test('every program is sound by the types of the package', { timeout: 60_000 }, () => {
  expect(programs).toHaveLength(3);
  const files = programs.map((text, index) => {
    const file = join(folder, `program${index}.ts`);
    writeFileSync(file, text);
    return file;
  });
  const page = join(folder, 'page.ts');
  writeFileSync(
    page,
    "import { connectFeed, type FeedEvent } from 'offhook/client/browser';\n" +
      'export const events: AsyncIterable<FeedEvent> = connectFeed();\n' +
      '// @ts-expect-error a page has no certificates\nconnectFeed({ ca: "" });\n',
  );
  const program = ts.createProgram([...files, page], {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: ['node'],
    preserveSymlinks: true,
  });
  const faults = ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) =>
        `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
  expect(faults).toEqual([]);
});

describe('the program', () => {
  test('that follows calls prints them', async () => {
    expect(await said(0, /CallEnd/)).toMatch(/^CallStart [0-9a-f-]{36} /m);
  });

  test('that keeps its position goes on from there', async () => {
    await said(1, /ended/);
    const kept = readFileSync(join(folder, 'position.txt'), 'utf8');
    expect(kept).toMatch(/^[0-9a-z]+-\d+$/);
    await said(1, /ended/);
    expect(
      Number(readFileSync(join(folder, 'position.txt'), 'utf8').split('-')[1]),
    ).toBeGreaterThan(Number(kept.split('-')[1]) - 1);
  });

  test('that asks is answered', async () => {
    expect(await said(2, /no such call/)).toMatch(/^offhook \d+\.\d+\.\d+, \d+ calls$/m);
  });
});

test('lists every error code with its meaning, and no other', () => {
  const listed = Array.from(
    guide.matchAll(/^\| `([A-Z_]+)` \| (.*) \|$/gm),
    ([, code, meaning]) => [code, meaning],
  );
  expect(Object.fromEntries(listed)).toEqual(feedErrorCodes);
});

test('speaks of types of events that there are', () => {
  for (const [, type = ''] of guide.matchAll(/event\.type === '(\w+)'/g)) {
    expect(notificationTypes).toContain(type);
  }
});
