/**
 * A call as the dialect `standard` tells it: nothing of how we keep it, only what can be promised. Pure.
 */
import type { Call, Leg, QueueVisit, Recording } from '../../call/call.ts';
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

/** One optional member: the time under its name, or nothing. */
function timed<Name extends string>(
  name: Name,
  atMs: number | undefined,
): { [N in Name]?: string } {
  // A computed name widens to any text; it is the one that was given.
  return atMs === undefined ? {} : ({ [name]: isoTime(atMs) } as { [N in Name]?: string });
}

/** The values that are known. */
function known<T extends object>(values: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  // What is left has the names and the types of before, less undefined.
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

type Party = StandardCall['parties'][number];

export function standardCall(call: Call): StandardCall {
  const { caller, called, legs } = call;
  const parties = legs.filter((leg) => leg.party);
  return {
    id: call.id,
    source: call.source,
    ...known({ platformId: call.platformIds[0] }),
    revision: call.revision,
    state: call.state,
    direction: call.direction,
    caller: known({ number: caller.number, name: caller.name, address: caller.address }),
    called: known({ number: called.number, name: called.name, address: called.address }),
    ...known({ dialled: call.dialled }),
    started: isoTime(call.startedAtMs),
    ...timed('answered', call.answeredAtMs),
    ...timed('ended', call.endedAtMs),
    ...known({ outcome: call.outcome, ending: call.ending, endedBy: call.endedBy?.side }),
    ...(call.cause !== undefined && { cause: causeOf(call.cause) }),
    ...known({ mergedInto: call.mergedInto, conference: call.conference }),
    parties: parties.filter((leg) => leg.state !== 'ended').map(partyOf),
    formerParties: parties.filter((leg) => leg.state === 'ended').map(partyOf),
    holds: call.holds.map(({ by, fromMs, toMs }) => ({
      ...known({ by }),
      from: isoTime(fromMs),
      ...timed('to', toMs),
    })),
    transfers: call.transfers.map(({ style, by, transferee, to, atMs }) => ({
      style,
      ...known({ by, transferee, to }),
      at: isoTime(atMs),
    })),
    queue: call.queue.map(visitOf),
    recordings: call.recordings.map((recording) => recordingOf(recording, legs)),
  };
}

function causeOf({ code, text }: NonNullable<Call['cause']>): NonNullable<StandardCall['cause']> {
  return { code, ...known({ text }) };
}

function partyOf(leg: Leg): Party {
  return {
    ...known({ number: leg.number, name: leg.name }),
    role: leg.role,
    state: leg.state,
    ...known({ device: leg.device, agent: leg.agent }),
    offered: isoTime(leg.offeredAtMs),
    ...timed('ringing', leg.ringingAtMs),
    ...timed('answered', leg.connectedAtMs),
    ...timed('ended', leg.endedAtMs),
    ...(leg.cause !== undefined && { cause: causeOf(leg.cause) }),
  };
}

function visitOf(visit: QueueVisit): StandardCall['queue'][number] {
  return {
    name: visit.queue,
    joined: isoTime(visit.joinedAtMs),
    ...timed('left', visit.leftAtMs),
    ...known({ position: visit.position, result: visit.result, agent: visit.agent }),
    missedBy: [...visit.missedBy],
  };
}

function recordingOf(
  recording: Recording,
  legs: readonly Leg[],
): StandardCall['recordings'][number] {
  const { startedAtMs, endedAtMs, pauses, file } = recording;
  const open = endedAtMs === undefined ? pauses.filter((pause) => pause.toMs === undefined) : [];
  const sides = new Set(open.map((pause) => pause.side));
  const [first] = sides;
  return {
    state: endedAtMs !== undefined ? 'ended' : open.length > 0 ? 'paused' : 'recording',
    ...known({
      side: sides.size > 1 ? ('both' as const) : first,
      number: legs.find((leg) => leg.key === recording.leg)?.number,
    }),
    started: isoTime(startedAtMs),
    ...timed('ended', endedAtMs),
    ...known({ file }),
    pauses: pauses.map((pause) => ({
      side: pause.side,
      from: isoTime(pause.fromMs),
      ...timed('to', pause.toMs),
    })),
  };
}
