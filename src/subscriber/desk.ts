/**
 * What sessions need from the rest of the house to answer requests. Declared here, filled by app.
 */
import type { Grant } from '../access/grant.ts';
import type { ExtensionFilter } from '../call/extension.ts';
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

/** What lies outside the scope does not exist for who asks. */
export interface Desk {
  /** The ready `verbacdr` of an ongoing or finished call. */
  cdr(callId: string, scope: ExtensionFilter): Promise<string | undefined>;
  /** Drives the real recorder of the call's source. */
  mute(callId: string, wanted: MuteState, scope: ExtensionFilter): Promise<MuteResult>;
  /** Undefined when no such call goes on. */
  muteState(callId: string, scope: ExtensionFilter): MuteState | undefined;
  summary(scope: ExtensionFilter): Summary;
  sources(): readonly SourceStatus[];
  /** What the token opens, or why it opens nothing. A grant that was given must be let go again. */
  authenticate(token: string): Grant | string;
  /** The session with this grant is over. */
  letGo(grant: Grant): void;
}
