import { describe, expect, it } from 'vitest';
import type { SnapshotLeg } from '../../../src/call/signal.ts';
import type { AmiMessage } from '../../../src/source/ami/message.ts';
import type { AmiEffect } from '../../../src/source/ami/effect.ts';
import { AmiSession, type AmiSessionSettings } from '../../../src/source/ami/session.ts';

const startMs = 1_800_000_000_000;
const settings: AmiSessionSettings = {
  source: 'pbx',
  username: 'offhook',
  secret: 'a secret',
  login: 'plain',
  pingIntervalMs: 15_000,
  recordingFormat: 'wav',
};

const banner: AmiMessage = { kind: 'banner', version: '11.0.0' };

function fieldsOf(fields: Readonly<Record<string, string>>): Map<string, string> {
  return new Map(Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value]));
}

function event(name: string, fields: Readonly<Record<string, string>> = {}): AmiMessage {
  return { kind: 'event', name, fields: fieldsOf({ Event: name, ...fields }) };
}

function response(result: string, fields: Readonly<Record<string, string>> = {}): AmiMessage {
  return { kind: 'response', result, fields: fieldsOf({ Response: result, ...fields }) };
}

/** The actions among the effects, each as an object. */
function sent(effects: readonly AmiEffect[]): Record<string, string>[] {
  return effects.flatMap((each) => (each.kind === 'send' ? [Object.fromEntries(each.action)] : []));
}

const idOf = (action: Record<string, string> | undefined): string => action?.ActionID ?? '';

function closed(effects: readonly AmiEffect[]): { code: string; message: string } | undefined {
  const close = effects.find((each) => each.kind === 'close');
  return close === undefined ? undefined : { code: close.error.code, message: close.error.message };
}

/** A session that was let in, and what it did then. */
function loggedIn(more: Partial<AmiSessionSettings> = {}): [AmiSession, readonly AmiEffect[]] {
  const session = new AmiSession({ ...settings, ...more }, startMs);
  session.receive(banner, startMs);
  return [session, session.receive(response('Success'), startMs)];
}

/** A session that has taken stock of a server without calls. */
function up(): AmiSession {
  const [session] = loggedIn();
  session.receive(event('CoreShowChannelsComplete'), startMs);
  return session;
}

const channel = {
  Channel: 'PJSIP/1001-0000000a',
  ChannelState: '6',
  CallerIDNum: '1001',
  Uniqueid: '1.1',
  Linkedid: '1.1',
};

describe('logging in', () => {
  it('in plain sends the secret, and asks for the events that are needed', () => {
    const session = new AmiSession(settings, startMs);
    expect(sent(session.receive(banner, startMs))).toEqual([
      {
        Action: 'Login',
        Username: 'offhook',
        Secret: 'a secret',
        Events: 'system,call,agent',
        ActionID: 'offhook-1',
      },
    ]);
  });

  it('by MD5 proves the secret without sending it', () => {
    const session = new AmiSession({ ...settings, login: 'md5' }, startMs);
    expect(sent(session.receive(banner, startMs))).toEqual([
      { Action: 'Challenge', AuthType: 'MD5', ActionID: 'offhook-1' },
    ]);
    const effects = session.receive(response('Success', { Challenge: '840415273' }), startMs);
    expect(sent(effects)).toEqual([
      {
        Action: 'Login',
        Username: 'offhook',
        AuthType: 'MD5',
        // As `printf '840415273a secret' | md5sum` has it.
        Key: '698685cd402766137d761fd0bfdddf6b',
        Events: 'system,call,agent',
        ActionID: 'offhook-2',
      },
    ]);
    expect(JSON.stringify(effects)).not.toContain('a secret');
  });

  it.each(['plain', 'md5'] as const)(
    'that is refused (%s) ends it in Asterisk’s words',
    (login) => {
      const session = new AmiSession({ ...settings, login }, startMs);
      session.receive(banner, startMs);
      if (login === 'md5') session.receive(response('Success', { Challenge: '1' }), startMs);
      const effects = session.receive(
        response('Error', { Message: 'Authentication failed' }),
        startMs,
      );
      const [close] = effects;
      expect(effects).toHaveLength(1);
      expect(closed(effects)?.code).toBe('AMI_LOGIN_REJECTED');
      expect(closed(effects)?.message).toContain(`the ${login} login of "offhook"`);
      expect(closed(effects)?.message).toContain('Authentication failed');
      expect(close?.kind === 'close' && close.error.retryable).toBe(false);
      expect(JSON.stringify(effects)).not.toContain('a secret');
    },
  );

  it('ends when there is no challenge to be had', () => {
    const session = new AmiSession({ ...settings, login: 'md5' }, startMs);
    session.receive(banner, startMs);
    const effects = session.receive(
      response('Error', { Message: 'Must specify AuthType' }),
      startMs,
    );
    expect(closed(effects)?.message).toContain('Must specify AuthType');
  });

  it.each([
    ['greet', 'greeting', []],
    ['answer the login', 'logging-in', [banner]],
  ] as const)('ends when the server does not %s within ten seconds', (_, phase, messages) => {
    const session = new AmiSession(settings, startMs);
    for (const message of messages) session.receive(message, startMs);
    expect(session.tick(startMs + 10_000)).toEqual([]);
    const effects = session.tick(startMs + 10_001);
    expect(closed(effects)).toEqual({
      code: 'AMI_SILENT',
      message: `Asterisk did not answer within 10 s while ${phase}.`,
    });
  });

  it('hears nothing before it is let in', () => {
    const session = new AmiSession(settings, startMs);
    session.receive(banner, startMs);
    expect(session.receive(event('Newchannel', channel), startMs)).toEqual([]);
  });
});

describe('taking stock', () => {
  it('follows the login: what is not needed is filtered, then bridges and channels are asked for', () => {
    const [, effects] = loggedIn();
    expect(effects[0]).toEqual({ kind: 'state', state: 'syncing' });
    expect(effects[1]).toEqual({
      kind: 'signal',
      signal: { kind: 'source.connected', source: 'pbx', atMs: startMs },
    });
    expect(sent(effects)).toMatchObject([
      {
        Action: 'Filter',
        Operation: 'Add',
        Filter:
          '!Event: (CEL|DeviceStateChange|ExtensionStatus|NewAccountCode|PresenceStateChange|QueueMemberStatus)',
      },
      { Action: 'BridgeList' },
      { Action: 'CoreShowChannels' },
    ]);
  });

  function snapshotOf(effects: readonly AmiEffect[]): readonly SnapshotLeg[] | undefined {
    const [first, second] = effects;
    expect(second).toEqual({ kind: 'state', state: 'up' });
    if (first?.kind !== 'signal' || first.signal.kind !== 'source.snapshot') return undefined;
    expect(first.signal).toMatchObject({ source: 'pbx', atMs: startMs });
    return first.signal.legs;
  }

  it('ends with all legs that were listed, and the source is up', () => {
    const [session] = loggedIn();
    session.receive(
      event('CoreShowChannel', { ...channel, Duration: '00:00:03', BridgeId: 'b1' }),
      startMs,
    );
    session.receive(
      event('CoreShowChannel', { ...channel, Channel: 'CBAnn/8000-01;1', Uniqueid: '1.9' }),
      startMs,
    );
    const legs = snapshotOf(session.receive(event('CoreShowChannelsComplete'), startMs));
    expect(legs).toEqual([
      {
        leg: '1.1',
        state: 'connected',
        ageMs: 3_000,
        bridge: 'b1',
        facts: { call: '1.1', device: '1001', number: '1001' },
      },
    ]);
  });

  it('knows who only waits, and who is in a conference', () => {
    const [session] = loggedIn();
    const bridges = [
      { BridgeUniqueid: 'lot', BridgeTechnology: 'holding_bridge', BridgeCreator: 'Parking' },
      { BridgeUniqueid: 'room', BridgeCreator: 'ConfBridge', BridgeName: '8000' },
      { BridgeUniqueid: 'talk', BridgeTechnology: 'simple_bridge' },
    ];
    for (const bridge of bridges) session.receive(event('BridgeListItem', bridge), startMs);
    for (const [index, BridgeId] of ['lot', 'room', 'talk', 'other'].entries()) {
      const Uniqueid = `1.${index}`;
      session.receive(event('CoreShowChannel', { ...channel, Uniqueid, BridgeId }), startMs);
    }
    const legs = snapshotOf(session.receive(event('CoreShowChannelsComplete'), startMs)) ?? [];
    expect(legs.map(({ bridge, conference }) => [bridge, conference])).toEqual([
      [undefined, undefined],
      ['room', '8000'],
      ['talk', undefined],
      ['other', undefined],
    ]);
  });

  it('does not keep events waiting: they are told as they come', () => {
    const [session] = loggedIn();
    session.receive(event('CoreShowChannel', channel), startMs);
    const effects = session.receive(event('Hold', channel), startMs);
    expect(effects).toMatchObject([{ kind: 'signal', signal: { kind: 'leg.held', leg: '1.1' } }]);
    const legs = snapshotOf(session.receive(event('CoreShowChannelsComplete'), startMs));
    expect(legs).toHaveLength(1);
  });

  it('is dated by the PBX’s clock, once that is known', () => {
    const [session] = loggedIn();
    // Five seconds ahead of ours.
    const Timestamp = ((startMs + 5_000) / 1_000).toFixed(6);
    session.receive(event('Hold', { ...channel, Timestamp }), startMs);
    // What carries no stamp does not make the clocks agree.
    session.receive(event('FullyBooted'), startMs);
    const [effect] = session.receive(event('CoreShowChannelsComplete'), startMs + 10);
    expect(effect).toMatchObject({ signal: { kind: 'source.snapshot', atMs: startMs + 5_010 } });
  });

  it('is asked for again after thirty seconds without an answer, and begins anew', () => {
    const [session] = loggedIn();
    session.receive(event('CoreShowChannel', channel), startMs);
    const laterMs = startMs + 30_001;
    session.receive(response('Success', { Ping: 'Pong' }), laterMs);
    expect(sent(session.tick(laterMs))).toMatchObject([
      { Action: 'BridgeList' },
      { Action: 'CoreShowChannels' },
    ]);
    expect(sent(session.tick(laterMs))).toEqual([]);
    const [effect] = session.receive(event('CoreShowChannelsComplete'), laterMs);
    expect(effect).toMatchObject({ signal: { kind: 'source.snapshot', legs: [] } });
  });

  it('that is refused is told with the reason, and asked for again soon', () => {
    const [session, effects] = loggedIn();
    const ActionID = idOf(sent(effects).at(-1));
    const refused = session.receive(
      response('Error', { ActionID, Message: 'Permission denied' }),
      startMs,
    );
    expect(refused).toEqual([
      { kind: 'state', state: 'syncing', reason: expect.stringContaining('Permission denied') },
    ]);
    expect(sent(session.tick(startMs + 1_000))).toEqual([]);
    expect(sent(session.tick(startMs + 2_001))).toMatchObject([
      { Action: 'BridgeList' },
      { Action: 'CoreShowChannels' },
    ]);
  });

  it('is over then: a list that comes later changes nothing', () => {
    const session = up();
    session.receive(event('CoreShowChannel', channel), startMs);
    expect(session.receive(event('CoreShowChannelsComplete'), startMs)).toEqual([]);
  });
});

describe('silence', () => {
  it('is broken by a ping after the interval, once', () => {
    const session = up();
    expect(session.tick(startMs + 14_999)).toEqual([]);
    expect(sent(session.tick(startMs + 15_000))).toMatchObject([{ Action: 'Ping' }]);
    expect(sent(session.tick(startMs + 16_000))).toEqual([]);
  });

  it('of twice the interval ends it', () => {
    const session = up();
    session.tick(startMs + 15_000);
    expect(session.tick(startMs + 30_000).some(({ kind }) => kind === 'close')).toBe(false);
    expect(closed(session.tick(startMs + 30_001))).toEqual({
      code: 'AMI_SILENT',
      message: 'Nothing was heard from Asterisk for 30 s.',
    });
  });

  it('ends nothing before the server was asked', () => {
    const session = up();
    const heldUpMs = startMs + 31_000;
    expect(sent(session.tick(heldUpMs))).toMatchObject([{ Action: 'Ping' }]);
    expect(closed(session.tick(heldUpMs + 1))).toBeDefined();
  });

  it('is over with anything that is heard', () => {
    const session = up();
    session.tick(startMs + 15_000);
    session.receive(response('Success', { Ping: 'Pong' }), startMs + 15_001);
    expect(closed(session.tick(startMs + 45_000))).toBeUndefined();
    expect(closed(session.tick(startMs + 45_002))).toBeDefined();
  });

  it('is not the server’s while we did not listen', () => {
    const laterMs = startMs + 60_000;
    for (const session of [up(), new AmiSession(settings, startMs)]) {
      session.listenAgain(laterMs);
      expect(session.tick(laterMs + 1)).toEqual([]);
    }
  });
});

describe('driving the recorder', () => {
  function withChannel(): AmiSession {
    const session = up();
    session.receive(event('Newchannel', channel), startMs);
    return session;
  }

  it.each([
    [
      'start into a file',
      { kind: 'start', leg: '1.1', file: '/var/spool/a b.wav' },
      { Action: 'MixMonitor', File: '/var/spool/a b.wav' },
    ],
    ['start', { kind: 'start', leg: '1.1' }, { Action: 'MixMonitor', File: '1.1.wav' }],
    ['stop', { kind: 'stop', leg: '1.1' }, { Action: 'StopMixMonitor' }],
    [
      'mute both sides',
      { kind: 'mute', leg: '1.1', side: 'both', muted: true },
      { Action: 'MixMonitorMute', Direction: 'both', State: '1' },
    ],
    [
      'mute what the party says',
      { kind: 'mute', leg: '1.1', side: 'says', muted: true },
      { Action: 'MixMonitorMute', Direction: 'read', State: '1' },
    ],
    [
      'unmute what it hears',
      { kind: 'mute', leg: '1.1', side: 'hears', muted: false },
      { Action: 'MixMonitorMute', Direction: 'write', State: '0' },
    ],
  ] as const)('to %s addresses the channel by its name', (_, command, action) => {
    const effects = withChannel().command(command, 1, startMs);
    const Channel = 'PJSIP/1001-0000000a';
    expect(sent(effects)).toEqual([{ ...action, Channel, ActionID: expect.any(String) }]);
  });

  it('follows the channel’s name when that changes', () => {
    const session = withChannel();
    session.receive(event('BridgeEnter', { ...channel, Channel: 'PJSIP/1003-0000000c' }), startMs);
    const effects = session.command({ kind: 'stop', leg: '1.1' }, 1, startMs);
    expect(sent(effects)).toMatchObject([{ Channel: 'PJSIP/1003-0000000c' }]);
  });

  it('knows the channels that were listed', () => {
    const [session] = loggedIn();
    session.receive(event('CoreShowChannel', channel), startMs);
    const effects = session.command({ kind: 'stop', leg: '1.1' }, 1, startMs);
    expect(sent(effects)).toMatchObject([{ Channel: 'PJSIP/1001-0000000a' }]);
  });

  it('refuses a file name that would make Asterisk run something', () => {
    const file = 'a.wav,b,touch /tmp/x';
    const effects = withChannel().command({ kind: 'start', leg: '1.1', file }, 7, startMs);
    expect(effects).toEqual([
      {
        kind: 'result',
        command: 7,
        result: { kind: 'refused', reason: expect.stringContaining('comma') },
      },
    ]);
  });

  it.each([
    ['Success', {}, { kind: 'done' }],
    ['Error', { Message: 'No such channel' }, { kind: 'refused', reason: 'No such channel' }],
    ['Error', {}, { kind: 'refused', reason: 'Asterisk gave no reason.' }],
  ])('passes the answer on: %s %j', (result, fields, expected) => {
    const session = withChannel();
    const asked = session.command({ kind: 'stop', leg: '1.1' }, 7, startMs);
    const ActionID = idOf(sent(asked)[0]);
    expect(session.receive(response(result, { ActionID, ...fields }), startMs)).toEqual([
      { kind: 'result', command: 7, result: expected },
    ]);
    // The same answer again is nobody's.
    expect(session.receive(response(result, { ActionID, ...fields }), startMs)).toEqual([]);
  });

  it('does not mistake an answer for another', () => {
    const session = withChannel();
    const first = session.command({ kind: 'stop', leg: '1.1' }, 1, startMs);
    const second = session.command({ kind: 'start', leg: '1.1' }, 2, startMs);
    const secondId = idOf(sent(second)[0]);
    expect(secondId).not.toBe(idOf(sent(first)[0]));
    expect(session.receive(response('Success'), startMs)).toEqual([]);
    expect(session.receive(response('Success', { ActionID: secondId }), startMs)).toMatchObject([
      { kind: 'result', command: 2 },
    ]);
  });

  it('gives up on an answer after ten seconds', () => {
    const session = withChannel();
    session.command({ kind: 'stop', leg: '1.1' }, 1, startMs);
    session.command({ kind: 'start', leg: '1.1' }, 2, startMs + 5_000);
    session.receive(event('FullyBooted'), startMs + 10_000);
    expect(session.tick(startMs + 10_000)).toEqual([]);
    const reason = 'Asterisk did not answer in time.';
    expect(session.tick(startMs + 10_001)).toEqual([
      { kind: 'result', command: 1, result: { kind: 'unavailable', reason } },
    ]);
    expect(session.tick(startMs + 15_001)).toMatchObject([{ kind: 'result', command: 2 }]);
  });

  it('is unavailable before the login', () => {
    const session = new AmiSession(settings, startMs);
    session.receive(banner, startMs);
    expect(session.command({ kind: 'stop', leg: '1.1' }, 3, startMs)).toEqual([
      {
        kind: 'result',
        command: 3,
        result: { kind: 'unavailable', reason: 'There is no connection to Asterisk now.' },
      },
    ]);
  });
});

describe('when our clock is set', () => {
  const hourMs = 3_600_000;

  it.each([hourMs, -hourMs])('by %i ms, nothing is taken for silence', (jumpMs) => {
    const session = up();
    session.receive(event('FullyBooted'), startMs + 1_000, startMs + 1_000 + jumpMs);
    expect(session.tick(startMs + 2_000)).toEqual([]);
    expect(sent(session.tick(startMs + 16_000))).toMatchObject([{ Action: 'Ping' }]);
    expect(closed(session.tick(startMs + 31_001))).toBeDefined();
  });

  it('a list of channels goes by the clock of Asterisk, which nobody set', () => {
    const [session] = loggedIn();
    session.receive(event('FullyBooted', { Timestamp: `${(startMs + 5_000) / 1_000}` }), startMs);
    const [effect] = session.receive(
      event('CoreShowChannelsComplete'),
      startMs + 10,
      startMs + 10 + hourMs,
    );
    expect(effect).toMatchObject({ signal: { atMs: startMs + 5_010 } });
  });

  it('what has no time of its own goes by our clock as it is now', () => {
    const effects = up().receive(event('Newchannel', channel), startMs, startMs + hourMs);
    expect(effects[0]).toMatchObject({ signal: { atMs: startMs + hourMs } });
  });
});

describe('a recording that Asterisk starts', () => {
  it('is asked for its file, which is then told', () => {
    const session = up();
    session.receive(event('Newchannel', channel), startMs);
    const effects = session.receive(event('MixMonitorStart', channel), startMs);
    expect(effects[0]).toMatchObject({ signal: { kind: 'recording.started', leg: '1.1' } });
    const [getvar] = sent(effects);
    expect(getvar).toMatchObject({
      Action: 'Getvar',
      Channel: 'PJSIP/1001-0000000a',
      Variable: 'MIXMONITOR_FILENAME',
    });
    const answer = { ActionID: idOf(getvar), Variable: 'MIXMONITOR_FILENAME', Value: '/m/a.wav' };
    expect(session.receive(response('Success', answer), startMs + 3)).toEqual([
      {
        kind: 'signal',
        signal: {
          kind: 'recording.named',
          source: 'pbx',
          // When the recording started, not when its name was found out.
          atMs: startMs,
          leg: '1.1',
          file: '/m/a.wav',
        },
      },
    ]);
  });

  it.each([
    ['Error', { Message: 'No such channel' }],
    ['Success', { Value: '' }],
  ])('stays without a name when there is none: %s %j', (result, fields) => {
    const session = up();
    const effects = session.receive(event('MixMonitorStart', channel), startMs);
    const ActionID = idOf(sent(effects)[0]);
    expect(session.receive(response(result, { ActionID, ...fields }), startMs)).toEqual([]);
  });
});
