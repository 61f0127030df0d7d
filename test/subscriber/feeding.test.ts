/**
 * Bringing a reader up to the present: what is told, in which pieces, and where it ends.
 */
import { describe, expect, it } from 'vitest';
import { filterOf } from '../../src/call/extension.ts';
import { Encoder } from '../../src/subscriber/encoding.ts';
import {
  feedMissed,
  feedSnapshot,
  type Feeding,
  type Reader,
} from '../../src/subscriber/feeding.ts';
import type { NotificationType } from '../../src/subscriber/message.ts';
import type { Subscription } from '../../src/subscriber/subscription.ts';
import { connectedCall, ended, lifeOf, started } from '../support/calls.ts';
import { site } from '../support/house.ts';
import { MemoryJournal } from '../support/memory-journal.ts';

const chunkBytes = 64 * 1024;

class FakeReader implements Reader {
  readonly taken: { readonly bytes: Buffer; readonly seq: number | undefined }[] = [];
  /** Up to where it was told to have got, and how many it passed over on the way. */
  readonly passes: (readonly [seq: number, filtered: number])[] = [];
  current = true;
  /** How often somebody waited for it. */
  waits = 0;
  onWait: () => Promise<void> = () => Promise.resolve();

  take(bytes: Buffer, seq?: number): void {
    this.taken.push({ bytes, seq });
  }

  passed(seq: number, filtered: number): void {
    this.passes.push([seq, filtered]);
  }

  async drained(): Promise<void> {
    this.waits += 1;
    await this.onWait();
  }

  isCurrent(): boolean {
    return this.current;
  }

  get positions(): number[] {
    const text = Buffer.concat(this.taken.map(({ bytes }) => bytes)).toString();
    return [...text.matchAll(/position="memory01-(\d+)"/g)].map(([, seq]) => Number(seq));
  }
}

function scene(): {
  journal: MemoryJournal;
  reader: FakeReader;
  feeding: Feeding;
  joins: number[];
} {
  const journal = new MemoryJournal();
  const reader = new FakeReader();
  const joins: number[] = [];
  const feeding: Feeding = {
    journal,
    head: () => journal.head,
    join: () => joins.push(journal.head),
    encoder: new Encoder(site, journal.epoch),
    form: { transport: 'tcp', encoding: 'xml', feed: true },
  };
  return { journal, reader, feeding, joins };
}

function subscription(
  types: readonly NotificationType[] = ['CallStart', 'CallEnd'],
  ...numbers: string[]
): Subscription {
  const filter = filterOf(numbers.map((number) => ({ kind: 'number', number })));
  return { filter, types, feed: true, snapshot: false, ack: false };
}

const numbers = (from: number, through: number): number[] =>
  Array.from({ length: through - from + 1 }, (_, index) => from + index);

describe('a snapshot', () => {
  const calls = numbers(0, 99).map((n) => connectedCall(n));

  it('is told in pieces, each waiting for the one before to go out', async () => {
    const { reader, feeding } = scene();
    await feedSnapshot(reader, calls, 7, feeding);
    expect(reader.positions).toEqual(calls.map(() => 7));
    expect(reader.taken.length).toBeGreaterThan(2);
    expect(reader.waits).toBe(reader.taken.length);
    for (const { bytes } of reader.taken) expect(bytes.length).toBeLessThan(chunkBytes + 4_096);
  });

  it('gives a place to go on from with its last piece only', async () => {
    const { reader, feeding } = scene();
    await feedSnapshot(reader, calls, 7, feeding);
    const places = reader.taken.map(({ seq }) => seq);
    expect(places.at(-1)).toBe(7);
    expect(places.slice(0, -1)).toEqual(places.slice(0, -1).map(() => undefined));
  });

  it('stops when the reader is gone', async () => {
    const { reader, feeding } = scene();
    reader.onWait = () => {
      reader.current = false;
      return Promise.resolve();
    };
    await feedSnapshot(reader, calls, 7, feeding);
    expect(reader.taken).toHaveLength(1);
  });
});

describe('missed events', () => {
  it('are told in order, those that match, until the present, and then the reader joins', async () => {
    const { journal, reader, feeding, joins } = scene();
    for (const n of numbers(0, 199)) journal.append(lifeOf(n));
    const end = await feedMissed(reader, subscription(undefined, '1007'), 30, feeding);

    expect(end).toBe('live');
    // Calls 107 only: 7 lies before the position; of each the first and the third event.
    expect(reader.positions).toEqual([322, 324]);
    expect(joins).toEqual([600]);
  });

  it('are told in pieces, each waiting for the one before to go out', async () => {
    const { journal, reader, feeding } = scene();
    for (const n of numbers(0, 999)) journal.append([started(n), ended(n)]);
    await feedMissed(reader, subscription(), 0, feeding);

    expect(reader.positions).toEqual(numbers(1, 2_000));
    expect(reader.taken.length).toBeGreaterThan(20);
    expect(reader.waits).toBe(reader.taken.length);
    for (const { bytes } of reader.taken) expect(bytes.length).toBeLessThan(chunkBytes + 4_096);
  });

  it('say with each piece up to where the reader has got everything', async () => {
    const { journal, reader, feeding } = scene();
    for (const n of numbers(0, 199)) journal.append([started(n)]);
    await feedMissed(reader, subscription(), 50, feeding);
    for (const { bytes, seq } of reader.taken) {
      expect(bytes.toString()).toContain(`position="memory01-${seq}"`);
      expect(bytes.toString()).not.toContain(`position="memory01-${(seq ?? 0) + 1}"`);
    }
    expect(reader.taken.at(-1)?.seq).toBe(200);
  });

  it('include those that come while the reader drains', async () => {
    const { journal, reader, feeding, joins } = scene();
    journal.append(lifeOf(0));
    let more = 40;
    reader.onWait = () => {
      if ((more -= 1) > 0) journal.append(lifeOf(more));
      return Promise.resolve();
    };
    expect(await feedMissed(reader, subscription(), 0, feeding)).toBe('live');
    expect(journal.head).toBe(120);
    expect(reader.positions).toEqual(numbers(1, 120).filter((seq) => seq % 3 !== 2));
    expect(joins).toEqual([120]);
  });

  it('leave no seam: an event in the very next microtask finds the reader joined', async () => {
    for (const hops of numbers(0, 12)) {
      const { journal, reader, feeding, joins } = scene();
      journal.append(lifeOf(0));
      let seen = 0;
      const appendAfter = (left: number): void => {
        if (left > 0) return queueMicrotask(() => appendAfter(left - 1));
        journal.append(lifeOf(1));
        // Told by the journal, or by whoever the reader has joined.
        seen = joins.length > 0 ? 6 : 0;
      };
      reader.onWait = () => {
        reader.onWait = () => Promise.resolve();
        appendAfter(hops);
        return Promise.resolve();
      };
      expect(await feedMissed(reader, subscription(), 0, feeding)).toBe('live');
      await new Promise((resolve) => setImmediate(resolve));
      const told = reader.taken.at(-1)?.seq ?? 0;
      expect(Math.max(told, seen), `after ${hops} microtasks`).toBe(6);
      expect(joins).toHaveLength(1);
    }
  });

  it('that retention has dropped meanwhile end it', async () => {
    const { journal, reader, feeding, joins } = scene();
    for (const n of numbers(0, 999)) journal.append([started(n)]);
    reader.onWait = () => {
      journal.dropThrough(900);
      return Promise.resolve();
    };
    expect(await feedMissed(reader, subscription(), 0, feeding)).toBe('gone');
    expect(joins).toEqual([]);
  });

  it('are of no use to a reader that is gone', async () => {
    const { journal, reader, feeding, joins } = scene();
    for (const n of numbers(0, 999)) journal.append([started(n)]);
    reader.onWait = () => {
      reader.current = false;
      return Promise.resolve();
    };
    expect(await feedMissed(reader, subscription(), 0, feeding)).toBe('dropped');
    expect(reader.taken).toHaveLength(1);
    expect(joins).toEqual([]);
  });

  it('that the journal cannot give are an error, not an endless question', async () => {
    const { journal, reader, feeding } = scene();
    journal.append(lifeOf(0));
    const broken: Feeding = {
      ...feeding,
      journal: { readAfter: () => Promise.resolve({ kind: 'entries', entries: [] }) },
    };
    await expect(feedMissed(reader, subscription(), 0, broken)).rejects.toThrow('nothing after 0');
  });
});
