/**
 * The media files of recordings and segments, given out or pointed to, and supplemental files.
 */
import type { KeptSegment, RecordingDossier } from '../../store/recording-messages.ts';
import { type Answer, told } from '../answers.ts';
import { missing, nack, verdicts } from '../codes.ts';
import type { Wanted } from '../criteria.ts';
import { quoted, readWhole } from '../parameters.ts';
import type { FacePorts } from '../ports.ts';
import { dossierOf } from '../selection.ts';
import {
  answer,
  located,
  type Asked,
  type Command,
  oneRecording,
  oneSegment,
  type Or,
  wantedOf,
} from './command.ts';

export const download: Command = async (ports, asked) => {
  const found = await onlySegment(ports, asked, 'download');
  return found.kind === 'answer' ? found.answer : fileOf(ports, found.found.file);
};

export const redirect: Command = async (ports, asked) => {
  const found = await onlySegment(ports, asked, 'redirect');
  return found.kind === 'answer' ? found.answer : pointed(ports, asked, found.found, 'segment/');
};

export const segmentDownload: Command = async (ports, asked) => {
  const found = await selectedSegment(ports, asked);
  return found.kind === 'answer' ? found.answer : fileOf(ports, found.found.file);
};

export const segmentRedirect: Command = async (ports, asked) => {
  const found = await selectedSegment(ports, asked);
  return found.kind === 'answer' ? found.answer : pointed(ports, asked, found.found, '');
};

/** `file/download`: of files that are neither of these, by their number and name. */
export const fileDownload: Command = async (ports, { user, parameters }) => {
  for (const name of parameters.keys()) {
    if (!fileParameters.has(name)) {
      const known = [...fileParameters].join(', ');
      return told(nack(`seen the parameter ${quoted(name)}, expected one of ${known}`));
    }
  }
  const [filename, number] = [parameters.get('filename'), parameters.get('supplementalFileId')];
  if (filename === undefined || filename === '') return told(missing('filename'));
  if (number === undefined || number === '') return told(missing('supplementalFileId'));
  const type = parameters.get('type');
  if (type !== undefined && type !== 'video') {
    return told(nack(`seen "type" ${quoted(type)}, expected "video"`));
  }
  const id = readWhole(number, 1, Number.MAX_SAFE_INTEGER);
  if (id === undefined) {
    return told(
      nack(`seen "supplementalFileId" ${quoted(number)}, expected a whole number from 1`),
    );
  }
  if (!user.video) return told(verdicts.notAuthorized);
  const row = await ports.books.supplement(id);
  if (row === undefined || row.filename !== filename) return told(verdicts.fileGone);
  if (type === 'video' && row.kind !== 'video') return told(verdicts.fileGone);
  if ((await dossierOf(ports.books, user, row.recording)) === undefined) {
    return told(verdicts.fileGone);
  }
  return fileOf(ports, row.file);
};

const fileParameters: ReadonlySet<string> = new Set([
  'token',
  'filename',
  'supplementalFileId',
  'type',
]);

/** The segment of a recording that has no more than one. */
async function onlySegment(
  ports: FacePorts,
  asked: Asked,
  command: string,
): Promise<Or<KeptSegment>> {
  const wanted = readable(ports, asked);
  if (wanted.kind === 'answer') return wanted;
  const selected = await oneRecording(ports, asked, wanted.found);
  if (selected.kind === 'answer') return selected;
  const { segments }: RecordingDossier = selected.found;
  const [segment] = segments;
  if (segment === undefined) return answer(verdicts.fileGone);
  if (segments.length > 1) {
    const seen = `seen a recording of ${segments.length} segments`;
    return answer(nack(`${seen}, expected audioRecording/segment/${command} for each of them`));
  }
  return { kind: 'found', found: segment };
}

async function selectedSegment(ports: FacePorts, asked: Asked): Promise<Or<KeptSegment>> {
  const wanted = readable(ports, asked);
  if (wanted.kind === 'answer') return wanted;
  const selected = await oneSegment(ports, asked, wanted.found);
  if (selected.kind === 'answer') return selected;
  return { kind: 'found', found: selected.found.segment };
}

/** Files are given out as they are: no conversion is offered. */
function readable(ports: FacePorts, asked: Asked): Or<Wanted> {
  const wanted = wantedOf(ports, asked, 'read');
  if (wanted.kind === 'answer') return wanted;
  const { codecProfile, format } = wanted.found;
  const isConverted = codecProfile !== undefined || (format !== undefined && format !== 'template');
  return isConverted ? answer(verdicts.conversion) : wanted;
}

async function fileOf(ports: FacePorts, file: string | null): Promise<Answer> {
  const media = file === null ? undefined : await located(ports, file);
  if (media !== undefined) return { kind: 'media', media };
  ports.onMedia?.('missing');
  return told(verdicts.fileGone);
}

/** @param below the way from the redirecting command to those of segments */
async function pointed(
  ports: FacePorts,
  { tokenInUrl }: Asked,
  segment: KeptSegment,
  below: string,
): Promise<Answer> {
  const found = await fileOf(ports, segment.file);
  if (found.kind !== 'media') return found;
  await found.media.close();
  const name = segment.endMs === null ? 'tmpSegmentId' : 'segmentId';
  const query = new URLSearchParams({ [name]: String(segment.id) });
  // Who sent it in a header sends it there again.
  if (tokenInUrl !== undefined) query.set('token', tokenInUrl);
  return { kind: 'redirect', location: `${below}download?${query}` };
}
