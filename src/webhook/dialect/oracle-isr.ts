/**
 * The Oracle Interactive Session Recorder's External Event Notifications: one destination, one event, told as
 * a URL whose parameters the destination has written down.
 */
import { z } from 'zod';
import type { Call, Recording } from '../../call/call.ts';
import type { Destination } from '../destination.ts';
import { isLimited } from '../filter.ts';
import type { CommandFailed, Occurrence, RecorderCommand } from '../occurrence.ts';
import { seenOf } from '../problems.ts';
import {
  type Dialect,
  type DestinationProblem,
  type Item,
  isRequestsFault,
  isSuccess,
  type OutgoingRequest,
  type Part,
  type RenderContext,
} from './dialect.ts';
import { type EventType, eventTypes, offeredBy, toldOf, values } from './oracle-isr-parameters.ts';
import { filled, piecesOf } from './oracle-isr-template.ts';
import { asTyped, encoded, withQuery } from './query.ts';
import { recordingChanges, type RecordingStep } from './recordings.ts';
import { trialEvent } from './trial-call.ts';

const word = (usual: string) => z.string().min(1).max(64).default(usual);

const options = z.strictObject({
  event: z.enum(eventTypes),
  scope: z.enum(['global', 'route', 'account', 'realm']).default('global'),
  /** Which route, account or realm; the destination's limits say which calls are of it. */
  scopeId: z.string().min(1).max(255).optional(),
  /** `%NAME%` stands for a value, `%%` for a percent sign. */
  params: z.string().max(4_096).default(''),
  method: z.enum(['GET', 'POST']).default('GET'),
  /** What RESULT says. */
  result: z
    .strictObject({ success: word('SUCCESS'), failure: word('FAILURE') })
    .prefault(() => ({})),
});
export type OracleIsrOptions = z.output<typeof options>;

/**
 * A segment lies within its recording, so it starts after it and ends before it. Only the first segment starts a
 * recording, and only one that does not go on ends it.
 */
function eventsOf(step: RecordingStep, { of, goesOn }: Partial<Recording>): readonly EventType[] {
  switch (step) {
    case 'started':
      return of === undefined
        ? ['RECORDING_STARTED_EVENT', 'SEGMENT_STARTED_EVENT']
        : ['SEGMENT_STARTED_EVENT'];
    case 'paused':
      return ['RECORDING_PAUSED_EVENT'];
    case 'resumed':
      return ['RECORDING_RESUMED_EVENT'];
    case 'ended':
      return goesOn === true
        ? ['SEGMENT_ENDED_EVENT']
        : ['SEGMENT_ENDED_EVENT', 'RECORDING_ENDED_EVENT'];
  }
}

const steps = ['started', 'paused', 'resumed', 'ended'] as const satisfies readonly RecordingStep[];

const eventOfCommand: Readonly<Record<RecorderCommand, EventType>> = {
  start: 'RECORDING_STARTED_EVENT',
  pause: 'RECORDING_PAUSED_EVENT',
  resume: 'RECORDING_RESUMED_EVENT',
  stop: 'RECORDING_ENDED_EVENT',
  split: 'SEGMENT_ENDED_EVENT',
};

/** Parts for these recordings; `undefined` is none in particular. */
function partsFor(event: EventType, recordings: readonly (number | undefined)[]): Part[] {
  return recordings.map((recording, nth) => ({
    // Keys are made of topics, so that no two parts of an occurrence may have the same.
    topic: nth === 0 ? event : `${event}.${nth + 1}`,
    class: 'record',
    supersedes: 'nothing',
    ...(recording !== undefined && { about: String(recording) }),
  }));
}

const nothing: readonly Part[] = [];

function partsOf(
  occurrence: Occurrence,
  before: Call | undefined,
  { options: { event } }: Destination<OracleIsrOptions>,
): readonly Part[] {
  switch (occurrence.kind) {
    case 'call': {
      const changes = recordingChanges(occurrence.event, before);
      if (changes.length === 0) return nothing;
      const { recordings } = occurrence.event.call;
      const told = changes.filter(({ step, index }) =>
        eventsOf(step, recordings[index] ?? {}).includes(event),
      );
      return partsFor(
        event,
        told.map(({ index }) => index),
      );
    }
    case 'command-failed':
      return eventOfCommand[occurrence.command] === event
        ? partsFor(event, [recordingMeant(occurrence)])
        : [];
    case 'source':
    case 'model':
    case 'notified':
      return [];
  }
}

/** The recording that a command was for: the last one of its leg, or of the call where no leg was named. */
function recordingMeant({ call, command, leg }: CommandFailed): number | undefined {
  if (command === 'start') return undefined;
  const at = call.recordings.findLastIndex((each) => leg === undefined || each.leg === leg);
  return at < 0 ? undefined : at;
}

/** The event that a part was made for, which need not be the destination's any more. */
function eventOf(topic: string): EventType | undefined {
  const [name] = topic.split('.');
  return eventTypes.find((each) => each === name);
}

/**
 * What a name in the item's template stands for, not encoded; empty when its event does not offer it.
 * @throws {RangeError} when it is not something that this dialect tells
 */
export function valuesOf(
  { occurrence, topic, about }: Item,
  { result }: OracleIsrOptions,
): (name: string) => string {
  const event = eventOf(topic);
  if (event === undefined) throw new RangeError(`no event of this dialect: ${topic}`);
  const word = occurrence.kind === 'command-failed' ? result.failure : result.success;
  const told = toldOf(event, occurrence, about === undefined ? undefined : Number(about), word);
  const offered = offeredBy(event);
  return (name) => {
    const parameter = offered.find((each) => each === name);
    return parameter === undefined ? '' : values[parameter](told);
  };
}

function render(
  items: readonly Item[],
  { options }: Destination<OracleIsrOptions>,
  { url }: RenderContext,
): OutgoingRequest {
  const [item] = items;
  if (item === undefined) throw new RangeError('nothing to tell');
  const { params, method } = options;
  const valueOf = valuesOf(item, options);
  const typed = filled(params, (name) => encoded(valueOf(name)), asTyped);
  const pairs = typed.replace(/^[?&]/, '');
  if (method === 'GET') return { method, url: withQuery(url, pairs), headers: {} };
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  return { method, url: asTyped(url), headers, body: pairs };
}

function check(
  { event, scope, scopeId, params }: OracleIsrOptions,
  { filter }: Destination,
): readonly DestinationProblem[] {
  const problems: DestinationProblem[] = [];
  const problem = (name: string, seen: string, expected: string): void => {
    problems.push({ path: `oracle-isr.${name}`, seen, expected });
  };
  const offered = offeredBy(event);
  for (const piece of piecesOf(params)) {
    if (piece.kind === 'lone') {
      problem('params', seenOf(piece.near), 'a name between two "%", or "%%" for a percent sign');
    } else if (piece.kind === 'text' && piece.text.includes('#')) {
      problem('params', seenOf(piece.text), 'no "#", which ends a URL; "%%23" stands for it');
    } else if (piece.kind === 'parameter' && !offered.some((each) => each === piece.name)) {
      const listed = offered.map((each) => `%${each}%`).join(', ');
      problem('params', `"%${piece.name}%"`, `what ${event} offers: ${listed}`);
    }
  }
  if (scope === 'global') {
    if (scopeId !== undefined)
      problem('scopeId', seenOf(scopeId), 'none, as the scope is "global"');
  } else {
    if (scopeId === undefined) problem('scopeId', 'nothing', `the name of the ${scope}`);
    const limits = '"extensions", "dids", "queues", "sources" or "directions"';
    const expected = `which calls are of the ${scope}, by ${limits} of the destination`;
    if (!isLimited(filter)) problem('scope', `"${scope}", and no limit to any calls`, expected);
  }
  return problems;
}

function sample(
  { options: { event } }: Destination<OracleIsrOptions>,
  id: string,
  nowMs: number,
): Occurrence {
  const step = steps.find((each) => eventsOf(each, {}).includes(event)) ?? 'started';
  return { kind: 'call', event: trialEvent(`recording.${step}`, id, nowMs) };
}

export const oracleIsr: Dialect<OracleIsrOptions> = {
  name: 'oracle-isr',
  meaning: 'External Event Notifications of the Oracle Interactive Session Recorder',
  options,
  check,
  partsOf,
  render,
  batches: false,
  isTaken: isSuccess,
  isFinal: isRequestsFault,
  retries: [1, 2, 4, 8, 16, 32, 60],
  sample,
};
