/** The entries that are kept as values: all of what is asked for, or nothing. */
import { describe, expect, it } from 'vitest';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { RecentEntries } from '../../src/journal/recent.ts';
import { eventOf, offeredCall } from '../support/calls.ts';

const entries = (from: number, to: number): JournalEntry[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({
    seq: from + index,
    event: eventOf('call.started', offeredCall(from + index)),
  }));
const seqs = (found: readonly JournalEntry[] | undefined): number[] | undefined =>
  found?.map(({ seq }) => seq);

describe('recent entries', () => {
  it('are nobody’s while nothing was told', () => {
    expect(new RecentEntries(4).after(0, 10)).toBeUndefined();
  });

  it('are those behind the asked place, as many as were asked for', () => {
    const recent = new RecentEntries(4);
    recent.add(entries(11, 13));
    recent.add(entries(14, 15));
    expect(seqs(recent.after(10, 10))).toEqual([11, 12, 13, 14, 15]);
    expect(seqs(recent.after(12, 2))).toEqual([13, 14]);
    expect(seqs(recent.after(15, 10))).toEqual([]);
    expect(seqs(recent.after(99, 10))).toEqual([]);
    expect(seqs(recent.after(12, 0))).toEqual([]);
  });

  it('are not told in part: whoever asks for more must ask the disk', () => {
    const recent = new RecentEntries(4);
    recent.add(entries(11, 15));
    expect(recent.after(9, 10)).toBeUndefined();
  });

  it('are dropped beyond twice their number, the oldest first', () => {
    const recent = new RecentEntries(4);
    recent.add(entries(1, 8));
    expect(seqs(recent.after(0, 10))).toHaveLength(8);
    recent.add(entries(9, 9));
    expect(recent.after(4, 10)).toBeUndefined();
    expect(seqs(recent.after(5, 10))).toEqual([6, 7, 8, 9]);
  });
});
