/**
 * Every number that the server shows to a scraper: its name, what it counts, its labels. METRICS.md is
 * made of this table, and the dashboard in `dashboards/` is held against it.
 */
import { recordingInstruments } from './recording-instruments.ts';

export interface Instrument {
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** One sentence; the unit is in the name. */
  readonly help: string;
  readonly labels: readonly string[];
  /** Upper bounds, in the unit of the name, rising. */
  readonly buckets?: readonly number[];
}

const seconds = { short: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5] } as const;

export const instruments = {
  offhook_build_info: {
    type: 'gauge',
    help: 'Always 1; the label says which version runs.',
    labels: ['version'],
  },

  // What we see.
  offhook_source_state: {
    type: 'gauge',
    help: '1 for the state in which a source is (connecting, syncing, up, down), 0 for the others.',
    labels: ['source', 'type', 'state'],
  },
  offhook_source_in_gap: {
    type: 'gauge',
    help: '1 while we have lost sight of a source that we have seen before, else 0.',
    labels: ['source'],
  },
  offhook_source_gap_seconds_total: {
    type: 'counter',
    help: 'Time in which we had lost sight of a source, the gap that goes on included.',
    labels: ['source'],
  },
  offhook_source_lag_seconds: {
    type: 'gauge',
    help: 'From the source’s own time of its last signal to when we took it; absent where it tells no times.',
    labels: ['source'],
  },
  offhook_source_heard_timestamp_seconds: {
    type: 'gauge',
    help: 'When anything was last heard from a source, seconds since 1970.',
    labels: ['source'],
  },
  offhook_sources_held: {
    type: 'gauge',
    help: '1 while sources are not read because the disk is behind, else 0.',
    labels: [],
  },

  // What comes in: taken = applied + ignored.
  offhook_signals_taken_total: {
    type: 'counter',
    help: 'Signals that sources told; each is either applied or ignored.',
    labels: ['source'],
  },
  offhook_signals_applied_total: {
    type: 'counter',
    help: 'Signals that made events (told), or were taken into account with nothing to tell yet (noted).',
    labels: ['outcome'],
  },
  offhook_signals_ignored_total: {
    type: 'counter',
    help: 'Signals that changed nothing, by why; none of them is an error.',
    labels: ['reason'],
  },

  // What is, and what we concluded.
  offhook_calls: {
    type: 'gauge',
    help: 'Calls that go on, by state (offered, ringing, connected, held).',
    labels: ['state'],
  },
  offhook_events_total: {
    type: 'counter',
    help: 'Events that became durable, by kind.',
    labels: ['kind'],
  },

  // The journal.
  offhook_commit_duration_seconds: {
    type: 'histogram',
    help: 'From taking up a commit until it was on the disk, repetitions included.',
    labels: [],
    buckets: seconds.short,
  },
  offhook_commit_events: {
    type: 'histogram',
    help: 'Events of one commit.',
    labels: [],
    buckets: [0, 1, 2, 5, 10, 20, 50, 100, 200, 512],
  },
  offhook_commit_failures_total: {
    type: 'counter',
    help: 'Attempts to commit that failed; each is made again.',
    labels: [],
  },
  offhook_store_trouble: {
    type: 'gauge',
    help: '1 while commits fail, else 0.',
    labels: [],
  },
  offhook_journal_head: {
    type: 'gauge',
    help: 'Number of the last durable event.',
    labels: [],
  },
  offhook_journal_pending_events: {
    type: 'gauge',
    help: 'Events that wait for the disk.',
    labels: [],
  },
  offhook_retention_dropped_rows_total: {
    type: 'counter',
    help: 'What retention dropped: events, cdrs, signal-ids.',
    labels: ['kind'],
  },
  offhook_retention_failures_total: {
    type: 'counter',
    help: 'Runs of retention that failed; it goes on at the next interval.',
    labels: [],
  },
  offhook_metadata_files_written_total: {
    type: 'counter',
    help: 'Metadata files of ended calls that are on the disk.',
    labels: [],
  },
  offhook_metadata_files_failed_total: {
    type: 'counter',
    help: 'Attempts to write a metadata file that failed; each is made again.',
    labels: [],
  },
  offhook_metadata_files_failing: {
    type: 'gauge',
    help: 'Metadata files that could not be written when they were last tried.',
    labels: [],
  },

  // Who listens.
  offhook_sessions: {
    type: 'gauge',
    help: 'Feed sessions by transport (tcp, websocket), encoding (xml, json) and whether they have subscribed.',
    labels: ['transport', 'encoding', 'subscribed'],
  },
  offhook_sessions_opened_total: {
    type: 'counter',
    help: 'Feed sessions that began.',
    labels: ['transport'],
  },
  offhook_sessions_closed_total: {
    type: 'counter',
    help: 'Feed sessions that ended, by why; closed: the client ended it.',
    labels: ['transport', 'reason'],
  },
  offhook_sessions_waiting_bytes: {
    type: 'gauge',
    help: 'Bytes that wait for readers, all sessions together.',
    labels: [],
  },
  offhook_sessions_waiting_max_bytes: {
    type: 'gauge',
    help: 'Bytes that wait for the slowest reader.',
    labels: [],
  },
  offhook_keepalive_lateness_seconds: {
    type: 'histogram',
    help: 'How long after it was due a keep-alive was sent.',
    labels: [],
    buckets: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
  },
  offhook_resumes_total: {
    type: 'counter',
    help: 'Subscribe requests with a position, by what came of it: recovered, too-old, unknown (of another epoch).',
    labels: ['result'],
  },

  // What became of events, per session: passed = delivered + filtered + lost.
  offhook_feed_events_passed_total: {
    type: 'counter',
    help: 'Events that passed sessions while they were subscribed, each event once per session.',
    labels: [],
  },
  offhook_feed_events_delivered_total: {
    type: 'counter',
    help: 'Events that were handed over to a session’s socket.',
    labels: [],
  },
  offhook_feed_events_filtered_total: {
    type: 'counter',
    help: 'Events that a session did not want: other extensions, other types.',
    labels: [],
  },
  offhook_feed_events_lost_total: {
    type: 'counter',
    help: 'Events that a session was told it missed: dropped before it came back (unrecovered), or still to be told when its subscription ended (untold).',
    labels: ['reason'],
  },
  offhook_feed_events_behind: {
    type: 'gauge',
    help: 'Events that sessions which catch up have still to look at, all together.',
    labels: [],
  },

  // Webhooks: accepted = delivered + collapsed + expired + dead + waiting. Counted in the store, over restarts.
  offhook_webhook_accepted_total: {
    type: 'counter',
    help: 'Deliveries that were made, each for one destination.',
    labels: ['dialect'],
  },
  offhook_webhook_deliveries: {
    type: 'gauge',
    help: 'Deliveries by what has become of them: waiting, delivered, collapsed, expired, dead. A replay makes a dead one wait again.',
    labels: ['dialect', 'state'],
  },
  offhook_webhook_destinations: {
    type: 'gauge',
    help: 'Destinations by status (pending, active, error, disabled).',
    labels: ['status'],
  },
  offhook_webhook_attempts_total: {
    type: 'counter',
    help: 'Requests to destinations, by class of the status answered or of the failure (dns, address, connect, tls, reset, timeout, protocol, request).',
    labels: ['outcome'],
  },
  offhook_webhook_attempt_duration_seconds: {
    type: 'histogram',
    help: 'From the beginning of a request to the end of its answer.',
    labels: [],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  },
  offhook_webhook_lag_seconds: {
    type: 'histogram',
    help: 'From the making of a delivery to the beginning of its first request.',
    labels: [],
    buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1, 5, 30, 300],
  },
  offhook_webhook_in_memory: {
    type: 'gauge',
    help: 'Deliveries in memory; what else waits is in the store alone.',
    labels: [],
  },
  offhook_webhook_under_way: {
    type: 'gauge',
    help: 'Requests to destinations that are under way.',
    labels: [],
  },
  offhook_webhook_unwritten: {
    type: 'gauge',
    help: 'Outcomes of requests that are not written yet.',
    labels: [],
  },

  ...recordingInstruments,

  // The doors.
  offhook_connections_refused_total: {
    type: 'counter',
    help: 'Connections that were turned away, by why.',
    labels: ['reason'],
  },
  offhook_http_requests_total: {
    type: 'counter',
    help: 'HTTP requests that were answered, by route (none: there is no such route) and class of status.',
    labels: ['route', 'status'],
  },
} as const satisfies Readonly<Record<`offhook_${string}`, Instrument>>;

export type InstrumentName = keyof typeof instruments;
