/**
 * Special formatting: a recording written by a template, of which there is one. Pure.
 */
import type { ApiUser } from '../access/users.ts';
import type { RecordingDossier } from '../store/recording-messages.ts';
import { branch, list, membersOf } from './answer-tree.ts';
import type { Answer } from './answers.ts';
import type { Wanted } from './criteria.ts';
import { quoted } from './parameters.ts';
import { isoText, offsetMinutes } from './times.ts';

export type Format =
  | { readonly kind: 'details' }
  | { readonly kind: 'template' }
  | { readonly kind: 'refused'; readonly message: string };

/** The guide writes it either way. */
const names: ReadonlySet<string> = new Set(['verint', 'Verint']);
/** Of versions there is the first. */
const version = '1';

export function formatOf({ format, formatName, formatVersion }: Wanted): Format {
  if (format === undefined) {
    const [name] = [formatName && 'formatName', formatVersion && 'version'].filter(Boolean);
    if (name === undefined) return { kind: 'details' };
    return refused(`seen "${name}" without "format", expected "format=template" with it`);
  }
  if (format !== 'template') return refused(`seen "format" ${quoted(format)}, expected "template"`);
  if (formatName === undefined) {
    return refused('seen "format" without "formatName", expected "formatName=verint" with it');
  }
  if (!names.has(formatName)) {
    return refused(`seen "formatName" ${quoted(formatName)}, expected "verint"`);
  }
  if (formatVersion !== undefined && formatVersion !== version) {
    return refused(`seen "version" ${quoted(formatVersion)}, expected "${version}", the only one`);
  }
  return { kind: 'template' };
}

/** For whoever asks, under the address they know us by. */
export function formatted(
  { recording, segments }: RecordingDossier,
  { user: { timeZone }, origin }: { readonly user: ApiUser; readonly origin: string },
): Answer {
  const audio = segments.map((segment) => {
    const name = segment.endMs === null ? 'tmpSegmentId' : 'segmentId';
    return branch({
      channel_id: segment.id,
      recording_order: segment.sequence,
      audio_url: `${origin}/Face/audioRecording/segment/download?${name}=${segment.id}`,
      StartTime: isoText(segment.startMs, timeZone),
      // Seconds here, unlike everywhere else.
      Duration: segment.endMs === null ? 0 : Math.round((segment.endMs - segment.startMs) / 1_000),
    });
  });
  const data = branch({
    audio: list('audio_segment', audio),
    ani: recording.ani ?? '',
    dnis: recording.dnis ?? '',
    unique_identifier: recording.isrUcid ?? String(recording.id),
    time_offset: offsetMinutes(recording.startMs, timeZone),
    direction: '',
  });
  return { kind: 'document', root: 'Call', members: membersOf({ Data: data }) };
}

function refused(message: string): Format {
  return { kind: 'refused', message };
}
