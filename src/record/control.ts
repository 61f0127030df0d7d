/**
 * Driving recorders, as those who give commands see it: a command for a call or a recording, and what came of it.
 * Who drives which recorder is wired elsewhere.
 */

export type RecorderOrder =
  | {
      readonly kind: 'start';
      readonly callId: string;
      /** Key of the leg to record; absent: the one that best stands for the call. */
      readonly leg?: string;
      /** Name of the media file, as the platform takes it; absent: the platform's own. */
      readonly file?: string;
      /** File extension, without the dot, of a file that is not named; absent: the source's own. */
      readonly format?: string;
    }
  | { readonly kind: 'stop'; readonly recording: number }
  | {
      readonly kind: 'pause';
      readonly recording: number;
      /** Whether the file holds silence instead of what is paused; otherwise that is cut out. */
      readonly silence: boolean;
    }
  | { readonly kind: 'resume'; readonly recording: number }
  | { readonly kind: 'split'; readonly recording: number; readonly file?: string };

/** Why a recording is not in a state to be told so. */
export type WrongState = 'started' | 'not-started' | 'paused' | 'not-paused';

export type Ordered =
  /** Done, and on the disk; the numbers are absent when the platform did it and has not told of it in time. */
  | { readonly kind: 'done'; readonly recording?: number; readonly segment?: number }
  | { readonly kind: 'wrong-state'; readonly state: WrongState; readonly reason: string }
  /** No such call goes on, or no such recording is in progress. */
  | { readonly kind: 'unknown'; readonly reason: string }
  /** The recorder said no, in its own words. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** The recorder cannot be reached, or there is none. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface RecorderControl {
  /**
   * Carries the order out and resolves once what became of it is on the disk, or after seconds. Never rejects.
   * What fails is told to webhooks as a failed command.
   */
  order(order: RecorderOrder): Promise<Ordered>;
}
