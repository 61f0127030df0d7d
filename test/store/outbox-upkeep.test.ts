/**
 * What is done to the outbox besides delivering: once more, given up, out of date, forgotten, looked for.
 */
import { describe, expect, it } from 'vitest';
import type { DeliveriesAsk } from '../../src/store/outbox-messages.ts';
import { attempt, delivery, newOutbox } from './outbox-bed.ts';

const none = { accepted: 0, waiting: 0, delivered: 0, collapsed: 0, expired: 0, dead: 0 };

describe('a replay', () => {
  it('lets a dead one wait again, as new and as a record', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    outbox.settle(1, 'dead');

    const done = outbox.replay({ state: 'dead' });

    expect(done).toEqual({ count: 1, destinations: ['d1'], nextAfterId: null });
    expect(outbox.read.delivery(1)).toEqual({
      delivery: expect.objectContaining({
        ...{ state: 'waiting', class: 'record', dueMs: 300, expiresMs: 9_000 },
        ...{ attempts: 0, settledMs: null, reason: null, key: 'o1' },
      }),
      attempts: [attempt],
      body: '{"n":1}',
    });
    expect(outbox.due(300).ids).toEqual([1]);
    expect(outbox.counts()).toEqual({ ...none, accepted: 1, waiting: 1 });

    // Attempts go on to be numbered behind the old ones.
    outbox.settle(1, 'delivered', { attempt: { ...attempt, atMs: 400 } });
    expect(outbox.read.delivery(1)?.attempts.map(({ atMs }) => atMs)).toEqual([5, 400]);
  });

  it('makes a copy of another one, with the same key, and counts it', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1, { about: 'leg 2' }));
    outbox.settle(1, 'delivered');

    const done = outbox.replay({ delivery: 1, firstCopyId: 50 });

    expect(done).toEqual({ count: 1, destinations: ['d1'], nextAfterId: null });
    const [copy, original] = outbox.list();
    const { supersedes: _, ...row } = delivery(1, { about: 'leg 2' });
    expect(copy).toEqual({
      ...{ ...row, id: 50, class: 'record', madeMs: 300, expiresMs: 9_000, dueMs: 300 },
      ...{ callId: 'c1', state: 'waiting', attempts: 0, settledMs: null, reason: null },
    });
    expect(original?.state).toBe('delivered');
    expect(outbox.counts()).toEqual({ ...none, accepted: 2, delivered: 1, waiting: 1 });
    expect(outbox.read.outboxHead(null).delivery).toBe(50);
    expect(outbox.read.due({ destination: 'd1', nowMs: 300, limit: 9 }).rows[0]?.body).toBe(
      '{"n":1}',
    );
  });

  it('goes on in steps, and takes only what was asked for', async () => {
    const outbox = await newOutbox();
    const ids = Array.from({ length: 12 }, (_, index) => index + 1);
    outbox.add(
      ...ids.map((id) =>
        delivery(id, { madeMs: 100 + id, lane: `c${id}`, destination: id % 2 ? 'd1' : 'd2' }),
      ),
    );
    for (const id of ids.slice(0, 10)) {
      const where = { lane: `c${id}`, destination: id % 2 ? 'd1' : 'd2' };
      outbox.settle(id, id > 8 ? 'delivered' : 'dead', where);
    }

    const ask = { state: 'dead', fromMs: 102, throughMs: 107, limit: 4 } as const;
    const first = outbox.replay(ask);
    expect(first).toEqual({ count: 4, destinations: ['d2', 'd1'], nextAfterId: 5 });
    const second = outbox.replay({ ...ask, afterId: 5 });
    expect(second).toEqual({ count: 2, destinations: ['d2', 'd1'], nextAfterId: null });

    expect(outbox.list({ state: 'dead' }).map(({ id }) => id)).toEqual([8, 1]);
    expect(outbox.replay({ destination: 'd2', state: 'dead' }).destinations).toEqual(['d2']);
    expect(outbox.replay({ delivery: 11 }).count).toBe(0);
    expect(outbox.replay({ delivery: 77 }).count).toBe(0);
  });

  it('looks at so many rows in a step and no more, and comes to its end', async () => {
    const outbox = await newOutbox();
    const ids = Array.from({ length: 2_500 }, (_, index) => index + 1);
    outbox.add(...ids.map((id) => delivery(id, { lane: `c${id}` })));
    outbox.settle(2_400, 'dead', { lane: 'c2400' });

    const steps: number[] = [];
    for (let afterId: number | null = 0; afterId !== null;) {
      const done = outbox.replay({ state: 'dead', afterId });
      steps.push(done.count);
      afterId = done.nextAfterId;
    }

    expect(steps).toEqual([0, 0, 1]);
    expect(outbox.replay({ state: 'dead', destination: 'd1' }).nextAfterId).toBeNull();
  });

  it('makes no copies of the copies it has just made', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    outbox.settle(1, 'delivered');

    for (const id of [10, 20, 30]) {
      expect(outbox.replay({ state: 'delivered', firstCopyId: id }).count).toBe(1);
      outbox.settle(id, 'delivered');
    }
    // One by one it is another matter.
    expect(outbox.replay({ delivery: 20, firstCopyId: 40 }).count).toBe(1);
  });

  it('comes behind what waits in its lane, and does not jump an earlier one', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1), delivery(2), delivery(3));
    outbox.settle(2, 'dead');
    outbox.settle(1, 'waiting', { dueMs: 5_000 });

    outbox.replay({ delivery: 2 });

    expect(outbox.due(4_999).ids).toEqual([]);
    expect(outbox.due(5_000).ids).toEqual([1, 2, 3]);
  });

  it('leaves alone what would be too much', async () => {
    const outbox = await newOutbox({ waiting: 2 });
    outbox.add(delivery(1), delivery(2), delivery(3));

    expect(outbox.replay().count).toBe(0);
    outbox.settle(1, 'delivered');
    expect(outbox.replay({ firstCopyId: 9 })).toMatchObject({ count: 1 });

    expect(outbox.list({ state: 'waiting' })).toHaveLength(2);
  });
});

describe('what waits', () => {
  it('is given up with its destination, a step at a time', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1), delivery(2), delivery(3), delivery(4, { destination: 'd2' }));
    const ask = { destination: 'd1', reason: 'the destination was removed', nowMs: 250, limit: 2 };

    expect(outbox.write.abandon(ask)).toBe(true);
    expect(outbox.list({ state: 'dead' }).map(({ id }) => id)).toEqual([2, 1]);
    expect(outbox.write.abandon(ask)).toBe(false);
    expect(outbox.write.abandon(ask)).toBe(false);

    expect(outbox.list({ state: 'dead' })[0]).toMatchObject({
      ...{ settledMs: 250, reason: 'the destination was removed' },
    });
    expect(outbox.counts()).toEqual({ ...none, accepted: 3, dead: 3 });
    expect(outbox.due(100, 'd2').ids).toEqual([4]);
    // One was under way all the while, and has been taken.
    outbox.settle(1, 'delivered');
    expect(outbox.counts()).toEqual({ ...none, accepted: 3, dead: 2, delivered: 1 });
  });

  it('ends when its time is over: expired if it was live, dead if it was a record', async () => {
    const outbox = await newOutbox();
    outbox.add(
      delivery(1, { expiresMs: 500 }),
      delivery(2, { expiresMs: 500, class: 'record' }),
      delivery(3, { expiresMs: 501 }),
    );
    const step = { settledBeforeMs: 0, nowMs: 501, limit: 10 };

    expect(outbox.write.retainOutbox({ ...step, nowMs: 500 })).toEqual({ gone: 0, more: false });
    expect(outbox.list({ state: 'waiting' })).toHaveLength(3);
    expect(outbox.write.retainOutbox(step)).toEqual({ gone: 0, more: false });

    expect(outbox.read.delivery(1)?.delivery).toMatchObject({ state: 'expired', settledMs: 501 });
    expect(outbox.read.delivery(2)?.delivery).toMatchObject({
      ...{ state: 'dead', reason: 'tried for too long' },
    });
    expect(outbox.counts()).toEqual({ ...none, accepted: 3, waiting: 1, expired: 1, dead: 1 });
  });
});

describe('what is settled', () => {
  it('goes when it is old enough, with its attempts and what it told; counters stay', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1), delivery(2), delivery(3), delivery(4));
    // A second destination is told of the same occurrence.
    outbox.write.enqueue({
      occurrences: [],
      deliveries: [delivery(5, { destination: 'd2', occurrence: 1 })],
    });
    for (const id of [1, 2, 3]) outbox.settle(id, 'delivered', {}, 200 + id);
    const step = { settledBeforeMs: 204, nowMs: 300, limit: 2 };
    const left = (table: string): unknown =>
      outbox.db.prepare(`SELECT count(*) FROM ${table}`).pluck().get();

    expect(outbox.write.retainOutbox({ ...step, settledBeforeMs: 201 }).gone).toBe(0);
    expect(outbox.write.retainOutbox(step)).toEqual({ gone: 2, more: true });
    expect(outbox.write.retainOutbox(step)).toEqual({ gone: 1, more: false });

    expect(outbox.list().map(({ id }) => id)).toEqual([5, 4]);
    expect(outbox.read.delivery(5)?.body).toBe('{"n":1}');
    expect([left('attempts'), left('occurrences')]).toEqual([0, 2]);
    expect(outbox.counts()).toEqual({ ...none, accepted: 4, waiting: 1, delivered: 3 });
  });

  it('does not give its number back', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1), delivery(2));
    outbox.settle(1, 'delivered');
    outbox.settle(2, 'delivered');
    outbox.write.retainOutbox({ settledBeforeMs: 900, nowMs: 900, limit: 9 });

    expect(outbox.list()).toEqual([]);
    expect(outbox.read.outboxHead(null)).toEqual({ occurrence: 2, delivery: 2 });
  });
});

describe('looking for deliveries', () => {
  it.each<[string, Partial<DeliveriesAsk>, readonly number[]]>([
    ['all', {}, [8, 7, 6, 5, 4, 3, 2, 1]],
    ['a page', { beforeId: 7, limit: 2 }, [6, 5]],
    ['of a destination', { destination: 'd2' }, [8, 6, 4, 2]],
    ['a page of a destination', { destination: 'd1', beforeId: 7, limit: 2 }, [5, 3]],
    ['of a state', { state: 'dead' }, [6, 5, 2]],
    ['a page of a state', { state: 'dead', beforeId: 6, limit: 1 }, [5]],
    ['of a destination and a state', { destination: 'd2', state: 'dead' }, [6, 2]],
    ['of a call', { callId: 'c1' }, [4, 3, 2, 1]],
    ['of a call at a destination', { callId: 'c2', destination: 'd2' }, [8, 6]],
    ['of a call, in a state', { callId: 'c2', state: 'dead', limit: 1 }, [6]],
    ['of nobody', { destination: 'd3' }, []],
    ['of no call', { callId: 'c9' }, []],
  ])('finds them newest first: %s', async (_, ask, ids) => {
    const outbox = await newOutbox();
    const lane = (id: number): string => (id < 5 ? 'c1' : 'c2');
    const where = (id: number) => ({ lane: lane(id), destination: id % 2 ? 'd1' : 'd2' });
    outbox.add(...[1, 2, 3, 4, 5, 6, 7, 8].map((id) => delivery(id, where(id))));
    for (const id of [2, 5, 6]) outbox.settle(id, 'dead', where(id));
    for (const id of [3, 8]) outbox.settle(id, 'delivered', where(id));

    expect(outbox.list(ask).map(({ id }) => id)).toEqual(ids);
  });

  it('says so when there is none of that id', async () => {
    const outbox = await newOutbox();
    expect(outbox.read.delivery(1)).toBeNull();
  });
});

describe('destinations', () => {
  it('are kept as they were given, changed and forgotten; what is known of them stays', async () => {
    const outbox = await newOutbox();
    const row = { id: 'd1', body: '{"a":1}', madeMs: 10, changedMs: 20 };
    outbox.write.putDestination(row);
    outbox.write.putDestination({ ...row, id: 'b', body: '{}' });
    outbox.write.putDestination({ ...row, body: '{"a":2}', changedMs: 30 });
    outbox.add(delivery(1));

    expect(outbox.read.destinations(null)).toEqual([
      { ...row, id: 'b', body: '{}' },
      { ...row, body: '{"a":2}', changedMs: 30 },
    ]);
    outbox.write.dropDestination('d1');
    outbox.write.dropDestination('never there');

    expect(outbox.read.destinations(null).map(({ id }) => id)).toEqual(['b']);
    expect(outbox.counts()).toEqual({ ...none, accepted: 1, waiting: 1 });
    expect(outbox.read.destinationStates(null).map(({ status }) => status)).toEqual([
      ...['pending', 'pending'],
    ]);
  });

  it('are paused and go on, also before anything was told to them', async () => {
    const outbox = await newOutbox();
    outbox.add(delivery(1));
    const paused = (): unknown =>
      outbox.read.destinationStates(null).map((one) => [one.destination, one.paused, one.accepted]);

    outbox.write.pause({ destination: 'd1', paused: true });
    outbox.write.pause({ destination: 'd0', paused: true });
    expect(paused()).toEqual([
      ['d0', true, 0],
      ['d1', true, 1],
    ]);

    outbox.write.pause({ destination: 'd1', paused: false });
    outbox.write.settle({
      settlements: [],
      statuses: [{ destination: 'd0', status: 'active', reason: null, atMs: 5 }],
      nowMs: 5,
    });
    expect(paused()).toEqual([
      ['d0', true, 0],
      ['d1', false, 1],
    ]);
  });
});
