import { describe, expect, it } from 'vitest';
import { Outlet } from '../../src/webhook/outlet.ts';
import { delivery, destinationOf } from '../support/deliveries.ts';

const secret = `whsec_${Buffer.alloc(32, 1).toString('base64')}`;
const table = {
  id: 'crm',
  dialect: 'standard',
  urls: ['http://crm.example/'],
  standard: { secrets: [secret] },
};
const nowMs = 1_000;

/** An outlet that has read all there is: nothing. */
function outlet(): Outlet {
  const made = new Outlet(destinationOf(table), {
    status: 'pending',
    reason: null,
    paused: false,
  });
  read(made, []);
  return made;
}

function read(of: Outlet, ids: readonly number[], isAll = true): void {
  of.beginReading();
  of.endReading(ids, ids.map(live), isAll, undefined);
}

/** A live delivery with the id, in a lane of its own. */
const live = (id: number): ReturnType<typeof delivery> =>
  delivery(id, `call ${id}`, { class: 'live', topic: 'start' });

/** What is sent from now on, each one taken at once. */
function sent(of: Outlet): number[] {
  const ids: number[] = [];
  for (;;) {
    const step = of.next(nowMs, () => undefined);
    if (step.kind === 'wait') return ids;
    of.underWay -= 1;
    for (const each of step.deliveries) {
      ids.push(each.id);
      of.lanes.done(each);
      of.lanes.settled(each.id);
    }
  }
}

/** What the end of a call says, which needs no start any more. */
const endOf = (lane: string, id: number): ReturnType<typeof delivery> =>
  delivery(id, lane, { topic: 'end', supersedes: 'live' });

describe('an outlet', () => {
  it('does not tell of a call that has ended, however much else is in memory', () => {
    const crm = outlet();
    for (let id = 1; id <= 64; id += 1) crm.made(live(id), false, nowMs);
    crm.made(live(65), false, nowMs);
    expect(crm.behind).toBe(true);
    crm.made(endOf('call 7', 66), false, nowMs);
    expect(sent(crm)).not.toContain(7);
  });

  it('does not tell of a call that has ended while it was paused', () => {
    const crm = outlet();
    crm.made(live(1), false, nowMs);
    crm.paused = true;
    crm.made(endOf('call 1', 2), false, nowMs);
    crm.paused = false;
    crm.wakeNow();
    expect(sent(crm)).toEqual([]);
  });

  it('does not tell of a call that has ended while the store was read as it was before', () => {
    const crm = outlet();
    crm.wakeNow();
    crm.beginReading();
    crm.made(endOf('call 3', 4), false, nowMs);
    crm.endReading([3], [live(3)], true, undefined);
    expect(sent(crm)).toEqual([]);
    read(crm, [5]);
    expect(sent(crm)).toEqual([5]);
  });
  it('does not read again and again what is of a lane that is about to wait', () => {
    const crm = outlet();
    const of = (id: number): ReturnType<typeof delivery> => delivery(id, 'busy');
    crm.made(of(1), false, nowMs);
    const step = crm.next(nowMs, () => undefined);
    expect(step.kind).toBe('send');
    crm.lanes.park(of(1));
    crm.wakeNow();
    const limit = crm.beginReading();
    const ids = Array.from({ length: limit }, (_, n) => n + 1);
    crm.endReading(ids, ids.map(of), false, undefined);
    expect(crm.wantsReading).toBe(false);
    crm.parked('busy', nowMs + 5, nowMs);
    expect(crm.wantsReading).toBe(true);
  });
});
