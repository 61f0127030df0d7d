import { describe, expect, it } from 'vitest';
import type { CallSignal } from '../../../src/call/signal.ts';
import {
  stampOf,
  translate,
  translateBridge,
  translateListed,
} from '../../../src/source/ami/translate.ts';

const nowMs = 1_795_177_276_276;

const fieldsOf = (text: string): Map<string, string> =>
  new Map(
    text
      .trim()
      .split('\n')
      .map((line): [string, string] => {
        const colon = line.indexOf(':');
        return [line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim()];
      }),
  );

/** The signals an event means, without what all of them carry. */
function said(name: string, text: string): object[] {
  const signals = translate('pbx', name, fieldsOf(text), nowMs);
  return signals.map(({ source, atMs, ...rest }: CallSignal) => {
    expect(source).toBe('pbx');
    expect(atMs).toBe(nowMs);
    return rest;
  });
}

const ann = `
  Channel: PJSIP/1001-0000000a
  ChannelState: 6
  CallerIDNum: 1001
  CallerIDName: Ann
  Exten: 1002
  Uniqueid: 1.1
  Linkedid: 1.1`;
const bob = `
  DestChannel: PJSIP/1002-0000000b
  DestChannelState: 5
  DestCallerIDNum: 1002
  DestCallerIDName: <unknown>
  DestExten: s
  DestUniqueid: 1.2
  DestLinkedid: 1.1`;
const annFacts = { device: '1001', call: '1.1', number: '1001', name: 'Ann', dialled: '1002' };
const bobFacts = { device: '1002', call: '1.1', number: '1002' };
const ofAnn = { leg: '1.1', facts: annFacts };
const ofBob = { leg: '1.2', facts: bobFacts };

describe('the time of an event', () => {
  it('is its stamp, to the millisecond', () => {
    expect(stampOf(fieldsOf('Timestamp: 1795177276.276543'))).toBe(1_795_177_276_277);
  });

  it.each([['Timestamp: '], ['Timestamp: soon'], ['Timestamp: -1'], ['Uptime: 4']])(
    'is not known from %j',
    (text) => expect(stampOf(fieldsOf(text))).toBeUndefined(),
  );

  it('is ours without a stamp', () => {
    const [signal] = translate('pbx', 'Hold', fieldsOf(ann), 42);
    expect(signal?.atMs).toBe(42);
  });
});

describe('an event of one channel', () => {
  it.each<[string, string, object[]]>([
    ['Newchannel', '', [{ kind: 'leg.offered' }, { kind: 'leg.connected' }]],
    ['Newchannel', 'ChannelState: 4', [{ kind: 'leg.offered' }]],
    // The platform is about to ring it by itself.
    ['Newchannel', 'ChannelState: 0', [{ kind: 'dial.started' }, { kind: 'leg.offered' }]],
    ['Newstate', '', [{ kind: 'leg.connected' }]],
    ['Newstate', 'ChannelState: 5', [{ kind: 'leg.ringing' }]],
    ['Newstate', 'ChannelState: 4', []],
    ['Newstate', 'ChannelState: 7', []],
    ['NewCallerid', '', [{ kind: 'leg.identified' }]],
    ['OriginateResponse', '', [{ kind: 'leg.identified' }]],
    ['HangupRequest', 'Cause: 16', [{ kind: 'leg.hangup-requested', by: 'party' }]],
    ['SoftHangupRequest', 'Cause: 16', [{ kind: 'leg.hangup-requested', by: 'platform' }]],
    ['Hold', '', [{ kind: 'leg.held' }]],
    ['Unhold', '', [{ kind: 'leg.resumed' }]],
    ['MixMonitorStart', '', [{ kind: 'recording.started' }]],
    ['MixMonitorStop', '', [{ kind: 'recording.stopped' }]],
    ['MixMonitorMute', 'Direction: both\nState: 1', [{ kind: 'recording.paused', side: 'both' }]],
    ['MixMonitorMute', 'Direction: read\nState: 1', [{ kind: 'recording.paused', side: 'says' }]],
    [
      'MixMonitorMute',
      'Direction: write\nState: 0',
      [{ kind: 'recording.resumed', side: 'hears' }],
    ],
    ['BridgeEnter', 'BridgeUniqueid: b1', [{ kind: 'bridge.joined', bridge: 'b1' }]],
    ['BridgeLeave', 'BridgeUniqueid: b1', [{ kind: 'bridge.left', bridge: 'b1' }]],
    ['BridgeEnter', '', []],
    ['BridgeEnter', 'BridgeUniqueid: b1\nBridgeTechnology: holding_bridge', []],
    [
      'BridgeEnter',
      'BridgeUniqueid: b1\nBridgeCreator: ConfBridge\nBridgeName: 8000',
      [{ kind: 'bridge.joined', bridge: 'b1', conference: '8000' }],
    ],
    ['NewConnectedLine', '', []],
    ['MusicOnHoldStart', '', []],
    ['VarSet', 'Variable: X\nValue: 1', []],
    ['DTMFEnd', 'Digit: 1', []],
    ['Cdr', '', []],
    ['Rename', 'Newname: PJSIP/1001-0000000b', []],
    ['SomethingNew', '', []],
  ])('%s %j', (name, more, meant) => {
    expect(said(name, `${ann}\n${more}`)).toEqual(meant.map((each) => ({ ...ofAnn, ...each })));
  });

  it('of a channel that another one dials does not say that the platform does', () => {
    const callee = ann.replace('Linkedid: 1.1', 'Linkedid: 1.0');
    expect(said('Newchannel', `${callee}\nChannelState: 0`)).toMatchObject([
      { kind: 'leg.offered' },
    ]);
  });

  it.each<[string, object]>([
    ['Cause: 17\nCause-txt: User busy', { cause: { code: 17, text: 'User busy' } }],
    ['Cause: 16', { cause: { code: 16 } }],
    // 0 is Asterisk's "not set".
    ['Cause: 0\nCause-txt: Unknown', {}],
    ['Cause: 128', {}],
    ['Cause: often', {}],
    ['', {}],
  ])('Hangup with %j', (more, cause) => {
    expect(said('Hangup', `${ann}\n${more}`)).toEqual([{ kind: 'leg.ended', ...ofAnn, ...cause }]);
  });

  it('means nothing without a channel, or of one of Asterisk’s own', () => {
    expect(said('Hold', 'Uniqueid: 1.1')).toEqual([]);
    expect(said('Hold', 'Channel: PJSIP/1001-0000000a')).toEqual([]);
    expect(said('Newchannel', ann.replace('PJSIP/1001', 'CBAnn/8000'))).toEqual([]);
  });

  it.each([['s'], ['h'], ['i'], ['t'], ['failed'], ['']])(
    'takes the dial plan’s own extension %j for no number',
    (exten) => {
      const [signal] = said('Hold', ann.replace('Exten: 1002', `Exten: ${exten}`));
      expect(signal).not.toHaveProperty('facts.dialled');
    },
  );

  it('names the loop that a Local channel is half of', () => {
    const [signal] = said('Hold', ann.replace('PJSIP/1001-0000000a', 'Local/2001@agents-01;2'));
    expect(signal).toMatchObject({
      facts: { device: '2001', loop: { pair: 'Local/2001@agents-01', half: 'far' } },
    });
  });
});

describe('a dial', () => {
  const from = { from: '1.1', fromFacts: annFacts };

  it('begins', () => {
    expect(said('DialBegin', `${ann}\n${bob}`)).toEqual([
      { kind: 'dial.started', ...ofBob, ...from },
    ]);
  });

  it('begins without a caller when the platform dials by itself', () => {
    expect(said('DialBegin', bob)).toEqual([{ kind: 'dial.started', ...ofBob }]);
  });

  it.each([['RINGING'], ['PROGRESS'], ['']])('is at %j', (status) => {
    const meant = status === 'RINGING' ? [{ kind: 'leg.ringing', ...ofBob }] : [];
    expect(said('DialState', `${ann}\n${bob}\nDialStatus: ${status}`)).toEqual(meant);
  });

  it.each([
    ['ANSWER', 'answered'],
    ['NOANSWER', 'no-answer'],
    ['BUSY', 'busy'],
    ['CANCEL', 'cancelled'],
    ['ABORT', 'cancelled'],
    ['CONGESTION', 'congestion'],
    ['CHANUNAVAIL', 'failed'],
    ['DONTCALL', 'rejected'],
    ['TORTURE', 'rejected'],
    ['SOMETHINGNEW', 'failed'],
    ['', 'failed'],
  ])('ends with %s', (status, result) => {
    expect(said('DialEnd', `${ann}\n${bob}\nDialStatus: ${status}`)).toEqual([
      { kind: 'dial.ended', ...ofBob, ...from, result },
    ]);
  });

  it('means nothing without somebody who is dialled', () => {
    expect(said('DialBegin', ann)).toEqual([]);
    expect(said('DialSomething', `${ann}\n${bob}`)).toEqual([]);
  });
});

describe('a transfer', () => {
  const prefixed = (prefix: string, text: string): string =>
    text.trim().replaceAll(/^\s*/gm, prefix).replaceAll(`${prefix}Dest`, prefix);

  it('is blind', () => {
    const text = [
      'Result: Success',
      prefixed('Transferer', bob),
      prefixed('Transferee', ann),
      'Extension: 1003',
    ].join('\n');
    expect(said('BlindTransfer', text)).toEqual([
      { kind: 'transfer.completed', ...ofBob, style: 'blind', transferee: '1.1', to: '1003' },
    ]);
  });

  it('is attended', () => {
    const second = bob.replace('1.2', '1.3').replace('0000000b', '0000000c');
    const text = [
      'Result: Success',
      prefixed('OrigTransferer', bob),
      prefixed('SecondTransferer', second),
      prefixed('Transferee', ann),
      prefixed(
        'TransferTarget',
        ann.replaceAll('1001', '1003').replace('Uniqueid: 1.1', 'Uniqueid: 1.4'),
      ),
    ].join('\n');
    expect(said('AttendedTransfer', text)).toEqual([
      {
        kind: 'transfer.completed',
        ...ofBob,
        style: 'attended',
        consultLeg: '1.3',
        transferee: '1.1',
        target: '1.4',
      },
    ]);
  });

  it('means nothing when it failed, or when nobody transfers', () => {
    const text = `Result: Fail\n${prefixed('Transferer', bob)}\nExtension: 1003`;
    expect(said('BlindTransfer', text)).toEqual([]);
    expect(said('BlindTransfer', 'Result: Success\nExtension: 1003')).toEqual([]);
    expect(said('AttendedTransfer', 'Result: Success')).toEqual([]);
  });
});

describe('a queue', () => {
  const of = { ...ofAnn, queue: 'support' };
  const member = `${bob}\nQueue: support\nInterface: PJSIP/1002\nMemberName: Bob`;
  const agent = { agent: 'Bob', agentLeg: '1.2', agentFacts: bobFacts };

  it.each<[string, string, object]>([
    ['QueueCallerJoin', 'Position: 3', { kind: 'queue.joined', position: 3 }],
    ['QueueCallerJoin', '', { kind: 'queue.joined' }],
    ['QueueCallerLeave', '', { kind: 'queue.left' }],
    ['QueueCallerAbandon', '', { kind: 'queue.abandoned' }],
  ])('%s %j', (name, more, meant) => {
    expect(said(name, `${ann}\nQueue: support\n${more}`)).toEqual([{ ...of, ...meant }]);
  });

  it.each<[string, string, object]>([
    ['AgentCalled', '', { kind: 'agent.offered' }],
    ['AgentRingNoAnswer', 'RingTime: 3000', { kind: 'agent.missed' }],
    ['AgentConnect', 'HoldTime: 5', { kind: 'agent.connected' }],
    ['AgentComplete', 'Reason: agent', { kind: 'agent.completed', endedBy: 'agent' }],
    ['AgentComplete', 'Reason: caller', { kind: 'agent.completed', endedBy: 'caller' }],
    ['AgentComplete', 'Reason: transfer', { kind: 'agent.completed', endedBy: 'transfer' }],
  ])('%s %j', (name, more, meant) => {
    expect(said(name, `${ann}\n${member}\n${more}`)).toEqual([{ ...of, ...agent, ...meant }]);
  });

  it('calls an agent without a name by the line', () => {
    const nameless = member
      .replace('PJSIP/1002\n', 'Local/2001@agents/n\n')
      .replace('MemberName: Bob', 'MemberName: Local/2001@agents/n');
    expect(said('AgentCalled', `${ann}\n${nameless}`)).toMatchObject([{ agent: '2001' }]);
  });

  it('means nothing without its name or the one who waits', () => {
    expect(said('QueueCallerJoin', ann)).toEqual([]);
    expect(said('QueueCallerJoin', 'Queue: support')).toEqual([]);
    expect(said('QueueMemberStatus', `${ann}\nQueue: support`)).toEqual([]);
    expect(said('QueueSomething', `${ann}\nQueue: support`)).toEqual([]);
  });
});

describe('a list entry', () => {
  it.each([
    ['6', 'connected'],
    ['5', 'ringing'],
    ['4', 'offered'],
    ['0', 'offered'],
  ])('of a channel in state %s is a leg that is %s', (number, state) => {
    const text = `${ann}\nChannelState: ${number}\nDuration: 01:02:03\nBridgeId: b1`;
    expect(translateListed(fieldsOf(text))).toEqual({
      ...ofAnn,
      state,
      ageMs: 3_723_000,
      bridge: 'b1',
    });
  });

  it.each([['Duration: '], ['Duration: long'], ['Duration: 1:2:3']])(
    'does not tell its age by %j, nor a bridge it is not in',
    (duration) => {
      const listed = translateListed(fieldsOf(`${ann}\n${duration}\nBridgeId: `));
      expect(listed).toEqual({ ...ofAnn, state: 'connected' });
    },
  );

  it('counts hours of any length', () => {
    const listed = translateListed(fieldsOf(`${ann}\nDuration: 100:00:01`));
    expect(listed?.ageMs).toBe(360_001_000);
  });

  it('of a channel of Asterisk’s own is none', () => {
    const text = ann.replace('PJSIP/1001-0000000a', 'CBAnn/8000-00000001;1');
    expect(translateListed(fieldsOf(text))).toBeUndefined();
  });

  it('of a bridge tells what it is for', () => {
    const bridge = (more: string): unknown =>
      translateBridge(fieldsOf(`BridgeUniqueid: b1\n${more}`));
    expect(bridge('BridgeTechnology: simple_bridge')).toEqual({
      bridge: 'b1',
      isWaitingRoom: false,
    });
    expect(bridge('BridgeTechnology: holding_bridge')).toMatchObject({ isWaitingRoom: true });
    expect(bridge('BridgeCreator: ConfBridge\nBridgeName: 8000')).toMatchObject({
      conference: '8000',
    });
    expect(translateBridge(fieldsOf('BridgeName: 8000'))).toBeUndefined();
  });
});
