/**
 * Recordings of transfers on a real Asterisk. What the people at the phones did stands in words; times are
 * milliseconds since the call began, read off the recording's stamps.
 */
import { describe, expect, it } from 'vitest';
import { hearCall } from './recorded.ts';

describe('recorded transfers', () => {
  it('1001 calls 1002 and after two seconds sends him to 1003 without asking (REFER); 1002 and 1003 talk until Asterisk ends it', async () => {
    const { account, story, extensions } = await hearCall('ami-sip-blind-transfer-refer');
    expect(account).toEqual({
      started: '2026-11-20T12:10:15.768Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: '1007 by 1002',
      ended: '7897 answered observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: [
        'caller 1001: 0, up 1007, ends 3017',
        'called 1002: 2, rings 3, up 1007, ends 7897',
        'called 1003: 3018, rings 3019, up 4023, ends 7896',
      ],
      transfers: ['3016 blind: 1001 sends 1002 to 1003'],
    });
    expect(story).toEqual([
      '0 started offered',
      '3 updated ringing',
      '1007 answered connected',
      '7897 ended ended',
    ]);
    expect(extensions).toEqual(['1001', '1002', '1003']);
  });

  it('1001 calls 1002; the manager has 1002 send her on to 1003, who answers after a second', async () => {
    const { account, story, extensions } = await hearCall('ami-ami-blindtransfer');
    expect(account).toEqual({
      started: '2026-11-20T12:10:41.404Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: '1008 by 1002',
      ended: '5516 answered observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: [
        'caller 1001: 0, up 1008, ends 5516',
        'called 1002: 1, rings 2, up 1007, ends 2013',
        'called 1003: 2013, rings 2014, up 3019, ends 5515',
      ],
      transfers: ['2011 blind: 1002 sends 1001 to 1003'],
    });
    expect(story).toEqual([
      '0 started offered',
      '2 updated ringing',
      '1008 answered connected',
      '5516 ended ended',
    ]);
    expect(extensions).toEqual(['1001', '1002', '1003']);
  });

  it('1001 calls 1002, who asks her to wait, calls 1003 over a Local channel, and then leaves the two to each other', async () => {
    const { account, story, extensions } = await hearCall('ami-ami-atxfer');
    expect(account).toEqual({
      started: '2026-11-20T12:10:50.340Z',
      parties: '1001 (User 1001) → 1002 (User 1002)',
      dialled: '1002',
      direction: 'internal',
      answered: '1008 by 1002',
      ended: '9524 answered observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: [
        'caller 1001: 0, up 1008, ends 9524',
        'called 1002: 1, rings 2, up 1008, ends 7019',
        '[called 1003 near: 2515, rings 2520, up 3528, ends 9522]',
        '[called 1003 far: 2516, up 3527, ends 9522]',
        'called 1003: 2519, rings 2520, up 3527, ends 9522',
      ],
      // There is no Unhold: the wait ends as 1002 goes.
      holds: ['1002 2273–7019'],
      transfers: ['7019 attended: 1002 sends 1001 to 1003'],
    });
    expect(story).toEqual([
      '0 started offered',
      '2 updated ringing',
      '1008 answered connected',
      '2273 updated held',
      '7019 updated connected',
      '9524 ended ended',
    ]);
    expect(extensions).toEqual(['1001', '1002', '1003']);
  });
});
