/**
 * What every command is given, and what commands share: criteria read, the one recording found, its details told.
 */
import type { ApiUser } from '../../access/users.ts';
import type { Media } from '../../record/media.ts';
import type { KeptSegment, RecordingDossier } from '../../store/recording-messages.ts';
import type { List } from '../answer-tree.ts';
import { type Answer, severalMatches, told } from '../answers.ts';
import { nack, type Verdict, verdicts } from '../codes.ts';
import { readCriteria, type Wanted } from '../criteria.ts';
import { type DetailsContext, type Place, recordingDetails } from '../details.ts';
import { recordingMatches, segmentMatches } from '../matches.ts';
import type { Parameters } from '../parameters.ts';
import type { FacePorts } from '../ports.ts';
import { type OfSegment, selectRecording, type Selection, selectSegment } from '../selection.ts';

/** A request whose user is known. */
export interface Asked {
  readonly user: ApiUser;
  /** Of the address. */
  readonly parameters: Parameters;
  /** Of the form; empty where there is none. */
  readonly body: Parameters;
  /** The token, where it came in the address. */
  readonly tokenInUrl?: string;
  /** Scheme and host that the client knows us by. */
  readonly origin: string;
}

export type Command = (ports: FacePorts, asked: Asked) => Promise<Answer>;

/** Either the answer already, or what is needed to give it. */
export type Or<T> =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'found'; readonly found: T };

export function answer(verdict: Verdict): { readonly kind: 'answer'; readonly answer: Answer } {
  return { kind: 'answer', answer: told(verdict) };
}

/** Whether the selected recording is to be changed: then nothing may be selected by saying nothing. */
export type Aim = 'read' | 'change';

export function wantedOf(ports: FacePorts, { parameters, user }: Asked, aim: Aim): Or<Wanted> {
  if (aim === 'change' && !user.control) return answer(verdicts.notAuthorized);
  const { customData } = ports.settings();
  const read = readCriteria(parameters, { fields: customData, timeZone: user.timeZone });
  if (read.kind === 'refused') return answer(nack(read.message));
  if (aim === 'change' && !read.wanted.isSelective) return answer(verdicts.parameterMissing);
  return { kind: 'found', found: read.wanted };
}

/** The answer to a selection that is not of one. */
export function oneOf<Row, One>(
  selection: Selection<Row, One>,
  { hasUcid }: Wanted,
  listed: (rows: readonly Row[]) => List,
): Or<One> {
  switch (selection.kind) {
    case 'one':
      return { kind: 'found', found: selection.one };
    case 'none':
      return answer(hasUcid ? verdicts.noSession : verdicts.noRecording);
    case 'several':
      return {
        kind: 'answer',
        answer: severalMatches(selection.isCut, listed(selection.rows)),
      };
  }
}

/** The one recording that the criteria select. */
export async function oneRecording(
  { books }: FacePorts,
  { user }: Asked,
  wanted: Wanted,
): Promise<Or<RecordingDossier>> {
  const selection = await selectRecording(books, user, wanted);
  return oneOf(selection, wanted, (rows) => recordingMatches(rows, user.timeZone));
}

/** The one segment that the criteria select. */
export async function oneSegment(
  { books }: FacePorts,
  { user }: Asked,
  wanted: Wanted,
): Promise<Or<OfSegment>> {
  const selection = await selectSegment(books, user, wanted);
  return oneOf(selection, wanted, (rows) => segmentMatches(rows, user.timeZone));
}

/** The verdict with all there is to say of the recording. */
export async function withDetails(
  ports: FacePorts,
  asked: Asked,
  verdict: Verdict,
  dossier: RecordingDossier,
): Promise<Answer> {
  const context = await contextOf(ports, asked, dossier.segments);
  return told(verdict, 'recording', recordingDetails(dossier, context));
}

export async function contextOf(
  ports: FacePorts,
  { user }: Asked,
  segments: readonly KeptSegment[],
): Promise<DetailsContext> {
  const { settings, clock } = ports;
  const places = new Map<number, Place>();
  // One after the other: a recording may have any number of segments, and each is an open file for a moment.
  for (const { id, file } of segments.slice(0, mostPlaced)) {
    if (file !== null) places.set(id, await placeOf(ports, file));
  }
  return {
    timeZone: user.timeZone,
    fieldNames: new Map(settings().customData.map(({ id, name }) => [id, name])),
    places,
    withSupplements: user.video,
    nowMs: clock.now(),
  };
}

/** More segments of one recording than this are told without a look at the disk. */
const mostPlaced = 100;

async function placeOf(ports: FacePorts, file: string): Promise<Place> {
  const found = await located(ports, file);
  if (found === undefined) return { location: 0, directory: '', status: 1 };
  const place = { location: found.root, directory: found.directory, status: 0 } as const;
  await found.close();
  return place;
}

/**
 * A media file, open. Undefined when it cannot be had: what lies outside of the media roots is not there, for all
 * that anybody is told, and what the file system says is for the log.
 */
export async function located(
  { media, onFault }: FacePorts,
  file: string,
): Promise<Media | undefined> {
  try {
    const found = await media.locate(file);
    return typeof found === 'string' ? undefined : found;
  } catch (error) {
    onFault(error, 'media of /Face');
    return undefined;
  }
}
