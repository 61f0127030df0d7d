/**
 * `audioRecording/delete`: marks a recording, whose file and rows go when retention comes round.
 */
import { told } from '../answers.ts';
import { succeeded, verdicts } from '../codes.ts';
import { dossierOf } from '../selection.ts';
import { updateRecording } from '../updating.ts';
import { type Command, oneRecording, wantedOf, withDetails } from './command.ts';
import { updateOf } from './details.ts';

export const deleteRecording: Command = async (ports, asked) => {
  const update = updateOf(ports, asked);
  if (update.kind === 'answer') return update.answer;
  const wanted = wantedOf(ports, asked, 'change');
  if (wanted.kind === 'answer') return wanted.answer;
  const selected = await oneRecording(ports, asked, wanted.found);
  if (selected.kind === 'answer') return selected.answer;
  const { id } = selected.found.recording;
  // What the form changes is refused before anything is marked: a file that is to be deleted keeps its name.
  if (update.found?.filename !== undefined) return told(verdicts.renameDeleted);
  if (update.found !== undefined) {
    const updated = await updateRecording(ports, selected.found, update.found);
    if (updated.kind === 'refused') return told(updated.verdict);
  }
  if (!(await ports.books.change({ id, deleteFlag: true }))) return told(verdicts.noRecording);
  ports.log.info({ user: asked.user.email, command: 'delete', recording: id }, 'face.commanded');
  const after = await dossierOf(ports.books, asked.user, id);
  if (after === undefined) return told(succeeded('delete'));
  return withDetails(ports, asked, succeeded('delete'), after);
};
