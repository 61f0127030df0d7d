/**
 * One readable line per event. The sign at the front says what happened without colour; colour only
 * helps the eye. Remembers what it said of each ongoing call, so that an update says what changed.
 */
import type { CallView } from '../subscriber/call-view.ts';
import { elapsedMs } from './news.ts';
import type { CallNews, SourceNews } from './news.ts';
import { pad, printable } from './terminal.ts';
import type { Ink, Paint } from './terminal.ts';

interface Said {
  readonly sign: string;
  readonly word: string;
  readonly ink: Ink;
  readonly remark: string;
}

const wordColumns = 12;
const mostRemembered = 100_000;

export class Lines {
  readonly #paint: Paint;
  /** The last known view of each ongoing call, by id. */
  readonly #views = new Map<string, CallView>();

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /** @param clock time of day to stand in front, ready to print */
  call(clock: string, news: CallNews): string {
    const before = this.#views.get(news.id);
    if (news.end !== undefined || news.view === undefined) this.#views.delete(news.id);
    else if (this.#views.size < mostRemembered) this.#views.set(news.id, news.view);
    const { sign, word, ink, remark } = said(news, before);
    const parties = `${partyText(news.caller)} → ${partyText(news.called)}`;
    const id = news.type === 'CallEnd' ? this.#paint('dim', `  ${printable(news.id)}`) : '';
    const shown = this.#paint(ink, `${sign} ${pad(word, wordColumns)}`);
    const tail = remark === '' ? '' : `  ${printable(remark)}`;
    return `${this.#paint('dim', clock)}  ${shown} ${parties}${tail}${id}`;
  }

  source(clock: string, news: SourceNews): string {
    const up = news.type === 'SourceUp';
    const shown = this.#paint(
      up ? 'green' : 'red',
      `${up ? '+' : '!'} ${pad(up ? 'seen again' : 'out of sight', wordColumns)}`,
    );
    const reason = news.reason === undefined ? '' : ` (${news.reason})`;
    const since = `since ${timeOfDay(news.from)}`;
    const what = `source ${news.source}, ${up ? `away ${since}` : since}${reason}`;
    return `${this.#paint('dim', clock)}  ${shown} ${printable(what)}`;
  }
}

function said(news: CallNews, before: CallView | undefined): Said {
  const { view } = news;
  switch (news.type) {
    case 'CallStart':
      return news.snapshot
        ? { ...ofState(view?.state), remark: `since ${timeOfDay(news.start)}${queueText(view)}` }
        : { ...ofState(view?.state ?? 'ringing'), remark: queueText(view).replace(/^, /, '') };
    case 'CallAnswer': {
      const waited = elapsedMs(news.start, view?.answered);
      const remark = waited === undefined ? '' : `after ${duration(waited)}`;
      return { sign: '✔', word: 'connected', ink: 'green', remark };
    }
    case 'CallUpdate':
      return updateOf(view, before);
    case 'CallEnd':
      return endOf(news);
    case 'RecordingStart':
      return { sign: '●', word: 'recording', ink: 'cyan', remark: '' };
    case 'RecordingPause': {
      const side = view?.recordings.findLast((one) => one.state === 'paused')?.side;
      const remark = side === undefined ? '' : `leaves out: ${side}`;
      return { sign: '◌', word: 'rec. paused', ink: 'cyan', remark };
    }
    case 'RecordingResume':
      return { sign: '●', word: 'rec. resumed', ink: 'cyan', remark: '' };
    case 'RecordingEnd':
      return { sign: '○', word: 'rec. ended', ink: 'cyan', remark: '' };
    default:
      return { sign: '·', word: news.type, ink: 'plain', remark: '' };
  }
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

/** What an update changed, the weightiest thing first. */
function updateOf(view: CallView | undefined, before: CallView | undefined): Said {
  const changed = { sign: '·', word: 'changed', ink: 'plain', remark: '' } as const;
  if (view === undefined) return changed;
  const transfer = view.transfers.at(-1);
  if (transfer !== undefined && view.transfers.length > (before?.transfers.length ?? 0)) {
    const to = transfer.to === undefined ? '' : ` to ${transfer.to}`;
    const by = transfer.by === undefined ? '' : ` by ${transfer.by}`;
    return { sign: '»', word: 'transferred', ink: 'cyan', remark: `${transfer.style}${to}${by}` };
  }
  if (view.state === 'held' && before?.state !== 'held') {
    const holder = view.parties.find((party) => party.state === 'held')?.number;
    return { ...ofState('held'), remark: holder === undefined ? '' : `by ${holder}` };
  }
  if (before?.state === 'held' && view.state === 'connected') {
    return { ...ofState('connected'), word: 'resumed', remark: '' };
  }
  if (view.conference !== undefined && before?.conference !== view.conference) {
    return { sign: '+', word: 'conference', ink: 'cyan', remark: view.conference };
  }
  const known = new Set(before?.parties.map((party) => party.number));
  const joined = view.parties.filter(({ number }) => number !== undefined && !known.has(number));
  if (before !== undefined && joined.length > 0) {
    const who = joined.map((party) => `${party.number ?? ''} ${party.name ?? ''}`.trim());
    const rings = joined.every(({ state }) => state === 'offered' || state === 'ringing');
    const word = rings ? 'rings' : 'joined';
    return { sign: rings ? '▶' : '+', word, ink: 'plain', remark: who.join(', ') };
  }
  const visit = view.queue.at(-1);
  if (visit !== undefined && view.queue.length > (before?.queue.length ?? 0)) {
    const place = visit.position === undefined ? '' : `, place ${visit.position}`;
    return { sign: '…', word: 'in queue', ink: 'yellow', remark: `${visit.name}${place}` };
  }
  const missedBefore = before?.queue.at(-1)?.missedBy.length ?? 0;
  const missed = visit?.missedBy.slice(missedBefore) ?? [];
  if (missed.length > 0) return { ...changed, word: 'agent missed', remark: missed.join(', ') };
  return changed;
}

function endOf(news: CallNews): Said {
  const { view } = news;
  const outcome = view?.outcome ?? 'ended';
  const talked = elapsedMs(view?.answered, news.end);
  const lasted = elapsedMs(news.start, news.end);
  const parts: string[] = [];
  if (talked !== undefined) parts.push(`talked ${duration(talked)}`);
  else if (lasted !== undefined) parts.push(`after ${duration(lasted)}`);
  if (view?.endedBy === 'platform') parts.push('ended by the platform');
  else if (view?.endedBy !== undefined) parts.push(`${view.endedBy} hung up`);
  if (view?.ending !== undefined && view.ending !== 'observed') parts.push(`end ${view.ending}`);
  const fine = outcome === 'answered' || outcome === 'merged' || outcome === 'ended';
  return { sign: '■', word: outcome, ink: fine ? 'plain' : 'red', remark: parts.join(', ') };
}

/** Number and name of a party, as far as they are known. */
export function partyText(party: {
  readonly number?: string | undefined;
  readonly name?: string | undefined;
}): string {
  const text = [party.number, party.name].filter((part) => part !== undefined && part !== '');
  return text.length === 0 ? 'unknown' : printable(text.join(' '));
}

function queueText(view: CallView | undefined): string {
  const visit = view?.queue.at(-1);
  return visit === undefined || visit.left !== undefined ? '' : `, in queue ${visit.name}`;
}

/** `0:07`, `12:34`, `1:02:03`. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${two(seconds % 60)}`;
  return `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
}

/** The hours, minutes and seconds of a time of the server. */
function timeOfDay(text: string): string {
  return text.slice(11, 19);
}
