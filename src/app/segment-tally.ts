/** How many segments begin and end, each once, whatever the events are called that show it. Pure. */
import type { Call } from '../call/call.ts';
import { type CallEvent, isOfCall } from '../call/event.ts';

export class SegmentTally {
  /** Of calls that go on and are recorded, the numbers of segments and whether they go on. */
  readonly #calls = new Map<string, Map<number, boolean>>();
  #begun = 0;
  #ended = 0;

  /** @param ongoing calls that go on already: what they record has begun before */
  constructor(ongoing: readonly Call[]) {
    for (const call of ongoing) this.#take(call, false);
    [this.#begun, this.#ended] = [0, 0];
  }

  get begun(): number {
    return this.#begun;
  }

  get ended(): number {
    return this.#ended;
  }

  /** Calls that are remembered. */
  get calls(): number {
    return this.#calls.size;
  }

  /** Takes events in order. */
  take(events: readonly CallEvent[]): void {
    for (const event of events) {
      if (isOfCall(event)) this.#take(event.call, event.kind === 'call.ended');
    }
  }

  #take({ id: callId, recordings }: Call, isOver: boolean): void {
    if (recordings.length === 0) return;
    const known = this.#calls.get(callId) ?? new Map<number, boolean>();
    for (const { id, endedAtMs } of recordings) {
      const was = known.get(id);
      const goesOn = endedAtMs === undefined && !isOver;
      if (was === undefined) this.#begun += 1;
      if (was !== false && !goesOn) this.#ended += 1;
      known.set(id, goesOn);
    }
    if (isOver) this.#calls.delete(callId);
    else this.#calls.set(callId, known);
  }
}
