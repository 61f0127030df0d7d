/**
 * A recorded AMI transcript (the server's side of one connection, byte for byte) as blocks with the time
 * at which each is to be said. Pure.
 */

export interface TimedBlock {
  /** Milliseconds after the first stamped block, as recorded. */
  readonly atMs: number;
  /** Its time as written, seconds since 1970, where it has one. */
  readonly stamp?: string;
  readonly bytes: Buffer;
}

const stamp = /^Timestamp: (\d+(?:\.\d+)?)\r?$/m;
const greeting = 'Asterisk Call Manager/';

/** True when the bytes begin as an AMI transcript does. */
export function isTranscript(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, greeting.length) === greeting;
}

/**
 * The blocks of a transcript, in order; joined they are the transcript to the byte. A block that carries
 * no time of its own is said with the one before it.
 */
export function blocksOf(transcript: Buffer): readonly TimedBlock[] {
  const blocks: TimedBlock[] = [];
  let firstS: number | undefined;
  let atMs = 0;
  let start = 0;
  while (start < transcript.length) {
    const end = endOfBlock(transcript, start);
    const bytes = transcript.subarray(start, end);
    const seconds = stamp.exec(bytes.toString('latin1'))?.[1];
    if (seconds !== undefined) {
      firstS ??= Number(seconds);
      // A clock that was set back while recording must not stop the replay.
      atMs = Math.max(atMs, (Number(seconds) - firstS) * 1_000);
    }
    blocks.push({ atMs, bytes, ...(seconds !== undefined && { stamp: seconds }) });
    start = end;
  }
  return blocks;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Behind the empty line that ends a block; Asterisk ends lines with CRLF, some answers with LF only. */
function endOfBlock(bytes: Buffer, start: number): number {
  for (
    let end = bytes.indexOf(lineFeed, start);
    end !== -1;
    end = bytes.indexOf(lineFeed, end + 1)
  ) {
    if (bytes[end + 1] === lineFeed) return end + 2;
    if (bytes[end + 1] === carriageReturn && bytes[end + 2] === lineFeed) return end + 3;
  }
  return bytes.length;
}
