/**
 * What a recorder calls a session, of a call as we know it: its ids, numbers and SIP addresses of record. The same
 * in webhooks, in the books of recordings and in answers. Pure.
 */
import type { Call, Leg, Party } from '../call/call.ts';

/** The id under which all recordings of a call are found: the platform's first id of the call. */
export function ucidOf({ platformIds }: Call): string | undefined {
  return platformIds[0];
}

/** The platform's id of the caller's leg. */
export function ingressCallIdOf(call: Call): string | undefined {
  return call.legs.find(({ role }) => role === 'caller')?.key ?? call.platformIds[0];
}

/** The platform's id of the leg that answered; until then, of the one that was rung last. */
export function egressCallIdOf({ legs, answeredBy }: Call): string | undefined {
  const called =
    legs.find(({ key }) => key === answeredBy) ??
    legs.findLast(({ role, party }) => role === 'called' && party);
  return called?.key;
}

export function aniOf({ caller }: Call): string | undefined {
  return caller.number;
}

/** The number that was dialled, rather than the one of who answered. */
export function dnisOf({ dialled, called }: Call): string | undefined {
  return dialled ?? called.number;
}

/** Whether a leg was party to the talk, other than as the caller. */
export function tookPart({ role, party, connectedAtMs }: Leg): boolean {
  return party && role !== 'caller' && connectedAtMs !== undefined;
}

/**
 * SIP URI of a party (RFC 3261 §19.1), its user part escaped; undefined when neither number nor address is known.
 */
export function aorOf({ number, address }: Party): string | undefined {
  const host = hostOf(address);
  const given = wellFormed(number);
  if (given === '') return host === undefined ? undefined : `sip:${host}`;
  const at = given.lastIndexOf('@');
  const own = at > 0 ? hostOf(given.slice(at + 1)) : undefined;
  const user = own === undefined ? given : given.slice(0, at);
  const known = own ?? host;
  const escaped = encodeURIComponent(user).replaceAll('%2B', '+');
  return known === undefined ? `sip:${escaped}` : `sip:${escaped}@${known}`;
}

/** Halves of surrogate pairs can be neither encoded nor kept. */
function wellFormed(text: string | undefined): string {
  return (text ?? '').replaceAll(/\p{Cs}/gu, '\ufffd');
}

/** A host, with or without port; undefined for what cannot be one. */
function hostOf(address: string | undefined): string | undefined {
  if (address === undefined || !/^[A-Za-z0-9.:[\]-]{1,255}$/.test(address)) return undefined;
  // An IPv6 address stands in brackets, where its colons are no port's.
  return /^[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*$/.test(address) ? `[${address}]` : address;
}
