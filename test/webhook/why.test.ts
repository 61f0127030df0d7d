// Why a destination did or did not get a call: every verdict, on a real store.
import { beforeEach, expect, it } from 'vitest';
import { ended, started } from '../support/calls.ts';
import { answered, type Office, officeOpensMs, openOffice, written } from '../support/office.ts';

let office: Office;
const call = started(1).call.id;
beforeEach(async () => {
  office = await openOffice();
  // Before the call, so that it was not made too late for it.
  office.nowMs = started(1).atMs - 60_000;
});

async function why(): Promise<{ verdict: string | undefined; text: string }> {
  const answer = await office.administration.why('crm', call);
  return { verdict: answer?.verdict, text: answer?.because.join('\n') ?? '' };
}

const make = (changes: Record<string, unknown> = {}): Promise<unknown> =>
  office.administration.create(written('crm', changes), 'ada');

it('an unknown destination has no answer, and an unknown call says so', async () => {
  expect(await office.administration.why('crm', call)).toBeUndefined();
  await make();
  expect(await why()).toMatchObject({ verdict: 'unknown-call' });
});

it.each([
  [
    'filtered',
    { extensions: ['9*'] },
    'The filter "extensions" of "crm" keeps it out: the call has',
  ],
  ['filtered', { sources: ['other'] }, 'The filter "sources" of "crm" keeps it out'],
  ['disabled', { enabled: false }, 'set enabled = true'],
  [
    'nothing-to-tell',
    { standard: { ...written('crm').standard, events: ['recording.*'] } },
    'not recorded',
  ],
])('%s: %j', async (verdict, changes, words) => {
  await make(changes);
  await office.happens(started(1));
  const answer = await why();
  expect(answer.verdict).toBe(verdict);
  expect(answer.text).toContain(words);
});

it('a call that had ended before the destination was made', async () => {
  await office.happens(ended(1));
  office.nowMs = officeOpensMs;
  await make();
  expect(await why()).toMatchObject({ verdict: 'made-later' });
});

it('waits, is paused, is tried again, given up, and delivered in the end', async () => {
  await make();
  const [id = 0] = await office.happens(started(1));
  expect(await why()).toMatchObject({ verdict: 'waiting' });
  await office.administration.pause('crm', true, 'ada');
  expect(await why()).toMatchObject({
    verdict: 'paused',
    text: expect.stringContaining('offhook destinations resume crm'),
  });
  await office.administration.pause('crm', false, 'ada');
  const attempt = { ...answered, status: 503, error: 'status', answer: 'no B34RER-of-auth' };
  await office.settle(id, 'waiting', { attempt, dueMs: office.nowMs + 5_000 });
  const retrying = await why();
  expect(retrying.verdict).toBe('retrying');
  expect(retrying.text).toContain('1 attempt; the last one: status 503 (no ***)');
  await office.settle(id, 'dead', { attempt, reason: 'refused' });
  expect(await why()).toMatchObject({
    verdict: 'dead',
    text: expect.stringContaining(`offhook deliveries replay ${id}`),
  });
  await office.administration.replay({ delivery: id }, 'ada');
  await office.settle(id, 'delivered');
  expect(await why()).toMatchObject({
    verdict: 'delivered',
    text: expect.stringContaining('answered 200'),
  });
});

it('expired, and collapsed by the end that says more', async () => {
  await make();
  const [id = 0] = await office.happens(started(1));
  await office.settle(id, 'expired', { attempt: null, reason: 'its time was over' });
  expect(await why()).toMatchObject({ verdict: 'expired', text: expect.stringContaining('30 s') });
  await office.administration.remove('crm', 'ada');
  await make();
  await office.happens(started(2));
  await office.happens(ended(2));
  const answer = await office.administration.why('crm', started(2).call.id);
  expect(answer?.because[0]).toContain('was collapsed');
});
