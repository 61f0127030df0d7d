/**
 * From the text of a configuration to the Config: parse, take in the environment, resolve secrets,
 * check, fill in defaults, convert units. Pure: what it needs of the machine is an argument. Every
 * problem is collected; nobody is told of the first one only.
 */
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { takeEnvironment } from './environment.ts';
import { usualPolicies } from './face-settings.ts';
import { absolutePath, checkFiles, filedOf } from './files.ts';
import type { Filed, FilePlaces } from './files.ts';
import { isListName, listNames, lists } from './lists.ts';
import { describeValue, InvalidConfigError, nearest } from './problem.ts';
import type { Problem } from './problem.ts';
import { fileSchema, itemExpectation, expectation } from './schema.ts';
import { resolveSecrets } from './secrets.ts';
import type { SecretPlaces } from './secrets.ts';
import { sections } from './settings.ts';
import { sourceTypes } from './source-settings.ts';
import type { Config, DestinationTable } from './settings.ts';
import { slicing } from './setting.ts';
import type { Settings } from './setting.ts';
import { checkTogether } from './together.ts';
import * as tree from './tree.ts';
import type { Tree } from './tree.ts';

/** What reading needs of the machine. */
export interface Surroundings extends SecretPlaces, FilePlaces {
  readonly hostname: string;
  /** What is wrong with a table under `[[destination]]`; paths are those within the table. */
  destinationProblems(table: DestinationTable): readonly Problem[];
}

/** Values in the structure and the units of the file. */
export type Values = Readonly<Record<string, unknown>>;

/**
 * Reads the text of a configuration file.
 * @param origin where the text came from, for messages
 * @throws {InvalidConfigError} with every problem of the text
 */
export function readConfig(text: string, origin: string, surroundings: Surroundings): Config {
  return configOf(parseFile(text, origin), origin, surroundings);
}

/**
 * The values in the text of a configuration file, not checked.
 * @throws {InvalidConfigError} when it is no TOML
 */
export function parseFile(text: string, origin: string): Values {
  try {
    return parse(text, { maxDepth: 16, unsafeKeyBehaviour: 'throw' });
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The rest of the message quotes the line, which may hold a secret.
    const [first = ''] = error.message.split('\n', 1);
    throw new InvalidConfigError(origin, [
      {
        path: `line ${error.line}, column ${error.column}`,
        seen: first.replace('Invalid TOML document: ', ''),
        expected: 'TOML',
      },
    ]);
  }
}

/**
 * Makes a Config of values that have the structure of the file.
 * @param chosen values that win over the environment too, in the same structure
 * @throws {InvalidConfigError} with every problem of the values
 */
export function configOf(
  values: Values,
  origin: string,
  surroundings: Surroundings,
  chosen: Readonly<Record<string, Values>> = {},
): Config {
  const problems: Problem[] = [];
  const written = tree.copyTree(values);
  const variables = takeEnvironment(written, surroundings.env, problems);
  for (const [section, settings] of Object.entries(chosen)) {
    const before = written[section];
    written[section] = { ...(tree.isTree(before) ? before : {}), ...settings };
    for (const name of Object.keys(settings)) variables.delete(`${section}.${name}`);
  }
  resolveSecrets(written, surroundings, problems);
  const told = new Set(problems.map((problem) => problem.path));
  for (const issue of fileSchema.safeParse(written).error?.issues ?? []) {
    const found = problemsOf(issue, written, variables);
    problems.push(...found.filter((problem) => !told.has(problem.path)));
  }
  const filed = filedOf(written, surroundings, problems);
  problems.push(...checkFiles(written, surroundings), ...checkTogether(written, filed));
  problems.push(...destinationProblems(written, surroundings));
  if (problems.length > 0) throw new InvalidConfigError(origin, problems);
  return settled(written, filed, surroundings);
}

function problemsOf(
  issue: z.core.$ZodIssue,
  written: Tree,
  variables: ReadonlyMap<string, string>,
): Problem[] {
  const at = issue.path.filter((step) => typeof step !== 'symbol');
  if (issue.code === 'unrecognized_keys') {
    const known = knownNames(written, at);
    return issue.keys.map((key) => ({
      path: tree.pathText([...at, key]),
      seen: 'an unknown setting',
      expected: nearest(key, known) ?? inAnotherSection(key, at) ?? `one of ${known.join(', ')}`,
    }));
  }
  const path = tree.pathText(at);
  const value = tree.valueAt(written, at);
  const setting = tree.settingAt(written, at);
  if (setting === undefined) return [{ path, seen: describeValue(value), expected: place(at) }];
  const hidden = setting.kind === 'secret' && value !== undefined;
  const variable = variables.get(path);
  const seen = hidden ? 'a value that is not shown' : describeValue(value);
  const from = variable === undefined ? '' : ` from ${variable}`;
  const isItem = typeof at.at(-1) === 'number';
  const expected = isItem ? itemExpectation(setting) : expectation(setting);
  return [{ path, seen: seen + from, expected }];
}

function destinationProblems(written: Tree, surroundings: Surroundings): Problem[] {
  return tree.tablesOf(written, 'destination').flatMap(({ index, table }) =>
    surroundings.destinationProblems(table).map((problem) => {
      const under = `destination[${index}]`;
      return { ...problem, path: problem.path === '' ? under : `${under}.${problem.path}` };
    }),
  );
}

/** The path of the same setting in the one other section that has it. */
function inAnotherSection(key: string, at: tree.TreePath): string | undefined {
  if (at.length !== 1) return undefined;
  const homes = Object.entries(sections).filter(([, settings]) => Object.hasOwn(settings, key));
  const [home, ...more] = homes.map(([section]) => `${section}.${key}`);
  return more.length === 0 ? home : undefined;
}

function knownNames(written: Tree, at: tree.TreePath): readonly string[] {
  if (at.length === 0) return [...Object.keys(sections), ...listNames];
  const names = Object.keys(tree.settingsAt(written, at) ?? {});
  return at[0] === 'source' ? ['type', ...names] : names;
}

/** What belongs at a path that is no setting. */
function place(at: tree.TreePath): string {
  const [first, , third] = at;
  if (third === 'type') {
    const types = Object.keys(sourceTypes).map((type) => `"${type}"`);
    return `one of ${types.join(', ')}`;
  }
  if (!isListName(first)) return `a table under [${String(first)}]`;
  return at.length === 1 ? `tables under [[${first}]], not too many` : `a table under [[${first}]]`;
}

/** Defaults filled in, paths made absolute, units converted. */
function settled(written: Tree, filed: Filed, surroundings: Surroundings): Config {
  const slice = (settings: Settings, table: unknown): Tree =>
    sliceOf(settings, tree.isTree(table) ? table : {}, surroundings.folder);
  const config: Tree = {};
  for (const [name, settings] of Object.entries(sections)) {
    config[name] = slice(settings, written[name]);
  }
  const site = slice(sections.site, written['site']);
  if (site['location'] === '') site['location'] = surroundings.hostname;
  config['site'] = site;
  const slices = (list: keyof typeof lists): Tree[] =>
    tree.tablesOf(written, list).map(({ table }) => slice(lists[list], table));
  config['tokens'] = slices('token');
  config['filedTokens'] = filed.tokens ?? [];
  config['users'] = slices('user');
  config['filedUsers'] = filed.users ?? [];
  config['accounts'] = slices('account');
  config['customData'] = slices('customData');
  const policies = slices('policy');
  config['policies'] = policies.length === 0 ? usualPolicies : policies;
  config['sources'] = tree.tablesOf(written, 'source').map(({ table }) => {
    const { type } = table;
    const settings = tree.isSourceType(type) ? tree.sourceSettings(type) : {};
    return { type, ...slice(settings, table) };
  });
  config['destinations'] = tree.tablesOf(written, 'destination').map(({ table }) => table);
  // The parse door: the schema and the type follow from the same table, and the schema has passed.
  return config as Config;
}

function sliceOf(settings: Settings, table: Tree, folder: string): Tree {
  const slice: Tree = {};
  const absolute = (path: unknown): unknown =>
    typeof path === 'string' ? absolutePath(path, folder) : path;
  for (const [name, setting] of Object.entries(settings)) {
    const value = table[name] ?? ('default' in setting ? setting.default : undefined);
    if (value === undefined) continue;
    const { factor, suffix } = slicing(setting);
    if (setting.kind === 'path') slice[name] = absolute(value);
    else if (setting.kind === 'paths' && Array.isArray(value)) slice[name] = value.map(absolute);
    else if (typeof value === 'number' && factor !== 1) {
      slice[name + suffix] = Math.round(value * factor);
    } else slice[name + suffix] = value;
  }
  return slice;
}
