/**
 * The outbox on a real database: what is to be delivered, in which order, and what becomes of it.
 */
import { describe, expect, it } from 'vitest';
import { pragmaValue } from '../../src/store/kept.ts';
import { tooMuchWaiting } from '../../src/store/outbox-lanes.ts';
import { attempt, delivery, newOutbox, occurrence } from './outbox-bed.ts';

const none = { accepted: 0, waiting: 0, delivered: 0, collapsed: 0, expired: 0, dead: 0 };

describe('what is to be delivered', () => {
  it('is due at once, by when it was made and then by its id, with what it tells', async () => {
    const outbox = await newOutbox();
    const a = delivery(3, { madeMs: 100, lane: 'c2', about: 'x' });
    outbox.add(delivery(1, { madeMs: 110 }), delivery(2, { madeMs: 90, lane: 'c9' }), a);

    const due = outbox.read.due({ destination: 'd1', nowMs: 100, limit: 10 });

    expect(due.rows.map(({ id }) => id)).toEqual([2, 3]);
    expect(due.nextDueMs).toBe(110);
    const { supersedes: _, ...row } = a;
    expect(due.rows[1]).toEqual({ ...row, attempts: 0, body: '{"n":3}' });
    expect(outbox.due(110)).toEqual({ ids: [2, 3, 1], next: null });
    expect(outbox.due(110, 'd1', 2)).toEqual({ ids: [2, 3], next: null });
    expect(outbox.due(110, 'another')).toEqual({ ids: [], next: null });
  });

  it('is counted where a destination is seen for the first time', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1), delivery(2, { destination: 'd2' }), delivery(3));

    expect(outbox.read.destinationStates(null)).toEqual([
      {
        ...none,
        ...{ destination: 'd1', status: 'pending', reason: null, atMs: 100, paused: false },
        ...{ accepted: 2, waiting: 2, attempts: 0, failures: 0 },
      },
      expect.objectContaining({ destination: 'd2', accepted: 1, waiting: 1 }),
    ]);
    expect(outbox.read.outboxHead(null)).toEqual({ occurrence: 3, delivery: 3 });
  });

  it('waits with its lane, which waits for a later attempt', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    outbox.settle(1, 'waiting', { dueMs: 5_000 });

    const held = outbox.add(
      delivery(2),
      delivery(3, { lane: 'c2' }),
      delivery(4, { destination: 'd2' }),
      delivery(5),
    );

    expect(held).toEqual([2, 5]);
    expect(outbox.due(4_999)).toEqual({ ids: [3], next: 5_000 });
    expect(outbox.due(5_000)).toEqual({ ids: [3, 1, 2, 5], next: null });
    expect(outbox.due(100, 'd2').ids).toEqual([4]);
  });

  it('is taken once, however often it comes', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    outbox.settle(1, 'delivered');

    expect(outbox.add(delivery(1), delivery(2))).toEqual([1]);

    expect(outbox.counts()).toEqual({ ...none, accepted: 2, delivered: 1, waiting: 1 });
    expect(outbox.state(1)).toBe('delivered 100');
  });

  it('is of the call of an occurrence that came before', async () => {
    const outbox = await newOutbox();
    outbox.write.enqueue({
      occurrences: [occurrence(1, { callId: 'c7' })],
      deliveries: [delivery(1, { lane: 'x' })],
    });
    outbox.write.enqueue({
      occurrences: [occurrence(1, { callId: 'other', body: 'other' })],
      deliveries: [delivery(2, { lane: 'x', destination: 'd2', occurrence: 1 })],
    });
    outbox.write.enqueue({
      occurrences: [],
      deliveries: [delivery(3, { lane: 'x', occurrence: 1 })],
    });

    expect(outbox.list({ callId: 'c7' }).map(({ id }) => id)).toEqual([3, 1]);
    expect(outbox.read.delivery(2)?.body).toBe('{"n":1}');
  });

  it('is dead at once where too much waits already, and what it collapses makes room', async () => {
    const outbox = await newOutbox({ waiting: 2 });
    const held = outbox.add(
      delivery(1),
      delivery(2, { lane: 'c2' }),
      delivery(3, { lane: 'c3' }),
      delivery(4, { destination: 'd2' }),
      delivery(5, { lane: 'c2', supersedes: 'live' }),
    );

    expect(held).toEqual([3]);
    expect(outbox.read.delivery(3)?.delivery).toMatchObject({
      ...{ state: 'dead', reason: tooMuchWaiting, settledMs: 100 },
    });
    expect(outbox.due(100).ids).toEqual([1, 5]);
    expect(outbox.counts()).toEqual({ ...none, accepted: 4, waiting: 2, collapsed: 1, dead: 1 });
  });

  it('holds a lane within its bound', async () => {
    const outbox = await newOutbox({ lane: 2 });
    const held = outbox.add(
      ...[delivery(1), delivery(2), delivery(3), delivery(4, { lane: 'c2' })],
    );

    expect(held).toEqual([3]);
    expect(outbox.state(3)).toBe('dead 100');
    expect(outbox.counts()).toEqual({ ...none, accepted: 4, waiting: 3, dead: 1 });
  });
});

describe('what is superseded', () => {
  it.each([
    ['live', [4, 5, 6, 9]],
    ['topic', [2, 4, 5, 6, 9]],
    ['nothing', [1, 2, 3, 4, 5, 6, 9]],
  ] as const)('is collapsed as the newer one asks: %s', async (supersedes, left) => {
    const outbox = await newOutbox();
    outbox.add(
      delivery(1, { topic: 'update' }),
      delivery(2, { topic: 'answer' }),
      delivery(3, { topic: 'update' }),
      delivery(4, { topic: 'update', class: 'record' }),
      delivery(5, { topic: 'update', lane: 'c2' }),
      delivery(6, { topic: 'update', destination: 'd2' }),
    );

    outbox.add(delivery(9, { topic: 'update', supersedes, key: 'o9.update', madeMs: 150 }));

    const waiting = outbox.list({ state: 'waiting' }).map(({ id }) => id);
    expect(waiting).toEqual([...left].reverse());
    const gone = 7 - left.length;
    expect(outbox.counts()).toEqual({ ...none, accepted: 6, waiting: 6 - gone, collapsed: gone });
    for (const { reason, settledMs } of outbox.list({ state: 'collapsed' })) {
      expect({ reason, settledMs }).toEqual({ reason: 'superseded by o9.update', settledMs: 150 });
    }
  });

  it('leaves its lane waiting for as long as before', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    outbox.settle(1, 'waiting', { dueMs: 5_000 });

    expect(outbox.add(delivery(2, { supersedes: 'live' }))).toEqual([2]);

    expect(outbox.state(1)).toBe('collapsed 5000');
    expect(outbox.state(2)).toBe('waiting 5000');
  });

  it('was delivered all the same, when it was under way', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    outbox.add(delivery(2, { supersedes: 'live' }));

    outbox.settle(1, 'delivered');

    expect(outbox.read.delivery(1)?.delivery).toMatchObject({ state: 'delivered', reason: null });
    expect(outbox.counts()).toEqual({ ...none, accepted: 2, waiting: 1, delivered: 1 });
  });
});

describe('settling', () => {
  it('keeps what became of each, and counts it', async () => {
    const outbox = await newOutbox();
    outbox.add(...[1, 2, 3, 4].map((id) => delivery(id, { lane: `c${id}` })));

    outbox.settle(1, 'delivered', { attempt: { ...attempt, status: 200 } });
    outbox.settle(2, 'dead', { lane: 'c2' });
    outbox.settle(3, 'expired', { lane: 'c3', attempt: null });
    outbox.settle(4, 'waiting', { lane: 'c4', dueMs: 900 });

    expect(outbox.counts()).toEqual({
      ...{ accepted: 4, waiting: 1, delivered: 1, collapsed: 0, expired: 1, dead: 1 },
    });
    expect(outbox.read.destinationStates(null)[0]).toMatchObject({ attempts: 3, failures: 2 });
    expect(outbox.read.delivery(2)).toEqual({
      delivery: expect.objectContaining({
        ...{ state: 'dead', settledMs: 200, reason: 'it said no', attempts: 1, callId: 'c2' },
      }),
      attempts: [attempt],
      body: '{"n":2}',
    });
    expect(outbox.read.delivery(3)?.attempts).toEqual([]);
    expect(outbox.due(900).ids).toEqual([4]);
    expect(outbox.due(900).next).toBeNull();
  });

  it('makes a whole lane wait, and never for less long', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1), delivery(2), delivery(3, { lane: 'c2' }));

    outbox.settle(1, 'waiting', { dueMs: 5_000 });
    outbox.settle(1, 'waiting', { dueMs: 4_000 });

    expect([1, 2, 3].map((id) => outbox.state(id))).toEqual([
      ...['waiting 5000', 'waiting 5000', 'waiting 100'],
    ]);
    expect(outbox.read.delivery(1)?.delivery.attempts).toBe(2);
  });

  it('changes nothing where something else was settled before, and keeps the attempt', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    outbox.settle(1, 'delivered');

    outbox.settle(1, 'dead');
    outbox.settle(1, 'expired');
    outbox.settle(1, 'delivered');
    outbox.settle(77, 'delivered');

    expect(outbox.counts()).toEqual({ ...none, accepted: 1, delivered: 1 });
    expect(outbox.read.delivery(1)?.attempts).toHaveLength(4);
    expect(outbox.read.delivery(1)?.delivery).toMatchObject({ state: 'delivered', attempts: 4 });
    expect(outbox.db.prepare('SELECT count(*) FROM attempts').pluck().get()).toBe(4);
  });

  it('keeps the last fifty attempts of a delivery', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    for (let n = 1; n <= 60; n += 1) {
      outbox.settle(1, 'waiting', { dueMs: n, attempt: { ...attempt, atMs: n } });
    }

    const found = outbox.read.delivery(1);
    expect(found?.attempts.map(({ atMs }) => atMs)).toEqual(
      Array.from({ length: 50 }, (_, index) => index + 11),
    );
    expect(found?.delivery.attempts).toBe(60);
  });

  it('keeps the status of destinations', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    const of = (destination: string) =>
      ({ destination, status: 'error', reason: 'no answer', atMs: 210 }) as const;

    outbox.write.settle({ settlements: [], statuses: [of('d1'), of('new')], nowMs: 220 });

    expect(outbox.read.destinationStates(null)).toEqual([
      expect.objectContaining({ ...of('d1'), accepted: 1 }),
      expect.objectContaining({ ...of('new'), accepted: 0, paused: false }),
    ]);
  });

  it('does not wait for the disk, and lets everything else wait for it again', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    const synchronous = (): unknown => pragmaValue(outbox.db, 'synchronous');
    outbox.db.exec(`CREATE TEMP TABLE seen (synchronous);
      CREATE TEMP TRIGGER look AFTER UPDATE ON deliveries
      BEGIN INSERT INTO seen SELECT synchronous FROM pragma_synchronous; END`);

    outbox.settle(1, 'delivered');
    expect(outbox.db.prepare('SELECT * FROM seen').pluck().all()).toEqual([1]);
    expect(synchronous()).toBe(2);

    // What is no text is refused by the table, in the middle of the transaction.
    const wrong = { ...attempt, url: null as unknown as string };
    expect(() => outbox.settle(1, 'delivered', { attempt: wrong })).toThrow(/NOT NULL/);
    expect(synchronous()).toBe(2);
    expect(outbox.read.delivery(1)?.delivery.attempts).toBe(1);
  });
});

describe('hostile values', () => {
  it('makes times whole and finite, for a table refuses others', async () => {
    const outbox = await newOutbox();
    outbox.write.enqueue({
      occurrences: [occurrence(1, { atMs: NaN }), occurrence(2, { atMs: -Infinity })],
      deliveries: [
        delivery(1, { madeMs: 100.7, expiresMs: Infinity }),
        delivery(2, { madeMs: -0.5, expiresMs: 1e300, lane: 'c2' }),
      ],
    });
    const half = { ...attempt, atMs: 1.5, durationMs: 0.25 };
    outbox.settle(1, 'waiting', { dueMs: 500.9, attempt: half }, 200.5);
    outbox.settle(2, 'delivered', { attempt: half, lane: 'c2' }, 200.5);
    const status = { destination: 'd1', status: 'active', reason: null, atMs: 7.5 } as const;
    outbox.write.settle({ settlements: [], statuses: [status], nowMs: 1.5 });
    outbox.replay({ delivery: 2, nowMs: 300.5, expiresMs: 400.5 });
    outbox.write.retainOutbox({ settledBeforeMs: 1.5, nowMs: 401.5, limit: 9 });
    const gone = { destination: 'd1', reason: 'gone', nowMs: 500.5, limit: 9 };
    expect(outbox.write.abandon(gone)).toBe(false);

    expect(outbox.read.delivery(1)).toMatchObject({
      delivery: { madeMs: 100, expiresMs: Number.MAX_SAFE_INTEGER, dueMs: 500, settledMs: 500 },
      attempts: [{ atMs: 1, durationMs: 0 }],
    });
    expect(outbox.read.delivery(2)?.delivery).toMatchObject({ madeMs: 0, settledMs: 200 });
    expect(outbox.read.delivery(1_000)?.delivery).toMatchObject({ state: 'dead', settledMs: 401 });
  });

  it('gives back any text as it came', async () => {
    const outbox = await newOutbox();
    const text = 'a\0b"\'\n;--😀&#\u2028';
    const odd = delivery(1, {
      ...{ lane: text, destination: text, topic: text, about: text, key: text },
    });
    outbox.write.enqueue({
      occurrences: [occurrence(1, { callId: text, body: text, key: text })],
      deliveries: [odd],
    });
    outbox.settle(1, 'waiting', {
      ...{ destination: text, lane: text, dueMs: 400 },
      attempt: { ...attempt, url: text, error: text, answer: text },
    });

    expect(outbox.add(delivery(2, { lane: text, destination: text }))).toEqual([2]);
    const { supersedes: _, ...row } = odd;
    expect(outbox.read.due({ destination: text, nowMs: 400, limit: 1 }).rows).toEqual([
      { ...row, attempts: 1, body: text },
    ]);
    expect(outbox.list({ callId: text, destination: text })).toHaveLength(1);
    expect(outbox.read.delivery(1)?.attempts[0]).toMatchObject({ url: text, answer: text });
  });
});
