/**
 * What holds whatever receivers do and whenever the server dies: each receiver is told every record at least
 * once, each call in order, a repeat under the same key; and what was accepted is accounted for.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { CallEvent } from '../../src/call/event.ts';
import { isOfCall } from '../../src/call/event.ts';
import { Registry } from '../../src/call/registry.ts';
import type { Received } from '../../src/receiver/received.ts';
import type { Receiver } from '../../src/receiver/receiver.ts';
import { scenario } from '../../src/source/simulator/scenario.ts';
import { BridgeRig } from '../support/bridge-rig.ts';
import { destinationOf } from '../support/deliveries.ts';
import { faults, startReceiver } from '../support/receivers.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const common = {
  allowAddresses: ['127.0.0.0/8'],
  timeout: 0.25,
  retries: [0.02, 0.05, 0.1, 0.2],
  recordFor: 3_600,
  liveFor: 5,
};

/** The first events of a busy centre. */
function eventsOf(seed: number, count: number): CallEvent[] {
  const registry = new Registry();
  const events: CallEvent[] = [];
  const centre = { name: 'pbx', rate: 5, seed, agents: 9, timeScale: 0.05 };
  for (const { signal } of scenario(centre, systemClock.now())) {
    const applied = registry.apply(signal, signal.atMs);
    if (applied.kind === 'events') events.push(...applied.events);
    if (events.length >= count) break;
  }
  return events;
}

const root = mkdtempSync(join(tmpdir(), 'offhook-law-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let rig: BridgeRig | undefined;
afterEach(async () => {
  await rig?.close();
  rig = undefined;
});

async function until(holds: () => Promise<boolean> | boolean, ms = 60_000): Promise<void> {
  const endMs = Date.now() + ms;
  while (!(await holds())) {
    if (Date.now() > endMs) throw new Error('it did not come to that');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Statuses that the sender took as "taken": those that the receiver gave without a fault in the way. */
const wasTaken = ({ fault }: Received): boolean =>
  fault === 'ok' || fault === 'slow-body' || fault === 'huge-body';

/** The events that a receiver of the dialect standard was told, in order of arrival. */
interface Told {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly call: string;
  readonly body: string;
}

function toldTo(receiver: Receiver, path: string): Told[] {
  return receiver.requests
    .filter((each) => each.path === path)
    .map(({ body, headers }) => {
      const event = JSON.parse(body) as {
        id: string;
        type: string;
        sequence: number;
        data: { call: { id: string } };
      };
      expect(headers['idempotency-key']).toBe(event.id);
      const { id, type, sequence } = event;
      return { id, type, sequence, call: event.data.call.id, body };
    });
}

function checkOrder(told: readonly Told[]): void {
  const bodies = new Map<string, string>();
  const last = new Map<string, number>();
  for (const { id, sequence, call, body } of told) {
    const before = bodies.get(id);
    if (before !== undefined) {
      // A repeat is the same, to the byte.
      expect(body).toBe(before);
      continue;
    }
    bodies.set(id, body);
    expect(sequence, `of ${call}`).toBeGreaterThan(last.get(call) ?? 0);
    last.set(call, sequence);
  }
}

const kinds = ['500', '503', '429', '400', 'hang', 'close', 'reset', 'garbage', 'slow-body'];
const fault = fc.oneof(
  fc
    .tuple(fc.constantFrom(...kinds), fc.integer({ min: 1, max: 40 }))
    .map(([kind, percent]) => `${kind}:${percent}%`),
  fc
    .tuple(fc.constantFrom(...kinds), fc.integer({ min: 1, max: 6 }))
    .map(([kind, count]) => `${kind}:${count}`),
);
const run = fc.record({
  seed: fc.nat(10_000),
  events: fc.integer({ min: 20, max: 160 }),
  faults: fc.array(fc.array(fault, { maxLength: 3 }), { minLength: 3, maxLength: 3 }),
  /** After so many of the events, in tenths, the server dies. */
  crashes: fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 2 }),
});

describe('the bridge', () => {
  it('tells every record at least once, each call in order, and accounts for all', async () => {
    await fc.assert(
      fc.asyncProperty(run, async ({ seed, events: count, faults: of, crashes }) => {
        const folder = mkdtempSync(join(root, 'run-'));
        const receivers = await Promise.all(
          of.map((written, index) =>
            startReceiver({ faults: written, seed: seed + index, retryAfter: null }),
          ),
        );
        const destinations = receivers.map((receiver, index) =>
          destinationOf({
            ...{ ...common, id: `d${index}`, dialect: 'standard', url: `${receiver.url}/${index}` },
            standard: { secrets: [secret] },
            concurrency: index + 1,
          }),
        );
        const events = eventsOf(seed, count);
        rig = await BridgeRig.open(folder, destinations);
        let told = 0;
        for (const end of [...crashes.sort((a, b) => a - b), 10]) {
          const through = Math.floor((events.length * end) / 10);
          for (; told < through; told += 7) {
            await rig.publish(...events.slice(told, Math.min(told + 7, through)));
          }
          told = through;
          if (end === 10) break;
          await rig.crash();
          rig = await BridgeRig.open(folder, destinations);
        }
        for (const receiver of receivers) receiver.misbehave([]);
        const { store } = rig;
        await until(async () => (await rig?.waiting()) === 0);
        const states = await rig.states();
        expect(rig.faults).toEqual([]);

        const records = events.filter(isOfCall).filter(({ kind }) => !isLive(kind));
        for (const [index, receiver] of receivers.entries()) {
          const id = `d${index}`;
          const heard = toldTo(receiver, `/${index}`);
          checkOrder(heard);
          const deaths = await store.deliveries({
            ...{ destination: id, callId: null, state: 'dead', beforeId: 1e9, limit: 1_000 },
          });
          const dead = new Set(deaths.map(({ key }) => key));
          const taken = new Set(
            receiver.requests.filter(wasTaken).map(({ headers }) => headers['idempotency-key']),
          );
          for (const record of records) {
            expect(taken.has(record.id) || dead.has(record.id), record.id).toBe(true);
          }
          // Nothing is dead but what was refused for good.
          const refused = new Set(
            receiver.requests.filter((each) => each.fault === 400).map(({ key }) => key),
          );
          for (const key of dead) expect(refused.has(key), key).toBe(true);
          const state = states.find(({ destination }) => destination === id);
          if (state === undefined) throw new Error(`${id} has no state`);
          const { accepted, waiting, delivered, collapsed, expired } = state;
          expect(waiting).toBe(0);
          expect(accepted).toBe(delivered + collapsed + expired + state.dead);
          expect(accepted).toBe(events.filter(isOfCall).length);
          expect(state.dead).toBe(dead.size);
          expect(delivered).toBeLessThanOrEqual(taken.size);
        }
        await rig.close();
        rig = undefined;
        await Promise.all(receivers.map((receiver) => receiver.close()));
      }),
      { numRuns: 8, endOnFailure: true },
    );
  }, 240_000);

  it('is put to a test that can fail: receivers really misbehave', () => {
    expect(faults('500:3')).toEqual([{ kind: 500, count: 3 }]);
  });
});

function isLive(kind: string): boolean {
  return kind === 'call.started' || kind === 'call.answered' || kind === 'call.updated';
}
