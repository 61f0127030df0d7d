/**
 * Searching recordings: along the path with the fewest rows, newest first, a lot at a time, and no further than a
 * search may look. Everything else that is asked for is held against each row that is met.
 */
import type { Database } from 'better-sqlite3';
import { everything, searchPaths, type SearchPath } from './recording-paths.ts';
import type {
  Found,
  FoundRecording,
  FoundRecordings,
  FoundSegment,
  FoundSegments,
  RecordingCriteria,
  RecordingSearch,
  SearchPlace,
} from './recording-messages.ts';
import { kept, lastMs } from './recording-values.ts';

/** How far one search goes. */
export interface SearchBounds {
  /** Keys that it looks at, most of them without reading the row. */
  readonly mostKeys: number;
  /** When this has passed it begins no further lot, milliseconds. */
  readonly mostMs: number;
}

export const searchBounds: SearchBounds = { mostKeys: 200_000, mostMs: 1_000 };

/** Keys of the first lot, and how much larger each is than the one before; the largest takes some 10 ms when warm. */
const firstLot = 512;
const lotGrowth = 4;
const largestLot = 4_096;
/** Paths are compared by counting up to the first of these, then up to the next. */
const countsThrough = [64, 1_024, 16_384];
/** Paths for so many custom data are compared; further ones are only held against the rows. */
const mostCustomPaths = 8;

/** All that may be asked for, of a recording `r`; what is not given is null. */
const fits = `(@account IS NULL OR r.account = @account)
  AND (@recording IS NULL OR r.id = @recording)
  AND (@source IS NULL OR r.source = @source)
  AND (@rss IS NULL OR r.rss = @rss)
  AND (@ani IS NULL OR r.ani = @ani)
  AND (@dnis IS NULL OR r.dnis = @dnis)
  AND (@isrUcid IS NULL OR r.isr_ucid = @isrUcid)
  AND (@ingressCallId IS NULL OR r.ingress_call_id = @ingressCallId)
  AND (@egressCallId IS NULL OR r.egress_call_id = @egressCallId)
  AND (@thirdpartyId IS NULL OR r.thirdparty_id = @thirdpartyId)
  AND (@agentId IS NULL OR coalesce(r.agent_id, r.agent_seen) = @agentId)
  AND (@agentTerminal IS NULL OR r.agent_terminal = @agentTerminal)
  AND (@endFromMs IS NULL OR r.end_ms BETWEEN @endFromMs AND @endThroughMs)
  AND (@inProgress IS NULL OR (r.end_ms IS NULL) = @inProgress)
  AND (@hasSupplements IS NULL OR (r.supplements > 0) = @hasSupplements)
  AND (@hasVideo IS NULL OR (r.videos > 0) = @hasVideo)
  AND (@segment IS NULL OR EXISTS (SELECT 1 FROM segments WHERE id = @segment AND recording = r.id))
  AND (@customData IS NULL OR NOT EXISTS (SELECT 1 FROM json_each(@customData) AS wanted
    WHERE NOT EXISTS (SELECT 1 FROM custom_data INDEXED BY custom_data_by_value
      WHERE field = wanted.value ->> 0 AND value = CAST(unhex(wanted.value ->> 1) AS TEXT)
        AND recorded_ms = r.start_ms AND recording = r.id)))`;

const recordingColumns = `SELECT r.id, r.isr_ucid AS isrUcid, r.ingress_call_id AS ingressCallId, r.ani, r.dnis,
    r.account, r.call_id AS callId, r.source, coalesce(r.agent_id, r.agent_seen) AS agentId, r.start_ms AS startMs,
    r.end_ms AS endMs, r.filename, r.extensions`;

const segmentColumns = `SELECT s.id, s.recording, s.sequence, s.filename, s.start_ms AS startMs, s.end_ms AS endMs,
    r.videos > 0 AS hasVideo, r.end_ms IS NULL AS inProgress, r.account, r.extensions`;
const joinSegments = `CROSS JOIN segments AS s INDEXED BY segments_of_recording ON s.recording = r.id`;
const segmentFits = `AND (@segment IS NULL OR s.id = @segment)
  AND (@filename IS NULL OR s.filename = @filename) AND (@callId IS NULL OR s.call_id = @callId)`;

type Values = Readonly<Record<string, string | number | null>>;

/** A path together with what it is gone along by. */
interface Way {
  readonly path: SearchPath;
  readonly values: Values;
}

export interface RecordingSearches {
  readonly searchRecordings: (search: RecordingSearch) => FoundRecordings;
  readonly searchSegments: (search: RecordingSearch) => FoundSegments;
}

export function recordingSearches(
  db: Database,
  bounds: SearchBounds = searchBounds,
): RecordingSearches {
  const count = (keys: string) =>
    db.prepare<[Values], number>(`SELECT count(*) FROM (${keys} LIMIT @lot) AS k`).pluck();
  const edge = (keys: string) =>
    db.prepare<[Values], SearchPlace>(`${keys} LIMIT 1 OFFSET @lot - 1`);

  // A lot of keys in order, and of them what fits, in the same order: nothing is sorted, the join keeps it.
  const lotOf = <Row>(path: SearchPath, columns: string, join: string, more: string) =>
    db.prepare<[Values], Row>(
      `WITH k AS (${path.keys} LIMIT @lot)
       ${columns} FROM k CROSS JOIN recordings AS r ON r.id = k.id ${join}
       WHERE ${path.early} AND ${fits} ${more} LIMIT @limit`,
    );

  /** The path with the fewest keys, as far as counting tells. */
  function bestWay(criteria: RecordingCriteria, values: Values): Way {
    const ways = waysOf(criteria, values);
    const straight = ways.filter(({ path }) => path.sorts !== true);
    if (ways.length === 1 && straight.length === 1) return ways[0] ?? { path: everything, values };
    for (const lot of countsThrough) {
      const counted = ways
        .map((way) => ({ way, keys: count(way.path.keys).get({ ...way.values, lot }) ?? 0 }))
        .sort((a, b) => a.keys - b.keys);
      const [fewest] = counted;
      if (fewest !== undefined && fewest.keys < lot) return fewest.way;
    }
    return straight[0] ?? { path: everything, values };
  }

  function run<Row>(
    search: RecordingSearch,
    lotFor: (path: SearchPath) => ReturnType<typeof lotOf<Row>>,
  ): Found<Row> {
    const all = valuesOf(search);
    if (all === undefined) return { rows: [], isComplete: true, lookedThrough: null };
    const startedMs = performance.now();
    const { path, values } = bestWay(search.criteria, all);
    const rows: Row[] = [];
    let place: SearchPlace | undefined;
    let left = bounds.mostKeys;
    for (let lot = firstLot; ; lot = Math.min(lot * lotGrowth, largestLot)) {
      lot = Math.min(lot, left);
      const limit = search.limit - rows.length;
      const from = place === undefined ? {} : { beforeMs: place.startMs, beforeId: place.id };
      const asked = { ...values, ...from, lot, limit };
      rows.push(...lotFor(path).all(asked));
      if (rows.length >= search.limit) break;
      place = edge(path.keys).get(asked);
      if (place === undefined) break;
      left -= lot;
      if (left <= 0 || performance.now() - startedMs > bounds.mostMs) {
        const { startMs, id } = place;
        return { rows, isComplete: false, lookedThrough: { startMs, id } };
      }
    }
    return { rows, isComplete: true, lookedThrough: null };
  }

  const recordingsAlong = (path: SearchPath) =>
    lotOf<FoundRecording>(path, recordingColumns, '', '');
  const segmentsAlong = (path: SearchPath) =>
    lotOf<SegmentHit>(path, segmentColumns, joinSegments, segmentFits);
  return {
    searchRecordings: (search) => run(search, recordingsAlong),
    searchSegments(search) {
      const found = run(search, segmentsAlong);
      const rows = found.rows.map(({ hasVideo, inProgress, ...row }) => ({
        ...row,
        hasVideo: hasVideo === 1,
        inProgress: inProgress === 1,
      }));
      return { ...found, rows };
    },
  };
}

type SegmentHit = Omit<FoundSegment, 'hasVideo' | 'inProgress'> & {
  readonly hasVideo: number;
  readonly inProgress: number;
};

function waysOf(criteria: RecordingCriteria, values: Values): Way[] {
  return searchPaths
    .filter((path) => path.leads(criteria))
    .flatMap((path) =>
      path.name === 'customData'
        ? (criteria.customData ?? [])
            .slice(0, mostCustomPaths)
            .map(({ field, value }) => ({ path, values: { ...values, field, value: kept(value) } }))
        : [{ path, values }],
    );
}

const texts = [
  ...(['callId', 'source', 'isrUcid', 'ingressCallId', 'egressCallId', 'thirdpartyId'] as const),
  ...(['ani', 'dnis', 'aor', 'agentId', 'agentTerminal', 'filename'] as const),
];
const numbers = ['account', 'recording', 'segment', 'rss'] as const;
const flags = ['inProgress', 'hasSupplements', 'hasVideo'] as const;

/**
 * What is bound; undefined when nothing can be found. A number that is none must not be bound: it would be null, which
 * is to say that it was not asked for.
 */
function valuesOf({ criteria, after }: RecordingSearch): Values | undefined {
  const values: Record<string, string | number | null> = {};
  for (const name of texts) values[name] = kept(criteria[name] ?? null);
  for (const name of numbers) values[name] = criteria[name] ?? null;
  for (const name of flags) {
    const flag = criteria[name];
    values[name] = flag === undefined ? null : Number(flag);
  }
  const { customData = [] } = criteria;
  // As hexadecimal digits: a value may hold what JSON and SQLite read differently.
  const pairs = customData.map(({ field, value }) => [field, Buffer.from(value).toString('hex')]);
  values.customData = pairs.length < 2 ? null : JSON.stringify(pairs);
  // One of them apart, which spares reading an array for each row: the first, or the one that leads the way.
  const [first] = customData;
  values.field = first === undefined ? null : first.field;
  values.value = first === undefined ? null : kept(first.value);
  const start = edgesOf(criteria.start);
  const end = edgesOf(criteria.end);
  values.fromMs = start.from;
  // What has ended by then has begun by then.
  values.beforeMs = Math.min(start.through, end.through) + 1;
  values.beforeId = 0;
  if (after !== undefined && after.startMs < values.beforeMs) {
    values.beforeMs = after.startMs;
    values.beforeId = after.id;
  }
  values.endFromMs = criteria.end === undefined ? null : end.from;
  values.endThroughMs = criteria.end === undefined ? null : end.through;
  const given = [...Object.values(values), ...customData.map(({ field }) => field)];
  if (after !== undefined) given.push(after.startMs, after.id);
  return given.some(Number.isNaN) ? undefined : values;
}

function edgesOf(span: RecordingCriteria['start']): { from: number; through: number } {
  const from = Math.ceil(span?.from ?? -lastMs);
  const through = Math.floor(span?.through ?? lastMs);
  return { from: Math.max(from, -lastMs), through: Math.min(through, lastMs) };
}
