/** Placeholder with the shape that cli relies on. */
import type { CallEvent } from '../call/event.ts';

export interface ReplayRun {
  readonly file: string;
  /** Times as fast as recorded; 0 is as fast as possible. */
  readonly speed: number;
  onEvent(event: CallEvent): void;
}

export interface ReplaySummary {
  readonly calls: number;
  readonly events: number;
  readonly ignored: number;
}

export function runReplay(_run: ReplayRun): Promise<ReplaySummary> {
  return Promise.reject(new Error('Replay is not built yet.'));
}
