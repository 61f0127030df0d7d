/**
 * One readable line per event. The sign at the front says what happened without colour; colour only
 * helps the eye. Remembers what it said of each ongoing call, so that an update says what changed.
 */
import type { CallView } from '../subscriber/call-view.ts';
import { changeOf, ofState } from './change.ts';
import type { Said } from './change.ts';
import { elapsedMs } from './news.ts';
import type { CallNews, SourceNews } from './news.ts';
import { pad, printable } from './terminal.ts';
import type { Paint } from './terminal.ts';

const wordColumns = 12;
const mostRemembered = 100_000;

export class Lines {
  readonly #paint: Paint;
  /** The last known view of each ongoing call, by id. */
  readonly #views = new Map<string, CallView>();

  constructor(paint: Paint) {
    this.#paint = paint;
  }

  /**
   * The line for a call, or undefined when nothing changed that a person could see.
   * @param clock time of day to stand in front, ready to print
   */
  call(clock: string, news: CallNews): string | undefined {
    const before = this.#views.get(news.id);
    if (news.end !== undefined || news.view === undefined) this.#views.delete(news.id);
    else if (this.#views.size < mostRemembered) this.#views.set(news.id, news.view);
    const telling = said(news, before);
    if (telling === undefined) return undefined;
    const { sign, word, ink, remark } = telling;
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
    const since = news.from === undefined ? '' : `since ${timeOfDay(news.from)}`;
    const what = `source ${news.source}, ${up ? `away ${since}` : since}${reason}`;
    return `${this.#paint('dim', clock)}  ${shown} ${printable(what)}`;
  }
}

function said(news: CallNews, before: CallView | undefined): Said | undefined {
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
      return changeOf(view, before);
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
