/**
 * Calls and events as lines a person can check against what happened at the phones: times are
 * milliseconds since the call began, legs are called by their numbers.
 */
import type { Call, Leg, Party } from '../../src/call/call.ts';
import type { OfCall } from '../../src/call/event.ts';

/**
 * What was told, in order: milliseconds since the first event, the kind, and the state of the call after
 * it, such as `1012 answered connected`. Updates that leave the state as it was are left out. Of several
 * calls each line names its call; `#1` started first.
 */
export function storyOf(events: readonly OfCall[]): readonly string[] {
  const ids = [...new Set(events.map((event) => event.call.id))];
  const startMs = events[0]?.atMs ?? 0;
  const states = new Map<string, string>();
  const story: string[] = [];
  for (const { kind, call, atMs } of events) {
    const before = states.get(call.id);
    states.set(call.id, call.state);
    if (kind === 'call.updated' && before === call.state) continue;
    const what = kind.replace('call.', '').replace('recording.', 'recording ');
    const which = ids.length > 1 ? `#${ids.indexOf(call.id) + 1} ` : '';
    story.push(`${which}${atMs - startMs} ${what} ${call.state}`);
  }
  return story;
}

export interface Account {
  readonly started: string;
  readonly parties: string;
  readonly dialled: string | undefined;
  readonly direction: string;
  readonly answered: string | undefined;
  readonly ended: string | undefined;
  readonly endedBy: string | undefined;
  readonly cause: string | undefined;
  readonly legs: readonly string[];
  readonly holds?: readonly string[];
  readonly transfers?: readonly string[];
  readonly queue?: readonly string[];
  readonly recordings?: readonly string[];
  readonly conference?: string;
}

/** Everything there is to say of a call; lists that are empty are left out. */
export function accountOf(call: Call): Account {
  const at = (ms: number | undefined): string =>
    ms === undefined ? '' : `${ms - call.startedAtMs}`;
  const span = (from: number, to: number | undefined): string => `${at(from)}–${at(to)}`;
  const numberAt = (key: string): string => {
    const found = call.legs.find((each) => each.key === key);
    const real = found?.standsFor;
    const leg = real === undefined ? found : call.legs.find((each) => each.key === real);
    return leg?.number ?? leg?.device ?? key;
  };
  const { endedBy, cause, answeredBy } = call;
  const by = answeredBy === undefined ? '' : ` by ${numberAt(answeredBy)}`;
  const lists = {
    holds: call.holds.map((hold) => `${numberAt(hold.leg)} ${span(hold.fromMs, hold.toMs)}`),
    transfers: call.transfers.map(
      (each) => `${at(each.atMs)} ${each.style}: ${each.by} sends ${each.transferee} to ${each.to}`,
    ),
    queue: call.queue.map((visit) =>
      [
        `${visit.queue} ${span(visit.joinedAtMs, visit.leftAtMs)} ${visit.result}`,
        ...(visit.position === undefined ? [] : [`position ${visit.position}`]),
        ...visit.missedBy.map((agent) => `missed by ${agent}`),
        ...(visit.agent === undefined ? [] : [`served by ${visit.agent}`]),
      ].join(', '),
    ),
    recordings: call.recordings.map((each) =>
      [
        `${numberAt(each.leg)} ${span(each.startedAtMs, each.endedAtMs)}`,
        ...each.pauses.map((pause) => `${pause.side} muted ${span(pause.fromMs, pause.toMs)}`),
        ...(each.file === undefined ? [] : [each.file]),
      ].join(', '),
    ),
  };
  return {
    started: new Date(call.startedAtMs).toISOString(),
    parties: `${nameOf(call.caller)} → ${nameOf(call.called)}`,
    dialled: call.dialled,
    direction: call.direction,
    answered: call.answeredAtMs === undefined ? undefined : `${at(call.answeredAtMs)}${by}`,
    ended:
      call.endedAtMs === undefined
        ? undefined
        : `${at(call.endedAtMs)} ${call.outcome} ${call.ending}`,
    endedBy: endedBy === undefined ? undefined : [endedBy.side, endedBy.number].join(' ').trim(),
    cause: cause === undefined ? undefined : [cause.code, cause.text].join(' ').trim(),
    legs: call.legs.map((leg) => lineOf(leg, at)),
    ...Object.fromEntries(Object.entries(lists).filter(([, lines]) => lines.length > 0)),
    ...(call.conference !== undefined && { conference: call.conference }),
  };
}

function nameOf(party: Party): string {
  const { number = 'nobody', name } = party;
  return name === undefined ? number : `${number} (${name})`;
}

/** Such as `called 1002: 2, rings 4, up 1012, ends 3017`; a leg that is no party stands in brackets. */
function lineOf(leg: Leg, at: (ms: number | undefined) => string): string {
  const half = leg.loop === undefined ? '' : ` ${leg.loop.half}`;
  const line = [
    `${leg.role} ${leg.number}${half}: ${at(leg.offeredAtMs)}`,
    ...(leg.ringingAtMs === undefined ? [] : [`rings ${at(leg.ringingAtMs)}`]),
    ...(leg.connectedAtMs === undefined ? [] : [`up ${at(leg.connectedAtMs)}`]),
    ...(leg.endedAtMs === undefined ? [leg.state] : [`ends ${at(leg.endedAtMs)}`]),
    ...(leg.agent === undefined ? [] : [`agent ${leg.agent}`]),
    ...(leg.movedTo === undefined ? [] : ['goes on elsewhere']),
  ].join(', ');
  return leg.party ? line : `[${line}]`;
}
