/**
 * A call as the dialect `standard` tells it: nothing of how we keep it, only what can be promised. What is not
 * known is undefined here, and left out of the JSON. Pure.
 */
import type { Call, Leg, Party, QueueVisit, Recording } from '../../call/call.ts';
import { cdrTime } from '../../record/cdr-xml.ts';
import type { StandardCall } from './standard-schema.ts';

/**
 * `YYYY-MM-DDThh:mm:ss.SSSZ`.
 * @param atMs milliseconds since 1970; what lies outside 1970..9999 is moved to the nearer end
 */
export function isoTime(atMs: number): string {
  const text = cdrTime(atMs, 'utc');
  return `${text.slice(0, 10)}T${text.slice(11)}Z`;
}

function timeIf(atMs: number | undefined): string | undefined {
  return atMs === undefined ? undefined : isoTime(atMs);
}

export function standardCall(call: Call): StandardCall {
  const { legs } = call;
  const parties = legs.filter((leg) => leg.party);
  return {
    id: call.id,
    source: call.source,
    platformId: call.platformIds[0],
    revision: call.revision,
    state: call.state,
    direction: call.direction,
    caller: personOf(call.caller),
    called: personOf(call.called),
    dialled: call.dialled,
    started: isoTime(call.startedAtMs),
    answered: timeIf(call.answeredAtMs),
    ended: timeIf(call.endedAtMs),
    outcome: call.outcome,
    ending: call.ending,
    endedBy: call.endedBy?.side,
    cause: causeOf(call.cause),
    mergedInto: call.mergedInto,
    conference: call.conference,
    parties: parties.filter((leg) => leg.state !== 'ended').map(partyOf),
    formerParties: parties.filter((leg) => leg.state === 'ended').map(partyOf),
    holds: call.holds.map(({ by, fromMs, toMs }) => ({
      by,
      from: isoTime(fromMs),
      to: timeIf(toMs),
    })),
    transfers: call.transfers.map(({ style, by, transferee, to, atMs }) => ({
      style,
      by,
      transferee,
      to,
      at: isoTime(atMs),
    })),
    queue: call.queue.map(visitOf),
    recordings: call.recordings.map((recording) => recordingOf(recording, legs)),
  };
}

function personOf({ number, name, address }: Party): StandardCall['caller'] {
  return { number, name, address };
}

function causeOf(cause: Call['cause']): StandardCall['cause'] {
  return cause === undefined ? undefined : { code: cause.code, text: cause.text };
}

function partyOf(leg: Leg): StandardCall['parties'][number] {
  const { number, name, role, state, device, agent } = leg;
  return {
    number,
    name,
    role,
    state,
    device,
    agent,
    offered: isoTime(leg.offeredAtMs),
    ringing: timeIf(leg.ringingAtMs),
    answered: timeIf(leg.connectedAtMs),
    ended: timeIf(leg.endedAtMs),
    cause: causeOf(leg.cause),
  };
}

function visitOf(visit: QueueVisit): StandardCall['queue'][number] {
  return {
    name: visit.queue,
    joined: isoTime(visit.joinedAtMs),
    left: timeIf(visit.leftAtMs),
    position: visit.position,
    result: visit.result,
    agent: visit.agent,
    missedBy: [...visit.missedBy],
  };
}

function recordingOf(
  { id, of = id, leg: key, startedAtMs, endedAtMs, pauses, file }: Recording,
  legs: readonly Leg[],
): StandardCall['recordings'][number] {
  const open = endedAtMs === undefined ? pauses.filter((pause) => pause.toMs === undefined) : [];
  const sides = new Set(open.map((pause) => pause.side));
  const [first] = sides;
  return {
    ...{ id, recording: of },
    state: endedAtMs !== undefined ? 'ended' : open.length > 0 ? 'paused' : 'recording',
    side: sides.size > 1 ? 'both' : first,
    number: legs.find((leg) => leg.key === key)?.number,
    started: isoTime(startedAtMs),
    ended: timeIf(endedAtMs),
    file,
    pauses: pauses.map(({ side, fromMs, toMs, cut }) => ({
      side,
      cut,
      from: isoTime(fromMs),
      to: timeIf(toMs),
    })),
  };
}
