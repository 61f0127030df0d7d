import { expect, it } from 'vitest';
import { detailView } from '../../src/webhook/views.ts';
import { delivery } from '../store/outbox-bed.ts';

it('a delivery that is damaged in the store can be looked at', () => {
  const summary = {
    ...delivery(1),
    ...({
      callId: 'c1',
      state: 'dead',
      dueMs: 1,
      attempts: 0,
      settledMs: 2,
      reason: null,
    } as const),
  };
  const view = (body: string): unknown =>
    detailView({ delivery: summary, attempts: [], body }, (text) => text).tells;
  expect(view('{"kind":"call","ev')).toBeNull();
  expect(view('{"kind":"call"}')).toEqual({ kind: 'call' });
});
