import { expect, it } from 'vitest';
import { callIdOf, uuidOf } from '../../src/call/identity.ts';

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
