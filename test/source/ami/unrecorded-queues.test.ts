/**
 * Queues that no recording holds, written down as Asterisk sends them (app_queue.c). Times are
 * milliseconds since the call began.
 */
import { describe, expect, it } from 'vitest';
import { accountOf, storyOf } from '../../support/account.ts';
import { type AmiListener, listenTo } from '../../support/ami-listener.ts';
import { Asterisk, bridgeShot, type Channel, shot } from '../../support/asterisk.ts';

const hear = (pbx: Asterisk): Promise<AmiListener> => listenTo({ say: pbx.text });

/** Somebody from outside comes in over a trunk and waits in the queue "support". */
function waitingCaller(pbx: Asterisk): Channel {
  const caller = pbx.channel('PJSIP/trunk-00000001', { number: '+4930123456', exten: '600' });
  pbx.state(caller, 'Up').event('QueueCallerJoin', shot(caller), {
    Queue: 'support',
    Position: 1,
    Count: 1,
  });
  return caller;
}

interface Agent {
  readonly name: string;
  readonly leg: Channel;
  readonly member: string;
}

const agentFields = (agent: Agent): Record<string, string> => ({
  Queue: 'support',
  Interface: agent.member,
  MemberName: agent.name,
});

function offer(pbx: Asterisk, caller: Channel, agent: Agent): void {
  pbx.event('AgentCalled', shot(caller), shot(agent.leg, 'Dest'), agentFields(agent));
}

function miss(pbx: Asterisk, caller: Channel, agent: Agent): void {
  pbx.event('AgentRingNoAnswer', shot(caller), shot(agent.leg, 'Dest'), agentFields(agent), {
    RingTime: 1_000,
  });
}

function connect(pbx: Asterisk, caller: Channel, agent: Agent): void {
  pbx.event('QueueCallerLeave', shot(caller), { Queue: 'support', Position: 1, Count: 0 });
  pbx.event('AgentConnect', shot(caller), shot(agent.leg, 'Dest'), agentFields(agent), {
    HoldTime: 2,
    RingTime: 1,
  });
}

function complete(pbx: Asterisk, caller: Channel, agent: Agent, reason: string): void {
  pbx.event('AgentComplete', shot(caller), shot(agent.leg, 'Dest'), agentFields(agent), {
    HoldTime: 2,
    TalkTime: 3,
    Reason: reason,
  });
}

function phoneOf(pbx: Asterisk, name: string, device: string, number: string, of: Channel): Agent {
  const leg = pbx.channel(`PJSIP/${device}-0000000${device.at(-1)}`, { number, of });
  return { name, leg, member: `PJSIP/${device}` };
}

describe('agents at SIP phones', () => {
  it('ring together; Carol takes it, and the caller hangs up', async () => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    const bob = phoneOf(pbx, 'Bob', '1002', '1002', caller);
    const carol = phoneOf(pbx, 'Carol', '1003', '1003', caller);
    for (const agent of [bob, carol]) {
      offer(pbx, caller, agent);
      pbx.ring(caller, agent.leg);
    }
    pbx.after(2_000).state(carol.leg, 'Up');
    pbx.dialEnd(caller, bob.leg, 'CANCEL').hangup(bob.leg, 26, 'Answered elsewhere');
    pbx.dialEnd(caller, carol.leg, 'ANSWER');
    connect(pbx, caller, carol);
    const talk = pbx.bridge(carol.leg, caller);
    pbx.after(3_000).hangupRequest(caller).leave(talk, caller).leave(talk, carol.leg).destroy(talk);
    complete(pbx, caller, carol, 'caller');
    pbx.hangup(carol.leg).softHangup(caller).hangup(caller);
    const { calls, ofCalls } = await hear(pbx);

    expect(calls.map(accountOf)).toEqual([
      {
        started: '2027-01-15T08:00:00.000Z',
        parties: '+4930123456 → 1003 (Carol)',
        dialled: '600',
        direction: 'incoming',
        answered: '2000 by 1003',
        ended: '5000 answered observed',
        endedBy: 'caller +4930123456',
        cause: '16 Normal Clearing',
        legs: [
          'caller +4930123456: 0, up 0, ends 5000',
          'called 1002: 0, rings 0, ends 2000, agent Bob',
          'called 1003: 0, rings 0, up 2000, ends 5000, agent Carol',
        ],
        queue: ['support 0–2000 answered, position 1, served by Carol'],
      },
    ]);
    expect(storyOf(ofCalls).slice(-2)).toEqual(['2000 answered connected', '5000 ended ended']);
    expect([...(calls[0]?.extensions ?? [])].sort()).toEqual([
      '+4930123456',
      '1002',
      '1003',
      '600',
      'trunk',
    ]);
  });

  it.each([
    ['the number that was dialled', '600'],
    ["the caller's number", '+4930123456'],
    ['no number', '<unknown>'],
  ])('are known by their line when Asterisk lends it %s', async (_, lent) => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    const bob = phoneOf(pbx, 'Bob', '1002', lent, caller);
    offer(pbx, caller, bob);
    pbx.ring(caller, bob.leg).after(1_000).taken(caller, bob.leg);
    connect(pbx, caller, bob);
    const talk = pbx.bridge(bob.leg, caller);
    pbx.after(1_000).hangUpTalk(talk, bob.leg, caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { parties: '+4930123456 → 1002 (Bob)', answered: '1000 by 1002', endedBy: 'called 1002' },
    ]);
  });

  it('refuse, and the caller gives up', async () => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    const bob = phoneOf(pbx, 'Bob', '1002', '1002', caller);
    offer(pbx, caller, bob);
    pbx.ring(caller, bob.leg).after(1_000).hangupRequest(bob.leg, 21);
    miss(pbx, caller, bob);
    pbx.dialEnd(caller, bob.leg, 'NOANSWER').hangup(bob.leg, 21, 'Call Rejected');
    pbx.after(4_000).hangupRequest(caller);
    abandon(pbx, caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '+4930123456 → 600',
        answered: undefined,
        ended: '5000 abandoned observed',
        endedBy: 'caller +4930123456',
        queue: ['support 0–5000 abandoned, position 1, missed by Bob'],
      },
    ]);
  });

  it('refuse, and the queue gives up', async () => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    const bob = phoneOf(pbx, 'Bob', '1002', '1002', caller);
    offer(pbx, caller, bob);
    pbx.ring(caller, bob.leg).after(1_000).hangupRequest(bob.leg, 21);
    miss(pbx, caller, bob);
    pbx.dialEnd(caller, bob.leg, 'NOANSWER').hangup(bob.leg, 21, 'Call Rejected');
    pbx.after(4_000);
    abandon(pbx, caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { ended: '5000 abandoned observed', endedBy: 'platform' },
    ]);
  });
});

function abandon(pbx: Asterisk, caller: Channel): void {
  pbx.event('QueueCallerAbandon', shot(caller), {
    Queue: 'support',
    Position: 1,
    OriginalPosition: 1,
    HoldTime: 5,
  });
  pbx.event('QueueCallerLeave', shot(caller), { Queue: 'support', Position: 1, Count: 0 });
  pbx.softHangup(caller).hangup(caller);
}

describe('a caller who hangs up while an agent is rung', () => {
  it('has abandoned the queue', async () => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    const bob = phoneOf(pbx, 'Bob', '1002', '1002', caller);
    offer(pbx, caller, bob);
    pbx.ring(caller, bob.leg).after(2_500).hangupRequest(caller);
    pbx.dialEnd(caller, bob.leg, 'CANCEL').hangup(bob.leg, 0, 'Unknown');
    abandon(pbx, caller);
    const { calls, ofCalls } = await hear(pbx);
    expect(calls.map(accountOf)).toEqual([
      {
        started: '2027-01-15T08:00:00.000Z',
        parties: '+4930123456 → 600',
        dialled: '600',
        direction: 'incoming',
        answered: undefined,
        ended: '2500 abandoned observed',
        endedBy: 'caller +4930123456',
        cause: '16 Normal Clearing',
        legs: [
          'caller +4930123456: 0, up 0, ends 2500',
          'called 1002: 0, rings 0, ends 2500, agent Bob',
        ],
        // Bob was not given the time to miss it.
        queue: ['support 0–2500 abandoned, position 1'],
      },
    ]);
    expect(storyOf(ofCalls).filter((line) => line.includes('ended'))).toEqual(['2500 ended ended']);
  });
});

describe('an agent behind a Local channel that dials his phone', () => {
  it('is one party, with the phone he took it at', async () => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    const [near, far] = pbx.local('Local/2001@agents-00000001', {
      number: '+4930123456',
      exten: '2001',
      of: caller,
    });
    const agent = { name: 'Agent One', leg: near, member: 'Local/2001@agents/n' };
    near.exten = '600';
    offer(pbx, caller, agent);
    pbx.dialBegin(caller, near);
    const phone = pbx.channel('PJSIP/2001-00000002', { number: '2001', name: 'Desk 1', of: far });
    pbx.ring(far, phone).ringing(caller, near).after(2_000);
    pbx.state(phone, 'Up').dialEnd(far, phone, 'ANSWER').state(far, 'Up');
    const inner = pbx.bridge(phone, far);
    pbx.taken(caller, near);
    connect(pbx, caller, agent);
    const outer = pbx.bridge(near, caller);
    pbx.after(6_000).hangupRequest(phone).leave(inner, phone).leave(inner, far).destroy(inner);
    pbx.hangup(phone).softHangup(far).hangupRequest(near).hangup(far);
    pbx.leave(outer, near).hangup(near);
    complete(pbx, caller, agent, 'agent');
    pbx.leave(outer, caller).destroy(outer).softHangup(caller).hangup(caller);
    const { calls, ofCalls } = await hear(pbx);

    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '+4930123456 → 2001 (Desk 1)',
        direction: 'incoming',
        answered: '2000 by 2001',
        ended: '8000 answered observed',
        endedBy: 'called 2001',
        legs: [
          'caller +4930123456: 0, up 0, ends 8000',
          expect.stringMatching(/^\[called 2001 near: 0, rings 0, up 2000, ends 8000/),
          expect.stringMatching(/^\[called 2001 far: 0, up 2000, ends 8000/),
          'called 2001: 0, rings 0, up 2000, ends 8000, agent Agent One',
        ],
        queue: ['support 0–2000 answered, position 1, served by Agent One'],
      },
    ]);
    expect(storyOf(ofCalls).filter((line) => line.includes('answered'))).toHaveLength(1);
  });

  it('goes on when the Local channel is optimised away', async () => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    const [near, far] = pbx.local('Local/2001@agents-00000001', { exten: '2001', of: caller });
    const agent = { name: 'Agent One', leg: near, member: 'Local/2001@agents' };
    offer(pbx, caller, agent);
    pbx.dialBegin(caller, near);
    const phone = pbx.channel('PJSIP/2001-00000002', { number: '2001', of: far });
    pbx.ring(far, phone).ringing(caller, near).after(2_000);
    pbx.state(phone, 'Up').dialEnd(far, phone, 'ANSWER').state(far, 'Up');
    const inner = pbx.bridge(phone, far);
    pbx.taken(caller, near);
    connect(pbx, caller, agent);
    const outer = pbx.bridge(near, caller);
    pbx.event('LocalOptimizationBegin', shot(near, 'LocalOne'), shot(far, 'LocalTwo'), { Id: 0 });
    pbx.leave(inner, phone).leave(outer, near).enter(outer, phone, near);
    pbx.event('LocalOptimizationEnd', shot(near, 'LocalOne'), shot(far, 'LocalTwo'), { Id: 0 });
    pbx.leave(inner, far).destroy(inner).hangup(near).softHangup(far).hangup(far);
    pbx.after(4_000).hangupRequest(caller).leave(outer, caller).leave(outer, phone).destroy(outer);
    pbx.hangup(phone);
    complete(pbx, caller, agent, 'caller');
    pbx.hangup(caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '+4930123456 → 2001 (Agent One)',
        answered: '2000 by 2001',
        ended: '6000 answered observed',
        endedBy: 'caller +4930123456',
      },
    ]);
  });
});

describe('after the queue', () => {
  it('the agent sends the caller on to 1005, who is the one that hangs up', async () => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    const bob = phoneOf(pbx, 'Bob', '1002', '1002', caller);
    offer(pbx, caller, bob);
    pbx.ring(caller, bob.leg).after(1_000).taken(caller, bob.leg);
    connect(pbx, caller, bob);
    const talk = pbx.bridge(bob.leg, caller);
    pbx
      .after(1_000)
      .event(
        'BlindTransfer',
        { Result: 'Success' },
        shot(bob.leg, 'Transferer'),
        shot(caller, 'Transferee'),
        bridgeShot(talk),
        { IsExternal: 'Yes', Context: 'internal', Extension: '1005' },
      );
    complete(pbx, caller, bob, 'transfer');
    pbx.leave(talk, caller).leave(talk, bob.leg).destroy(talk).softHangup(bob.leg).hangup(bob.leg);
    const expert = pbx.channel('PJSIP/1005-00000009', { number: '1005', of: caller });
    pbx.ring(caller, expert).after(1_000);
    const second = pbx.answer(caller, expert);
    pbx.after(1_000).hangUpTalk(second, expert, caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '+4930123456 → 1002 (Bob)',
        ended: '4000 answered observed',
        endedBy: 'called 1005',
        transfers: ['2000 blind: 1002 sends +4930123456 to 1005'],
        queue: ['support 0–1000 answered, position 1, served by Bob'],
      },
    ]);
    expect(calls[0]?.extensions).toContain('1005');
  });

  it('the caller waits in it once more, is served by Carol and hangs up', async () => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    const bob = phoneOf(pbx, 'Bob', '1002', '1002', caller);
    offer(pbx, caller, bob);
    pbx.ring(caller, bob.leg).after(1_000).taken(caller, bob.leg);
    connect(pbx, caller, bob);
    const talk = pbx.bridge(bob.leg, caller);
    pbx.after(1_000).hangupRequest(bob.leg).leave(talk, bob.leg).leave(talk, caller).destroy(talk);
    pbx.hangup(bob.leg);
    complete(pbx, caller, bob, 'agent');
    pbx.event('QueueCallerJoin', shot(caller), { Queue: 'support', Position: 1, Count: 1 });
    const carol = phoneOf(pbx, 'Carol', '1003', '1003', caller);
    offer(pbx, caller, carol);
    pbx.ring(caller, carol.leg).after(1_000).taken(caller, carol.leg);
    connect(pbx, caller, carol);
    const second = pbx.bridge(carol.leg, caller);
    pbx.after(1_000).hangupRequest(caller).leave(second, caller).leave(second, carol.leg);
    pbx.destroy(second);
    complete(pbx, caller, carol, 'caller');
    pbx.hangup(carol.leg).hangup(caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        ended: '4000 answered observed',
        endedBy: 'caller +4930123456',
        queue: [
          'support 0–1000 answered, position 1, served by Bob',
          'support 2000–3000 answered, position 1, served by Carol',
        ],
      },
    ]);
  });

  it('the caller presses a key to leave it and talks with the operator', async () => {
    const pbx = new Asterisk();
    const caller = waitingCaller(pbx);
    pbx.after(3_000).event('QueueCallerLeave', shot(caller), {
      Queue: 'support',
      Position: 1,
      Count: 0,
    });
    const operator = pbx.channel('PJSIP/1009-00000009', { number: '1009', of: caller });
    pbx.ring(caller, operator).after(1_000);
    const talk = pbx.answer(caller, operator);
    pbx.after(1_000).hangUpTalk(talk, caller, operator);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '+4930123456 → 1009',
        answered: '4000 by 1009',
        ended: '5000 answered observed',
        queue: ['support 0–3000 left, position 1'],
      },
    ]);
  });
});
