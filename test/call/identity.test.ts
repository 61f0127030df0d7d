import fc from 'fast-check';
import { expect, it } from 'vitest';
import { callIdOf, numberOf, uuidOf } from '../../src/call/identity.ts';

it('an id is a UUID of version 5', () => {
  for (let nth = 0; nth < 200; nth += 1) {
    expect(uuidOf('call', String(nth))).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  }
});

it('is the same for the same source, key and occurrence, in every version of this program', () => {
  expect(callIdOf('pbx', '1772442000.17', 1)).toBe('a5c8375e-fb92-53c8-91ce-db146a428425');
});

it('differs with each of them', () => {
  const ids = [
    callIdOf('pbx', '1', 1),
    callIdOf('pbx', '1', 2),
    callIdOf('pbx', '2', 1),
    callIdOf('pbx2', '1', 1),
    callIdOf('pbx', '11', 1),
    callIdOf('pbx1', '', 1),
  ];
  expect(new Set(ids).size).toBe(ids.length);
});

it('a number is whole, positive, exact, and the same in every version of this program', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (parts) => {
      const number = numberOf(...parts);
      expect(Number.isSafeInteger(number) && number > 0).toBe(true);
      expect(numberOf(...parts)).toBe(number);
    }),
  );
  expect(numberOf('call', 'a5c8375e-fb92-53c8-91ce-db146a428425')).toBe(3_395_633_871_819_249);
});

it('a number uses all of its bits, and differs with every part and where it ends', () => {
  const numbers = Array.from({ length: 2_000 }, (_, nth) => numberOf('call', String(nth)));
  expect(new Set(numbers).size).toBe(numbers.length);
  expect(Math.max(...numbers)).toBeGreaterThan(2 ** 52);
  const others = [numberOf('a', 'b'), numberOf('ab'), numberOf('a\nb'), numberOf('a', 'b', '')];
  expect(new Set(others).size).toBe(others.length);
});
