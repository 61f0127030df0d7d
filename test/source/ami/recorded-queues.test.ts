/**
 * Recordings of queues on a real Asterisk. What the people at the phones did stands in words; times are
 * milliseconds since the call began, read off the recording's stamps.
 */
import { describe, expect, it } from 'vitest';
import { hearCall } from './recorded.ts';

describe('recorded queues', () => {
  it('a caller waits in support; Agent One lets it ring for three seconds, Agent Two answers and is the first to go', async () => {
    const { account, story, extensions } = await hearCall('ami-local-queue-answered-second-agent');
    expect(account).toEqual({
      started: '2026-11-20T12:08:42.535Z',
      parties: '5551001 (Caller 5551001) → 2002 (Agent Two)',
      dialled: '600',
      direction: 'internal',
      answered: '5007 by 2002',
      ended: '9005 answered observed',
      endedBy: 'called 2002',
      cause: '16 Normal Clearing',
      legs: [
        'caller 5551001 near: 0, up 0, ends 9005',
        '[called 5551001 far: 0, up 0, ends 9005]',
        'called 2001 near: 2, rings 3, ends 3004, agent Agent One',
        '[called 2001 far: 2, ends 3004]',
        'called 2002 near: 4005, rings 4006, up 5007, ends 9005, agent Agent Two',
        '[called 2002 far: 4005, up 5007, ends 9005]',
      ],
      queue: ['support 1–5008 answered, position 1, missed by Agent One, served by Agent Two'],
    });
    expect(story).toEqual([
      '0 started offered',
      '0 updated connected',
      '1 updated offered',
      '3 updated ringing',
      '3004 updated offered',
      '4006 updated ringing',
      '5007 answered connected',
      '9005 ended ended',
    ]);
    expect(extensions).toEqual(['5551001', '600', '2001', '2002']);
  });

  it('a caller waits in a queue whose only agent lets it ring twice; after five seconds the queue gives up', async () => {
    const { account, story, extensions } = await hearCall('ami-local-queue-timeout-abandon');
    expect(account).toEqual({
      started: '2026-11-20T12:08:54.348Z',
      parties: '5551001 (Caller 5551001) → 602',
      dialled: '602',
      direction: 'internal',
      answered: undefined,
      ended: '5008 abandoned observed',
      endedBy: 'platform',
      cause: '16 Normal Clearing',
      legs: [
        'caller 5551001 near: 0, up 1, ends 5008',
        '[called 5551001 far: 0, up 1, ends 5008]',
        'called noans near: 2, rings 2, ends 2004, agent noans',
        '[called noans far: 2, ends 2004]',
        'called noans near: 3005, rings 3006, ends 5007, agent noans',
        '[called noans far: 3005, ends 5007]',
      ],
      queue: ['emptyish 1–5008 abandoned, position 1, missed by noans, missed by noans'],
    });
    expect(story).toEqual([
      '0 started offered',
      '1 updated connected',
      '1 updated offered',
      '2 updated ringing',
      '2004 updated offered',
      '3006 updated ringing',
      '5007 updated offered',
      '5008 ended ended',
    ]);
    expect(extensions).toEqual(['5551001', '602', 'noans']);
  });
});
