/**
 * What every journal keeps its word on, whatever it is made of. A journal's own test calls this with a
 * way to open one, to look at it from outside, and to have it drop what is old.
 */
import { describe, expect, it } from 'vitest';
import type { CallEvent } from '../../src/call/event.ts';
import type { Journal, JournalEntry, Remembered, SignalMemory } from '../../src/journal/journal.ts';
import {
  answered,
  connectedCall,
  ended,
  endedCall,
  firstCallAtMs,
  gapOf,
  lifeOf,
  offeredCall,
  started,
  upOf,
} from '../support/calls.ts';

export interface OpenedJournal {
  readonly journal: Journal & SignalMemory & { remember(): Promise<Remembered> };
  /** Orderly: what was appended is durable afterwards. */
  close(): Promise<void>;
  /** Drops events seen before that time. */
  dropSeenBefore(atMs: number): Promise<void>;
}

/** Where one journal lives. */
export interface JournalPlace {
  /** Opens it, again after each close. */
  open(nowMs?: number): Promise<OpenedJournal>;
  /** The newest number that somebody else who looks at the disk now finds there. */
  durableHead(): number;
}

function numbers(from: number, through: number): number[] {
  return Array.from({ length: through - from + 1 }, (_, index) => from + index);
}

/** Everything told so far, and how many times something was told. */
function hearing(journal: Journal): { entries: JournalEntry[]; tellings: number } {
  const heard = { entries: Array<JournalEntry>(), tellings: 0 };
  journal.onCommitted((entries) => {
    heard.entries.push(...entries);
    heard.tellings += 1;
  });
  return heard;
}

async function readAll(journal: Journal, afterSeq: number): Promise<JournalEntry[]> {
  const all: JournalEntry[] = [];
  for (;;) {
    const result = await journal.readAfter(all.at(-1)?.seq ?? afterSeq, 1000);
    if (result.kind === 'gone') throw new Error(`gone before ${result.oldestSeq}`);
    if (result.entries.length === 0) return all;
    all.push(...result.entries);
  }
}

export function journalContract(newPlace: () => Promise<JournalPlace>): void {
  describe('numbering', () => {
    it('numbers events from 1 without gaps and tells them in order', async () => {
      const { journal } = await (await newPlace()).open();
      const heard = hearing(journal);
      const events = numbers(0, 49).flatMap((n) => lifeOf(n));

      for (const event of events) journal.append([event]);
      await journal.settled();

      expect(heard.entries.map(({ seq }) => seq)).toEqual(numbers(1, 150));
      expect(heard.entries.map(({ event }) => event)).toEqual(events);
    });

    it('goes on where it stopped, under the same epoch, when it is opened again', async () => {
      const place = await newPlace();
      const first = await place.open();
      first.journal.append(lifeOf(0));
      await first.close();

      const { journal } = await place.open();
      expect(journal.head).toBe(3);
      expect(journal.epoch).toBe(first.journal.epoch);
      const heard = hearing(journal);
      journal.append([started(1)]);
      await journal.settled();

      expect(heard.entries.map(({ seq }) => seq)).toEqual([4]);
      expect((await readAll(journal, 0)).map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
    });

    it('has an epoch of its own in every place', async () => {
      const one = await (await newPlace()).open();
      const other = await (await newPlace()).open();

      expect(one.journal.epoch).toMatch(/^[0-9a-z]{8,32}$/);
      expect(one.journal.epoch).not.toBe(other.journal.epoch);
    });
  });

  describe('durability', () => {
    it('tells nothing before it is on the disk', async () => {
      const place = await newPlace();
      const { journal } = await place.open();
      const lead: number[] = [];
      journal.onCommitted((entries) => {
        lead.push(place.durableHead() - (entries.at(-1)?.seq ?? Infinity));
      });

      for (const n of numbers(0, 19)) {
        journal.append([started(n)]);
        if (n % 3 === 0) await journal.settled();
      }
      await journal.settled();

      expect(lead.length).toBeGreaterThanOrEqual(7);
      expect(lead.filter((ahead) => ahead < 0)).toEqual([]);
    });

    it('counts as pending what is appended and not yet durable', async () => {
      const { journal } = await (await newPlace()).open();

      journal.append([started(0), started(1)]);
      expect(journal.head).toBe(0);
      expect(journal.pending).toBe(2);

      await journal.settled();
      expect(journal.head).toBe(2);
      expect(journal.pending).toBe(0);
    });

    it('makes many appends durable in few commits', async () => {
      const { journal } = await (await newPlace()).open();
      const heard = hearing(journal);

      for (const n of numbers(1, 1000)) journal.append([started(n)]);
      await journal.settled();

      expect(heard.entries).toHaveLength(1000);
      expect(heard.tellings).toBeLessThanOrEqual(3);
    });

    it('takes what a listener appends', async () => {
      const { journal } = await (await newPlace()).open();
      const heard = hearing(journal);
      journal.onCommitted((entries) => {
        if (entries[0]?.seq === 1) journal.append([answered(0)]);
      });

      journal.append([started(0)]);
      await journal.settled();
      await journal.settled();

      expect(heard.entries.map(({ event }) => event)).toEqual([started(0), answered(0)]);
    });

    it('is settled at once when nothing waits', async () => {
      const { journal } = await (await newPlace()).open();
      await expect(journal.settled()).resolves.toBeUndefined();
      journal.append([]);
      await expect(journal.settled()).resolves.toBeUndefined();
    });
  });

  describe('reading', () => {
    it('gives back the events that were appended, to the value', async () => {
      const { journal } = await (await newPlace()).open();
      const hostile = connectedCall(0, {
        caller: { number: '0012', name: '\u0000\uD800</verbacdr>"\\ \u2028 𝄞' },
      });
      const events: CallEvent[] = [
        { ...started(0), call: hostile },
        { ...ended(0), call: { ...hostile, ...endedCall(0) } },
        gapOf('pbx', firstCallAtMs),
        upOf('pbx', firstCallAtMs, firstCallAtMs + 5),
      ];
      journal.append(events);
      await journal.settled();

      const read = await journal.readAfter(0, 10);

      expect(read).toEqual({
        kind: 'entries',
        entries: events.map((event, index) => ({ seq: index + 1, event })),
      });
    });

    it('gives at most as many as asked for, above the number asked for', async () => {
      const { journal } = await (await newPlace()).open();
      journal.append(numbers(0, 9).map((n) => started(n)));
      await journal.settled();

      const seqs = async (after: number, limit: number): Promise<number[]> => {
        const result = await journal.readAfter(after, limit);
        return result.kind === 'gone' ? [] : result.entries.map(({ seq }) => seq);
      };
      expect(await seqs(0, 3)).toEqual([1, 2, 3]);
      expect(await seqs(7, 100)).toEqual([8, 9, 10]);
      expect(await seqs(10, 100)).toEqual([]);
      expect(await seqs(99, 100)).toEqual([]);
      expect(await seqs(0, 0)).toEqual([]);
    });

    it('gives nothing beyond the head, even if more is on the disk already', async () => {
      const place = await newPlace();
      const { journal } = await place.open();
      let caught = 0;
      for (let n = 0; n < 100 && caught < 3; n += 1) {
        journal.append([started(n)]);
        for (let turn = 0; turn < n % 10; turn += 1) await new Promise(setImmediate);
        // On the disk it may come meanwhile, but the journal gets no turn to hear of it.
        const until = Date.now() + 50;
        while (place.durableHead() === journal.head && Date.now() < until);
        if (place.durableHead() > journal.head) {
          caught += 1;
          const { head } = journal;
          const read = await journal.readAfter(0, 1000);
          const last = read.kind === 'entries' ? (read.entries.at(-1)?.seq ?? 0) : -1;
          expect(last).toBeGreaterThan(0);
          expect(last).toBeLessThanOrEqual(head);
        }
        await journal.settled();
      }

      expect(caught).toBe(3);
    });

    it('cuts a long answer and gives the rest when asked again', async () => {
      const { journal } = await (await newPlace()).open();
      const events = numbers(0, 799).map((n) => ended(n));
      journal.append(events);
      await journal.settled();

      const first = await journal.readAfter(0, 1000);
      const all = await readAll(journal, 0);

      expect(first.kind === 'entries' && first.entries.length).toBeLessThan(800);
      expect(all.map(({ event }) => event)).toEqual(events);
    });
  });

  describe('retention', () => {
    it('says that what was dropped is gone, and goes on reading after it', async () => {
      const place = await newPlace();
      const { journal, dropSeenBefore } = await place.open();
      journal.append(numbers(1, 1000).flatMap((n) => [ended(n, n * 10), ended(n, n * 10 + 5)]));
      await journal.settled();

      await dropSeenBefore(5_000);

      expect(await journal.readAfter(0, 10)).toEqual({ kind: 'gone', oldestSeq: 999 });
      expect(await journal.readAfter(997, 10)).toEqual({ kind: 'gone', oldestSeq: 999 });
      const rest = await readAll(journal, 998);
      expect(rest.map(({ seq }) => seq)).toEqual(numbers(999, 2000));
    });

    it('keeps the newest number when everything is old, also over a restart', async () => {
      const place = await newPlace();
      const first = await place.open();
      first.journal.append(lifeOf(0, 1));
      await first.journal.settled();
      await first.dropSeenBefore(1_000);
      await first.close();

      const { journal } = await place.open();

      expect(journal.head).toBe(3);
      expect(await journal.readAfter(1, 10)).toEqual({ kind: 'gone', oldestSeq: 3 });
    });

    it('remembers an open call however old its last event is, until it ends', async () => {
      const place = await newPlace();
      const { journal, dropSeenBefore } = await place.open(firstCallAtMs);
      journal.append([started(0, 1), answered(0, 2), started(1, 3), ended(1, 4), ended(2, 5)]);
      await journal.settled();
      await dropSeenBefore(1_000);

      expect((await journal.remember()).open).toEqual([connectedCall(0)]);
      expect((await journal.readAfter(0, 10)).kind).toBe('gone');
      journal.append([ended(0, 2_000)]);
      await journal.settled();
      await dropSeenBefore(3_000);

      expect((await journal.remember()).open).toEqual([]);
      expect(await readAll(journal, 5)).toEqual([{ seq: 6, event: ended(0, 2_000) }]);
    });
  });

  describe('remembering', () => {
    it('knows nothing at first', async () => {
      const { journal } = await (await newPlace()).open();
      expect(await journal.remember()).toMatchObject({ open: [], ended: [], gaps: [] });
    });

    it('knows the calls without an end, as of their last event', async () => {
      const place = await newPlace();
      const first = await place.open();
      first.journal.append([started(0), started(1), started(2), answered(1), ended(2)]);
      await first.close();

      const { journal } = await place.open();

      const { open } = await journal.remember();
      expect(open).toHaveLength(2);
      expect(open).toContainEqual(offeredCall(0));
      expect(open).toContainEqual(connectedCall(1));
    });

    it('knows the calls that ended within the last hour, newest last', async () => {
      const place = await newPlace();
      const nowMs = firstCallAtMs + 10_000_000;
      const first = await place.open(nowMs);
      first.journal.append([ended(0, nowMs - 3_600_001), ended(2, nowMs - 3_600_000)]);
      first.journal.append([ended(1, nowMs - 5)]);
      await first.close();

      const { journal } = await place.open(nowMs);

      expect((await journal.remember()).ended).toEqual([endedCall(2), endedCall(1)]);
    });

    it('knows which sources are out of sight, and since when', async () => {
      const place = await newPlace();
      const first = await place.open();
      first.journal.append([gapOf('berlin', 100), gapOf('paris', 200), upOf('berlin', 100, 300)]);
      first.journal.append([gapOf('rome', 400), upOf('rome', 400, 500), gapOf('rome', 600)]);
      await first.close();

      const { journal } = await place.open();

      expect((await journal.remember()).gaps).toEqual([
        { source: 'paris', fromMs: 200 },
        { source: 'rome', fromMs: 600 },
      ]);
    });
  });

  describe('signal ids', () => {
    it('are known from the moment they are appended, and after a restart', async () => {
      const place = await newPlace();
      const first = await place.open();
      first.journal.append([started(0)], [{ source: 'crm', id: 'a' }]);
      expect(await first.journal.seenSignalIds('crm', ['a', 'b'])).toEqual(new Set(['a']));
      await first.journal.settled();
      expect(await first.journal.seenSignalIds('crm', ['b', 'a'])).toEqual(new Set(['a']));
      await first.close();

      const { journal } = await place.open();
      expect(await journal.seenSignalIds('crm', ['a', 'b'])).toEqual(new Set(['a']));
    });

    it('are kept although their signals made no events', async () => {
      const { journal } = await (await newPlace()).open();
      const heard = hearing(journal);
      journal.append([], [{ source: 'crm', id: 'nothing' }]);
      await journal.settled();

      expect(await journal.seenSignalIds('crm', ['nothing'])).toEqual(new Set(['nothing']));
      expect(heard.tellings).toBe(0);
      expect(journal.head).toBe(0);
    });

    it('belong to their source', async () => {
      const { journal } = await (await newPlace()).open();
      journal.append([], [{ source: 'crm', id: 'a' }]);
      await journal.settled();

      expect(await journal.seenSignalIds('erp', ['a'])).toEqual(new Set());
    });

    it('are taken once when two senders ask at the same time', async () => {
      const { journal } = await (await newPlace()).open();
      let taken = 0;
      const send = async (): Promise<void> => {
        const seen = await journal.seenSignalIds('crm', ['a']);
        if (seen.has('a')) return;
        taken += 1;
        journal.append([], [{ source: 'crm', id: 'a' }]);
      };

      await Promise.all([send(), send(), send()]);

      expect(taken).toBe(1);
    });
  });
}
