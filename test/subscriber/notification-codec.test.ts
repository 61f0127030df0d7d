import { describe, expect, it } from 'vitest';
import type { Call, Leg, Pause, Recording } from '../../src/call/call.ts';
import { callViewXml } from '../../src/subscriber/call-codec.ts';
import { callView } from '../../src/subscriber/call-view.ts';
import { answerXml, keepaliveXml } from '../../src/subscriber/answer-codec.ts';
import {
  notificationXml,
  sourceNotification,
  sourceNotificationXml,
} from '../../src/subscriber/notification-codec.ts';
import { readServerDocument } from '../../src/subscriber/reading.ts';
import { ended, ringing, transferred } from '../protocol/scene.ts';

const declaration = '<?xml version="1.0" encoding="UTF-8"?>';
const cdr = '<verbacdr state="0"><id>1</id></verbacdr>';

describe('a call notification', () => {
  it('is to a legacy client the record and nothing else', () => {
    expect(notificationXml({ type: 'CallStart', cdr })).toBe(
      `${declaration}<VerbaApi><Notification type="CallStart">${cdr}</Notification></VerbaApi>\n`,
    );
  });

  it('carries position and parties to a client that opted in', () => {
    const feed = { position: 'p-1', view: '<CallState/>' };
    expect(notificationXml({ type: 'CallUpdate', cdr, feed })).toBe(
      `${declaration}<VerbaApi><Notification type="CallUpdate" position="p-1">${cdr}<CallState/></Notification></VerbaApi>\n`,
    );
    expect(
      notificationXml({ type: 'CallStart', cdr, feed: { ...feed, snapshot: true } }),
    ).toContain('<Notification type="CallStart" position="p-1" snapshot="true">');
  });

  it('keeps every name in its place, however it is spelt', () => {
    const name = `<Ben & "Jo">\n\t'\u0007`;
    const call: Call = {
      ...ringing,
      dialled: name,
      conference: name,
      legs: ringing.legs.map((leg) => ({ ...leg, name, agent: name, device: name })),
      queue: [{ queue: name, joinedAtMs: 0, missedBy: [name, name] }],
    };
    const view = callViewXml(callView(call, 'utc'));
    const message = readServerDocument(
      notificationXml({ type: 'CallUpdate', cdr, feed: { position: name, view } }),
    );
    const carried = name.replace('\u0007', '\ufffd');
    expect(message).toMatchObject({
      kind: 'call',
      position: carried,
      view: {
        dialled: carried,
        conference: carried,
        parties: [{ name: carried, agent: carried, device: carried }, { name: carried }],
        queue: [{ name: carried, missedBy: [carried, carried] }],
      },
    });
  });
});

describe('the parties of a call', () => {
  it('are those that are in it now, none of the platform’s own legs', () => {
    const local: Leg = { ...transferred.legs[0]!, key: 'l', party: false, number: 'local' };
    const view = callView({ ...transferred, legs: [...transferred.legs, local] }, 'utc');
    expect(view.parties.map(({ number, state }) => [number, state])).toEqual([
      ['+493012345678', 'connected'],
      ['1002', 'held'],
    ]);
  });

  it('are nobody once it has ended', () => {
    expect(callView(ended, 'utc').parties).toEqual([]);
  });
});

describe('a recording', () => {
  const pause = (side: Pause['side'], toMs?: number): Pause =>
    toMs === undefined ? { side, fromMs: 1 } : { side, fromMs: 1, toMs };
  const recording = (pauses: readonly Pause[], endedAtMs?: number): Recording => ({
    id: 1,
    leg: 'a',
    startedAtMs: 0,
    pauses,
    ...(endedAtMs !== undefined && { endedAtMs }),
  });

  it.each([
    ['runs', recording([]), 'recording', undefined],
    ['runs again after a pause', recording([pause('says', 2)]), 'recording', undefined],
    ['is paused on one side', recording([pause('both', 2), pause('hears')]), 'paused', 'hears'],
    ['is paused on both sides at once', recording([pause('both')]), 'paused', 'both'],
    [
      'is paused on one side and the other',
      recording([pause('says'), pause('hears')]),
      'paused',
      'both',
    ],
    ['has ended', recording([], 3), 'ended', undefined],
    ['has ended while it was paused', recording([pause('says')], 3), 'ended', undefined],
  ])('that %s says so', (_, one, state, side) => {
    const [view] = callView({ ...ringing, recordings: [one] }, 'utc').recordings;
    expect(view).toMatchObject({ state, side });
  });
});

describe('times', () => {
  it('are everywhere told by the clock that was asked for', () => {
    const before = process.env['TZ'];
    process.env['TZ'] = 'Asia/Kolkata';
    try {
      const gap = sourceNotification(
        {
          kind: 'source.up',
          id: 'e',
          atMs: 0,
          seenAtMs: 0,
          source: 'pbx',
          fromMs: 0,
          toMs: 1,
        },
        'p',
        'local',
      );
      const sources = [{ name: 'pbx', state: 'up' as const, heardAtMs: 0 }];
      const summary = { version: '1', uptimeS: 0, subscribers: 0, ongoingCalls: 0, sources };
      const head = { type: 'x' };
      const call: Call = {
        ...ended,
        startedAtMs: 0,
        answeredAtMs: 0,
        transfers: [],
        recordings: [],
        queue: [],
      };
      const local = '1970-01-01 05:30:00.00';
      expect(sourceNotificationXml(gap)).toContain(`from="${local}0" to="${local}1"`);
      expect(keepaliveXml({ intervalS: 1, sources }, 'local')).toContain(`heard="${local}0"`);
      expect(answerXml({ kind: 'summary', head, summary }, 'local')).toContain(`heard="${local}0"`);
      expect(answerXml({ kind: 'ongoing', head, calls: [call] }, 'local')).toContain(
        `start="${local}0"`,
      );
      expect(callViewXml(callView(call, 'local'))).toContain(`answered="${local}0"`);
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });
});
