/**
 * What a configuration says of tokens, whatever else in it is wrong: a first token must be made before the
 * settings that ask for one can be right. Pure.
 */
import { takeEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { tokensFileOf } from './files.ts';
import { InvalidConfigError } from './problem.ts';
import { parseFile } from './read.ts';
import { copyTree, tablesOf, valueAt } from './tree.ts';

export interface WrittenToken {
  readonly name: string;
  readonly extensions: readonly string[];
  readonly control: boolean;
  readonly manage: boolean;
}

export interface TokenBook {
  /** Absolute path of the tokens file; it need not be there. */
  readonly tokensFile: string;
  /** The `[[token]]` tables that have a name. */
  readonly tokens: readonly WrittenToken[];
  /** Whether the server asks for a token. */
  readonly requireToken: boolean;
}

/**
 * Reads what the text of a configuration file says of tokens.
 * @param folder absolute folder that relative paths start from
 * @throws {InvalidConfigError} when the text is no TOML, or the tokens file is no path
 */
export function readTokenBook(
  text: string,
  origin: string,
  { env, folder }: { readonly env: Environment; readonly folder: string },
): TokenBook {
  const written = copyTree(parseFile(text, origin));
  takeEnvironment(written, env, []);
  const tokensFile = tokensFileOf(written, folder);
  if (tokensFile === undefined) {
    const problem = { path: 'access.tokensFile', seen: 'no path', expected: 'a path' };
    throw new InvalidConfigError(origin, [problem]);
  }
  const tokens = tablesOf(written, 'token').flatMap(({ table }): WrittenToken[] => {
    const { name, extensions, control, manage } = table;
    if (typeof name !== 'string') return [];
    const may = { control: control === true, manage: manage === true };
    return [{ name, extensions: textsOf(extensions), ...may }];
  });
  return {
    tokensFile,
    tokens,
    requireToken: valueAt(written, ['access', 'requireToken']) === true,
  };
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
