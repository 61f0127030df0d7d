/**
 * Which occurrences a destination wants, and the reason why not. Pure.
 */
import type { Direction } from '../call/call.ts';
import { type ExtensionFilter, seesAny } from '../call/extension.ts';
import { callOf, type Occurrence } from './occurrence.ts';

/** What a destination is limited to; an empty list or an absent one is no limit. */
export interface Filter {
  readonly directions: readonly Direction[];
  /** Sees every call when nothing was named. */
  readonly extensions: ExtensionFilter;
  /** Names of queues; a call is meant when it has been in one of them. */
  readonly queues: readonly string[];
  /** Dialled numbers. */
  readonly dids: readonly string[];
  /** Names of sources. */
  readonly sources: readonly string[];
}

/** True when there are occurrences that it keeps out. */
export function isLimited({ directions, extensions, queues, dids, sources }: Filter): boolean {
  return !extensions.all || [directions, queues, dids, sources].some((each) => each.length > 0);
}

/** The limit that keeps an occurrence out, with a sentence for a person. */
export interface KeptOut {
  readonly filter: keyof Filter;
  readonly detail: string;
}

/**
 * Undefined when the filter lets it through. What is of no call is only limited by its source; what somebody
 * notified us of may name anybody, and is told to those only who may see every call.
 */
export function keptOut(filter: Filter, occurrence: Occurrence): KeptOut | undefined {
  const call = callOf(occurrence);
  const source =
    call?.source ?? (occurrence.kind === 'source' ? occurrence.event.source : undefined);
  const { directions, extensions, queues, dids, sources } = filter;
  if (source !== undefined && sources.length > 0 && !sources.includes(source)) {
    return refusal('sources', `source "${source}"`, sources);
  }
  if (occurrence.kind === 'notified') return limitOf(filter);
  if (call === undefined) return undefined;
  if (directions.length > 0 && !directions.includes(call.direction)) {
    return refusal('directions', `direction "${call.direction}"`, directions);
  }
  if (!seesAny(extensions, call.extensions)) {
    const named = [
      ...extensions.numbers,
      ...extensions.ranges.map((each) =>
        each.kind === 'prefix' ? `${each.prefix}*` : `${each.from}-${each.to}`,
      ),
    ];
    return refusal('extensions', `extensions ${listed(call.extensions)}`, named);
  }
  if (queues.length > 0 && !call.queue.some(({ queue }) => queues.includes(queue))) {
    const seen =
      call.queue.length === 0 ? 'no queue' : `queues ${listed(call.queue.map((v) => v.queue))}`;
    return refusal('queues', seen, queues);
  }
  if (dids.length > 0 && (call.dialled === undefined || !dids.includes(call.dialled))) {
    const seen =
      call.dialled === undefined ? 'no dialled number' : `dialled number "${call.dialled}"`;
    return refusal('dids', seen, dids);
  }
  return undefined;
}

function limitOf({ extensions, ...lists }: Filter): KeptOut | undefined {
  const named = (Object.keys(lists) as (keyof typeof lists)[]).find(
    (each) => lists[each].length > 0,
  );
  const filter = extensions.all ? named : 'extensions';
  if (filter === undefined) return undefined;
  return { filter, detail: 'the event is of no call, the destination wants certain calls only' };
}

const mostListed = 10;

function listed(names: readonly string[]): string {
  const shown = names.slice(0, mostListed).map((name) => `"${name}"`);
  return names.length > mostListed ? `${shown.join(', ')}, …` : shown.join(', ') || 'none';
}

function refusal(filter: keyof Filter, seen: string, wanted: readonly string[]): KeptOut {
  return { filter, detail: `the call has ${seen}, the destination wants ${listed(wanted)}` };
}
