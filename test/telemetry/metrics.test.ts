/** The registry of instruments: its text, its names, and the documents that speak of them. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Instrument, instruments } from '../../src/telemetry/instruments.ts';
import { metricsTable } from '../../src/telemetry/metrics-document.ts';
import { createMetrics, type Reading } from '../../src/telemetry/metrics.ts';
import { Scrape } from '../support/scrape.ts';

const root = join(import.meta.dirname, '..', '..');
const document = (name: string): string => readFileSync(join(root, name), 'utf8');
const ours = Object.entries<Instrument>(instruments);

/** A reading with one value for each instrument; a test names those that it is about. */
function reading(named: Partial<Reading> = {}): Reading {
  const values = ours
    .filter(([, { type }]) => type !== 'histogram')
    .map(([name, { labels }]): [string, unknown] => {
      const of = Object.fromEntries(labels.map((label) => [label, 'x']));
      return [name, labels.length === 0 ? 1 : [[of, 1]]];
    });
  // Parse door: the table has just the names that a reading has.
  return { ...(Object.fromEntries(values) as unknown as Reading), ...named };
}

async function scraped(named: Partial<Reading> = {}): Promise<Scrape> {
  const metrics = createMetrics();
  metrics.attach(() => reading(named));
  return new Scrape(await metrics.text());
}

describe('a scrape', () => {
  it('shows every instrument with its type and what it means', async () => {
    const { families } = await scraped();
    for (const [name, { type, help }] of ours) {
      expect([name, families.get(name)?.type]).toEqual([name, type]);
      expect(families.get(name)?.help).toBe(help);
    }
  });

  it('shows the process as well', async () => {
    const all = await scraped();
    expect(all.value('process_resident_memory_bytes')).toBeGreaterThan(1_000_000);
    expect(all.families.get('nodejs_eventloop_lag_p99_seconds')?.type).toBe('gauge');
    expect(all.families.get('nodejs_gc_duration_seconds')?.type).toBe('histogram');
  });

  it('walks through no list of what is open: with thousands of sockets that holds up the feed', async () => {
    const names = [...(await scraped()).families.keys()];
    const bound = names.filter((name) => /_(open_fds|active_\w+)$/.test(name));
    expect(bound).toEqual([]);
    // Nor does a gauge of ours or of the library call itself a sum.
    const { families } = await scraped();
    const wrong = names.filter(
      (name) => name.endsWith('_total') && families.get(name)?.type !== 'counter',
    );
    expect(wrong).toEqual([]);
  });

  it('reads once, and shows no longer what is no longer there', async () => {
    const metrics = createMetrics();
    let reads = 0;
    metrics.attach(() => {
      reads += 1;
      return reading({ offhook_source_in_gap: [[{ source: `pbx${reads}` }, reads]] });
    });
    const first = new Scrape(await metrics.text());
    const second = new Scrape(await metrics.text());
    expect([...(first.families.get('offhook_source_in_gap')?.values ?? [])]).toEqual([
      ['source="pbx1"', 1],
    ]);
    expect([...(second.families.get('offhook_source_in_gap')?.values ?? [])]).toEqual([
      ['source="pbx2"', 2],
    ]);
    expect(reads).toBe(2);
  });

  it('takes its values from one reading, also when two scrape at once', async () => {
    const metrics = createMetrics();
    let reads = 0;
    metrics.attach(() => {
      reads += 1;
      return reading({ offhook_journal_head: reads, offhook_feed_events_passed_total: reads });
    });
    const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()]);
    const seen = texts.map((text) => {
      const all = new Scrape(text);
      return [all.value('offhook_journal_head'), all.sum('offhook_feed_events_passed_total')];
    });
    expect(seen).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  it('fails with what the reading throws, and the next one does not', async () => {
    const metrics = createMetrics();
    let fails = true;
    metrics.attach(() => {
      if (fails) throw new Error('not now');
      return reading();
    });
    await expect(metrics.text()).rejects.toThrow('not now');
    fails = false;
    expect(await metrics.text()).toContain('offhook_journal_head 1');
  });

  it('sorts into buckets what it is told', async () => {
    const metrics = createMetrics();
    for (const events of [1, 1, 3, 600]) metrics.observe('offhook_commit_events', events);
    const all = new Scrape(await metrics.text());
    expect(all.value('offhook_commit_events', '_count')).toBe(4);
    expect(all.value('offhook_commit_events', '_sum')).toBe(605);
    expect(all.value('offhook_commit_events', '_bucket le="1"')).toBe(2);
    expect(all.value('offhook_commit_events', '_bucket le="512"')).toBe(3);
  });

  it('shares nothing with another server in the same process', async () => {
    const one = createMetrics();
    const other = createMetrics();
    one.observe('offhook_commit_events', 1);
    const all = new Scrape(await other.text());
    expect(all.value('offhook_commit_events', '_count')).toBe(0);
  });
});

describe('the names', () => {
  it.each(ours)('%s holds to the conventions', (name, { type, help, labels, buckets = [] }) => {
    expect(name).toMatch(/^offhook(_[a-z]+)+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    // The units that Prometheus counts in, never their parts.
    expect(name).not.toMatch(/_(ms|milliseconds|minutes|kilobytes|megabytes|percent)\b/);
    // Endings that the text form gives a meaning of its own.
    expect(name).not.toMatch(/_(count|sum|bucket|created)$/);
    for (const label of labels) {
      expect(label).toMatch(/^[a-z][a-z_]*$/);
      expect(['le', 'quantile', 'job', 'instance']).not.toContain(label);
    }
    expect(help).toMatch(/^[A-Z0-9].*\.$/);
    expect([...buckets].sort((one, next) => one - next)).toEqual([...buckets]);
    expect(buckets.length > 0).toBe(type === 'histogram');
  });
});

/** Names of metrics in an expression, without what a histogram puts behind them. */
function namesIn(expressions: readonly string[], known: ReadonlySet<string>): Set<string> {
  const names = expressions.flatMap((each) => each.match(/\b(offhook|nodejs|process)_[a-z0-9_]+/g));
  return new Set(
    names.flatMap((name) => {
      if (name === null) return [];
      return known.has(name) ? [name] : [name.replace(/_(bucket|sum|count)$/, '')];
    }),
  );
}

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: Readonly<Record<'x' | 'y' | 'w' | 'h', number>>;
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly { readonly expr: string; readonly refId: string }[];
}

describe('the dashboard', () => {
  const dashboard: { readonly panels: readonly Panel[] } = JSON.parse(
    document('dashboards/offhook.json'),
  );
  const panels = dashboard.panels.filter(({ type }) => type !== 'row');
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  it('speaks of what there is, and shows every one of ours', async () => {
    const known = new Set((await scraped()).families.keys());
    const named = namesIn(expressions, known);
    expect([...named].filter((name) => !known.has(name))).toEqual([]);
    expect(ours.map(([name]) => name).filter((name) => !named.has(name))).toEqual([]);
  });

  it('asks whatever data source is chosen, of the servers that are', () => {
    for (const { title, datasource } of panels) {
      expect([title, datasource?.uid]).toEqual([title, '${datasource}']);
    }
    for (const expr of expressions) {
      const selectors = expr.match(/\b(offhook|nodejs|process)_\w+(\{[^}]*\})?/g) ?? [];
      for (const selector of selectors) expect(selector).toContain('{instance=~"$instance"');
    }
  });

  it('has panels that stand beside each other, each with a name of its own', () => {
    const ids = dashboard.panels.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    const taken = new Map<string, string>();
    for (const { title, gridPos } of dashboard.panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
          expect([taken.get(`${x} ${y}`), title]).toEqual([undefined, title]);
          taken.set(`${x} ${y}`, title);
        }
      }
    }
    for (const { targets = [] } of panels) {
      expect(targets.length).toBeGreaterThan(0);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  });
});

describe('the alerting rules', () => {
  const rules = document('dashboards/alerts.yml');
  const expressions = rules
    .split(/^ +- alert: /m)
    .slice(1)
    .map((rule) => /expr: (?:>-\n)?([^]*?)\n +(?:for|labels):/.exec(rule)?.[1] ?? '');

  it('speak of what there is', () => {
    const known = new Set(ours.map(([name]) => name));
    expect(expressions.length).toBeGreaterThan(5);
    for (const each of expressions) {
      const named = namesIn([each], known);
      expect([each, named.size > 0]).toEqual([each, true]);
      expect([...named].filter((name) => !known.has(name))).toEqual([]);
    }
  });
});

it('METRICS.md lists what the server has', () => {
  expect(document('METRICS.md')).toContain(metricsTable());
});
