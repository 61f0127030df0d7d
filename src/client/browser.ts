/**
 * `offhook/client/browser`: the feed in a page, over WebSocket. Loads as an ES module as it is, with everything
 * that it needs beside it.
 */
import { openFeed } from './driver.ts';
import type { Feed } from './feed.ts';
import type { FeedOptions } from './options.ts';
import { type PageSocketClass, pageTransport } from './page-socket.ts';

export { FeedError, type FeedErrorCode, feedErrorCodes } from './error.ts';
export type {
  CallEvent,
  CallEventType,
  CallRecord,
  ConnectedEvent,
  FeedCall,
  FeedEvent,
  FeedParty,
  FeedTimes,
  LostEvent,
  RecordingEventType,
  SourceEvent,
  SourceEventType,
} from './event.ts';
export type {
  CallDetail,
  Feed,
  MuteState,
  OngoingCall,
  ServerSummary,
  SourceState,
} from './feed.ts';
export type { ExtensionPattern, FeedOptions, NotificationType } from './options.ts';

export interface PageFeedOptions extends FeedOptions {
  /** `wss://host/feed`, or a path on the page's own server; `/feed`. */
  readonly url?: string | URL | undefined;
}

/** What we need of the page. */
interface Page {
  readonly WebSocket: PageSocketClass;
  readonly location?: { readonly href: string };
}

const feedPath = '/feed';

/**
 * Follows a server's feed in a page: as `connectFeed` of `offhook/client` does, over the page's WebSocket. A
 * page cannot hold the server back: when too many events wait for the consumer, the connection is let go, and
 * made again, from where it was, once the consumer has caught up.
 * @throws {TypeError} when an option is wrong
 *
 * @example
 * import { connectFeed } from './client/browser.js';
 *
 * for await (const event of connectFeed({ token, extensions: ['1001'], snapshot: true })) {
 *   if (event.kind === 'call') show(event.call);
 * }
 */
export function connectFeed(options: PageFeedOptions = {}): Feed {
  const page = globalThis as unknown as Page;
  const url = urlOf(options.url ?? feedPath, page.location?.href);
  return openFeed(pageTransport(url, page.WebSocket), options);
}

function urlOf(url: string | URL, here: string | undefined): string {
  const text = String(url);
  const full = URL.canParse(text, here) ? new URL(text, here) : undefined;
  // A page on HTTPS may only open a WebSocket over TLS, so the scheme of the page is the right one.
  if (full?.protocol === 'http:') full.protocol = 'ws:';
  if (full?.protocol === 'https:') full.protocol = 'wss:';
  if (full?.protocol === 'ws:' || full?.protocol === 'wss:') {
    if (full.pathname === '/') full.pathname = feedPath;
    full.hash = '';
    return full.href;
  }
  const expected = 'ws://host/feed, wss://host/feed or a path on this server';
  throw new TypeError(`url is ${JSON.stringify(text)}; expected ${expected}.`);
}
