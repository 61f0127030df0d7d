/**
 * A call while it goes on, as the registry keeps it: the same facts as `Call`, changeable, plus what
 * has to be told about it.
 */
import type { Ending, Hold, Leg, QueueVisit, Recording, Transfer } from './call.ts';
import type { CallEventKind } from './event.ts';

/** The same facts, changeable. */
export type Draft<T> = { -readonly [K in keyof T]: T[K] };

export type LegDraft = Draft<Omit<Leg, 'party'>> & { generation: number };
export type HoldDraft = Draft<Hold>;
export type QueueVisitDraft = Draft<Omit<QueueVisit, 'missedBy'>> & { missedBy: string[] };
export type RecordingDraft = Draft<Omit<Recording, 'pauses'>> & {
  pauses: Draft<Recording['pauses'][number]>[];
};

/** Who asked for the end first, since the parties last changed. */
export interface HangupRequest {
  readonly leg: string;
  readonly by: 'party' | 'platform';
}

export interface CallDraft {
  readonly id: string;
  readonly source: string;
  readonly platformIds: string[];
  /** In the order in which they were first seen. */
  readonly legs: Map<string, LegDraft>;
  readonly holds: HoldDraft[];
  readonly transfers: Transfer[];
  readonly queue: QueueVisitDraft[];
  readonly recordings: RecordingDraft[];
  readonly extensions: Set<string>;
  readonly startedAtMs: number;
  revision: number;
  answeredAtMs?: number;
  answeredBy?: string;
  endedAtMs?: number;
  ending?: Ending;
  mergedInto?: string;
  conference?: string;
  hangup?: HangupRequest;
  /** Attempts at agents, by leg, that are known to have been missed: a report that comes twice counts once. */
  readonly missed: Set<string>;
  /** The queue's own word on who ended the talk; it outranks what the legs show. */
  completedBy?: 'agent' | 'caller';
  /** What the last event showed of the call; an update is owed only when that has changed. */
  shown?: string;
  /** The answer has been told. */
  answeredTold?: boolean;
  /** Something changed since the last signal; whether it can be seen is another question. */
  touched: boolean;
  /** Events owed besides a plain update, in order. */
  readonly owed: CallEventKind[];
}

export function newDraft(id: string, source: string, callKey: string, atMs: number): CallDraft {
  return {
    id,
    source,
    platformIds: [callKey],
    legs: new Map(),
    holds: [],
    transfers: [],
    queue: [],
    recordings: [],
    extensions: new Set(),
    missed: new Set(),
    startedAtMs: atMs,
    revision: 0,
    touched: false,
    owed: [],
  };
}
