/**
 * What all routes of recordings share: what they ask of the rest of the server, and which recording a request means,
 * where its token may see it.
 */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { problem } from '../base/problem.ts';
import type { RecorderControl } from '../record/control.ts';
import type { MediaOutcome } from '../record/media-answer.ts';
import type { MediaFiles } from '../record/media.ts';
import type { RecordingBooks } from '../record/recordings.ts';
import type { RecordingDossier } from '../store/recording-messages.ts';
import { refuse } from './answer.ts';
import type { CallBook } from './calls.ts';
import { grantOf } from './guard.ts';
import { type BodyForm, forHolders, readsJson } from './managing.ts';
import { type CustomField, type Finding, highestId } from './recording-schemas.ts';
import { isInScope } from './recording-view.ts';

export interface RecordingPorts {
  readonly books: Pick<
    RecordingBooks,
    'search' | 'find' | 'supplement' | 'change' | 'addSupplement' | 'import'
  >;
  readonly control: RecorderControl;
  readonly media: MediaFiles;
  readonly calls: Pick<CallBook, 'find'>;
  /** The master list of custom data. */
  readonly fields: readonly CustomField[];
  /** Looks through rows and files; ends early when it is returned from. */
  readonly verify: () => AsyncGenerator<Finding>;
  /** Called when recordings of another system have been taken over. */
  readonly onImported: () => void;
  readonly now: () => number;
  /** Told of what whoever asked for a media file got. */
  readonly onMedia?: (outcome: MediaOutcome) => void;
}

export type OfRecording = { Params: { id: string } };

/** Makes the routes of `app` those of tokens that may control, with JSON as their bodies. */
export function forControllers(app: FastifyInstance, forms: readonly BodyForm[] = []): void {
  forHolders(app, 'control');
  readsJson(app, undefined, forms);
}

/** Names that the master list of custom data does not have. */
export function unknownFields(
  names: readonly string[],
  fields: readonly CustomField[],
  path = 'customData',
): { readonly path: string; readonly seen: string; readonly expected: string }[] {
  const known = fields.map(({ name }) => name);
  const expected = known.length === 0 ? 'no custom data: none is configured' : known.join(', ');
  return names
    .filter((name) => !known.includes(name))
    .map((name) => ({ path: `${path}.${name.slice(0, 64)}`, seen: 'an unknown field', expected }));
}

/** The recording that a path names, where the token may see it. */
export async function dossierFor(
  books: Pick<RecordingBooks, 'find'>,
  request: FastifyRequest<OfRecording>,
): Promise<RecordingDossier | undefined> {
  const id = numberOf(request.params.id);
  const dossier = id === undefined ? undefined : await books.find(id);
  if (dossier === undefined || !isInScope(grantOf(request).scope, dossier.recording)) {
    return undefined;
  }
  return dossier;
}

export function numberOf(text: string): number | undefined {
  const number = /^\d{1,16}$/.test(text) ? Number(text) : 0;
  return number >= 1 && number <= highestId ? number : undefined;
}

export function noSuchRecording(reply: FastifyReply, id: string): FastifyReply {
  const seen = `seen ${JSON.stringify(id)}`;
  const detail = `${seen}, expected the number of a recording; GET /v1/recordings lists them`;
  return refuse(reply, problem(404, 'RECORDING_UNKNOWN', detail));
}
