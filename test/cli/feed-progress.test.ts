import { describe, expect, it } from 'vitest';
import { advanced, nextOptions, subscribed } from '../../src/cli/feed-progress.ts';
import type { FeedProgress, FeedWish } from '../../src/cli/feed-progress.ts';

const wish: FeedWish = { events: ['CallStart'], snapshot: true };
const answer = (position: string, calls?: number, recovered?: boolean) => ({
  position,
  calls,
  recovered,
});

describe('the place to resume from', () => {
  it('is asked for as wished at first', () => {
    expect(nextOptions(wish, {})).toEqual({ events: ['CallStart'], snapshot: true, ack: true });
    expect(nextOptions({ ...wish, snapshot: false, after: 'p1' }, {})).toEqual({
      events: ['CallStart'],
      snapshot: false,
      after: 'p1',
      ack: true,
    });
  });

  it('is that of the subscription when no snapshot comes', () => {
    expect(subscribed({}, answer('p1'))).toEqual({ position: 'p1' });
    expect(subscribed({}, answer('p1', 0))).toEqual({ position: 'p1' });
  });

  it('moves with every event and keep-alive', () => {
    let progress: FeedProgress = { position: 'p1' };
    progress = advanced(progress, 'p2', false);
    progress = advanced(progress, undefined, false);
    expect(progress).toEqual({ position: 'p2' });
    expect(nextOptions(wish, progress)).toEqual({
      events: ['CallStart'],
      snapshot: false,
      after: 'p2',
      ack: true,
    });
  });

  it('is not there before the snapshot is complete, whatever comes in between', () => {
    let progress = subscribed({}, answer('p5', 2));
    progress = advanced(progress, 'p5', true);
    progress = advanced(progress, 'p6', false);
    expect(nextOptions(wish, progress)).toMatchObject({ snapshot: true });
    expect(nextOptions(wish, progress)).not.toHaveProperty('after');
    progress = advanced(progress, 'p5', true);
    expect(nextOptions(wish, progress)).toMatchObject({ snapshot: false, after: 'p5' });
  });

  it('stays where it was after a resume, until the missed events have come', () => {
    const progress = subscribed({ position: 'p2' }, answer('p9', undefined, true));
    expect(nextOptions(wish, progress)).toMatchObject({ after: 'p2' });
    expect(nextOptions(wish, advanced(progress, 'p3', false))).toMatchObject({ after: 'p3' });
  });

  it('stays where it was through a snapshot that follows a loss', () => {
    let progress = subscribed({ position: 'p2' }, answer('p9', 1, false));
    expect(nextOptions(wish, progress)).toMatchObject({ after: 'p2' });
    progress = advanced(progress, 'p9', true);
    expect(nextOptions(wish, progress)).toMatchObject({ after: 'p9' });
  });

  it('moves on after a loss when nothing is going on', () => {
    expect(subscribed({ position: 'p2' }, answer('p9', 0, false))).toEqual({ position: 'p9' });
  });
});
