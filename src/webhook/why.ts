/**
 * Why a destination did or did not get a call: one word, and the sentences that a person wants to read. Pure,
 * over what the store and the roster know.
 */
import type { Call } from '../call/call.ts';
import type { CallEventKind } from '../call/event.ts';
import type { DeliveryDetail, DeliveryState } from '../store/outbox-messages.ts';
import type { Destination } from './destination.ts';
import { dialects } from './dialects.ts';
import { callHasEnded } from './ended-calls.ts';
import { keptOut } from './filter.ts';
import type { Occurrence } from './occurrence.ts';
import { redactedUrl } from './redaction.ts';
import type { Enrolled } from './roster.ts';
import { iso, type Standing } from './views.ts';

export type WhyVerdict =
  /** No such call is known, and nothing was ever told of it. */
  | 'unknown-call'
  /** The call had ended when the destination was made. */
  | 'made-later'
  | 'disabled'
  | 'filtered'
  /** Of such a call the dialect tells nothing. */
  | 'nothing-to-tell'
  /** It would be told, and nothing is kept of it any more or it has been changed since. */
  | 'no-trace'
  | 'paused'
  | 'waiting'
  | 'retrying'
  | 'delivered'
  | 'collapsed'
  | 'expired'
  | 'dead';

export interface WhyAnswer {
  readonly verdict: WhyVerdict;
  readonly because: readonly string[];
  /** The deliveries that it rests on, oldest first. */
  readonly deliveries: readonly number[];
}

export interface WhyAsk {
  readonly enrolled: Enrolled;
  readonly standing: Standing;
  readonly paused: boolean;
  readonly callId: string;
  /** Undefined when nobody knows it any more. */
  readonly call: Call | undefined;
  /** Of this call at this destination, oldest first; the last ones when there are many. */
  readonly deliveries: readonly DeliveryDetail[];
  /** Hides the secrets of the destination in texts. */
  readonly scrub: (text: string) => string;
  readonly nowMs: number;
}

export function whyOf(ask: WhyAsk): WhyAnswer {
  if (ask.deliveries.length === 0) return { ...whyNothing(ask), deliveries: [] };
  const lines = ask.deliveries.map((each) => lineOf(each, ask));
  const verdict = worstOf(ask);
  const held = holding(ask);
  const isUnderWay = verdict === 'paused' || verdict === 'waiting' || verdict === 'retrying';
  return {
    verdict,
    because: [
      ...lines,
      ...(isUnderWay ? held : []),
      ...(verdict === 'dead' ? [howToReplay(ask)] : []),
    ],
    deliveries: ask.deliveries.map(({ delivery }) => delivery.id),
  };
}

type Reason = Omit<WhyAnswer, 'deliveries'>;

/** Nothing was ever accepted for it: the first reason that holds. */
function whyNothing(ask: WhyAsk): Reason {
  const { call, enrolled, callId } = ask;
  const { destination, madeMs, changedMs } = enrolled;
  const name = `"${destination.id}"`;
  if (call === undefined) {
    const sentence = `No call has the id ${JSON.stringify(callId)}, or its record is gone, and no delivery of it is kept.`;
    return {
      verdict: 'unknown-call',
      because: [sentence, 'See `offhook calls` for those that go on.'],
    };
  }
  if (call.endedAtMs !== undefined && call.endedAtMs < madeMs) {
    const sentence = `The call ended at ${iso(call.endedAtMs)}; the destination ${name} was made at ${iso(madeMs)}.`;
    return { verdict: 'made-later', because: [sentence] };
  }
  if (ask.standing.status === 'disabled') return { verdict: 'disabled', because: holding(ask) };
  const refusal = keptOut(destination.filter, asEvent(call, 'call.updated'));
  if (refusal !== undefined) {
    const sentence = `The filter "${refusal.filter}" of ${name} keeps it out: ${refusal.detail}.`;
    return { verdict: 'filtered', because: [sentence] };
  }
  const topics = topicsOf(call, destination);
  if (topics.length === 0) {
    const wants = wantsOf(destination, ask.nowMs);
    const such = `The dialect "${destination.dialect}" tells ${name} nothing of such a call: ${traits(call)}.`;
    return { verdict: 'nothing-to-tell', because: [such, ...wants] };
  }
  const sentences = [
    `It fits ${name}, which is told ${topics.join(', ')} of such a call; no delivery of it is kept.`,
    changedMs > call.startedAtMs
      ? `The destination was changed at ${iso(changedMs)}; what was planned before followed what was written then.`
      : 'Settled deliveries are dropped after a while; if this call is new, look again in a moment.',
  ];
  return { verdict: 'no-trace', because: sentences };
}

/** The states of which a person wants to hear first. */
const gravest: readonly DeliveryState[] = ['dead', 'waiting', 'expired', 'delivered', 'collapsed'];

function worstOf({ deliveries, standing, paused }: WhyAsk): WhyVerdict {
  const states = new Set(deliveries.map(({ delivery }) => delivery.state));
  const state = gravest.find((each) => states.has(each)) ?? 'delivered';
  if (state !== 'waiting') return state;
  if (standing.status === 'disabled') return 'disabled';
  if (paused) return 'paused';
  const isTried = deliveries.some(
    ({ delivery }) => delivery.state === 'waiting' && delivery.attempts > 0,
  );
  return isTried ? 'retrying' : 'waiting';
}

/** What keeps everything at this destination waiting. */
function holding({ enrolled, standing, paused, scrub }: WhyAsk): string[] {
  const { id, enabled } = enrolled.destination;
  // Reasons are sentences; here one goes on.
  const why = standing.reason === null ? '' : `: ${scrub(standing.reason).replace(/\.$/, '')}`;
  const resume = `\`offhook destinations resume ${id}\``;
  if (!enabled) return [`The destination "${id}" is switched off: set enabled = true.`];
  if (standing.status === 'disabled') {
    return [`The destination "${id}" is disabled${why}. ${resume} brings it back.`];
  }
  if (paused)
    return [`The destination "${id}" is paused; what it is to be told waits. ${resume} goes on.`];
  return standing.status === 'error' ? [`The destination "${id}" is in trouble${why}.`] : [];
}

function howToReplay({ deliveries, enrolled }: WhyAsk): string {
  const dead = deliveries.filter(({ delivery }) => delivery.state === 'dead');
  const [first] = dead;
  if (dead.length === 1 && first !== undefined) {
    return `\`offhook deliveries replay ${first.delivery.id}\` tries it once more.`;
  }
  const { id } = enrolled.destination;
  return `\`offhook deliveries replay --destination ${id}\` tries all dead ones of "${id}" once more.`;
}

function lineOf({ delivery, attempts }: DeliveryDetail, { scrub, nowMs }: WhyAsk): string {
  const what = `${scrub(delivery.topic)} (delivery ${delivery.id})`;
  const last = attempts.at(-1);
  const tries = `${delivery.attempts} ${delivery.attempts === 1 ? 'attempt' : 'attempts'}`;
  const settled = delivery.settledMs === null ? '' : ` at ${iso(delivery.settledMs)}`;
  const reason = delivery.reason === null ? '' : `: ${scrub(delivery.reason)}`;
  const error = last === undefined ? '' : `; the last one: ${outcomeOf(last, scrub)}`;
  switch (delivery.state) {
    case 'delivered': {
      const status = last?.status ?? null;
      const answer = status === null ? '' : `, answered ${status}`;
      return `${what} was delivered${settled}, after ${tries}${answer}.`;
    }
    case 'collapsed':
      return `${what} was collapsed${settled}${reason || ': something newer of the call said more'}.`;
    case 'expired': {
      const life = `it was worth telling for ${seconds(delivery.expiresMs - delivery.madeMs)}`;
      const why = delivery.reason === callHasEnded ? 'the call had ended by then' : life;
      return `${what} expired${settled}: ${why}; ${tries}${error}.`;
    }
    case 'dead':
      return `${what} was given up${settled}${reason}; ${tries}${error}.`;
    case 'waiting': {
      if (delivery.attempts === 0 && delivery.dueMs <= nowMs) {
        return `${what} waits for its first attempt since ${iso(delivery.madeMs)}.`;
      }
      return `${what} waits: ${tries}${error}; the next one at ${iso(Math.max(delivery.dueMs, nowMs))}.`;
    }
  }
}

function outcomeOf(
  { status, error, answer }: DeliveryDetail['attempts'][number],
  scrub: (text: string) => string,
): string {
  // An answer that was refused is classed `status`, which the status says already.
  const words = status === null ? (error ?? 'no answer') : `status ${status}`;
  const said = answer === null || answer === '' ? '' : ` (${scrub(answer).slice(0, 200)})`;
  return `${words}${said}`;
}

function seconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}

function asEvent(call: Call, kind: CallEventKind): Occurrence {
  const { id, source, startedAtMs: atMs } = call;
  return { kind: 'call', event: { kind, id, atMs, seenAtMs: atMs, source, call, joined: [] } };
}

/** What the dialect tells of the events that the call, as it is now, can have had. */
function topicsOf(call: Call, destination: Destination): readonly string[] {
  const { partsOf } = dialects[destination.dialect];
  const kinds: CallEventKind[] = [
    'call.started',
    'call.updated',
    ...(call.answeredAtMs === undefined ? [] : (['call.answered'] as const)),
    ...(call.recordings.length === 0
      ? []
      : ([
          'recording.started',
          'recording.paused',
          'recording.resumed',
          'recording.ended',
        ] as const)),
    ...(call.endedAtMs === undefined ? [] : (['call.ended'] as const)),
  ];
  const parts = kinds.flatMap((kind) => [
    ...partsOf(asEvent(call, kind), undefined, destination),
    ...partsOf(asEvent(call, kind), call, destination),
  ]);
  return [...new Set(parts.map(({ topic }) => topic))];
}

/** What its dialect would be told, by the example that it brings. */
function wantsOf(destination: Destination, nowMs: number): string[] {
  const dialect = dialects[destination.dialect];
  const sample = dialect.sample(destination, 'sample', nowMs);
  const topics = dialect.partsOf(sample, undefined, destination).map(({ topic }) => topic);
  const wanted = [...new Set(topics)];
  return wanted.length === 0 ? [] : [`It wants ${wanted.map(redactedUrl).join(', ')}.`];
}

/** What of a call decides whether a dialect has something to tell. */
function traits(call: Call): string {
  return [
    call.direction,
    call.answeredAtMs === undefined ? 'not answered' : 'answered',
    call.recordings.length === 0 ? 'not recorded' : 'recorded',
    call.endedAtMs === undefined ? 'going on' : `ended (${call.outcome ?? 'unknown'})`,
  ].join(', ');
}
