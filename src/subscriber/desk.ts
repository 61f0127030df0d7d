/**
 * What sessions need from the rest of the house to answer requests. Declared here, filled by app.
 */
import type { SourceStatus, Summary } from './message.ts';

export interface MuteState {
  readonly callerMuted: boolean;
  readonly calleeMuted: boolean;
}

export type MuteResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'no-such-call' }
  /** With the reason of whoever refused: the recorder, its PBX, or us. */
  | { readonly kind: 'failed'; readonly reason: string };

export interface Desk {
  /** The ready `verbacdr` of an ongoing or finished call. */
  cdr(callId: string): Promise<string | undefined>;
  /** Drives the real recorder of the call's source. */
  mute(callId: string, wanted: MuteState): Promise<MuteResult>;
  /** Undefined when no such call goes on. */
  muteState(callId: string): MuteState | undefined;
  summary(): Summary;
  sources(): readonly SourceStatus[];
  /** True when the token is one that was given out. */
  authenticate(token: string): boolean;
}
