import { expect, it } from 'vitest';
import { OngoingRecordings, recordingOf } from '../../src/app/ongoing-recordings.ts';
import type { Recording } from '../../src/call/call.ts';
import { connectedCall, eventOf } from '../support/calls.ts';

const segment = (id: number, more: Partial<Recording> = {}): Recording => ({
  ...{ id, leg: 'l', startedAtMs: id, pauses: [] },
  ...more,
});
const over = { endedAtMs: 9 };
const before = connectedCall(1, { recordings: [segment(1, { ...over, goesOn: true })] });
const after = connectedCall(2, { recordings: [segment(2, { of: 1 })] });

it('finds the call in which a recording goes on, whichever of two calls is told of first', () => {
  for (const calls of [
    [before, after],
    [after, before],
  ]) {
    const ongoing = new OngoingRecordings([connectedCall(1, { recordings: [segment(1)] })]);
    for (const call of calls) ongoing.take(eventOf('call.updated', call));
    expect(ongoing.callOf(1)).toBe(after.id);
    expect(ongoing.callOf(2)).toBeUndefined();
    // The call that it has left is over.
    ongoing.take(eventOf('call.ended', before));
    expect(ongoing.callOf(1)).toBe(after.id);
    ongoing.take(eventOf('call.ended', after));
    expect(ongoing.callOf(1)).toBeUndefined();
  }
});

it('finds one that has ended as long as its call goes on', () => {
  const ended = connectedCall(1, { recordings: [segment(1, over), segment(2)] });
  const ongoing = new OngoingRecordings([ended]);
  expect(ongoing.callOf(1)).toBe(ended.id);
  ongoing.take(eventOf('call.ended', ended));
  expect([ongoing.callOf(1), ongoing.callOf(2)]).toEqual([undefined, undefined]);
});

it('is shown by its newest segment', () => {
  const call = connectedCall(1, { recordings: [segment(1), segment(2), segment(3, { of: 1 })] });
  expect(recordingOf(call, 1)?.id).toBe(3);
  expect(recordingOf(call, 2)?.id).toBe(2);
  expect(recordingOf(call, 3)).toBeUndefined();
});
