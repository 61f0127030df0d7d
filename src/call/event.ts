/**
 * What we concluded. Events are the only thing that leaves this room: each holds the whole call after
 * the change, so a consumer needs no memory.
 */
import type { Call } from './call.ts';

export type CallEventKind =
  | 'call.started'
  | 'call.answered'
  | 'call.updated'
  | 'call.ended'
  | 'recording.started'
  | 'recording.paused'
  | 'recording.resumed'
  | 'recording.ended';

interface Occurred {
  /** Deterministic: the same signals give the same id. */
  readonly id: string;
  /** Source time, milliseconds since 1970. */
  readonly atMs: number;
  /** Our time when the signal arrived, milliseconds since 1970. */
  readonly seenAtMs: number;
  readonly source: string;
}

export interface OfCall extends Occurred {
  readonly kind: CallEventKind;
  readonly call: Call;
  /**
   * The extensions among `call.extensions` that this event added. Only `call.started` and
   * `call.updated` add any: to somebody who watches one of these, the call becomes visible here.
   */
  readonly joined: readonly string[];
}

/** We lost sight of a source, or see it again after a loss. */
export interface OfSource extends Occurred {
  readonly kind: 'source.gap' | 'source.up';
  /** When sight was lost, our time. */
  readonly fromMs: number;
  /** When it came back, our time; only in `source.up`. */
  readonly toMs?: number;
  readonly reason?: string;
}

export type CallEvent = OfCall | OfSource;
export type EventKind = CallEvent['kind'];

export function isOfCall(event: CallEvent): event is OfCall {
  return event.kind !== 'source.gap' && event.kind !== 'source.up';
}

/** Why a signal changed nothing. Counted by reason; none of them is an error. */
export type IgnoredReason =
  'duplicate' | 'unknown-leg' | 'after-end' | 'no-change' | 'not-in-this-state';

export type Applied =
  | { readonly kind: 'events'; readonly events: readonly CallEvent[] }
  | { readonly kind: 'ignored'; readonly reason: IgnoredReason }
  /** Taken into account, with nothing to tell yet. */
  | { readonly kind: 'noted' };
