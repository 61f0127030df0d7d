/**
 * What a media file is called that follows another one, of the same recording or of the same leg. Paths are the
 * platform's, whatever this machine's look like. Pure.
 */
import { posix } from 'node:path';

/** A name as we make it, taken apart: `talk.seg3.wav` is stem `talk`, segment 3, extension `wav`. */
const parts = /^(.+?)(?:\.seg(\d{1,6}))?(?:\.([A-Za-z0-9]{1,8}))?$/s;

/**
 * The file of the next segment: `talk.wav`, `talk.seg1.wav`, `talk.seg2.wav`, in the same folder.
 * @param taken files that are there already, which it must not overwrite
 */
export function nextSegmentFile(file: string, taken: readonly string[] = []): string {
  const { stem, segment, extension } = partsOf(file);
  return free(taken, segment + 1, (nth) => `${stem}.seg${nth}${extension}`);
}

/**
 * The file of another recording of the same leg: `talk.wav`, `talk-2.wav`, in the same folder.
 * @param format its extension, without the dot; absent: as the file before has it
 */
export function nextTakeFile(file: string, taken: readonly string[], format?: string): string {
  const { stem, extension } = partsOf(file);
  const ending = format === undefined ? extension : `.${format}`;
  return free(taken, 2, (nth) => `${stem}-${nth}${ending}`);
}

function partsOf(file: string): { stem: string; segment: number; extension: string } {
  const name = posix.basename(file);
  const [, stem = '', nth = '0', extension] = parts.exec(name) ?? [];
  return {
    stem: file.slice(0, file.length - name.length) + stem,
    segment: Number(nth),
    extension: extension === undefined ? '' : `.${extension}`,
  };
}

function free(taken: readonly string[], from: number, named: (nth: number) => string): string {
  for (let nth = from; ; nth += 1) {
    const name = named(nth);
    if (!taken.includes(name)) return name;
  }
}
