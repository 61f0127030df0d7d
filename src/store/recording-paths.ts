/**
 * The ways into the tables of recordings: for each criterion the index along which recordings that fit it are met
 * in the order of the answer, newest first, from any place in it. Without statistics SQLite takes any index for as good
 * as another, so every statement names the one it goes along.
 */
import type { RecordingCriteria } from './recording-messages.ts';

export interface SearchPath {
  readonly name: string;
  /** Whether these criteria lead along it. */
  readonly leads: (criteria: RecordingCriteria) => boolean;
  /**
   * Selects `startMs` and `id` of recordings, in order, between `@fromMs` and the place `@beforeMs`, `@beforeId`; and
   * what else is in the index.
   */
  readonly keys: string;
  /** What can be told of a key `k` before its row is read. */
  readonly early: string;
  /** True: all that fits has to be put in order before the first one is known. */
  readonly sorts?: true;
}

interface Along {
  /** Absent: the table's own order. */
  readonly index?: string;
  readonly where: string;
  readonly more?: string;
  readonly table?: string;
  /** Names of the columns that say where a recording is in the order. */
  readonly startMs?: string;
  readonly id?: string;
  /** Rows of the table are of a part of a recording, of which there may be several. */
  readonly parts?: true;
}

function keys(along: Along): string {
  const { index, where, more = '', table = 'recordings', startMs = 'start_ms', id = 'id' } = along;
  return `SELECT ${along.parts === true ? 'DISTINCT ' : ''}${startMs} AS startMs, ${id} AS id${more}
    FROM ${table}${index === undefined ? '' : ` INDEXED BY ${index}`}
    WHERE ${where === '' ? '' : `${where} AND `}(${startMs}, ${id}) < (@beforeMs, @beforeId)
      AND ${startMs} >= @fromMs
    ORDER BY ${startMs} DESC, ${id} DESC`;
}

const ofAccount = '(@account IS NULL OR k.account = @account)';
const withinEnd = '(@endFromMs IS NULL OR k.end_ms BETWEEN @endFromMs AND @endThroughMs)';
/**
 * A look into the index of another criterion, for a key `k`. Keys come in the order of that index too, so that both are
 * read side by side, and rows only of what is in both.
 */
function probe(given: string, index: string, where: string): string {
  return `(@${given} IS NULL OR EXISTS (SELECT 1 FROM recordings INDEXED BY recordings_by_${index}
    WHERE ${where} AND start_ms = k.startMs AND id = k.id))`;
}

function probeParts(given: string, table: string, where: string): string {
  return `(@${given} IS NULL OR EXISTS (SELECT 1 FROM ${table}
    WHERE ${where} AND recorded_ms = k.startMs AND recording = k.id))`;
}

const probes = {
  account: probe('account', 'account', 'account = @account'),
  ani: probe('ani', 'ani', 'ani = @ani'),
  dnis: probe('dnis', 'dnis', 'dnis = @dnis'),
  agentId: probe('agentId', 'agent', 'coalesce(agent_id, agent_seen) = @agentId'),
  callId: probeParts('callId', 'segments INDEXED BY segments_of_call', 'call_id = @callId'),
  filename: probeParts(
    'filename',
    'segments INDEXED BY segments_by_filename',
    'filename = @filename',
  ),
  aor: probeParts('aor', 'recording_aors', 'aor = @aor'),
  customData: probeParts(
    'field',
    'custom_data INDEXED BY custom_data_by_value',
    'field = @field AND value = @value',
  ),
};

/** What is asked of a key before its row is read: all that the path itself does not answer. */
function before(answered: readonly (keyof typeof probes)[], ...cheap: readonly string[]): string {
  // Parse door: the keys of a constant.
  const names = Object.keys(probes) as (keyof typeof probes)[];
  const asked = names.filter((name) => !answered.includes(name)).map((name) => probes[name]);
  return [...cheap, ...asked].join(' AND ');
}

const ofPart = { startMs: 'recorded_ms', id: 'recording', parts: true } as const;

type Simple =
  'isrUcid' | 'ingressCallId' | 'egressCallId' | 'thirdpartyId' | 'agentTerminal' | 'source';

/** A path along an index of one column of `recordings`. */
function simple(criterion: Simple, column: string, index: string): SearchPath {
  return {
    name: criterion,
    leads: (criteria) => criteria[criterion] !== undefined,
    keys: keys({ index, where: `${column} = @${criterion}` }),
    early: before([]),
  };
}

/** The better ones first, where counting does not tell. */
export const searchPaths: readonly SearchPath[] = [
  {
    name: 'recording',
    leads: ({ recording }) => recording !== undefined,
    keys: `SELECT start_ms AS startMs, id FROM recordings
      WHERE id = @recording AND (start_ms, id) < (@beforeMs, @beforeId) AND start_ms >= @fromMs`,
    early: before([]),
  },
  {
    name: 'segment',
    leads: ({ segment }) => segment !== undefined,
    keys: `SELECT recorded_ms AS startMs, recording AS id FROM segments
      WHERE id = @segment AND (recorded_ms, recording) < (@beforeMs, @beforeId)
        AND recorded_ms >= @fromMs`,
    early: before([]),
  },
  simple('isrUcid', 'isr_ucid', 'recordings_by_ucid'),
  simple('ingressCallId', 'ingress_call_id', 'recordings_by_ingress'),
  simple('egressCallId', 'egress_call_id', 'recordings_by_egress'),
  simple('thirdpartyId', 'thirdparty_id', 'recordings_by_thirdparty'),
  {
    name: 'callId',
    leads: ({ callId }) => callId !== undefined,
    keys: keys({
      table: 'segments',
      index: 'segments_of_call',
      where: 'call_id = @callId',
      ...ofPart,
    }),
    early: before(['callId']),
  },
  {
    name: 'filename',
    leads: ({ filename }) => filename !== undefined,
    keys: keys({
      ...{ table: 'segments', index: 'segments_by_filename', where: 'filename = @filename' },
      ...ofPart,
    }),
    early: before(['filename']),
  },
  {
    name: 'aor',
    leads: ({ aor }) => aor !== undefined,
    keys: keys({
      ...{ table: 'recording_aors', where: 'aor = @aor' },
      ...{ startMs: 'recorded_ms', id: 'recording' },
    }),
    early: before(['aor']),
  },
  {
    name: 'customData',
    leads: ({ customData = [] }) => customData.length > 0,
    keys: keys({
      ...{ table: 'custom_data', index: 'custom_data_by_value' },
      ...{ where: 'field = @field AND value = @value', ...ofPart },
    }),
    early: before(['customData']),
  },
  {
    name: 'parties',
    leads: ({ ani, dnis }) => ani !== undefined && dnis !== undefined,
    keys: keys({
      ...{ index: 'recordings_by_parties', where: 'ani = @ani AND dnis = @dnis' },
      more: ', account',
    }),
    early: before(['account', 'ani', 'dnis'], ofAccount),
  },
  {
    name: 'ani',
    leads: ({ ani, dnis }) => ani !== undefined && dnis === undefined,
    keys: keys({ index: 'recordings_by_ani', where: 'ani = @ani', more: ', account' }),
    early: before(['account', 'ani'], ofAccount),
  },
  {
    name: 'dnis',
    leads: ({ ani, dnis }) => dnis !== undefined && ani === undefined,
    keys: keys({ index: 'recordings_by_dnis', where: 'dnis = @dnis', more: ', account' }),
    early: before(['account', 'dnis'], ofAccount),
  },
  {
    name: 'agentId',
    leads: ({ agentId }) => agentId !== undefined,
    keys: keys({
      ...{ index: 'recordings_by_agent', where: 'coalesce(agent_id, agent_seen) = @agentId' },
      more: ', account',
    }),
    early: before(['account', 'agentId'], ofAccount),
  },
  simple('agentTerminal', 'agent_terminal', 'recordings_by_terminal'),
  {
    name: 'inProgress',
    leads: ({ inProgress }) => inProgress === true,
    keys: keys({ index: 'recordings_in_progress', where: 'end_ms IS NULL' }),
    early: before([]),
  },
  {
    name: 'hasVideo',
    leads: ({ hasVideo }) => hasVideo === true,
    keys: keys({ index: 'recordings_with_video', where: 'videos > 0' }),
    early: before([]),
  },
  {
    name: 'hasSupplements',
    leads: ({ hasSupplements }) => hasSupplements === true,
    keys: keys({ index: 'recordings_with_supplements', where: 'supplements > 0' }),
    early: before([]),
  },
  {
    name: 'end',
    leads: ({ end }) => end !== undefined,
    keys: keys({
      index: 'recordings_by_end',
      where: 'end_ms BETWEEN @endFromMs AND @endThroughMs',
    }),
    early: before([]),
    sorts: true,
  },
  simple('source', 'source', 'recordings_by_source'),
  {
    name: 'account',
    leads: ({ account }) => account !== undefined,
    keys: keys({ index: 'recordings_by_account', where: 'account = @account', more: ', end_ms' }),
    early: before(['account'], withinEnd),
  },
];

/** Where nothing else leads: all of them. */
export const everything: SearchPath = {
  name: 'start',
  leads: () => true,
  keys: keys({ index: 'recordings_by_start', where: '', more: ', end_ms' }),
  early: before([], withinEnd),
};
