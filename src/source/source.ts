/**
 * What every telephony source is to the rest: something that is started, tells what it sees, and may be
 * able to drive a recorder. The rooms below this one never learn which system it is.
 */
import type { CallSignal } from '../call/signal.ts';

export type SourceState = 'connecting' | 'syncing' | 'up' | 'down';

/** What a source is given to speak through. */
export interface SourcePort {
  signal(signal: CallSignal): void;
  /** A change of the connection's state, with a reason a person can act on when it went down. */
  state(state: SourceState, reason?: string): void;
  /**
   * Something was heard from the system, even if it meant nothing.
   * @param atMs the system's own time of a signal, where it tells times; milliseconds since 1970
   */
  heard(atMs?: number): void;
}

export type RecorderCommand =
  | {
      readonly kind: 'start';
      readonly leg: string;
      readonly file?: string;
      /** File extension, without the dot, where no file is named; absent: the source's own. */
      readonly format?: string;
    }
  | {
      readonly kind: 'stop';
      readonly leg: string;
      /** True when it is suspended, so that nothing has to be stopped any more. */
      readonly suspended?: boolean;
    }
  /** Nothing more goes into the file until it is told to continue: what is said meanwhile is left out. */
  | { readonly kind: 'suspend'; readonly leg: string }
  /** Goes on at the end of the file that was suspended. */
  | {
      readonly kind: 'continue';
      readonly leg: string;
      /** The file that was suspended; absent where the platform never told it. */
      readonly file?: string;
    }
  /** Ends the file and begins another one of the same recording. */
  | {
      readonly kind: 'split';
      readonly leg: string;
      readonly file?: string;
      /** What is muted, and is to stay so in the next file. */
      readonly muted?: 'says' | 'hears' | 'both';
    }
  | {
      readonly kind: 'mute';
      readonly leg: string;
      readonly side: 'says' | 'hears' | 'both';
      readonly muted: boolean;
    };

/** Refusals carry the system's own words. */
export type RecorderResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface Source {
  readonly name: string;
  /** What kind of system it is, for people: `ami`, `ingest`, `replay`, `simulator`. */
  readonly type: string;
  start(): void;
  /** Resolves when nothing more will be told. */
  stop(): Promise<void>;
  /** Stops reading from the system while the disk is behind, and goes on. */
  hold?(held: boolean): void;
  /** Drives the system's recorder; absent when the source has none. */
  record?(command: RecorderCommand): Promise<RecorderResult>;
}
