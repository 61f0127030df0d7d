/**
 * What an update changed about a call, in words: the weightiest thing that a person would want to know.
 * Compares two views of the call; knows nothing of lines and terminals.
 */
import type { CallView, PartyView } from '../subscriber/call-view.ts';
import type { Ink } from './terminal.ts';

export interface Said {
  /** One character that tells what happened without colour. */
  readonly sign: string;
  readonly word: string;
  readonly ink: Ink;
  /** May be empty. */
  readonly remark: string;
}

export function ofState(state: string | undefined): Omit<Said, 'remark'> {
  switch (state) {
    case 'connected':
      return { sign: '✔', word: 'connected', ink: 'green' };
    case 'held':
      return { sign: '‖', word: 'on hold', ink: 'yellow' };
    case 'offered':
    case 'ringing':
      return { sign: '▶', word: 'ringing', ink: 'yellow' };
    default:
      return { sign: '·', word: state ?? 'going on', ink: 'plain' };
  }
}

/** Undefined when nothing changed that a person could see. */
export function changeOf(
  view: CallView | undefined,
  before: CallView | undefined,
): Said | undefined {
  if (view === undefined) return note('·', 'changed', '');
  // The first that we see of this call: how it stands is news enough.
  if (before === undefined) return { ...ofState(view.state), remark: '' };
  return (
    transferOf(view, before) ??
    holdOf(view, before) ??
    conferenceOf(view, before) ??
    queueOf(view, before) ??
    partiesOf(view, before) ??
    stateOf(view, before)
  );
}

function note(sign: string, word: string, remark: string, ink: Ink = 'plain'): Said {
  return { sign, word, ink, remark };
}

function transferOf(view: CallView, before: CallView): Said | undefined {
  const transfer = view.transfers.at(-1);
  if (transfer === undefined || view.transfers.length <= before.transfers.length) return undefined;
  const to = transfer.to === undefined ? '' : ` to ${transfer.to}`;
  const by = transfer.by === undefined ? '' : ` by ${transfer.by}`;
  return note('»', 'transferred', `${transfer.style}${to}${by}`, 'cyan');
}

function holdOf(view: CallView, before: CallView): Said | undefined {
  if (view.state === before.state) return undefined;
  if (view.state === 'held') {
    const holder = view.parties.find((party) => party.state === 'held')?.number;
    return { ...ofState('held'), remark: holder === undefined ? '' : `by ${holder}` };
  }
  if (before.state !== 'held' || view.state !== 'connected') return undefined;
  return { ...ofState('connected'), word: 'resumed', remark: '' };
}

function conferenceOf(view: CallView, before: CallView): Said | undefined {
  if (view.conference === undefined || view.conference === before.conference) return undefined;
  return note('+', 'conference', view.conference, 'cyan');
}

function queueOf(view: CallView, before: CallView): Said | undefined {
  const visit = view.queue.at(-1);
  if (visit === undefined) return undefined;
  if (view.queue.length > before.queue.length) {
    const place = visit.position === undefined ? '' : `, place ${visit.position}`;
    return note('…', 'in queue', visit.name + place, 'yellow');
  }
  const earlier = before.queue.at(-1);
  const missed = visit.missedBy.slice(earlier?.missedBy.length ?? 0);
  if (missed.length > 0) return note('·', 'agent missed', missed.join(', '));
  if (visit.result === earlier?.result && visit.left === earlier?.left) return undefined;
  switch (visit.result) {
    case 'abandoned':
      return note('…', 'gave up', `queue ${visit.name}`, 'yellow');
    case 'answered':
      return note('…', 'served', `queue ${visit.name}${visit.agent ? `, ${visit.agent}` : ''}`);
    default:
      // Who left because an agent answered has been told so.
      return view.answered === undefined ? note('…', 'left queue', visit.name) : undefined;
  }
}

function partiesOf(view: CallView, before: CallView): Said | undefined {
  const known = new Map(before.parties.map((party) => [party.number, party]));
  const present = new Set(view.parties.map((party) => party.number));
  const fresh = view.parties.filter(({ number }) => number !== undefined && !known.has(number));
  const ringing = fresh.filter(isRung);
  const talking = fresh.filter((party) => !isRung(party));
  if (talking.length > 0) return note('+', 'joined', whoAre(talking));
  if (ringing.length > 0) return note('▶', 'rings', whoAre(ringing));
  const gone = before.parties.filter(({ number }) => number !== undefined && !present.has(number));
  if (gone.length > 0) return note('-', 'left', whoAre(gone));
  const begun = view.parties.filter((party) => {
    const earlier = known.get(party.number);
    return earlier !== undefined && isRung(earlier) && !isRung(party) && party.role !== 'caller';
  });
  // That the first one picks up is told as the answer to the call, right before or after.
  const talkers = view.parties.filter((party) => party.role !== 'caller' && !isRung(party));
  return begun.length > 0 && talkers.length > 1 ? note('+', 'picked up', whoAre(begun)) : undefined;
}

function isRung({ state }: PartyView): boolean {
  return state === 'offered' || state === 'ringing';
}

function whoAre(parties: readonly PartyView[]): string {
  return parties.map(({ number, name }) => `${number ?? ''} ${name ?? ''}`.trim()).join(', ');
}

function stateOf(view: CallView, before: CallView): Said | undefined {
  if (view.state === before.state) return undefined;
  // Connected and not answered: the caller hears an announcement, or music.
  if (view.state === 'connected' && view.answered === undefined) {
    return note('·', 'taken in', 'by the platform');
  }
  // Offered and ringing read the same.
  const isNews =
    view.state === 'connected' || (view.state === 'ringing' && before.state !== 'offered');
  return isNews ? { ...ofState(view.state), remark: '' } : undefined;
}
