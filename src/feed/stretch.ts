/**
 * Finding in a stretch of events those that concern a filter, without looking at each: when thousands catch
 * up on the same stretch, each of them wants two or three events of it. Pure.
 */
import { isOfCall } from '../call/event.ts';
import type { ExtensionFilter } from '../call/extension.ts';
import type { NumberedEvent } from './hub.ts';

/** Where in the stretch the events of each extension stand, and those that concern everybody. */
interface Index {
  readonly byExtension: ReadonlyMap<string, readonly number[]>;
  readonly ofSources: readonly number[];
}

/** Stretches that more than one has asked for: an index costs more than to look once. */
const indexes = new WeakMap<readonly NumberedEvent[], Index | 'seen'>();

/**
 * The places, in order, of all events that the filter may see; what stands elsewhere it does not see.
 * @param stretch the same array for all who catch up on it; it must not change
 */
export function placesOf(
  filter: ExtensionFilter,
  stretch: readonly NumberedEvent[],
): Iterable<number> {
  if (filter.all || filter.ranges.length > 0) return stretch.keys();
  let index = indexes.get(stretch);
  if (index === undefined) {
    indexes.set(stretch, 'seen');
    return stretch.keys();
  }
  if (index === 'seen') indexes.set(stretch, (index = indexOf(stretch)));
  const { byExtension, ofSources } = index;
  const places = new Set(ofSources);
  for (const number of filter.numbers) {
    for (const place of byExtension.get(number) ?? []) places.add(place);
  }
  return [...places].sort((one, other) => one - other);
}

function indexOf(stretch: readonly NumberedEvent[]): Index {
  const byExtension = new Map<string, number[]>();
  const ofSources: number[] = [];
  for (const [place, { event }] of stretch.entries()) {
    if (!isOfCall(event)) {
      ofSources.push(place);
      continue;
    }
    for (const extension of event.call.extensions) {
      const places = byExtension.get(extension);
      if (places === undefined) byExtension.set(extension, [place]);
      else places.push(place);
    }
  }
  return { byExtension, ofSources };
}
