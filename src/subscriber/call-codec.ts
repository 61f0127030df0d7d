/**
 * The opt-in part of a call notification, the elements after the `verbacdr`: from values and back.
 */
import { attribute, element } from '../base/xml.ts';
import type { CallView, PartyView, QueueView, RecordingView, TransferView } from './call-view.ts';
import type { Element } from './document-codec.ts';
import { wire } from './message.ts';

const names = wire.elements;

/** The elements that follow the `verbacdr` in an opted-in notification. */
export function callViewXml(view: CallView): string {
  const state =
    attribute('state', view.state) +
    attribute('revision', view.revision) +
    attribute('source', view.source) +
    attribute('dialled', view.dialled) +
    attribute('answered', view.answered) +
    attribute('outcome', view.outcome) +
    attribute('ending', view.ending) +
    attribute('endedBy', view.endedBy) +
    attribute('mergedInto', view.mergedInto) +
    attribute('conference', view.conference);
  return (
    element(names.callState, state) +
    view.parties.map(partyXml).join('') +
    view.transfers.map(transferXml).join('') +
    view.queue.map(queueXml).join('') +
    view.recordings.map(recordingXml).join('')
  );
}

function partyXml(party: PartyView): string {
  const attributes =
    attribute('number', party.number) +
    attribute('name', party.name) +
    attribute('role', party.role) +
    attribute('state', party.state) +
    attribute('device', party.device) +
    attribute('agent', party.agent);
  return element(names.party, attributes);
}

function transferXml(transfer: TransferView): string {
  const attributes =
    attribute('style', transfer.style) +
    attribute('by', transfer.by) +
    attribute('transferee', transfer.transferee) +
    attribute('to', transfer.to) +
    attribute('at', transfer.at);
  return element(names.transfer, attributes);
}

function queueXml(visit: QueueView): string {
  const attributes =
    attribute('name', visit.name) +
    attribute('joined', visit.joined) +
    attribute('left', visit.left) +
    attribute('position', visit.position) +
    attribute('result', visit.result) +
    attribute('agent', visit.agent);
  const missed = visit.missedBy.map((agent) => element(names.missedBy, attribute('agent', agent)));
  return element(names.queue, attributes, missed.join(''));
}

function recordingXml(recording: RecordingView): string {
  const attributes =
    attribute('state', recording.state) +
    attribute('side', recording.side) +
    attribute('started', recording.started) +
    attribute('ended', recording.ended) +
    attribute('file', recording.file);
  return element(names.recording, attributes);
}

/** The call in an opted-in notification; undefined in one that has no such part. */
export function readCallView(notification: Element): CallView | undefined {
  const all = (name: string) => notification.children.filter((child) => child.name === name);
  const state = all(names.callState)[0]?.attributes;
  if (state === undefined) return undefined;
  return {
    state: state.get('state') ?? '',
    revision: Number(state.get('revision')),
    source: state.get('source') ?? '',
    dialled: state.get('dialled'),
    answered: state.get('answered'),
    outcome: state.get('outcome'),
    ending: state.get('ending'),
    endedBy: state.get('endedBy'),
    mergedInto: state.get('mergedInto'),
    conference: state.get('conference'),
    parties: all(names.party).map(readParty),
    transfers: all(names.transfer).map(readTransfer),
    queue: all(names.queue).map(readQueue),
    recordings: all(names.recording).map(readRecording),
  };
}

function readParty({ attributes }: Element): PartyView {
  return {
    number: attributes.get('number'),
    name: attributes.get('name'),
    role: attributes.get('role') ?? '',
    state: attributes.get('state') ?? '',
    device: attributes.get('device'),
    agent: attributes.get('agent'),
  };
}

function readTransfer({ attributes }: Element): TransferView {
  return {
    style: attributes.get('style') ?? '',
    by: attributes.get('by'),
    transferee: attributes.get('transferee'),
    to: attributes.get('to'),
    at: attributes.get('at') ?? '',
  };
}

function readQueue({ attributes, children }: Element): QueueView {
  const position = attributes.get('position');
  return {
    name: attributes.get('name') ?? '',
    joined: attributes.get('joined') ?? '',
    left: attributes.get('left'),
    position: position === undefined ? undefined : Number(position),
    result: attributes.get('result'),
    agent: attributes.get('agent'),
    missedBy: children
      .filter((child) => child.name === names.missedBy)
      .map((child) => child.attributes.get('agent') ?? ''),
  };
}

function readRecording({ attributes }: Element): RecordingView {
  return {
    state: attributes.get('state') ?? '',
    side: attributes.get('side'),
    started: attributes.get('started') ?? '',
    ended: attributes.get('ended'),
    file: attributes.get('file'),
  };
}
