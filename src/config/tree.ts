/**
 * A configuration as it was written, before it is known to be right: nested tables of anything, and
 * which row of the table of settings a path in it belongs to.
 */
import { isListName, lists } from './lists.ts';
import type { ListName } from './lists.ts';
import { sections } from './settings.ts';
import { commonSourceSettings, sourceTypes } from './source-settings.ts';
import type { SourceType } from './settings.ts';
import type { Setting, Settings } from './setting.ts';

export type Tree = Record<string, unknown>;
export type TreePath = readonly (string | number)[];

export function isTree(value: unknown): value is Tree {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  );
}

/** A copy that may be written to and inherits no names. Anything but a table gives an empty one. */
export function copyTree(value: unknown): Tree {
  const copy: Tree = Object.create(null);
  if (!isTree(value)) return copy;
  for (const [key, inner] of Object.entries(value)) copy[key] = copyOf(inner);
  return copy;
}

function copyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(copyOf);
  return isTree(value) ? copyTree(value) : value;
}

/** The value at `path`, or undefined. */
export function valueAt(tree: Tree, path: TreePath): unknown {
  let value: unknown = tree;
  for (const step of path) {
    if (Array.isArray(value)) value = value[Number(step)];
    else if (isTree(value)) value = value[step];
    else return undefined;
  }
  return value;
}

/** `source[0].port`, as problems name it. */
export function pathText(path: TreePath): string {
  let text = '';
  for (const step of path) {
    if (typeof step === 'number') text += `[${step}]`;
    else text += text === '' ? step : `.${step}`;
  }
  return text;
}

export function isSourceType(type: unknown): type is SourceType {
  return typeof type === 'string' && Object.hasOwn(sourceTypes, type);
}

export function sourceSettings(type: SourceType): Settings {
  return { ...commonSourceSettings, ...sourceTypes[type] };
}

/** The rows that belong to the table at `path`, or undefined when there is none. */
export function settingsAt(tree: Tree, path: TreePath): Settings | undefined {
  const [first, second] = path;
  if (typeof first !== 'string') return undefined;
  if (isSection(first)) return path.length === 1 ? sections[first] : undefined;
  if (path.length !== 2 || typeof second !== 'number') return undefined;
  if (isAlike(first)) return lists[first];
  if (first !== 'source') return undefined;
  const type = valueAt(tree, ['source', second, 'type']);
  return isSourceType(type) ? sourceSettings(type) : undefined;
}

/** The row of the value at `path` or of the list that it is an item of. */
export function settingAt(tree: Tree, path: TreePath): Setting | undefined {
  const tableSteps = isListName(path[0]) ? 2 : 1;
  const name = path[tableSteps];
  if (typeof name !== 'string') return undefined;
  const settings = settingsAt(tree, path.slice(0, tableSteps));
  return settings !== undefined && Object.hasOwn(settings, name) ? settings[name] : undefined;
}

/** The tables under `[[source]]` and the like; what is no table is left out, places are kept. */
export function tablesOf(
  tree: Tree,
  list: ListName,
): readonly { readonly index: number; readonly table: Tree }[] {
  const items = tree[list];
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown, index) => (isTree(item) ? [{ index, table: item }] : []));
}

function isAlike(name: string): name is keyof typeof lists {
  return Object.hasOwn(lists, name);
}

function isSection(name: string): name is keyof typeof sections {
  return Object.hasOwn(sections, name);
}
