/**
 * Everything there is to say of one recording, in the vendor's names, order and units. Pure.
 */
import type { KeptSegment, RecordingDossier } from '../store/recording-messages.ts';
import {
  type Branch,
  branch,
  bareList,
  list,
  type List,
  type Member,
  type Tree,
} from './answer-tree.ts';
import { participantsIn, type SiprecFacts, siprecOf } from './siprec.ts';
import { momentText } from './times.ts';

/** Where the media file of a segment was found. */
export interface Place {
  /** Which of the media roots, from 1; 0: none. */
  readonly location: number;
  readonly directory: string;
  readonly status: FileStatus;
}

/** 0: there, or nobody has looked; 1: gone. */
export type FileStatus = 0 | 1;

/** What the vendor's archiver knows of a segment, and this server does not. */
export interface ArchiveFacts extends SiprecFacts {
  readonly checksumMismatch?: boolean;
  readonly securedMedia?: number;
  readonly archived?: number;
  readonly archivalRemarks?: string;
  readonly archivalFailCount?: number;
  readonly archiverMode?: string;
  readonly archiverAction?: number;
  readonly conversionStatus?: number;
  readonly dtmfDigits?: readonly string[];
}

export interface DetailsContext {
  readonly timeZone: string;
  /** Names of custom data fields, by number. */
  readonly fieldNames: ReadonlyMap<number, string>;
  /** By number of the segment; absent: not looked for. */
  readonly places: ReadonlyMap<number, Place>;
  /** Whether to tell of supplemental files. */
  readonly withSupplements: boolean;
  readonly nowMs: number;
  /** By number of the segment. */
  readonly archive?: ReadonlyMap<number, ArchiveFacts>;
}

export function recordingDetails(dossier: RecordingDossier, context: DetailsContext): Branch {
  const { recording, segments, customData, supplements } = dossier;
  const { timeZone, nowMs } = context;
  return branch({
    [recording.endMs === null ? 'tmpRecordingId' : 'recordingId']: recording.id,
    ani: recording.ani ?? '',
    dnis: recording.dnis ?? '',
    // A text in the vendor's JSON, unlike all other numbers.
    account: String(recording.account),
    duration: Math.max(0, (recording.endMs ?? nowMs) - recording.startMs),
    startTime: momentText(recording.startMs, timeZone),
    rss: recording.rss,
    route: recording.route,
    agentId: recording.agentId ?? '',
    sensitive: recording.sensitive ? 1 : 0,
    deleteFlag: recording.deleteFlag,
    isrUcid: recording.isrUcid ?? '',
    ingressCallId: recording.ingressCallId ?? '',
    // Not in the vendor's samples, so told only where there is something to tell.
    egressCallId: recording.egressCallId ?? undefined,
    agentTerminal: recording.agentTerminal ?? undefined,
    neverExpire: recording.neverExpire ? true : undefined,
    thirdpartyId: recording.thirdpartyId ?? undefined,
    customDataSets: customDataSets(
      customData.filter(({ segment }) => segment === null),
      context,
    ),
    segments: bareList(
      'segment',
      segments.map((segment) => segmentDetails(dossier, segment, context)),
    ),
    supplementalFiles:
      context.withSupplements && supplements.length > 0
        ? list(
            'supplementalFile',
            supplements.map(({ id, kind, filename }) =>
              branch({ supplementalFileId: id, filename, type: kind }),
            ),
          )
        : undefined,
  });
}

export function segmentDetails(
  { recording, customData, supplements }: RecordingDossier,
  segment: KeptSegment,
  context: DetailsContext,
): Branch {
  const { timeZone } = context;
  const place = context.places.get(segment.id);
  const archive = context.archive?.get(segment.id) ?? {};
  const members = branch({
    [segment.endMs === null ? 'tmpSegmentId' : 'segmentId']: segment.id,
    [recording.endMs === null ? 'tmpRecordingId' : 'recordingId']: recording.id,
    sequence: segment.sequence,
    filename: segment.filename ?? '',
    directory: place?.directory ?? '',
    fileStatus: place?.status ?? statusOf(segment),
    location: place?.location ?? 0,
    accountId: recording.account,
    routeId: recording.route,
    start: momentText(segment.startMs, timeZone),
    end: segment.endMs === null ? '' : momentText(segment.endMs, timeZone),
    checksumMismatch: archive.checksumMismatch ?? false,
    pauseLength: segment.pauseMs,
    pausedWithSilence: segment.pausedWithSilence,
    securedMedia: archive.securedMedia ?? 0,
    hasVideo: supplements.some(({ kind }) => kind === 'video'),
    archived: archive.archived ?? 0,
    archivalRemarks: archive.archivalRemarks ?? '',
    archivalFailCount: archive.archivalFailCount ?? 0,
    archiverMode: archive.archiverMode ?? '',
    archiverAction: archive.archiverAction ?? 0,
    conversionStatus: archive.conversionStatus ?? 0,
    customDataSets: customDataSets(
      customData.filter((datum) => datum.segment === segment.id),
      context,
    ),
    dtmfDigits: list('dtmfDigit', archive.dtmfDigits ?? []),
    siprecDataSets: list('siprecData', [
      siprecOf(recording, participantsIn(recording.participants), archive, timeZone),
    ]),
  }).members.flatMap(spelled);
  // The vendor's JSON ends each segment so.
  return {
    kind: 'branch',
    members: [...members, { name: 'segment', value: branch({}), only: 'json' }],
  };
}

/** The one name that differs between the vendor's forms. */
function spelled(member: Member): readonly Member[] {
  if (member.name !== 'location') return [member];
  return [
    { ...member, only: 'xml' },
    { ...member, name: 'locationId', only: 'json' },
  ];
}

export function statusOf({ fileState }: KeptSegment): FileStatus {
  return fileState === 'missing' ? 1 : 0;
}

function customDataSets(
  data: readonly { readonly field: number; readonly value: string }[],
  { fieldNames }: DetailsContext,
): List {
  const sets = data.map(({ field, value }): Tree =>
    // A field that is no longer in the master list has its number alone.
    branch({ customDataId: field, name: fieldNames.get(field) ?? String(field), value }),
  );
  return list('customData', sets);
}
