/**
 * The models `cdr` and `call_recording` of the dialect `netsapiens`: what is told once, when it is over. Pure.
 */
import type { Call, Leg } from '../../call/call.ts';
import { originTexts, redirectionTexts, targetTexts } from './netsapiens-call.ts';
import {
  answeredAtMsOf,
  callerLegOf,
  namesAt,
  noTime,
  origCallId,
  secondsBetween,
  type Site,
  targetsOf,
  type Texts,
  timeOf,
} from './netsapiens-words.ts';

/**
 * The called legs of an ended call that get a record, in order: each that answered; if none did, the one that
 * ended last; `undefined` stands for a record of a call that rang nobody. Legs that went on in another call
 * get theirs there.
 */
export function recordedLegs(call: Call): readonly (Leg | undefined)[] {
  const targets = targetsOf(call).filter((leg) => leg.movedTo === undefined);
  const answered = targets.filter((leg) => answeredAtMsOf(call, leg) !== undefined);
  if (answered.length > 0) return answered;
  const last = targets.reduce<Leg | undefined>(
    (latest, leg) => ((leg.endedAtMs ?? 0) >= (latest?.endedAtMs ?? 0) ? leg : latest),
    undefined,
  );
  return [last];
}

export function namesInRecord(call: Call, leg: Leg | undefined): string[] {
  return [...namesAt(callerLegOf(call)), ...namesAt(leg)];
}

/** @param nth of the call's records, from 0 */
export function cdrObject(call: Call, nth: number, site: Site): Texts {
  const legs = recordedLegs(call);
  if (nth < 0 || nth >= legs.length) {
    throw new RangeError(`seen record ${nth}, expected one of ${legs.length}`);
  }
  const leg = legs[nth];
  const beganMs = leg?.offeredAtMs ?? call.startedAtMs;
  const answeredMs = leg === undefined ? call.answeredAtMs : answeredAtMsOf(call, leg);
  const endedMs = leg?.endedAtMs ?? call.endedAtMs;
  const heldMs = heldWithin(call, answeredMs, endedMs);
  const talkedMs =
    answeredMs === undefined || endedMs === undefined ? 0 : endedMs - answeredMs - heldMs;
  const { orig_call_info: _, orig_user: __, orig_name: ___, ...origin } = originTexts(call, site);
  const { term_call_info: ____, term_user: _____, ...target } = targetTexts(call, leg, site);
  return {
    object: 'cdr',
    action: 'INSERT',
    hostname: site.hostname,
    mac: '',
    cdr_index: String(nth + 1),
    ...origin,
    ...redirectionTexts(call, leg, site),
    ...target,
    time_start: timeOf(beganMs),
    time_ringing: leg?.ringingAtMs === undefined ? noTime : timeOf(leg.ringingAtMs),
    time_answer: answeredMs === undefined ? noTime : timeOf(answeredMs),
    time_release: endedMs === undefined ? noTime : timeOf(endedMs),
    time_talking: secondsBetween(0, talkedMs),
    time_holding: secondsBetween(0, heldMs),
    duration: secondsBetween(beganMs, endedMs),
    batch_tim_beg: epochOf(call.startedAtMs),
    batch_tim_ans: call.answeredAtMs === undefined ? '' : epochOf(call.answeredAtMs),
    batch_hold: secondsBetween(0, heldWithin(call, call.startedAtMs, call.endedAtMs)),
    batch_dura: secondsBetween(call.startedAtMs, call.endedAtMs),
    release_code: 'end',
    release_text: releaseOf(call),
    codec: '',
    disp_type: '',
    disposition: '',
    reason: leg?.cause?.text ?? call.cause?.text ?? '',
    notes: '',
    pac: '',
    route_to: '',
    route_class: '',
    servedCallId: call.id,
  };
}

/** Seconds since 1970. */
function epochOf(atMs: number): string {
  return String(Math.floor(atMs / 1000));
}

/** How long somebody was on hold between the two, milliseconds; holds that overlap count once. */
function heldWithin(call: Call, fromMs: number | undefined, toMs: number | undefined): number {
  if (fromMs === undefined || toMs === undefined) return 0;
  let countedMs = fromMs;
  let heldMs = 0;
  for (const hold of [...call.holds].sort((a, b) => a.fromMs - b.fromMs)) {
    const begin = Math.max(hold.fromMs, countedMs);
    const end = Math.min(hold.toMs ?? toMs, toMs);
    if (end <= begin) continue;
    heldMs += end - begin;
    countedMs = end;
  }
  return heldMs;
}

/** Who ended the call, and how. */
function releaseOf(call: Call): string {
  switch (call.outcome) {
    case 'answered':
      if (call.endedBy?.side === 'caller') return 'Orig: Bye';
      return call.endedBy?.side === 'called' ? 'Term: Bye' : 'Bye';
    case 'cancelled':
    case 'abandoned':
      return 'Orig: Cancel';
    case 'busy':
      return 'Term: Busy';
    case 'rejected':
      return 'Term: Decline';
    case 'missed':
      return 'Term: No Answer';
    case 'unreachable':
      return 'Term: Unavailable';
    case 'failed':
      return 'Failed';
    case 'merged':
      return 'Merged';
    default:
      return '';
  }
}

/** @param nth of the call's recordings, from 0 */
export function recordingObject(call: Call, nth: number): Texts {
  const recording = call.recordings[nth];
  if (recording === undefined) {
    throw new RangeError(`seen recording ${nth}, expected one of ${call.recordings.length}`);
  }
  const { startedAtMs, endedAtMs, file = '' } = recording;
  return {
    object: 'call_recording',
    action: 'update',
    event: 'convertDone',
    status: 'converted',
    callId: origCallId(call),
    duration: secondsBetween(startedAtMs, endedAtMs),
    timeOpen: timeOf(startedAtMs),
    timeClose: endedAtMs === undefined ? noTime : timeOf(endedAtMs),
    download_url: file,
  };
}

export function namesInRecording(call: Call, nth: number): string[] {
  const key = call.recordings[nth]?.leg;
  return namesAt(call.legs.find((leg) => leg.key === key));
}
