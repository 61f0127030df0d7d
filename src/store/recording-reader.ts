/** What is asked of the tables of recordings, in the thread that searches. */
import { posix } from 'node:path';
import type { Database } from 'better-sqlite3';
import type { Handlers, Searches } from './messages.ts';
import type {
  ApiTokenRow,
  CustomDatum,
  KeptRecording,
  KeptSegment,
  MediaWalk,
  RecordingDossier,
  SearchPlace,
  SupplementRow,
} from './recording-messages.ts';
import { recordingSearches, searchBounds, type SearchBounds } from './recording-search.ts';
import { kept } from './recording-values.ts';

/** Of one file there are few; a name that is common to many is answered in part. */
const mostOfOneFile = 1_000;

export function recordingReader(
  db: Database,
  bounds: SearchBounds = searchBounds,
): Omit<Handlers<Searches>, 'close'> {
  const meta = db.prepare<[string], number>('SELECT value FROM meta WHERE key = ?').pluck();
  const supplement = db.prepare<[number], SupplementRow>(
    'SELECT id, recording, kind, file, filename FROM supplements WHERE id = ?',
  );
  const tokens = db.prepare<[], ApiTokenRow>(
    'SELECT hash, user, expires_ms AS expiresMs FROM api_tokens ORDER BY hash',
  );
  // What people have renamed need not be called what its path ends in.
  const ofFile = db
    .prepare<{ name: string; base: string; limit: number }, number>(
      `SELECT id FROM segments INDEXED BY segments_by_filename WHERE filename = @name
       UNION SELECT id FROM segments INDEXED BY segments_by_filename
         WHERE filename = @base AND file = @name
       UNION SELECT id FROM segments INDEXED BY segments_renamed WHERE renamed = 1 AND file = @name
       LIMIT @limit`,
    )
    .pluck();
  const supplementsNamed = db.prepare<[string, number], SupplementRow>(
    `SELECT id, recording, kind, file, filename FROM supplements INDEXED BY supplements_by_filename
     WHERE filename = ? LIMIT ?`,
  );
  const dossier = dossierReader(db);
  // One transaction, so that a change cannot come between the looks.
  const recording = db.transaction((id: number) => dossier(id) ?? null);
  const walk = db.transaction(mediaWalker(db, dossier));
  return {
    ...recordingSearches(db, bounds),
    recording: (id) => recording(id),
    supplement: (id) => supplement.get(id) ?? null,
    walkMedia: (ask) => walk(ask),
    mediaBytes: () => meta.get('media_bytes') ?? 0,
    segmentsOfFile(name) {
      const known = kept(name);
      return ofFile.all({ name: known, base: posix.basename(known), limit: mostOfOneFile });
    },
    supplementsNamed: (filename) => supplementsNamed.all(kept(filename), mostOfOneFile),
    lastSegmentId: () => meta.get('last_segment') ?? 0,
    apiTokens: () => tokens.all(),
  };
}

type Flags<Row, Names extends keyof Row> = Omit<Row, Names> & { readonly [N in Names]: number };

function dossierReader(db: Database): (id: number) => RecordingDossier | undefined {
  const recordings = db.prepare<
    [number],
    Flags<KeptRecording, 'sensitive' | 'neverExpire' | 'deleteFlag'>
  >(
    `SELECT id, call_id AS callId, source, account, route, rss, ani, dnis, isr_ucid AS isrUcid,
       ingress_call_id AS ingressCallId, egress_call_id AS egressCallId, coalesce(agent_id, agent_seen) AS agentId,
       start_ms AS startMs, end_ms AS endMs, pause_ms AS pauseMs, participants, extensions,
       agent_terminal AS agentTerminal, sensitive, never_expire AS neverExpire, delete_flag AS deleteFlag,
       thirdparty_id AS thirdpartyId
     FROM recordings WHERE id = ?`,
  );
  const segments = db.prepare<[number], Flags<KeptSegment, 'pausedWithSilence' | 'goesOn'>>(
    `SELECT id, recording, call_id AS callId, leg, sequence, start_ms AS startMs, end_ms AS endMs,
       pause_ms AS pauseMs, paused_since_ms AS pausedSinceMs, paused_with_silence AS pausedWithSilence,
       goes_on AS goesOn, file, filename, file_state AS fileState, bytes, sha256
     FROM segments WHERE recording = ? ORDER BY sequence, id`,
  );
  const customData = db.prepare<[number], CustomDatum>(
    `SELECT recording, nullif(segment, 0) AS segment, field, value FROM custom_data
     WHERE recording = ? ORDER BY custom_data.segment, field`,
  );
  const supplements = db.prepare<[number], SupplementRow>(
    'SELECT id, recording, kind, file, filename FROM supplements WHERE recording = ? ORDER BY id',
  );
  return (id) => {
    const row = recordings.get(id);
    if (row === undefined) return undefined;
    const recording = {
      ...row,
      sensitive: row.sensitive === 1,
      neverExpire: row.neverExpire === 1,
      deleteFlag: row.deleteFlag === 1,
    };
    return {
      recording,
      segments: segments.all(id).map((segment) => ({
        ...segment,
        pausedWithSilence: segment.pausedWithSilence === 1,
        goesOn: segment.goesOn === 1,
      })),
      customData: customData.all(id),
      supplements: supplements.all(id),
    };
  };
}

function mediaWalker(db: Database, dossier: (id: number) => RecordingDossier | undefined) {
  const place = '(start_ms, id) > (@afterMs, @afterId)';
  const inOrder = 'ORDER BY start_ms, id LIMIT @limit';
  // Events of a call that goes on would write its recordings again.
  const isOver = `NOT EXISTS (SELECT 1 FROM segments INDEXED BY segments_of_recording
    CROSS JOIN open_calls USING (call_id) WHERE segments.recording = recordings.id)`;
  type Ask = Readonly<Record<'afterMs' | 'afterId' | 'limit' | 'beforeMs', number>>;
  const pages = {
    all: db.prepare<[Ask], SearchPlace>(
      `SELECT start_ms AS startMs, id FROM recordings INDEXED BY recordings_by_start
       WHERE ${place} ${inOrder}`,
    ),
    expiring: db.prepare<[Ask], SearchPlace>(
      `SELECT start_ms AS startMs, id FROM recordings INDEXED BY recordings_by_start
       WHERE ${place} AND start_ms < @beforeMs AND end_ms < @beforeMs AND never_expire = 0 AND ${isOver}
       ${inOrder}`,
    ),
    flagged: db.prepare<[Ask], SearchPlace>(
      `SELECT start_ms AS startMs, id FROM recordings INDEXED BY recordings_to_delete
       WHERE delete_flag = 1 AND ${place} AND end_ms < @beforeMs AND ${isOver} ${inOrder}`,
    ),
    flaggedExpiring: db.prepare<[Ask], SearchPlace>(
      `SELECT start_ms AS startMs, id FROM recordings INDEXED BY recordings_to_delete
       WHERE delete_flag = 1 AND ${place} AND end_ms < @beforeMs AND never_expire = 0 AND ${isOver}
       ${inOrder}`,
    ),
  };
  return ({ after, limit, expiringBeforeMs, flaggedOnly }: MediaWalk): RecordingDossier[] => {
    const plain = expiringBeforeMs === null ? 'all' : 'expiring';
    const flagged = expiringBeforeMs === null ? 'flagged' : 'flaggedExpiring';
    const ask = {
      afterMs: after?.startMs ?? -Number.MAX_SAFE_INTEGER,
      afterId: after?.id ?? 0,
      limit,
      beforeMs: expiringBeforeMs ?? Number.MAX_SAFE_INTEGER,
    };
    return pages[flaggedOnly ? flagged : plain]
      .all(ask)
      .map(({ id }) => dossier(id))
      .filter((found) => found !== undefined);
  };
}
