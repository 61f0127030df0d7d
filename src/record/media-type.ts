/** Media types by the extension of a file's name, as telephony uses them. Pure. */
import { posix } from 'node:path';

const anything = 'application/octet-stream';

/** Raw formats have no type of their own that players know; of those that have one, it is what browsers play. */
const types: ReadonlyMap<string, string> = new Map([
  ['wav', 'audio/wav'],
  // GSM in a WAV file, with the extension that Asterisk gives it.
  ['wav49', 'audio/wav'],
  ['gsm', 'audio/x-gsm'],
  ['ulaw', 'audio/basic'],
  ['ul', 'audio/basic'],
  ['mu', 'audio/basic'],
  ['pcm', 'audio/basic'],
  ['au', 'audio/basic'],
  ['alaw', 'audio/x-alaw-basic'],
  ['al', 'audio/x-alaw-basic'],
  ['g722', 'audio/G722'],
  ['g723', 'audio/G723'],
  ['g726', 'audio/G726-32'],
  ['g729', 'audio/G729'],
  ['ilbc', 'audio/iLBC'],
  ['sln', 'audio/x-sln'],
  ['raw', 'audio/x-sln'],
  ...[12, 16, 24, 32, 44, 48, 96, 192].map((khz) => [`sln${khz}`, 'audio/x-sln'] as const),
  ['siren7', 'audio/siren7'],
  ['siren14', 'audio/siren14'],
  ['ogg', 'audio/ogg'],
  ['oga', 'audio/ogg'],
  ['opus', 'audio/ogg'],
  ['spx', 'audio/ogg'],
  ['mp3', 'audio/mpeg'],
  ['m4a', 'audio/mp4'],
  ['aac', 'audio/aac'],
  ['flac', 'audio/flac'],
  ['amr', 'audio/AMR'],
  ['awb', 'audio/AMR-WB'],
  ['wma', 'audio/x-ms-wma'],
  ['vf', 'audio/x-vf'],
  ['mka', 'audio/x-matroska'],
  ['mp4', 'video/mp4'],
  ['m4v', 'video/mp4'],
  ['webm', 'video/webm'],
  ['mkv', 'video/x-matroska'],
  ['avi', 'video/x-msvideo'],
  ['mov', 'video/quicktime'],
  ['wmv', 'video/x-ms-wmv'],
  ['mpg', 'video/mpeg'],
  ['mpeg', 'video/mpeg'],
  ['ogv', 'video/ogg'],
  ['h264', 'video/H264'],
  ['png', 'image/png'],
  ['jpg', 'image/jpeg'],
  ['jpeg', 'image/jpeg'],
]);

/** Of all media files that we know, the usual ones first. */
export const mediaExtensions: readonly string[] = [...types.keys()];

/** Never text or anything that a browser would run, whatever a file is called. */
export function mediaTypeOf(filename: string): string {
  const extension = posix.extname(filename).slice(1).toLowerCase();
  return types.get(extension) ?? anything;
}
