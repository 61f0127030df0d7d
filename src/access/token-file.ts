/**
 * The tokens file: tokens as hashes, with what each may see, kept by commands and read by the server. A
 * change is a new file in the place of the old one, and two who change it at once take turns.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { readBounded } from '../base/bounded-file.ts';
import { plainName, plainNameShape } from '../base/names.ts';
import { parsePattern } from '../call/extension.ts';

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

/** What is wrong with a tokens file, to follow its path and "cannot be used". */
export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

const largestFile = 16 * 1024 * 1024;
const mostTokens = 10_000;
const mostExtensions = 256;
const longestPattern = 64;
const usualPatienceMs = 10_000;
const betweenTriesMs = 20;

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
 * @throws {TokenFileError} when it cannot be read, is none of ours, or others may write to it
 */
export function readTokenFile(path: string): readonly FiledToken[] {
  const text = textOf(path);
  return text === undefined ? [] : tokensIn(text);
}

/**
 * Puts what `change` makes of the tokens into the place of the file at `path`: all of it or nothing, on
 * disk when this resolves, for its owner's eyes only. Rejects with what `change` throws, and then nothing
 * has changed.
 * @param patienceMs how long to wait for another who changes the file, milliseconds
 * @throws {TokenFileError} when the file cannot be read or written, or another holds it for too long
 */
export async function changeTokenFile(
  path: string,
  change: (tokens: readonly FiledToken[]) => readonly FiledToken[],
  { patienceMs = usualPatienceMs }: { readonly patienceMs?: number } = {},
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const draft = `${target}.new`;
  // The draft is the lock too: who could make it is the only one to read, change and rename.
  const file = await claim(draft, patienceMs);
  try {
    try {
      const text = `${JSON.stringify({ version: 1, tokens: change(readTokenFile(target)) }, null, 2)}\n`;
      tokensIn(text);
      await keepOwner(file, target);
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw faultOf(error);
  }
  await syncFolder(dirname(target));
}

/** Makes the draft, once nobody else has one. */
async function claim(draft: string, patienceMs: number): Promise<FileHandle> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await open(draft, 'wx', 0o600);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw faultOf(error);
      if (performance.now() > endMs) {
        throw new TokenFileError(
          `${draft} is there, so another command is changing the tokens; when none is, one was cut off: ` +
            'delete that file and try again',
          { cause: error },
        );
      }
    }
    await delay(betweenTriesMs);
  }
}

/** The server must be able to read the new file as it could the old one, whoever changes it. */
async function keepOwner(file: FileHandle, target: string): Promise<void> {
  const old = await stat(target).catch(() => undefined);
  const { uid, gid } = old ?? (await stat(dirname(target)));
  if ((await file.stat()).uid === uid) return;
  try {
    await file.chown(uid, gid);
  } catch (error) {
    // A first file may be ours; one in the place of somebody else's would shut them out.
    if (old === undefined) return;
    const message = `it belongs to another user (number ${uid}); run this as that user, or as root`;
    throw new TokenFileError(message, { cause: error });
  }
}

/** A name is durable once its folder is. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The whole of the file, or undefined where there is none. */
function textOf(path: string): string | undefined {
  try {
    // A pipe in the place of the file must not keep us waiting.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(file);
      if (!found.isFile()) throw new TokenFileError('it is no file');
      if ((found.mode & 0o022) !== 0 && process.platform !== 'win32') {
        throw new TokenFileError('others than its owner may write to it (chmod 600 mends that)');
      }
      return boundedText(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw faultOf(error);
  }
}

function boundedText(file: number): string {
  const bytes = readBounded(file, largestFile);
  if (bytes === undefined) throw new TokenFileError(`it is larger than ${largestFile} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new TokenFileError('it is not UTF-8 text', { cause: error });
  }
}

function tokensIn(text: string): readonly FiledToken[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // What JSON says quotes the text, in which hashes stand.
    throw new TokenFileError('it is not JSON', { cause: error });
  }
  const { data, error } = schema.safeParse(value);
  if (data === undefined) throw new TokenFileError(firstProblem(error));
  const names = new Set<string>();
  for (const [index, { name }] of data.tokens.entries()) {
    if (names.has(name))
      throw new TokenFileError(`tokens[${index}].name: "${name}" is there twice`);
    names.add(name);
  }
  return data.tokens;
}

/** Where and what, without any value of the file. */
function firstProblem(error: z.ZodError | undefined): string {
  const [issue] = error?.issues ?? [];
  if (issue === undefined) return 'it is no tokens file';
  let path = '';
  for (const step of issue.path)
    path += typeof step === 'number' ? `[${step}]` : `.${String(step)}`;
  const where = path.replace(/^\./, '');
  const what =
    issue.code === 'unrecognized_keys'
      ? `unknown key ${JSON.stringify(issue.keys[0])}`
      : issue.message;
  return where === '' ? what : `${where}: ${what}`;
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'it lies on a read-only file system',
  ENOSPC: 'no space is left on its disk',
  ENOENT: 'its folder is not there',
  ENOTDIR: 'its folder is no folder',
  EISDIR: 'it is a folder',
};

/** A fault of the file system as one of ours; everything else as it is. */
function faultOf(error: unknown): unknown {
  const code = codeOf(error);
  if (error instanceof TokenFileError || code === undefined || !(error instanceof Error))
    return error;
  return new TokenFileError(reasons[code] ?? error.message, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  const isCoded = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return isCoded ? String(error.code) : undefined;
}
