/**
 * What a follower of the feed must remember to come back after a lost connection without losing an
 * event: a place to resume from, once it is safe to. Pure.
 */
import type { FeedOptions, NotificationType } from '../subscriber/message.ts';
import type { FeedReading } from '../subscriber/reading.ts';

export interface FeedWish {
  readonly events: readonly NotificationType[];
  readonly snapshot: boolean;
  /** Position to begin after, as given by the person. */
  readonly after?: string;
}

export interface FeedProgress {
  /** Everything up to here has been seen; absent before there is such a place. */
  readonly position?: string;
  /** A snapshot of which so many calls are still to come, and the place it stands for. */
  readonly snapshot?: { readonly left: number; readonly position: string };
}

/** What to ask for with the next connection. */
export function nextOptions(wish: FeedWish, progress: FeedProgress): FeedOptions {
  const { events } = wish;
  if (progress.position !== undefined) {
    return { events, snapshot: false, after: progress.position, ack: true };
  }
  const after = wish.after === undefined ? {} : { after: wish.after };
  return { events, snapshot: wish.snapshot, ...after, ack: true };
}

/** The subscribe request was answered. */
export function subscribed(before: FeedProgress, feed: FeedReading): FeedProgress {
  const left = feed.calls ?? 0;
  // In the middle of a snapshot there is no place to resume from: the rest of it would be lost.
  if (left > 0) return { ...before, snapshot: { left, position: feed.position } };
  // After a resume the missed events are still to come; they have positions of their own.
  if (feed.recovered === true) return before;
  return { position: feed.position };
}

/** A notification or keep-alive came, with its position. */
export function advanced(
  before: FeedProgress,
  position: string | undefined,
  ofSnapshot: boolean,
): FeedProgress {
  const { snapshot } = before;
  if (ofSnapshot && snapshot !== undefined) {
    const left = snapshot.left - 1;
    if (left <= 0) return { position: snapshot.position };
    return { ...before, snapshot: { ...snapshot, left } };
  }
  return position === undefined || snapshot !== undefined ? before : { position };
}
