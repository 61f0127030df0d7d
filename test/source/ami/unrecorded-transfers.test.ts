/**
 * Transfers that no recording holds, written down as Asterisk sends them (bridge.c: a swap or a move of one
 * bridge's party into the other, Linkedid following without a word). Times are milliseconds since the
 * first call began.
 */
import { describe, expect, it } from 'vitest';
import { accountOf, storyOf } from '../../support/account.ts';
import { type AmiListener, listenTo } from '../../support/ami-listener.ts';
import { Asterisk, type Bridge, bridgeShot, type Channel, shot } from '../../support/asterisk.ts';

const hear = (pbx: Asterisk): Promise<AmiListener> => listenTo({ say: pbx.text });

interface Consultation {
  readonly customer: Channel;
  readonly agent: Channel;
  readonly consulting: Channel;
  readonly expert: Channel;
  readonly first: Bridge;
  readonly second: Bridge;
}

/** 1001 talks with 1002, who holds her and calls 1003 on a second line; 1003 answers. */
function consult(pbx: Asterisk): Consultation {
  const customer = pbx.channel('PJSIP/1001-00000001', {
    number: '1001',
    name: 'Ann',
    exten: '1002',
  });
  const agent = pbx.channel('PJSIP/1002-00000002', { number: '1002', name: 'Bob', of: customer });
  pbx.ring(customer, agent).after(1_000);
  const first = pbx.answer(customer, agent);
  pbx.after(2_000).event('Hold', shot(agent), { MusicClass: 'default' });
  pbx.after(500);
  const consulting = pbx.channel('PJSIP/1002-00000003', {
    number: '1002',
    name: 'Bob',
    exten: '1003',
  });
  const expert = pbx.channel('PJSIP/1003-00000004', {
    number: '1003',
    name: 'Eve',
    of: consulting,
  });
  pbx.ring(consulting, expert).after(1_000);
  const second = pbx.answer(consulting, expert);
  pbx.after(3_000);
  return { customer, agent, consulting, expert, first, second };
}

function attendedTransfer(pbx: Asterisk, who: Consultation, destination: Bridge): void {
  pbx.event(
    'AttendedTransfer',
    { Result: 'Success' },
    shot(who.agent, 'OrigTransferer'),
    bridgeShot(who.first, 'Orig'),
    shot(who.consulting, 'SecondTransferer'),
    bridgeShot(who.second, 'Second'),
    shot(who.customer, 'Transferee'),
    shot(who.expert, 'TransferTarget'),
    { IsExternal: 'Yes', DestType: 'Bridge', DestBridgeUniqueid: destination.id },
  );
}

/** The target's Linkedid becomes the older call's; the events only show it, nothing announces it. */
function relink({ customer, expert }: Consultation): void {
  expert.linkedid = customer.linkedid;
}

describe('1002 puts 1001 through to 1003 after asking (REFER with Replaces)', () => {
  const first = {
    started: '2027-01-15T08:00:00.000Z',
    parties: '1001 (Ann) → 1002 (Bob)',
    dialled: '1002',
    direction: 'internal',
    answered: '1000 by 1002',
    endedBy: 'called 1003',
    holds: ['1002 3000–7500'],
    transfers: ['7500 attended: 1002 sends 1001 to 1003'],
  };
  const second = {
    started: '2027-01-15T08:00:03.500Z',
    parties: '1002 (Bob) → 1003 (Eve)',
    dialled: '1003',
    answered: '1000 by 1003',
    ended: '4000 merged observed',
  };

  function check({ calls, ofCalls, registry }: AmiListener): void {
    expect(calls.map(accountOf)).toMatchObject([
      { ...first, ended: '12500 answered observed' },
      second,
    ]);
    expect(calls[1]?.mergedInto).toBe(calls[0]?.id);
    const story = storyOf(ofCalls);
    expect(story.filter((line) => line.includes('started'))).toHaveLength(2);
    expect(story.filter((line) => line.includes('ended ended'))).toHaveLength(2);
    expect([...(calls[0]?.extensions ?? [])].sort()).toEqual(['1001', '1002', '1003']);
    expect(registry.size).toBe(0);
  }

  it('with 1003 swapped into the bridge of 1001', async () => {
    const pbx = new Asterisk();
    const who = consult(pbx);
    pbx.event('Unhold', shot(who.agent)).event('Unhold', shot(who.consulting));
    pbx.leave(who.second, who.expert).leave(who.first, who.agent);
    relink(who);
    pbx.enter(who.first, who.expert, who.agent).leave(who.second, who.consulting);
    attendedTransfer(pbx, who, who.first);
    pbx.destroy(who.second).hangup(who.agent).hangup(who.consulting).after(5_000);
    pbx.hangUpTalk(who.first, who.expert, who.customer);
    check(await hear(pbx));
  });

  it('with the new Linkedid only shown when 1003 leaves', async () => {
    const pbx = new Asterisk();
    const who = consult(pbx);
    pbx.leave(who.second, who.expert).leave(who.first, who.agent);
    pbx.enter(who.first, who.expert, who.agent).leave(who.second, who.consulting);
    attendedTransfer(pbx, who, who.first);
    pbx.destroy(who.second).hangup(who.consulting).hangup(who.agent).after(5_000);
    relink(who);
    pbx.hangUpTalk(who.first, who.expert, who.customer);
    check(await hear(pbx));
  });

  it('with 1001 moved into the bridge of 1003', async () => {
    const pbx = new Asterisk();
    const who = consult(pbx);
    pbx.leave(who.first, who.customer).leave(who.second, who.consulting);
    pbx.enter(who.second, who.customer, who.consulting).leave(who.first, who.agent);
    attendedTransfer(pbx, who, who.second);
    pbx.destroy(who.first).hangup(who.agent).hangup(who.consulting).after(5_000);
    relink(who);
    pbx.hangUpTalk(who.second, who.expert, who.customer);
    check(await hear(pbx));
  });

  it('with the bridges merged, and the transferrer sending BYE for both of its lines', async () => {
    const pbx = new Asterisk();
    const who = consult(pbx);
    pbx.leave(who.second, who.consulting).leave(who.first, who.agent);
    pbx.event('BridgeMerge', bridgeShot(who.first, 'To'), bridgeShot(who.second, 'From'));
    pbx.leave(who.second, who.expert).enter(who.first, who.expert);
    attendedTransfer(pbx, who, who.first);
    pbx.destroy(who.second).hangupRequest(who.agent).hangup(who.agent);
    pbx.hangupRequest(who.consulting).hangup(who.consulting).after(5_000);
    relink(who);
    pbx.hangUpTalk(who.first, who.expert, who.customer);
    check(await hear(pbx));
  });
});

describe('1002 puts 1001 through to 1003 while that still rings', () => {
  /** The consulting channel in Dial is taken over by the customer's: same keys, other name. */
  function blonde(pbx: Asterisk, zombieFirst = false): Omit<Consultation, 'second'> {
    const customer = pbx.channel('PJSIP/1001-00000001', { number: '1001', exten: '1002' });
    const agent = pbx.channel('PJSIP/1002-00000002', { number: '1002', of: customer });
    pbx.ring(customer, agent).after(1_000);
    const first = pbx.answer(customer, agent);
    pbx.after(1_000);
    const consulting = pbx.channel('PJSIP/1002-00000003', { number: '1002', exten: '1003' });
    const expert = pbx.channel('PJSIP/1003-00000004', { number: '1003', of: consulting });
    pbx.ring(consulting, expert).after(1_000);
    const zombie = { ...consulting, name: 'PJSIP/1001-00000001<ZOMBIE>' };
    if (zombieFirst) pbx.hangup(zombie, 26, 'Answered elsewhere');
    pbx.event(
      'AttendedTransfer',
      { Result: 'Success' },
      shot(agent, 'OrigTransferer'),
      bridgeShot(first, 'Orig'),
      shot(consulting, 'SecondTransferer'),
      shot(customer, 'Transferee'),
      { IsExternal: 'Yes', DestType: 'App', DestApp: 'Dial' },
    );
    pbx.leave(first, customer).leave(first, agent).destroy(first);
    if (!zombieFirst) pbx.hangup(zombie, 26, 'Answered elsewhere');
    pbx.hangup(agent);
    return { customer, agent, consulting, expert, first };
  }

  it.each([false, true])('and 1003 answers (line given up first: %s)', async (zombieFirst) => {
    const pbx = new Asterisk();
    const { customer, expert } = blonde(pbx, zombieFirst);
    pbx.after(2_000);
    const talk = pbx.answer(customer, expert);
    expert.linkedid = customer.linkedid;
    pbx.after(3_000).hangUpTalk(talk, customer, expert);
    const { calls, ofCalls } = await hear(pbx);

    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '1001 → 1002',
        answered: '1000 by 1002',
        ended: '8000 answered observed',
        endedBy: 'caller 1001',
        transfers: ['3000 attended: 1002 sends 1001 to 1003'],
      },
      { parties: '1002 → 1003', ended: '1000 merged observed', answered: undefined },
    ]);
    expect(storyOf(ofCalls).filter((line) => line.includes('ended ended'))).toHaveLength(2);
    expect(calls[0]?.extensions).toContain('1003');
  });

  it('and 1003 does not answer', async () => {
    const pbx = new Asterisk();
    const { customer, expert } = blonde(pbx);
    pbx.after(2_000).dialEnd(customer, expert, 'NOANSWER').hangup(expert, 0, 'Unknown');
    pbx.softHangup(customer).hangup(customer);
    const { calls, registry } = await hear(pbx);

    expect(calls.map(accountOf)).toMatchObject([
      { ended: '5000 answered observed', endedBy: 'platform' },
      { ended: '1000 merged observed' },
    ]);
    expect(registry.size).toBe(0);
  });
});

describe('the caller transfers', () => {
  it('whom she called to 1003, after asking', async () => {
    const pbx = new Asterisk();
    const caller = pbx.channel('PJSIP/1001-00000001', { number: '1001', exten: '1002' });
    const called = pbx.channel('PJSIP/1002-00000002', { number: '1002', of: caller });
    pbx.ring(caller, called).after(1_000);
    const first = pbx.answer(caller, called);
    const consulting = pbx.channel('PJSIP/1001-00000003', { number: '1001', exten: '1003' });
    const expert = pbx.channel('PJSIP/1003-00000004', { number: '1003', of: consulting });
    pbx.ring(consulting, expert).after(1_000);
    const second = pbx.answer(consulting, expert);
    const who = { customer: called, agent: caller, consulting, expert, first, second };
    pbx.after(1_000).leave(second, expert).leave(first, caller).enter(first, expert, caller);
    pbx.leave(second, consulting);
    attendedTransfer(pbx, who, first);
    pbx.hangupRequest(consulting).hangup(consulting).hangupRequest(caller).hangup(caller);
    expert.linkedid = caller.linkedid;
    pbx.after(5_000).hangUpTalk(first, called, expert);
    const { calls, registry } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '1001 → 1002',
        ended: '8000 answered observed',
        endedBy: 'called 1002',
        transfers: ['3000 attended: 1001 sends 1002 to 1003'],
      },
      { parties: '1001 → 1003', ended: '2000 merged observed' },
    ]);
    expect(registry.size).toBe(0);
  });
});

describe('a transfer that is refused', () => {
  it('changes nothing', async () => {
    const pbx = new Asterisk();
    const customer = pbx.channel('PJSIP/1001-00000001', { number: '1001', exten: '1002' });
    const agent = pbx.channel('PJSIP/1002-00000002', { number: '1002', of: customer });
    pbx.ring(customer, agent);
    const talk = pbx.answer(customer, agent);
    pbx.event(
      'BlindTransfer',
      { Result: 'Not Permitted' },
      shot(agent, 'Transferer'),
      shot(customer, 'Transferee'),
      bridgeShot(talk),
      { IsExternal: 'Yes', Context: 'internal', Extension: '1003' },
    );
    pbx.after(1_000).hangUpTalk(talk, agent, customer);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toEqual([
      expect.objectContaining({ ended: '1000 answered observed', endedBy: 'called 1002' }),
    ]);
    expect(calls[0]?.transfers).toEqual([]);
  });
});

describe('a blind transfer to a busy phone', () => {
  it('ends with the transferee, by the platform', async () => {
    const pbx = new Asterisk();
    const customer = pbx.channel('PJSIP/1001-00000001', { number: '1001', exten: '1002' });
    const agent = pbx.channel('PJSIP/1002-00000002', { number: '1002', of: customer });
    pbx.ring(customer, agent).after(1_000);
    const talk = pbx.answer(customer, agent);
    pbx.after(1_000);
    pbx.event('Unhold', shot(agent));
    pbx.event(
      'BlindTransfer',
      { Result: 'Success' },
      shot(agent, 'Transferer'),
      shot(customer, 'Transferee'),
      bridgeShot(talk),
      { IsExternal: 'Yes', Context: 'internal', Extension: '1003' },
    );
    pbx.leave(talk, customer).leave(talk, agent).destroy(talk);
    pbx.softHangup(agent).hangup(agent);
    const busy = pbx.channel('PJSIP/1003-00000003', { number: '1003', of: customer });
    pbx.dialBegin(customer, busy).after(200).hangupRequest(busy, 17);
    pbx.dialEnd(customer, busy, 'BUSY').hangup(busy, 17, 'User busy');
    pbx.softHangup(customer).hangup(customer, 17, 'User busy');
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '1001 → 1002',
        ended: '2200 answered observed',
        transfers: ['2000 blind: 1002 sends 1001 to 1003'],
      },
    ]);
  });
});
