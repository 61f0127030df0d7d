/**
 * Where a command speaks and what it knows of its place: standard output for what was asked for,
 * standard error for what is said beside it. Everything a command touches of the process stands here.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { paintFor } from './terminal.ts';
import type { Paint } from './terminal.ts';

export interface Surface {
  /** Prints a line on standard output. */
  out(line: string): void;
  /** Prints a line on standard error. */
  aside(line: string): void;
  /** Prints on standard error without ending the line, for a question. */
  ask(words: string): void;
  readonly paint: Paint;
  /** Colours for `aside`. */
  readonly asidePaint: Paint;
  /** True when a person looks at standard output. */
  readonly isTerminal: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How this program was called, such as `npx offhook`. */
  readonly invocation: string;
  readonly version: string;
}

export function processSurface(): Surface {
  // Whoever reads us may leave before the end (`offhook tail | head`); that is no error of ours.
  process.stdout.on('error', (error) => {
    process.exit('code' in error && error.code === 'EPIPE' ? 0 : 1);
  });
  const env = process.env;
  return {
    out: (line) => void process.stdout.write(`${line}\n`),
    aside: (line) => void process.stderr.write(`${line}\n`),
    ask: (words) => void process.stderr.write(words),
    paint: paintFor(process.stdout, env),
    asidePaint: paintFor(process.stderr, env),
    isTerminal: process.stdout.isTTY,
    env,
    invocation: invocationOf(process.argv[1] ?? '', process.cwd()),
    version: packageVersion(),
  };
}

/**
 * The words with which this program was started, for examples that can be copied.
 * @param script absolute path of the script that runs, as it was called
 * @param folder absolute folder that the person is in
 */
export function invocationOf(script: string, folder: string): string {
  const name = basename(script);
  if (name !== 'main.js' && name !== 'main.ts') {
    const local = dirname(script).endsWith('node_modules/.bin');
    return local ? `npx ${name}` : name;
  }
  const path = relative(folder, script);
  return `node ${path.startsWith('..') ? script : path}`;
}

function packageVersion(): string {
  const file = fileURLToPath(new URL('../../package.json', import.meta.url));
  const content: unknown = JSON.parse(readFileSync(file, 'utf8'));
  const isPackage = typeof content === 'object' && content !== null && 'version' in content;
  return isPackage ? String(content.version) : 'unknown';
}
