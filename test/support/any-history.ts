/**
 * A history of events with their numbers, as the journal holds it, and filters that may see parts of it,
 * for property tests.
 */
import fc from 'fast-check';
import type { ExtensionPattern } from '../../src/call/extension.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { scenario } from '../../src/source/simulator/scenario.ts';
import { anySignals } from './any-signals.ts';
import { Listener } from './listener.ts';
import { morningMs } from './signals.ts';

function played(seed: number, count: number): Listener {
  const listener = new Listener();
  const centre = { name: 'pbx', rate: 2, seed, agents: 6, timeScale: 0.1 };
  for (const { signal } of scenario(centre, morningMs)) {
    listener.hear([signal]);
    if (listener.events.length >= count) break;
  }
  return listener;
}

/** What a registry made of random or of plausible signals. */
export const history: fc.Arbitrary<readonly JournalEntry[]> = fc
  .oneof(
    anySignals.map((signals) => new Listener().hear(signals)),
    fc
      .record({ seed: fc.nat(), count: fc.integer({ min: 1, max: 150 }) })
      .map(({ seed, count }) => played(seed, count)),
  )
  .map(({ events }) => events.map((event, at) => ({ seq: at + 1, event })));

const pattern: fc.Arbitrary<ExtensionPattern> = fc.oneof(
  fc
    .constantFrom('1001', '1002', '1003', '600', '700', 'Bob@example.org', 'trunk-1', '*72')
    .map((number) => ({ kind: 'number' as const, number })),
  fc.constantFrom('100', '+49', '6', 'Bob').map((prefix) => ({ kind: 'prefix' as const, prefix })),
  fc.constant({ kind: 'range' as const, from: '1002', to: '1004' }),
);

/** None at all, which is all calls, to three. */
export const somePatterns = fc.array(pattern, { maxLength: 3 });
