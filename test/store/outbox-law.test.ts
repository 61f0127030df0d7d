/**
 * Any sequence of what can be done to an outbox, against a model that is a list of rows: states, counters, the
 * order in which things are due. And the laws themselves, as far as they can be said without the model.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { openKept } from '../../src/store/kept.ts';
import type { NewDelivery, ReplayAsk } from '../../src/store/outbox-messages.ts';
import { migrate } from '../../src/store/schema.ts';
import { delivery, outboxOf } from './outbox-bed.ts';

const destinations = ['d1', 'd2'] as const;
const bounds = { waiting: 7, lane: 5 };

type Step =
  | { readonly do: 'enqueue'; readonly rows: readonly NewRow[]; readonly late: boolean }
  | {
      readonly do: 'settle';
      readonly which: number;
      readonly to: Settled;
      readonly afterMs: number;
    }
  | { readonly do: 'replay'; readonly ask: Pick<ReplayAsk, 'destination' | 'state' | 'limit'> }
  | { readonly do: 'replay one'; readonly which: number }
  | { readonly do: 'abandon'; readonly destination: string; readonly limit: number }
  | { readonly do: 'retain'; readonly keptMs: number; readonly limit: number };
type Settled = 'delivered' | 'dead' | 'expired' | 'waiting';
type NewRow = Pick<NewDelivery, 'destination' | 'lane' | 'topic' | 'class' | 'supersedes'>;

const newRow: fc.Arbitrary<NewRow> = fc.record({
  destination: fc.constantFrom(...destinations),
  lane: fc.constantFrom('c1', 'c2'),
  topic: fc.constantFrom('start', 'update'),
  class: fc.constantFrom('live', 'record'),
  supersedes: fc.constantFrom('nothing', 'topic', 'live'),
});
const limit = fc.integer({ min: 1, max: 3 });
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('enqueue'),
      rows: fc.array(newRow, { minLength: 1, maxLength: 4 }),
      late: fc.boolean(),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('settle'),
      which: fc.nat(50),
      to: fc.constantFrom<Settled>(
        'delivered',
        'delivered',
        'dead',
        'expired',
        'waiting',
        'waiting',
      ),
      afterMs: fc.integer({ min: -20, max: 60 }),
    }),
  },
  fc.record({
    do: fc.constant('replay'),
    ask: fc.record({
      destination: fc.constantFrom(null, ...destinations),
      state: fc.constantFrom(null, 'dead', 'delivered', 'collapsed', 'expired'),
      limit,
    }),
  }),
  fc.record({ do: fc.constant('replay one'), which: fc.nat(50) }),
  fc.record({ do: fc.constant('abandon'), destination: fc.constantFrom(...destinations), limit }),
  fc.record({ do: fc.constant('retain'), keptMs: fc.nat(60), limit }),
);

interface Row {
  readonly id: number;
  readonly occurrence: number;
  readonly destination: string;
  readonly lane: string;
  readonly topic: string;
  readonly original: number | null;
  class: string;
  state: string;
  dueMs: number;
  expiresMs: number;
  settledMs: number | null;
  attempts: number;
  kept: number;
}

class Model {
  rows: Row[] = [];
  readonly counts = new Map<string, Record<string, number>>();

  count(destination: string, word: string, by: number): void {
    const counts = this.counts.get(destination) ?? {};
    counts[word] = (counts[word] ?? 0) + by;
    this.counts.set(destination, counts);
  }

  move(row: Row, state: string, nowMs: number): void {
    this.count(row.destination, row.state, -1);
    this.count(row.destination, state, 1);
    row.state = state;
    row.settledMs = state === 'waiting' ? null : nowMs;
  }

  waiting(destination: string): Row[] {
    return this.rows.filter((row) => row.destination === destination && row.state === 'waiting');
  }

  laneOf(one: { readonly lane: string; readonly destination: string }): Row[] {
    return this.waiting(one.destination).filter(({ lane }) => lane === one.lane);
  }

  fits(one: { readonly lane: string; readonly destination: string }): boolean {
    const { length } = this.waiting(one.destination);
    return length < bounds.waiting && this.laneOf(one).length < bounds.lane;
  }

  /** Of one made once more. */
  dueOf(one: Pick<Row, 'id' | 'lane' | 'destination'>, nowMs: number): number {
    const lane = this.laneOf(one);
    const before = lane.filter(({ id }) => id < one.id).map(({ dueMs }) => dueMs);
    const after = lane.filter(({ id }) => id > one.id).map(({ dueMs }) => dueMs);
    return Math.max(...before, Math.min(nowMs, ...after));
  }

  /** Of a new one: as late as any of its lane, but not later than one that follows it. */
  newDueOf(one: Pick<Row, 'id' | 'lane' | 'destination'>, nowMs: number): number {
    const lane = this.laneOf(one);
    const after = lane.filter(({ id }) => id > one.id).map(({ dueMs }) => dueMs);
    if (after.length > 0) return Math.min(...after);
    return Math.max(nowMs, ...lane.map(({ dueMs }) => dueMs));
  }

  /** @returns whether it may be sent now */
  enqueue(one: NewDelivery): boolean {
    const { id, occurrence, destination, lane, topic, madeMs, expiresMs } = one;
    const dueMs = this.newDueOf(one, madeMs);
    for (const row of this.laneOf(one)) {
      if (one.supersedes === 'nothing' || row.class !== 'live' || row.id > id) continue;
      if (one.supersedes === 'topic' && row.topic !== topic) continue;
      this.move(row, 'collapsed', madeMs);
    }
    const fits = this.fits(one);
    const state = fits ? 'waiting' : 'dead';
    const made = { id, occurrence, destination, lane, topic, class: one.class, original: null };
    const settledMs = fits ? null : madeMs;
    this.rows.push({ ...made, state, dueMs, expiresMs, settledMs, attempts: 0, kept: 0 });
    this.count(destination, 'accepted', 1);
    this.count(destination, state, 1);
    return fits && dueMs <= madeMs;
  }

  settle(row: Row, to: Settled, dueMs: number, nowMs: number): void {
    row.attempts += 1;
    row.kept += 1;
    this.count(row.destination, 'attempts', 1);
    if (to !== 'delivered') this.count(row.destination, 'failures', 1);
    if (to === 'waiting') {
      for (const each of this.laneOf(row)) each.dueMs = Math.max(each.dueMs, dueMs);
    } else if (row.state === 'waiting' || (to === 'delivered' && row.state !== 'delivered')) {
      this.move(row, to, nowMs);
    }
  }

  replay(row: Row, copyId: number, nowMs: number): 'revived' | 'copied' | 'left' {
    if (row.state === 'waiting') return 'left';
    if (!this.fits(row)) return 'left';
    const expiresMs = nowMs + 90;
    if (row.state === 'dead') {
      const dueMs = this.dueOf(row, nowMs);
      this.move(row, 'waiting', nowMs);
      Object.assign(row, { class: 'record', dueMs, expiresMs, attempts: 0 });
      return 'revived';
    }
    const dueMs = this.dueOf({ ...row, id: copyId }, nowMs);
    const fresh = { id: copyId, original: row.id, class: 'record', attempts: 0, kept: 0 };
    this.rows.push({ ...row, ...fresh, state: 'waiting', dueMs, expiresMs, settledMs: null });
    this.count(row.destination, 'accepted', 1);
    this.count(row.destination, 'waiting', 1);
    return 'copied';
  }

  replayAll(
    { destination, state }: Extract<Step, { do: 'replay' }>['ask'],
    copyId: () => number,
    nowMs: number,
  ): number {
    let count = 0;
    // What is made on the way has a higher id, and is a copy of what was not dead: neither comes again.
    for (const row of [...this.rows].sort((a, b) => a.id - b.id)) {
      if (destination !== null && row.destination !== destination) continue;
      if (state !== null && row.state !== state) continue;
      if (row.state !== 'dead' && row.original !== null) continue;
      if (this.replay(row, copyId(), nowMs) !== 'left') count += 1;
    }
    return count;
  }

  abandon(destination: string, most: number, nowMs: number): void {
    const order = (a: Row, b: Row): number => a.dueMs - b.dueMs || a.id - b.id;
    for (const row of this.waiting(destination).sort(order).slice(0, most))
      this.move(row, 'dead', nowMs);
  }

  retain(settledBeforeMs: number, most: number, nowMs: number): void {
    const over = this.rows.filter((row) => row.state === 'waiting' && row.expiresMs < nowMs);
    over.sort((a, b) => a.expiresMs - b.expiresMs || a.id - b.id);
    for (const row of over.slice(0, most)) {
      this.move(row, row.class === 'live' ? 'expired' : 'dead', nowMs);
    }
    const old = this.rows.filter(
      ({ settledMs }) => settledMs !== null && settledMs < settledBeforeMs,
    );
    old.sort((a, b) => (a.settledMs ?? 0) - (b.settledMs ?? 0) || a.id - b.id);
    const gone = new Set(old.slice(0, most));
    this.rows = this.rows.filter((row) => !gone.has(row));
  }
}

class Run {
  readonly db = openKept(':memory:', {});
  readonly outbox;
  readonly model = new Model();
  nowMs = 1_000;
  #nextId = 1;
  #nextOccurrence = 1;
  readonly #skipped: number[] = [];

  constructor() {
    migrate(this.db);
    this.outbox = outboxOf(this.db, this.db, bounds);
  }

  #newId(late: boolean): number {
    // An id that was given out before others and comes after them: its commit had to be tried again.
    const skipped = late ? this.#skipped.shift() : undefined;
    if (skipped !== undefined) return skipped;
    if (late) this.#skipped.push(this.#nextId++);
    return this.#nextId++;
  }

  do(step: Step): void {
    const { outbox, model, nowMs } = this;
    if (step.do === 'enqueue') {
      this.#enqueue(step.rows, step.late);
    } else if (step.do === 'settle') {
      const row = model.rows[step.which % (model.rows.length || 1)];
      if (row === undefined) return;
      const { destination, lane } = row;
      const dueMs = nowMs + step.afterMs;
      outbox.settle(row.id, step.to, { destination, lane, dueMs }, nowMs);
      model.settle(row, step.to, dueMs, nowMs);
    } else if (step.do === 'replay') {
      this.#replay(step.ask);
    } else if (step.do === 'replay one') {
      const row = model.rows[step.which % (model.rows.length || 1)];
      if (row === undefined) return;
      const copyId = this.#nextId++;
      const ask = { delivery: row.id, firstCopyId: copyId, limit: 1, nowMs, expiresMs: nowMs + 90 };
      const { count } = outbox.replay(ask);
      expect(count).toBe(model.replay(row, copyId, nowMs) === 'left' ? 0 : 1);
    } else if (step.do === 'abandon') {
      const { destination } = step;
      const more = outbox.write.abandon({ destination, reason: 'gone', nowMs, limit: step.limit });
      model.abandon(destination, step.limit, nowMs);
      expect(more).toBe(model.waiting(destination).length > 0);
    } else {
      const settledBeforeMs = nowMs - step.keptMs;
      outbox.write.retainOutbox({ settledBeforeMs, nowMs, limit: step.limit });
      model.retain(settledBeforeMs, step.limit, nowMs);
    }
  }

  #enqueue(rows: readonly NewRow[], late: boolean): void {
    const { nowMs } = this;
    const made = rows.map((row) => {
      const id = this.#newId(late);
      const expiresMs = nowMs + (row.class === 'live' ? 30 : 90);
      return delivery(id, { ...row, occurrence: this.#nextOccurrence++, madeMs: nowMs, expiresMs });
    });
    const held = this.outbox.add(...made);
    expect(held).toEqual(made.filter((one) => !this.model.enqueue(one)).map(({ id }) => id));
  }

  #replay(ask: Extract<Step, { do: 'replay' }>['ask']): void {
    const { nowMs } = this;
    let count = 0;
    const copies: number[] = [];
    for (let afterId: number | null = 0; afterId !== null;) {
      const firstCopyId = this.#nextId;
      this.#nextId += ask.limit;
      const before = new Set(this.outbox.list().map(({ id }) => id));
      const done = this.outbox.replay({
        ...ask,
        afterId,
        firstCopyId,
        nowMs,
        expiresMs: nowMs + 90,
      });
      expect(done.count).toBeLessThanOrEqual(ask.limit);
      count += done.count;
      afterId = done.nextAfterId;
      const now = this.outbox.list().map(({ id }) => id);
      copies.push(...now.filter((id) => !before.has(id)).sort((a, b) => a - b));
    }
    // The model makes the same copies, whose ids only the steps know.
    let index = 0;
    const made = this.model.rows.length;
    const counted = this.model.replayAll(
      ask,
      () => copies[this.model.rows.length - made] ?? (index -= 1),
      nowMs,
    );
    expect(counted).toBe(count);
  }

  check(): void {
    const { outbox, model, nowMs } = this;
    const order = (a: Row, b: Row): number => a.dueMs - b.dueMs || a.id - b.id;
    const shown = outbox.list().map((row) => {
      const { id, destination, state, dueMs, settledMs, attempts, expiresMs } = row;
      return { id, destination, state, dueMs, settledMs, attempts, expiresMs, class: row.class };
    });
    const expected = model.rows.map((row) => {
      const { id, destination, state, dueMs, settledMs, attempts, expiresMs } = row;
      return { id, destination, state, dueMs, settledMs, attempts, expiresMs, class: row.class };
    });
    expect(shown).toEqual(expected.sort((a, b) => b.id - a.id));
    for (const known of outbox.read.destinationStates(null)) {
      const { destination, status: _, reason: __, atMs: ___, paused: ____, ...counts } = known;
      expect(counts).toEqual({ ...zero, ...model.counts.get(destination) });
      const { delivered, collapsed, expired, dead, waiting } = counts;
      expect(counts.accepted).toBe(delivered + collapsed + expired + dead + waiting);
      expect(waiting).toBe(model.waiting(destination).length);
      const due = model.waiting(destination).sort(order);
      const now = due.filter(({ dueMs }) => dueMs <= nowMs).map(({ id }) => id);
      const next = due.find(({ dueMs }) => dueMs > nowMs)?.dueMs ?? null;
      expect(outbox.due(nowMs, destination)).toEqual({ ids: now, next });
    }
    for (const row of shown.filter(({ state }) => state === 'waiting')) {
      const lane = model.laneOf(
        model.rows.find(({ id }) => id === row.id) ?? { lane: '', destination: '' },
      );
      const later = lane.filter(({ id, dueMs }) => id > row.id && dueMs < row.dueMs);
      expect(later).toEqual([]);
    }
    expect(this.#all('SELECT id FROM occurrences ORDER BY id')).toEqual(
      [...new Set(model.rows.map(({ occurrence }) => occurrence))].sort((a, b) => a - b),
    );
    const attempts = model.rows.reduce((sum, { kept }) => sum + kept, 0);
    expect(this.#all('SELECT count(*) FROM attempts')).toEqual([attempts]);
  }

  #all(text: string): unknown[] {
    return this.db.prepare(text).pluck().all();
  }
}

const zero = {
  ...{ accepted: 0, waiting: 0, delivered: 0, collapsed: 0, expired: 0, dead: 0 },
  ...{ attempts: 0, failures: 0 },
};

it('is a list of rows, whatever is done to it', { timeout: 60_000 }, () => {
  const steps = fc.array(fc.tuple(anyStep, fc.nat(25)), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(steps, (all) => {
      const run = new Run();
      try {
        for (const [step, afterMs] of all) {
          run.nowMs += afterMs;
          run.do(step);
          run.check();
        }
      } finally {
        run.db.close();
      }
    }),
    { numRuns: 200 },
  );
});
