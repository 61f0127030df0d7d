/**
 * What becomes of calls when sight of a real Asterisk is lost: a server that was stopped with a call up,
 * and the list of channels that it gives after a reconnect. Our clock stands still, so that the times of
 * what we concluded ourselves can be told exactly.
 */
import { afterEach, describe, expect, it } from 'vitest';
import { accountOf, storyOf } from '../../support/account.ts';
import { AmiListener, type ListenerSettings } from '../../support/ami-listener.ts';
import { liveAsterisk, type Script, ScriptedPbx } from '../../support/scripted-pbx.ts';
import { hearCall, readRecording } from './recorded.ts';

const nowMs = Date.parse('2026-11-20T12:20:00.000Z');
const clock = { now: () => nowMs };
const open: { close: () => Promise<void> }[] = [];

afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
});

async function listen(
  settings: ListenerSettings,
  ...scripts: Script[]
): Promise<{ pbx: ScriptedPbx; listener: AmiListener }> {
  const pbx = await ScriptedPbx.listen(...scripts);
  const listener = new AmiListener(pbx.port, { clock, retryMs: 2, ...settings });
  open.push({ close: () => listener.source.stop().then(() => pbx.close()) });
  return { pbx, listener };
}

const kinds = (listener: AmiListener): string[] => listener.events.map((event) => event.kind);

/** The blocks of the recorded resync, as text. */
const blocks = readRecording('ami-status-resync')
  .toString('utf8')
  .split(/(?<=\r\n\r\n)/);
const isListed = (block: string): boolean => block.startsWith('Event: CoreShowChannel\r\n');
const listed = blocks
  .filter(isListed)
  .map((block) => block.trim().replace(/^Event: CoreShowChannel\r\nActionID: .*\r\n/, ''));
const firstAnswer = blocks.findIndex((block) => block.includes('Channel status will follow'));
const hangup = blocks.findIndex((block) => block.startsWith('Event: HangupRequest'));
const untilTalking = blocks.slice(0, firstAnswer).join('');
const fromHangup = blocks.slice(hangup).join('');

describe('a server that is stopped while 1001 and 1002 talk', () => {
  const talking = readRecording('ami-server-stop-now-midcall');

  it('ends the call as reconciled when it comes back without it', async () => {
    const stopped: Script = { say: talking, then: 'reset' };
    const { listener } = await listen({}, stopped, liveAsterisk());
    await listener.until(({ states }) => states.includes('up'));

    expect(kinds(listener).slice(-3)).toEqual(['source.gap', 'source.up', 'call.ended']);
    const [gap, up] = listener.events.slice(-3);
    expect(gap).toMatchObject({ fromMs: nowMs, source: 'pbx' });
    expect(gap).toHaveProperty('reason', expect.stringMatching(/^Asterisk at 127\.0\.0\.1:\d+: /));
    expect(up).toMatchObject({ fromMs: nowMs, toMs: nowMs });
    const account = listener.calls.map(accountOf);
    expect(account).toEqual([
      {
        started: '2026-11-20T12:12:24.996Z',
        parties: '1001 (User 1001) → 1002 (User 1002)',
        dialled: '1002',
        direction: 'internal',
        answered: '1008 by 1002',
        ended: '455004 answered reconciled',
        // Nobody saw who ended it, or why.
        endedBy: undefined,
        cause: undefined,
        legs: [
          'caller 1001: 0, up 1008, ends 455004',
          'called 1002: 1, rings 2, up 1008, ends 455004',
        ],
      },
    ]);
    expect(listener.registry.size).toBe(0);
  });

  it('says plainly that the connection was closed, where it was closed in order', async () => {
    const { listener } = await listen({}, { say: talking, then: 'close' }, liveAsterisk());
    await listener.until(({ events }) => events.some((event) => event.kind === 'source.gap'));
    const gap = listener.events.find((event) => event.kind === 'source.gap');
    expect(gap).toHaveProperty('reason', expect.stringContaining('Asterisk closed the connection'));
  });

  it('ends the call as timed out when it stays away for longer than allowed', async () => {
    const { pbx, listener } = await listen({ giveUpAfterMs: 40 }, { say: talking, then: 'close' });
    await listener.until(({ states }) => states.includes('down'));
    await pbx.close();
    await listener.until(({ registry }) => registry.size === 0);

    expect(kinds(listener).slice(-2)).toEqual(['source.gap', 'call.ended']);
    expect(accountOf(listener.calls[0]!)).toMatchObject({
      answered: '1008 by 1002',
      ended: '455004 answered timed-out',
      endedBy: undefined,
    });
  });

  it('opens a new call when it comes back after that, with the old one still up', async () => {
    const channels = [
      channelUp('PJSIP/1001-00000036', '1001', 'pbx1-1795176744.159', '1002'),
      channelUp('PJSIP/1002-00000037', '1002', 'pbx1-1795176744.160', ''),
    ];
    const live = liveAsterisk(channels);
    let isBack = false;
    const { listener } = await listen(
      { giveUpAfterMs: 40 },
      { say: talking, then: 'close' },
      { ...live, answer: (action) => (isBack ? live.answer?.(action) : null) },
    );
    await listener.until(({ ofCalls }) => ofCalls.at(-1)?.kind === 'call.ended');
    isBack = true;
    await listener.until(({ states }) => states.includes('up'));

    const [before, after] = listener.calls;
    expect(listener.calls).toHaveLength(2);
    expect(before?.ending).toBe('timed-out');
    expect(after?.platformIds).toEqual(before?.platformIds);
    expect(after?.id).not.toBe(before?.id);
    expect(accountOf(after!)).toMatchObject({
      started: '2026-11-20T12:12:20.000Z',
      parties: '1001 → 1002',
      dialled: '1002',
      ended: undefined,
    });
  });
});

function channelUp(name: string, number: string, uniqueid: string, exten: string): string {
  return [
    `Channel: ${name}`,
    'ChannelState: 6',
    'ChannelStateDesc: Up',
    `CallerIDNum: ${number}`,
    'CallerIDName: <unknown>',
    `Exten: ${exten}`,
    `Uniqueid: ${uniqueid}`,
    'Linkedid: pbx1-1795176744.159',
    'Duration: 00:07:40',
    'BridgeId: 8f53722f-829a-4e8e-8f85-117324bcace4',
  ].join('\r\n');
}

describe('the list of channels', () => {
  it('confirms the call of 1001 and 1002, of which nothing else is told, and 1001 hangs up in the end', async () => {
    const { account, story } = await hearCall('ami-status-resync');
    expect(account).toEqual({
      started: '2026-11-20T12:11:36.920Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: '1007 by 1002',
      ended: '6018 answered observed',
      endedBy: 'caller 1001',
      cause: '16 Normal Clearing',
      legs: ['caller 1001: 0, up 1007, ends 6018', 'called 1002: 1, rings 2, up 1007, ends 6018'],
    });
    expect(story).toEqual([
      '0 started offered',
      '2 updated ringing',
      '1007 answered connected',
      '6018 ended ended',
    ]);
  });

  it('keeps the call over a lost connection, with its start, its answer and its end', async () => {
    const live = liveAsterisk(listed);
    const { pbx, listener } = await listen({}, { say: untilTalking, then: 'reset' }, live);
    await listener.until(({ states }) => states.includes('up'));
    expect(storyOf(listener.ofCalls).at(-1)).toBe('1007 answered connected');
    pbx.say(fromHangup);
    await listener.until(({ registry }) => registry.size === 0);

    const { account } = await hearCall('ami-status-resync');
    expect(listener.calls.map(accountOf)).toEqual([account]);
  });

  it('opens a call that was up before we came, with its parties and about its start', async () => {
    const { pbx, listener } = await listen({}, liveAsterisk(listed));
    await listener.until(({ states }) => states.includes('up'));
    expect(accountOf(listener.calls[0]!)).toMatchObject({
      started: '2026-11-20T12:19:57.000Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: '3000 by 1002',
    });
    pbx.say(fromHangup);
    await listener.until(({ registry }) => registry.size === 0);

    expect(listener.calls).toHaveLength(1);
    expect(accountOf(listener.calls[0]!)).toMatchObject({
      endedBy: 'caller 1001',
      cause: '16 Normal Clearing',
    });
    expect(kinds(listener).filter((kind) => kind === 'call.started')).toHaveLength(1);
    expect(kinds(listener).filter((kind) => kind === 'call.ended')).toHaveLength(1);
  });
});
