import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Timeline } from '../../../src/source/simulator/timeline.ts';

it('gives out things by time, and those of one moment in the order in which they were added', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 200 }), (offsets) => {
      const timeline = new Timeline<number>();
      offsets.forEach((offsetMs, nth) => timeline.add(offsetMs, nth));
      const taken: [number, number][] = [];
      for (;;) {
        const due = timeline.takeUntil(20);
        if (due === undefined) break;
        taken.push([due.offsetMs, due.item]);
      }
      const expected = offsets
        .map((offsetMs, nth): [number, number] => [offsetMs, nth])
        .sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      expect(taken).toEqual(expected);
      expect(timeline.size).toBe(0);
    }),
  );
});

it('keeps what is not due yet', () => {
  const timeline = new Timeline<string>();
  timeline.add(5, 'ring');
  expect(timeline.takeUntil(4)).toBeUndefined();
  expect(timeline.takeUntil(5)).toMatchObject({ offsetMs: 5, item: 'ring' });
  expect(timeline.takeUntil(5)).toBeUndefined();
});
