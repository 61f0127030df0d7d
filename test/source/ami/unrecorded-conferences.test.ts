/**
 * Conferences, written down as Asterisk sends them (app_confbridge.c): each participant keeps a Linkedid of
 * its own, the bridge is what they share. Times are milliseconds since the first call began.
 */
import { describe, expect, it } from 'vitest';
import { accountOf, storyOf } from '../../support/account.ts';
import { type AmiListener, listenTo } from '../../support/ami-listener.ts';
import { Asterisk, type Bridge, bridgeShot, type Channel, shot } from '../../support/asterisk.ts';

const hear = (pbx: Asterisk): Promise<AmiListener> => listenTo({ say: pbx.text });

function newRoom(pbx: Asterisk): Bridge {
  const room = pbx.newBridge({ technology: 'softmix', creator: 'ConfBridge', name: '8000' });
  pbx.event('ConfbridgeStart', { Conference: '8000' }, bridgeShot(room));
  return room;
}

function joins(pbx: Asterisk, room: Bridge, number: string): Channel {
  const name = `PJSIP/${number}-0000000${number.at(-1)}`;
  const channel = pbx.channel(name, { number, exten: '8000' });
  pbx.state(channel, 'Up').enter(room, channel);
  pbx.event('ConfbridgeJoin', { Conference: '8000' }, bridgeShot(room), shot(channel), {
    Admin: 'No',
    Muted: 'No',
  });
  return channel;
}

function leaves(pbx: Asterisk, room: Bridge, channel: Channel): void {
  pbx.hangupRequest(channel).leave(room, channel);
  pbx.event('ConfbridgeLeave', { Conference: '8000' }, bridgeShot(room), shot(channel));
  pbx.hangup(channel);
}

describe('1001, 1002 and 1003 meet in room 8000', () => {
  it('and leave one after the other: one call goes on from the first to the last', async () => {
    const pbx = new Asterisk();
    const room = newRoom(pbx);
    const one = joins(pbx, room, '1001');
    pbx.after(1_000);
    // The announcer is a channel of Asterisk's own.
    const announcer = pbx.channel('CBAnn/8000-00000001;1', { state: 'Up' });
    pbx.enter(room, announcer);
    const two = joins(pbx, room, '1002');
    pbx.after(1_000);
    const three = joins(pbx, room, '1003');
    pbx.after(5_000);
    leaves(pbx, room, one);
    pbx.after(1_000);
    leaves(pbx, room, three);
    pbx.after(1_000);
    leaves(pbx, room, two);
    pbx.leave(room, announcer).hangup(announcer).destroy(room);
    pbx.event('ConfbridgeEnd', { Conference: '8000' }, bridgeShot(room));
    const { calls, ofCalls, registry } = await hear(pbx);

    expect(calls.map(accountOf)).toMatchObject([
      {
        dialled: '8000',
        answered: '1000 by 1002',
        ended: '9000 answered observed',
        legs: [
          'caller 1001: 0, up 0, ends 7000',
          'joined 1002: 1000, up 1000, ends 9000',
          'joined 1003: 2000, up 2000, ends 8000',
        ],
        conference: '8000',
      },
      { parties: '1002 → 8000', ended: '0 merged observed', conference: '8000' },
      { parties: '1003 → 8000', ended: '0 merged observed', conference: '8000' },
    ]);
    const merged = calls.slice(1).map((call) => call.mergedInto);
    expect(merged).toEqual([calls[0]?.id, calls[0]?.id]);
    const story = storyOf(ofCalls);
    expect(story.filter((line) => line.includes('started'))).toHaveLength(3);
    expect(story.filter((line) => line.includes('ended ended'))).toHaveLength(3);
    expect([...(calls[0]?.extensions ?? [])].sort()).toEqual(['1001', '1002', '1003', '8000']);
    expect(registry.size).toBe(0);
  });

  it('and the next meeting in that room is another call', async () => {
    const pbx = new Asterisk();
    for (let meeting = 0; meeting < 2; meeting += 1) {
      const room = newRoom(pbx);
      const one = joins(pbx, room, '1001');
      const two = joins(pbx, room, '1002');
      pbx.after(1_000);
      leaves(pbx, room, one);
      leaves(pbx, room, two);
      pbx.destroy(room).after(1_000);
    }
    const { calls } = await hear(pbx);
    expect(calls.map(({ outcome }) => outcome)).toEqual([
      'answered',
      'merged',
      'answered',
      'merged',
    ]);
  });

  it('and 1002 goes back to the dial plan, which calls 1004 for him: no other call begins', async () => {
    const pbx = new Asterisk();
    const room = newRoom(pbx);
    const one = joins(pbx, room, '1001');
    const two = joins(pbx, room, '1002');
    pbx.after(1_000).leave(room, two);
    const called = pbx.channel('PJSIP/1004-00000004', { number: '1004', of: two });
    pbx.ring(two, called).after(500);
    const talk = pbx.answer(two, called);
    pbx.after(500);
    leaves(pbx, room, one);
    pbx.hangUpTalk(talk, two, called);
    const { ofCalls, registry } = await hear(pbx);
    const started = ofCalls.filter((event) => event.kind === 'call.started');
    const ended = ofCalls.filter((event) => event.kind === 'call.ended');
    expect(started).toHaveLength(2);
    expect(ended).toHaveLength(2);
    expect(registry.size).toBe(0);
  });

  it('over Local channels, each with a half of its own', async () => {
    const pbx = new Asterisk();
    const room = newRoom(pbx);
    const [one, two] = ['5551001', '5551002'].map((number) => {
      const name = `Local/${number}@callers-0000000${number.at(-1)}`;
      const near = pbx.channel(`${name};1`, { number, exten: number, state: 'Down' });
      const far = pbx.channel(`${name};2`, { number, exten: number, of: near, state: 'Ring' });
      pbx.dialBegin(undefined, near).state(far, 'Up').taken(undefined, near);
      near.exten = '8000';
      pbx.after(500).enter(room, near).after(500);
      return { near, far };
    });
    if (one === undefined || two === undefined) throw new Error('Two were to meet.');
    pbx.after(3_000);
    for (const { near, far } of [one, two]) {
      pbx.softHangup(far).hangupRequest(near).leave(room, near).hangup(near).hangup(far).after(100);
    }
    const { calls, registry } = await hear(pbx);
    expect(calls.map(accountOf)).toMatchObject([
      { dialled: '8000', answered: '1500 by 5551002', ended: '5100 answered observed' },
      { ended: '500 merged observed' },
    ]);
    const parties = calls[0]?.legs.filter(({ party }) => party).map(({ number }) => number);
    expect(parties).toEqual(['5551001', '5551002']);
    expect(registry.size).toBe(0);
  });
});
