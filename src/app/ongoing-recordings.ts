/**
 * Which ongoing call a recording is in, by the number of the recording. Pure.
 */
import type { Call, Recording } from '../call/call.ts';
import type { OfCall } from '../call/event.ts';

export class OngoingRecordings {
  /** Of recordings of calls that go on, ended or not, the id of the call. */
  readonly #calls = new Map<number, string>();

  constructor(ongoing: readonly Call[]) {
    for (const call of ongoing) this.#set(call);
  }

  /** The call in which the recording goes on, or went on last; undefined when that is over. */
  callOf(number: number): string | undefined {
    return this.#calls.get(number);
  }

  /** Takes the calls as events show them, in order. */
  take({ kind, call }: OfCall): void {
    if (kind !== 'call.ended') {
      this.#set(call);
      return;
    }
    for (const { id, of = id } of call.recordings) {
      // It may have gone on into another call.
      if (this.#calls.get(of) === call.id) this.#calls.delete(of);
    }
  }

  #set(call: Call): void {
    for (const { id, of = id, endedAtMs } of call.recordings) {
      if (endedAtMs === undefined || !this.#calls.has(of)) this.#calls.set(of, call.id);
    }
  }
}

/** The newest segment that the call shows of a recording. */
export function recordingOf(call: Call, number: number): Recording | undefined {
  return call.recordings.findLast(({ id, of = id }) => of === number);
}
