/**
 * Delivery as a whole, but for the server around it: real store, real journal, real requests to receivers
 * that misbehave. In which order, how often, how many at a time, and what becomes of what nobody takes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { OfCall } from '../../src/call/event.ts';
import type { Received } from '../../src/receiver/received.ts';
import type { Receiver } from '../../src/receiver/receiver.ts';
import type { DestinationStateRow } from '../../src/store/outbox-messages.ts';
import type { Destination } from '../../src/webhook/destination.ts';
import { dialectNames, dialects } from '../../src/webhook/dialects.ts';
import type { Occurrence } from '../../src/webhook/occurrence.ts';
import { BridgeRig } from '../support/bridge-rig.ts';
import { answered, connectedCall, ended, eventOf, started } from '../support/calls.ts';
import { destinationOf } from '../support/deliveries.ts';
import { faults, startReceiver } from '../support/receivers.ts';
import { until } from '../support/until.ts';

const root = mkdtempSync(join(tmpdir(), 'offhook-dispatcher-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let rig: BridgeRig;
afterEach(async () => {
  expect(rig.faults).toEqual([]);
  await expectConservation();
  // Nobody waits for an answer that never comes.
  await (rig.bridge.load.underWay > 0 ? rig.crash() : rig.close());
});

async function openRig(
  destinations: readonly Destination[],
  bounds?: { readonly perHost: number; readonly inAll: number },
): Promise<void> {
  rig = await BridgeRig.open(mkdtempSync(join(root, 'rig-')), destinations, bounds);
}

async function expectConservation(): Promise<void> {
  for (const state of await rig.states()) {
    const { accepted, waiting, delivered, collapsed, expired, dead } = state;
    expect(accepted, state.destination).toBe(waiting + delivered + collapsed + expired + dead);
  }
}

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;

/** Of the dialect standard, told soon again; the last wait of twenty stays short. */
function standardTo(
  id: string,
  url: string | readonly string[],
  more: Readonly<Record<string, unknown>> = {},
): Destination {
  return destinationOf({
    ...{
      id,
      dialect: 'standard',
      allowAddresses: ['127.0.0.0/8'],
      standard: { secrets: [secret] },
    },
    ...(typeof url === 'string' ? { url } : { urls: url }),
    ...{ timeout: 5, retries: Array.from({ length: 20 }, () => 0.02), concurrency: 1 },
    ...more,
  });
}

/** A record of call `n`, its event number `revision`. */
const record = (n: number, revision = 1): OfCall =>
  eventOf('recording.started', connectedCall(n, { revision }));

interface Event {
  readonly type: string;
  readonly sequence: number;
  readonly data: { readonly call: { readonly id: string } };
}

const numberOfCall = new Map(Array.from({ length: 600 }, (_, n) => [connectedCall(n).id, n]));

/** Which event of which call, such as `3.1`. */
function nameOf({ body }: Pick<Received, 'body'>): string {
  // Parse door: what our own dialect writes.
  const { sequence, data } = JSON.parse(body) as Event;
  return `${numberOfCall.get(data.call.id)}.${sequence}`;
}

const typeOf = ({ body }: Received): string => (JSON.parse(body) as Event).type;
const heard = ({ requests }: Receiver): string[] => requests.map(nameOf);
const taken = ({ requests }: Receiver): string[] =>
  requests.filter(({ fault }) => fault === 'ok').map(nameOf);

async function stateOf(id: string): Promise<DestinationStateRow | undefined> {
  return (await rig.states()).find(({ destination }) => destination === id);
}

const untilHeard = (receiver: Receiver, count: number): Promise<void> =>
  until(`${count} requests at ${receiver.url}`, () => receiver.count >= count);

const untilNothingWaits = (): Promise<void> =>
  until('nothing waits', async () => (await rig.waiting()) === 0);

describe('a retry', () => {
  it('holds back the later events of its call, and of no other call', async () => {
    const receiver = await startReceiver({ faults: ['425:1'] });
    const other = await startReceiver();
    await openRig([
      standardTo('slow', receiver.url, { retries: [1] }),
      standardTo('other', other.url),
    ]);
    await rig.publish(record(1));
    await untilHeard(receiver, 1);
    await rig.publish(record(1, 2), record(2), record(3), record(2, 2));
    await until('both are told', () => receiver.count >= 6 && other.count >= 5);
    expect(heard(receiver)).toEqual(['1.1', '2.1', '3.1', '2.2', '1.1', '1.2']);
    expect(heard(other)).toEqual(['1.1', '1.2', '2.1', '3.1', '2.2']);
    const [first, ...others] = receiver.requests;
    expect(others.filter(({ key }) => key === first?.key)).toHaveLength(1);
    await untilNothingWaits();
  });

  it('of a record comes again and again, under one key and with the same body', async () => {
    const receiver = await startReceiver({ faults: ['425:12'] });
    await openRig([standardTo('patient', receiver.url)]);
    await rig.publish(record(1), record(1, 2));
    await untilHeard(receiver, 14);
    await untilNothingWaits();
    expect(heard(receiver)).toEqual([...Array.from({ length: 13 }, () => '1.1'), '1.2']);
    const firsts = receiver.requests.slice(0, 13);
    expect(new Set(firsts.map(({ key }) => key)).size).toBe(1);
    expect(new Set(firsts.map(({ body }) => body)).size).toBe(1);
    expect(await stateOf('patient')).toMatchObject({ delivered: 2, attempts: 14, failures: 12 });
  });

  it('comes no earlier than the receiver asks for, of whatever call', async () => {
    const receiver = await startReceiver({ faults: ['429:1'], retryAfter: 1 });
    await openRig([standardTo('busy', receiver.url, { concurrency: 4 })]);
    await rig.publish(record(1));
    await untilHeard(receiver, 1);
    await until('the answer is known', () => rig.bridge.load.underWay === 0);
    await rig.publish(record(2), record(1, 2));
    await untilHeard(receiver, 4);
    await untilNothingWaits();
    const [first, second] = receiver.requests;
    expect((second?.atMs ?? 0) - (first?.atMs ?? 0)).toBeGreaterThanOrEqual(1_000);
    expect(taken(receiver).filter((name) => name.startsWith('1.'))).toEqual(['1.1', '1.2']);
  });

  it('follows an answer that comes after our patience, with the same key', async () => {
    const receiver = await startReceiver({ faults: ['late:1'], lateMs: 400 });
    await openRig([standardTo('late', receiver.url, { timeout: 0.2 })]);
    await rig.publish(record(1), record(1, 2));
    await untilHeard(receiver, 3);
    await untilNothingWaits();
    expect(heard(receiver)).toEqual(['1.1', '1.1', '1.2']);
    expect(receiver.requests.map(({ repeats }) => repeats)).toEqual([0, 1, 0]);
    expect(await stateOf('late')).toMatchObject({ delivered: 2, attempts: 3, failures: 1 });
  });

  it('does not follow a refusal for good: that one is dead, and its call goes on', async () => {
    const receiver = await startReceiver({ faults: ['400:1'] });
    await openRig([standardTo('strict', receiver.url)]);
    await rig.publish(record(1), record(1, 2), record(1, 3));
    await untilHeard(receiver, 3);
    await untilNothingWaits();
    expect(heard(receiver)).toEqual(['1.1', '1.2', '1.3']);
    expect(await stateOf('strict')).toMatchObject({ delivered: 2, dead: 1 });
  });
});

describe('what is live', () => {
  it('is not told when its time is over, and what is a record is', async () => {
    const receiver = await startReceiver();
    await openRig([standardTo('screen', receiver.url, { liveFor: 1 })]);
    rig.bridge.pause('screen', true);
    const madeMs = performance.now();
    await rig.publish(started(1), record(2));
    await until('its time is over', () => performance.now() - madeMs > 1_050);
    rig.bridge.pause('screen', false);
    await untilNothingWaits();
    expect(heard(receiver)).toEqual(['2.1']);
    expect(await stateOf('screen')).toMatchObject({ expired: 1, delivered: 1, attempts: 1 });
  });

  it('is given up when it would come too late', async () => {
    const receiver = await startReceiver({ faults: ['425'] });
    await openRig([standardTo('screen', receiver.url, { liveFor: 1 })]);
    await rig.publish(started(1));
    await until('it is over', async () => (await stateOf('screen'))?.expired === 1);
    const [first, last] = [receiver.requests[0], receiver.requests.at(-1)];
    expect(receiver.count).toBeGreaterThan(1);
    expect((last?.atMs ?? 0) - (first?.atMs ?? 0)).toBeLessThanOrEqual(1_000);
  });

  it('is superseded by the end, when the receiver was down meanwhile', async () => {
    const receiver = await startReceiver({ faults: ['close'] });
    await openRig([standardTo('screen', receiver.url, { liveFor: 60 })]);
    await rig.publish(started(1));
    await untilHeard(receiver, 1);
    await rig.publish(answered(1), ended(1), started(2));
    receiver.misbehave([]);
    await untilNothingWaits();
    const told = receiver.requests.filter(({ fault }) => fault === 'ok');
    expect(told.map((each) => `${nameOf(each)} ${typeOf(each)}`).sort()).toEqual([
      '1.3 call.ended',
      '2.1 call.started',
    ]);
    expect(await stateOf('screen')).toMatchObject({ collapsed: 2, delivered: 2 });
  });

  it('is superseded by the end, while it waits in memory for its turn', async () => {
    const receiver = await startReceiver({ faults: ['late:1'], lateMs: 300 });
    await openRig([standardTo('screen', receiver.url, { liveFor: 60 })]);
    await rig.publish(record(1));
    await untilHeard(receiver, 1);
    await rig.publish(started(2), answered(2));
    await rig.publish(ended(2));
    await untilNothingWaits();
    expect(receiver.requests.map(nameOf)).toEqual(['1.1', '2.3']);
    expect(await stateOf('screen')).toMatchObject({ collapsed: 2, delivered: 2 });
  });

  it('that is under way when the end comes is told, and the end after it', async () => {
    const receiver = await startReceiver({ faults: ['late:1'], lateMs: 200 });
    await openRig([standardTo('screen', receiver.url, { liveFor: 60, concurrency: 4 })]);
    await rig.publish(started(1));
    await untilHeard(receiver, 1);
    await rig.publish(ended(1));
    await untilNothingWaits();
    expect(receiver.requests.map(typeOf)).toEqual(['call.started', 'call.ended']);
    // What was taken was delivered, although the end came first.
    expect(await stateOf('screen')).toMatchObject({ collapsed: 0, delivered: 2 });
  });
});

describe('a destination that hangs', () => {
  it('delays no other, on no other port of its server, and is asked no more than it may', async () => {
    const [hanging, neighbour] = [await startReceiver({ faults: ['hang'] }), await startReceiver()];
    await openRig(
      [
        standardTo('hanging', hanging.url, { concurrency: 3, timeout: 30 }),
        standardTo('neighbour', neighbour.url),
      ],
      { perHost: 3, inAll: 9 },
    );
    const calls = Array.from({ length: 40 }, (_, n) => record(n));
    await rig.publish(...calls);
    await until('all places are taken', () => hanging.count === 3);
    await untilHeard(neighbour, 40);
    await rig.publish(...calls.map(({ call }, n) => record(n, call.revision + 1)));
    await untilHeard(neighbour, 80);
    expect(hanging.count).toBe(3);
    expect(await stateOf('hanging')).toMatchObject({ waiting: 80 });
  });

  it('takes no more places of its host than there are, whoever asks', async () => {
    const [hanging, healthy] = [await startReceiver({ faults: ['hang'] }), await startReceiver()];
    const hung = ['a', 'b', 'c'].map((id) =>
      standardTo(id, `${hanging.url}/${id}`, { concurrency: 4, timeout: 30 }),
    );
    await openRig([...hung, standardTo('healthy', healthy.url)], { perHost: 2, inAll: 9 });
    await rig.publish(...Array.from({ length: 9 }, (_, n) => record(n)));
    await untilHeard(healthy, 9);
    await untilHeard(hanging, 2);
    await rig.publish(record(1, 2));
    await untilHeard(healthy, 10);
    expect(hanging.count).toBe(2);
    expect(rig.bridge.load.underWay).toBe(2);
  });

  it('gives its places to those that waited for them', async () => {
    const receiver = await startReceiver({ faults: ['late:6'], lateMs: 30 });
    const all = Array.from({ length: 6 }, (_, n) =>
      standardTo(`d${n}`, `${receiver.url}/${n}`, { concurrency: 4 }),
    );
    await openRig(all, { perHost: 2, inAll: 9 });
    await rig.publish(...Array.from({ length: 5 }, (_, n) => record(n)));
    await untilHeard(receiver, 30);
    await untilNothingWaits();
    expect(receiver.repeats).toBe(25);
    for (let n = 0; n < 6; n += 1) expect(await stateOf(`d${n}`)).toMatchObject({ delivered: 5 });
  });

  it('does not keep others from a second receiver that has room', async () => {
    const [hanging, second] = [await startReceiver({ faults: ['hang'] }), await startReceiver()];
    await openRig(
      [
        standardTo('hanging', `${hanging.url}/hang`, { concurrency: 2, timeout: 30 }),
        standardTo('double', ['http://127.0.0.1:1/', second.url]),
        standardTo('shared', [second.url, `${hanging.url}/other`]),
      ],
      { perHost: 2, inAll: 9 },
    );
    await rig.publish(record(1), record(2), record(3));
    await untilHeard(hanging, 2);
    await until('both are told', () => second.count >= 6);
    expect(hanging.count).toBe(2);
  });

  it('leaves half of all places to those that have nothing under way', async () => {
    const hanging = [
      await startReceiver({ faults: ['hang'] }),
      await startReceiver({ faults: ['hang'] }),
    ];
    const fine = await startReceiver();
    await openRig(
      [
        ...hanging.map(({ url }, n) => standardTo(`h${n}`, url, { concurrency: 9, timeout: 30 })),
        standardTo('fine', fine.url),
      ],
      { perHost: 9, inAll: 4 },
    );
    await rig.publish(...Array.from({ length: 9 }, (_, n) => record(n)));
    await untilHeard(fine, 9);
    await rig.publish(record(10));
    await untilHeard(fine, 10);
    expect(rig.bridge.load.underWay).toBeLessThanOrEqual(4);
    expect(hanging.reduce((sum, { count }) => sum + count, 0)).toBeLessThanOrEqual(3);
  });
});

describe('a receiver that has gone for good', () => {
  it('is sent nothing more; everything waits, and is told when it is resumed', async () => {
    const [receiver, witness] = [await startReceiver({ faults: ['410:1'] }), await startReceiver()];
    await openRig([standardTo('gone', receiver.url), standardTo('witness', witness.url)]);
    await rig.publish(record(1));
    await until('it is disabled', () => rig.bridge.outlet('gone')?.status === 'disabled');
    await rig.publish(record(1, 2), record(2));
    await untilHeard(witness, 3);
    await until('that is written', async () => (await stateOf('gone'))?.status === 'disabled');
    expect(receiver.count).toBe(1);
    expect(await stateOf('gone')).toMatchObject({ waiting: 3 });
    rig.bridge.pause('gone', false);
    await untilNothingWaits();
    expect(taken(receiver).sort()).toEqual(['1.1', '1.2', '2.1']);
    expect(await stateOf('gone')).toMatchObject({ delivered: 3, status: 'active' });
  });
});

describe('a receiver that has gone for good, and has another address now', () => {
  it('is told there at once, without anybody resuming it', async () => {
    const [old, receiver] = [await startReceiver({ faults: ['410'] }), await startReceiver()];
    await openRig([standardTo('moved', old.url)]);
    await rig.publish(record(1));
    await until('it is disabled', () => rig.bridge.outlet('moved')?.status === 'disabled');
    rig.roster.renewFile([standardTo('moved', receiver.url)], 1);
    await untilNothingWaits();
    expect(taken(receiver)).toEqual(['1.1']);
    expect(await stateOf('moved')).toMatchObject({ delivered: 1 });
  });
});

describe('a second receiver', () => {
  it('is turned to at once, in order and without loss, until the first one is back', async () => {
    const order: string[] = [];
    const note = (received: Received): void => void order.push(nameOf(received));
    const first = await startReceiver({ faults: ['close'] });
    const second = await startReceiver({ onRequest: note });
    await openRig([standardTo('double', [first.url, second.url])]);
    await rig.publish(
      ...Array.from({ length: 20 }, (_, n) => record(n % 4, 1 + Math.floor(n / 4))),
    );
    await untilHeard(second, 20);
    await untilNothingWaits();
    for (const n of [0, 1, 2, 3]) {
      const of = taken(second).filter((name) => name.startsWith(`${n}.`));
      expect(of).toEqual(['1', '2', '3', '4', '5'].map((revision) => `${n}.${revision}`));
    }
    expect(await stateOf('double')).toMatchObject({ delivered: 20, status: 'active' });
    first.misbehave([]);
    let revision = 5;
    await until('the first one is told again', async () => {
      await rig.publish(record(1, (revision += 1)));
      return taken(first).length > 0;
    });
    await untilNothingWaits();
    const before = second.count;
    await rig.publish(record(1, (revision += 1)));
    await untilNothingWaits();
    expect(second.count).toBe(before);
    expect(taken(first).at(-1)).toBe(`1.${revision}`);
    const later = [...taken(second), ...taken(first)].filter((name) => name.startsWith('1.'));
    expect(new Set(later).size).toBe(revision);
  });

  it('is tried while the first one asks for patience', async () => {
    const first = await startReceiver({ faults: ['503:1'], retryAfter: 30 });
    const second = await startReceiver();
    await openRig([standardTo('double', [first.url, second.url])]);
    await rig.publish(record(1), record(1, 2));
    await untilHeard(second, 2);
    expect(heard(first)).toEqual(['1.1']);
    expect(heard(second)).toEqual(['1.1', '1.2']);
  });
});

describe('what waits', () => {
  it('while it is paused is told when it goes on', async () => {
    const [receiver, witness] = [await startReceiver(), await startReceiver()];
    await openRig([standardTo('paused', receiver.url), standardTo('witness', witness.url)]);
    rig.bridge.pause('paused', true);
    await rig.publish(record(1), record(2), record(1, 2));
    await untilHeard(witness, 3);
    expect(receiver.count).toBe(0);
    rig.bridge.pause('paused', false);
    await untilHeard(receiver, 3);
    expect(heard(receiver)).toEqual(['1.1', '2.1', '1.2']);
  });

  it('goes to where its destination has moved', async () => {
    const [old, moved] = [await startReceiver({ faults: ['500'] }), await startReceiver()];
    await openRig([standardTo('moving', old.url)]);
    await rig.publish(record(1), record(2), record(1, 2));
    await until('it is down', () => rig.bridge.outlet('moving')?.status === 'error');
    rig.roster.renewFile([standardTo('moving', moved.url)], Date.now());
    await untilNothingWaits();
    expect(taken(moved).sort()).toEqual(['1.1', '1.2', '2.1']);
    expect(taken(moved).indexOf('1.1')).toBeLessThan(taken(moved).indexOf('1.2'));
    expect(await stateOf('moving')).toMatchObject({ delivered: 3, dead: 0 });
  });

  it('is not lost while its destination is taken out of the roster', async () => {
    const [receiver, witness] = [await startReceiver(), await startReceiver()];
    const [here, other] = [standardTo('here', receiver.url), standardTo('witness', witness.url)];
    await openRig([here, other]);
    rig.bridge.pause('here', true);
    await rig.publish(record(1), record(1, 2));
    rig.roster.renewFile([other], Date.now());
    // Of what happens while it is not there nothing is owed to it.
    await rig.publish(record(2));
    await untilHeard(witness, 3);
    rig.roster.renewFile([here, other], Date.now());
    expect(rig.bridge.outlet('here')).toMatchObject({ paused: true });
    rig.bridge.pause('here', false);
    await rig.publish(record(1, 3));
    await untilHeard(receiver, 3);
    expect(heard(receiver)).toEqual(['1.1', '1.2', '1.3']);
    await untilNothingWaits();
  });

  it('in hundreds is told in order, each once', async () => {
    const receiver = await startReceiver();
    await openRig([standardTo('many', receiver.url, { concurrency: 4 })]);
    rig.bridge.pause('many', true);
    for (let revision = 1; revision <= 25; revision += 1) {
      await rig.publish(...Array.from({ length: 20 }, (_, n) => record(n, revision)));
    }
    expect(await rig.waiting()).toBe(500);
    rig.bridge.pause('many', false);
    await untilNothingWaits();
    expect(receiver.count).toBe(500);
    expect(rig.bridge.load.inMemory).toBe(0);
    for (let n = 0; n < 20; n += 1) {
      const of = heard(receiver).filter((name) => name.startsWith(`${n}.`));
      expect(of).toEqual(Array.from({ length: 25 }, (_, revision) => `${n}.${revision + 1}`));
    }
  });

  it('is told by the next run, where this one crashed', async () => {
    const receiver = await startReceiver({ faults: ['hang'] });
    const folder = mkdtempSync(join(root, 'rig-'));
    const there = [standardTo('crm', receiver.url, { timeout: 30 })];
    rig = await BridgeRig.open(folder, there);
    await rig.publish(record(1), record(2), record(1, 2));
    await untilHeard(receiver, 1);
    await rig.crash();
    receiver.misbehave([]);
    rig = await BridgeRig.open(folder, there);
    await untilNothingWaits();
    expect(heard(receiver)).toEqual(['1.1', '1.1', '2.1', '1.2']);
    expect(receiver.repeats).toBe(1);
  });
});

describe('several in one request', () => {
  const voicemail = (nth: number, lane = '1001'): Occurrence => ({
    ...{ kind: 'model', id: `v${nth}`, atMs: 1_000 + nth, model: 'voicemail', lane },
    object: { id: nth, user: lane },
  });
  const batched = (url: string, more: Readonly<Record<string, unknown>> = {}): Destination =>
    destinationOf({
      ...{ id: 'ns', dialect: 'netsapiens', url, allowAddresses: ['127.0.0.0/8'] },
      ...{ retries: [0.02, 0.02, 0.02], concurrency: 1, batch: { size: 5, wait: 0.4 } },
      netsapiens: { model: 'voicemail' },
      ...more,
    });
  const idsIn = ({ body }: Received): number[] =>
    (JSON.parse(body) as { readonly id: number }[]).map(({ id }) => id);

  it('are as many as may be, in order, and what is left after the wait', async () => {
    const receiver = await startReceiver();
    await openRig([batched(receiver.url)]);
    const madeMs = Date.now();
    for (let nth = 1; nth <= 12; nth += 1) await rig.bridge.tell(voicemail(nth));
    await untilNothingWaits();
    expect(receiver.requests.flatMap(idsIn)).toEqual(Array.from({ length: 12 }, (_, n) => n + 1));
    expect(receiver.requests.every((each) => idsIn(each).length <= 5)).toBe(true);
    expect(receiver.count).toBeLessThan(12);
    // The last one was not whole, so that it was waited for others.
    const last = receiver.requests.at(-1);
    expect((last?.atMs ?? 0) - madeMs).toBeGreaterThanOrEqual(400);
    for (const each of receiver.requests) {
      const keys = idsIn(each).map((id) => `v${id}`);
      expect(each.headers['offhook-events'] ?? each.key).toBe(keys.join(','));
    }
  });

  it('that were not taken come again as they were', async () => {
    const receiver = await startReceiver({ faults: ['425:2'] });
    await openRig([batched(receiver.url)]);
    for (let nth = 1; nth <= 5; nth += 1) await rig.bridge.tell(voicemail(nth));
    await untilNothingWaits();
    expect(receiver.count).toBe(3);
    expect(new Set(receiver.requests.map(({ key }) => key)).size).toBe(1);
    expect(receiver.requests.map(({ headers }) => headers['offhook-events'])).toEqual(
      Array.from({ length: 3 }, () => 'v1,v2,v3,v4,v5'),
    );
    expect(await stateOf('ns')).toMatchObject({ delivered: 5, attempts: 15, failures: 10 });
  });

  it('do not die with one that cannot be told', async () => {
    const receiver = await startReceiver();
    const calls = batched(receiver.url, { netsapiens: { model: 'cdr' } });
    await openRig([calls]);
    rig.bridge.pause('ns', true);
    await rig.publish(ended(1));
    const owed = await rig.waiting();
    // By now it wants to hear of something else, which a call is not.
    rig.roster.renewFile([batched(receiver.url)], Date.now());
    for (let nth = 1; nth <= 3; nth += 1) await rig.bridge.tell(voicemail(nth));
    rig.bridge.pause('ns', false);
    await untilNothingWaits();
    expect(owed).toBeGreaterThan(0);
    expect(receiver.requests.flatMap(idsIn)).toEqual([1, 2, 3]);
    expect(await stateOf('ns')).toMatchObject({ delivered: 3, dead: owed });
  });

  it('of several lanes are told in one order each, whatever fails', async () => {
    const receiver = await startReceiver({ faults: ['425:3', '500:20%'], seed: 7 });
    await openRig([batched(receiver.url, { concurrency: 3, batch: { size: 4, wait: 0 } })]);
    for (let nth = 1; nth <= 60; nth += 1) {
      await rig.bridge.tell(voicemail(nth, String(1_000 + (nth % 7))));
      if (nth === 40) receiver.misbehave(faults('425:30%'));
    }
    receiver.misbehave([]);
    await untilNothingWaits();
    const told = receiver.requests.filter(({ fault }) => fault === 'ok').flatMap(idsIn);
    expect(new Set(told).size).toBe(60);
    for (let lane = 0; lane < 7; lane += 1) {
      const of = [...new Set(told.filter((id) => id % 7 === lane))];
      expect(of).toEqual([...of].sort((a, b) => a - b));
    }
  });
});

describe('a test event', () => {
  it.each(dialectNames)('of the dialect %s reaches the receiver', async (name) => {
    const receiver = await startReceiver();
    const own = {
      standard: { secrets: [secret] },
      'oracle-isr': { event: 'RECORDING_STARTED_EVENT', params: 'ani=%ANI%&id=%TMP_RECORDING_ID%' },
      focalscope: {},
      netsapiens: { model: 'call' },
    }[name];
    const destination = destinationOf({
      ...{ id: 'tried', dialect: name, url: `${receiver.url}/hook`, [name]: own },
      // It is told whatever the destination is limited to.
      ...{ allowAddresses: ['127.0.0.0/8'], sources: ['nowhere'] },
    });
    await openRig([destination]);
    const sample = dialects[name].sample(destination, 'trial', Date.now());
    const ids = await rig.bridge.tell(sample, destination);
    expect(ids.length).toBeGreaterThan(0);
    await untilHeard(receiver, ids.length);
    await untilNothingWaits();
    expect(await stateOf('tried')).toMatchObject({ delivered: ids.length });
    const [request] = receiver.requests;
    expect(request?.path).toMatch(/^\/hook/);
    expect(`${request?.path} ${request?.body}`).toMatch(/4930000000|1000/);
  });
});
