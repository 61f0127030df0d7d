/**
 * The tokens that a server would know, as the commands for tokens see them: those written into the
 * configuration, and those of the tokens file beside it.
 */
import { OwnedFileError } from '../access/owned-file.ts';
import { changeTokenFile, readTokenFile } from '../access/token-file.ts';
import type { FiledToken } from '../access/token-file.ts';
import { loadTokenBook } from '../config/load.ts';
import type { TokenBook } from '../config/token-book.ts';
import { Failure } from './failure.ts';
import { printable, table } from './terminal.ts';
import type { Cell, Paint } from './terminal.ts';

/** A token without its hash. */
export interface KnownToken {
  readonly name: string;
  readonly extensions: readonly string[];
  readonly control: boolean;
  readonly manage: boolean;
  /** When it was made, ISO 8601; not known of those in the configuration. */
  readonly created?: string;
  readonly in: 'configuration' | 'tokens file';
}

/** The tokens of the configuration at `path`, those of the configuration file first. */
export function knownTokens(path: string): readonly KnownToken[] {
  const book = loadTokenBook(path);
  const written = book.tokens.map((token): KnownToken => ({ ...token, in: 'configuration' }));
  const filed = readFiled(book).map(({ sha256: _sha256, ...token }): KnownToken => ({
    ...token,
    in: 'tokens file',
  }));
  return [...written, ...filed];
}

function readFiled(book: TokenBook): readonly FiledToken[] {
  try {
    return readTokenFile(book.tokensFile);
  } catch (error) {
    throw told(error, book);
  }
}

/**
 * Adds a token to the tokens file.
 * @throws {Failure} when the name is taken, or the file cannot be changed
 */
export async function addToken(path: string, token: FiledToken): Promise<TokenBook> {
  const book = loadTokenBook(path);
  const name = JSON.stringify(token.name);
  if (book.tokens.some((each) => each.name === token.name)) {
    const next = 'Choose another name, or delete its [[token]] there.';
    throw new Failure(1, `A token named ${name} is in ${path} already.`, next);
  }
  await change(book, (tokens) => {
    if (tokens.some((each) => each.name === token.name)) {
      const next = `Choose another name, or \`offhook tokens remove ${token.name}\` first.`;
      throw new Failure(1, `A token named ${name} is in ${book.tokensFile} already.`, next);
    }
    return [...tokens, token];
  });
  return book;
}

/**
 * Takes a token out of the tokens file.
 * @throws {Failure} when there is none of that name, or the file cannot be changed
 */
export async function removeToken(path: string, name: string): Promise<TokenBook> {
  const book = loadTokenBook(path);
  const shown = JSON.stringify(printable(name));
  if (book.tokens.some((each) => each.name === name)) {
    const next = 'Delete its [[token]] there.';
    throw new Failure(1, `The token named ${shown} is in ${path}, not in the tokens file.`, next);
  }
  // A file is not made only to find out that it holds nothing.
  const known = readFiled(book);
  const unknown = (): Failure => {
    const next = '`offhook tokens list` shows those that there are.';
    return new Failure(1, `${book.tokensFile} has no token named ${shown}.`, next);
  };
  if (!known.some((each) => each.name === name)) throw unknown();
  await change(book, (tokens) => {
    const others = tokens.filter((each) => each.name !== name);
    if (others.length === tokens.length) throw unknown();
    return others;
  });
  return book;
}

async function change(
  book: TokenBook,
  next: (tokens: readonly FiledToken[]) => readonly FiledToken[],
): Promise<void> {
  try {
    await changeTokenFile(book.tokensFile, next);
  } catch (error) {
    throw told(error, book);
  }
}

function told(error: unknown, { tokensFile }: TokenBook): unknown {
  if (!(error instanceof OwnedFileError)) return error;
  const message = `${tokensFile} cannot be used: ${error.message}.`;
  return new Failure(1, message, undefined, { cause: error });
}

const widestCell = 48;

/** Tokens as a table for people, a line each under a heading. */
export function tokenTable(tokens: readonly KnownToken[], paint: Paint): readonly string[] {
  const heading = ['Name', 'Sees', 'Control', 'Manage', 'Made', 'Kept in'];
  const rows = tokens.map((token): readonly Cell[] => [
    { text: printable(token.name) },
    { text: printable(extensionsText(token.extensions)) },
    { text: token.control ? 'yes' : 'no' },
    { text: token.manage ? 'yes' : 'no' },
    { text: token.created?.slice(0, 10) ?? '–' },
    { text: token.in, ink: 'dim' },
  ]);
  return table(heading, rows, widestCell, paint);
}

/** What a token may see, for people. */
export function extensionsText(extensions: readonly string[]): string {
  return extensions.length === 0 ? 'every call' : extensions.join(', ');
}
