/**
 * The models `call` and `call_origid` of the dialect `netsapiens`: which objects there are of a call as it is,
 * and what they say. Pure.
 */
import type { Call, Leg } from '../../call/call.ts';
import type { LiveModel, Row } from './netsapiens-live.ts';
import {
  answeredAtMsOf,
  callerLegOf,
  infoOf,
  keyText,
  namesAt,
  noTime,
  origCallId,
  redirectionOf,
  type Side,
  sideOf,
  type Site,
  targetsOf,
  type Texts,
  timeOf,
  uri,
} from './netsapiens-words.ts';

/** Who calls, or what the call itself says of it where no leg does. */
function originOf(call: Call, site: Site): { readonly side: Side; readonly leg: Leg | undefined } {
  const leg = callerLegOf(call);
  if (leg !== undefined) {
    const side = sideOf(leg, site);
    const { number = side.number, name = side.name, address = side.address } = call.caller;
    const user = side.isInside ? number : '';
    const host = side.isInside ? site.domain : address;
    return { leg, side: { ...side, number, name, address, user, host } };
  }
  const { number = '', name = '', address = '' } = call.caller;
  const outside = { isInside: false, user: '', domain: '*', host: address };
  return { leg, side: { ...outside, number, name, address } };
}

/** The members about who calls, in the order of the original. */
export function originTexts(call: Call, site: Site): Texts {
  const { side, leg } = originOf(call, site);
  const dialled = call.dialled ?? call.called.number ?? '';
  const from = uri(side.number, side.host);
  const to = uri(dialled, site.domain);
  return {
    orig_callid: origCallId(call),
    orig_leg_tag: leg === undefined ? '' : keyText(leg.key),
    orig_ip: side.address,
    orig_match: matchOf(side, site),
    orig_sub: side.user,
    orig_domain: side.domain,
    orig_own_sub: side.user,
    orig_own_domain: side.domain,
    orig_type: side.isInside ? 'device' : 'gateway',
    orig_group: '',
    orig_site: '',
    orig_territory: '',
    orig_from_uri: from,
    orig_logi_uri: uri(side.number, site.domain),
    orig_from_name: side.name,
    orig_from_user: side.number,
    orig_from_host: side.host,
    orig_req_uri: to,
    orig_req_user: dialled,
    orig_req_host: site.domain,
    orig_to_uri: to,
    orig_to_user: dialled,
    orig_to_host: site.domain,
    orig_id: side.number,
    orig_name: side.name,
    orig_user: side.user,
    orig_call_info: leg === undefined ? '' : infoOf(call, leg),
  };
}

/** The members about who redirected the call to the leg. */
export function redirectionTexts(call: Call, leg: Leg | undefined, site: Site): Texts {
  const found = leg === undefined ? undefined : redirectionOf(call, leg);
  const by = found?.by ?? '';
  return {
    by_action: found?.action ?? '',
    by_sub: by,
    by_domain: by === '' ? '' : site.domain,
    by_type: '',
    by_group: '',
    by_site: '',
    by_territory: '',
    by_uri: uri(by, site.domain),
    by_callid: found === undefined ? '' : origCallId(call),
    by_id: by,
  };
}

/** The members about who is called. */
export function targetTexts(call: Call, leg: Leg | undefined, site: Site): Texts {
  const side = leg === undefined ? undefined : sideOf(leg, site);
  const to = side === undefined ? '' : uri(side.number, side.host);
  const type = side?.isInside === true ? 'device' : 'gateway';
  return {
    term_callid: leg === undefined ? '' : keyText(leg.key),
    term_leg_tag: leg === undefined ? '' : keyText(leg.key),
    term_ip: side?.address ?? '',
    term_match: side === undefined ? '' : matchOf(side, site),
    term_sub: side?.user ?? '',
    term_domain: side?.domain ?? '',
    term_own_sub: side?.user ?? '',
    term_own_domain: side?.domain ?? '',
    term_type: side === undefined ? '' : type,
    term_group: '',
    term_site: '',
    term_territory: '',
    term_to_uri: to,
    term_logi_uri: side === undefined ? '' : uri(side.number, site.domain),
    term_id: keyText(side?.number ?? ''),
    term_uri: to,
    term_user: side?.user ?? '',
    term_call_info: leg === undefined ? '' : infoOf(call, leg),
  };
}

function matchOf(side: Side, site: Site): string {
  if (side.isInside) return uri(side.user, site.domain);
  return side.address === '' ? '' : uri('*', side.address);
}

/** The object of one called leg; of a call that has rung nobody, with nobody called. */
function callObject(call: Call, leg: Leg | undefined, site: Site, atMs: number): Texts {
  const origin = originTexts(call, site);
  const target = targetTexts(call, leg, site);
  const answeredAtMs = leg === undefined ? call.answeredAtMs : answeredAtMsOf(call, leg);
  return {
    hostname: site.hostname,
    sessionId: call.id,
    acr_id: `${origin['orig_callid']}_${target['term_callid']}_${target['term_id']}`,
    ...origin,
    ...redirectionTexts(call, leg, site),
    ...target,
    time_start: timeOf(call.startedAtMs),
    time_begin: timeOf(leg?.offeredAtMs ?? call.startedAtMs),
    time_answer: answeredAtMs === undefined ? noTime : timeOf(answeredAtMs),
    time_refresh: timeOf(atMs),
    ts: timeOf(atMs),
    ani: origin['orig_from_user'] ?? '',
    dnis: origin['orig_to_user'] ?? '',
    route_to: '',
    route_class: '',
    media: '',
    pac: '',
    action: '',
    action_parameter: '',
    action_by: '',
    notes: '',
  };
}

function callRow(call: Call, leg: Leg | undefined, site: Site, atMs: number): Row {
  const object = callObject(call, leg, site, atMs);
  const { orig_callid = '', term_callid = '', term_id = '', by_sub = '' } = object;
  const users = [...namesAt(callerLegOf(call)), ...namesAt(leg), by_sub];
  return { id: [orig_callid, term_callid, term_id], users, object };
}

export const callModel: LiveModel = {
  rows: (call, site, atMs) => {
    if (call.state === 'ended') return [];
    const rung = targetsOf(call).filter((leg) => leg.state !== 'ended');
    // Whoever waits for an agent, or talks to a machine, is in a call all the same.
    const isAlone =
      rung.length === 0 && (call.answeredAtMs === undefined || targetsOf(call).length === 0);
    if (isAlone) return [callRow(call, undefined, site, atMs)];
    return rung.map((leg) => callRow(call, leg, site, atMs));
  },
  gone: ([orig_callid = '', term_callid = '', term_id = ''], call, site, atMs) => {
    const leg = call.legs.find((each) => keyText(each.key) === term_callid && term_callid !== '');
    const object = callObject(call, leg, site, atMs);
    // The very name under which it was told, whatever the leg is called by now.
    const acr_id = `${orig_callid}_${term_callid}_${term_id}`;
    return { ...object, orig_callid, term_callid, term_id, acr_id, remove: 'yes' };
  },
};

/** Whom the call is for as a whole: who answered, or the only one that is rung. */
function mainTarget(call: Call): Leg | undefined {
  const answered = call.legs.find((leg) => leg.key === call.answeredBy);
  if (answered !== undefined) return answered;
  const targets = targetsOf(call);
  const rung = targets.filter((leg) => leg.state !== 'ended');
  return (rung.length > 0 ? rung : targets).length === 1 ? (rung[0] ?? targets[0]) : undefined;
}

function originObject(call: Call, site: Site): Texts {
  const origin = originTexts(call, site);
  const target = mainTarget(call);
  const by = redirectionTexts(call, target, site);
  const term = targetTexts(call, target, site);
  const anyRings = targetsOf(call).some((leg) => leg.state === 'ringing');
  const info = target === undefined && anyRings ? 'alerting' : (term['term_call_info'] ?? '');
  return {
    orig_callid: origin['orig_callid'] ?? '',
    orig_from_uri: origin['orig_from_uri'] ?? '',
    orig_from_name: origin['orig_from_name'] ?? '',
    orig_to_user: origin['orig_to_user'] ?? '',
    orig_user: origin['orig_user'] ?? '',
    orig_domain: origin['orig_domain'] ?? '',
    by_user: by['by_sub'] ?? '',
    by_domain: by['by_domain'] ?? '',
    term_user: term['term_user'] ?? '',
    term_domain: term['term_domain'] ?? '',
    term_to_uri: term['term_to_uri'] ?? '',
    orig_call_info: origin['orig_call_info'] ?? '',
    term_call_info: info,
    time_start: timeOf(call.startedAtMs),
    time_answer: call.answeredAtMs === undefined ? noTime : timeOf(call.answeredAtMs),
  };
}

export const originModel: LiveModel = {
  rows: (call, site) => {
    if (call.state === 'ended') return [];
    const users = [...namesAt(callerLegOf(call)), ...namesAt(mainTarget(call))];
    const dialled = call.dialled === undefined ? [] : [call.dialled];
    const object = originObject(call, site);
    return [{ id: [origCallId(call)], users: [...users, ...dialled], object }];
  },
  gone: (_id, call, site) => ({ ...originObject(call, site), remove: 'yes' }),
};
