/** What sources' events say of recordings, written in the transaction of the events. What people have said stays. */
import type { Database, Statement } from 'better-sqlite3';
import type { RecordingRow, RecordingRows, SegmentRow } from './recording-messages.ts';
import { kept, whole, wholeOrNull } from './recording-values.ts';

/** To be called within a transaction. The same rows once more change nothing. */
export function recordingRowsWriter(db: Database): (rows: RecordingRows) => void {
  const add = `INSERT INTO recordings (id, call_id, source, account, route, rss, ani, dnis, isr_ucid,
       ingress_call_id, egress_call_id, agent_seen, start_ms, pause_ms, participants, extensions)
     VALUES (@id, @callId, @source, @account, @route, @rss, @ani, @dnis, @isrUcid, @ingressCallId,
       @egressCallId, @agentId, @startMs, 0, @participants, @extensions)`;
  const addRecording = db.prepare(`${add} ON CONFLICT DO NOTHING`);
  const putRecording = db.prepare(
    `${add}
     ON CONFLICT (id) DO UPDATE SET account = excluded.account, route = excluded.route, ani = excluded.ani,
       dnis = excluded.dnis, isr_ucid = excluded.isr_ucid, ingress_call_id = excluded.ingress_call_id,
       egress_call_id = excluded.egress_call_id, agent_seen = excluded.agent_seen,
       participants = excluded.participants, extensions = excluded.extensions
     WHERE (account, route, ani, dnis, isr_ucid, ingress_call_id, egress_call_id, agent_seen, participants, extensions)
       IS NOT (excluded.account, excluded.route, excluded.ani, excluded.dnis, excluded.isr_ucid,
         excluded.ingress_call_id, excluded.egress_call_id, excluded.agent_seen, excluded.participants,
         excluded.extensions)`,
  );
  const putAor = db.prepare<[string, number]>(
    `INSERT INTO recording_aors SELECT ?, start_ms, id FROM recordings WHERE id = ?
     ON CONFLICT DO NOTHING`,
  );
  const setSegment = db.prepare(
    `UPDATE segments SET end_ms = @endMs, pause_ms = @pauseMs, paused_since_ms = @pausedSinceMs,
       paused_with_silence = @pausedWithSilence, goes_on = @goesOn,
       file = iif(renamed, file, @file), filename = iif(renamed, filename, @filename)
     WHERE id = @id AND ((end_ms, pause_ms, paused_since_ms, paused_with_silence, goes_on)
       IS NOT (@endMs, @pauseMs, @pausedSinceMs, @pausedWithSilence, @goesOn)
       OR (renamed = 0 AND file IS NOT @file))`,
  );
  // Apart from the above, as its number in the recording has to be counted only once.
  const addSegment = db.prepare(
    `INSERT INTO segments (id, recording, recorded_ms, call_id, leg, sequence, start_ms, end_ms, pause_ms,
       paused_since_ms, paused_with_silence, goes_on, file, filename)
     SELECT @id, @recording, coalesce((SELECT start_ms FROM recordings WHERE id = @recording), @startMs),
       @callId, @leg, 1 + (SELECT count(*) FROM segments WHERE recording = @recording AND id < @id),
       @startMs, @endMs, @pauseMs, @pausedSinceMs, @pausedWithSilence, @goesOn, @file, @filename
     WHERE NOT EXISTS (SELECT 1 FROM segments WHERE id = @id)`,
  );
  // One that was told late stands before those that were told sooner.
  const makeRoom = db.prepare<{ recording: number; id: number }>(
    'UPDATE segments SET sequence = sequence + 1 WHERE recording = @recording AND id > @id',
  );
  // It goes on while a segment does, and when the last one says that another follows which is not there yet.
  const close = db.prepare<{ id: number }>(
    `UPDATE recordings SET (end_ms, pause_ms) = (
       SELECT iif(count(*) FILTER (WHERE end_ms IS NULL) = 0, max(end_ms) FILTER (WHERE goes_on = 0), NULL),
         coalesce(sum(pause_ms), 0)
       FROM segments WHERE recording = @id)
     WHERE id = @id`,
  );
  const reserve = db.prepare<[number]>(
    "UPDATE meta SET value = max(value, ?) WHERE key = 'last_segment'",
  );
  const put = (statement: Statement, rows: readonly RecordingRow[]): void => {
    for (const row of rows) {
      statement.run(recordingValues(row));
      for (const aor of row.aors) putAor.run(kept(aor), row.id);
    }
  };
  return ({ recordings, continued = [], segments }) => {
    put(putRecording, recordings);
    put(addRecording, continued);
    let last = 0;
    const changed = new Set<number>();
    for (const segment of segments) {
      const values = segmentValues(segment);
      const isNew = addSegment.run(values).changes > 0;
      if (isNew) makeRoom.run({ recording: segment.recording, id: segment.id });
      if (isNew || setSegment.run(values).changes > 0) changed.add(segment.recording);
      last = Math.max(last, segment.id);
    }
    for (const id of changed) close.run({ id });
    if (last > 0) reserve.run(last);
  };
}

/** Columns of a recording, as they are bound. */
export function recordingValues(row: RecordingRow) {
  const { aors: _, ...columns } = row;
  return {
    ...columns,
    account: whole(row.account),
    route: whole(row.route),
    rss: whole(row.rss),
    startMs: whole(row.startMs),
    callId: kept(row.callId),
    source: kept(row.source),
    ani: kept(row.ani),
    dnis: kept(row.dnis),
    isrUcid: kept(row.isrUcid),
    ingressCallId: kept(row.ingressCallId),
    egressCallId: kept(row.egressCallId),
    agentId: kept(row.agentId),
    participants: kept(row.participants),
    extensions: kept(row.extensions),
  };
}

/** Columns of a segment, as they are bound. */
export function segmentValues(row: SegmentRow) {
  return {
    ...row,
    startMs: whole(row.startMs),
    endMs: row.endMs === null ? null : Math.max(whole(row.startMs), whole(row.endMs)),
    pauseMs: whole(row.pauseMs),
    pausedSinceMs: wholeOrNull(row.pausedSinceMs),
    pausedWithSilence: Number(row.pausedWithSilence),
    goesOn: Number(row.goesOn),
    callId: kept(row.callId),
    leg: kept(row.leg),
    file: kept(row.file),
    filename: kept(row.filename),
  };
}
