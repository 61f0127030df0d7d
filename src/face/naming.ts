/**
 * Names that clients choose for media files: which extension they get, and whether they are free.
 */
import { posix } from 'node:path';
import { mediaTypeOf } from '../record/media-type.ts';
import { nack, type Verdict } from './codes.ts';
import { quoted } from './parameters.ts';
import type { FacePorts } from './ports.ts';

/** The extension of a new file that nobody has said anything of; every recorder can write it. */
const usualExtension = '.wav';

/** A name for a file that is there already: its extension stays, as it says what is in the file. */
export function withExtensionOf(file: string, wished: string): string {
  return withExtension(posix.extname(file), wished);
}

/** A name for a file that is to be recorded, by whose extension recorders choose the format. */
export function nameToRecord(wished: string, format: string | undefined): string {
  if (format !== undefined) return withExtension(`.${format}`, wished);
  const isMedia = mediaTypeOf(wished) !== mediaTypeOf('');
  return isMedia ? wished : `${wished}${usualExtension}`;
}

function withExtension(extension: string, wished: string): string {
  const has = wished.toLowerCase().endsWith(extension.toLowerCase());
  return has ? wished : `${wished}${extension}`;
}

/**
 * A recorder writes over what is there: the recording of somebody else, perhaps.
 * @returns why a file of that name must not be recorded; undefined when it may
 */
export async function takenName(
  { books, media }: FacePorts,
  filename: string,
): Promise<Verdict | undefined> {
  const { rows } = await books.search({ criteria: { filename }, limit: 1 });
  const found = await media.locate(filename);
  if (typeof found !== 'string') await found.close();
  return rows.length > 0 || typeof found !== 'string' ? taken(filename) : undefined;
}

export function taken(filename: string): Verdict {
  return nack(`seen the filename ${quoted(filename)}, which another file has`, 409);
}
