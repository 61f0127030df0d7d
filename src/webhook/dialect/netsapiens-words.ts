/**
 * Words that several models of the dialect `netsapiens` share: times, addresses, and who stands at a leg. Pure.
 */
import type { Call, Leg } from '../../call/call.ts';
import { isInside } from '../../call/parties.ts';
import { cdrTime } from '../../record/cdr-xml.ts';

/** An object of a model; every value is a text, as in the original. */
export type Texts = Readonly<Record<string, string>>;

/** What objects say about the place where they are made. */
export interface Site {
  readonly hostname: string;
  /** The domain of everybody inside. */
  readonly domain: string;
}

/** What stands where a time is not known yet: receivers look for its zeros. */
export const noTime = '0000-00-00 00:00:00';

/** `YYYY-MM-DD HH:MM:SS` in UTC. */
export function timeOf(atMs: number): string {
  return cdrTime(atMs, 'utc').slice(0, 19);
}

/** Whole seconds of a time that may not be over. */
export function secondsBetween(fromMs: number | undefined, toMs: number | undefined): string {
  if (fromMs === undefined || toMs === undefined) return '0';
  return String(Math.max(0, Math.round((toMs - fromMs) / 1000)));
}

const longestKey = 200;

/** A key of the source's as it stands in ids of ours, which are bounded. */
export function keyText(key: string): string {
  return key.slice(0, longestKey);
}

/** The id of the call as all its objects have it: the first name that its source had for it. */
export function origCallId(call: Call): string {
  return keyText(call.platformIds[0] ?? call.id);
}

/** `sip:USER@HOST`; empty when nobody is named. */
export function uri(user: string, host: string): string {
  if (user === '') return '';
  return user.includes('@') || host === '' ? `sip:${user}` : `sip:${user}@${host}`;
}

/** What the original says of one side of a call. */
export interface Side {
  readonly isInside: boolean;
  /** Number, or whatever is nearest to one. */
  readonly number: string;
  readonly name: string;
  readonly address: string;
  /** The extension; empty for somebody outside. */
  readonly user: string;
  /** `*` for somebody outside. */
  readonly domain: string;
  /** What stands behind the `@`. */
  readonly host: string;
}

/** Whether somebody of ours is at the leg. A number that is shown for want of one says nothing of it. */
export function isOurs(leg: Leg): boolean {
  const { number: _, ...unnumbered } = leg;
  return isInside(leg.borrowed === true ? unnumbered : leg);
}

export function sideOf(leg: Leg, site: Site): Side {
  const inside = isOurs(leg);
  const number = leg.number ?? leg.device ?? '';
  const address = leg.address ?? '';
  return {
    isInside: inside,
    number,
    name: leg.name ?? '',
    address,
    user: inside ? number : '',
    domain: inside ? site.domain : '*',
    host: inside ? site.domain : address,
  };
}

/** Whom a destination's `user` may name at a leg. */
export function namesAt(leg: Leg | undefined): string[] {
  return [leg?.number, leg?.device, leg?.agent].filter((each) => each !== undefined);
}

/** The leg that the call began with. */
export function callerLegOf(call: Call): Leg | undefined {
  return (
    call.legs.find((leg) => leg.role === 'caller' && leg.party) ??
    call.legs.find((leg) => leg.role === 'caller')
  );
}

/** Parties that were rung or came from another call. */
export function targetsOf(call: Call): Leg[] {
  return call.legs.filter((leg) => leg.party && leg.role !== 'caller');
}

/**
 * How far a leg has got; of one that has ended, how far it had. Who calls and who answered talk from the moment
 * of the answer, though a platform may say so of their legs a little later.
 */
export function infoOf(call: Call, leg: Leg): string {
  const hasAnswer = call.answeredAtMs !== undefined;
  if (leg.state === 'held') return 'held';
  if (leg.state === 'connected' || leg.connectedAtMs !== undefined) return 'active';
  if (hasAnswer && (leg.key === call.answeredBy || leg === callerLegOf(call))) return 'active';
  return leg.ringingAtMs === undefined && leg.state !== 'ringing' ? 'progressing' : 'alerting';
}

/** When the party at a leg took the call; undefined when it has not. */
export function answeredAtMsOf(call: Call, leg: Leg): number | undefined {
  return leg.connectedAtMs ?? (leg.key === call.answeredBy ? call.answeredAtMs : undefined);
}

/** Why a leg was rung, if not because the caller dialled it. */
export interface Redirection {
  readonly action: string;
  /** Queue, or number of who transferred. */
  readonly by: string;
}

export function redirectionOf(call: Call, leg: Leg): Redirection | undefined {
  if (leg.agent !== undefined) {
    const visit =
      call.queue.findLast(({ agent }) => agent === leg.agent) ??
      call.queue.findLast(({ joinedAtMs }) => joinedAtMs <= leg.offeredAtMs) ??
      call.queue.at(-1);
    if (visit !== undefined) return { action: 'QueueSDispatch', by: visit.queue };
  }
  const transfer = call.transfers.findLast(({ to }) => to !== undefined && to === leg.number);
  return transfer === undefined ? undefined : { action: 'Transfer', by: transfer.by ?? '' };
}
