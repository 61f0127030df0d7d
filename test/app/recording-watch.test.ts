/** Which recordings begin and end: each once, and not before somebody has taken part. */
import { describe, expect, it } from 'vitest';
import { RecordingWatch } from '../../src/app/recording-watch.ts';
import type { Call, Recording } from '../../src/call/call.ts';
import { connectedCall } from '../support/calls.ts';

const alone = (call: Call): Call => ({
  ...call,
  legs: call.legs.filter(({ role }) => role === 'caller'),
});
const recorded = (...recordings: Partial<Recording>[]): Call =>
  connectedCall(1, {
    recordings: recordings.map((each) => ({
      id: 1,
      leg: 'a',
      startedAtMs: 1,
      pauses: [],
      ...each,
    })),
  });
const nothing = { began: [], ended: [] };

describe('a recording', () => {
  it('begins and ends once, whatever else is told of its call', () => {
    const watch = new RecordingWatch([]);
    expect(watch.take(recorded({ id: 4 }))).toEqual({ began: [4], ended: [] });
    expect(watch.take(recorded({ id: 4 }))).toEqual(nothing);
    const over = recorded({ id: 4, endedAtMs: 9 });
    expect(watch.take(over)).toEqual({ began: [], ended: [4] });
    expect(watch.take(over)).toEqual(nothing);
    expect(watch.size).toBe(0);
  });

  it('begins when somebody takes part, where it was begun before', () => {
    const watch = new RecordingWatch([]);
    expect(watch.take(alone(recorded({ id: 4 })))).toEqual(nothing);
    expect(watch.take(recorded({ id: 4 }))).toEqual({ began: [4], ended: [] });
  });

  it('in which nobody took part begins with its end', () => {
    const watch = new RecordingWatch([]);
    watch.take(alone(recorded({ id: 4 })));
    expect(watch.take(alone(recorded({ id: 4, endedAtMs: 9 })))).toEqual({
      began: [4],
      ended: [4],
    });
    expect(watch.size).toBe(0);
  });

  it('is one over all its segments', () => {
    const watch = new RecordingWatch([]);
    watch.take(recorded({ id: 4 }));
    const first = { id: 4, endedAtMs: 5, goesOn: true as const };
    expect(watch.take(recorded(first, { id: 5, of: 4 }))).toEqual(nothing);
    const all = recorded(first, { id: 5, of: 4, endedAtMs: 9 });
    expect(watch.take(all)).toEqual({ began: [], ended: [4] });
    // The call that it has left tells of it once more.
    expect(watch.take(recorded(first))).toEqual(nothing);
    expect(watch.size).toBe(0);
  });

  it('that was begun before a restart begins no more', () => {
    const watch = new RecordingWatch([recorded({ id: 4 })]);
    expect(watch.take(recorded({ id: 4 }))).toEqual(nothing);
    expect(watch.take(recorded({ id: 4, endedAtMs: 9 }))).toEqual({ began: [], ended: [4] });
  });
});
