/**
 * The spine: every event is appended, numbered and on disk before anybody hears of it. This file is what
 * other rooms know of it; the embedded store fills it, and later a cluster may.
 */
import type { Call } from '../call/call.ts';
import type { CallEvent } from '../call/event.ts';

export interface JournalEntry {
  /** From 1, without gaps, within one epoch. */
  readonly seq: number;
  readonly event: CallEvent;
}

/** Enough to start again where the last run stopped. */
export interface Remembered {
  /** Calls that had no end yet, as of their last event. */
  readonly open: readonly Call[];
  /** Calls that ended recently, newest last, so that late signals do not start them again. */
  readonly ended: readonly Call[];
  /** Sources whose last source event was a gap: name and when sight was lost. */
  readonly gaps: readonly { readonly source: string; readonly fromMs: number }[];
  /** The highest number that was ever given to a recorded segment. */
  readonly lastSegmentId?: number;
}

export type ReadResult =
  | { readonly kind: 'entries'; readonly entries: readonly JournalEntry[] }
  /** The entries asked for have been dropped by retention. */
  | { readonly kind: 'gone'; readonly oldestSeq: number };

/** The sender's own id of a signal. */
export interface SignalId {
  readonly source: string;
  readonly id: string;
}

export interface Journal {
  /** Names this numbering; a new store has a new epoch. */
  readonly epoch: string;
  /** The last durable entry's number; 0 when there is none. */
  readonly head: number;
  /**
   * Numbers the events in order and makes them durable; everything appended while a commit runs goes
   * into the next one. `onCommitted` listeners hear them in order. Never throws: a commit that fails is
   * tried again until it holds, and nobody is told before. One append is durable as a whole or not at
   * all.
   * @param signalIds ids of the signals that made the events, remembered with them; signals that made
   *   none may be remembered with no events
   */
  append(events: readonly CallEvent[], signalIds?: readonly SignalId[]): void;
  /** Called after each commit with all entries it made durable. */
  onCommitted(listener: (entries: readonly JournalEntry[]) => void): void;
  /**
   * Durable entries with a number above `afterSeq`, in order: `limit` at most, and perhaps fewer than there
   * are, but none only when there are none.
   */
  readAfter(afterSeq: number, limit: number): Promise<ReadResult>;
  /** How many appended events wait for their commit; sources are held back when this grows. */
  readonly pending: number;
  /** Resolves when everything appended so far is durable. */
  settled(): Promise<void>;
}

/** Remembers which signals have been heard, so that a sender may send again what it is not sure of. */
export interface SignalMemory {
  /**
   * Those of `ids` that the source has sent before, durable or still on their way to the disk. What is
   * appended before the answer comes counts too, so that asking and appending in the turn of the answer
   * takes a signal once.
   */
  seenSignalIds(source: string, ids: readonly string[]): Promise<ReadonlySet<string>>;
}
