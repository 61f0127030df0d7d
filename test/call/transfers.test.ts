import { describe, expect, it } from 'vitest';
import { Listener } from '../support/listener.ts';
import { anna, ben, carla, Exchange, type Line, morningMs, zoe } from '../support/signals.ts';

const heard = (pbx: Exchange): Listener => new Listener().hear(pbx.said);

describe('a blind transfer', () => {
  /** Anna sends Zoë to Ben and is gone; Ben's phone rings. */
  function sentOn(): { pbx: Exchange; from: Line; to: Line } {
    const pbx = new Exchange();
    const { from, to: desk, bridge } = pbx.talk(zoe, anna);
    pbx.after(10_000).say({
      kind: 'transfer.completed',
      leg: desk.leg,
      style: 'blind',
      transferee: from.leg,
      to: '1002',
    });
    pbx.leaves(from, bridge);
    pbx.leaves(desk, bridge);
    pbx.asksForTheEnd(desk);
    pbx.ends(desk);
    const to = pbx.after(500).ringsAt(from, ben);
    return { pbx, from, to };
  }

  it('goes on in the same call, with Ben in the place of Anna', () => {
    const { pbx, from, to } = sentOn();
    pbx.after(3_000).answers(from, to);
    pbx.after(20_000).hangsUp(to, from);

    const { call } = heard(pbx);
    expect(call).toMatchObject({
      outcome: 'answered',
      answeredAtMs: morningMs + 4_100,
      endedBy: { side: 'called', number: '1002' },
      transfers: [
        {
          style: 'blind',
          atMs: morningMs + 14_100,
          by: '1001',
          transferee: '+4930123456',
          to: '1002',
        },
      ],
    });
    expect(call.extensions).toEqual(['+4930123456', 'trunk-berlin', '1001', '1002']);
    expect(
      heard(pbx)
        .story()
        .filter((kind) => kind === 'call.answered'),
    ).toHaveLength(1);
  });

  it('was not ended by Anna, who left first, when Zoë gives up', () => {
    const { pbx, from, to } = sentOn();
    pbx.after(8_000).asksForTheEnd(from);
    pbx.fails(from, to, 'cancelled');
    pbx.ends(from);
    expect(heard(pbx).call).toMatchObject({
      outcome: 'answered',
      endedBy: { side: 'caller', number: '+4930123456' },
    });
  });

  it('reported twice is one transfer', () => {
    const { pbx } = sentOn();
    const at = pbx.said.findIndex(({ kind }) => kind === 'transfer.completed');
    pbx.said.splice(at, 0, ...pbx.said.slice(at, at + 1));
    expect(heard(pbx).call.transfers).toHaveLength(1);
  });
});

describe('an attended transfer', () => {
  /** Anna holds Zoë, asks Ben in a call of her own, and puts the two together. */
  function consulted(pbx = new Exchange()) {
    const first = pbx.talk(zoe, anna);
    pbx.after(5_000).holds(first.to);
    const second = pbx.after(1_000).talk(anna, ben);
    pbx.after(5_000).say({
      kind: 'transfer.completed',
      leg: first.to.leg,
      style: 'attended',
      consultLeg: second.from.leg,
      transferee: first.from.leg,
      target: second.to.leg,
    });
    return { pbx, first, second, atMs: pbx.nowMs };
  }

  function done() {
    const { pbx, first, second, atMs } = consulted();
    pbx.meet(first.from, second.to);
    pbx.asksForTheEnd(first.to);
    pbx.ends(first.to);
    pbx.asksForTheEnd(second.from, 'platform');
    pbx.ends(second.from);
    pbx.after(30_000).hangsUp(first.from, second.to);
    return { listener: heard(pbx), atMs };
  }

  it('makes one call of two: the younger ends merged, once, and says where it went on', () => {
    const { listener, atMs } = done();

    expect(listener.calls).toHaveLength(2);
    const [older, younger] = [listener.of(0), listener.of(1)];
    expect(younger).toMatchObject({
      state: 'ended',
      outcome: 'merged',
      ending: 'observed',
      mergedInto: older.id,
      endedAtMs: atMs,
      caller: { number: '1001' },
      called: { number: '1002' },
    });
    expect(listener.story(1).filter((kind) => kind === 'call.ended')).toHaveLength(1);
    expect(older).toMatchObject({
      outcome: 'answered',
      caller: { number: '+4930123456' },
      called: { number: '1001' },
      endedBy: { side: 'caller', number: '+4930123456' },
      transfers: [{ style: 'attended', by: '1001', transferee: '+4930123456', to: '1002' }],
    });
    expect(older.mergedInto).toBeUndefined();
  });

  it('lets Ben’s watchers hear of the older call before the younger one is over', () => {
    const { pbx, first, second, atMs } = consulted();
    pbx.ends(second.from);
    pbx.meet(first.from, second.to);
    const listener = heard(pbx);
    const [older, younger] = [listener.of(0), listener.of(1)];
    const told = listener.ofCalls.filter((event) => event.atMs === atMs);
    expect(told.map(({ call, kind }) => [call.id === younger.id, kind])).toEqual([
      [false, 'call.updated'],
      [true, 'call.updated'],
      [true, 'call.ended'],
    ]);
    expect(told[0]?.joined).toEqual(['1002']);
    expect(older.state).toBe('held');
  });

  it('of which both legs come at once ends the younger before it tells who has come', () => {
    const pbx = new Exchange();
    const [one, other] = [pbx.dials(zoe, '1'), pbx.after(10).dials(ben, '2')];
    for (const line of [one, other]) pbx.connects(line);
    for (const line of [one, other]) pbx.joins(line, 'shared');
    const listener = heard(pbx);
    const last = listener.outcome;
    const events = last?.kind === 'events' ? last.events : [];
    expect(events.map(({ kind, id }) => [kind, id.split('/')[0]])).toEqual([
      ['call.ended', listener.of(1).id],
      ['call.updated', listener.of(0).id],
      ['call.answered', listener.of(0).id],
    ]);
  });

  it('lets Ben join the older call, and tells the older call’s watchers of him', () => {
    const { listener, atMs } = done();
    const [older, younger] = [listener.of(0), listener.of(1)];
    const joins = listener.ofCalls.filter(({ joined }) => joined.includes('1002'));
    expect(joins.map(({ kind, call, atMs: at }) => [kind, call.id, at])).toEqual([
      ['call.started', younger.id, morningMs + 10_100],
      ['call.updated', older.id, atMs],
    ]);
    expect(older.legs.map(({ number, role }) => [number, role])).toEqual([
      ['+4930123456', 'caller'],
      ['1001', 'called'],
      ['1002', 'joined'],
    ]);
    expect(younger.legs.map(({ number, movedTo }) => [number, movedTo])).toEqual([
      ['1001', undefined],
      ['1002', older.id],
    ]);
  });

  it('was not ended by Anna when she leaves it to the two', () => {
    const { pbx, first, second } = consulted();
    pbx.meet(first.from, second.to);
    pbx.hangsUp(first.to, second.from);
    pbx.after(30_000).hangsUp(second.to, first.from);
    expect(heard(pbx).of(0).endedBy).toEqual({ side: 'called', number: '1002' });
  });

  it('goes on in the consultation, when that is the older call', () => {
    const pbx = new Exchange();
    const asked = pbx.talk(anna, ben);
    pbx.holds(asked.from);
    const first = pbx.after(1_000).talk(zoe, anna);
    pbx.after(5_000).say({
      kind: 'transfer.completed',
      leg: first.to.leg,
      style: 'attended',
      consultLeg: asked.from.leg,
      transferee: first.from.leg,
      target: asked.to.leg,
    });
    pbx.hangsUp(asked.from, first.to);
    const listener = heard(pbx);
    expect(listener.of(1)).toMatchObject({ outcome: 'merged', mergedInto: listener.of(0).id });
    expect(listener.of(0)).toMatchObject({
      state: 'connected',
      transfers: [{ by: '1001', transferee: '+4930123456', to: '1002' }],
    });
    expect(listener.of(1).transfers).toEqual([]);
  });

  it('is the same whether the report or the meeting of the two comes first', () => {
    const { pbx, first, second } = consulted();
    const report = pbx.said.pop();
    pbx.meet(first.from, second.to);
    if (report !== undefined) pbx.said.push(report);
    pbx.ends(first.to);
    pbx.ends(second.from);
    const listener = heard(pbx);
    expect(listener.of(1)).toMatchObject({ outcome: 'merged', mergedInto: listener.of(0).id });
    expect(listener.of(0)).toMatchObject({ transfers: [{ style: 'attended', to: '1002' }] });
    expect(listener.open).toHaveLength(1);
  });

  it('may be followed by another one', () => {
    const { pbx, first, second } = consulted();
    pbx.hangsUp(first.to, second.from);
    const third = pbx.after(1_000).talk(ben, carla);
    pbx.after(5_000).say({
      kind: 'transfer.completed',
      leg: second.to.leg,
      style: 'attended',
      consultLeg: third.from.leg,
      transferee: first.from.leg,
      target: third.to.leg,
    });
    pbx.meet(first.from, third.to);
    pbx.hangsUp(second.to, third.from);
    pbx.after(1_000).hangsUp(third.to, first.from);

    const listener = heard(pbx);
    expect(listener.calls.map(({ outcome }) => outcome)).toEqual(['answered', 'merged', 'merged']);
    expect(listener.of(0).transfers.map(({ by, to }) => [by, to])).toEqual([
      ['1001', '1002'],
      ['1002', '1003'],
    ]);
    expect(listener.of(0).endedBy).toEqual({ side: 'called', number: '1003' });
  });
});

describe('a consulted party behind a loop', () => {
  it('comes with the loop through which it was reached', () => {
    const pbx = new Exchange();
    const first = pbx.talk(zoe, anna);
    pbx.holds(first.to);
    const asks = pbx.after(1_000).dials(anna, '1002');
    const half = (name: 'near' | 'far'): Line => {
      const leg = `loop-${name}`;
      const facts = { call: asks.call, loop: { pair: 'loop', half: name } };
      pbx.say({ kind: 'leg.offered', leg, facts });
      return { leg, call: asks.call, person: {} };
    };
    const [near, far] = [half('near'), half('far')];
    pbx.say({ kind: 'dial.started', leg: near.leg, from: asks.leg });
    const vain = pbx.ringsAt(far, carla);
    pbx.fails(far, vain, 'no-answer');
    const to = pbx.ringsAt(far, ben);
    pbx.answers(far, to);
    pbx.answers(asks, near);
    pbx.after(5_000).say({
      kind: 'transfer.completed',
      leg: first.to.leg,
      style: 'attended',
      consultLeg: asks.leg,
      transferee: first.from.leg,
      target: near.leg,
    });
    pbx.hangsUp(first.to, asks);

    const listener = heard(pbx);
    expect(listener.of(1)).toMatchObject({ outcome: 'merged', mergedInto: listener.of(0).id });
    expect(listener.of(0).transfers).toMatchObject([{ by: '1001', to: '1002' }]);
    const here = listener.of(0).legs.filter(({ state }) => state !== 'ended');
    expect(here.map(({ key, party }) => [key, party])).toEqual([
      [first.from.leg, true],
      [near.leg, false],
      [far.leg, false],
      [to.leg, true],
    ]);
    pbx.after(5_000).hangsUp(to, far, near, first.from);
    expect(heard(pbx).open).toEqual([]);
  });
});

describe('a call in which two go on talking', () => {
  it('has not been merged when a third has gone into another call', () => {
    const pbx = new Exchange();
    const { from, to, bridge } = pbx.talk(zoe, anna);
    const guest = pbx.calls(from, ben);
    pbx.connects(guest);
    pbx.joins(guest, bridge);
    const other = pbx.after(1_000).talk(carla, { number: '1009', device: '1009' });
    // Ben is taken into Carla's call.
    pbx.say({ kind: 'leg.identified', leg: guest.leg, facts: { call: other.from.call } });
    pbx.after(60_000).hangsUp(from, to);
    const listener = heard(pbx);
    expect(listener.of(0)).toMatchObject({ outcome: 'answered', endedBy: { side: 'caller' } });
    expect(listener.of(0).mergedInto).toBeUndefined();
    expect(listener.of(1).legs.at(-1)).toMatchObject({ number: '1002', role: 'joined' });
  });

  it('was not ended by the one who went before', () => {
    const pbx = new Exchange();
    const { from, to, bridge } = pbx.talk(zoe, anna);
    const guest = pbx.calls(from, ben);
    pbx.connects(guest);
    pbx.joins(guest, bridge);
    pbx.hangsUp(guest);
    pbx.after(60_000).hangsUp(to, from);
    expect(heard(pbx).call.endedBy).toEqual({ side: 'called', number: '1001' });
  });
});

describe('who has left a bridge', () => {
  it('does not meet who comes on it afterwards', () => {
    const pbx = new Exchange();
    const { from, to, bridge } = pbx.talk(zoe, anna);
    for (const line of [from, to]) pbx.leaves(line, bridge);
    const next = pbx.dials(ben, '300');
    pbx.connects(next);
    pbx.joins(next, bridge);
    expect(heard(pbx).open).toHaveLength(2);
  });
});

describe('the platform', () => {
  it('may call a call by another key: it is the same call, known by both', () => {
    const pbx = new Exchange();
    const { from, to } = pbx.talk(zoe, anna);
    pbx.say({ kind: 'leg.identified', leg: from.leg, facts: { call: 'renamed' } });
    pbx.say({ kind: 'leg.identified', leg: to.leg, facts: { call: 'renamed' } });
    pbx.calls({ ...from, call: 'renamed' }, ben);
    const listener = heard(pbx);
    expect(listener.call.platformIds).toEqual([from.call, 'renamed']);
    expect(listener.call.legs.map(({ callKey }) => callKey)).toEqual([
      'renamed',
      'renamed',
      'renamed',
    ]);
    // A new run knows both names too.
    pbx.said.length = 0;
    pbx.calls({ ...from, call: 'renamed' }, carla);
    pbx.calls(from, { number: '1004' });
    expect(listener.restart().hear(pbx.said).call.legs).toHaveLength(5);
  });

  it('may say of a leg that it is in another call now: it is', () => {
    const pbx = new Exchange();
    const first = pbx.talk(zoe, anna);
    const second = pbx.after(10).talk(ben, carla);
    for (const { leg } of [second.from, second.to]) {
      pbx.say({ kind: 'leg.identified', leg, facts: { call: first.from.call } });
    }
    const listener = heard(pbx);
    expect(listener.of(1)).toMatchObject({ outcome: 'merged', mergedInto: listener.of(0).id });
    expect(listener.of(0).legs.filter(({ state }) => state !== 'ended')).toHaveLength(4);
    // Nobody held anybody, and who was on a bridge is on it still.
    expect(listener.of(0).holds).toEqual([]);
    const guest = pbx.after(10).dials({ number: '1004' }, '300');
    pbx.connects(guest);
    pbx.joins(guest, second.bridge);
    expect(heard(pbx).of(2)).toMatchObject({ outcome: 'merged', mergedInto: listener.of(0).id });
  });

  it('may send a leg back: it is there what it was before', () => {
    const pbx = new Exchange();
    const first = pbx.talk(zoe, anna);
    const second = pbx.after(10).talk(ben, carla);
    pbx.holds(first.from);
    for (const { from } of [second, first]) {
      const facts = { call: from.call };
      pbx.after(10).say({ kind: 'leg.identified', leg: first.from.leg, facts });
    }
    const [one, other] = [heard(pbx).of(0), heard(pbx).of(1)];
    expect(one.legs.map(({ role, state }) => [role, state])).toEqual([
      ['caller', 'held'],
      ['called', 'connected'],
    ]);
    expect(one.mergedInto).toBeUndefined();
    expect(one.caller).toMatchObject({ number: '+4930123456' });
    // He is on hold in both, one after the other, by the same party.
    expect(one.holds.map(({ by, toMs }) => [by, toMs !== undefined])).toEqual([
      ['+4930123456', true],
      ['+4930123456', false],
    ]);
    expect(other.holds).toMatchObject([{ by: '+4930123456', toMs: pbx.nowMs }]);
    expect(other.legs.at(-1)).toMatchObject({ role: 'joined', state: 'ended', movedTo: one.id });
  });

  it('may report a transfer to somebody who has gone: nobody moves, and nothing is merged', () => {
    const pbx = new Exchange();
    const first = pbx.talk(zoe, anna);
    const second = pbx.after(10).talk(anna, ben);
    pbx.ends(second.to);
    pbx.say({
      kind: 'transfer.completed',
      leg: first.to.leg,
      style: 'attended',
      transferee: first.from.leg,
      target: second.to.leg,
    });
    pbx.ends(second.from);
    const listener = heard(pbx);
    expect(listener.of(1).outcome).toBe('answered');
    expect(listener.of(0).legs).toHaveLength(2);
  });

  it('may report a transfer without saying who was transferred', () => {
    const pbx = new Exchange();
    const { to } = pbx.talk(zoe, anna);
    pbx.say({ kind: 'transfer.completed', leg: to.leg, style: 'blind', to: '1002' });
    expect(heard(pbx).call.transfers).toEqual([
      { style: 'blind', atMs: pbx.nowMs, by: '1001', to: '1002' },
    ]);
    expect(heard(pbx).story().at(-1)).toBe('call.updated');
  });

  it('may go on naming the merged call: a new leg of it belongs to the call that goes on', () => {
    const pbx = new Exchange();
    const first = pbx.talk(zoe, anna);
    const second = pbx.after(10).talk(ben, carla);
    const third = pbx.after(10).talk({ number: '1004', device: '1004' }, { number: '1005' });
    pbx.meet(second.from, second.to, third.from, third.to);
    pbx.meet(first.from, first.to, second.from, second.to, third.from, third.to);
    pbx.calls(third.from, { number: '1006', device: '1006' });
    const listener = heard(pbx);
    expect(listener.calls.map(({ state }) => state)).toEqual(['connected', 'ended', 'ended']);
    expect(listener.of(0).legs.at(-1)).toMatchObject({ number: '1006' });
    expect(listener.restart().hear([]).open).toHaveLength(1);
  });

  it('may offer a phone’s leg as a call of its own before it says who calls it', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '1001');
    // Nobody is told of a call that never was one.
    const to = { leg: 'b-leg', call: 'b-call', person: {} };
    pbx.say({ kind: 'leg.offered', leg: to.leg, facts: { call: to.call, device: '1001' } });
    pbx.say({ kind: 'dial.started', leg: to.leg, from: from.leg });
    pbx.rings(to);
    expect(heard(pbx).call).toMatchObject({ state: 'ringing', called: { number: '1001' } });
    pbx.after(20_000).fails(from, to, 'no-answer');
    pbx.ends(from);
    expect(heard(pbx).call).toMatchObject({ outcome: 'missed', called: { number: '1001' } });
  });
});
