/** What the metrics show of sources out of sight, of commits and of the signals on their way. */
import { expect, it } from 'vitest';
import { type Counting, readingOf, startCounting } from '../../src/app/metrics.ts';
import { Pipeline } from '../../src/app/pipeline.ts';
import { Registry } from '../../src/call/registry.ts';
import { Hub } from '../../src/feed/hub.ts';
import type { SourceReport } from '../../src/app/sources.ts';
import { MemoryJournal } from '../support/memory-journal.ts';
import { nothingRecorded } from '../support/nothing-recorded.ts';
import { Scrape } from '../support/scrape.ts';

const startMs = 1_767_600_000_000;

interface House {
  nowMs: number;
  readonly pipeline: Pipeline;
  readonly counting: Counting;
  readonly filing: { readonly counts: { written: number; failed: number }; failing: number };
  scrape(): Promise<Scrape>;
}

function open(): House {
  const journal = new MemoryJournal();
  const registry = new Registry();
  const counting = startCounting();
  const clock = { now: () => house.nowMs };
  const pipeline = new Pipeline(registry, journal, clock, () => undefined);
  const report: SourceReport = { name: 'pbx', type: 'ami', state: 'up' };
  const filing = { counts: { written: 0, failed: 0 }, failing: 0 };
  const parts = {
    version: '1.2.3',
    sources: { reports: () => [report] },
    registry,
    pipeline,
    journal,
    retention: { counts: { events: 7, cdrs: 5, signalIds: 3, failures: 1 } },
    filing,
    hub: new Hub(() => undefined, 0, []),
    connections: () => [],
    refused: () => ({ rate: 4 }),
    nowMs: () => house.nowMs,
    webhooks: () => undefined,
    recordings: { standing: nothingRecorded },
    face: undefined,
  };
  counting.metrics.attach(readingOf(parts, counting));
  const house: House = {
    nowMs: startMs,
    pipeline,
    counting,
    filing,
    scrape: async () => new Scrape(await counting.metrics.text()),
  };
  return house;
}

const lost = (atMs: number) => ({ kind: 'source.lost', source: 'pbx', atMs, reason: 'x' }) as const;
const connected = (atMs: number) => ({ kind: 'source.connected', source: 'pbx', atMs }) as const;

it('a gap counts from when the source was last heard, and while it goes on', async () => {
  const house = open();
  const gap = async (): Promise<readonly unknown[]> => {
    const all = await house.scrape();
    return ['offhook_source_in_gap', 'offhook_source_gap_seconds_total'].map((name) =>
      all.value(name, 'source="pbx"'),
    );
  };
  house.pipeline.signal(connected(startMs));
  expect(await gap()).toEqual([0, 0]);
  house.nowMs += 10_000;
  house.pipeline.signal(lost(startMs + 4_000));
  expect(await gap()).toEqual([1, 6]);
  house.nowMs += 5_000;
  expect(await gap()).toEqual([1, 11]);
  house.nowMs += 1_000;
  house.pipeline.signal(connected(house.nowMs));
  expect(await gap()).toEqual([0, 12]);
  house.nowMs += 60_000;
  house.pipeline.signal(lost(house.nowMs));
  house.nowMs += 2_000;
  expect(await gap()).toEqual([1, 14]);
});

it('a clock that is set back makes no counter fall', async () => {
  const house = open();
  house.pipeline.signal(lost(startMs));
  house.nowMs += 5_000;
  const seconds = async (): Promise<number> =>
    (await house.scrape()).sum('offhook_source_gap_seconds_total');
  expect(await seconds()).toBe(5);
  house.nowMs -= 3_600_000;
  expect(await seconds()).toBe(5);
});

it('commits that fail show at once, and so does that they hold again', async () => {
  const house = open();
  const trouble = async (): Promise<readonly unknown[]> => {
    const all = await house.scrape();
    return [all.value('offhook_store_trouble'), all.value('offhook_commit_failures_total')];
  };
  expect(await trouble()).toEqual([0, 0]);
  house.counting.onTrouble(new Error('disk full'));
  house.counting.onTrouble(new Error('disk full'));
  expect(await trouble()).toEqual([1, 2]);
  house.counting.onTrouble(undefined);
  house.counting.onCommit(3, 250);
  expect(await trouble()).toEqual([0, 2]);
  const all = await house.scrape();
  expect(all.value('offhook_commit_duration_seconds', '_sum')).toBe(0.25);
});

it('what is kept, dropped and turned away is shown by kind', async () => {
  const house = open();
  house.filing.counts.written = 9;
  house.filing.counts.failed = 2;
  house.filing.failing = 1;
  const all = await house.scrape();
  const shown = Object.entries({
    offhook_build_info: 'version="1.2.3"',
    offhook_retention_dropped_rows_total: 'kind="signal-ids"',
    offhook_retention_failures_total: '',
    offhook_metadata_files_written_total: '',
    offhook_metadata_files_failed_total: '',
    offhook_metadata_files_failing: '',
    offhook_connections_refused_total: 'reason="rate"',
  }).map(([name, labels]) => all.value(name, labels));
  expect(shown).toEqual([1, 3, 1, 9, 2, 1, 4]);
});
