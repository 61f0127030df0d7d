/**
 * Secrets that are not in the file: `{ env = "NAME" }` and `{ file = "PATH" }` are replaced by the text
 * they refer to, before anything is checked.
 */
import type { Environment } from './environment.ts';
import { absolutePath } from './files.ts';
import { listNames } from './lists.ts';
import type { Problem } from './problem.ts';
import { expectation } from './schema.ts';
import { sections } from './settings.ts';
import { isTree, pathText, settingsAt, tablesOf } from './tree.ts';
import type { Tree, TreePath } from './tree.ts';

export interface SecretPlaces {
  readonly env: Environment;
  /** Absolute folder that relative paths start from. */
  readonly folder: string;
  /** The text of a file. May throw; the message goes to the operator. */
  readSecret(path: string): string;
}

/** Resolves every reference in the tree; one that leads nowhere is a problem and is taken out. */
export function resolveSecrets(tree: Tree, places: SecretPlaces, problems: Problem[]): void {
  for (const { index, table } of tablesOf(tree, 'destination')) {
    resolveWithin(table, ['destination', index], places, problems);
  }
  for (const section of Object.keys(sections)) {
    const table = tree[section];
    if (isTree(table)) resolveRows(table, [section], tree, places, problems);
  }
  for (const list of listNames) {
    for (const { index, table } of tablesOf(tree, list)) {
      resolveRows(table, [list, index], tree, places, problems);
    }
  }
}

/** Resolves the rows of one table that are secrets. */
function resolveRows(
  table: Tree,
  at: TreePath,
  tree: Tree,
  places: SecretPlaces,
  problems: Problem[],
): void {
  for (const [name, setting] of Object.entries(settingsAt(tree, at) ?? {})) {
    const value = table[name];
    if (setting.kind !== 'secret' || !isTree(value)) continue;
    const found = follow(value, places);
    delete table[name];
    if (found.kind === 'text') table[name] = found.text;
    else {
      const path = pathText([...at, name]);
      problems.push({ path, seen: found.seen, expected: expectation(setting) });
    }
  }
}

/** Tables whose names are anybody's: `env` in one of them is a name like others. */
const ownNames = /^(params|headers|users)$/;

/** In a destination a reference may stand wherever a text may. */
function resolveWithin(
  table: Tree | unknown[],
  at: TreePath,
  places: SecretPlaces,
  problems: Problem[],
): void {
  for (const [key, value] of Object.entries(table)) {
    const path = [...at, Array.isArray(table) ? Number(key) : key];
    if (isTree(value) && isReference(value) && !ownNames.test(key)) {
      const found = follow(value, places);
      const text = found.kind === 'text' ? found.text : '';
      if (Array.isArray(table)) table[Number(key)] = text;
      else table[key] = text;
      if (found.kind === 'text') continue;
      const expected = 'a text, { env = "NAME" } or { file = "PATH" }';
      problems.push({ path: pathText(path), seen: found.seen, expected });
    } else if (isTree(value) || Array.isArray(value)) resolveWithin(value, path, places, problems);
  }
}

function isReference(table: Tree): boolean {
  const [key, ...more] = Object.keys(table);
  return more.length === 0 && (key === 'env' || key === 'file');
}

type Found =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'problem'; readonly seen: string };

function follow(reference: Tree, places: SecretPlaces): Found {
  const [key, ...more] = Object.keys(reference);
  const target = key === undefined ? undefined : reference[key];
  if (more.length > 0 || typeof target !== 'string' || target === '') {
    return { kind: 'problem', seen: 'a table that is no reference' };
  }
  if (key === 'env') {
    const text = places.env[target];
    if (text === undefined) return { kind: 'problem', seen: `${target}, which is not set` };
    if (text === '') return { kind: 'problem', seen: `${target}, which is empty` };
    return { kind: 'text', text };
  }
  if (key === 'file') {
    const path = absolutePath(target, places.folder);
    try {
      // Editors and `echo` end a file with a line break that is no part of the secret.
      const text = places.readSecret(path).replace(/\r?\n$/, '');
      if (text === '') return { kind: 'problem', seen: `${path}, which is empty` };
      return { kind: 'text', text };
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { kind: 'problem', seen: `a file that cannot be read (${reason})` };
    }
  }
  return { kind: 'problem', seen: 'a table that is no reference' };
}
