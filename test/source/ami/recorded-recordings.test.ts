/**
 * Recordings of calls that were themselves recorded. What happened stands in words; times are milliseconds
 * since the call began, read off the stamps.
 */
import { describe, expect, it } from 'vitest';
import { hearCall } from './recorded.ts';

describe('recorded recordings', () => {
  it('the dial plan records 1001 from before it rings; the recording is muted for a bit more than a second and ends with the call', async () => {
    const { account, story } = await hearCall('ami-sip-mixmonitor-pause');
    expect(account).toEqual({
      started: '2026-11-20T12:11:03.284Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '91002',
      direction: 'internal',
      answered: '1013 by 1002',
      ended: '6021 answered observed',
      endedBy: 'caller 1001',
      cause: '16 Normal Clearing',
      legs: ['caller 1001: 0, up 1013, ends 6021', 'called 1002: 2, rings 4, up 1012, ends 6021'],
      recordings: ['1001 2–6021, both muted 2017–3219'],
    });
    expect(story).toEqual([
      '0 started offered',
      '2 recording started offered',
      '4 updated ringing',
      '1013 answered connected',
      '2017 recording paused connected',
      '3219 recording resumed connected',
      '6021 recording ended connected',
      '6021 ended ended',
    ]);
  });

  it('the manager records 1001 for a second and a half in the middle of a talk', async () => {
    const { account, story } = await hearCall('ami-sip-ami-monitor-midcall');
    expect(account).toEqual({
      started: '2026-11-20T12:11:12.233Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: '1007 by 1002',
      ended: '6017 answered observed',
      endedBy: 'caller 1001',
      cause: '16 Normal Clearing',
      legs: ['caller 1001: 0, up 1007, ends 6017', 'called 1002: 1, rings 2, up 1006, ends 6017'],
      recordings: ['1001 1811–3314'],
    });
    expect(story).toEqual([
      '0 started offered',
      '2 updated ringing',
      '1007 answered connected',
      '1811 recording started connected',
      '3314 recording ended connected',
      '6017 ended ended',
    ]);
  });

  it('an outside caller is recorded from the start; it is muted for a second and stopped before the end', async () => {
    const { account, story } = await hearCall('ami-local-mixmonitor-pause');
    expect(account).toEqual({
      started: '2026-11-20T12:09:05.159Z',
      // The one who answers is known by the number that was dialled; his line is called "answer".
      parties: '5551001 (Caller 5551001) → recanswer',
      dialled: 'recanswer',
      direction: 'internal',
      answered: '1003 by recanswer',
      ended: '5221 answered observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: [
        'caller 5551001 near: 0, up 0, ends 5220',
        '[called 5551001 far: 0, up 0, ends 5221]',
        'called recanswer near: 2, rings 2, up 1003, ends 5221',
        '[called answer far: 2, up 1003, ends 5213]',
      ],
      recordings: ['5551001 1–4510, both muted 2507–3508'],
    });
    expect(story).toEqual([
      '0 started offered',
      '0 updated connected',
      '1 recording started connected',
      '2 updated offered',
      '2 updated ringing',
      '1003 answered connected',
      '2507 recording paused connected',
      '3508 recording resumed connected',
      '4510 recording ended connected',
      '5221 ended ended',
    ]);
  });
});
