/**
 * Several recordings, segments or calls as the light rows of a list. Pure.
 */
import type { Call } from '../call/call.ts';
import { aniOf, dnisOf, ingressCallIdOf, ucidOf } from '../record/session.ts';
import type { FoundRecording, FoundSegment } from '../store/recording-messages.ts';
import { branch, list, type List } from './answer-tree.ts';
import { secondsText } from './times.ts';

export function recordingMatches(rows: readonly FoundRecording[], timeZone: string): List {
  return list(
    'match',
    rows.map((row) =>
      branch({
        [row.endMs === null ? 'tmpRecordingId' : 'recordingId']: row.id,
        isrUcid: row.isrUcid ?? '',
        ingressCallId: row.ingressCallId ?? '',
        from: row.ani ?? '',
        to: row.dnis ?? '',
        start: secondsText(row.startMs, timeZone),
      }),
    ),
  );
}

export function segmentMatches(rows: readonly FoundSegment[], timeZone: string): List {
  return list(
    'match',
    rows.map((row) =>
      branch({
        [row.endMs === null ? 'tmpSegmentId' : 'segmentId']: row.id,
        [row.inProgress ? 'tmpRecordingId' : 'recordingId']: row.recording,
        filename: row.filename ?? '',
        start: secondsText(row.startMs, timeZone),
        end: row.endMs === null ? '' : secondsText(row.endMs, timeZone),
        hasVideo: row.hasVideo,
      }),
    ),
  );
}

/** Calls that go on, of which none is recorded by this answer. */
export function sessionMatches(calls: readonly Call[], timeZone: string): List {
  return list(
    'match',
    calls.map((call) =>
      branch({
        isrUcid: ucidOf(call) ?? '',
        ingressCallId: ingressCallIdOf(call) ?? '',
        from: aniOf(call) ?? '',
        to: dnisOf(call) ?? '',
        start: secondsText(call.startedAtMs, timeZone),
      }),
    ),
  );
}
