/**
 * The tokens file: tokens as hashes, with what each may see, kept by commands and read by the server.
 */
import { z } from 'zod';
import { plainName, plainNameShape } from '../base/names.ts';
import { parsePattern } from '../call/extension.ts';
import { changeOwnedFile, OwnedFileError, ownedValue, readOwnedFile } from './owned-file.ts';

/** A token of the file. */
export interface FiledToken {
  readonly name: string;
  /** SHA-256 of the token, 64 hexadecimal digits. */
  readonly sha256: string;
  /** What it may see, as `parsePattern` reads it; every call when empty. */
  readonly extensions: readonly string[];
  /** Whether its holder may drive recorders. */
  readonly control: boolean;
  /** Whether its holder may manage destinations. */
  readonly manage: boolean;
  /** When it was made, ISO 8601 UTC. */
  readonly created: string;
}

const mostTokens = 10_000;
const mostExtensions = 256;
const longestPattern = 64;

const schema = z.strictObject({
  version: z.literal(1, { error: 'expected 1, the only version there is' }),
  tokens: z
    .array(
      z.strictObject({
        name: z.string().regex(plainName, { error: `expected ${plainNameShape}` }),
        sha256: z
          .string()
          .regex(/^[0-9a-fA-F]{64}$/, { error: 'expected a SHA-256 as 64 hexadecimal digits' }),
        extensions: z
          .array(z.string().refine(isPattern, { error: 'expected an extension' }))
          .max(mostExtensions, { error: `expected at most ${mostExtensions} extensions` }),
        control: z.boolean(),
        // Files of older versions have none.
        manage: z.boolean().default(false),
        created: z.iso.datetime({ error: 'expected a time such as 2026-01-31T12:00:00Z' }),
      }),
    )
    .max(mostTokens, { error: `expected at most ${mostTokens} tokens` }),
});

/** Whether `text` names extensions: `1001`, `10*` or `1000-1099`, of 64 characters at most. */
export function isPattern(text: string): boolean {
  return text.length <= longestPattern && parsePattern(text) !== undefined;
}

/**
 * The tokens in the file at `path`; none where there is no file.
 * @throws {OwnedFileError} when it cannot be read, is none of ours, or others may write to it
 */
export function readTokenFile(path: string): readonly FiledToken[] {
  return tokensIn(readOwnedFile(path));
}

/**
 * Puts what `change` makes of the tokens into the place of the file at `path`; see `changeOwnedFile`.
 * @param patienceMs how long to wait for another who changes the file, milliseconds
 * @throws {OwnedFileError} when the file cannot be read or written, or another holds it for too long
 */
export function changeTokenFile(
  path: string,
  change: (tokens: readonly FiledToken[]) => readonly FiledToken[],
  patience: { readonly patienceMs?: number } = {},
): Promise<void> {
  const changed = (before: string | undefined): string => {
    const text = `${JSON.stringify({ version: 1, tokens: change(tokensIn(before)) }, null, 2)}\n`;
    tokensIn(text);
    return text;
  };
  return changeOwnedFile(path, changed, { what: 'tokens', ...patience });
}

function tokensIn(text: string | undefined): readonly FiledToken[] {
  if (text === undefined) return [];
  const { tokens } = ownedValue(text, schema);
  const names = new Set<string>();
  for (const [index, { name }] of tokens.entries()) {
    if (names.has(name))
      throw new OwnedFileError(`tokens[${index}].name: "${name}" is there twice`);
    names.add(name);
  }
  return tokens;
}
