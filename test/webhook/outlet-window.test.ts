import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/webhook/delivery.ts';
import { Outlet, type Sending } from '../../src/webhook/outlet.ts';
import { delivery, destinationOf } from '../support/deliveries.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const table = { id: 'x', dialect: 'standard', standard: { secrets: [secret] } };
const at = { url: 'http://x.example/' };

/** One whose store has been read, and had nothing. */
function outletTo(more: Readonly<Record<string, unknown>> = {}): Outlet {
  return outletOf({ ...table, ...('urls' in more ? {} : at), ...more });
}

function outletOf(written: Readonly<Record<string, unknown>>): Outlet {
  const destination = destinationOf(written);
  const outlet = new Outlet(destination, { status: 'pending', reason: null, paused: false });
  outlet.beginReading();
  outlet.endReading([], [], true, undefined);
  return outlet;
}

const batched = (size: number, wait: number): Outlet =>
  outletOf({
    ...{ id: 'x', dialect: 'netsapiens', ...at, netsapiens: { model: 'cdr' } },
    ...{ batch: { size, wait }, concurrency: 2 },
  });

const noneExpires = (): void => expect.fail('nothing expires here');
const nowMs = 1_000_000;

function sent(outlet: Outlet, at = nowMs): number[] {
  const step = outlet.next(at, noneExpires);
  return step.kind === 'send' ? step.deliveries.map(({ id }) => id) : [];
}

function sending(outlet: Outlet): Sending {
  const step = outlet.next(nowMs, noneExpires);
  return step.kind === 'send' ? step : expect.fail('nothing is sent');
}

const failure = { holdMs: 0, receiver: 'fails' } as const;
const success = { holdMs: 0, receiver: 'works' } as const;

describe('an outlet', () => {
  it('sends what was just made, as much at one time as it may', () => {
    const outlet = outletTo({ concurrency: 2 });
    for (const id of [1, 2, 3]) outlet.made(delivery(id, `call ${id}`), false, nowMs);
    expect([sent(outlet), sent(outlet), sent(outlet)]).toEqual([[1], [2], []]);
    outlet.underWay -= 1;
    expect(sent(outlet)).toEqual([3]);
  });

  it('knows nothing before its first reading, and sends in the order of the store', () => {
    const destination = destinationOf({ ...table, url: 'http://x.example/', concurrency: 9 });
    const outlet = new Outlet(destination, { status: 'pending', reason: null, paused: false });
    outlet.made(delivery(5, 'a'), false, nowMs);
    expect(sent(outlet)).toEqual([]);
    expect(outlet.wantsReading).toBe(true);
    outlet.beginReading();
    outlet.endReading([4, 5], [delivery(4, 'a'), delivery(5, 'a')], true, undefined);
    expect(sent(outlet)).toEqual([4]);
  });

  it('reads again when something was made while it read', () => {
    const outlet = outletTo();
    outlet.wakeNow();
    outlet.beginReading();
    outlet.made(delivery(1, 'a'), false, nowMs);
    outlet.endReading([], [], true, undefined);
    expect(outlet.wantsReading).toBe(true);
  });

  it('does not bring back what a reading has seen, and is told of late', () => {
    const outlet = outletTo();
    outlet.wakeNow();
    outlet.beginReading();
    // Number 1 was collapsed by 2 before the reading.
    outlet.endReading([2], [delivery(2, 'a')], true, undefined);
    outlet.made(delivery(1, 'a'), false, nowMs);
    outlet.made(delivery(2, 'a'), false, nowMs);
    expect(sent(outlet)).toEqual([2]);
    expect(outlet.lanes.size).toBe(1);
  });

  it('leaves in the store what waits there, what is too much, and all while it is closed', () => {
    const outlet = outletTo();
    outlet.made(delivery(1, 'a'), true, nowMs);
    expect([outlet.lanes.size, outlet.wantsReading]).toEqual([0, true]);

    const full = outletTo();
    for (let id = 1; id <= 100; id += 1) full.made(delivery(id, 'a'), false, nowMs);
    expect([full.lanes.size, full.behind]).toEqual([64, true]);
    // It is read when there is room for what comes.
    expect(full.wantsReading).toBe(false);

    for (const close of [
      (one: Outlet) => (one.paused = true),
      (one: Outlet) => (one.status = 'disabled'),
      (one: Outlet) => one.renew({ ...one.destination, enabled: false }),
    ]) {
      const closed = outletTo();
      close(closed);
      closed.made(delivery(1, 'a'), false, nowMs);
      expect([closed.lanes.size, sent(closed), closed.wantsReading]).toEqual([0, [], false]);
    }
  });

  it('lets go in memory of what the store does not have any more', () => {
    const outlet = outletTo({ concurrency: 9 });
    for (const id of [1, 2, 3]) outlet.made(delivery(id, `call ${id}`), false, nowMs);
    expect(sent(outlet)).toEqual([1]);
    outlet.wakeNow();
    outlet.beginReading();
    outlet.endReading([1, 3], [delivery(1, 'call 1'), delivery(3, 'call 3')], true, undefined);
    expect([sent(outlet), sent(outlet)]).toEqual([[3], []]);
    expect(outlet.lanes.size).toBe(2);
  });

  it('turns to the store when its time has come, and not before', () => {
    const outlet = outletTo();
    outlet.dueAt(nowMs + 500);
    outlet.dueAt(nowMs + 900);
    outlet.wake(nowMs + 499);
    expect(outlet.wantsReading).toBe(false);
    outlet.wake(nowMs + 500);
    expect(outlet.wantsReading).toBe(true);
  });

  it('tries a reading that failed again later', () => {
    const outlet = outletTo();
    outlet.wakeNow();
    outlet.beginReading();
    outlet.failReading(nowMs + 1_000);
    expect(outlet.wantsReading).toBe(false);
    outlet.wake(nowMs + 1_000);
    expect(outlet.wantsReading).toBe(true);
  });

  it('tells of what a reading might undo only after it', () => {
    const outlet = outletTo();
    const order: string[] = [];
    outlet.afterReading(() => order.push('no reading'));
    outlet.wakeNow();
    outlet.beginReading();
    outlet.afterReading(() => order.push('after'));
    order.push('reading');
    outlet.endReading([], [], true, undefined);
    expect(order).toEqual(['no reading', 'reading', 'after']);
  });

  it('hands over what has expired instead of sending it', () => {
    const outlet = outletTo({ concurrency: 9 });
    outlet.made(delivery(1, 'a', { expiresMs: nowMs }), false, nowMs);
    outlet.made(delivery(2, 'a', { expiresMs: nowMs + 1 }), false, nowMs);
    const expired: Delivery[] = [];
    const step = outlet.next(nowMs, (each) => expired.push(each));
    expect(expired.map(({ id }) => id)).toEqual([1]);
    expect(step).toMatchObject({ kind: 'send', deliveries: [{ id: 2 }] });
  });
});

describe('a batch', () => {
  it('is sent when it is full, or when its first one has waited', () => {
    const outlet = batched(3, 0.5);
    const made = (id: number): void =>
      outlet.made(delivery(id, 'a', { madeMs: nowMs + id }), false, nowMs);
    made(1);
    made(2);
    expect(outlet.next(nowMs + 100, noneExpires)).toEqual({ kind: 'wait', untilMs: nowMs + 501 });
    made(3);
    made(4);
    expect(sent(outlet, nowMs + 100)).toEqual([1, 2, 3]);
  });

  it('is sent as it is after the wait', () => {
    const outlet = batched(3, 0.5);
    outlet.made(delivery(1, 'a', { madeMs: nowMs }), false, nowMs);
    outlet.made(delivery(2, 'b', { madeMs: nowMs + 400 }), false, nowMs);
    expect(sent(outlet, nowMs + 500)).toEqual([1, 2]);
  });

  it('is one item for a dialect that has no batches', () => {
    const outlet = outletTo({ batch: { size: 5, wait: 5 } });
    for (const id of [1, 2]) outlet.made(delivery(id, `call ${id}`), false, nowMs);
    expect(sent(outlet)).toEqual([1]);
  });
});

describe('its receivers', () => {
  const urls = ['http://one.example/', 'http://two.example/'];

  it('are turned to in order, the next one after one failure', () => {
    const outlet = outletTo({ urls, concurrency: 9 });
    for (const id of [1, 2]) outlet.made(delivery(id, `call ${id}`), false, nowMs);
    expect(outlet.urlAt(nowMs)).toBe(urls[0]);
    expect(sending(outlet).receiver).toBe(0);
    outlet.learn(0, failure, nowMs, 0.5);
    expect([outlet.hasAnother, outlet.areReceiversDown]).toEqual([true, false]);
    expect(outlet.urlAt(nowMs)).toBe(urls[1]);
    expect(sending(outlet).receiver).toBe(1);
    outlet.learn(1, failure, nowMs, 0.5);
    expect([outlet.hasAnother, outlet.areReceiversDown]).toEqual([false, true]);
    expect(outlet.urlAt(nowMs)).toBeUndefined();
  });

  it('that are all down get one request at a time, and most of what waits is let go of', () => {
    const outlet = outletTo({ concurrency: 9 });
    for (let id = 1; id <= 20; id += 1) outlet.made(delivery(id, `call ${id}`), false, nowMs);
    const tries = [sending(outlet), sending(outlet), sending(outlet)];
    for (const { deliveries, receiver } of tries) {
      outlet.learn(receiver, failure, nowMs, 0.5);
      for (const each of deliveries) outlet.lanes.park(each);
      outlet.underWay -= 1;
    }
    expect(outlet.lanes.size).toBe(0);
    expect(outlet.wantsReading).toBe(true);
    const limit = outlet.beginReading();
    expect(limit).toBeLessThan(10);
    outlet.endReading([4, 5], [delivery(4, 'call 4'), delivery(5, 'call 5')], false, undefined);
    const later = nowMs + 1_000;
    expect([sent(outlet, later), sent(outlet, later)]).toEqual([[4], []]);
    outlet.learn(0, success, later, 0.5);
    expect(sent(outlet, later)).toEqual([5]);
  });

  it('that ask for patience get it', () => {
    const outlet = outletTo();
    outlet.made(delivery(1, 'a'), false, nowMs);
    outlet.learn(0, { holdMs: 3_000, receiver: 'fails' }, nowMs, 0.5);
    expect(outlet.next(nowMs + 2_999, noneExpires)).toEqual({
      kind: 'wait',
      untilMs: nowMs + 3_000,
    });
    expect(sent(outlet, nowMs + 3_000)).toEqual([1]);
  });

  it('are tried at once when they are others than before', () => {
    const outlet = outletTo({ concurrency: 9 });
    outlet.made(delivery(1, 'a'), false, nowMs);
    for (let n = 0; n < 3; n += 1) outlet.learn(0, failure, nowMs, 0.5);
    expect(outlet.areReceiversDown).toBe(true);
    outlet.renew({ ...outlet.destination, timeout: 9 });
    expect(outlet.areReceiversDown).toBe(true);
    outlet.renew({ ...outlet.destination, urls: ['http://new.example/'] });
    expect(outlet.areReceiversDown).toBe(false);
    expect(sent(outlet)).toEqual([1]);
  });
});
