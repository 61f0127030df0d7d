/**
 * What a process holds, as the kernel tells: sockets, other files, memory.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export interface Vitals {
  readonly sockets: number;
  /** What else is open, by what it points at. */
  readonly files: readonly string[];
  /** Memory in use, bytes. */
  readonly rssBytes: number;
}

export function vitalsOf(pid: number): Vitals {
  const links = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)];
    } catch {
      // Closed while we looked.
      return [];
    }
  });
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return {
    sockets: links.filter((link) => link.startsWith('socket:')).length,
    files: links.filter((link) => !link.startsWith('socket:')).sort(),
    rssBytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024,
  };
}
