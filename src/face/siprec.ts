/**
 * Who took part in a recorded session, told as the SIPREC metadata that the vendor's recorder gets from a session
 * border controller. Pure.
 */
import type { Participant } from '../record/recording-rows.ts';
import type { KeptRecording } from '../store/recording-messages.ts';
import { type Branch, branch, list, type List } from './answer-tree.ts';
import { momentText } from './times.ts';

/** What real SIPREC metadata says beyond participants. */
export interface SiprecFacts {
  /** Absent: the id of our call. */
  readonly siprecSessionId?: string;
  /** Absent: none; we keep files, not streams. */
  readonly streams?: readonly SiprecStream[];
}

export interface SiprecStream {
  readonly mode: string;
  readonly participantId: string;
  readonly siprecStreamId: string;
  readonly startMs: number;
  readonly label: string;
}

export function siprecOf(
  recording: KeptRecording,
  participants: readonly Participant[],
  { siprecSessionId = recording.callId, streams = [] }: SiprecFacts,
  timeZone: string,
): Branch {
  const startMs = participants.reduce(
    (first, each) => Math.min(first, each.startMs),
    participants[0]?.startMs ?? recording.startMs,
  );
  const facts: [string, string][] = [];
  if (participants.some(({ isCalling }) => isCalling)) facts.push(['apkt:callerOrig', 'true']);
  if (recording.isrUcid !== null) facts.push(['apkt:ucid', recording.isrUcid]);
  return branch({
    session: branch({
      startTime: momentText(startMs, timeZone),
      siprecCallId: recording.ingressCallId ?? '',
      siprecSessionId,
      extensionDataSets: extensionDataSets(facts),
    }),
    participants: list(
      'participant',
      participants.map((each) =>
        branch({
          siprecParticipantId: each.id,
          aor: each.aor ?? '',
          name: each.name ?? '',
          startTime: momentText(each.startMs, timeZone),
          extensionDataSets: extensionDataSets([['apkt:callingParty', String(each.isCalling)]]),
        }),
      ),
    ),
    streams: list(
      'stream',
      streams.map((each) =>
        branch({
          mode: each.mode,
          participantId: each.participantId,
          siprecStreamId: each.siprecStreamId,
          startTime: momentText(each.startMs, timeZone),
          label: each.label,
          extensionDataSets: extensionDataSets([]),
        }),
      ),
    ),
  });
}

function extensionDataSets(facts: readonly (readonly [name: string, value: string])[]): List {
  return list(
    'extensionData',
    facts.map(([name, value]) => branch({ name, values: list('value', [value]) })),
  );
}

/** Those that the books keep as JSON; what cannot be read is nobody. */
export function participantsIn(text: string): readonly Participant[] {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return [];
  }
  return Array.isArray(read) ? read.filter(isParticipant) : [];
}

function isParticipant(value: unknown): value is Participant {
  if (typeof value !== 'object' || value === null) return false;
  const { id, aor, name, isCalling, startMs }: Partial<Record<keyof Participant, unknown>> = value;
  return (
    typeof id === 'string' &&
    (aor === null || typeof aor === 'string') &&
    (name === null || typeof name === 'string') &&
    typeof isCalling === 'boolean' &&
    typeof startMs === 'number'
  );
}
