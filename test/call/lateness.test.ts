import { describe, expect, it } from 'vitest';
import type { IgnoredReason } from '../../src/call/event.ts';
import { Registry } from '../../src/call/registry.ts';
import type { CallSignal } from '../../src/call/signal.ts';
import { Listener } from '../support/listener.ts';
import { anna, ben, Exchange, factsOf, type Line, zoe } from '../support/signals.ts';

/** Hears what the exchange says now and expects nothing to come of any of it. */
function expectIgnored(listener: Listener, pbx: Exchange, reason: IgnoredReason): void {
  const before = JSON.stringify([...listener.registry.ongoing()]);
  const told = listener.events.length;
  const heard = listener.applied.length;
  listener.hear(pbx.said.splice(0));
  expect(listener.applied.slice(heard)).not.toEqual([]);
  for (const each of listener.applied.slice(heard))
    expect(each).toEqual({ kind: 'ignored', reason });
  expect(listener.events).toHaveLength(told);
  expect(JSON.stringify([...listener.registry.ongoing()])).toBe(before);
}

function talking(): { pbx: Exchange; listener: Listener; from: Line; to: Line; bridge: string } {
  const pbx = new Exchange();
  const talk = pbx.talk(zoe, anna);
  return { pbx, listener: new Listener().hear(pbx.said.splice(0)), ...talk };
}

describe('a signal that comes twice', () => {
  it('changes nothing the second time', () => {
    const { pbx, listener, from, to, bridge } = talking();
    pbx.say({ kind: 'leg.offered', leg: to.leg, facts: factsOf(to) });
    pbx.say({ kind: 'leg.identified', leg: to.leg, facts: factsOf(to) });
    pbx.say({ kind: 'dial.started', leg: to.leg, from: from.leg });
    pbx.say({ kind: 'dial.ended', leg: to.leg, from: from.leg, result: 'answered' });
    pbx.joins(to, bridge);
    pbx.leaves(to, 'another-bridge');
    expectIgnored(listener, pbx, 'no-change');
    pbx.rings(to);
    pbx.connects(to);
    pbx.resumes(to);
    expectIgnored(listener, pbx, 'not-in-this-state');
  });

  it('asks for the end only once: the first to ask has ended the call', () => {
    const { pbx, listener, from, to } = talking();
    pbx.asksForTheEnd(to);
    listener.hear(pbx.said.splice(0));
    pbx.asksForTheEnd(from, 'platform');
    expectIgnored(listener, pbx, 'no-change');
    pbx.ends(to);
    pbx.ends(from);
    expect(listener.hear(pbx.said).call.endedBy).toEqual({ side: 'called', number: '1001' });
  });

  it('has one dial result, the first', () => {
    const { pbx, listener, from, to } = talking();
    pbx.say({ kind: 'dial.ended', leg: to.leg, from: from.leg, result: 'cancelled' });
    expectIgnored(listener, pbx, 'no-change');
  });
});

describe('a signal that comes late', () => {
  it('after the end of its leg changes nothing', () => {
    const { pbx, listener, to, bridge } = talking();
    pbx.ends(to);
    listener.hear(pbx.said.splice(0));
    for (const facts of [undefined, factsOf(to)]) {
      const of = { leg: to.leg, ...(facts && { facts }) };
      pbx.say({ kind: 'leg.ringing', ...of });
      pbx.say({ kind: 'leg.ended', ...of });
      pbx.say({ kind: 'bridge.left', ...of, bridge });
      pbx.say({ kind: 'recording.stopped', ...of });
    }
    expectIgnored(listener, pbx, 'after-end');
  });

  it('after the end of its call changes nothing, and starts no call', () => {
    const { pbx, listener, from, to } = talking();
    pbx.hangsUp(from, to);
    listener.hear(pbx.said.splice(0));
    pbx.say({ kind: 'leg.offered', leg: to.leg, facts: factsOf(to) });
    pbx.say({ kind: 'leg.connected', leg: from.leg, facts: factsOf(from) });
    pbx.say({ kind: 'recording.named', leg: to.leg, facts: factsOf(to), file: 'a.wav' });
    expectIgnored(listener, pbx, 'after-end');
    expect(listener.call.state).toBe('ended');
  });

  it('may be the offer of a leg that has ended already: then there was no leg', () => {
    const pbx = new Exchange();
    const listener = new Listener();
    const line = { leg: 'a', call: 'c', person: zoe };
    pbx.ends(line);
    expectIgnored(listener, pbx, 'unknown-leg');
    pbx.say({ kind: 'leg.offered', leg: 'a', facts: factsOf(line) });
    expectIgnored(listener, pbx, 'after-end');
  });
});

describe('the ends of legs', () => {
  it('are remembered for the last hundred thousand, so that memory stays what it is', () => {
    const registry = new Registry();
    const end = (nth: number): unknown =>
      registry.apply({ kind: 'leg.ended', source: 'pbx', leg: `leg-${nth}`, atMs: 1 }, 1);
    for (let nth = 0; nth < 100_010; nth += 1) end(nth);
    const offer = (nth: number): unknown => {
      const of = { source: 'pbx', leg: `leg-${nth}`, atMs: 2, facts: { call: `leg-${nth}` } };
      return registry.apply({ kind: 'leg.offered', ...of }, 2);
    };
    expect(offer(9)).toEqual({ kind: 'noted' });
    expect(offer(10)).toEqual({ kind: 'ignored', reason: 'after-end' });
    expect(offer(100_009)).toEqual({ kind: 'ignored', reason: 'after-end' });
  });
});

describe('a signal of a leg that nobody has heard of', () => {
  it('is ignored when it does not say which call the leg belongs to', () => {
    const { pbx, listener, from } = talking();
    const stranger = { leg: 'stranger', call: from.call, person: ben };
    pbx.rings(stranger);
    pbx.say({ kind: 'leg.offered', leg: 'stranger', facts: { number: '1009' } });
    pbx.say({ kind: 'dial.started', leg: 'stranger', from: from.leg });
    pbx.say({ kind: 'leg.hangup-requested', leg: 'stranger', by: 'party', facts: { call: 'c' } });
    expectIgnored(listener, pbx, 'unknown-leg');
  });

  it('is ignored when it speaks of a known leg that such a one dials', () => {
    const { pbx, listener, to } = talking();
    pbx.say({ kind: 'dial.started', leg: to.leg, from: 'stranger' });
    expectIgnored(listener, pbx, 'unknown-leg');
  });

  it('that itself dials has dialled nobody', () => {
    const { pbx, listener, to } = talking();
    pbx.say({ kind: 'dial.started', leg: to.leg, from: to.leg });
    expectIgnored(listener, pbx, 'no-change');
  });

  it.each(['a', 'c'])('opens it where it says that it belongs, here %s', (key) => {
    const pbx = new Exchange();
    const [from, to] = [
      { leg: 'a', call: key, person: zoe },
      { leg: 'b', call: key, person: anna },
    ];
    // Who is dialled is heard of before who dials, who must not be taken for the called party.
    pbx.say({
      kind: 'dial.started',
      leg: to.leg,
      facts: factsOf(to),
      from: from.leg,
      fromFacts: { ...factsOf(from), dialled: '1001' },
    });
    pbx.rings(to);
    pbx.answers(from, to);
    const { call } = new Listener().hear(pbx.said);
    expect(call).toMatchObject({
      state: 'connected',
      caller: { number: '+4930123456', name: 'Zoë' },
      called: { number: '1001' },
      dialled: '1001',
      direction: 'incoming',
    });
    expect(call.legs.map(({ key, role }) => [key, role])).toEqual([
      ['b', 'called'],
      ['a', 'caller'],
    ]);
  });

  it('may be known from the end of a dial that it began', () => {
    const pbx = new Exchange();
    const to = { leg: 'b', call: 'a', person: anna };
    pbx.say({ kind: 'leg.offered', leg: 'b', facts: factsOf(to) });
    pbx.say({
      kind: 'dial.ended',
      leg: 'b',
      from: 'a',
      fromFacts: { call: 'a', number: '+493077' },
      result: 'answered',
    });
    const { call } = new Listener().hear(pbx.said);
    expect(call.state).toBe('connected');
    expect(call.extensions).toContain('+493077');
  });
});

describe('signals that overtake each other', () => {
  it('the call is the caller’s whose leg gave it its key, whenever that is heard of', () => {
    const pbx = new Exchange();
    const to = { leg: 'b', call: 'a', person: anna };
    const from = { leg: 'a', call: 'a', person: zoe };
    for (const line of [to, from]) {
      pbx.say({ kind: 'leg.offered', leg: line.leg, facts: factsOf(line) });
    }
    expect(new Listener().hear(pbx.said).call).toMatchObject({
      caller: { number: '+4930123456' },
      called: { number: '1001' },
    });
  });

  it('who is dialled in the middle of a chain does not become the caller', () => {
    const pbx = new Exchange();
    const facts = { call: 'c' };
    for (const leg of ['last', 'middle', 'first']) pbx.say({ kind: 'leg.offered', leg, facts });
    pbx.say({ kind: 'dial.started', leg: 'middle', from: 'first' });
    pbx.say({ kind: 'dial.started', leg: 'last', from: 'middle' });
    pbx.say({ kind: 'leg.identified', leg: 'middle', facts: { number: '1001' } });
    const { legs } = new Listener().hear(pbx.said).call;
    expect(legs.map(({ key, role }) => [key, role])).not.toContainEqual(['middle', 'caller']);
  });

  it('meeting before being connected still answers the call', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '1001');
    const to = pbx.ringsAt(from, anna);
    pbx.meet(from, to);
    pbx.connects(from);
    expect(new Listener().hear(pbx.said).call.answeredAtMs).toBeUndefined();
    pbx.after(5).connects(to);
    const { call } = new Listener().hear(pbx.said);
    expect(call).toMatchObject({ state: 'connected', answeredAtMs: pbx.nowMs, answeredBy: to.leg });
  });

  it('never bear a time before the beginning', () => {
    const { pbx, listener, from, to } = talking();
    const startMs = listener.call.startedAtMs;
    pbx.nowMs = startMs - 60_000;
    pbx.holds(to);
    pbx.records(to);
    pbx.hangsUp(from, to);
    listener.hear(pbx.said);
    expect(listener.call).toMatchObject({ endedAtMs: startMs, state: 'ended' });
    expect(listener.events.at(-1)?.atMs).toBe(startMs);
  });

  it('in the whole of a talk, in any order: the call is told of and ended, once', () => {
    const pbx = new Exchange();
    const { from, to, bridge } = pbx.talk(zoe, anna);
    pbx.leaves(to, bridge);
    const inOrder = pbx.said.splice(0);
    pbx.hangsUp(from, to);
    const ends = pbx.said;
    for (let turn = 0; turn < inOrder.length; turn += 1) {
      const turned: CallSignal[] = [...inOrder.slice(turn), ...inOrder.slice(0, turn), ...ends];
      const listener = new Listener().hear(turned);
      expect(listener.open).toEqual([]);
    }
  });
});

describe('events', () => {
  it('have ids that are the same in every run, and on every node', () => {
    const { listener } = talking();
    expect(listener.ofCalls.map(({ id }) => id).slice(0, 2)).toEqual([
      '08132be1-8155-5e07-9c84-5f6bc38f895d/1',
      '08132be1-8155-5e07-9c84-5f6bc38f895d/2',
    ]);
  });

  it('say when it happened and when we heard of it', () => {
    const { listener } = talking();
    for (const { atMs, seenAtMs } of listener.ofCalls) expect(seenAtMs).toBe(atMs + 7);
  });

  it('of calls of two sources that use the same keys are of two calls', () => {
    const [one, other] = [new Exchange('berlin'), new Exchange('hamburg')];
    for (const pbx of [one, other]) pbx.talk(zoe, anna);
    const listener = new Listener().hear([...one.said, ...other.said]);
    expect(listener.calls.map(({ source, state }) => [source, state])).toEqual([
      ['berlin', 'connected'],
      ['hamburg', 'connected'],
    ]);
    expect(listener.of(0).id).not.toBe(listener.of(1).id);
  });
});
