/**
 * What the metrics show, read from the rooms that count it. Asked once a scrape, in one turn, so that
 * numbers that belong together fit together.
 */
import type { Call } from '../call/call.ts';
import { filterOf } from '../call/extension.ts';
import type { Registry } from '../call/registry.ts';
import type { Hub } from '../feed/hub.ts';
import type { Journal } from '../journal/journal.ts';
import type { Retention } from '../journal/retention.ts';
import type { Filing } from '../record/filing.ts';
import type { SourceState } from '../source/source.ts';
import type { Connection } from '../subscriber/connection.ts';
import { endReasons, resumeResults, SessionCounts } from '../subscriber/counts.ts';
import { addTally, emptyTally } from '../subscriber/ledger.ts';
import { createMetrics, type Metrics, type Reading, type Sample } from '../telemetry/metrics.ts';
import type { Pipeline } from './pipeline.ts';
import { RecordingCounts, recordingReading, type RecordingParts } from './recording-metrics.ts';
import type { Sources } from './sources.ts';
import { steadyClock } from './steady-clock.ts';
import { AttemptCounts, webhookReading } from './webhook-metrics.ts';
import type { Standing } from './webhooks.ts';

export interface MetricsParts extends RecordingParts {
  readonly version: string;
  readonly sources: Pick<Sources, 'reports'>;
  readonly registry: Pick<Registry, 'gaps'>;
  readonly pipeline: Pick<
    Pipeline,
    'taken' | 'applied' | 'ignored' | 'events' | 'gapMs' | 'isHeld'
  >;
  readonly journal: Pick<Journal, 'head' | 'pending'>;
  readonly retention: Pick<Retention, 'counts'>;
  /** Absent where no metadata files are written. */
  readonly filing: Pick<Filing, 'counts' | 'failing'> | undefined;
  readonly hub: Pick<Hub, 'flush' | 'ongoing'>;
  /** All that have not let go of their socket. */
  readonly connections: () => Iterable<Connection>;
  /** Connections that were turned away, by why. */
  readonly refused: () => Readonly<Record<string, number>>;
  /** Our time, milliseconds since 1970. */
  readonly nowMs: () => number;
  /** What was fetched before the scrape; undefined: nothing yet. */
  readonly webhooks: () => Standing | undefined;
}

/** What is counted from the start on, before there is anything to read it from. */
export interface Counting {
  readonly metrics: Metrics;
  readonly sessions: SessionCounts;
  readonly requests: RequestCounts;
  /** How commits go, since the start. */
  readonly commits: { failures: number; isFailing: boolean };
  /** A commit failed (and is made again), or, with undefined, holds again. */
  onTrouble(error: Error | undefined): void;
  /** A commit holds; milliseconds. */
  onCommit(events: number, durationMs: number): void;
  readonly attempts: AttemptCounts;
  readonly recordings: RecordingCounts;
}

export function startCounting(): Counting {
  const metrics = createMetrics();
  const commits = { failures: 0, isFailing: false };
  return {
    metrics,
    sessions: new SessionCounts((lateMs) =>
      metrics.observe('offhook_keepalive_lateness_seconds', lateMs / 1_000),
    ),
    requests: new RequestCounts(),
    attempts: new AttemptCounts(metrics),
    recordings: new RecordingCounts(metrics, steadyClock),
    commits,
    onTrouble: (error) => {
      commits.isFailing = error !== undefined;
      if (error !== undefined) commits.failures += 1;
    },
    onCommit: (events, durationMs) => {
      metrics.observe('offhook_commit_events', events);
      metrics.observe('offhook_commit_duration_seconds', durationMs / 1_000);
    },
  };
}

/** HTTP requests by route and class of status: `/v1/calls` and `2xx`. */
export class RequestCounts {
  readonly #counts = new Map<string, { route: string; status: string; count: number }>();

  answered(route: string, statusCode: number): void {
    const status = `${Math.floor(statusCode / 100)}xx`;
    const key = `${status} ${route}`;
    const counted = this.#counts.get(key);
    if (counted === undefined) this.#counts.set(key, { route, status, count: 1 });
    else counted.count += 1;
  }

  get samples(): Sample<'offhook_http_requests_total'>[] {
    return [...this.#counts.values()].map(({ route, status, count }) => [{ route, status }, count]);
  }
}

const everything = filterOf([]);
const sourceStates = ['connecting', 'syncing', 'up', 'down'] as const satisfies SourceState[];

/** Reads everything. Counters never fall while the server runs, whatever the clock does. */
export function readingOf(parts: MetricsParts, counting: Counting): () => Reading {
  const gapOf = gapSeconds(parts);
  const { attempts, commits, requests, sessions } = counting;
  return () => {
    const { version, pipeline, journal, retention, filing, hub } = parts;
    const { events, cdrs, signalIds, failures } = retention.counts;
    const ongoing = hub.ongoing(everything);
    return {
      offhook_build_info: [[{ version }, 1]],
      ...ofSources(parts, gapOf),
      offhook_sources_held: Number(pipeline.isHeld),
      offhook_signals_taken_total: samples([...pipeline.taken], 'source'),
      offhook_signals_applied_total: samples(Object.entries(pipeline.applied), 'outcome'),
      offhook_signals_ignored_total: samples(Object.entries(pipeline.ignored), 'reason'),
      offhook_calls: samples(Object.entries(statesOf(ongoing)), 'state'),
      offhook_events_total: samples(Object.entries(pipeline.events), 'kind'),
      offhook_commit_failures_total: commits.failures,
      offhook_store_trouble: Number(commits.isFailing),
      offhook_journal_head: journal.head,
      offhook_journal_pending_events: journal.pending,
      offhook_retention_dropped_rows_total: samples(
        Object.entries({ events, cdrs, 'signal-ids': signalIds }),
        'kind',
      ),
      offhook_retention_failures_total: failures,
      offhook_metadata_files_written_total: filing?.counts.written ?? 0,
      offhook_metadata_files_failed_total: filing?.counts.failed ?? 0,
      offhook_metadata_files_failing: filing?.failing ?? 0,
      ...ofSessions(parts, sessions),
      ...webhookReading(parts.webhooks(), attempts),
      ...recordingReading(parts, counting.recordings, ongoing),
      offhook_connections_refused_total: samples(Object.entries(parts.refused()), 'reason'),
      offhook_http_requests_total: requests.samples,
    };
  };
}

function statesOf(
  calls: readonly Call[],
): Readonly<Record<Exclude<Call['state'], 'ended'>, number>> {
  const counts = { offered: 0, ringing: 0, connected: 0, held: 0 };
  for (const { state } of calls) if (state !== 'ended') counts[state] += 1;
  return counts;
}

type Part<P extends string> = Pick<Reading, Extract<keyof Reading, P>>;

function ofSources(
  { sources, nowMs, registry }: MetricsParts,
  gapOf: (source: string, nowMs: number) => number,
): Part<`offhook_source_${string}`> {
  const reports = sources.reports();
  const now = nowMs();
  return {
    offhook_source_state: reports.flatMap(({ name: source, type, state: current }) =>
      sourceStates.map((state): Sample<'offhook_source_state'> => [
        { source, type, state },
        Number(state === current),
      ]),
    ),
    offhook_source_in_gap: reports.map(({ name: source }) => [
      { source },
      Number(registry.gaps.has(source)),
    ]),
    offhook_source_gap_seconds_total: reports.map(({ name: source }) => [
      { source },
      gapOf(source, now),
    ]),
    offhook_source_lag_seconds: reports.flatMap(({ name: source, lagMs }) =>
      lagMs === undefined ? [] : [[{ source }, lagMs / 1_000] as const],
    ),
    offhook_source_heard_timestamp_seconds: reports.flatMap(({ name: source, heardAtMs }) =>
      heardAtMs === undefined ? [] : [[{ source }, heardAtMs / 1_000] as const],
    ),
  };
}

/** Of each source, how long it was out of sight; never less than before, though the clock be set back. */
function gapSeconds({ pipeline, registry }: MetricsParts): (source: string, now: number) => number {
  const told = new Map<string, number>();
  return (source, nowMs) => {
    const fromMs = registry.gaps.get(source);
    const openMs = fromMs === undefined ? 0 : Math.max(0, nowMs - fromMs);
    const seconds = ((pipeline.gapMs.get(source) ?? 0) + openMs) / 1_000;
    const most = Math.max(seconds, told.get(source) ?? 0);
    told.set(source, most);
    return most;
  };
}

function ofSessions(
  { hub, connections }: MetricsParts,
  sessions: SessionCounts,
): Part<
  `offhook_sessions${'' | `_${string}`}` | `offhook_feed_${string}` | 'offhook_resumes_total'
> {
  // Else what waits for the end of this turn would have passed and not been handed out.
  hub.flush();
  const open = new Map<string, { labels: Sample<'offhook_sessions'>[0]; count: number }>();
  const sum = emptyTally();
  addTally(sum, sessions.past);
  let [waitingBytes, maxBytes, behind] = [0, 0, 0];
  for (const connection of connections()) {
    // One that has ended is among the past already, though its socket may linger.
    if (!connection.isOpen) continue;
    const { transport, encoding, standing } = connection;
    const subscribed = standing.isSubscribed ? 'yes' : 'no';
    const key = `${transport} ${encoding} ${subscribed}`;
    const labels = { transport, encoding, subscribed };
    const counted = open.get(key);
    if (counted === undefined) open.set(key, { labels, count: 1 });
    else counted.count += 1;
    waitingBytes += standing.waitingBytes;
    maxBytes = Math.max(maxBytes, standing.waitingBytes);
    behind += standing.behind;
    addTally(sum, standing.tally);
  }
  const transports = ['tcp', 'websocket'] as const;
  return {
    offhook_sessions: [...open.values()].map(({ labels, count }) => [labels, count]),
    offhook_sessions_opened_total: samples(Object.entries(sessions.opened), 'transport'),
    offhook_sessions_closed_total: transports.flatMap((transport) =>
      endReasons.map((reason): Sample<'offhook_sessions_closed_total'> => [
        { transport, reason },
        sessions.closed[transport][reason],
      ]),
    ),
    offhook_sessions_waiting_bytes: waitingBytes,
    offhook_sessions_waiting_max_bytes: maxBytes,
    offhook_resumes_total: resumeResults.map((result) => [{ result }, sessions.resumes[result]]),
    offhook_feed_events_passed_total: sum.passed,
    offhook_feed_events_delivered_total: sum.delivered,
    offhook_feed_events_filtered_total: sum.filtered,
    offhook_feed_events_lost_total: [
      [{ reason: 'unrecovered' }, sum.unrecovered],
      [{ reason: 'untold' }, sum.untold],
    ],
    offhook_feed_events_behind: behind,
  };
}

/** Values under the one label of an instrument. */
function samples<L extends string>(
  values: readonly (readonly [string, number])[],
  label: L,
): readonly (readonly [Readonly<Record<L, string>>, number])[] {
  // Parse door: the record has just this one name.
  return values.map(([of, value]) => [{ [label]: of } as Record<L, string>, value]);
}
