// Nobody is told of a call as going on that has ended, even if they do not want to hear of ends.
import { expect, it, onTestFinished } from 'vitest';
import { EndedCalls } from '../../src/webhook/ended-calls.ts';
import { BridgeRig } from '../support/bridge-rig.ts';
import { ended, started } from '../support/calls.ts';
import { newFolder } from '../support/data-folder.ts';
import { delivery, destinationOf } from '../support/deliveries.ts';
import { startReceiver } from '../support/receivers.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

function popper(url: string): ReturnType<typeof destinationOf> {
  const standard = { secrets: [secret], events: ['call.started'] };
  return destinationOf({
    ...{ id: 'pop', dialect: 'standard', url, standard },
    allowAddresses: ['127.0.0.0/8'],
  });
}

/** One call that has ended and one that goes on, both told of as started. */
async function twoCalls(rig: BridgeRig): Promise<void> {
  await rig.store.pause('pop', true);
  rig.bridge.pause('pop', true);
  await rig.publish(started(1), started(2));
  await rig.publish(ended(1));
}

async function outcome(rig: BridgeRig, paths: () => readonly string[]): Promise<void> {
  await rig.store.pause('pop', false);
  rig.bridge.pause('pop', false);
  await expect
    .poll(() => rig.states(), { timeout: 8_000 })
    .toMatchObject([{ accepted: 2, delivered: 1, expired: 1, waiting: 0 }]);
  expect(paths()).toEqual([started(2).id]);
  const asked = { destination: 'pop', callId: started(1).call.id, state: null };
  const [row] = await rig.store.deliveries({ ...asked, beforeId: 1_000, limit: 9 });
  expect(row).toMatchObject({ state: 'expired', reason: expect.stringContaining('had ended') });
}

it('a call that has ended while its start waited is not told of', async () => {
  const receiver = await startReceiver();
  const rig = await BridgeRig.open(await newFolder(), [popper(receiver.url)]);
  onTestFinished(() => rig.close());
  await twoCalls(rig);
  await outcome(rig, () =>
    receiver.requests.map(({ headers }) => headers['idempotency-key'] ?? ''),
  );
});

it('nor one that has ended before the last run did', async () => {
  const receiver = await startReceiver();
  const folder = await newFolder();
  const before = await BridgeRig.open(folder, [popper(receiver.url)]);
  await twoCalls(before);
  await before.crash();
  const rig = await BridgeRig.open(folder, [popper(receiver.url)]);
  onTestFinished(() => rig.close());
  await outcome(rig, () =>
    receiver.requests.map(({ headers }) => headers['idempotency-key'] ?? ''),
  );
});

it('what is true of an ended call, or is a record, is told', () => {
  const calls = new EndedCalls(0, () => false);
  calls.add(started(1).call.id);
  const of = (event: ReturnType<typeof started>, kind: 'live' | 'record') =>
    delivery(1, 'x', { class: kind, madeMs: 1, occurrence: { kind: 'call', event } });
  expect(calls.makesStale(of(started(1), 'live'))).toBe(true);
  expect(calls.makesStale(of(started(1), 'record'))).toBe(false);
  expect(calls.makesStale(of(ended(1), 'live'))).toBe(false);
  expect(calls.makesStale(of(started(2), 'live'))).toBe(false);
});
