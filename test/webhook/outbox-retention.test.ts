/**
 * The outbox kept within its bounds, run after run, on a real store.
 */
import { expect, it, onTestFinished } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import { StoreClient } from '../../src/store/client.ts';
import type { NewDelivery } from '../../src/store/outbox-messages.ts';
import {
  OutboxRetention,
  type OutboxRetentionOptions,
  type OutboxRetentionReport,
} from '../../src/webhook/outbox-retention.ts';
import { delivery, rows } from '../store/outbox-bed.ts';
import { newFolder } from '../support/data-folder.ts';
import { eventually } from '../support/house.ts';

async function newRetention(over: Partial<OutboxRetentionOptions> = {}) {
  const store = await StoreClient.open({ folder: await newFolder(), onFailure: () => undefined });
  const reports: OutboxRetentionReport[] = [];
  const clock = { nowMs: 200, now: () => clock.nowMs };
  const retention = new OutboxRetention({
    ...{ store, clock, settledMaxAgeMs: 1_000, onReport: (report) => reports.push(report) },
    ...over,
  });
  onTestFinished(async () => {
    await retention.stop();
    await store.close();
  });
  return { store, reports, clock, retention };
}

const many = (count: number, over: Partial<NewDelivery> = {}) =>
  Array.from({ length: count }, (_, index) => delivery(index + 1, { lane: `c${index}`, ...over }));

it('ends what is out of date, and drops it when it is old, in as many steps as it takes', async () => {
  const { store, reports, clock, retention } = await newRetention();
  await store.enqueue(rows(...many(250, { expiresMs: 199 })));

  await retention.run();
  const [known] = await store.destinationStates();
  expect(known).toMatchObject({ accepted: 250, expired: 250, waiting: 0 });
  expect(reports).toEqual([{ kind: 'done', deliveries: 0 }]);

  clock.nowMs = 1_201;
  await retention.run();
  expect(reports.at(-1)).toEqual({ kind: 'done', deliveries: 250 });
  expect(retention.counts).toEqual({ deliveries: 250, failures: 0 });
  expect((await store.destinationStates())[0]).toMatchObject({ accepted: 250, expired: 250 });
});

it('keeps what is settled for ever when it is told to', async () => {
  const { store, clock, retention } = await newRetention({ settledMaxAgeMs: 0 });
  await store.enqueue(rows(...many(3, { expiresMs: 199 })));
  await retention.run();

  clock.nowMs = 1e13;
  await retention.run();

  expect(retention.counts.deliveries).toBe(0);
});

it('runs again after a while, also when the store refused, until it is stopped', async () => {
  let runs = 0;
  const refused = new StoreError('STORE_COMMIT_FAILED', 'the disk is full');
  const { reports, retention } = await newRetention({
    everyMs: 1,
    store: {
      retainOutbox: () => {
        runs += 1;
        return runs === 1 ? Promise.reject(refused) : Promise.resolve({ gone: 2, more: false });
      },
    },
  });

  retention.start();
  await eventually(() => reports.length >= 3);
  await retention.stop();

  expect(reports[0]).toEqual({ kind: 'failed', error: refused });
  expect(reports[1]).toEqual({ kind: 'done', deliveries: 2 });
  expect(retention.counts.failures).toBe(1);
  const before = runs;
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(runs).toBe(before);
});
