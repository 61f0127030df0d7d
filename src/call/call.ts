/**
 * What is: a call as everybody else sees it. Values, never changed after they are made; a call and its
 * legs hold all that is needed to go on after a restart, so a consumer needs no memory.
 */
import type { AudioSide, Cause, DialResult, Loop } from './signal.ts';
import type { LegState } from './transitions.ts';

export interface Party {
  readonly number?: string;
  readonly name?: string;
  readonly address?: string;
}

export interface Leg {
  /** The source's key of the leg. */
  readonly key: string;
  readonly state: LegState;
  /** `caller` began the call, `called` was dialled, `joined` came from another call. */
  readonly role: 'caller' | 'called' | 'joined';
  /** False for platform-internal legs: they are part of the books, never a party. */
  readonly party: boolean;
  readonly number?: string;
  /** True when the number is another leg's or the device's, shown where the leg has none of its own. */
  readonly borrowed?: true;
  readonly name?: string;
  /** True when the name is the agent's or that of the leg it stands for, shown where the leg has none. */
  readonly nameBorrowed?: true;
  readonly device?: string;
  readonly address?: string;
  readonly dialled?: string;
  /** The source's key of the call, as last reported with this leg. */
  readonly callKey: string;
  readonly loop?: Loop;
  /** Of the near half of a loop: the leg of the real party that was reached through it. */
  readonly standsFor?: string;
  /** The leg that dialled this one. */
  readonly dialledBy?: string;
  /** True when the platform dialled it by itself. */
  readonly originated?: boolean;
  readonly dialResult?: DialResult;
  readonly bridge?: string;
  /** Name of the queue agent at this leg. */
  readonly agent?: string;
  readonly offeredAtMs: number;
  readonly ringingAtMs?: number;
  readonly connectedAtMs?: number;
  readonly endedAtMs?: number;
  readonly cause?: Cause;
  /** The call in which this leg went on. */
  readonly movedTo?: string;
}

export interface Hold {
  /** Key of the leg that held. */
  readonly leg: string;
  readonly by?: string;
  readonly fromMs: number;
  readonly toMs?: number;
}

export interface Transfer {
  readonly style: 'blind' | 'attended';
  readonly atMs: number;
  /** Number of the party that transferred. */
  readonly by?: string;
  /** Number of the party that was transferred. */
  readonly transferee?: string;
  /** Number it was transferred to. */
  readonly to?: string;
}

export interface QueueVisit {
  readonly queue: string;
  readonly joinedAtMs: number;
  readonly leftAtMs?: number;
  readonly position?: number;
  readonly result?: 'answered' | 'abandoned' | 'left';
  /** Agents that were rung and did not answer, in order; the last hundred. */
  readonly missedBy: readonly string[];
  /** The agent that answered. */
  readonly agent?: string;
}

export interface Pause {
  readonly side: AudioSide;
  readonly fromMs: number;
  readonly toMs?: number;
  /** True when the media file leaves this stretch out; otherwise it holds silence. */
  readonly cut?: true;
}

/** One media file: a segment of a recording, which is a chain of them. */
export interface Recording {
  /** Number of the segment: one counter for the whole server, from 1; never given twice. */
  readonly id: number;
  /** Number of the recording's first segment, which is the recording's number; absent in the first one itself. */
  readonly of?: number;
  /** True when the recording goes on in another segment after this one, perhaps in another call. */
  readonly goesOn?: true;
  /** Key of the recorded leg. */
  readonly leg: string;
  readonly startedAtMs: number;
  readonly endedAtMs?: number;
  readonly pauses: readonly Pause[];
  /** Path of the media file, where the source tells. */
  readonly file?: string;
}

export type CallState = 'offered' | 'ringing' | 'connected' | 'held' | 'ended';

export type Outcome =
  /** Two parties talked (or a machine answered and nobody else was rung). */
  | 'answered'
  /** It rang and nobody took it. */
  | 'missed'
  /** It never rang: the called device could not be reached. */
  | 'unreachable'
  | 'busy'
  | 'rejected'
  /** The caller gave up while it rang. */
  | 'cancelled'
  /** The caller left a queue unserved. */
  | 'abandoned'
  | 'failed'
  /** Its parties went on in another call. */
  | 'merged'
  /** The end was not seen; what came of the call is not known. */
  | 'unknown';

export type Direction = 'internal' | 'incoming' | 'outgoing' | 'external';

/** How we know that a call ended: seen, concluded from a snapshot, or given up with its source. */
export type Ending = 'observed' | 'reconciled' | 'timed-out';

export interface EndedBy {
  readonly side: 'caller' | 'called' | 'platform';
  /** Number of the party that hung up. */
  readonly number?: string;
}

export interface Call {
  /** Ours: a UUID derived from source and platform key, stable across restarts. */
  readonly id: string;
  readonly source: string;
  /** Every key the source has used for this call, the first one first. */
  readonly platformIds: readonly string[];
  /** Counts the events of this call, from 1. */
  readonly revision: number;
  readonly state: CallState;
  readonly direction: Direction;
  readonly caller: Party;
  readonly called: Party;
  /** The number that was dialled, which need not be the number of who answered. */
  readonly dialled?: string;
  readonly startedAtMs: number;
  readonly answeredAtMs?: number;
  /** Key of the leg that answered. */
  readonly answeredBy?: string;
  readonly endedAtMs?: number;
  readonly outcome?: Outcome;
  readonly ending?: Ending;
  readonly endedBy?: EndedBy;
  readonly cause?: Cause;
  /** The call in which its parties went on. */
  readonly mergedInto?: string;
  /** Name of the conference room, once legs met in one. */
  readonly conference?: string;
  /** In the order in which they were first seen; of a very long call not all that have ended. */
  readonly legs: readonly Leg[];
  readonly holds: readonly Hold[];
  readonly transfers: readonly Transfer[];
  readonly queue: readonly QueueVisit[];
  readonly recordings: readonly Recording[];
  /** Everything a subscription may name: numbers and devices of all parties so far; only grows. */
  readonly extensions: readonly string[];
}
