/**
 * `offhook/client`: the feed from Node, over TCP, TLS or WebSocket. What the package exports for servers and
 * tools stands here.
 */
import { openFeed } from './driver.ts';
import type { Feed } from './feed.ts';
import type { FeedOptions } from './options.ts';
import { tcpTransport, type TlsOptions } from './tcp.ts';
import type { Transport } from './transport.ts';
import { webSocketTransport } from './websocket.ts';

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
export type { TlsOptions } from './tcp.ts';

export interface NodeFeedOptions extends FeedOptions, TlsOptions {
  /** `tcp://host:7400`, `tls://host:7400`, `ws://host:7480/feed` or `wss://host:7480/feed`. */
  readonly url: string | URL;
}

const feedPort = '7400';
const feedPath = '/feed';

/**
 * Follows a server's feed for as long as somebody iterates: connects, shows its token, subscribes,
 * acknowledges keep-alives, notices silence, and comes back by itself, with its position, after every loss.
 * It dials at once and never gives up, except where coming back would not help: then the iteration throws a
 * `FeedError`. A consumer that is slow holds the server back; nothing is dropped.
 * @throws {TypeError} when an option is wrong
 *
 * @example
 * import { connectFeed } from 'offhook/client';
 *
 * const feed = connectFeed({ url: 'tcp://127.0.0.1:7400', extensions: ['1001', '10*'], snapshot: true });
 * for await (const event of feed) {
 *   if (event.kind === 'call') console.log(event.type, event.call.caller.number, event.call.state);
 *   if (event.kind === 'connected' && !event.recovered) console.log('events were missed');
 * }
 */
export function connectFeed(options: NodeFeedOptions): Feed {
  return openFeed(transportOf(options), options);
}

/** A URL of TCP; a zone (`fe80::1%eth0`) is more than the URL standard reads. */
const tcpUrl = /^(tcp|tls):\/\/(?:\[([0-9a-fA-F:.%\w]+)\]|([^:/?#@\s[\]]+))(?::([0-9]{1,5}))?\/?$/;

function transportOf({ url, ca, cert, key, servername }: NodeFeedOptions): Transport {
  const tls: TlsOptions = { ca, cert, key, servername };
  const text = String(url);
  const match = tcpUrl.exec(text);
  if (match !== null) {
    const [, scheme, address, name = '', port = feedPort] = match;
    return tcpTransport(address ?? name, Number(port), scheme === 'tls' ? tls : undefined);
  }
  const parsed = URL.canParse(text) ? new URL(text) : undefined;
  if (parsed?.protocol !== 'ws:' && parsed?.protocol !== 'wss:') {
    const ways = 'tcp://host:port, tls://host:port, ws://host:port/feed or wss://host:port/feed';
    throw new TypeError(`url is ${JSON.stringify(text)}; expected ${ways}.`);
  }
  if (parsed.pathname === '/') parsed.pathname = feedPath;
  return webSocketTransport(parsed, tls);
}
