/**
 * The ledger can fail: right stories pass, and each kind of wrong one is found and named.
 */
import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../../src/call/event.ts';
import type { JournalEntry } from '../../src/journal/journal.ts';
import { Telephony } from '../support/feed-model.ts';
import { auditClient, auditJournal, type Stay } from './ledger.ts';
import type { Note } from './note.ts';
import { allTypes, legacyTypes, Truth, type Wish } from './truth.ts';

const epoch = 'k3v9x0q2m1';
const site = { location: 'here', recorderServiceId: 1, times: 'utc' } as const;

const truthOf = (events: readonly CallEvent[], firstSeq = 1): Truth =>
  new Truth(
    epoch,
    events.map((event, index): JournalEntry => ({ seq: firstSeq + index, event })),
    site,
  );

/** Four lines, each with three calls one after the other, all of them over at the end. */
function history(): CallEvent[] {
  const telephony = new Telephony();
  const numbers = ['1001', '1002', '1003', '2001'];
  return Array.from({ length: 18 * 4 }, (_, step) => {
    // Line by line, each a few steps ahead of the next; the number changes, so that others join.
    const line = step % 4;
    const number = numbers[(line + Math.floor(step / 8)) % 4] ?? '';
    return { ...telephony.event(line, number), seenAtMs: 1_800_000_000_000 + step };
  });
}

const events = history();
const truth = truthOf(events);
const everything: Wish = { patterns: [], types: allTypes };
const one: Wish = { patterns: [{ kind: 'number', number: '1001' }], types: allTypes };
const wide: Wish = {
  patterns: [
    { kind: 'prefix', prefix: '20' },
    { kind: 'range', from: '1002', to: '1003' },
  ],
  types: ['CallStart', 'CallEnd', 'SourceGap'],
};

const at = (seq: number): { at: { epoch: string; seq: number } } => ({ at: { epoch, seq } });

/** What a client notes of the events of its wish above `after`, up to `through`. */
function heard(wish: Wish, after: number, through = truth.head): Note[] {
  return truth
    .story(wish)
    .filter(({ seq }) => seq > after && seq <= through)
    .map(({ seq, type, id, revision }) => ({
      kind: 'call',
      type,
      id,
      snapshot: false,
      face: truth.faceOf(seq, 'feed') ?? '',
      revision,
      ...at(seq),
    }));
}

function snapshotAt(wish: Wish, seq: number): Note[] {
  return [...truth.ongoing(wish.patterns, seq)].map(([id, revision]) => ({
    kind: 'call',
    type: 'CallStart',
    id,
    snapshot: true,
    face: truth.faceOf(truth.placeOf(id, revision) ?? 0, 'feed') ?? '',
    revision,
    ...at(seq),
  }));
}

function stay(wish: Wish, notes: readonly Note[], more: Partial<Stay> = {}): Stay {
  return {
    client: 'ann',
    wishes: [wish],
    form: 'feed',
    snapshot: false,
    askedAtMs: 0,
    answeredAtMs: 0,
    notes: [...notes],
    ...more,
  };
}

/** A client that came at 20 with a snapshot, was cut off at 35, and came back to the end. */
function twoStays(wish: Wish): [Stay, Stay] {
  const snapshot = snapshotAt(wish, 20);
  const first = [
    { kind: 'answer', ...at(20), calls: snapshot.length } as const,
    ...snapshot,
    ...heard(wish, 20, 35),
    { kind: 'alive', ...at(35) } as const,
  ];
  const second = [
    { kind: 'answer', ...at(35), recovered: true } as const,
    ...heard(wish, 35),
    { kind: 'goodbye', reason: 'going-away', ...at(truth.head) } as const,
  ];
  return [
    stay(wish, first, { snapshot: true }),
    stay(wish, second, { after: { epoch, seq: 35 }, isLast: true }),
  ];
}

/** The same with the notes of the second stay changed. */
function changed(wish: Wish, change: (notes: Note[]) => void): string[] {
  const [first, second] = twoStays(wish);
  change(second.notes);
  return auditClient(truth, [first, second]);
}

describe('a journal', () => {
  it('with nothing wrong passes', () => {
    expect(auditJournal(truth)).toEqual([]);
  });

  it.each([
    [
      'an end that is missing',
      events.toSpliced(events.findLastIndex(({ kind }) => kind === 'call.ended')),
    ],
    ['an event that is missing', events.toSpliced(9, 1)],
    ['an event that is there twice', events.toSpliced(9, 0, ...events.slice(9, 10))],
    [
      'an end that is there twice',
      [...events, ...events.filter(({ kind }) => kind === 'call.ended').slice(0, 1)],
    ],
    ['a start that is missing', events.slice(1)],
  ])('with %s is found', (_, wrong) => {
    expect(auditJournal(truthOf(wrong))).not.toEqual([]);
  });

  it('with a hole in its numbers is found', () => {
    const entries = truth.entries.filter(({ seq }) => seq !== 12);
    const findings = auditJournal(new Truth(epoch, entries, site));
    expect(findings).toContain('journal: event 13 follows event 11');
  });
});

describe.each([
  ['that sees everything', everything],
  ['of one number', one],
  ['of prefixes and ranges and some types', wide],
])('a client %s', (_, wish) => {
  it('that was told the truth passes', () => {
    expect(heard(wish, 35).length).toBeGreaterThan(3);
    expect(auditClient(truth, twoStays(wish))).toEqual([]);
  });

  it.each<readonly [string, RegExp, (notes: Note[]) => void]>([
    ['an event twice', /told again/, (notes) => notes.splice(3, 0, ...notes.slice(2, 3))],
    ['one event less', /left out/, (notes) => notes.splice(2, 1)],
    ['the last event less', /left out before the goodbye/, (notes) => notes.splice(-2, 1)],
    [
      'two events the other way round',
      /left out/,
      (notes) => notes.splice(2, 2, ...notes.slice(2, 4).reverse()),
    ],
    ['less, and no word of it', /left out before the end/, (notes) => notes.splice(-2, 2)],
    [
      'something that no journal holds',
      /journal ends at/,
      (notes) => notes.splice(-1, 0, told({ ...at(truth.head + 1), revision: 1 })),
    ],
    ['an event before its time', /left out/, (notes) => notes.splice(1, 0, ...notes.splice(3, 1))],
    [
      'another revision than the journal has',
      /where the journal holds/,
      (notes) => (notes[2] = { ...(notes[2] as Note & { kind: 'call' }), revision: 77 }),
    ],
    [
      'another content than the journal has',
      /tells something else/,
      (notes) => (notes[2] = { ...(notes[2] as Note & { kind: 'call' }), face: 'lie' }),
    ],
    [
      'another store',
      /another store/,
      (notes) =>
        (notes[2] = {
          ...(notes[2] as Note & { kind: 'call' }),
          at: { epoch: 'zzzzzz', seq: 50 },
        }),
    ],
    [
      'a keep-alive from the past',
      /came after event/,
      (notes) => notes.splice(-1, 0, { kind: 'alive', ...at(30) }),
    ],
    [
      'a keep-alive that is ahead of what was told',
      /left out before a keep-alive/,
      (notes) => notes.splice(1, 0, { kind: 'alive', ...at(truth.head) }),
    ],
    [
      'something after the goodbye',
      /after the goodbye/,
      (notes) => notes.push({ kind: 'alive', ...at(truth.head) }),
    ],
    [
      'that nothing can be recovered',
      /not recovered/,
      (notes) => (notes[0] = { kind: 'answer', ...at(35), recovered: false, calls: 0 }),
    ],
    [
      'what came after another place',
      /got what came after/,
      (notes) => (notes[0] = { kind: 'answer', ...at(34), recovered: true }),
    ],
    [
      'nothing of whether it was recovered',
      /not said whether/,
      (notes) => (notes[0] = { kind: 'answer', ...at(35) }),
    ],
    [
      'a failure',
      /something unexpected/,
      (notes) => notes.splice(1, 0, { kind: 'strange', what: 'code="2"' }),
    ],
  ])('that was told %s is found', (_, finding, change) => {
    const findings = changed(wish, change);
    expect(findings.join('\n')).toMatch(finding);
  });

  it('with a wrong snapshot is found', () => {
    const less = twoStays(wish);
    less[0].notes.splice(1, 1);
    expect(auditClient(truth, less)).not.toEqual([]);

    const older = twoStays(wish);
    const call = older[0].notes[1] as Note & { kind: 'call' };
    older[0].notes[1] = { ...call, revision: (call.revision ?? 0) - 1 };
    expect(auditClient(truth, older)).not.toEqual([]);

    const dead = twoStays(wish);
    const ended = truth.story(everything).find((told) => told.ended);
    const face = truth.faceOf(ended?.seq ?? 0, 'feed') ?? '';
    const ghost = told({ id: ended?.id ?? '', revision: ended?.revision ?? 0, ...at(20), face });
    dead[0].notes.splice(1, 1, { ...ghost, snapshot: true });
    expect(auditClient(truth, dead)).not.toEqual([]);
  });
});

it('a client whose position is another store’s may be told that nothing was recovered', () => {
  const snapshot = snapshotAt(one, 40);
  const notes: Note[] = [
    { kind: 'answer', ...at(40), recovered: false, calls: snapshot.length },
    ...snapshot,
    ...heard(one, 40),
  ];
  const alien = { after: { epoch: 'zzzzzz', seq: 7 }, isLast: true };
  expect(auditClient(truth, [stay(one, notes, alien)])).toEqual([]);
  notes.splice(1, 1);
  expect(auditClient(truth, [stay(one, notes, alien)])).not.toEqual([]);
});

it('a client that subscribes again must have been told everything of its first wish until then', () => {
  const notes = (through: number): Note[] => [
    { kind: 'answer', ...at(10) },
    ...heard(one, 10, through),
    { kind: 'answer', ...at(40) },
    ...heard(wide, 40),
  ];
  const asked = { wishes: [one, wide], isLast: true };
  expect(auditClient(truth, [stay(one, notes(40), asked)])).toEqual([]);
  expect(auditClient(truth, [stay(one, notes(30), asked)]).join()).toMatch(/left out before the/);
});

describe('a legacy client', () => {
  const wish: Wish = { patterns: one.patterns, types: legacyTypes };
  const story = truth.story(wish);
  const from = Math.floor(story.length / 3);
  /** Seen by the server after this client had been answered. */
  const answeredAtMs = (story[from]?.seenAtMs ?? 0) - 1;

  function told(): Note[] {
    const notes: Note[] = story.slice(from).map(({ seq, type, id }) => ({
      kind: 'call',
      type,
      id,
      snapshot: false,
      face: truth.faceOf(seq, 'legacy') ?? '',
    }));
    return [{ kind: 'answer' }, ...notes];
  }
  const audit = (change: (notes: Note[]) => void): string[] => {
    const notes = told();
    change(notes);
    return auditClient(truth, [stay(wish, notes, { form: 'legacy', answeredAtMs, isLast: true })]);
  };

  it('that was told the truth passes', () => {
    expect(story.length - from).toBeGreaterThan(4);
    expect(audit(() => undefined)).toEqual([]);
  });

  it.each<readonly [string, (notes: Note[]) => void]>([
    ['an event twice', (notes) => notes.splice(3, 0, ...notes.slice(2, 3))],
    ['one event less', (notes) => notes.splice(2, 1)],
    ['not the last', (notes) => notes.pop()],
    ['nothing', (notes) => notes.splice(1)],
    ['two events the other way round', (notes) => notes.push(...notes.splice(-2, 1))],
    ['a call that no journal holds', (notes) => notes.push({ ...last(notes), id: 'ghost' })],
    [
      'another content than the journal has',
      (notes) => notes.splice(-1, 1, { ...last(notes), face: 'lie' }),
    ],
    ['a position', (notes) => notes.splice(-1, 1, { ...last(notes), ...at(3) })],
    ['a goodbye', (notes) => notes.push({ kind: 'goodbye', reason: 'going-away' })],
  ])('that was told %s is found', (_, change) => {
    expect(audit(change)).not.toEqual([]);
  });

  it('whose first event is missing is found by the time at which it was answered', () => {
    expect(audit((notes) => notes.splice(1, 1)).join()).toMatch(/left out after the answer/);
  });
});

const last = (notes: readonly Note[]): Note & { kind: 'call' } =>
  notes.at(-1) as Note & { kind: 'call' };

function told(more: Partial<Note & { kind: 'call' }>): Note & { kind: 'call' } {
  return { kind: 'call', type: 'CallStart', id: 'ghost', snapshot: false, face: '', ...more };
}
