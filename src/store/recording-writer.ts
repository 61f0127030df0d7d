/**
 * Everything that changes the tables of recordings: what events say of them, in the transaction of the events, and
 * what people say.
 */
import type { Database } from 'better-sqlite3';
import type { Handlers, Writes } from './messages.ts';
import type { RecordingRows } from './recording-messages.ts';

/** Writes what events say; to be called within a transaction. What people have said stays. */
export function recordingRowsWriter(db: Database): (rows: RecordingRows) => void {
  const putRecording = db.prepare(
    `INSERT INTO recordings (id, call_id, source, account, route, rss, ani, dnis, isr_ucid, ingress_call_id,
       egress_call_id, agent_seen, start_ms, pause_ms, participants, extensions)
     VALUES (@id, @callId, @source, @account, @route, @rss, @ani, @dnis, @isrUcid, @ingressCallId,
       @egressCallId, @agentId, @startMs, 0, @participants, @extensions)
     ON CONFLICT (id) DO UPDATE SET account = excluded.account, route = excluded.route, ani = excluded.ani,
       dnis = excluded.dnis, isr_ucid = excluded.isr_ucid, ingress_call_id = excluded.ingress_call_id,
       egress_call_id = excluded.egress_call_id, agent_seen = excluded.agent_seen,
       participants = excluded.participants, extensions = excluded.extensions
     WHERE end_ms IS NULL OR agent_seen IS NOT excluded.agent_seen
       OR participants <> excluded.participants OR extensions <> excluded.extensions`,
  );
  const putAor = db.prepare<[string, number]>(
    'INSERT INTO recording_aors VALUES (?, ?) ON CONFLICT DO NOTHING',
  );
  const putSegment = db.prepare(
    `INSERT INTO segments (id, recording, call_id, leg, sequence, start_ms, end_ms, pause_ms, paused_since_ms,
       paused_with_silence, goes_on, file, filename)
     VALUES (@id, @recording, @callId, @leg,
       1 + (SELECT count(*) FROM segments WHERE recording = @recording AND id < @id),
       @startMs, @endMs, @pauseMs, @pausedSinceMs, @pausedWithSilence, @goesOn, @file, @filename)
     ON CONFLICT (id) DO UPDATE SET end_ms = excluded.end_ms, pause_ms = excluded.pause_ms,
       paused_since_ms = excluded.paused_since_ms, paused_with_silence = excluded.paused_with_silence,
       goes_on = excluded.goes_on,
       file = CASE renamed WHEN 0 THEN excluded.file ELSE file END,
       filename = CASE renamed WHEN 0 THEN excluded.filename ELSE filename END`,
  );
  const close = db.prepare<{ id: number }>(
    `UPDATE recordings SET
       end_ms = (SELECT CASE WHEN count(*) = count(end_ms) THEN max(end_ms) END
         FROM segments WHERE recording = @id AND goes_on = 0),
       pause_ms = (SELECT coalesce(sum(pause_ms), 0) FROM segments WHERE recording = @id)
     WHERE id = @id`,
  );
  const reserve = db.prepare<[number]>(
    "UPDATE meta SET value = max(value, ?) WHERE key = 'last_segment'",
  );
  return ({ recordings, segments }) => {
    for (const { aors, ...row } of recordings) {
      putRecording.run(row);
      for (const aor of aors) putAor.run(aor, row.id);
    }
    let last = 0;
    for (const segment of segments) {
      const flags = {
        pausedWithSilence: Number(segment.pausedWithSilence),
        goesOn: Number(segment.goesOn),
      };
      putSegment.run({ ...segment, ...flags });
      last = Math.max(last, segment.id);
    }
    for (const id of new Set(segments.map(({ recording }) => recording))) close.run({ id });
    if (last > 0) reserve.run(last);
  };
}

type RecordingWrites = Pick<
  Handlers<Writes>,
  | 'changeRecording'
  | 'changeSegment'
  | 'importRecordings'
  | 'dropRecordings'
  | 'addSupplement'
  | 'dropSupplement'
  | 'putApiToken'
  | 'dropApiTokens'
>;

export function recordingWriter(_db: Database): RecordingWrites {
  const unbuilt = (): never => {
    throw new Error('not built yet');
  };
  return {
    changeRecording: unbuilt,
    changeSegment: unbuilt,
    importRecordings: unbuilt,
    dropRecordings: unbuilt,
    addSupplement: unbuilt,
    dropSupplement: unbuilt,
    putApiToken: unbuilt,
    dropApiTokens: unbuilt,
  };
}
