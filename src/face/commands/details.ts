/**
 * `audioRecording/details` and `audioRecording/segment/details`: what is known of a recording or a segment; with a
 * form body, changed before it is told.
 */
import { told } from '../answers.ts';
import { readUpdate, type Update } from '../body.ts';
import { nack, type Verdict, verdicts } from '../codes.ts';
import { segmentDetails } from '../details.ts';
import type { FacePorts } from '../ports.ts';
import { dossierOf } from '../selection.ts';
import { formatOf, formatted } from '../template-verint.ts';
import { updateRecording, updateSegment } from '../updating.ts';
import {
  answer,
  type Asked,
  type Command,
  contextOf,
  oneRecording,
  oneSegment,
  type Or,
  wantedOf,
  withDetails,
} from './command.ts';

export const details: Command = async (ports, asked) => {
  const update = updateOf(ports, asked);
  if (update.kind === 'answer') return update.answer;
  const wanted = wantedOf(ports, asked, update.found === undefined ? 'read' : 'change');
  if (wanted.kind === 'answer') return wanted.answer;
  const format = formatOf(wanted.found);
  if (format.kind === 'refused') return told(nack(format.message));
  const selected = await oneRecording(ports, asked, wanted.found);
  if (selected.kind === 'answer') return selected.answer;
  let dossier = selected.found;
  let verdict: Verdict = verdicts.ack;
  if (update.found !== undefined) {
    const updated = await updateRecording(ports, dossier, update.found);
    if (updated.kind === 'refused') return told(updated.verdict);
    verdict = updated.verdict ?? verdict;
    const after = await dossierOf(ports.books, asked.user, dossier.recording.id);
    if (after === undefined) return told(verdicts.noRecording);
    dossier = after;
  }
  if (format.kind === 'template') return formatted(dossier, asked);
  return withDetails(ports, asked, verdict, dossier);
};

export const segmentDetailsCommand: Command = async (ports, asked) => {
  const update = updateOf(ports, asked);
  if (update.kind === 'answer') return update.answer;
  const wanted = wantedOf(ports, asked, update.found === undefined ? 'read' : 'change');
  if (wanted.kind === 'answer') return wanted.answer;
  const format = formatOf(wanted.found);
  if (format.kind === 'refused') return told(nack(format.message));
  const selected = await oneSegment(ports, asked, wanted.found);
  if (selected.kind === 'answer') return selected.answer;
  let { dossier, segment } = selected.found;
  let verdict: Verdict = verdicts.ack;
  if (update.found !== undefined) {
    const updated = await updateSegment(ports, selected.found, update.found);
    if (updated.kind === 'refused') return told(updated.verdict);
    verdict = updated.verdict ?? verdict;
    const after = await dossierOf(ports.books, asked.user, dossier.recording.id);
    const now = after?.segments.find(({ id }) => id === segment.id);
    if (after === undefined || now === undefined) return told(verdicts.noRecording);
    dossier = after;
    segment = now;
  }
  if (format.kind === 'template') {
    return formatted({ ...dossier, segments: [segment] }, asked);
  }
  const context = await contextOf(ports, asked, [segment]);
  return told(verdict, 'segment', segmentDetails(dossier, segment, context));
};

/** What the form changes; undefined when there is none. */
export function updateOf(ports: FacePorts, { body }: Asked): Or<Update | undefined> {
  if (body.size === 0) return { kind: 'found', found: undefined };
  const read = readUpdate(body, ports.settings().customData);
  if (read.kind === 'refused') return answer(nack(read.message));
  return { kind: 'found', found: read.update };
}
