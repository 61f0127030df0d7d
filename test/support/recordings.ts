/** Recordings as the store keeps them, in few words: what is not said is that of one ordinary call. */
import type {
  CustomDatum,
  ImportedRecording,
  KeptRecording,
  KeptSegment,
  RecordingDossier,
  RecordingRow,
  SegmentRow,
  SupplementRow,
} from '../../src/store/recording-messages.ts';

/** Start of recording 1; the one with number n starts n - 1 minutes later. */
export const firstRecordingMs = Date.UTC(2026, 10, 20, 9, 0, 0);
const lastsMs = 30_000;

const startOf = (id: number): number => firstRecordingMs + (id - 1) * 60_000;

/** A recording of 30 s that has ended: Zoë called Anna. */
export function keptRecording(over: Partial<KeptRecording> = {}): KeptRecording {
  const { id = 1 } = over;
  const startMs = over.startMs ?? startOf(id);
  return {
    id,
    ...{ callId: `call-${id}`, source: 'pbx', account: 1, route: 1, rss: 1 },
    ...{ ani: '+4930123', dnis: '1001', isrUcid: `ucid-${id}`, ingressCallId: `in-${id}` },
    ...{ egressCallId: `out-${id}`, agentId: null, startMs },
    participants: JSON.stringify([
      participant('caller', 'sip:+4930123', 'Zoë', true, startMs),
      participant('called', 'sip:1001@10.0.0.5', 'Anna', false, startMs),
    ]),
    extensions: '["+4930123","1001"]',
    ...{ endMs: startMs + lastsMs, pauseMs: 0, agentTerminal: null, sensitive: false },
    ...{ neverExpire: false, deleteFlag: false, thirdpartyId: null },
    ...over,
  };
}

function participant(id: string, aor: string, name: string, isCalling: boolean, startMs: number) {
  return { id, aor, name, isCalling, startMs, endMs: startMs + lastsMs };
}

/** The segment of that recording with the same number, all of it. */
export function keptSegment(over: Partial<KeptSegment> = {}): KeptSegment {
  const { id = over.recording ?? 1 } = over;
  const startMs = over.startMs ?? startOf(over.recording ?? id);
  const filename = over.filename === undefined ? `rec-${id}.wav` : over.filename;
  return {
    ...{ id, recording: id, callId: `call-${over.recording ?? id}`, leg: 'called', sequence: 1 },
    ...{ startMs, endMs: startMs + lastsMs, pauseMs: 0, pausedSinceMs: null },
    ...{ pausedWithSilence: false, goesOn: false },
    ...{ file: filename === null ? null : `/var/spool/asterisk/monitor/${filename}`, filename },
    ...{ fileState: 'unknown', bytes: null, sha256: null },
    ...over,
  };
}

export interface AnyRecording {
  readonly recording?: Partial<KeptRecording>;
  /** One for each segment; they follow each other, and take the number of the recording and those after it. */
  readonly segments?: readonly Partial<KeptSegment>[];
  readonly customData?: readonly Omit<CustomDatum, 'recording'>[];
}

/** As it is found. @returns a recording of one segment, where nothing else is said */
export function aDossier({
  recording = {},
  segments = [{}],
  customData = [],
  supplements = [],
}: AnyRecording & {
  readonly supplements?: readonly Partial<SupplementRow>[];
} = {}): RecordingDossier {
  const whole = keptRecording(recording);
  const { id } = whole;
  return {
    recording: whole,
    segments: segments.map((segment, at) =>
      keptSegment({
        ...{ id: id + at, recording: id, callId: whole.callId, sequence: at + 1 },
        ...{ startMs: whole.startMs + at * lastsMs, goesOn: at < segments.length - 1 },
        ...(at === 0 && segments.length === 1 && { endMs: whole.endMs }),
        ...segment,
      }),
    ),
    customData: customData.map((datum) => ({ recording: id, ...datum })),
    supplements: supplements.map((supplement, at) => ({
      ...{ id: at + 1, recording: id, kind: 'other', file: `/var/extra/${id}-${at + 1}.bin` },
      ...{ filename: `${id}-${at + 1}.bin` },
      ...supplement,
    })),
  };
}

/** As another system hands it over. */
export function importedRecording({
  aors = ['sip:+4930123', 'sip:1001@10.0.0.5'],
  ...parts
}: AnyRecording & { readonly aors?: readonly string[] } = {}): ImportedRecording {
  const { recording, segments, customData } = aDossier(parts);
  return { recording, aors, segments, customData };
}

/** As an event tells of it: it goes on, unless `endMs` says when it has ended. */
export function fedRecording(over: Partial<RecordingRow> = {}): RecordingRow {
  const { endMs: _, pauseMs: __, ...kept } = keptRecording({ id: over.id ?? 1 });
  const { agentTerminal: _a, sensitive: _b, neverExpire: _c, deleteFlag: _d, ...row } = kept;
  const { thirdpartyId: _e, ...told } = row;
  return { ...told, aors: ['sip:+4930123', 'sip:1001@10.0.0.5'], ...over };
}

/** As an event tells of it: it goes on, unless `endMs` is given. */
export function fedSegment(over: Partial<SegmentRow> = {}): SegmentRow {
  const segment = keptSegment({ endMs: null, ...over });
  const { sequence: _, fileState: _a, bytes: _b, sha256: _c, ...told } = segment;
  return told;
}
