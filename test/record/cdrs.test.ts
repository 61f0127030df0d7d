/**
 * Looking up ended calls.
 */
import { expect, it } from 'vitest';
import { Cdrs } from '../../src/record/cdrs.ts';
import { endedCall, firstCallAtMs } from '../support/calls.ts';
import { openBooks, xmlOf } from './books.ts';

it('finds an ended call by its id, with the very CDR that was written', async () => {
  const books = await openBooks();
  await books.end(endedCall(0), endedCall(1));

  const cdrs = new Cdrs(books.store);

  expect(await cdrs.find(endedCall(1).id)).toEqual({
    call: endedCall(1),
    xml: xmlOf(endedCall(1)),
  });
  expect(await cdrs.find(endedCall(2).id)).toBeUndefined();
});

it('lists the calls that ended last, newest first, page by page', async () => {
  const books = await openBooks();
  for (let n = 0; n < 5; n += 1) await books.end(endedCall(n));
  const { outcome: _outcome, caller: _caller, ...bare } = endedCall(5);
  await books.end({ ...bare, caller: {} });
  const cdrs = new Cdrs(books.store);

  const first = await cdrs.recent(2);
  const second = await cdrs.recent(3, first.at(-1)?.seq);

  expect(first).toEqual([
    {
      callId: endedCall(5).id,
      source: 'pbx',
      startedAtMs: firstCallAtMs + 5000,
      endedAtMs: firstCallAtMs + 100_000,
      called: '1005',
      seq: 6,
      extensions: endedCall(5).extensions,
    },
    {
      callId: endedCall(4).id,
      source: 'pbx',
      startedAtMs: firstCallAtMs + 4000,
      endedAtMs: firstCallAtMs + 99_000,
      caller: '+49301234004',
      called: '1004',
      outcome: 'answered',
      seq: 5,
      extensions: endedCall(4).extensions,
    },
  ]);
  expect(second.map(({ seq }) => seq)).toEqual([4, 3, 2]);
  expect(await cdrs.recent(-5)).toHaveLength(1);
});
