/**
 * Between the call that is being kept and the value that leaves the room: `viewOf` makes one of the
 * other, `draftOf` takes one back in after a restart.
 */
import type { Call, Leg } from './call.ts';
import { type CallDraft, type Draft, type LegDraft, newDraft } from './draft.ts';
import { causeOf, endedByOf, outcomeOf } from './outcome.ts';
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
    ...(number !== undefined && number !== draft.number && { borrowed: true as const }),
    ...(name !== undefined && { name }),
    ...(name !== undefined && name !== draft.name && { nameBorrowed: true as const }),
  };
}

/** A number or a name that was not the leg's own is found again in the same way. */
function legDraftOf({ party: _, borrowed, number, nameBorrowed, name, ...leg }: Leg): LegDraft {
  const hasNumber = number !== undefined && borrowed !== true;
  const hasName = name !== undefined && nameBorrowed !== true;
  return { ...leg, ...(hasNumber && { number }), ...(hasName && { name }), generation: 0 };
}

/** Takes a call back in that had no end when its last event was written. */
export function draftOf(call: Call): CallDraft {
  const draft: CallDraft = {
    ...newDraft(call.id, call.source, '', call.startedAtMs),
    platformIds: [...call.platformIds],
    legs: new Map(call.legs.map((leg) => [leg.key, legDraftOf(leg)])),
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
