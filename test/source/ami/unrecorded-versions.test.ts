/**
 * What differs from the recorded Asterisk: no stamps (`timestampevents=no`, the default), the fields that
 * Asterisk 18 does not send, and other channel drivers.
 */
import { describe, expect, it } from 'vitest';
import { accountOf, storyOf } from '../../support/account.ts';
import { AmiListener, listenTo } from '../../support/ami-listener.ts';
import { liveAsterisk, ScriptedPbx } from '../../support/scripted-pbx.ts';
import { hearCall, readRecording } from './recorded.ts';

const withoutLines = (recording: string, names: RegExp): string =>
  readRecording(recording)
    .toString('utf8')
    .split('\r\n')
    .filter((line) => !names.test(line))
    .join('\r\n');

describe('a server that does not stamp its events', () => {
  it('is dated by our clock, as the events come', async () => {
    let nowMs = 1_800_000_000_000;
    const pbx = await ScriptedPbx.listen(liveAsterisk());
    const listener = new AmiListener(pbx.port, { clock: { now: () => nowMs } });
    await listener.until(({ states }) => states.includes('up'));
    const bare = withoutLines('ami-sip-answer-caller-hangs-up', /^Timestamp: /);
    const blocks = bare.split(/(?<=\r\n\r\n)/).slice(1);
    const heard: string[] = [];
    for (const block of blocks) {
      if (!/^Event: (Newchannel|Newstate|Dial|Bridge|Hangup)/.test(block)) continue;
      const before = listener.signals.length;
      pbx.say(block);
      heard.push(block);
      // Each of these means at least one thing.
      if (!block.startsWith('Event: BridgeCreate') && !block.startsWith('Event: BridgeDestroy')) {
        await listener.until(({ signals }) => signals.length > before);
      }
      nowMs += 100;
    }
    const [call] = listener.calls;
    expect(heard.length).toBeGreaterThan(10);
    expect(call?.startedAtMs).toBe(1_800_000_000_000);
    expect(accountOf(call!)).toMatchObject({
      parties: '1001 (User 1001) → 1002 (User 1002)',
      endedBy: 'caller 1001',
    });
    expect(storyOf(listener.ofCalls).map((line) => line.replace(/^\d+ /, ''))).toEqual([
      'started offered',
      'updated ringing',
      'answered connected',
      'ended ended',
    ]);
    expect(call?.endedAtMs).toBeLessThan(nowMs);
    expect(call?.endedAtMs).toBeGreaterThan(call?.answeredAtMs ?? Infinity);
    await listener.source.stop();
    await pbx.close();
  });
});

describe('Asterisk 18', () => {
  it.each([
    'ami-sip-busy-486',
    'ami-sip-declined-603',
    'ami-sip-hold-unhold',
    'ami-ami-atxfer',
    'ami-local-queue-answered-second-agent',
  ])('without the fields and events it lacks, %s is the same call', async (name) => {
    const older = withoutLines(
      name,
      /^(TechCause|SystemName|EventTV|BridgeVideoSourceMode|AccountCode|DestAccountCode|Language): /,
    );
    const { calls } = await listenTo({ say: older });
    const { account } = await hearCall(name);
    expect(calls.map(accountOf)).toEqual([account]);
  });

  it('without a DialState the phone rings by its own state', async () => {
    const blocks = readRecording('ami-sip-answer-caller-hangs-up').toString('utf8');
    const bare = blocks
      .split(/(?<=\r\n\r\n)/)
      .filter((block) => !block.startsWith('Event: DialState'))
      .join('');
    const { calls } = await listenTo({ say: bare });
    const { account } = await hearCall('ami-sip-answer-caller-hangs-up');
    expect(calls.map(accountOf)).toEqual([account]);
  });
});

describe('chan_sip', () => {
  it('names its channels SIP/, and the calls are the same', async () => {
    const older = readRecording('ami-sip-blind-transfer-refer')
      .toString('utf8')
      .replaceAll('PJSIP/', 'SIP/');
    const { calls } = await listenTo({ say: older });
    const { account } = await hearCall('ami-sip-blind-transfer-refer');
    expect(calls.map(accountOf)).toEqual([account]);
  });
});

describe('a manager user with fewer rights', () => {
  it('without the agent class hears a queue as a plain call', async () => {
    const blocks = readRecording('ami-local-queue-answered-second-agent').toString('utf8');
    const bare = blocks
      .split(/(?<=\r\n\r\n)/)
      .filter((block) => !block.includes('Privilege: agent,'))
      .join('');
    const { calls } = await listenTo({ say: bare });
    expect(calls.map(accountOf)).toMatchObject([
      {
        parties: '5551001 (Caller 5551001) → 2002',
        dialled: '600',
        answered: '5007 by 2002',
        ended: '9005 answered observed',
      },
    ]);
  });
});
