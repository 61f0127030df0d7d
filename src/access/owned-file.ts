/**
 * A file that commands keep and the server reads, such as that of tokens: for its owner's eyes only. A change
 * is a new file in the place of the old one, and two who change it at once take turns.
 */
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { type FileHandle, open, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { readBounded } from '../base/bounded-file.ts';

/** What is wrong with such a file, to follow its path and "cannot be used". */
export class OwnedFileError extends Error {
  override readonly name = 'OwnedFileError';
}

const largestFile = 16 * 1024 * 1024;
const usualPatienceMs = 10_000;
const betweenTriesMs = 20;

/**
 * The whole of the file at `path`, or undefined where there is none.
 * @throws {OwnedFileError} when it cannot be read, is none of ours, or others may write to it
 */
export function readOwnedFile(path: string): string | undefined {
  try {
    // A pipe in the place of the file must not keep us waiting.
    const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const found = fstatSync(file);
      if (!found.isFile()) throw new OwnedFileError('it is no file');
      if ((found.mode & 0o022) !== 0 && process.platform !== 'win32') {
        throw new OwnedFileError('others than its owner may write to it (chmod 600 mends that)');
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

/** How a file is changed. */
export interface Changing {
  /** What it holds, for a person, such as `tokens`. */
  readonly what: string;
  /** How long to wait for another who changes the file, milliseconds. */
  readonly patienceMs?: number;
}

/**
 * Puts what `change` makes of its text into the place of the file at `path`: all of it or nothing, on disk
 * when this resolves. Rejects with what `change` throws, and then nothing has changed.
 * @param change is given undefined where there is no file
 * @throws {OwnedFileError} when the file cannot be read or written, or another holds it for too long
 */
export async function changeOwnedFile(
  path: string,
  change: (text: string | undefined) => string,
  changing: Changing,
): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const draft = `${target}.new`;
  // The draft is the lock too: who could make it is the only one to read, change and rename.
  const file = await claim(draft, changing);
  try {
    try {
      const text = change(readOwnedFile(target));
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
async function claim(
  draft: string,
  { what, patienceMs = usualPatienceMs }: Changing,
): Promise<FileHandle> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await open(draft, 'wx', 0o600);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw faultOf(error);
      if (performance.now() > endMs) {
        throw new OwnedFileError(
          `${draft} is there, so another command is changing the ${what}; when none is, one was cut off: ` +
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
    throw new OwnedFileError(message, { cause: error });
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

function boundedText(file: number): string {
  const bytes = readBounded(file, largestFile);
  if (bytes === undefined) throw new OwnedFileError(`it is larger than ${largestFile} bytes`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new OwnedFileError('it is not UTF-8 text', { cause: error });
  }
}

/**
 * The value in the text of such a file.
 * @throws {OwnedFileError} saying where and what is wrong, without any value of the file
 */
export function ownedValue<T>(text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // What JSON says quotes the text, in which hashes stand.
    throw new OwnedFileError('it is not JSON', { cause: error });
  }
  const { data, error } = schema.safeParse(value);
  if (data === undefined) throw new OwnedFileError(firstProblem(error));
  return data;
}

function firstProblem(error: z.ZodError | undefined): string {
  const [issue] = error?.issues ?? [];
  if (issue === undefined) return 'it holds nothing';
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
  if (error instanceof OwnedFileError || code === undefined || !(error instanceof Error))
    return error;
  return new OwnedFileError(reasons[code] ?? error.message, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  const isCoded = error instanceof Error && 'code' in error && typeof error.code === 'string';
  return isCoded ? String(error.code) : undefined;
}
