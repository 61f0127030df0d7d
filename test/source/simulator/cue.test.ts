import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PromptBook } from '../../../src/source/simulator/cue.ts';

it('hands out cues by time, and those of one moment in the order in which they were written', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (offsets) => {
      const book = new PromptBook();
      offsets.forEach((offsetMs, nth) => {
        book.add({
          offsetMs,
          signal: { kind: 'leg.ringing', leg: String(nth), source: 's', atMs: offsetMs },
        });
      });
      const taken: [number, number][] = [];
      for (;;) {
        const cue = book.takeUntil(20);
        if (cue === undefined) break;
        if (cue.signal.kind === 'leg.ringing') taken.push([cue.offsetMs, Number(cue.signal.leg)]);
      }
      const expected = offsets
        .map((offsetMs, nth): [number, number] => [offsetMs, nth])
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect(taken).toEqual(expected);
    }),
  );
});

it('keeps what is not due yet', () => {
  const book = new PromptBook();
  const signal = { kind: 'leg.ringing', leg: '1', source: 's', atMs: 5 } as const;
  book.add({ offsetMs: 5, signal });
  expect(book.takeUntil(4)).toBeUndefined();
  expect(book.takeUntil(5)).toEqual({ offsetMs: 5, signal });
  expect(book.takeUntil(5)).toBeUndefined();
});
