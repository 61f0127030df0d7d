/**
 * One metadata file: where it belongs and how it gets there whole. Paths of media come from a source
 * and are not trusted: nothing is written outside the media roots and the data folder, and a file that
 * is not of the same call is never replaced.
 */
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, parse } from 'node:path';
import type { Call } from '../call/call.ts';
import { placesOf } from './media-folders.ts';

export interface MetadataFolders {
  readonly dataFolder: string;
  /** Folders in which a file may be written beside its media file. */
  readonly mediaRoots: readonly string[];
}

const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
/** An id is part of a file name; ours are UUIDs. */
const idShape = /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/;
/** As much of an existing file as is read to find the call's id, which stands first in a CDR. */
const headBytes = 4096;

/**
 * Where the metadata file of an ended call belongs: beside the first of its media files that exists in a
 * folder whose real path lies in a media root, under the same name with `.xml`; else, or when a file of
 * another call has that name, at `<data folder>/cdr/YYYY/MM/DD/<call id>.xml`, by the UTC day of its start.
 * A relative media path is looked for in each media root.
 */
export async function placeOf(call: Call, folders: MetadataFolders): Promise<string> {
  for (const { file } of call.recordings) {
    if (file === undefined) continue;
    const beside = await besideMedia(file, folders.mediaRoots);
    if (beside !== undefined && (await isFreeFor(call, beside))) return beside;
  }
  if (!idShape.test(call.id)) throw new RangeError(`"${call.id}" cannot name a file`);
  const [day = ''] = new Date(call.startedAtMs).toISOString().split('T');
  return join(folders.dataFolder, 'cdr', ...day.split('-'), `${call.id}.xml`);
}

async function besideMedia(file: string, roots: readonly string[]): Promise<string | undefined> {
  const { name, ext } = parse(file);
  // The metadata file would take the place of the media file.
  if (ext.toLowerCase() === '.xml') return undefined;
  for await (const { folder, name: whole } of placesOf(file, roots)) {
    const media = await statOrNone(join(folder, whole));
    if (media?.isFile() === true) return join(folder, `${name}.xml`);
  }
  return undefined;
}

/** Whether nothing is there, or what an earlier attempt wrote for the same call. */
async function isFreeFor(call: Call, path: string): Promise<boolean> {
  const there = await statOrNone(path);
  if (there === undefined) return true;
  if (!there.isFile()) return false;
  const head = await headOf(path).catch(() => '');
  return head.includes(`<id>${call.id}</id>`);
}

async function headOf(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

/** What cannot be seen is not there: the data folder takes the file then. */
function statOrNone(path: string): Promise<Stats | undefined> {
  return lstat(path).catch(() => undefined);
}

/**
 * Writes the file so that at any moment there is the whole of it or nothing. Its bytes are on the disk
 * when this resolves; its name is after `syncFolder` of the returned folder.
 * @param xml the call's CDR; declaration and a final LF are added, nothing else
 * @throws the file system's error, with its code and path
 */
export async function writeMetadataFile(path: string, xml: string): Promise<string> {
  const folder = dirname(path);
  await makeFolder(folder);
  const part = join(folder, `.${basename(path)}.part`);
  // Left by a crash, or planted: "wx" follows no link.
  await rm(part, { force: true });
  try {
    await writeDurably(part, `${declaration}${xml}\n`);
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  return folder;
}

async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o640);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes the names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; ; made = dirname(made)) {
    await syncFolder(dirname(made));
    if (made === first) return;
  }
}
