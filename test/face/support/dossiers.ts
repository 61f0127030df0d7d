/** Recordings for tests: the one of the vendor's sample, and others by number. */
import type { ArchiveFacts } from '../../../src/face/details.ts';
import type {
  KeptRecording,
  KeptSegment,
  RecordingDossier,
} from '../../../src/store/recording-messages.ts';

const utc = (text: string): number => Date.parse(`${text.replace(' ', 'T')}Z`);

/** 2021-01-18 06:37:27, when recording 0 begins; recording n begins n times ten seconds later. */
export const firstMs = utc('2021-01-18 06:37:27.210');

export interface DossierChanges {
  readonly recording?: Partial<KeptRecording>;
  /** One for each segment; absent: one as it comes. */
  readonly segments?: readonly Partial<KeptSegment>[];
  readonly rest?: Partial<Pick<RecordingDossier, 'customData' | 'supplements'>>;
}

/** Recording `id`, ended after ten seconds, in one file unless it is said otherwise. */
export function dossierOf(id: number, changes: DossierChanges = {}): RecordingDossier {
  const startMs = firstMs + id * 10_000;
  const recording: KeptRecording = {
    id,
    callId: `call-${id}`,
    source: 'pbx',
    account: 1,
    route: 1,
    rss: 2,
    ani: '7777',
    dnis: '5555',
    isrUcid: `x-isr-ucid-${id}-28520@1.2.3.4`,
    ingressCallId: `${id}-28520@1.2.3.4`,
    egressCallId: null,
    agentId: null,
    startMs,
    participants: '[]',
    extensions: '["5555","7777"]',
    endMs: startMs + 10_000,
    pauseMs: 0,
    agentTerminal: null,
    sensitive: false,
    neverExpire: false,
    deleteFlag: false,
    thirdpartyId: null,
    ...changes.recording,
  };
  const segments = (changes.segments ?? [{}]).map((segment, at): KeptSegment => {
    const number = segment.id ?? id + at;
    const file = `/media/2021-01-18/06/5555-${id}-28520@1.2.3.4.seg${at}.wav`;
    return {
      id: number,
      recording: id,
      callId: recording.callId,
      leg: `leg-${id}`,
      startMs: recording.startMs,
      endMs: recording.endMs,
      pauseMs: 0,
      pausedSinceMs: null,
      pausedWithSilence: false,
      file,
      filename: file.slice(file.lastIndexOf('/') + 1),
      goesOn: at + 1 < (changes.segments?.length ?? 1),
      sequence: at + 1,
      fileState: 'unknown',
      bytes: null,
      sha256: null,
      ...segment,
    };
  });
  return { recording, segments, customData: [], supplements: [], ...changes.rest };
}

/** One that goes on. */
export function ongoingDossier(id: number, changes: DossierChanges = {}): RecordingDossier {
  return dossierOf(id, { ...changes, recording: { endMs: null, ...changes.recording } });
}

const ucid = 'x-isr-ucid-1-28605@10.10.248.209';
const joinedMs = utc('2017-10-25 14:44:39');

/**
 * The recording of the vendor's samples.
 * @param fields numbers of the custom data fields of the recording and of its segment
 */
export function sampleDossier(
  fields: readonly [recording: number, segment: number],
): RecordingDossier {
  const [startMs, endMs] = [utc('2018-08-29 19:00:54.923'), utc('2018-08-29 19:02:54.998')];
  const id = 11905071;
  const party = (siprecId: string, user: string, isCalling: boolean) => ({
    id: siprecId,
    aor: `sip:${user}@10.138.217.108:5060`,
    name: user,
    isCalling,
    startMs: joinedMs,
    endMs: null,
  });
  return dossierOf(id, {
    recording: {
      ...{ startMs, endMs, isrUcid: ucid, ingressCallId: '1-28605@10.10.248.209' },
      ...{ ani: 'sipp_sd_siprec', dnis: 'rss_sd_siprec' },
      participants: JSON.stringify([
        party('fhpR4z4qSy5x4H7aEzbsPg==DH', 'sipp_sd_siprec', true),
        party('PdDRRcWbSzl0nE7mP5W9Vg==DH', 'rss_sd_siprec', false),
      ]),
    },
    segments: [
      {
        id: 1214965,
        file: '/2018-08-29/19/00/rss_sd_siprec-1-28605@10.10.248.209.seg0.wav',
        filename: 'rss_sd_siprec-1-28605@10.10.248.209.seg0.wav',
      },
    ],
    rest: {
      customData: [
        { recording: id, segment: null, field: fields[0], value: 'uniqueCustomDataValue01730' },
        {
          ...{ recording: id, segment: 1214965, field: fields[1] },
          value: 'uniqueSegmentCustomDataFieldValue01810',
        },
      ],
    },
  });
}

/** What the vendor's archiver and its SIPREC metadata say of the sample. */
export const sampleArchive: ReadonlyMap<number, ArchiveFacts> = new Map([
  [
    1214965,
    {
      archived: 1,
      archivalRemarks:
        'Recording was archived by archiver ID 2 process ID ap-isrdev-dh1-5.us.oracle.com16587116331 at Wed Aug 29 15:03:11 EDT 2018',
      archiverMode: 'Primary',
      siprecSessionId: 'sIbybsXtQ7pivcNTRvEN4A==DH',
      streams: [
        stream('13139573', '4MNYDBh8R8JK+ULKGHBapw==DH', '65537'),
        stream('13139575', 'vPwZND2gStZcASJPa40xhQ==DH', '65536'),
      ],
    },
  ],
]);

function stream(participantId: string, siprecStreamId: string, label: string) {
  return { mode: '', participantId, siprecStreamId, startMs: utc('2017-10-25 14:44:40'), label };
}
