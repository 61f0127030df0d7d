/**
 * Calls that no recording holds, written down as Asterisk sends them: groups, phones that are not there,
 * trunks, machines, forwarding, pickup, parking, click to dial. Times are milliseconds since the first
 * call began.
 */
import { describe, expect, it } from 'vitest';
import { accountOf, storyOf } from '../../support/account.ts';
import { type AmiListener, listenTo } from '../../support/ami-listener.ts';
import { Asterisk, bridgeShot, type Channel, shot } from '../../support/asterisk.ts';

const hear = (pbx: Asterisk): Promise<AmiListener> => listenTo({ say: pbx.text });

function caller1001(pbx: Asterisk, exten: string): Channel {
  return pbx.channel('PJSIP/1001-00000001', { number: '1001', name: 'Ann', exten });
}

function phone(pbx: Asterisk, number: string, of: Channel): Channel {
  return pbx.channel(`PJSIP/${number}-0000000${number.at(-1)}`, { number, of });
}

describe('a group of phones', () => {
  it('of which one is busy and one rings in vain: the call is missed', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '650');
    const busy = phone(pbx, '1002', caller);
    const ringing = phone(pbx, '1003', caller);
    pbx.dialBegin(caller, busy).ring(caller, ringing).after(300).hangupRequest(busy, 17);
    pbx.dialEnd(caller, busy, 'BUSY').hangup(busy, 17, 'User busy').after(9_700);
    pbx.dialEnd(caller, ringing, 'NOANSWER').hangup(ringing, 0, 'Unknown');
    pbx.softHangup(caller).hangup(caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { parties: '1001 (Ann) → 650', ended: '10000 missed observed', endedBy: 'platform' },
    ]);
  });

  it('that are all busy: the call is busy', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '650');
    const phones = ['1002', '1003'].map((number) => phone(pbx, number, caller));
    for (const each of phones) pbx.dialBegin(caller, each);
    for (const each of phones) {
      pbx.after(100).hangupRequest(each, 17).dialEnd(caller, each, 'BUSY');
      pbx.hangup(each, 17, 'User busy');
    }
    pbx.softHangup(caller).hangup(caller, 17, 'User busy');
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { ended: '200 busy observed', cause: '17 User busy', answered: undefined },
    ]);
  });

  it('of which one is busy, and the caller gives up on the other: she cancelled it', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '650');
    const busy = phone(pbx, '1002', caller);
    const ringing = phone(pbx, '1003', caller);
    pbx.dialBegin(caller, busy).ring(caller, ringing).after(300).hangupRequest(busy, 17);
    pbx.dialEnd(caller, busy, 'BUSY').hangup(busy, 17, 'User busy').after(1_700);
    pbx.hangupRequest(caller, 127).dialEnd(caller, ringing, 'CANCEL').hangup(ringing, 127);
    pbx.softHangup(caller).hangup(caller, 127, 'Interworking, unspecified');
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { ended: '2000 cancelled observed', endedBy: 'caller 1001' },
    ]);
  });
});

describe('a phone that cannot be rung', () => {
  it('is unreachable when it is not registered: no channel is made for it', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '1004');
    pbx.after(10).softHangup(caller).hangup(caller, 20, 'Subscriber absent');
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { parties: '1001 (Ann) → 1004', ended: '10 unreachable observed', endedBy: 'platform' },
    ]);
  });

  it('is busy when it is not to be disturbed: the dial plan says so at once', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '1004');
    pbx.state(caller, 'Busy').after(5_000).softHangup(caller).hangup(caller, 17, 'User busy');
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { parties: '1001 (Ann) → 1004', ended: '5000 busy observed' },
    ]);
  });

  it('fails when there is no such number', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '9999');
    pbx.after(5).softHangup(caller).hangup(caller, 1, 'Unallocated (unassigned) number');
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([{ ended: '5 failed observed' }]);
  });
});

describe('a machine', () => {
  it('answers a caller who talks to nobody else', async () => {
    const pbx = new Asterisk();
    const caller = pbx.channel('PJSIP/trunk-00000001', { number: '+4930123456', exten: '800' });
    pbx.after(100).state(caller, 'Up').after(20_000).hangupRequest(caller).hangup(caller);
    const { calls, ofCalls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '+4930123456 → 800',
        direction: 'incoming',
        ended: '20100 answered observed',
        endedBy: 'caller +4930123456',
      },
    ]);
    expect(storyOf(ofCalls)).toContain('100 updated connected');
  });

  it('takes a message after it rang in vain: for the one who was called it is missed', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '1002');
    const called = phone(pbx, '1002', caller);
    pbx.ring(caller, called).after(5_000).dialEnd(caller, called, 'NOANSWER').hangup(called, 0);
    pbx.state(caller, 'Up').after(9_000).hangupRequest(caller).hangup(caller);
    const { calls, ofCalls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { ended: '14000 missed observed', endedBy: 'caller 1001', answered: undefined },
    ]);
    expect(storyOf(ofCalls)).toContain('5000 updated connected');
  });

  it('takes a message because the phone was busy: the caller ended it, not the busy phone', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '1002');
    const called = phone(pbx, '1002', caller);
    pbx.dialBegin(caller, called).hangupRequest(called, 17).dialEnd(caller, called, 'BUSY');
    pbx.hangup(called, 17, 'User busy').state(caller, 'Up').after(9_000);
    pbx.hangupRequest(caller).hangup(caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { ended: '9000 busy observed', endedBy: 'caller 1001' },
    ]);
  });
});

describe('over a trunk', () => {
  it('an anonymous caller reaches 1002', async () => {
    const pbx = new Asterisk();
    const caller = pbx.channel('PJSIP/trunk-berlin-0000000a', { exten: '4930555100' });
    const called = phone(pbx, '1002', caller);
    pbx.ring(caller, called).after(1_000);
    const talk = pbx.answer(caller, called);
    pbx.after(1_000).hangUpTalk(talk, caller, called);
    const { calls, ofCalls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: 'trunk-berlin → 1002',
        dialled: '4930555100',
        direction: 'incoming',
        answered: '1000 by 1002',
        ended: '2000 answered observed',
      },
    ]);
    expect(storyOf(ofCalls).filter((line) => line.includes('started'))).toHaveLength(1);
  });

  it('one who withholds his number but not the word for it is called that', async () => {
    const pbx = new Asterisk();
    const who = { number: 'anonymous', name: 'Anonymous', exten: '4930555100' };
    const caller = pbx.channel('PJSIP/trunk-berlin-0000000a', who);
    pbx.after(1_000).hangupRequest(caller).hangup(caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { parties: 'anonymous (Anonymous) → 4930555100', ended: '1000 cancelled observed' },
    ]);
  });

  it('1001 reaches somebody outside, known by the number that was dialled', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '0301234567');
    const outside = { number: '0301234567', of: caller };
    const called = pbx.channel('PJSIP/trunk-berlin-0000000b', outside);
    pbx.ring(caller, called).after(1_000);
    const talk = pbx.answer(caller, called);
    pbx.after(1_000).hangUpTalk(talk, called, caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '1001 (Ann) → 0301234567',
        direction: 'outgoing',
        endedBy: 'called 0301234567',
      },
    ]);
  });

  it('phones without a number of their own are known by their line when a call comes in for the house', async () => {
    const pbx = new Asterisk();
    const caller = pbx.channel('PJSIP/trunk-0000000a', { number: '+49171', exten: '4930555100' });
    const phones = ['1002', '1003'].map((device) =>
      pbx.channel(`PJSIP/${device}-0000000b`, { number: '4930555100', of: caller }),
    );
    for (const each of phones) pbx.ring(caller, each);
    const [one, other] = phones as [Channel, Channel];
    pbx.after(1_000).state(other, 'Up').dialEnd(caller, one, 'CANCEL').hangup(one, 26);
    const talk = pbx.answer(caller, other);
    pbx.after(1_000).hangUpTalk(talk, other, caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { parties: '+49171 → 1003', dialled: '4930555100', endedBy: 'called 1003' },
    ]);
    expect(calls[0]?.extensions).toContain('1002');
  });
});

describe('a phone that forwards', () => {
  /** app_dial.c: the forwarding leg is cancelled, a new one is dialled in its place. */
  function forward(pbx: Asterisk): { caller: Channel; target: Channel } {
    const caller = caller1001(pbx, '1002');
    const forwarding = phone(pbx, '1002', caller);
    pbx.ring(caller, forwarding).after(500);
    const target = phone(pbx, '1003', caller);
    pbx.event('DialEnd', shot(caller), shot(forwarding, 'Dest'), {
      DialStatus: 'CANCEL',
      Forward: '1003',
    });
    pbx.dialBegin(caller, target).hangup(forwarding, 0, 'Unknown').ringing(caller, target);
    return { caller, target };
  }

  it('is answered where it went', async () => {
    const pbx = new Asterisk();
    const { caller, target } = forward(pbx);
    pbx.after(500);
    const talk = pbx.answer(caller, target);
    pbx.after(1_000).hangUpTalk(talk, caller, target);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { parties: '1001 (Ann) → 1003', dialled: '1002', answered: '1000 by 1003' },
    ]);
  });

  it('is missed where it went, not cancelled by the caller', async () => {
    const pbx = new Asterisk();
    const { caller, target } = forward(pbx);
    pbx.after(9_500).dialEnd(caller, target, 'NOANSWER').hangup(target, 0, 'Unknown');
    pbx.softHangup(caller).hangup(caller);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { ended: '10000 missed observed', endedBy: 'platform' },
    ]);
  });
});

describe('1003 picks up what rings at 1002', () => {
  it('answers the call; the one he dialled for it goes into that', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '1002');
    const ringing = phone(pbx, '1002', caller);
    pbx.ring(caller, ringing).after(3_000);
    const picker = pbx.channel('PJSIP/1003-00000003', { number: '1003', exten: '*8' });
    pbx.state(picker, 'Up').event('Pickup', shot(picker), shot(ringing, 'Target'));
    // pickup.c: the two channels change places; each keeps its key, what rang is left as a zombie.
    const zombie = { ...ringing, name: `${ringing.name}<ZOMBIE>` };
    pbx.event('Rename', { Channel: ringing.name, Newname: zombie.name, Uniqueid: zombie.uniqueid });
    pbx.hangup(zombie, 26, 'Answered elsewhere').dialEnd(caller, picker, 'ANSWER');
    pbx.state(caller, 'Up');
    picker.linkedid = caller.linkedid;
    const talk = pbx.bridge(picker, caller);
    pbx.after(2_000).hangUpTalk(talk, picker, caller);
    const { calls, ofCalls, registry } = await hear(pbx);

    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '1001 (Ann) → 1003',
        dialled: '1002',
        answered: '3000 by 1003',
        ended: '5000 answered observed',
        endedBy: 'called 1003',
      },
      { parties: '1003 → *8', answered: undefined, ended: '0 merged observed' },
    ]);
    expect([...(calls[0]?.extensions ?? [])].sort()).toEqual(['1001', '1002', '1003']);
    expect(storyOf(ofCalls).filter((line) => line.includes('ended ended'))).toHaveLength(2);
    expect(registry.size).toBe(0);
  });
});

describe('parking', () => {
  const lot = { technology: 'holding_bridge', creator: 'Parking', name: 'default' };

  it('1002 parks 1001, and 1003 fetches her', async () => {
    const pbx = new Asterisk();
    const caller = caller1001(pbx, '1002');
    const called = phone(pbx, '1002', caller);
    pbx.ring(caller, called).after(1_000);
    const talk = pbx.answer(caller, called);
    const parking = pbx.newBridge(lot);
    pbx
      .after(1_000)
      .event(
        'BlindTransfer',
        { Result: 'Success' },
        shot(called, 'Transferer'),
        shot(caller, 'Transferee'),
        bridgeShot(talk),
        { IsExternal: 'Yes', Context: 'internal', Extension: '700' },
      );
    pbx.leave(talk, caller).event('ParkedCall', shot(caller, 'Parkee'), {
      ParkerDialString: 'PJSIP/1002',
      Parkinglot: 'default',
      ParkingSpace: 701,
    });
    pbx.enter(parking, caller).leave(talk, called).destroy(talk);
    pbx.softHangup(called).hangup(called).after(5_000);
    const fetcher = pbx.channel('PJSIP/1003-00000003', { number: '1003', exten: '701' });
    pbx
      .state(fetcher, 'Up')
      .event('UnParkedCall', shot(caller, 'Parkee'), shot(fetcher, 'Retriever'), {
        Parkinglot: 'default',
        ParkingSpace: 701,
      });
    pbx.leave(parking, caller);
    const second = pbx.bridge(caller);
    fetcher.linkedid = caller.linkedid;
    pbx.enter(second, fetcher).after(3_000).hangUpTalk(second, fetcher, caller);
    const { calls, registry } = await hear(pbx);

    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '1001 (Ann) → 1002',
        ended: '10000 answered observed',
        endedBy: 'called 1003',
        transfers: ['2000 blind: 1002 sends 1001 to 700'],
      },
      { parties: '1003 → 701', ended: '0 merged observed' },
    ]);
    expect(calls[0]?.extensions).toContain('1003');
    expect(registry.size).toBe(0);
  });

  it('does not bring two together who wait in the same lot', async () => {
    const pbx = new Asterisk();
    const one = pbx.channel('PJSIP/trunk-00000001', { number: '+49301', exten: '700' });
    const other = pbx.channel('PJSIP/trunk-00000002', { number: '+49302', exten: '700' });
    const parking = pbx.newBridge(lot);
    for (const each of [one, other]) pbx.state(each, 'Up').enter(parking, each);
    pbx.after(1_000).hangupRequest(one).leave(parking, one).hangup(one);
    pbx.after(1_000).hangupRequest(other).leave(parking, other).hangup(other);
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { parties: '+49301 → 700', ended: '1000 answered observed', endedBy: 'caller +49301' },
      { parties: '+49302 → 700', ended: '2000 answered observed', endedBy: 'caller +49302' },
    ]);
  });
});

describe('click to dial', () => {
  /** Both legs carry the number that is to be called; the first one's key is ours. */
  function dial(pbx: Asterisk): Channel {
    const first = pbx.channel('PJSIP/1001-00000001', {
      number: '1002',
      name: 'Call to 1002',
      state: 'Down',
      uniqueid: 'c2d-leg-a',
    });
    pbx.ring(undefined, first).after(2_000);
    return first;
  }

  it('rings the phone of 1001 first and then that of 1002', async () => {
    const pbx = new Asterisk();
    const caller = dial(pbx);
    pbx.taken(undefined, caller);
    caller.exten = '1002';
    pbx.event('OriginateResponse', {
      Response: 'Success',
      Channel: caller.name,
      Context: 'internal',
      Exten: '1002',
      Reason: 4,
      Uniqueid: caller.uniqueid,
      CallerIDNum: '1002',
      CallerIDName: 'Call to 1002',
    });
    const called = pbx.channel('PJSIP/1002-00000002', { number: '1002', name: 'Bob', of: caller });
    pbx.ring(caller, called).after(3_000);
    const talk = pbx.answer(caller, called);
    pbx.after(4_000).hangUpTalk(talk, caller, called);
    const { calls, ofCalls } = await hear(pbx);

    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '1001 → 1002 (Bob)',
        dialled: '1002',
        direction: 'internal',
        answered: '5000 by 1002',
        ended: '9000 answered observed',
        endedBy: 'caller 1001',
      },
    ]);
    expect(calls[0]?.platformIds).toEqual(['c2d-leg-a']);
    // From the first event on, though Asterisk's word for the caller is 1002 until she answers.
    expect(ofCalls.map((event) => event.call.caller.number)).toEqual(ofCalls.map(() => '1001'));
  });

  it('is missed when 1001 does not pick up', async () => {
    const pbx = new Asterisk();
    const caller = dial(pbx);
    pbx.dialEnd(undefined, caller, 'NOANSWER').hangup(caller, 0, 'Unknown');
    pbx.event('OriginateResponse', {
      Response: 'Failure',
      Channel: 'PJSIP/1001',
      Exten: '1002',
      Reason: 3,
      Uniqueid: '<null>',
    });
    const { calls } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { ended: '2000 missed observed', answered: undefined },
    ]);
  });
});
