import { describe, expect, it } from 'vitest';
import { Listener } from '../support/listener.ts';
import { anna, ben, Exchange, type Line, morningMs, type Person, zoe } from '../support/signals.ts';

const heard = (pbx: Exchange): Listener => new Listener().hear(pbx.said);

/** Zoë waits at place 1 of the queue. */
function waiting(): { pbx: Exchange; from: Line } {
  const pbx = new Exchange();
  const from = pbx.dials(zoe, '600');
  pbx.connects(from);
  pbx.after(100).say({ kind: 'queue.joined', leg: from.leg, queue: 'sales', position: 1 });
  return { pbx, from };
}

function said(from: Line, desk: Line) {
  const { name: agent = '' } = desk.person;
  return { leg: from.leg, queue: 'sales', agent, agentLeg: desk.leg };
}

/** The queue rings an agent, whose leg has no number yet but the caller's. */
function offers(pbx: Exchange, from: Line, agent: Person): Line {
  const { number } = zoe;
  const lent = { call: from.call, number: number ?? '', name: 'Zoë', device: agent.device ?? '' };
  const desk = { leg: pbx.key('desk-'), call: from.call, person: agent };
  pbx.say({ kind: 'leg.offered', leg: desk.leg, facts: lent });
  pbx.say({ kind: 'agent.offered', ...said(from, desk) });
  pbx.say({ kind: 'dial.started', leg: desk.leg, from: from.leg });
  pbx.rings(desk);
  return desk;
}

function missed(pbx: Exchange, from: Line, desk: Line): void {
  pbx.after(10_000).say({ kind: 'agent.missed', ...said(from, desk) });
  pbx.fails(from, desk, 'no-answer');
}

describe('a queue', () => {
  it('rings Anna, who misses it, then Ben, who takes it and hangs up in the end', () => {
    const { pbx, from } = waiting();
    expect(heard(pbx).call).toMatchObject({ state: 'offered', called: { number: '600' } });

    const first = offers(pbx, from, anna);
    expect(heard(pbx).call).toMatchObject({ state: 'ringing', called: { number: '600' } });
    missed(pbx, from, first);
    const second = offers(pbx, from, ben);
    pbx.after(2_000).say({
      kind: 'dial.ended',
      leg: second.leg,
      from: from.leg,
      result: 'answered',
    });
    pbx.connects(second);
    pbx.say({ kind: 'queue.left', leg: from.leg, queue: 'sales' });
    pbx.say({ kind: 'agent.connected', ...said(from, second) });
    pbx.meet(second, from);
    const answeredMs = pbx.nowMs;
    pbx.after(60_000).say({
      kind: 'agent.completed',
      ...said(from, second),
      endedBy: 'agent',
    });
    // What the lines show says otherwise; the queue knows better.
    pbx.hangsUp(from, second);

    const listener = heard(pbx);
    expect(listener.call).toMatchObject({
      outcome: 'answered',
      answeredAtMs: answeredMs,
      endedBy: { side: 'called', number: '1002' },
      // The number that was lent to the agents' lines is nobody's but Zoë's.
      caller: { number: '+4930123456', name: 'Zoë' },
      called: { number: '1002', name: 'Ben' },
      queue: [
        {
          queue: 'sales',
          position: 1,
          joinedAtMs: morningMs + 100,
          leftAtMs: answeredMs,
          result: 'answered',
          missedBy: ['Anna'],
          agent: 'Ben',
        },
      ],
    });
    expect(listener.story().filter((kind) => kind === 'call.answered')).toHaveLength(1);
    expect(listener.call.extensions).toEqual([
      '+4930123456',
      'trunk-berlin',
      '600',
      '1001',
      '1002',
    ]);
  });

  it('that Zoë leaves before anybody is free is abandoned, by her', () => {
    const { pbx, from } = waiting();
    missed(pbx, from, offers(pbx, from, anna));
    pbx.after(5_000).asksForTheEnd(from);
    pbx.say({ kind: 'queue.abandoned', leg: from.leg, queue: 'sales' });
    pbx.say({ kind: 'queue.left', leg: from.leg, queue: 'sales' });
    pbx.ends(from);
    expect(heard(pbx).call).toMatchObject({
      outcome: 'abandoned',
      endedBy: { side: 'caller', number: '+4930123456' },
      called: { number: '600' },
      queue: [{ result: 'abandoned', leftAtMs: pbx.nowMs, missedBy: ['Anna'] }],
    });
  });

  it('is abandoned too when its leaving is told before its giving up', () => {
    const { pbx, from } = waiting();
    pbx.say({ kind: 'queue.left', leg: from.leg, queue: 'sales' });
    pbx.say({ kind: 'queue.abandoned', leg: from.leg, queue: 'sales' });
    expect(heard(pbx).call.queue).toMatchObject([{ result: 'abandoned' }]);
  });

  it('that throws Zoë out after too long is left, and the call goes on to Anna', () => {
    const { pbx, from } = waiting();
    pbx.after(60_000).say({ kind: 'queue.left', leg: from.leg, queue: 'sales' });
    const desk = pbx.ringsAt(from, anna);
    pbx.answers(from, desk);
    expect(heard(pbx).call).toMatchObject({
      state: 'connected',
      called: { number: '1001' },
      queue: [{ result: 'left', leftAtMs: morningMs + 60_100 }],
    });
  });

  it('is left when the call ends, even when nobody says so', () => {
    const { pbx, from } = waiting();
    pbx.after(1_000).hangsUp(from);
    expect(heard(pbx).call.queue).toMatchObject([{ leftAtMs: morningMs + 1_100 }]);
  });

  it('may be entered again, and another one too: each is a visit', () => {
    const { pbx, from } = waiting();
    for (const queue of ['sales', 'support']) {
      pbx.after(10).say({ kind: 'queue.left', leg: from.leg, queue: 'sales' });
      pbx.after(10).say({ kind: 'queue.joined', leg: from.leg, queue });
    }
    expect(heard(pbx).call.queue.map(({ queue, leftAtMs }) => [queue, leftAtMs])).toEqual([
      ['sales', morningMs + 110],
      ['sales', morningMs + 130],
      ['support', undefined],
    ]);
  });

  it('may ring the same agent again and again, and each time counts once', () => {
    const { pbx, from } = waiting();
    for (let round = 0; round < 2; round += 1) {
      const desk = offers(pbx, from, anna);
      missed(pbx, from, desk);
      pbx.say({ kind: 'agent.missed', ...said(from, desk) });
    }
    const listener = heard(pbx);
    expect(listener.call.queue).toMatchObject([{ missedBy: ['Anna', 'Anna'] }]);
    expect(listener.outcome).toEqual({ kind: 'ignored', reason: 'no-change' });
  });

  it('that rings three phones again and again leaves a call that can still be told', () => {
    const { pbx, from } = waiting();
    const agents = [anna, ben, { name: 'Carla', device: '1003' }];
    const listener = new Listener();
    const first = offers(pbx, from, anna);
    missed(pbx, from, first);
    for (let round = 0; round < 60; round += 1) {
      const desks = agents.map((agent) => offers(pbx, from, agent));
      for (const desk of desks) missed(pbx, from, desk);
      listener.hear(pbx.said.splice(0));
    }
    const last = offers(pbx, from, anna);
    pbx.after(2_000).answers(from, last);
    // Its time is long past, and it is not in the call any more; it starts nothing.
    pbx.say({ kind: 'leg.ended', leg: first.leg, facts: { call: from.call } });
    listener.hear(pbx.said.splice(0));
    expect(listener.outcome).toEqual({ kind: 'ignored', reason: 'after-end' });
    pbx.hangsUp(from, last);
    listener.hear(pbx.said);

    expect(JSON.stringify(listener.call).length).toBeLessThan(32 * 1024);
    expect(listener.call).toMatchObject({
      outcome: 'answered',
      caller: { number: '+4930123456' },
      called: { number: '1001' },
      extensions: ['+4930123456', 'trunk-berlin', '600', '1001', '1002', '1003'],
    });
    expect(listener.call.queue[0]?.missedBy.slice(-3)).toEqual(['Anna', 'Ben', 'Carla']);
    expect(listener.call.legs).toHaveLength(50);
    expect(listener.call.queue[0]?.missedBy).toHaveLength(100);
  });

  it('may tell of a miss after it was left: that is no new visit', () => {
    const { pbx, from } = waiting();
    const desk = offers(pbx, from, anna);
    pbx.say({ kind: 'queue.left', leg: from.leg, queue: 'sales' });
    missed(pbx, from, desk);
    expect(heard(pbx).call.queue).toMatchObject([{ result: 'left', missedBy: ['Anna'] }]);
    expect(heard(pbx).call.queue).toHaveLength(1);
  });

  it('whose platform does not tell the agent’s leg has answered the call all the same', () => {
    const { pbx, from } = waiting();
    const of = { leg: from.leg, queue: 'sales', agent: 'Ben' };
    pbx.after(3_000).say({ kind: 'agent.connected', ...of });
    const listener = heard(pbx);
    expect(listener.call).toMatchObject({
      state: 'connected',
      answeredAtMs: morningMs + 3_100,
      queue: [{ result: 'answered', agent: 'Ben' }],
    });
    pbx.after(1_000).hangsUp(from);
    expect(heard(pbx).call.outcome).toBe('answered');
  });

  it.each(['answered', 'abandoned'])('reported twice and later is one queue: %s', (end) => {
    const { pbx, from } = waiting();
    const desk = offers(pbx, from, anna);
    const of = { leg: from.leg, queue: 'sales' };
    if (end === 'abandoned') pbx.say({ kind: 'queue.abandoned', ...of });
    pbx.say({ kind: 'queue.left', ...of });
    if (end === 'answered') {
      pbx.say({ kind: 'agent.connected', ...said(from, desk) });
      pbx.say({ kind: 'agent.completed', ...said(from, desk), endedBy: 'caller' });
      pbx.say({ kind: 'queue.abandoned', ...of });
      pbx.said.pop();
    }
    const twice = pbx.said.flatMap((signal) => [signal, { ...signal, atMs: signal.atMs + 5_000 }]);
    const listener = new Listener().hear(twice);
    expect(listener.events).toEqual(heard(pbx).events);
    for (const [at, applied] of listener.applied.entries()) {
      if (at % 2 === 1) expect([at, applied.kind]).toEqual([at, 'ignored']);
    }
  });

  it('that was left is not abandoned by who was answered, nor answered by who has another leg', () => {
    const { pbx, from } = waiting();
    const desk = offers(pbx, from, anna);
    pbx.say({ kind: 'agent.connected', ...said(from, desk) });
    pbx.say({ kind: 'queue.abandoned', leg: from.leg, queue: 'sales' });
    const listener = heard(pbx);
    expect(listener.outcome).toEqual({ kind: 'ignored', reason: 'no-change' });
    expect(listener.call.queue).toMatchObject([{ result: 'answered' }]);
  });

  it('of which nobody said that it was entered is known from its agents', () => {
    const pbx = new Exchange();
    const from = pbx.dials(zoe, '600');
    const listener = new Listener();
    pbx.say({ kind: 'queue.left', leg: from.leg, queue: 'sales' });
    pbx.say({ kind: 'queue.abandoned', leg: from.leg, queue: 'sales' });
    listener.hear(pbx.said);
    expect(listener.outcome).toEqual({ kind: 'ignored', reason: 'no-change' });
    pbx.say({ kind: 'agent.missed', leg: from.leg, queue: 'sales', agent: 'Anna' });
    pbx.after(5).say({ kind: 'agent.missed', leg: from.leg, queue: 'sales', agent: 'Anna' });
    pbx.after(5).say({ kind: 'agent.connected', leg: from.leg, queue: 'sales', agent: 'Ben' });
    expect(heard(pbx).call.queue).toMatchObject([
      { missedBy: ['Anna', 'Anna'], agent: 'Ben', result: 'answered' },
    ]);
  });

  it('names the agent at the phone that rings, and at the phone behind a loop', () => {
    const { pbx, from } = waiting();
    const near = { leg: 'near', call: from.call, person: { name: 'Ben' } };
    const far = { leg: 'far', call: from.call, person: {} };
    for (const { leg } of [near, far]) {
      const half = leg === 'near' ? ('near' as const) : ('far' as const);
      pbx.say({
        kind: 'leg.offered',
        leg,
        facts: { call: from.call, loop: { pair: 'loop', half } },
      });
    }
    pbx.say({ kind: 'agent.offered', ...said(from, near) });
    pbx.say({ kind: 'dial.started', leg: near.leg, from: from.leg });
    const desk = pbx.ringsAt(far, { device: '1002' });
    const direct = offers(pbx, from, anna);
    const agents = heard(pbx).call.legs.map(({ key, party, agent }) => [key, party && agent]);
    expect(agents).toEqual([
      [from.leg, undefined],
      ['near', false],
      ['far', false],
      [desk.leg, 'Ben'],
      [direct.leg, 'Anna'],
    ]);
  });

  it('names the agent who answers, though nobody said that he was called', () => {
    const { pbx, from } = waiting();
    const desk = pbx.ringsAt(from, { device: '1002' });
    pbx.after(1_000).say({ kind: 'agent.connected', ...said(from, { ...desk, person: ben }) });
    const { call } = heard(pbx);
    expect(call.called).toEqual({ number: '1002', name: 'Ben' });
    expect(call.queue).toMatchObject([{ leftAtMs: pbx.nowMs, agent: 'Ben' }]);
  });

  it('may know the agent before his leg: the leg that answers is told later', () => {
    const { pbx, from } = waiting();
    pbx.say({ kind: 'agent.connected', leg: from.leg, queue: 'sales', agent: 'Ben' });
    const desk = pbx.after(5).ringsAt(from, ben);
    pbx.answers(from, desk);
    const listener = heard(pbx);
    expect(listener.call).toMatchObject({
      answeredAtMs: morningMs + 100,
      answeredBy: desk.leg,
      called: { number: '1002' },
    });
    expect(listener.story().filter((kind) => kind === 'call.answered')).toHaveLength(1);
  });
});
