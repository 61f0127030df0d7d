/**
 * What the files of recordings are called that nobody ever made. Pure.
 */

/** `sim/2026-11-21/<leg>.wav`, by the day in UTC. */
export function mediaFile(leg: string, atMs: number, format = 'wav'): string {
  return `sim/${new Date(atMs).toISOString().slice(0, 10)}/${leg}.${format}`;
}
