import { describe, expect, it } from 'vitest';
import { extensionKey } from '../../src/call/extension.ts';
import { Listener } from '../support/listener.ts';
import { anna, ben, carla, Exchange, type Line, zoe } from '../support/signals.ts';

const heard = (pbx: Exchange): Listener => new Listener().hear(pbx.said);

describe('a loop inside the platform', () => {
  /** Zoë dials 700, which goes through a loop before Anna's phone rings. */
  function throughLoop() {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '700');
    const half = (name: 'near' | 'far'): Line => {
      const leg = `loop-${name}`;
      const loop = { pair: 'loop', half: name };
      // The near half is given its caller's name and number.
      const lent = name === 'near' ? { number: '+4930123456', name: 'Zoë' } : {};
      pbx.say({ kind: 'leg.offered', leg, facts: { call: from.call, loop, ...lent } });
      return { leg, call: from.call, person: {} };
    };
    const [near, far] = [half('near'), half('far')];
    pbx.say({ kind: 'dial.started', leg: near.leg, from: from.leg });
    return { pbx, from, near, far };
  }

  it('is hidden behind the party that is reached through it', () => {
    const { pbx, from, near, far } = throughLoop();
    const desk = pbx.ringsAt(far, anna);
    pbx.rings(near);
    const ringing = heard(pbx);
    expect(ringing.calls).toHaveLength(1);
    expect(ringing.call).toMatchObject({ state: 'ringing', called: { number: '1001' } });

    pbx.say({ kind: 'dial.ended', leg: desk.leg, from: far.leg, result: 'answered' });
    pbx.connects(desk);
    pbx.meet(desk, far);
    expect(heard(pbx).call.answeredAtMs).toBeUndefined();
    pbx.after(5).say({ kind: 'dial.ended', leg: near.leg, from: from.leg, result: 'answered' });
    pbx.connects(near);
    pbx.meet(near, from);
    const { call } = heard(pbx);
    expect(call).toMatchObject({
      state: 'connected',
      answeredAtMs: pbx.nowMs,
      called: { number: '1001', name: 'Anna' },
    });
    expect(call.legs.filter(({ party }) => party).map(({ key }) => key)).toEqual([
      from.leg,
      desk.leg,
    ]);
    expect(call.extensions).toEqual(['+4930123456', 'trunk-berlin', '700', '1001']);
  });

  it('through which nobody answers is one attempt: missed', () => {
    const { pbx, from, near, far } = throughLoop();
    const desk = pbx.ringsAt(far, anna);
    pbx.rings(near);
    pbx.fails(far, desk, 'no-answer');
    pbx.say({ kind: 'leg.ended', leg: far.leg });
    pbx.fails(from, near, 'no-answer');
    pbx.ends(from);
    expect(heard(pbx).call).toMatchObject({ outcome: 'missed', called: { number: '1001' } });
  });

  it('stands for the first party that is reached and takes it, not for a later one', () => {
    const { pbx, near, far } = throughLoop();
    const first = pbx.ringsAt(far, anna);
    pbx.fails(far, first, 'no-answer');
    const second = pbx.ringsAt(far, ben);
    expect(heard(pbx).call.legs.find(({ key }) => key === near.leg)?.standsFor).toBe(second.leg);
    pbx.connects(second);
    pbx.calls(far, carla);
    expect(heard(pbx).call.legs.find(({ key }) => key === near.leg)?.standsFor).toBe(second.leg);
  });

  it('is known by the bridge on which it meets the party, when nobody told of the dial', () => {
    const { pbx, from, near, far } = throughLoop();
    const desk = { leg: 'desk', call: from.call, person: anna };
    pbx.say({ kind: 'leg.offered', leg: desk.leg, facts: { call: from.call, ...anna } });
    pbx.connects(desk);
    pbx.meet(far, desk);
    pbx.connects(near);
    pbx.meet(near, from);
    expect(heard(pbx).call.legs.find(({ key }) => key === near.leg)).toMatchObject({
      standsFor: desk.leg,
      party: false,
    });
  });

  it('names the caller of another call that goes through it', () => {
    const { pbx, far } = throughLoop();
    const desk = pbx.calls(far, anna);
    pbx.asksForTheEnd(far);
    pbx.ends(desk);
    const { call } = heard(pbx);
    expect(call.caller).toEqual({ number: '+4930123456', name: 'Zoë' });
  });
});

describe('a number lent by the other side', () => {
  it('is replaced by the device, and the name with it', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '1001');
    pbx.ringsAt(from, { ...zoe, device: '1001' });
    const { call } = heard(pbx);
    expect(call.called).toEqual({ number: '1001' });
    expect(call.legs[1]).not.toHaveProperty('name');
    expect(call.extensions).toEqual(['+4930123456', 'trunk-berlin', '1001']);
  });

  it('is its own when the device is not known', () => {
    const pbx = new Exchange();
    pbx.ringsAt(pbx.dials(zoe, '1001'), { number: '1001' });
    expect(heard(pbx).call.called).toEqual({ number: '1001' });
  });
});

describe('extensions', () => {
  it('are numbers and devices of all parties; an address is kept in lower case', () => {
    const pbx = new Exchange();
    const from = pbx.dials({ number: 'Zoe@Example.ORG', device: 'trunk' }, 'Sales');
    pbx.ringsAt(from, { number: '0012', device: '12' });
    expect(heard(pbx).call.extensions).toEqual(['zoe@example.org', 'trunk', 'Sales', '0012', '12']);
    expect(['Bob@X', 'BOB', '+4930'].map(extensionKey)).toEqual(['bob@x', 'BOB', '+4930']);
  });

  it('join with a start or an update, never for the first time with an answer or an end', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '700');
    const to = pbx.ringsAt(from, { device: '1001' });
    // Who answers is known only with the answer.
    pbx.after(10).say({
      kind: 'dial.ended',
      leg: to.leg,
      facts: { number: '1005', name: 'Eva' },
      from: from.leg,
      result: 'answered',
    });
    pbx.say({ kind: 'leg.ended', leg: to.leg, facts: { number: '1006' } });
    pbx.say({ kind: 'leg.ended', leg: from.leg, facts: { number: '+493099' } });

    const joins = heard(pbx).ofCalls.filter(({ joined }) => joined.length > 0);
    expect(joins.map(({ kind, joined }) => [kind, ...joined])).toEqual([
      ['call.started', '+4930123456', 'trunk-berlin', '700'],
      ['call.updated', '1001'],
      ['call.updated', '1005'],
      ['call.updated', '1006'],
      ['call.updated', '+493099'],
    ]);
  });

  it('stay when a party has left or has got another number', () => {
    const pbx = new Exchange();
    const { from, to } = pbx.talk(zoe, anna);
    pbx.say({ kind: 'leg.identified', leg: to.leg, facts: { number: '1099' } });
    pbx.hangsUp(to, from);
    expect(heard(pbx).call.extensions).toEqual(['+4930123456', 'trunk-berlin', '1001', '1099']);
  });
});

describe('a call is announced', () => {
  it('when it can be said who calls, not before', () => {
    const pbx = new Exchange();
    pbx.say({ kind: 'leg.offered', leg: 'a', facts: { call: 'c', device: 'trunk-berlin' } });
    const listener = heard(pbx);
    expect(listener.events).toEqual([]);
    expect(listener.outcome).toEqual({ kind: 'noted' });
    pbx.say({ kind: 'leg.identified', leg: 'a', facts: { number: '+4930123456' } });
    const { call } = heard(pbx);
    expect(heard(pbx).story()).toEqual(['call.started']);
    expect(call.caller).toEqual({ number: '+4930123456' });
  });

  it('not for a loop whose other end nobody has reached', () => {
    const pbx = new Exchange();
    const loop = { pair: 'loop', half: 'far' as const };
    pbx.say({ kind: 'leg.offered', leg: 'far', facts: { call: 'c', number: '1001', loop } });
    pbx.say({ kind: 'leg.connected', leg: 'far' });
    expect(heard(pbx).events).toEqual([]);
  });

  it('when somebody is called, or it has got further, even if nobody has a number', () => {
    const pbx = new Exchange();
    pbx.say({ kind: 'leg.offered', leg: 'a', facts: { call: 'c' } });
    pbx.say({ kind: 'leg.connected', leg: 'a' });
    expect(heard(pbx).story()).toEqual(['call.started']);
    const other = new Exchange();
    other.say({ kind: 'leg.offered', leg: 'a', facts: { call: 'c' } });
    other.say({ kind: 'leg.offered', leg: 'b', facts: { call: 'c', device: '1001' } });
    expect(heard(other).story()).toEqual(['call.started']);
  });

  it('with its end at the latest, and the start does not show the end', () => {
    const pbx = new Exchange();
    pbx.say({ kind: 'leg.offered', leg: 'a', facts: { call: 'c', device: 'trunk-berlin' } });
    pbx.say({ kind: 'leg.ended', leg: 'a', facts: { number: '+4930123456' } });
    const listener = heard(pbx);
    expect(listener.story()).toEqual(['call.started', 'call.ended']);
    expect(listener.ofCalls[0]?.call).toMatchObject({ state: 'offered' });
    expect(listener.ofCalls[0]?.call).not.toHaveProperty('endedAtMs');
    expect(listener.ofCalls[0]?.call).not.toHaveProperty('outcome');
  });

  it('with what a single signal brought, in order: start, answer, recording, end', () => {
    const pbx = new Exchange();
    pbx.say({ kind: 'leg.offered', leg: 'a', facts: { call: 'c' } });
    pbx.records({ leg: 'a', call: 'c', person: {} });
    pbx.say({ kind: 'leg.ended', leg: 'a' });
    expect(heard(pbx).story()).toEqual([
      'call.started',
      'recording.started',
      'recording.ended',
      'call.ended',
    ]);
  });
});

describe('updates', () => {
  it('are told for what can be seen, not for what is only noted', () => {
    const pbx = new Exchange();
    const { from, to, bridge } = pbx.talk(zoe, anna);
    const listener = heard(pbx);
    const told = listener.events.length;
    pbx.said.length = 0;
    pbx.leaves(to, bridge);
    pbx.joins(to, 'bridge-of-another-kind');
    pbx.asksForTheEnd(from);
    listener.hear(pbx.said);
    expect(listener.events).toHaveLength(told);
    expect(listener.applied.slice(-3)).toEqual([
      { kind: 'noted' },
      { kind: 'noted' },
      { kind: 'noted' },
    ]);
  });

  it('are told when a party gets a name', () => {
    const pbx = new Exchange();
    const { to } = pbx.talk(zoe, { number: '1002' });
    const told = heard(pbx).story().length;
    pbx.say({ kind: 'leg.identified', leg: to.leg, facts: { name: 'Ben' } });
    expect(heard(pbx).story().slice(told)).toEqual(['call.updated']);
  });
});
