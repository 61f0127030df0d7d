/**
 * FocalScope's call events: a GET request per event, whose parameters are named by the receiver and filled by
 * placeholders, as the vendor's URL adapters have it.
 */
import { z } from 'zod';
import type { Call } from '../../call/call.ts';
import type { OfCall } from '../../call/event.ts';
import type { Destination } from '../destination.ts';
import { type Filter, isLimited, keptOut } from '../filter.ts';
import type { Occurrence } from '../occurrence.ts';
import { seenOf } from '../problems.ts';
import {
  type DestinationProblem,
  type Dialect,
  type Item,
  isRequestsFault,
  isSuccess,
  type OutgoingRequest,
  type Part,
  type RenderContext,
} from './dialect.ts';
import {
  type EventName,
  eventNames,
  isMissed,
  placeholders,
  recordingNames,
  type Told,
} from './focalscope-call.ts';
import { component, wellFormed, withQuery } from './query.ts';
import { trialEvent } from './trial-call.ts';

/** The parameters of the vendor's own sample requests. */
const usualParams: Readonly<Record<string, string>> = {
  Event: '{{DialApiEventName}}',
  EventCode: '{{DialApiEventCode}}',
  CallId: '{{CallID}}',
  CallGuid: '{{CallUUID}}',
  CallerID: '{{CallerID}}',
  DID: '{{DID}}',
  ResponderAgent: '{{ResponderAgent}}',
  QueueName: '{{LastQueueName}}',
  CallTypeCode: '{{CallTypeCode}}',
  CallTypeName: '{{CallTypeName}}',
  StartTimestampUTC: '{{StartTimestampUTC}}',
  PickupTimestampUTC: '{{PickupTimestampUTC}}',
  TotalWaitTimeMs: '{{TotalWaitTimeMs}}',
  EndTimestampUTC: '{{EndTimestampUTC}}',
  IsCallAnswered: '{{IsCallAnswered}}',
  IsCallRecorded: '{{IsCallRecorded}}',
  RecordingURL: '{{RecordingURL}}',
};

const mostParams = 100;
const mostUsers = 10_000;

const options = z.strictObject({
  /** Names of parameters, with text in which `{{Name}}` stands for a value. */
  params: z
    .record(z.string().min(1).max(128), z.string().max(2_048))
    .refine((params) => Object.keys(params).length <= mostParams, `at most ${mostParams} of them`)
    .default({ ...usualParams }),
  /** Encodes `{{RecordingURL}}` like every other value. */
  strictEncoding: z.boolean().default(false),
  /** Where a recording is found: `{callId}`, `{nId}` and `{file}` stand for the call's. */
  recordingUrl: z.string().min(1).max(2_048).optional(),
  events: z
    .array(z.enum(eventNames))
    .min(1)
    .max(4)
    .default([...eventNames]),
  /** The vendor's users by extension. */
  users: z
    .record(
      z.string().min(1).max(64),
      z.strictObject({
        id: z.number().int().min(0),
        name: z.string().max(255),
        agent: z.string().max(255).optional(),
      }),
    )
    .refine((users) => Object.keys(users).length <= mostUsers, `at most ${mostUsers} of them`)
    .default({}),
  /** What `{{CallID}}` is: derived from our id, or the platform's own where that is a number. */
  callNumber: z.enum(['derived', 'platform']).default('derived'),
});
export type FocalscopeOptions = z.output<typeof options>;

const parts: Readonly<Record<EventName, Part>> = {
  start: { topic: 'start', class: 'live', supersedes: 'nothing' },
  pickup: { topic: 'pickup', class: 'live', supersedes: 'nothing' },
  // Nobody is shown a call that is over.
  hangup: { topic: 'hangup', class: 'record', supersedes: 'live' },
  missed: { topic: 'missed', class: 'record', supersedes: 'live' },
};

function partsOf(
  occurrence: Occurrence,
  before: Call | undefined,
  destination: Destination<FocalscopeOptions>,
): readonly Part[] {
  if (occurrence.kind !== 'call') return [];
  const { events } = destination.options;
  return eventsOf(occurrence.event, before, destination)
    .filter((event) => events.includes(event))
    .map((event) => parts[event]);
}

/** In order of telling. */
function eventsOf(
  event: OfCall,
  before: Call | undefined,
  { filter }: Destination,
): readonly EventName[] {
  const { kind, call } = event;
  if (kind === 'call.ended') return isMissed(call) ? ['hangup', 'missed'] : ['hangup'];
  if (kind === 'call.started') return ['start'];
  // To whom a call becomes visible later, as when a queue rings an agent, it starts there.
  const starts = before !== undefined && isLimited(filter) && isKeptOut(filter, event, before);
  if (kind === 'call.answered') return starts ? ['start', 'pickup'] : ['pickup'];
  return starts ? ['start'] : nothing;
}

const nothing: readonly EventName[] = [];

function isKeptOut(filter: Filter, event: OfCall, call: Call): boolean {
  return keptOut(filter, { kind: 'call', event: { ...event, call } }) !== undefined;
}

/** @throws {RangeError} when it is not something that this dialect tells */
export function toldBy({ occurrence, topic }: Item, options: FocalscopeOptions): Told {
  const event = eventNames.find((each) => each === topic);
  if (event === undefined || occurrence.kind !== 'call') {
    throw new RangeError(`no event of this dialect: ${topic} of ${occurrence.kind}`);
  }
  const { call, atMs } = occurrence.event;
  const { users, recordingUrl, callNumber } = options;
  return { event, call, atMs, users, recordingUrl, callNumber };
}

const placeholder = /\{\{([^{}]*)\}\}/g;

/** A URL as it is, but for what no URL may hold; what is escaped already stays so. */
function asUrl(url: string): string {
  return wellFormed(url)
    .split(/(%[0-9A-Fa-f]{2})/)
    .map((part, nth) => (nth % 2 === 1 ? part : encodeURI(part).replaceAll('#', '%23')))
    .join('');
}

/** Text around placeholders is part of the value and encoded like it. */
function valueOf(template: string, told: Told, strictEncoding: boolean): string {
  let end = 0;
  let value = '';
  for (const match of template.matchAll(placeholder)) {
    const [whole, name = ''] = match;
    value += component(template.slice(end, match.index));
    end = match.index + whole.length;
    const raw = Object.hasOwn(placeholders, name) ? (placeholders[name]?.(told) ?? '') : '';
    value += name === 'RecordingURL' && !strictEncoding ? asUrl(raw) : component(raw);
  }
  return value + component(template.slice(end));
}

function render(
  items: readonly Item[],
  { options }: Destination<FocalscopeOptions>,
  { url }: RenderContext,
): OutgoingRequest {
  const [item] = items;
  if (item === undefined) throw new RangeError('nothing to tell');
  const told = toldBy(item, options);
  const query = Object.entries(options.params)
    .map(([name, template]) => {
      return `${component(name)}=${valueOf(template, told, options.strictEncoding)}`;
    })
    .join('&');
  return { method: 'GET', url: withQuery(url, query), headers: {} };
}

function check(
  { params, recordingUrl }: FocalscopeOptions,
  { urls }: Destination,
): readonly DestinationProblem[] {
  const known = Object.keys(placeholders);
  const problems: DestinationProblem[] = [];
  for (const [name, template] of Object.entries(params)) {
    const path = `focalscope.params.${name}`;
    for (const [whole, inside = ''] of template.matchAll(placeholder)) {
      if (known.includes(inside)) continue;
      const listed = known.map((each) => `{{${each}}}`).join(', ');
      problems.push({ path, seen: seenOf(whole), expected: `one of ${listed}` });
    }
    if (template.replaceAll(placeholder, '').includes('{{')) {
      problems.push({ path, seen: seenOf(template), expected: 'a "}}" for every "{{"' });
    }
  }
  for (const [whole, inside = ''] of recordingUrl?.matchAll(/\{([^{}]*)\}/g) ?? []) {
    if (recordingNames.some((each) => each === inside)) continue;
    const expected = `one of ${recordingNames.map((each) => `{${each}}`).join(', ')}`;
    problems.push({ path: 'focalscope.recordingUrl', seen: seenOf(whole), expected });
  }
  const unread = urls.find((url) => url.includes('{{'));
  if (unread !== undefined) {
    const expected = 'a URL without placeholders; they stand under "focalscope.params"';
    problems.push({ path: 'url', seen: seenOf(unread), expected });
  }
  return problems;
}

function sample(
  { options: { events } }: Destination<FocalscopeOptions>,
  id: string,
  nowMs: number,
): Occurrence {
  const event = (): OfCall => {
    if (events.includes('start')) return trialEvent('call.started', id, nowMs);
    if (events.includes('pickup')) return trialEvent('call.answered', id, nowMs);
    return trialEvent('call.ended', id, nowMs, events.includes('hangup') ? 'answered' : 'missed');
  };
  return { kind: 'call', event: event() };
}

export const focalscope: Dialect<FocalscopeOptions> = {
  name: 'focalscope',
  meaning: 'call events of FocalScope: URL adapters, told at start, pickup, hangup and when missed',
  options,
  check,
  partsOf,
  render,
  batches: false,
  isTaken: isSuccess,
  isFinal: isRequestsFault,
  retries: [2, 10],
  sample,
};
