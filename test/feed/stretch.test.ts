/**
 * What is found by the index of a stretch is what looking at every event finds.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { filterOf } from '../../src/call/extension.ts';
import { sightOf } from '../../src/feed/sight.ts';
import { placesOf } from '../../src/feed/stretch.ts';
import { started } from '../support/calls.ts';
import { history, somePatterns } from '../support/any-history.ts';

it('names every event that the filter sees, in order and once, whether it looks or knows', () => {
  let found = 0;
  fc.assert(
    fc.property(history, fc.array(somePatterns, { minLength: 1 }), (stretch, all) => {
      for (const patterns of [...all, ...all]) {
        const filter = filterOf(patterns);
        const places = [...placesOf(filter, stretch)];
        expect(places).toEqual([...new Set(places)].sort((one, other) => one - other));
        const seen = [...stretch.entries()]
          .filter(([, { event }]) => sightOf(filter, event) !== 'none')
          .map(([place]) => place);
        expect(places).toEqual(expect.arrayContaining(seen));
        found += seen.length;
      }
    }),
  );
  expect(found).toBeGreaterThan(0);
});

it('looks once for the first who asks, and names the events of an extension to all who follow', () => {
  const stretch = Array.from({ length: 100 }, (_, nth) => ({ seq: nth + 1, event: started(nth) }));
  const filter = filterOf([{ kind: 'number', number: '1042' }]);
  expect([...placesOf(filter, stretch)]).toHaveLength(100);
  expect([...placesOf(filter, stretch)]).toEqual([42]);
  expect([...placesOf(filterOf([]), stretch)]).toHaveLength(100);
});
