/**
 * What an event is to somebody who watches some extensions only. Pure.
 */
import { type CallEvent, isOfCall } from '../call/event.ts';
import { type ExtensionFilter, seesAny } from '../call/extension.ts';

/**
 * What an event is to a filter: nothing, an event of a call it has seen before, or the first that shows
 * it the call (then the watcher is told of a call start, whatever happened).
 */
export type Sight = 'none' | 'first' | 'again';

export function sightOf(filter: ExtensionFilter, event: CallEvent): Sight {
  if (!isOfCall(event)) return 'again';
  const { extensions } = event.call;
  if (!seesAny(filter, extensions)) return 'none';
  if (event.kind === 'call.started') return 'first';
  if (event.joined.length === 0 || filter.all) return 'again';
  const joined = new Set(event.joined);
  const before = extensions.filter((each) => !joined.has(each));
  return seesAny(filter, before) ? 'again' : 'first';
}
