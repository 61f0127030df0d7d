/**
 * Media files: found below the media roots, read, renamed and removed. Paths come from sources and people and are
 * not trusted: what does not really lie below a root is never opened, and only plain files are.
 */
import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, open, unlink } from 'node:fs/promises';
import { basename, join, parse, posix, relative } from 'node:path';
import type { Readable } from 'node:stream';
import { Downloads } from './downloads.ts';
import { type MediaPlace, placesOf, strayOf } from './media-folders.ts';
import { MediaSlice } from './media-slice.ts';
import { mediaTypeOf } from './media-type.ts';
import { absent, inFolder } from './open-folder.ts';

/** A media file that is open: read it or close it, either of them once. */
export interface Media {
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Media type, by the extension. */
  readonly type: string;
  readonly filename: string;
  /** Which of the media roots it lies below, from 1. */
  readonly root: number;
  /** "/" and the way from the root to its folder. */
  readonly directory: string;
  /** From byte to byte, both included; `through` less than `from` reads nothing. The end of the stream closes the file. */
  read(from: number, through: number): Readable;
  /** Harmless when it has been read, or closed. */
  close(): Promise<void>;
}

/** `outside` is also a link, a folder, a device, and a name that cannot be one. */
export type NoMedia = 'missing' | 'outside';

export type Renamed =
  /** @property file the new path, written as the old one was */
  | { readonly kind: 'renamed'; readonly file: string }
  /** Another file has that name. */
  | { readonly kind: 'taken' }
  | { readonly kind: NoMedia };

export type Removed = 'removed' | NoMedia;

/** A media root is not there: what lies below it cannot be known. */
export class MediaRootGoneError extends Error {
  override readonly name = 'MediaRootGoneError';
}

/** Every method rejects with the file system's error when that cannot do what it should. */
export class MediaFiles {
  readonly roots: readonly string[];
  /** Bytes that were read for whoever opened a file, since the start. */
  readonly given = { bytes: 0 };

  /** Those that are on their way to readers. */
  readonly downloads: Downloads;

  /** @param roots folders; what a path means is looked for in their order */
  constructor(roots: readonly string[], downloads = new Downloads()) {
    this.roots = roots;
    this.downloads = downloads;
  }

  /** Opens a media file. Never waits for a file that gives nothing. */
  locate(file: string): Promise<Media | NoMedia> {
    return this.#at(file, async (at, place, seen) => {
      const path = at(place.name);
      if (!seen.isFile()) return 'outside';
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
      const handle = await open(path, flags).catch(absent);
      if (handle === undefined) return 'missing';
      try {
        const stats = await handle.stat();
        if (stats.isFile()) return opened(handle, stats, place, this.given);
      } catch (error) {
        await handle.close();
        throw error;
      }
      await handle.close();
      return 'outside';
    });
  }

  /** Where the file is, as the file system really has it; a path that two spellings share. */
  async whereabouts(file: string): Promise<string | undefined> {
    for await (const { folder, name } of placesOf(file, this.roots)) {
      const path = join(folder, name);
      if ((await lstat(path).catch(absent)) !== undefined) return path;
    }
    return undefined;
  }

  /**
   * Gives a file another name in its folder, and its metadata file with it; never in the place of another file.
   * @param filename a name, not a path
   */
  rename(file: string, filename: string): Promise<Renamed> {
    if (!isName(filename)) return Promise.resolve({ kind: 'outside' });
    return this.#at<Renamed>(file, async (at, { name }, seen) => {
      if (!seen.isFile()) return { kind: 'outside' };
      const kind = await moved(at(name), at(filename), seen);
      if (kind !== 'renamed') return { kind };
      const [metadata, renamed] = [metadataNameOf(name), metadataNameOf(filename)];
      if (metadata !== undefined && renamed !== undefined)
        await moveAlong(at(metadata), at(renamed));
      const folder = file.slice(0, file.length - basename(file).length);
      return { kind, file: folder + filename };
    }).then((done) => (typeof done === 'string' ? { kind: done } : done));
  }

  /**
   * Removes a file, and its metadata file with it.
   * @throws {MediaRootGoneError} when it may lie below a root that is not there
   */
  async remove(file: string): Promise<Removed> {
    const removed = await this.#at<Removed>(file, async (at, { name }, seen) => {
      if (!seen.isFile()) return 'outside';
      const metadata = metadataNameOf(name);
      // First what is found by the other: a crash in between leaves nothing that nobody looks for.
      if (metadata !== undefined && (await isMetadata(at(metadata)))) await unlink(at(metadata));
      await unlink(at(name)).catch(ignoring('ENOENT'));
      return 'removed';
    });
    if (removed === 'missing' || removed === 'outside') {
      const stray = await strayOf(file, this.roots);
      if (stray === 'unavailable') throw new MediaRootGoneError(`no media root for ${file}`);
    }
    return removed;
  }

  /** In the first place where something has the name. */
  async #at<T>(
    file: string,
    deed: (at: (name: string) => string, place: MediaPlace, seen: Stats) => Promise<T | NoMedia>,
  ): Promise<T | NoMedia> {
    let found: T | NoMedia | undefined;
    for await (const place of placesOf(file, this.roots)) {
      found = await inFolder(place, async (at) => {
        const seen = await lstat(at(place.name)).catch(absent);
        return seen === undefined ? 'missing' : await deed(at, place, seen);
      });
      if (found !== undefined && found !== 'missing') return found;
    }
    if (found !== undefined) return found;
    return (await strayOf(file, this.roots)) === 'outside' ? 'outside' : 'missing';
  }
}

function opened(
  handle: FileHandle,
  stats: Stats,
  { root, realRoot, folder, name }: MediaPlace,
  given: { bytes: number },
): Media {
  let isOurs = true;
  const take = (): boolean => {
    const was = isOurs;
    isOurs = false;
    return was;
  };
  return {
    bytes: stats.size,
    modifiedMs: Math.trunc(stats.mtimeMs),
    type: mediaTypeOf(name),
    filename: name,
    root,
    directory: posix.join('/', relative(realRoot, folder)),
    read(from, through) {
      if (!take()) throw new Error(`${name} has been read or closed`);
      return new MediaSlice(handle, from, through, (bytes) => (given.bytes += bytes));
    },
    async close() {
      if (take()) await handle.close();
    },
  };
}

/** Gives a file another name without ever replacing one: a link to it is made, and the old one taken away. */
async function moved(from: string, to: string, seen: Stats): Promise<'renamed' | 'taken'> {
  if (from === to) return 'renamed';
  try {
    await link(from, to);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    // What an earlier attempt left that was cut short: one file under both names.
    const there = await lstat(to);
    const isSame = there.ino === seen.ino && there.dev === seen.dev && there.nlink > 1;
    if (!isSame) return 'taken';
  }
  await unlink(from);
  return 'renamed';
}

async function moveAlong(from: string, to: string): Promise<void> {
  if (!(await isMetadata(from))) return;
  const seen = await lstat(from);
  await moved(from, to, seen);
}

/** The name that a metadata file of this media file has; undefined where that would be the file itself. */
export function metadataNameOf(filename: string): string | undefined {
  const { name, ext } = parse(filename);
  return ext.toLowerCase() === '.xml' ? undefined : `${name}.xml`;
}

/** As much of a file as is read to see what it is. */
const headBytes = 1_024;

/** Whether a file is the record of a call; another XML file that happens to have the name is nobody's of ours. */
async function isMetadata(path: string): Promise<boolean> {
  const seen = await lstat(path).catch(absent);
  if (seen?.isFile() !== true) return false;
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
  const handle = await open(path, flags).catch(absent);
  if (handle === undefined) return false;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString('utf8', 0, bytesRead).includes('<verbacdr');
  } finally {
    await handle.close();
  }
}

/** Whether a text can be the name of a file, and nothing but that: 1 to 255 bytes. */
export function isName(filename: string): boolean {
  if (filename === '' || filename === '.' || filename === '..') return false;
  return !/[/\0]/.test(filename) && Buffer.byteLength(filename) <= 255;
}

function ignoring(code: string): (error: unknown) => void {
  return (error) => {
    if (codeOf(error) !== code) throw error;
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
