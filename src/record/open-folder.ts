/**
 * A folder that is held open while something is done in it, so that nobody can put another in its place between
 * the look and the deed: names are taken relative to what was really opened, where the system allows that.
 */
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isWithin, type MediaPlace } from './media-folders.ts';

/**
 * Does something in the folder of a place.
 * @param deed gets what makes a path of a name in that folder, good for as long as it runs
 * @returns undefined when the folder is not, or no longer, where it was
 * @throws the file system's error, with its code
 */
export async function inFolder<T>(
  { folder, realRoot }: MediaPlace,
  deed: (at: (name: string) => string) => Promise<T>,
): Promise<T | undefined> {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
  const handle = await open(folder, flags).catch(absent);
  if (handle === undefined) return undefined;
  try {
    const really = await realPathOf(handle, folder);
    if (!isWithin(realRoot, really.path)) return undefined;
    return await deed((name) => join(really.base, name));
  } finally {
    await handle.close();
  }
}

/** Linux says what was opened, whatever has its name by now; elsewhere the name is looked at again. */
async function realPathOf(
  handle: FileHandle,
  folder: string,
): Promise<{ readonly path: string; readonly base: string }> {
  const base = `/proc/self/fd/${handle.fd}`;
  const path = await readlink(base).catch(() => undefined);
  if (path !== undefined) return { path, base };
  const real = await realpath(folder);
  return { path: real, base: real };
}

/** For `catch`: what is not there, or may not be looked at, is undefined; everything else is thrown again. */
export function absent(error: unknown): undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code === 'string' && absentCodes.has(code)) return undefined;
  throw error;
}

const absentCodes = new Set([
  'ENOENT',
  'ENOTDIR',
  'ELOOP',
  'ENXIO',
  'EACCES',
  'EPERM',
  'ENAMETOOLONG',
]);
