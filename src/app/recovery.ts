/**
 * Taking back what the last run left: open calls go on until their source confirms or denies them, and
 * the time in which nobody watched is a gap like any other.
 */
import { systemClock } from '../base/clock.ts';
import type { Registry } from '../call/registry.ts';
import type { EmbeddedJournal } from '../journal/embedded.ts';
import type { Remembered } from '../journal/journal.ts';
import type { Pipeline } from './pipeline.ts';

export async function takeBack(
  registry: Registry,
  journal: EmbeddedJournal,
  pipeline: Pipeline,
  sources: readonly { readonly name: string; readonly enabled: boolean }[],
  remembered: Remembered,
): Promise<void> {
  registry.restore(remembered);
  if (journal.head === 0) return;
  const lastMs = await lastSeenMs(journal);
  const watched = new Set(sources.filter((each) => each.enabled).map((each) => each.name));
  const reason = 'The server was not running.';
  for (const source of watched) {
    pipeline.signal({ kind: 'source.lost', source, atMs: lastMs, reason });
  }
  // Calls of a source that is no longer watched would never end.
  for (const source of new Set(remembered.open.map((call) => call.source))) {
    if (watched.has(source)) continue;
    pipeline.signal({ kind: 'source.expired', source, atMs: systemClock.now() });
  }
}

/** When the last run last saw anything, our time. */
async function lastSeenMs(journal: EmbeddedJournal): Promise<number> {
  const last = await journal.readAfter(journal.head - 1, 1);
  const entry = last.kind === 'entries' ? last.entries.at(-1) : undefined;
  return entry?.event.seenAtMs ?? systemClock.now();
}
