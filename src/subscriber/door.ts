/**
 * What a listener asks before it takes a connection: whether the peer may come in at all, and how its
 * session is to be held. Declared here, filled by app.
 */
import type { SessionSettings } from './session.ts';

export interface Door {
  /** Whether a connection of this address is let in; when it is, `left` must follow. */
  admits(address: string): boolean;
  left(address: string): void;
  /** How a session that opens now is held. */
  session(): SessionSettings;
}
