/** What people and upkeep change in the tables of recordings. One transaction each. */
import type { Database } from 'better-sqlite3';
import type { Handlers, Writes } from './messages.ts';
import { recordingValues, segmentValues } from './recording-feeding.ts';
import type {
  CustomDatum,
  ImportedRecording,
  KeptSegment,
  RecordingChange,
  SegmentChange,
  SupplementRow,
} from './recording-messages.ts';
import { isNumber, kept, whole, wholeOrNull } from './recording-values.ts';

type RecordingWrites = Pick<
  Handlers<Writes>,
  | 'changeRecording'
  | 'changeSegment'
  | 'importRecordings'
  | 'dropRecordings'
  | 'addSupplement'
  | 'putApiToken'
  | 'dropApiTokens'
>;

export function recordingWriter(db: Database): RecordingWrites {
  return { ...changer(db), ...importer(db), ...dropper(db), ...supplementer(db), ...tokens(db) };
}

/** Custom data of a recording (`segment` 0) or of one of its segments; null takes away. */
function customData(db: Database) {
  const put = db.prepare<[number, number, string, number]>(
    `INSERT INTO custom_data (recording, segment, field, value, recorded_ms)
     SELECT id, ?, ?, ?, start_ms FROM recordings WHERE id = ?
     ON CONFLICT (recording, segment, field) DO UPDATE SET value = excluded.value`,
  );
  const take = db.prepare<[number, number, number]>(
    'DELETE FROM custom_data WHERE recording = ? AND segment = ? AND field = ?',
  );
  return (
    recording: number,
    segment: number,
    data: readonly { readonly field: number; readonly value: string | null }[],
  ): void => {
    for (const { field, value } of data) {
      if (value === null) take.run(recording, segment, whole(field));
      else put.run(segment, whole(field), kept(value), recording);
    }
  };
}

function changer(db: Database): Pick<RecordingWrites, 'changeRecording' | 'changeSegment'> {
  const setCustom = customData(db);
  const setRecording = db.prepare(
    `UPDATE recordings SET
       agent_id = iif(@setsAgentId, @agentId, agent_id),
       agent_terminal = iif(@setsTerminal, @agentTerminal, agent_terminal),
       thirdparty_id = iif(@setsThirdparty, @thirdpartyId, thirdparty_id),
       sensitive = coalesce(@sensitive, sensitive),
       never_expire = coalesce(@neverExpire, never_expire),
       delete_flag = coalesce(@deleteFlag, delete_flag)
     WHERE id = @id`,
  );
  const setSegment = db
    .prepare<unknown[], number>(
      `UPDATE segments SET
         file = coalesce(@file, file), filename = coalesce(@filename, filename),
         renamed = iif(@file IS NULL AND @filename IS NULL, renamed, 1),
         file_state = coalesce(@fileState, file_state),
         bytes = iif(@setsBytes, @bytes, bytes), sha256 = iif(@setsSha256, @sha256, sha256)
       WHERE id = @id RETURNING recording`,
    )
    .pluck();
  const changeRecording = db.transaction((change: RecordingChange): boolean => {
    const { id, agentId, agentTerminal, thirdpartyId } = change;
    const values = {
      id,
      ...{ setsAgentId: Number(agentId !== undefined), agentId: kept(agentId ?? null) },
      ...{
        setsTerminal: Number(agentTerminal !== undefined),
        agentTerminal: kept(agentTerminal ?? null),
      },
      ...{
        setsThirdparty: Number(thirdpartyId !== undefined),
        thirdpartyId: kept(thirdpartyId ?? null),
      },
      sensitive: flag(change.sensitive),
      neverExpire: flag(change.neverExpire),
      deleteFlag: flag(change.deleteFlag),
    };
    if (setRecording.run(values).changes === 0) return false;
    setCustom(id, 0, change.customData ?? []);
    return true;
  });
  const changeSegment = db.transaction((change: SegmentChange): boolean => {
    const { id, file, filename, fileState, bytes, sha256 } = change;
    const recording = setSegment.get({
      id,
      file: kept(file ?? null),
      filename: kept(filename ?? null),
      fileState: fileState ?? null,
      ...{ setsBytes: Number(bytes !== undefined), bytes: wholeOrNull(bytes ?? null) },
      ...{ setsSha256: Number(sha256 !== undefined), sha256: sha256 ?? null },
    });
    if (recording === undefined) return false;
    setCustom(recording, id, change.customData ?? []);
    return true;
  });
  return {
    changeRecording: (change) => changeRecording.immediate(change),
    changeSegment: (change) => changeSegment.immediate(change),
  };
}

function flag(value: boolean | undefined): number | null {
  return value === undefined ? null : Number(value);
}

function importer(db: Database): Pick<RecordingWrites, 'importRecordings'> {
  const setCustom = customData(db);
  const hasRecording = db.prepare<[number]>('SELECT 1 FROM recordings WHERE id = ?');
  const hasSegment = db.prepare<[number]>('SELECT 1 FROM segments WHERE id = ?');
  const addRecording = db.prepare(
    `INSERT INTO recordings (id, call_id, source, account, route, rss, ani, dnis, isr_ucid, ingress_call_id,
       egress_call_id, agent_id, start_ms, end_ms, pause_ms, participants, extensions, agent_terminal, sensitive,
       never_expire, delete_flag, thirdparty_id)
     VALUES (@id, @callId, @source, @account, @route, @rss, @ani, @dnis, @isrUcid, @ingressCallId,
       @egressCallId, @agentId, @startMs, @endMs, @pauseMs, @participants, @extensions, @agentTerminal, @sensitive,
       @neverExpire, @deleteFlag, @thirdpartyId)`,
  );
  const addAor = db.prepare<[string, number, number]>(
    'INSERT INTO recording_aors VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const addSegment = db.prepare(
    `INSERT INTO segments (id, recording, recorded_ms, call_id, leg, sequence, start_ms, end_ms, pause_ms,
       paused_since_ms, paused_with_silence, goes_on, file, filename, renamed, file_state, bytes, sha256)
     VALUES (@id, @recording, @recordedMs, @callId, @leg, @sequence, @startMs, @endMs, @pauseMs, @pausedSinceMs,
       @pausedWithSilence, @goesOn, @file, @filename, 1, @fileState, @bytes, @sha256)`,
  );
  const reserve = db.prepare<[number]>(
    "UPDATE meta SET value = max(value, ?) WHERE key = 'last_segment'",
  );

  /** Numbers that cannot be given: they are there, stand twice, or are no numbers of rows. */
  function taken(imported: readonly ImportedRecording[]): number[] {
    const ids = new Set<number>();
    const segmentIds = new Set<number>();
    const found = new Set<number>();
    for (const { recording, segments } of imported) {
      const { id } = recording;
      if (!isNumber(id) || ids.has(id) || hasRecording.get(id) !== undefined) found.add(id);
      ids.add(id);
      for (const segment of segments) {
        const isFree = isNumber(segment.id) && !segmentIds.has(segment.id);
        if (!isFree || hasSegment.get(segment.id) !== undefined) found.add(segment.id);
        segmentIds.add(segment.id);
      }
    }
    return [...found];
  }

  function add({ recording, aors, segments, customData: data }: ImportedRecording): void {
    const { id } = recording;
    const startMs = whole(recording.startMs);
    addRecording.run({
      ...recordingValues({ ...recording, aors }),
      endMs: Math.max(startMs, whole(recording.endMs ?? startMs)),
      pauseMs: whole(recording.pauseMs),
      agentTerminal: kept(recording.agentTerminal),
      thirdpartyId: kept(recording.thirdpartyId),
      sensitive: Number(recording.sensitive),
      neverExpire: Number(recording.neverExpire),
      deleteFlag: Number(recording.deleteFlag),
    });
    for (const aor of aors) addAor.run(kept(aor), startMs, id);
    for (const segment of segments) addSegment.run(importedSegment(segment, id, startMs));
    for (const datum of data) setCustom(id, segmentOf(datum), [datum]);
  }

  const transaction = db.transaction((imported: readonly ImportedRecording[]): number[] => {
    const refused = taken(imported);
    if (refused.length > 0) return refused;
    for (const each of imported) {
      add(each);
      reserve.run(Math.max(each.recording.id, ...each.segments.map(({ id }) => id)));
    }
    return [];
  });
  return { importRecordings: (imported) => transaction.immediate(imported) };
}

const segmentOf = ({ segment }: CustomDatum): number => (segment === null ? 0 : whole(segment));

function importedSegment(segment: KeptSegment, recording: number, recordedMs: number) {
  const columns = segmentValues(segment);
  return {
    ...columns,
    recording,
    recordedMs,
    endMs: columns.endMs ?? columns.startMs,
    sequence: whole(segment.sequence),
    bytes: wholeOrNull(segment.bytes),
    sha256: kept(segment.sha256),
  };
}

function dropper(db: Database): Pick<RecordingWrites, 'dropRecordings'> {
  // Events of a call that goes on would bring it back, without what people have said of it.
  const goesOn = db.prepare<{ id: number }>(
    `SELECT 1 FROM open_calls WHERE call_id IN (
       SELECT call_id FROM recordings WHERE id = @id
       UNION ALL SELECT call_id FROM segments WHERE recording = @id)`,
  );
  const statements = [
    db.prepare<[number]>('DELETE FROM supplements WHERE recording = ?'),
    db.prepare<[number]>('DELETE FROM custom_data WHERE recording = ?'),
    db.prepare<[number]>(
      `DELETE FROM recording_aors WHERE (aor, recorded_ms, recording) IN
         (SELECT aor, recorded_ms, recording FROM recording_aors WHERE recording = ?)`,
    ),
    db.prepare<[number]>('DELETE FROM segments WHERE recording = ?'),
    db.prepare<[number]>('DELETE FROM recordings WHERE id = ?'),
  ];
  const drop = db.transaction((ids: readonly number[]): void => {
    for (const id of ids) {
      if (goesOn.get({ id }) !== undefined) continue;
      for (const statement of statements) statement.run(id);
    }
  });
  return { dropRecordings: (ids) => (drop.immediate(ids), null) };
}

function supplementer(db: Database): Pick<RecordingWrites, 'addSupplement'> {
  const add = db.prepare(
    `INSERT INTO supplements (recording, kind, file, filename)
     VALUES (@recording, @kind, @file, @filename)`,
  );
  return {
    addSupplement: ({ recording, kind, file, filename }: Omit<SupplementRow, 'id'>) =>
      Number(
        add.run({ recording: whole(recording), kind, file: kept(file), filename: kept(filename) })
          .lastInsertRowid,
      ),
  };
}

function tokens(db: Database): Pick<RecordingWrites, 'putApiToken' | 'dropApiTokens'> {
  const put = db.prepare<[string, string, number]>(
    `INSERT INTO api_tokens VALUES (?, ?, ?)
     ON CONFLICT DO UPDATE SET user = excluded.user, expires_ms = excluded.expires_ms`,
  );
  const drop = db.prepare<[string]>('DELETE FROM api_tokens WHERE hash = ?');
  const dropAll = db.transaction((hashes: readonly string[]): void => {
    for (const hash of hashes) drop.run(hash);
  });
  return {
    putApiToken: ({ hash, user, expiresMs }) => (put.run(hash, kept(user), whole(expiresMs)), null),
    dropApiTokens: (hashes) => (dropAll.immediate(hashes), null),
  };
}
