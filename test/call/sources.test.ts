import { describe, expect, it } from 'vitest';
import { callIdOf } from '../../src/call/identity.ts';
import { Listener } from '../support/listener.ts';
import {
  anna,
  ben,
  carla,
  Exchange,
  factsOf,
  type Line,
  listed,
  morningMs,
  zoe,
} from '../support/signals.ts';

const hour = 3_600_000;

function talking(): { pbx: Exchange; listener: Listener; from: Line; to: Line; bridge: string } {
  const pbx = new Exchange();
  pbx.returns();
  pbx.lists();
  const talk = pbx.talk(zoe, anna);
  return { pbx, listener: new Listener().hear(pbx.said.splice(0)), ...talk };
}

describe('sight of a source', () => {
  it('that is lost is a gap; that it is back says from when to when', () => {
    const pbx = new Exchange();
    const listener = new Listener();
    pbx.returns();
    // The loss is dated by what was last heard of it.
    pbx.after(1_000).vanishes('connection reset');
    listener.hear(pbx.said.splice(0));
    pbx.after(30_000).returns();
    listener.hear(pbx.said.splice(0));

    expect(listener.events).toMatchObject([
      { kind: 'source.gap', source: 'pbx', fromMs: morningMs + 1_000, reason: 'connection reset' },
      {
        kind: 'source.up',
        source: 'pbx',
        fromMs: morningMs + 1_000,
        toMs: morningMs + 31_000 + 7,
      },
    ]);
    expect(listener.events[0]).not.toHaveProperty('toMs');
  });

  it('can be lost only once, and being there is no news', () => {
    const pbx = new Exchange();
    pbx.returns();
    pbx.vanishes();
    pbx.vanishes('again');
    pbx.returns();
    pbx.returns();
    const listener = new Listener().hear(pbx.said);
    expect(listener.applied.map(({ kind }) => kind)).toEqual([
      'noted',
      'events',
      'ignored',
      'events',
      'noted',
    ]);
    expect(listener.applied[2]).toEqual({ kind: 'ignored', reason: 'no-change' });
  });

  it('is a matter of that source alone', () => {
    const [one, other] = [new Exchange('berlin'), new Exchange('hamburg')];
    for (const pbx of [one, other]) pbx.talk(zoe, anna);
    one.vanishes();
    one.returns();
    one.lists();
    const listener = new Listener().hear([...other.said, ...one.said]);
    expect(listener.open.map(({ source }) => source)).toEqual(['hamburg']);
  });

  it('lost while we were not running is found again', () => {
    const { pbx, listener } = talking();
    pbx.vanishes();
    listener.hear(pbx.said.splice(0)).restart();
    pbx.after(1_000).vanishes('The server was not running.');
    pbx.after(1_000).returns();
    listener.hear(pbx.said);
    expect(listener.applied.at(-2)).toEqual({ kind: 'ignored', reason: 'no-change' });
    expect(listener.events.at(-1)).toMatchObject({ kind: 'source.up', fromMs: morningMs + 4_100 });
  });
});

describe('the list of all that a source sees', () => {
  it('confirms what goes on, and nothing is told', () => {
    const { pbx, listener, from, to, bridge } = talking();
    pbx.vanishes();
    pbx.after(5_000).returns();
    listener.hear(pbx.said.splice(0));
    const told = listener.events.length;
    pbx.lists(listed(to, 'connected', { bridge }), listed(from, 'connected', { bridge }));
    listener.hear(pbx.said.splice(0));
    expect(listener.events).toHaveLength(told);
    expect(listener.outcome).toEqual({ kind: 'noted' });

    pbx.after(5_000).hangsUp(from, to);
    expect(listener.hear(pbx.said).call).toMatchObject({ ending: 'observed', outcome: 'answered' });
  });

  it('ends what is not on it, as reconciled, without saying who hung up', () => {
    const { pbx, listener, from } = talking();
    pbx.asksForTheEnd(from);
    pbx.vanishes();
    pbx.after(5_000).returns();
    pbx.lists();
    listener.hear(pbx.said);
    expect(listener.call).toMatchObject({
      state: 'ended',
      ending: 'reconciled',
      outcome: 'answered',
      endedAtMs: pbx.nowMs,
    });
    expect(listener.call.endedBy).toBeUndefined();
  });

  it('ends a call that rang when it was last seen with an outcome that nobody knows', () => {
    const pbx = new Exchange();
    pbx.ringsAt(pbx.dials(zoe, '1001'), anna);
    pbx.returns();
    pbx.lists();
    expect(new Listener().hear(pbx.said).call).toMatchObject({
      ending: 'reconciled',
      outcome: 'unknown',
    });
  });

  it('ends one leg and leaves the others', () => {
    const { pbx, listener, from, to, bridge } = talking();
    const guest = pbx.calls(from, ben);
    pbx.connects(guest);
    pbx.joins(guest, bridge);
    pbx.vanishes();
    pbx.returns();
    pbx.lists(listed(to, 'connected', { bridge }), listed(from, 'connected', { bridge }));
    listener.hear(pbx.said);
    expect(listener.call.state).toBe('connected');
    expect(listener.call.legs.map(({ state }) => state)).toEqual([
      'connected',
      'connected',
      'ended',
    ]);
  });

  it('opens what is new, the oldest leg first, however long it has gone on', () => {
    const pbx = new Exchange();
    const from = { leg: 'a', call: 'c', person: zoe };
    const to = { leg: 'b', call: 'c', person: anna };
    pbx.returns();
    pbx.lists(
      listed(to, 'connected', { bridge: 'x', ageMs: 50_000 }),
      listed(from, 'connected', { bridge: 'x', ageMs: 60_000 }),
    );
    const listener = new Listener().hear(pbx.said);
    expect(listener.call).toMatchObject({
      state: 'connected',
      startedAtMs: morningMs - 60_000,
      answeredAtMs: morningMs,
      caller: { number: '+4930123456' },
      called: { number: '1001' },
      direction: 'incoming',
    });
    expect(listener.story()).toEqual(['call.started', 'call.answered']);
  });

  it('of two equally old legs takes the one that names the call for the caller', () => {
    const pbx = new Exchange();
    const from = { leg: 'a', call: 'a', person: zoe };
    const to = { leg: 'b', call: 'a', person: anna };
    pbx.lists(listed(to, 'ringing'), listed(from, 'offered'));
    expect(new Listener().hear(pbx.said).call).toMatchObject({
      state: 'ringing',
      caller: { number: '+4930123456' },
    });
  });

  it('tells that a phone has been answered in the meantime', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '1001');
    const to = pbx.ringsAt(from, anna);
    pbx.vanishes();
    pbx.after(9_000).returns();
    const bridge = 'b';
    pbx.lists(listed(from, 'connected', { bridge }), listed(to, 'connected', { bridge }));
    const listener = new Listener().hear(pbx.said);
    expect(listener.call).toMatchObject({ state: 'connected', answeredAtMs: pbx.nowMs });
    expect(listener.story()).toContain('call.answered');
  });

  it('may be older than what was heard since the source came back: that is left alone', () => {
    const { pbx, listener, from, to } = talking();
    pbx.vanishes();
    pbx.returns();
    pbx.holds(to);
    const fresh = pbx.ringsAt(pbx.dials(ben, '1003'), carla);
    // Named only as the one who dials, which is a sign of life too.
    pbx.ringsAt(from, ben);
    pbx.lists();
    listener.hear(pbx.said);
    expect(listener.open).toHaveLength(2);
    expect(listener.of(0)).toMatchObject({ state: 'held' });
    expect(listener.of(0).legs.map(({ state }) => state)).toEqual(['connected', 'held', 'ringing']);
    expect(listener.of(1).legs.map(({ key }) => key)).toContain(fresh.leg);
  });

  it('does not bring back a leg whose end has been seen', () => {
    const { pbx, listener, from, to, bridge } = talking();
    pbx.vanishes();
    pbx.returns();
    pbx.ends(to);
    pbx.lists(
      listed(from, 'connected', { bridge, ageMs: 9_000 }),
      listed(to, 'connected', { bridge, ageMs: 9_000 }),
    );
    listener.hear(pbx.said.splice(0));
    expect(listener.call.legs.map(({ state }) => state)).toEqual(['connected', 'ended']);
    pbx.ends(from);
    pbx.lists(listed(from, 'connected', { bridge }), listed(to, 'connected', { bridge }));
    listener.hear(pbx.said);
    expect(listener.calls).toHaveLength(1);
    expect(listener.call.state).toBe('ended');
  });

  it('brings together who met while nobody looked, and ends the call that was left empty', () => {
    const { pbx, listener, from, to } = talking();
    const other = pbx.after(1_000).talk(ben, carla);
    pbx.vanishes();
    pbx.after(60_000).returns();
    // Zoë talks to Carla on the bridge where Carla talked to Ben; Anna and Ben are gone.
    pbx.lists(
      listed(from, 'connected', { bridge: other.bridge }),
      listed(other.to, 'connected', { bridge: other.bridge }),
    );
    listener.hear(pbx.said.splice(0));
    expect(listener.of(1)).toMatchObject({
      outcome: 'merged',
      ending: 'reconciled',
      mergedInto: listener.of(0).id,
    });
    expect(listener.of(0).state).toBe('connected');
    expect(listener.of(0).legs.find(({ key }) => key === to.leg)?.state).toBe('ended');
    pbx.hangsUp(from, other.to);
    expect(listener.hear(pbx.said).open).toEqual([]);
  });

  it('ends the call of a stranger who is no longer on the bridge, whoever is on it now', () => {
    const { pbx, listener, from, to, bridge } = talking();
    const other = pbx.after(1_000).talk(ben, carla);
    pbx.vanishes();
    pbx.after(60_000).returns();
    // Ben's call is gone; Zoë and Anna have been put on the bridge that was theirs.
    pbx.lists(
      listed(from, 'connected', { bridge: other.bridge }),
      listed(to, 'connected', { bridge: other.bridge }),
    );
    listener.hear(pbx.said.splice(0));
    expect(listener.of(1)).toMatchObject({ outcome: 'answered', ending: 'reconciled' });
    expect(listener.of(0).legs).toHaveLength(2);
    expect(bridge).not.toBe(other.bridge);
  });

  it('brings together with one who came on the bridge since, and is not on the list', () => {
    const { pbx, listener, from, to } = talking();
    pbx.vanishes();
    pbx.returns();
    const late = pbx.dials(ben, '300');
    pbx.connects(late);
    pbx.joins(late, 'shared');
    pbx.lists(
      listed(from, 'connected', { bridge: 'shared' }),
      listed(to, 'connected', { bridge: 'shared' }),
    );
    listener.hear(pbx.said);
    expect(listener.of(1)).toMatchObject({ outcome: 'merged', mergedInto: listener.of(0).id });
    expect(listener.open).toHaveLength(1);
  });

  it('does not put on a bridge again who has been heard to join another one since', () => {
    const { pbx, listener, from, to, bridge } = talking();
    pbx.vanishes();
    pbx.returns();
    pbx.joins(from, 'newer');
    pbx.joins(to, 'newer');
    const stranger = pbx.dials(ben, '300');
    pbx.lists(listed(from, 'connected'), listed(to, 'connected'), listed(stranger, 'offered'));
    pbx.connects(stranger);
    pbx.joins(stranger, 'newer');
    listener.hear(pbx.said);
    expect(listener.open).toHaveLength(1);
    expect(bridge).not.toBe('newer');
  });

  it('takes a leg off the bridge that it is no longer on', () => {
    const { pbx, listener, from, to, bridge } = talking();
    pbx.vanishes();
    pbx.returns();
    pbx.lists(listed(from, 'connected'), listed(to, 'connected'));
    // Somebody else is put on that bridge: the two have nothing to do with him.
    const other = pbx.dials(ben, '*98');
    pbx.connects(other);
    pbx.joins(other, bridge);
    listener.hear(pbx.said);
    expect(listener.open).toHaveLength(2);
  });

  it('means nothing for a source that has not come back since', () => {
    const { pbx, listener } = talking();
    pbx.lists();
    listener.hear(pbx.said);
    expect(listener.call.state).toBe('connected');
  });
});

describe('a source that stays away for too long', () => {
  function givenUp() {
    const { pbx, listener, from, to, bridge } = talking();
    pbx.vanishes();
    pbx.after(hour).isGivenUp();
    listener.hear(pbx.said.splice(0));
    return { pbx, listener, from, to, bridge };
  }

  it('has its calls ended as timed out', () => {
    const { pbx, listener } = givenUp();
    expect(listener.call).toMatchObject({
      state: 'ended',
      ending: 'timed-out',
      outcome: 'answered',
      endedAtMs: pbx.nowMs,
    });
    expect(listener.call.endedBy).toBeUndefined();
    expect(listener.registry.size).toBe(0);
  });

  it.each(['', ' after a restart'])('may still list them: they are new calls%s', (restarts) => {
    const { pbx, listener, from, to, bridge } = givenUp();
    if (restarts !== '') listener.restart();
    pbx.after(hour).returns();
    pbx.lists(
      listed(from, 'connected', { bridge, ageMs: 2 * hour + 4_200 }),
      listed(to, 'connected', { bridge, ageMs: 2 * hour }),
    );
    pbx.hangsUp(from, to);
    listener.hear(pbx.said);
    expect(listener.calls.map(({ ending, outcome }) => [ending, outcome])).toEqual([
      ['timed-out', 'answered'],
      ['observed', 'answered'],
    ]);
    expect(listener.calls.map(({ id }) => id)).toEqual([
      callIdOf('pbx', from.call, 1),
      callIdOf('pbx', from.call, 2),
    ]);
  });

  it('does not take the calls of others with it', () => {
    const { listener } = talking();
    const other = new Exchange('hamburg');
    other.talk(zoe, anna);
    other.isGivenUp();
    listener.hear(other.said);
    expect(listener.open.map(({ source }) => source)).toEqual(['pbx']);
  });

  it('may be given up more than once; each time only what has come since is ended', () => {
    const { pbx, listener, from, to } = givenUp();
    pbx.returns();
    pbx.lists(listed(from, 'connected'), listed(to, 'connected'));
    pbx.vanishes();
    pbx.isGivenUp();
    pbx.isGivenUp();
    listener.hear(pbx.said);
    expect(listener.calls.map(({ ending }) => ending)).toEqual(['timed-out', 'timed-out']);
  });

  it('is still remembered where the end was seen before', () => {
    const { pbx, listener, from, to, bridge } = talking();
    pbx.hangsUp(from, to);
    pbx.vanishes();
    pbx.isGivenUp();
    pbx.returns();
    pbx.lists(listed(from, 'connected', { bridge }));
    expect(listener.hear(pbx.said).calls).toHaveLength(1);
  });
});

describe('after a restart', () => {
  it('a call goes on where it was, and does not start again', () => {
    const { pbx, listener, from, to } = talking();
    const told = listener.story().length;
    listener.restart();
    pbx.after(1_000).holds(to);
    pbx.after(1_000).resumes(to);
    pbx.after(1_000).hangsUp(to, from);
    listener.hear(pbx.said);
    expect(listener.story().slice(told)).toEqual([
      'call.updated',
      'call.updated',
      'call.updated',
      'call.ended',
    ]);
    expect(listener.call).toMatchObject({
      outcome: 'answered',
      endedBy: { side: 'called', number: '1001' },
      holds: [{ leg: to.leg, toMs: morningMs + 6_100 }],
    });
  });

  it('tells nothing anew when nothing has changed', () => {
    const { pbx, listener, from, to, bridge } = talking();
    const told = listener.events.length;
    listener.restart();
    pbx.say({ kind: 'leg.identified', leg: to.leg, facts: factsOf(to) });
    pbx.leaves(from, bridge);
    pbx.returns();
    pbx.lists(listed(from, 'connected'), listed(to, 'connected'));
    listener.hear(pbx.said);
    expect(listener.events).toHaveLength(told);
  });

  it('the source confirms or denies what was open', () => {
    const { pbx, listener, from, to, bridge } = talking();
    pbx.after(1_000).talk(ben, carla);
    listener.hear(pbx.said.splice(0)).restart();
    pbx.vanishes('The server was not running.');
    pbx.after(1_000).returns();
    pbx.lists(listed(from, 'connected', { bridge }), listed(to, 'connected', { bridge }));
    listener.hear(pbx.said.splice(0));
    expect(listener.calls.map(({ state, ending }) => [state, ending])).toEqual([
      ['connected', undefined],
      ['ended', 'reconciled'],
    ]);
  });

  it('a bridge is known to be in use by who is on it', () => {
    const { pbx, listener, from, to, bridge } = talking();
    // What was only noted is on disk with the next event.
    pbx.holds(to);
    listener.hear(pbx.said.splice(0)).restart();
    const guest = pbx.after(1_000).dials(ben, '300');
    pbx.connects(guest);
    pbx.joins(guest, bridge);
    listener.hear(pbx.said);
    expect(listener.of(1)).toMatchObject({ outcome: 'merged', mergedInto: listener.of(0).id });
    expect(listener.of(0).legs.map(({ key }) => key)).toEqual([from.leg, to.leg, guest.leg]);
  });

  it('a recording that was paused is still paused, and can be taken up', () => {
    const { pbx, listener, to } = talking();
    pbx.records(to);
    pbx.pauses(to, 'both');
    listener.hear(pbx.said.splice(0)).restart();
    pbx.after(1_000).pauses(to, 'both');
    pbx.after(1_000).unpauses(to, 'both');
    listener.hear(pbx.said);
    expect(listener.applied.at(-2)).toEqual({ kind: 'ignored', reason: 'no-change' });
    expect(listener.call.recordings).toMatchObject([
      { pauses: [{ fromMs: morningMs + 4_100, toMs: morningMs + 6_100 }] },
    ]);
  });

  it('a late signal of a call that had ended before starts nothing', () => {
    const { pbx, listener, from, to } = talking();
    pbx.hangsUp(from, to);
    listener.hear(pbx.said.splice(0)).restart();
    pbx.say({ kind: 'leg.offered', leg: to.leg, facts: factsOf(to) });
    pbx.say({ kind: 'leg.ended', leg: from.leg, facts: factsOf(from) });
    listener.hear(pbx.said);
    expect(listener.calls).toHaveLength(1);
    expect(listener.applied.slice(-2)).toEqual([
      { kind: 'ignored', reason: 'after-end' },
      { kind: 'ignored', reason: 'after-end' },
    ]);
  });

  it('an answer is not told twice, and an agent’s number stays his own', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '600');
    const desk = pbx.ringsAt(from, { ...zoe, device: '1001' });
    pbx.answers(from, desk);
    const listener = new Listener().hear(pbx.said.splice(0)).restart();
    const told = listener.events.length;
    pbx.say({ kind: 'leg.identified', leg: desk.leg, facts: factsOf(desk) });
    pbx.meet(from, desk);
    listener.hear(pbx.said.splice(0));
    expect(listener.events).toHaveLength(told);
    pbx.holds(desk);
    expect(listener.hear(pbx.said).call.called).toEqual({ number: '1001' });
  });
});
