/**
 * Reading what somebody else put into a file: a device, or a file that grows for ever, never fills the
 * memory.
 */
import { readSync } from 'node:fs';

const chunkBytes = 64 * 1024;

/**
 * All bytes from where the open file stands to its end; undefined when there are more than `limit`.
 * @throws {Error} Node's own, when it cannot be read
 */
export function readBounded(file: number, limit: number): Buffer | undefined {
  const chunks: Buffer[] = [];
  let length = 0;
  for (;;) {
    const chunk = Buffer.alloc(chunkBytes);
    const read = readSync(file, chunk);
    if (read === 0) return Buffer.concat(chunks);
    length += read;
    if (length > limit) return undefined;
    chunks.push(chunk.subarray(0, read));
  }
}
