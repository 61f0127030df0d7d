/**
 * A call while it goes on, as the registry keeps it: the same facts as `Call`, changeable, plus what
 * has to be told about it. `viewOf` makes the value that leaves the room; `draftOf` takes one back in
 * after a restart.
 */
import type { Call, Ending, Hold, Leg, QueueVisit, Recording, Transfer } from './call.ts';
import type { CallEventKind } from './event.ts';
import { outcomeOf, endedByOf, causeOf } from './outcome.ts';
import {
  callerOf,
  calledOf,
  dialledOf,
  directionOf,
  isParty,
  nameOf,
  numberOf,
  ownNumberOf,
} from './parties.ts';
import { stateOf } from './state.ts';

type Draft<T> = { -readonly [K in keyof T]: T[K] };

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

/** The call as of now. Shares nothing with the draft that may still change. */
export function viewOf(draft: CallDraft): Call {
  const dialled = dialledOf(draft);
  const view: Draft<Call> = {
    id: draft.id,
    source: draft.source,
    platformIds: [...draft.platformIds],
    revision: draft.revision,
    state: stateOf(draft),
    direction: directionOf(draft),
    caller: callerOf(draft),
    called: calledOf(draft),
    startedAtMs: draft.startedAtMs,
    legs: [...draft.legs.values()].map((leg) => legView(draft, leg)),
    holds: draft.holds.map((hold) => ({ ...hold })),
    transfers: [...draft.transfers],
    queue: draft.queue.map((visit) => ({ ...visit, missedBy: [...visit.missedBy] })),
    recordings: draft.recordings.map((recording) => ({
      ...recording,
      pauses: recording.pauses.map((pause) => ({ ...pause })),
    })),
    extensions: [...draft.extensions],
  };
  if (dialled !== undefined) view.dialled = dialled;
  if (draft.answeredAtMs !== undefined) view.answeredAtMs = draft.answeredAtMs;
  if (draft.answeredBy !== undefined) view.answeredBy = draft.answeredBy;
  if (draft.conference !== undefined) view.conference = draft.conference;
  if (draft.mergedInto !== undefined) view.mergedInto = draft.mergedInto;
  if (draft.endedAtMs !== undefined) addEnd(view, draft);
  return view;
}

function addEnd(view: Draft<Call>, draft: CallDraft): void {
  const { endedAtMs, ending } = draft;
  if (endedAtMs === undefined || ending === undefined) return;
  view.endedAtMs = endedAtMs;
  view.ending = ending;
  view.outcome = outcomeOf(draft);
  const endedBy = endedByOf(draft);
  const cause = causeOf(draft);
  if (endedBy !== undefined) view.endedBy = endedBy;
  if (cause !== undefined) view.cause = cause;
}

/** What of a call somebody can see or act on, as one text to compare. */
export function faceOf(call: Call): string {
  const { state, direction, caller, called, dialled, conference, holds, transfers, queue } = call;
  const parties = call.legs.filter((leg) => leg.party && leg.state !== 'ended');
  return JSON.stringify([
    [state, direction, caller, called, dialled, conference, holds, transfers, queue],
    parties.map((leg) => [leg.key, leg.state, leg.number, leg.name, leg.agent]),
    call.recordings.map((recording) => recording.file),
  ]);
}

function legView(call: CallDraft, draft: LegDraft): Leg {
  const { generation: _, number: __, name: ___, ...leg } = draft;
  // A stand-in keeps its own number: its party is listed as a leg of its own.
  const own = draft.standsFor === undefined;
  const number = own ? numberOf(call, draft) : ownNumberOf(call, draft);
  const name = own ? nameOf(call, draft) : draft.name;
  return {
    ...leg,
    party: isParty(draft),
    ...(number !== undefined && { number }),
    ...(name !== undefined && { name }),
  };
}

/** Takes a call back in that had no end when its last event was written. */
export function draftOf(call: Call): CallDraft {
  const draft: CallDraft = {
    ...newDraft(call.id, call.source, '', call.startedAtMs),
    platformIds: [...call.platformIds],
    legs: new Map(call.legs.map(({ party: _, ...leg }) => [leg.key, { ...leg, generation: 0 }])),
    holds: call.holds.map((hold) => ({ ...hold })),
    transfers: [...call.transfers],
    queue: call.queue.map((visit) => ({ ...visit, missedBy: [...visit.missedBy] })),
    recordings: call.recordings.map((recording) => ({
      ...recording,
      pauses: recording.pauses.map((pause) => ({ ...pause })),
    })),
    extensions: new Set(call.extensions),
    revision: call.revision,
    shown: faceOf(call),
  };
  if (call.answeredAtMs !== undefined) {
    draft.answeredAtMs = call.answeredAtMs;
    draft.answeredTold = true;
  }
  if (call.answeredBy !== undefined) draft.answeredBy = call.answeredBy;
  if (call.conference !== undefined) draft.conference = call.conference;
  if (call.mergedInto !== undefined) draft.mergedInto = call.mergedInto;
  return draft;
}
