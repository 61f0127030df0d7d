/**
 * A disk of a test's own that can be full: a file system in memory, mounted on a folder. Only root may do
 * that; where it cannot be done there is none, and the caller says so.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';

const mebibyte = 1_048_576;

export interface SmallDisk {
  /** Leaves no room for more than a few pages. */
  fill(): void;
  free(): void;
  remove(): void;
}

/** @param sizeBytes how much it holds while it is not full */
export function mountSmallDisk(folder: string, sizeBytes: number): SmallDisk | undefined {
  const mount = (size: number, ...options: readonly string[]): void => {
    const all = [...options, `size=${Math.ceil(size / mebibyte) * 1_024}k`].join(',');
    execFileSync('mount', ['-t', 'tmpfs', '-o', all, 'offhook-test', folder], { stdio: 'pipe' });
  };
  mkdirSync(folder, { recursive: true });
  try {
    mount(sizeBytes);
  } catch {
    return undefined;
  }
  return {
    fill: () => {
      const { blocks, bfree, bsize } = statfsSync(folder);
      // What is used, rounded up to a mebibyte: the next few commits find no room.
      mount((blocks - bfree) * bsize, 'remount');
    },
    free: () => mount(sizeBytes, 'remount'),
    remove: () => void execFileSync('umount', ['-l', folder], { stdio: 'pipe' }),
  };
}
