/**
 * Files that the settings name and the server cannot do without: whether each can be read is found out
 * before the start, together with everything else that is wrong.
 */
import { isAbsolute, join } from 'node:path';
import { accessSettings } from './access-settings.ts';
import { faceSettings } from './face-settings.ts';
import type { Problem } from './problem.ts';
import type { TokenSettings, UserSettings } from './settings.ts';
import { pathText, tablesOf, valueAt } from './tree.ts';
import type { Tree, TreePath } from './tree.ts';

export interface FilePlaces {
  /** Absolute folder that relative paths start from. */
  readonly folder: string;
  /** Why the file cannot be read, to follow "cannot be read"; undefined when it can. */
  fileFault(path: string): string | undefined;
  /** The tokens in a tokens file; none where there is no file. May throw, with what is wrong as message. */
  readTokens(path: string): readonly TokenSettings[];
  /** The same of the users in a users file. */
  readUsers(path: string): readonly UserSettings[];
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
  return fileOf(tree, ['access', 'tokensFile'], accessSettings.tokensFile.default, folder);
}

/** Where the users file is, or undefined when the setting is no path. */
export function usersFileOf(tree: Tree, folder: string): string | undefined {
  return fileOf(tree, ['face', 'usersFile'], faceSettings.usersFile.default, folder);
}

function fileOf(tree: Tree, at: TreePath, usual: string, folder: string): string | undefined {
  const path = valueAt(tree, at) ?? usual;
  return typeof path === 'string' && path !== '' ? absolutePath(path, folder) : undefined;
}

/** What tables of the configuration and files beside it know together. */
export interface Filed {
  /** The tokens of the tokens file; undefined when they are not known, which has been told. */
  readonly tokens: readonly TokenSettings[] | undefined;
  /** The same of the users file. */
  readonly users: readonly UserSettings[] | undefined;
}

/** What the tokens file and the users file hold; why that is not known is told as a problem. */
export function filedOf(tree: Tree, places: FilePlaces, problems: Problem[]): Filed {
  const read = <T>(
    kind: 'tokens' | 'users',
    file: string | undefined,
    from: (path: string) => T,
  ) => {
    if (file === undefined) return undefined;
    try {
      return from(file);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const seen = `${JSON.stringify(file)}, which cannot be used: ${reason}`;
      const expected = `a file as \`offhook ${kind} add\` writes it`;
      const path = kind === 'tokens' ? 'access.tokensFile' : 'face.usersFile';
      problems.push({ path, seen, expected });
      return undefined;
    }
  };
  return {
    tokens: read('tokens', tokensFileOf(tree, places.folder), (path) => places.readTokens(path)),
    users: read('users', usersFileOf(tree, places.folder), (path) => places.readUsers(path)),
  };
}

export function absolutePath(path: string, folder: string): string {
  return isAbsolute(path) ? path : join(folder, path);
}
