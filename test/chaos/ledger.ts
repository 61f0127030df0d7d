/**
 * The ledger: holds what every client noted against the journal, and says in sentences what does not agree.
 * Pure; an empty list means that every promise was kept.
 */
import { isOfCall } from '../../src/call/event.ts';
import { type Note, type Place, positionOf } from './note.ts';
import { allTypes, legacyTypes, type Told, type ToldAs, type Truth, type Wish } from './truth.ts';

/** One connection of one client, from its request to its end, as the client saw it. */
export interface Stay {
  readonly client: string;
  /** What each subscribe request on it asked for, in order; the first one carries what comes below. */
  readonly wishes: Wish[];
  readonly form: ToldAs;
  readonly snapshot: boolean;
  readonly after?: Place;
  /** Our time, milliseconds since 1970, of the first request and of its answer. */
  readonly askedAtMs: number;
  answeredAtMs?: number;
  readonly notes: Note[];
  /** It was there and read to the last when the server ended for good: nothing at all may be missing. */
  isLast?: boolean;
}

/** Most findings that are worth reading of one kind of story. */
const findingsPerStay = 3;

/** Everything that is wrong with the journal by itself, after sources and calls have come to rest. */
export function auditJournal(truth: Truth): string[] {
  const findings: string[] = [];
  const calls = new Map<string, { revision: number; ended: boolean }>();
  let before = truth.entries[0] === undefined ? 0 : truth.entries[0].seq - 1;
  for (const { seq, event } of truth.entries) {
    if (seq !== before + 1) findings.push(`journal: event ${seq} follows event ${before}`);
    before = seq;
    if (!isOfCall(event)) continue;
    const { id, revision } = event.call;
    const known = calls.get(id);
    if ((known === undefined) !== (event.kind === 'call.started')) {
      findings.push(`journal: event ${seq} is ${event.kind} as revision ${revision} of ${id}`);
    }
    if (known?.ended === true) findings.push(`journal: event ${seq} is of ${id}, which has ended`);
    if (revision !== (known?.revision ?? 0) + 1) {
      findings.push(
        `journal: revision ${revision} of ${id} follows ${known?.revision ?? 0}, at event ${seq}`,
      );
    }
    calls.set(id, { revision, ended: event.kind === 'call.ended' });
  }
  for (const [id, { ended }] of calls) {
    if (!ended) findings.push(`journal: ${id} has started and never ended`);
  }
  return findings;
}

/** Everything that is wrong with what one client was told, over all its stays, in order. */
export function auditClient(truth: Truth, stays: readonly Stay[]): string[] {
  const findings: string[] = [];
  const book = new Book(truth);
  for (const [index, stay] of stays.entries()) {
    const said = stay.form === 'legacy' ? auditLegacy(truth, stay) : book.audit(stay);
    const where = `${stay.client}, stay ${index + 1} of ${stays.length}`;
    findings.push(...said.slice(0, findingsPerStay).map((each) => `${where}: ${each}`));
  }
  return findings;
}

/** What of a wish's story is to be told next. */
class Reading {
  readonly #story: readonly Told[];
  #next = 0;

  constructor(story: readonly Told[], afterSeq: number) {
    this.#story = story;
    while ((story[this.#next]?.seq ?? Infinity) <= afterSeq) this.#next += 1;
  }

  /** The first that is due and was not told, up to `seq`. */
  due(throughSeq: number): Told | undefined {
    const next = this.#story[this.#next];
    return next !== undefined && next.seq <= throughSeq ? next : undefined;
  }

  take(): Told | undefined {
    const next = this.#story[this.#next];
    this.#next += 1;
    return next;
  }

  /** After a mistake, so that one mistake is told once. */
  skipTo(seq: number): void {
    while ((this.#story[this.#next]?.seq ?? Infinity) <= seq) this.#next += 1;
  }
}

/** What a client that opted in knows, stay after stay. */
class Book {
  readonly #truth: Truth;
  /** Revision by call id; undefined where it began without a snapshot. */
  #known: Map<string, number> | undefined;
  /** The calls that the snapshot under way must hold. */
  #ongoing: ReadonlyMap<string, number> = new Map();
  #form: ToldAs = 'feed';
  #findings: string[] = [];
  #told = 0;

  constructor(truth: Truth) {
    this.#truth = truth;
  }

  audit(stay: Stay): string[] {
    this.#findings = [];
    this.#form = stay.form;
    let part = -1;
    let wish: Wish | undefined;
    let reading: Reading | undefined;
    let toCome = 0;
    let snapshotSeq = 0;
    let hasLeft = false;
    for (const note of stay.notes) {
      if (hasLeft) this.#find(`${describe(note)} came after the goodbye`);
      if (note.kind === 'strange') {
        this.#find(`something unexpected: ${note.what}`);
        continue;
      }
      const { at } = note;
      if (at !== undefined) this.#hold(at);
      if (note.kind === 'answer') {
        if (at === undefined) {
          this.#find('an answer without a position');
          continue;
        }
        if (toCome > 0) this.#find(`${toCome} calls of the snapshot were missing at an answer`);
        if (reading !== undefined) this.#nothingDue(reading, at.seq, 'the next answer');
        part += 1;
        wish = stay.wishes[part];
        if (wish === undefined) {
          this.#find('an answer that nobody asked for');
          continue;
        }
        const withSnapshot = part === 0 ? this.#begin(stay, note, at) : false;
        if (part > 0) this.#known = undefined;
        toCome = withSnapshot ? (note.calls ?? 0) : 0;
        snapshotSeq = at.seq;
        if (withSnapshot) this.#snapshotAnnounced(wish, at.seq, toCome);
        reading = new Reading(this.#truth.story(wish), at.seq);
        this.#told = at.seq;
        continue;
      }
      if (reading === undefined) {
        // A keep-alive or goodbye may come before anything is subscribed.
        if (note.kind === 'call' || note.kind === 'source') {
          this.#find(`${describe(note)} came before the answer`);
        }
        continue;
      }
      if (note.kind === 'call' && note.snapshot) {
        if (toCome === 0) this.#find(`${describe(note)} was more than the snapshot had announced`);
        else toCome -= 1;
        this.#inSnapshot(note, snapshotSeq);
        continue;
      }
      if (toCome > 0 && at !== undefined) {
        this.#find(`${describe(note)} came within the snapshot`);
      }
      if (note.kind === 'call' || note.kind === 'source') this.#event(note, reading);
      else if (at !== undefined) {
        this.#nothingDue(reading, at.seq, note.kind === 'alive' ? 'a keep-alive' : 'the goodbye');
        if (at.seq < this.#told) this.#find(`${describe(note)} came after event ${this.#told}`);
        this.#told = Math.max(this.#told, at.seq);
      }
      if (note.kind === 'goodbye') hasLeft = true;
    }
    if (wish !== undefined && toCome === 0) this.#viewHolds(wish);
    else this.#known = undefined;
    if (stay.isLast === true) {
      if (reading === undefined) this.#find('it was never answered');
      else this.#nothingDue(reading, this.#truth.head, 'the end');
      if (toCome > 0) this.#find(`${toCome} calls of the snapshot never came`);
    }
    return this.#findings;
  }

  #find(finding: string): void {
    this.#findings.push(finding);
  }

  /** No position may be one that the journal has not got. */
  #hold({ epoch, seq }: Place): void {
    if (epoch !== this.#truth.epoch) this.#find(`a position of another store: ${epoch}-${seq}`);
    else if (seq > this.#truth.head) {
      this.#find(`told of event ${seq}, but the journal ends at ${this.#truth.head}`);
    }
  }

  /** @returns whether a snapshot must follow */
  #begin(stay: Stay, answer: Note & { kind: 'answer' }, at: Place): boolean {
    const { after, snapshot } = stay;
    const { recovered } = answer;
    if (after === undefined) {
      if (recovered !== undefined) this.#find(`recovered="${recovered}", which nobody asked`);
      this.#known = undefined;
      return snapshot;
    }
    const isOurs = after.epoch === this.#truth.epoch && after.seq <= this.#truth.head;
    if (recovered === undefined) this.#find('it was not said whether it was recovered');
    if (recovered === true && !isOurs) {
      this.#find(`recovered from ${positionOf(after)}, which is none of the journal's`);
    }
    if (recovered === true && at.seq !== after.seq) {
      this.#find(`asked for what came after ${after.seq}, and got what came after ${at.seq}`);
    }
    if (recovered === false && isOurs) {
      this.#find(`not recovered from ${after.seq}, although the journal has all of it`);
    }
    if (recovered !== true) this.#known = undefined;
    return recovered === false;
  }

  #snapshotAnnounced(wish: Wish, seq: number, calls: number): void {
    this.#known = new Map();
    this.#ongoing = this.#truth.ongoing(wish.patterns, seq);
    if (this.#ongoing.size !== calls) {
      this.#find(`a snapshot of ${calls} calls at ${seq}, where ${this.#ongoing.size} went on`);
    }
  }

  #inSnapshot(note: Note & { kind: 'call' }, seq: number): void {
    const { id, revision = 0, at } = note;
    if (at?.seq !== seq) this.#find(`${describe(note)} in the snapshot at ${seq}`);
    if (this.#known?.has(id) === true) this.#find(`${id} was told twice in the snapshot`);
    this.#known?.set(id, revision);
    const actual = this.#ongoing.get(id);
    if (actual !== revision) {
      this.#find(
        `revision ${revision} of ${id} in the snapshot at ${seq}, not ${actual ?? 'none'}`,
      );
    }
    this.#faceHolds(note, this.#truth.placeOf(id, revision));
  }

  #event(note: Note & { kind: 'call' | 'source' }, reading: Reading): void {
    const { at } = note;
    if (at === undefined) return this.#find(`${describe(note)} came without a position`);
    if (at.seq <= this.#told) {
      return this.#find(`${describe(note)} was told again: it was at ${this.#told}`);
    }
    this.#nothingDue(reading, at.seq - 1, describe(note));
    this.#told = at.seq;
    const expected = reading.due(at.seq) === undefined ? undefined : reading.take();
    if (expected?.seq !== at.seq) {
      return this.#find(`${describe(note)} is nothing that this client was to be told`);
    }
    const id = note.kind === 'call' ? note.id : note.source;
    const revision = note.kind === 'call' ? note.revision : 0;
    if (note.type !== expected.type || id !== expected.id || revision !== expected.revision) {
      return this.#find(
        `${describe(note)}, where the journal holds ${expected.type} of ${expected.id}, revision ${expected.revision}`,
      );
    }
    if (note.kind === 'source') return;
    this.#faceHolds(note, expected.seq);
    if (expected.ended) this.#known?.delete(id);
    else this.#known?.set(id, expected.revision);
  }

  #faceHolds(note: Note & { kind: 'call' }, seq: number | undefined): void {
    const face = seq === undefined ? undefined : this.#truth.faceOf(seq, this.#form);
    if (face === undefined) {
      this.#find(`${describe(note)} of ${note.id}, which the journal does not hold`);
    } else if (face !== note.face) {
      this.#find(`${describe(note)} of ${note.id} tells something else than the journal`);
    }
  }

  #nothingDue(reading: Reading, throughSeq: number, before: string): void {
    const missing = reading.due(throughSeq);
    if (missing === undefined) return;
    this.#find(
      `event ${missing.seq} (${missing.type} of ${missing.id}) was left out before ${before}`,
    );
    reading.skipTo(throughSeq);
  }

  /** What it was told at first and ever since makes what is true now; where it asks for everything. */
  #viewHolds(wish: Wish): void {
    const known = this.#known;
    if (known === undefined || !allTypes.every((type) => wish.types.includes(type))) return;
    const ongoing = this.#truth.ongoing(wish.patterns, this.#told);
    for (const [id, revision] of ongoing) {
      const seen = known.get(id);
      if (seen === revision) continue;
      this.#find(`at ${this.#told} it knew ${id} at ${seen ?? 'no'} revision, not at ${revision}`);
    }
    for (const id of known.keys()) {
      if (!ongoing.has(id)) this.#find(`at ${this.#told} it knew ${id}, which was over`);
    }
  }
}

/**
 * A legacy client knows no positions: what it was told must be one piece out of the middle of what its wish
 * is told, and that piece must begin where it subscribed.
 */
function auditLegacy(truth: Truth, stay: Stay): string[] {
  const findings: string[] = [];
  let part = 0;
  let story: readonly Told[] = [];
  let places = new Map<string, number>();
  let last: number | undefined;
  const started = new Set<string>();
  const over = new Set<string>();
  for (const note of stay.notes) {
    switch (note.kind) {
      case 'alive':
        if (note.at !== undefined) findings.push('a legacy client was told a position');
        continue;
      case 'answer':
        if (note.at !== undefined) findings.push('a legacy client was told a position');
        story = truth.story({ ...(stay.wishes[part] ?? { patterns: [] }), types: legacyTypes });
        places = new Map(story.map(({ type, id }, index) => [`${type} ${id}`, index]));
        last = undefined;
        part += 1;
        // Another filter sees other calls.
        started.clear();
        over.clear();
        continue;
      case 'source':
      case 'goodbye':
      case 'strange':
        findings.push(`a legacy client was told ${describe(note)}`);
        continue;
      case 'call':
    }
    if (note.at !== undefined || note.revision !== undefined || note.snapshot) {
      findings.push(`a legacy client got the new form: ${describe(note)}`);
    }
    if (note.type === 'CallStart') {
      if (started.has(note.id)) findings.push(`${note.id} started twice`);
      started.add(note.id);
    } else if (over.has(note.id)) findings.push(`${note.id} ended twice`);
    else over.add(note.id);
    if (note.type === 'CallStart' && over.has(note.id)) {
      findings.push(`${note.id} started after its end`);
    }
    const place = places.get(`${note.type} ${note.id}`);
    const told = place === undefined ? undefined : story[place];
    if (place === undefined || told === undefined) {
      findings.push(`${note.type} of ${note.id}, which the journal does not hold for it`);
      continue;
    }
    if (truth.faceOf(told.seq, 'legacy') !== note.face) {
      findings.push(`${note.type} of ${note.id} tells something else than event ${told.seq}`);
    }
    if (last === undefined) {
      if (part === 1) findings.push(...beginsTooLate(story, place, stay));
    } else if (place !== last + 1) {
      const between = story[last + 1];
      findings.push(
        place <= last
          ? `event ${told.seq} (${note.type} of ${note.id}) was told again or too late`
          : `event ${between?.seq} (${between?.type} of ${between?.id}) was left out`,
      );
    }
    last = place;
  }
  if (stay.isLast === true) {
    if (part === 0) findings.push('it was never answered');
    else if (last === undefined) findings.push(...beginsTooLate(story, story.length, stay));
    else if (last !== story.length - 1) {
      findings.push(`event ${story[last + 1]?.seq} was left out before the end`);
    }
    for (const id of started) if (!over.has(id)) findings.push(`${id} started and never ended`);
  }
  return findings;
}

/** Whether something was seen after the subscription had been answered, and is not among what was told. */
function beginsTooLate(story: readonly Told[], place: number, stay: Stay): string[] {
  const { answeredAtMs } = stay;
  if (answeredAtMs === undefined) return [];
  const missed = story.slice(0, place).find(({ seenAtMs }) => seenAtMs > answeredAtMs);
  return missed === undefined
    ? []
    : [`event ${missed.seq} (${missed.type} of ${missed.id}) was left out after the answer`];
}

function describe(note: Note): string {
  switch (note.kind) {
    case 'call':
      return `${note.type} ${note.at?.seq ?? ''} revision ${note.revision ?? ''}`;
    case 'source':
      return `${note.type} ${note.at?.seq ?? ''} of ${note.source}`;
    case 'alive':
      return `a keep-alive at ${note.at?.seq ?? 'nowhere'}`;
    case 'goodbye':
      return `a goodbye (${note.reason}) at ${note.at?.seq ?? 'nowhere'}`;
    case 'answer':
      return 'an answer';
    case 'strange':
      return `something unexpected: ${note.what}`;
  }
}
