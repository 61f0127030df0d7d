/**
 * The truth that clients are held against: the journal's events, and what each wish is to be told of them
 * by the rules of the published protocol, worked out without any of the server's own ways to it.
 */
import { type CallEvent, isOfCall } from '../../src/call/event.ts';
import type { ExtensionPattern } from '../../src/call/extension.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import type { CdrSite } from '../../src/record/cdr-xml.ts';
import type { NotificationType } from '../../src/subscriber/message.ts';
import { jsonWire, type Wire, xmlWire } from '../../src/subscriber/wire.ts';
import { typeOf } from '../support/notification-types.ts';
import { read } from './note.ts';

/** What a client asks to be told of. */
export interface Wish {
  /** Which extensions; none means all. */
  readonly patterns: readonly ExtensionPattern[];
  readonly types: readonly NotificationType[];
}

/** One thing that a wish is to be told. */
export interface Told {
  readonly seq: number;
  readonly type: NotificationType;
  /** The call, or the source. */
  readonly id: string;
  /** Of a source: 0. */
  readonly revision: number;
  readonly ended: boolean;
  /** When the server saw what it tells of, milliseconds since 1970. */
  readonly seenAtMs: number;
}

/** Everything that is told of one call of a wish, whatever types were asked for. */
export const allTypes = [
  'CallStart',
  'CallAnswer',
  'CallUpdate',
  'CallEnd',
  'RecordingStart',
  'RecordingPause',
  'RecordingResume',
  'RecordingEnd',
  'SourceGap',
  'SourceUp',
] as const;
export const legacyTypes = ['CallStart', 'CallEnd'] as const;

/** The form in which a client is told: without the opt-in part, with it, in JSON. */
export type ToldAs = 'legacy' | 'feed' | 'json';

export class Truth {
  readonly epoch: string;
  readonly entries: readonly JournalEntry[];
  readonly #site: CdrSite;
  readonly #stories = new Map<string, readonly Told[]>();
  readonly #faces = new Map<string, string | undefined>();
  readonly #places = new Map<string, number>();

  constructor(epoch: string, entries: readonly JournalEntry[], site: CdrSite) {
    this.epoch = epoch;
    this.entries = entries;
    this.#site = site;
    for (const { seq, event } of entries) {
      if (isOfCall(event)) this.#places.set(`${event.call.id} ${event.call.revision}`, seq);
    }
  }

  get head(): number {
    return this.entries.at(-1)?.seq ?? 0;
  }

  /** What the wish is told from the first event on, in order. */
  story(wish: Wish): readonly Told[] {
    const key = JSON.stringify([wish.patterns, wish.types]);
    let story = this.#stories.get(key);
    if (story === undefined) this.#stories.set(key, (story = storyOf(this.entries, wish)));
    return story;
  }

  /** The ongoing calls that the patterns see after the event with that number: revision by id. */
  ongoing(patterns: readonly ExtensionPattern[], seq: number): Map<string, number> {
    const ongoing = new Map<string, number>();
    for (const told of this.story({ patterns, types: allTypes })) {
      if (told.seq > seq) break;
      if (told.revision === 0) continue;
      if (told.ended) ongoing.delete(told.id);
      else ongoing.set(told.id, told.revision);
    }
    return ongoing;
  }

  /** What is to be said of the call as of that event; undefined where the journal has none such. */
  faceOf(seq: number, form: ToldAs): string | undefined {
    const key = `${form} ${seq}`;
    if (!this.#faces.has(key)) this.#faces.set(key, this.#face(seq, form));
    return this.#faces.get(key);
  }

  #face(seq: number, form: ToldAs): string | undefined {
    const event = this.#eventAt(seq);
    if (event === undefined || !isOfCall(event)) return undefined;
    const wire: Wire = form === 'json' ? jsonWire : xmlWire;
    const cdr = wire.record(event.call, this.#site);
    const feed = { position: 'any', view: wire.view(event.call, this.#site.times) };
    const note = read(
      wire.notification({ type: 'CallUpdate', cdr, ...(form !== 'legacy' && { feed }) }),
    );
    if (note.kind !== 'call') throw new Error(`event ${seq} cannot be told: ${cdr}`);
    return note.face;
  }

  /** Number of the event that brought the call to that revision. */
  placeOf(id: string, revision: number): number | undefined {
    return this.#places.get(`${id} ${revision}`);
  }

  #eventAt(seq: number): CallEvent | undefined {
    return this.entries[seq - (this.entries[0]?.seq ?? 1)]?.event;
  }
}

function storyOf(entries: readonly JournalEntry[], wish: Wish): readonly Told[] {
  const types = new Set<string>(wish.types);
  const seen = new Set<string>();
  const story: Told[] = [];
  for (const { seq, event } of entries) {
    const { seenAtMs } = event;
    let told: Told;
    if (isOfCall(event)) {
      const { id, revision, extensions } = event.call;
      if (!extensions.some((each) => isNamed(wish.patterns, each))) continue;
      // Whoever has not heard of the call is told of a start, whatever happened.
      const type = seen.has(id) ? typeOf[event.kind] : 'CallStart';
      seen.add(id);
      told = { seq, type, id, revision, ended: event.kind === 'call.ended', seenAtMs };
    } else {
      const type = typeOf[event.kind];
      told = { seq, type, id: event.source, revision: 0, ended: false, seenAtMs };
    }
    if (types.has(told.type)) story.push(told);
  }
  return story;
}

function isNamed(patterns: readonly ExtensionPattern[], extension: string): boolean {
  if (patterns.length === 0) return true;
  return patterns.some((pattern) => {
    switch (pattern.kind) {
      case 'number':
        return extension === pattern.number;
      case 'prefix':
        return extension.startsWith(pattern.prefix);
      case 'range':
        return (
          extension.length === pattern.from.length &&
          extension >= pattern.from &&
          extension <= pattern.to
        );
    }
  });
}
