/**
 * Compares the books of recordings with the media files: rows whose file is not there, not ours or not of the known
 * size, and files that no row names. Looks only; goes on for as long as somebody takes what it finds.
 */
import type { Dirent } from 'node:fs';
import { lstat, opendir, realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { RecordingStore } from '../store/recording-client.ts';
import type { RecordingDossier, SearchPlace } from '../store/recording-messages.ts';
import { isWithin } from './media-folders.ts';
import { mediaExtensions } from './media-type.ts';
import type { MediaFiles } from './media.ts';
import { NamedFiles, type NamingStore } from './named-files.ts';

export type Finding =
  | { readonly kind: 'progress'; readonly segments: number; readonly files: number }
  | {
      readonly kind: 'missing' | 'outside';
      readonly recording: number;
      /** One of both is there. */
      readonly segment?: number;
      readonly supplement?: number;
      readonly file: string;
    }
  | {
      readonly kind: 'size';
      readonly recording: number;
      readonly segment: number;
      readonly file: string;
      /** As the books have it, and as it is. */
      readonly known: number;
      readonly bytes: number;
    }
  /** Nothing names it. */
  | { readonly kind: 'orphan'; readonly file: string; readonly bytes: number }
  | {
      readonly kind: 'done';
      readonly segments: number;
      readonly files: number;
      readonly findings: number;
    };

export interface VerificationParts {
  readonly store: NamingStore & Pick<RecordingStore, 'walkMedia'>;
  readonly media: MediaFiles;
  readonly nowMs: () => number;
}

const perPage = 100;
const perStretch = 100;
/** Between two stretches others have the disk for themselves. */
const restMs = 5;
/** A file that has just been written may be of a recording that is not in the books yet, milliseconds. */
const freshMs = 60_000;
/** Folders within folders. */
const deepest = 64;

export async function* verify(parts: VerificationParts): AsyncGenerator<Finding> {
  const count = { segments: 0, files: 0, findings: 0 };
  const progress = (): Finding => ({
    ...{ kind: 'progress', segments: count.segments, files: count.files },
  });
  yield progress();
  for await (const page of pagesOf(parts.store)) {
    for (const dossier of page) {
      count.segments += dossier.segments.length;
      for await (const finding of rowsOf(dossier, parts.media)) {
        count.findings += 1;
        yield finding;
      }
    }
    yield progress();
    await rest();
  }
  const files = new NamedFiles(parts.store, parts.media);
  for await (const { path, spelling } of filesOf(parts.media.roots)) {
    count.files += 1;
    const isNamed = await isNamedBy(files, path, spelling);
    const seen = isNamed ? undefined : await lstat(path).catch(() => undefined);
    if (seen !== undefined && parts.nowMs() - seen.mtimeMs >= freshMs) {
      count.findings += 1;
      yield { kind: 'orphan', file: path, bytes: seen.size };
    }
    if (count.files % perStretch !== 0) continue;
    yield progress();
    await rest();
  }
  yield { kind: 'done', ...count };
}

async function* pagesOf(
  store: VerificationParts['store'],
): AsyncGenerator<readonly RecordingDossier[]> {
  for (let after: SearchPlace | null = null; ;) {
    const ask = { after, limit: perPage, expiringBeforeMs: null, flaggedOnly: false };
    const page: readonly RecordingDossier[] = await store.walkMedia(ask);
    if (page.length > 0) yield page;
    const last = page.at(-1)?.recording;
    if (last === undefined || page.length < perPage) return;
    after = { startMs: last.startMs, id: last.id };
  }
}

/** What is wrong with the files that a recording names; those that are being written are what they are. */
async function* rowsOf(
  { recording: { id: recording }, segments, supplements }: RecordingDossier,
  media: MediaFiles,
): AsyncGenerator<Finding> {
  for (const { id: segment, file, endMs, bytes: known } of segments) {
    if (file === null || endMs === null) continue;
    const found = await media.locate(file);
    if (typeof found === 'string') {
      yield { kind: found, recording, segment, file };
      continue;
    }
    const { bytes } = found;
    await found.close();
    if (known !== null && known !== bytes) {
      yield { kind: 'size', recording, segment, file, known, bytes };
    }
  }
  for (const { id: supplement, file } of supplements) {
    const found = await media.locate(file);
    if (typeof found === 'string') yield { kind: found, recording, supplement, file };
    else await found.close();
  }
}

interface FoundFile {
  readonly path: string;
  /** The path as it begins in the settings. */
  readonly spelling: string;
}

/** All files below the roots, each once; links are not followed. */
async function* filesOf(roots: readonly string[]): AsyncGenerator<FoundFile> {
  const walked: string[] = [];
  for (const root of roots) {
    const realRoot = await realpath(root).catch(() => undefined);
    if (realRoot === undefined || walked.some((other) => isWithin(other, realRoot))) continue;
    for await (const path of below(realRoot, 0, walked)) {
      yield { path, spelling: join(root, relative(realRoot, path)) };
    }
    walked.push(realRoot);
  }
}

/** @param walked folders that have been gone through */
async function* below(
  folder: string,
  depth: number,
  walked: readonly string[],
): AsyncGenerator<string> {
  if (depth > deepest || walked.includes(folder)) return;
  const entries = await opendir(folder).catch(() => undefined);
  for await (const entry of entries ?? ([] as readonly Dirent[])) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* below(path, depth + 1, walked);
    else if (entry.isFile() && !isHalf(entry.name)) yield path;
  }
}

/** A metadata file that is being written. */
function isHalf(name: string): boolean {
  return name.startsWith('.') && name.endsWith('.part');
}

/** Whether the books name the file, or the media file whose metadata it holds. */
async function isNamedBy(files: NamedFiles, path: string, spelling: string): Promise<boolean> {
  if (await files.isNamed(path, [spelling])) return true;
  if (!path.toLowerCase().endsWith('.xml')) return false;
  const [stem, other] = [path, spelling].map((each) => each.slice(0, -'.xml'.length));
  for (const extension of mediaExtensions) {
    const media = `${stem}.${extension}`;

    const isThere = (await lstat(media).catch(() => undefined))?.isFile() === true;
    if (isThere && (await files.isNamed(media, [`${other}.${extension}`]))) return true;
  }
  return false;
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, restMs));
}
