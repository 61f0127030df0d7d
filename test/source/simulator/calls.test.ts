import { expect, it } from 'vitest';
import type { Call } from '../../../src/call/call.ts';
import { isOfCall } from '../../../src/call/event.ts';
import { Registry } from '../../../src/call/registry.ts';
import { scenario } from '../../../src/source/simulator/scenario.ts';

const halfAnHour = 1_800_000;

it('makes calls of every kind that all begin and end once, and says nothing that cannot be', () => {
  const registry = new Registry();
  const startedAtMs = Date.UTC(2026, 4, 1, 8);
  const awaited = new Set<string>();
  const ended = new Map<string, Call>();
  const unexpected: string[] = [];
  const settings = { name: 'demo', rate: 0.5, seed: 1, agents: 20 };

  for (const { offsetMs, signal } of scenario(settings, startedAtMs)) {
    const applied = registry.apply(signal, startedAtMs + offsetMs);
    if (applied.kind === 'ignored' && applied.reason !== 'no-change') {
      unexpected.push(`${signal.kind}: ${applied.reason}`);
    }
    for (const event of applied.kind === 'events' ? applied.events : []) {
      if (!isOfCall(event)) continue;
      if (event.kind === 'call.started' && offsetMs < halfAnHour) awaited.add(event.call.id);
      if (event.kind !== 'call.ended') continue;
      if (ended.has(event.call.id)) unexpected.push(`${event.call.id} ended twice`);
      ended.set(event.call.id, event.call);
      awaited.delete(event.call.id);
    }
    if (offsetMs > halfAnHour && awaited.size === 0) break;
    if (offsetMs > 4 * halfAnHour) throw new Error(`never ended: ${[...awaited].join(' ')}`);
  }

  expect(unexpected).toEqual([]);
  const calls = [...ended.values()];
  expect(new Set(calls.map(({ ending }) => ending))).toEqual(new Set(['observed']));
  const outcomes = new Set(calls.map(({ outcome }) => outcome));
  for (const outcome of [
    'answered',
    'missed',
    'busy',
    'rejected',
    'cancelled',
    'abandoned',
  ] as const) {
    expect(outcomes).toContain(outcome);
  }
  const directions = new Set(calls.map(({ direction }) => direction));
  for (const direction of ['internal', 'incoming', 'outgoing'] as const) {
    expect(directions).toContain(direction);
  }
  const queued = calls.find(({ queue }) =>
    queue.some((visit) => visit.missedBy.length > 0 && visit.agent),
  );
  expect(queued?.queue[0]).toMatchObject({ result: 'answered' });
  expect(calls.some(({ holds }) => holds.length > 1)).toBe(true);
  expect(calls.some(({ recordings }) => recordings.some((r) => r.pauses.length > 0))).toBe(true);
});
