import { describe, expect, it } from 'vitest';
import { stopInTime, Wishes } from '../../src/cli/stopping.ts';

describe('a signal', () => {
  it('stops in order at first, and at once when it is given again', () => {
    const wishes = new Wishes();
    expect([wishes.heard(5000), wishes.heard(6000), wishes.heard(6001)]).toEqual([
      'first',
      'again',
      'again',
    ]);
  });

  it('that a package runner passes on is not a second wish', () => {
    const wishes = new Wishes();
    expect([wishes.heard(0), wishes.heard(3), wishes.heard(400), wishes.heard(401)]).toEqual([
      'first',
      'echo',
      'echo',
      'again',
    ]);
  });
});

describe('an orderly stop', () => {
  it('ends when the server has stopped', async () => {
    const reasons: string[] = [];
    const stop = (reason: string): Promise<void> => Promise.resolve(void reasons.push(reason));
    await stopInTime({ stop }, 'SIGTERM', 60_000);
    expect(reasons).toEqual(['SIGTERM']);
  });

  it('is given up a second after its deadline', async () => {
    const stop = (): Promise<void> => new Promise(() => undefined);
    await expect(stopInTime({ stop }, 'SIGTERM', 50)).rejects.toMatchObject({
      exitCode: 1,
      message: 'The server did not stop within 0.05 s and was cut off.',
    });
  });

  it('passes on why it failed', async () => {
    const stop = (): Promise<void> => Promise.reject(new Error('disk gone'));
    await expect(stopInTime({ stop }, 'SIGTERM', 60_000)).rejects.toThrow('disk gone');
  });
});
