/**
 * Carrying out what a form changes: the name of the file first, as that alone can be refused.
 */
import { posix } from 'node:path';
import type { RecordingChange, RecordingDossier } from '../store/recording-messages.ts';
import { type Update, wrongFilename } from './body.ts';
import { nack, renamed, type Verdict, verdicts } from './codes.ts';
import { taken, withExtensionOf } from './naming.ts';
import type { FacePorts } from './ports.ts';
import type { OfSegment } from './selection.ts';

export type Updated =
  /** @property verdict absent: nothing to say but that it was done */
  | { readonly kind: 'updated'; readonly verdict?: Verdict }
  | { readonly kind: 'refused'; readonly verdict: Verdict };

export async function updateRecording(
  ports: FacePorts,
  dossier: RecordingDossier,
  update: Update,
): Promise<Updated> {
  const { filename } = update;
  let verdict: Verdict | undefined;
  if (filename !== undefined) {
    const [segment, ...rest] = dossier.segments;
    if (segment === undefined) return refused(verdicts.fileGone);
    if (rest.length > 0 && !dossier.recording.deleteFlag) {
      const seen = `seen "filename" for a recording of ${rest.length + 1} segments`;
      return refused(
        nack(`${seen}, expected it with audioRecording/segment/details for one of them`),
      );
    }
    const done = await rename(ports, { dossier, segment }, filename);
    if (done.kind === 'refused') return done;
    verdict = done.verdict;
  }
  const { id } = dossier.recording;
  const change = { id, ...changeOf(update), ...customDataOf(update) };
  if (Object.keys(change).length > 1 && !(await ports.books.change(change))) {
    return refused(verdicts.noRecording);
  }
  return { kind: 'updated', ...(verdict !== undefined && { verdict }) };
}

/** Custom data and the name are the segment's; what else there is belongs to its recording. */
export async function updateSegment(
  ports: FacePorts,
  of: OfSegment,
  update: Update,
): Promise<Updated> {
  const { books } = ports;
  const { filename } = update;
  let verdict: Verdict | undefined;
  if (filename !== undefined) {
    const done = await rename(ports, of, filename);
    if (done.kind === 'refused') return done;
    verdict = done.verdict;
  }
  const custom = customDataOf(update);
  if (custom.customData !== undefined) {
    await books.changeSegment({ id: of.segment.id, ...custom });
  }
  const change = { id: of.dossier.recording.id, ...changeOf(update) };
  if (Object.keys(change).length > 1 && !(await books.change(change))) {
    return refused(verdicts.noRecording);
  }
  return { kind: 'updated', ...(verdict !== undefined && { verdict }) };
}

function changeOf({
  agentId,
  agentTerminal,
  sensitive,
  neverExpire,
}: Update): Omit<RecordingChange, 'id'> {
  return {
    ...(agentId !== undefined && { agentId }),
    ...(agentTerminal !== undefined && { agentTerminal }),
    ...(sensitive !== undefined && { sensitive }),
    ...(neverExpire !== undefined && { neverExpire }),
  };
}

function customDataOf({ customData }: Update): Pick<RecordingChange, 'customData'> {
  return customData === undefined ? {} : { customData };
}

/** The new name always keeps the extension, which says what is in the file. */
async function rename(
  { media, books, onFault }: FacePorts,
  { dossier, segment }: OfSegment,
  wished: string,
): Promise<Updated> {
  if (dossier.recording.deleteFlag) return refused(verdicts.renameDeleted);
  if (segment.endMs === null) return refused(verdicts.renameInProgress);
  const { file } = segment;
  if (file === null) return refused(verdicts.fileGone);
  const filename = withExtensionOf(file, wished);
  const wrong = wrongFilename(filename);
  if (wrong !== undefined) return refused(nack(wrong));
  if (filename === posix.basename(file)) return { kind: 'updated' };
  const done = await media.rename(file, filename);
  switch (done.kind) {
    case 'missing':
    case 'outside':
      return refused(verdicts.fileGone);
    case 'taken':
      return refused(taken(filename));
    case 'renamed':
      break;
  }
  try {
    await books.changeSegment({ id: segment.id, file: done.file, filename });
  } catch (error) {
    // Where the books cannot take the new name up, the file is found by its old one.
    await media.rename(done.file, posix.basename(file)).catch((again: unknown) => {
      onFault(again, 'renaming back');
    });
    throw error;
  }
  return { kind: 'updated', verdict: renamed(filename) };
}

function refused(verdict: Verdict): Updated {
  return { kind: 'refused', verdict };
}
