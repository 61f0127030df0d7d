/**
 * Administration on a real store, with the real roster and bridge; nothing is sent, and a test says what came
 * of a delivery.
 */
import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import type { Call } from '../../src/call/call.ts';
import type { OfCall } from '../../src/call/event.ts';
import { StoreClient } from '../../src/store/client.ts';
import type { AttemptRow, Settlement } from '../../src/store/outbox-messages.ts';
import { Administration } from '../../src/webhook/administration.ts';
import { Bridge } from '../../src/webhook/bridge.ts';
import { type Destination, readDestination } from '../../src/webhook/destination.ts';
import type { Occurrence } from '../../src/webhook/occurrence.ts';
import { Roster } from '../../src/webhook/roster.ts';
import { newFolder } from './data-folder.ts';

/** 2026-01-05T00:00:00.000Z. */
export const officeOpensMs = Date.UTC(2026, 0, 5);

/** A secret of the dialect `standard`, recognisable by `nth`. */
export function standardSecret(nth: number): string {
  return `whsec_${Buffer.alloc(32, `secret ${nth} `).toString('base64')}`;
}

/** A destination as it would be written, with secrets in three places. */
export function written(id: string, changes: Record<string, unknown> = {}) {
  return {
    id,
    dialect: 'standard',
    url: 'https://receiver.example/hook?token=T0KEN-of-the-url',
    headers: { 'X-Api-Key': 'K3Y-of-a-header' },
    auth: { kind: 'bearer', token: 'B34RER-of-auth' },
    standard: { secrets: [standardSecret(1)] },
    ...changes,
  };
}

/** Everything in `written` that nobody may see. */
export const planted = [
  'T0KEN-of-the-url',
  'K3Y-of-a-header',
  'B34RER-of-auth',
  standardSecret(1),
  standardSecret(1).slice('whsec_'.length),
];

export function destinationOf(table: unknown): Destination {
  const read = readDestination(table);
  if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
  return read.destination;
}

export interface Office {
  readonly store: StoreClient;
  readonly roster: Roster;
  readonly bridge: Bridge;
  readonly administration: Administration;
  /** The calls that are known. */
  readonly calls: Map<string, Call>;
  /** What was told as an entry of the audit log, in order. */
  readonly audited: Occurrence[];
  nowMs: number;
  /** While it is, nothing that waits can be given up. */
  isDiskFull: boolean;
  /** This destination stands in the configuration file from here on, alone. */
  fromFile(table: unknown): void;
  /** Has an event of a call delivered to whoever wants it, as the journal would; resolves with the ids. */
  happens(event: OfCall): Promise<readonly number[]>;
  /** Says what came of a delivery. */
  settle(delivery: number, to: Settlement['to'], changes?: Partial<Settlement>): Promise<void>;
}

export const answered: AttemptRow = {
  atMs: officeOpensMs,
  durationMs: 12,
  url: 'https://receiver.example/hook?token=T0KEN-of-the-url',
  status: 200,
  error: null,
  answer: 'ok',
};

export async function openOffice(): Promise<Office> {
  const folder = await newFolder();
  const fail = (error: unknown): never => {
    throw error;
  };
  const store = await StoreClient.open({ folder, onFailure: fail });
  onTestFinished(() => store.close());
  const roster = new Roster();
  const calls = new Map<string, Call>();
  const audited: Occurrence[] = [];
  const world = { nowMs: officeOpensMs, isDiskFull: false };
  const nowMs = (): number => world.nowMs;
  const bridge = await Bridge.open({
    store,
    roster,
    open: [],
    // No receiver ever answers: a test says what came of a delivery.
    sender: { send: () => new Promise(() => undefined), close: () => Promise.resolve() },
    nowMs,
    bounds: { perHost: 8, inAll: 64 },
    onTrouble: fail,
    onFault: fail,
  });
  const administration = new Administration({
    roster,
    store: {
      putDestination: (row) => store.putDestination(row),
      dropDestination: (id) => store.dropDestination(id),
      pause: (id, paused) => store.pause(id, paused),
      abandon: (ask) =>
        world.isDiskFull
          ? Promise.reject(new StoreError('STORE_COMMIT_FAILED', 'the disk is full'))
          : store.abandon(ask),
      destinationStates: () => store.destinationStates(),
      deliveries: (ask) => store.deliveries(ask),
      delivery: (id) => store.delivery(id),
      replay: (ask) => store.replay(ask),
    },
    bridge: {
      tell: (occurrence, to) => {
        if (to === undefined) audited.push(occurrence);
        return bridge.tell(occurrence, to);
      },
      pause: (id, paused) => bridge.pause(id, paused),
      outlet: (id) => bridge.outlet(id),
      nudge: (id) => bridge.nudge(id),
      reserve: (count) => bridge.reserve(count),
    },
    nowMs,
    newId: randomUUID,
    domain: 'desk',
    find: (id) => Promise.resolve(calls.get(id)),
  });
  return {
    ...{ store, roster, bridge, administration, calls, audited },
    get nowMs() {
      return world.nowMs;
    },
    set nowMs(ms) {
      world.nowMs = ms;
    },
    get isDiskFull() {
      return world.isDiskFull;
    },
    set isDiskFull(is) {
      world.isDiskFull = is;
    },
    fromFile: (table) => roster.renewFile([destinationOf(table)], world.nowMs),
    happens: (event) => {
      calls.set(event.call.id, event.call);
      return bridge.tell({ kind: 'call', event });
    },
    async settle(delivery, to, changes = {}) {
      const row = (await store.delivery(delivery))?.delivery;
      if (row === undefined) throw new Error(`no delivery ${delivery}`);
      const { destination, lane } = row;
      const reason = to === 'delivered' ? null : 'it said no';
      const what = { delivery, destination, lane, to, dueMs: 0, reason, attempt: answered };
      await store.settle({
        settlements: [{ ...what, ...changes }],
        statuses: [],
        nowMs: world.nowMs,
      });
    },
  };
}
