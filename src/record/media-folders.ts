/**
 * Where a media path that a source tells may lie: below one of the media roots, as the file system really has it.
 * The path is not trusted; what this gives is a place to look at, not a promise about what is there.
 */
import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';

/** A place below a media root, whether or not anything is there. */
export interface MediaPlace {
  /** From 1, in the order of the settings. */
  readonly root: number;
  /** The root without links. */
  readonly realRoot: string;
  /** The folder without links, at or below the root. */
  readonly folder: string;
  /** Last part of the path. */
  readonly name: string;
}

/** Longer paths than this are nobody's: the limit of Linux, bytes. */
const longestPath = 4_096;

/** Whether a path can name a file at all. */
export function isPath(file: string): boolean {
  const name = basename(file);
  if (file.includes('\0') || Buffer.byteLength(file) >= longestPath) return false;
  return name !== '' && name !== '.' && name !== '..';
}

/**
 * The places below the roots that the path may mean, in the order of the roots. A relative one is looked for in
 * each of them; an absolute one lies in those that hold its folder.
 */
export async function* placesOf(
  file: string,
  roots: readonly string[],
): AsyncGenerator<MediaPlace> {
  if (!isPath(file)) return;
  for (const [at, root] of roots.entries()) {
    const realRoot = await realOrNone(root);
    const folder = await realOrNone(dirname(resolve(root, file)));
    if (realRoot === undefined || folder === undefined || !isWithin(realRoot, folder)) continue;
    yield { root: at + 1, realRoot, folder, name: basename(file) };
  }
}

/** Whether `path` is `root` or below it; both without links. */
export function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** Why a path has no place: `unavailable` when a root is not there, in which it might have one. */
export async function strayOf(
  file: string,
  roots: readonly string[],
): Promise<'outside' | 'missing' | 'unavailable'> {
  if (!isPath(file)) return 'outside';
  let isMeant = false;
  for (const root of roots) {
    const realRoot = await realOrNone(root);
    const folder = dirname(resolve(root, file));
    if (!isWithin(resolve(root), folder) && !isWithin(realRoot ?? root, folder)) continue;
    if (realRoot === undefined) return 'unavailable';
    isMeant = true;
    const realFolder = await realOrNone(folder);
    if (realFolder !== undefined && !isWithin(realRoot, realFolder)) return 'outside';
  }
  return isMeant ? 'missing' : 'outside';
}

/** What cannot be seen is not there. */
function realOrNone(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}
