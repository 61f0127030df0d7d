/**
 * The built modules that one of them needs, all the way down, as a page would load them.
 */
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const dist = fileURLToPath(new URL('../../dist/', import.meta.url));

export interface BuiltModule {
  /** Below dist, with slashes: `client/browser.js`. */
  readonly path: string;
  readonly text: string;
  /** Imports that are no relative path, which a page cannot load. */
  readonly bare: readonly string[];
}

/** @param entry below dist: `client/browser.js` */
export function moduleGraph(entry: string): ReadonlyMap<string, BuiltModule> {
  const found = new Map<string, BuiltModule>();
  const walk = (path: string): void => {
    if (found.has(path)) return;
    const text = readFileSync(dist + path, 'utf8');
    const names = ts.preProcessFile(text, true, true).importedFiles.map((each) => each.fileName);
    const relative = names.filter((name) => /^\.\.?\//.test(name));
    const bare = names.filter((name) => !relative.includes(name));
    found.set(path, { path, text, bare });
    for (const name of relative) walk(posix.join(posix.dirname(path), name));
  };
  walk(entry);
  return found;
}
