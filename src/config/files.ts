/**
 * Files that the settings name and the server cannot do without: whether each can be read is found out
 * before the start, together with everything else that is wrong.
 */
import { isAbsolute, join } from 'node:path';
import { accessSettings } from './access-settings.ts';
import type { Problem } from './problem.ts';
import type { TokenSettings } from './settings.ts';
import { pathText, tablesOf, valueAt } from './tree.ts';
import type { Tree, TreePath } from './tree.ts';

export interface FilePlaces {
  /** Absolute folder that relative paths start from. */
  readonly folder: string;
  /** Why the file cannot be read, to follow "cannot be read"; undefined when it can. */
  fileFault(path: string): string | undefined;
  /** The tokens in a tokens file; none where there is no file. May throw, with what is wrong as message. */
  readTokens(path: string): readonly TokenSettings[];
}

/** The files of certificates, the server's own and those by which it knows others. */
export function checkFiles(tree: Tree, places: FilePlaces): Problem[] {
  const paths: TreePath[] = [
    ['tls', 'certificate'],
    ['tls', 'key'],
    ['tls', 'clientCa'],
  ];
  for (const { index, table } of tablesOf(tree, 'source')) {
    if (table['tls'] === true && table['enabled'] !== false) paths.push(['source', index, 'tlsCa']);
  }
  return paths.flatMap((path) => {
    const value = valueAt(tree, path);
    if (typeof value !== 'string' || value === '') return [];
    const file = absolutePath(value, places.folder);
    const fault = places.fileFault(file);
    if (fault === undefined) return [];
    const seen = `${JSON.stringify(file)}, which cannot be read (${fault})`;
    return { path: pathText(path), seen, expected: 'the path of a PEM file' };
  });
}

/** Where the tokens file is, or undefined when the setting is no path. */
export function tokensFileOf(tree: Tree, folder: string): string | undefined {
  const path = valueAt(tree, ['access', 'tokensFile']) ?? accessSettings.tokensFile.default;
  return typeof path === 'string' && path !== '' ? absolutePath(path, folder) : undefined;
}

/** The tokens of the tokens file, or undefined after telling why they are not known. */
export function filedTokensOf(
  tree: Tree,
  places: FilePlaces,
  problems: Problem[],
): readonly TokenSettings[] | undefined {
  const file = tokensFileOf(tree, places.folder);
  if (file === undefined) return undefined;
  try {
    return places.readTokens(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const seen = `${JSON.stringify(file)}, which cannot be used: ${reason}`;
    const expected = 'a file as `offhook tokens add` writes it';
    problems.push({ path: 'access.tokensFile', seen, expected });
    return undefined;
  }
}

export function absolutePath(path: string, folder: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
