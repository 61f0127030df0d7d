/** What sources' events say of recordings, written in the transaction of the events. What people have said stays. */
import type { Database } from 'better-sqlite3';
import type { RecordingRow, RecordingRows, SegmentRow } from './recording-messages.ts';
import { kept, whole, wholeOrNull } from './recording-values.ts';

/** To be called within a transaction. The same rows once more change nothing. */
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
     WHERE (account, route, ani, dnis, isr_ucid, ingress_call_id, egress_call_id, agent_seen, participants, extensions)
       IS NOT (excluded.account, excluded.route, excluded.ani, excluded.dnis, excluded.isr_ucid,
         excluded.ingress_call_id, excluded.egress_call_id, excluded.agent_seen, excluded.participants,
         excluded.extensions)`,
  );
  const putAor = db.prepare<[string, number]>(
    `INSERT INTO recording_aors SELECT ?, start_ms, id FROM recordings WHERE id = ?
     ON CONFLICT DO NOTHING`,
  );
  const putSegment = db.prepare(
    `INSERT INTO segments (id, recording, recorded_ms, call_id, leg, sequence, start_ms, end_ms, pause_ms,
       paused_since_ms, paused_with_silence, goes_on, file, filename)
     VALUES (@id, @recording, coalesce((SELECT start_ms FROM recordings WHERE id = @recording), @startMs),
       @callId, @leg, 1 + (SELECT count(*) FROM segments WHERE recording = @recording AND id < @id),
       @startMs, @endMs, @pauseMs, @pausedSinceMs, @pausedWithSilence, @goesOn, @file, @filename)
     ON CONFLICT (id) DO UPDATE SET end_ms = excluded.end_ms, pause_ms = excluded.pause_ms,
       paused_since_ms = excluded.paused_since_ms, paused_with_silence = excluded.paused_with_silence,
       goes_on = excluded.goes_on,
       file = iif(renamed, file, excluded.file), filename = iif(renamed, filename, excluded.filename)
     WHERE (end_ms, pause_ms, paused_since_ms, paused_with_silence, goes_on)
       IS NOT (excluded.end_ms, excluded.pause_ms, excluded.paused_since_ms, excluded.paused_with_silence,
         excluded.goes_on)
       OR (renamed = 0 AND file IS NOT excluded.file)`,
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
  return ({ recordings, segments }) => {
    for (const row of recordings) {
      putRecording.run(recordingValues(row));
      for (const aor of row.aors) putAor.run(kept(aor), row.id);
    }
    let last = 0;
    const changed = new Set<number>();
    for (const segment of segments) {
      if (putSegment.run(segmentValues(segment)).changes > 0) changed.add(segment.recording);
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
