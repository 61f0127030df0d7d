/**
 * Recordings of single calls on a real Asterisk: answered or not, held, forked. What the people at the
 * phones did stands in words; times are milliseconds since the call began, read off the recording's stamps.
 */
import { describe, expect, it } from 'vitest';
import { hearCall } from './recorded.ts';

describe('calls between SIP phones', () => {
  it('1001 calls 1002, who answers after a second; they talk for two, then 1001 hangs up', async () => {
    const { account, story, extensions } = await hearCall('ami-sip-answer-caller-hangs-up');
    expect(account).toEqual({
      started: '2026-11-20T12:21:16.892Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: '1012 by 1002',
      ended: '3017 answered observed',
      endedBy: 'caller 1001',
      cause: '16 Normal Clearing',
      legs: ['caller 1001: 0, up 1012, ends 3017', 'called 1002: 2, rings 4, up 1012, ends 3017'],
    });
    expect(story).toEqual([
      '0 started offered',
      '4 updated ringing',
      '1012 answered connected',
      '3017 ended ended',
    ]);
    expect(extensions).toEqual(['1001', '1002']);
  });

  it('1001 calls 1002, whose phone rings and then says that it is busy', async () => {
    const { account, story } = await hearCall('ami-sip-busy-486');
    expect(account).toEqual({
      started: '2026-11-20T12:09:36.628Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: undefined,
      ended: '709 busy observed',
      endedBy: 'called 1002',
      cause: '17 User busy',
      legs: ['caller 1001: 0, ends 709', 'called 1002: 2, rings 3, ends 708'],
    });
    expect(story).toEqual([
      '0 started offered',
      '3 updated ringing',
      '708 updated offered',
      '709 ended ended',
    ]);
  });

  it('1001 calls 1002, who presses the button that declines', async () => {
    const { account, story } = await hearCall('ami-sip-declined-603');
    expect(account).toEqual({
      started: '2026-11-20T12:09:40.256Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: undefined,
      ended: '710 rejected observed',
      endedBy: 'called 1002',
      cause: '21 Call Rejected',
      legs: ['caller 1001: 0, ends 710', 'called 1002: 1, rings 2, ends 709'],
    });
    expect(story).toEqual([
      '0 started offered',
      '2 updated ringing',
      '709 updated offered',
      '710 ended ended',
    ]);
  });

  it('1001 calls 1002, hears it ring for two seconds and gives up', async () => {
    const { account, story } = await hearCall('ami-sip-caller-cancels-while-ringing');
    expect(account).toEqual({
      started: '2026-11-20T12:09:31.196Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: undefined,
      ended: '2008 cancelled observed',
      endedBy: 'caller 1001',
      cause: '127 Interworking, unspecified',
      legs: ['caller 1001: 0, ends 2008', 'called 1002: 1, rings 2, ends 2007'],
    });
    expect(story).toEqual([
      '0 started offered',
      '2 updated ringing',
      '2007 updated offered',
      '2008 ended ended',
    ]);
  });

  it('1001 calls 1002, nobody comes to the phone, and after eight seconds Asterisk gives up', async () => {
    const { account, story } = await hearCall('ami-sip-noanswer-dial-timeout');
    expect(account).toEqual({
      started: '2026-11-20T12:09:19.755Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: undefined,
      ended: '8016 missed observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: ['caller 1001: 0, ends 8016', 'called 1002: 4, rings 6, ends 8014'],
    });
    expect(story).toEqual([
      '0 started offered',
      '6 updated ringing',
      '8014 updated offered',
      '8016 ended ended',
    ]);
  });

  it('1001 calls 1004, whose phone is not there and never says that it rings', async () => {
    const { account, story } = await hearCall('ami-sip-unreachable');
    expect(account).toEqual({
      started: '2026-11-20T12:09:43.388Z',
      parties: '1001 (User 1001) → 1004 (User 1004)',
      dialled: '1004',
      direction: 'internal',
      answered: undefined,
      ended: '8013 unreachable observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: ['caller 1001: 0, ends 8013', 'called 1004: 1, ends 8010'],
    });
    expect(story).toEqual(['0 started offered', '8013 ended ended']);
  });

  it('1001 calls a group, 1002 and 1003 ring, 1003 takes it; 1001 hangs up after two seconds', async () => {
    const { account, story, extensions } = await hearCall('ami-sip-fork-ring-first-answers');
    expect(account).toEqual({
      started: '2026-11-20T12:09:54.324Z',
      parties: '1001 (User 1001) → 1003 (User 1003)',
      dialled: 'forkring',
      direction: 'internal',
      answered: '1013 by 1003',
      ended: '3023 answered observed',
      endedBy: 'caller 1001',
      cause: '16 Normal Clearing',
      legs: [
        'caller 1001: 0, up 1013, ends 3023',
        'called 1002: 1, rings 3, ends 1013',
        'called 1003: 2, rings 4, up 1012, ends 3023',
      ],
    });
    expect(story).toEqual([
      '0 started offered',
      '3 updated ringing',
      '1013 answered connected',
      '3023 ended ended',
    ]);
    expect([...extensions].sort()).toEqual(['1001', '1002', '1003', 'forkring']);
  });

  it('1001 talks with 1002, puts him on hold for a bit more than a second, and hangs up', async () => {
    const { account, story } = await hearCall('ami-sip-hold-unhold');
    expect(account).toEqual({
      started: '2026-11-20T12:21:22.836Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: '1007 by 1002',
      ended: '4632 answered observed',
      endedBy: 'caller 1001',
      cause: '16 Normal Clearing',
      legs: ['caller 1001: 0, up 1007, ends 4632', 'called 1002: 1, rings 2, up 1007, ends 4632'],
      holds: ['1001 2215–3423'],
    });
    expect(story).toEqual([
      '0 started offered',
      '2 updated ringing',
      '1007 answered connected',
      '2215 updated held',
      '3423 updated connected',
      '4632 ended ended',
    ]);
  });
});

describe('calls over Local channels, which the manager originates and hangs up', () => {
  it('an outside caller is put through to somebody who answers after a second', async () => {
    const { account, story, extensions } = await hearCall('ami-local-answer');
    expect(account).toEqual({
      started: '2026-11-20T12:08:16.285Z',
      parties: '5551001 (Caller 5551001) → answer',
      dialled: 'answer',
      direction: 'internal',
      answered: '1005 by answer',
      ended: '4005 answered observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: [
        'caller 5551001 near: 0, up 1, ends 4005',
        '[called 5551001 far: 0, up 1, ends 4005]',
        'called answer near: 2, rings 3, up 1005, ends 4005',
        '[called answer far: 2, up 1004, ends 4004]',
      ],
    });
    expect(story).toEqual([
      '0 started offered',
      // The caller is up before anybody is dialled: the platform called him.
      '1 updated connected',
      '2 updated offered',
      '3 updated ringing',
      '1005 answered connected',
      '4005 ended ended',
    ]);
    expect(extensions).toEqual(['5551001', 'answer']);
  });

  it('an outside caller is put through to somebody who is busy', async () => {
    const { account, story } = await hearCall('ami-local-busy');
    expect(account).toEqual({
      started: '2026-11-20T12:08:30.910Z',
      parties: '5551001 (Caller 5551001) → busy',
      dialled: 'busy',
      direction: 'internal',
      answered: undefined,
      ended: '3 busy observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: [
        'caller 5551001 near: 0, up 1, ends 3',
        '[called 5551001 far: 0, up 1, ends 3]',
        'called busy near: 2, ends 3',
        '[called busy far: 2, ends 3]',
      ],
    });
    expect(story.at(0)).toBe('0 started offered');
    expect(story.at(-1)).toBe('3 ended ended');
  });

  it('an outside caller is put through to where there is no way', async () => {
    const { account, story } = await hearCall('ami-local-congestion');
    expect(account).toEqual({
      started: '2026-11-20T12:08:36.722Z',
      parties: '5551001 (Caller 5551001) → cong',
      dialled: 'cong',
      direction: 'internal',
      answered: undefined,
      ended: '3 failed observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: [
        'caller 5551001 near: 0, up 1, ends 3',
        '[called 5551001 far: 0, up 1, ends 3]',
        'called cong near: 1, ends 2',
        '[called cong far: 1, ends 2]',
      ],
    });
    expect(story.at(0)).toBe('0 started offered');
    expect(story.at(-1)).toBe('3 ended ended');
  });

  it('an outside caller is put through to a phone that rings for three seconds in vain', async () => {
    const { account, story } = await hearCall('ami-local-noanswer');
    expect(account).toEqual({
      started: '2026-11-20T12:08:23.100Z',
      parties: '5551001 (Caller 5551001) → noans',
      dialled: 'noans',
      direction: 'internal',
      answered: undefined,
      ended: '3005 missed observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: [
        'caller 5551001 near: 0, up 1, ends 3005',
        '[called 5551001 far: 0, up 0, ends 3004]',
        'called noans near: 1, rings 2, ends 3003',
        '[called noans far: 1, ends 3005]',
      ],
    });
    expect(story.at(0)).toBe('0 started offered');
    expect(story).toContain('2 updated ringing');
    expect(story.at(-1)).toBe('3005 ended ended');
  });
});
