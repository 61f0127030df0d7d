// From deliveries to a request: what cannot be told keeps nothing else back.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { attempt } from '../../src/webhook/attempting.ts';
import type { Sender } from '../../src/webhook/sending.ts';
import { BridgeRig } from '../support/bridge-rig.ts';
import { started } from '../support/calls.ts';
import { delivery, destinationOf } from '../support/deliveries.ts';
import { eventually } from '../support/house.ts';
import { startReceiver } from '../support/receivers.ts';
import { delivery as newDelivery } from '../store/outbox-bed.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const voicemails = {
  id: 'crm',
  dialect: 'netsapiens',
  url: 'http://crm.example/',
  netsapiens: { model: 'voicemail' },
};

/** An object of the model that the destination subscribes to. */
function voicemail(id: number) {
  const object = { id, user: '1001' };
  const what = { kind: 'model', id: String(id), atMs: id, model: 'voicemail', lane: 'v' } as const;
  return delivery(id, 'v', { occurrence: { ...what, object } });
}

/** The bodies that were sent, and a sender that keeps them. */
function sender(): { readonly bodies: unknown[]; readonly sender: Sender } {
  const bodies: unknown[] = [];
  const send: Sender['send'] = ({ body = '' }) => {
    bodies.push(JSON.parse(body));
    return Promise.resolve({ kind: 'answered', status: 200, answer: '' });
  };
  return { bodies, sender: { send, close: () => Promise.resolve() } };
}

it('of several deliveries those are told that can be', async () => {
  const { bodies, sender: sends } = sender();
  // What is left of the time when the destination subscribed to another model.
  const stray = delivery(2, 'call', { occurrence: { kind: 'call', event: started(2) } });
  const damaged = delivery(4, 'v', { occurrence: undefined });
  const all = [voicemail(1), stray, voicemail(3), damaged];
  const destination = destinationOf(voicemails);
  const parts = { sender: sends, nowMs: () => 1 };
  const { tried, untellable } = await attempt(all, destination, voicemails.url, parts);
  expect(tried?.deliveries.map(({ id }) => id)).toEqual([1, 3]);
  expect(bodies).toMatchObject([[{ id: 1 }, { id: 3 }]]);
  expect(untellable.map(({ delivery: { id } }) => id)).toEqual([2, 4]);
  const none = await attempt([stray], destination, voicemails.url, parts);
  expect(none).toMatchObject({ tried: undefined, untellable: [{ fault: undefined }] });
  expect(bodies).toHaveLength(1);
});

it('a delivery that is damaged in the store is dead, and the others are told', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-damage-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const receiver = await startReceiver();
  const table = {
    id: 'crm',
    dialect: 'standard',
    url: receiver.url,
    standard: { secrets: [secret] },
  };
  const crm = destinationOf({ ...table, allowAddresses: ['127.0.0.0/8'] });
  const rig = await BridgeRig.open(folder, [crm]);
  onTestFinished(() => rig.close());
  const rows = [1, 2, 3].map((n) => ({
    occurrence: {
      ...{ id: 100 + n, key: `k${n}`, callId: null, atMs: 1 },
      body: n === 2 ? '{"kind":"call","ev' : JSON.stringify({ kind: 'call', event: started(n) }),
    },
    delivery: newDelivery(100 + n, {
      ...{ destination: 'crm', occurrence: 100 + n, lane: 'one', key: `k${n}` },
      ...{ class: 'record', expiresMs: Number.MAX_SAFE_INTEGER },
    }),
  }));
  await rig.store.enqueue({
    occurrences: rows.map((each) => each.occurrence),
    deliveries: rows.map((each) => each.delivery),
  });
  rig.bridge.nudge('crm');
  await eventually(() => receiver.requests.length === 2);
  await expect
    .poll(() => rig.states(), { timeout: 8_000 })
    .toMatchObject([{ accepted: 3, delivered: 2, dead: 1, waiting: 0 }]);
  expect(rig.faults).toHaveLength(1);
  expect(receiver.requests.map(({ headers }) => headers['idempotency-key'])).toEqual(['k1', 'k3']);
});
