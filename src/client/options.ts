/**
 * What a feed can be asked for: the options with their defaults, checked, so that a slip is told at once and
 * not by silence.
 */
import { type ExtensionPattern, parsePattern } from '../call/extension.ts';
import { type NotificationType, notificationTypes } from '../subscriber/message.ts';
import type { ConversationSettings } from './effect.ts';
import type { FeedTimes } from './event.ts';

export type { ExtensionPattern, NotificationType };

export interface FeedOptions {
  /** Shown to the server first, where it asks for one. */
  readonly token?: string | undefined;
  /**
   * Whose calls: `1001`, `10*` for all that begin so, `1000-1099` for numbers with as many digits, or any of
   * them as a value, such as `{ kind: 'number', number: '*97' }`. Left out: all calls that the token may see.
   */
  readonly extensions?: readonly (string | ExtensionPattern)[] | undefined;
  /** Which events; left out: every one. */
  readonly events?: readonly NotificationType[] | undefined;
  /** True to begin with the calls that go on. Of no effect beside `after`. */
  readonly snapshot?: boolean | undefined;
  /** A position to go on after, as `feed.position` once gave it. */
  readonly after?: string | undefined;
  /** Ends the iteration when aborted, as `close` does. */
  readonly signal?: AbortSignal | undefined;
  /** True to throw `FEED_UNREACHABLE` when the first connection fails, instead of trying again. */
  readonly failFast?: boolean | undefined;
  /** How many events may wait for a slow consumer before the server is held back, >= 1; 1000. */
  readonly bufferedEvents?: number | undefined;
  /** From dialling to being subscribed at most, milliseconds, > 0; 10000. */
  readonly connectTimeoutMs?: number | undefined;
  /** From a request to its answer at most, milliseconds, > 0; 10000. */
  readonly requestTimeoutMs?: number | undefined;
  /** The wait before coming back: at random up to `firstMs`, twice that each time, up to `maxMs`; 500, 15000. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number } | undefined;
  /** `local` where the server writes records in its time zone and this machine is in the same; `utc`. */
  readonly times?: FeedTimes | undefined;
}

/**
 * The options as the conversation takes them.
 * @throws {TypeError} when one of them is wrong; the message says what was seen and what was expected
 */
export function settingsOf(options: FeedOptions, canPause: boolean): ConversationSettings {
  const { token, after, backoff = { firstMs: 500, maxMs: 15_000 } } = options;
  if (token === '') throw wrong('token', token, 'a token, or none at all');
  if (after === '')
    throw wrong('after', after, 'a position as feed.position gave it, or none at all');
  if (!(backoff.firstMs >= 0 && backoff.maxMs >= backoff.firstMs)) {
    throw wrong('backoff', backoff, 'firstMs >= 0 and maxMs >= firstMs');
  }
  return {
    token,
    after,
    backoff,
    extensions: patternsOf(options.extensions),
    events: eventsOf(options.events),
    snapshot: options.snapshot ?? false,
    failFast: options.failFast ?? false,
    bufferedEvents: positive('bufferedEvents', options.bufferedEvents ?? 1_000),
    connectTimeoutMs: positive('connectTimeoutMs', options.connectTimeoutMs ?? 10_000),
    requestTimeoutMs: positive('requestTimeoutMs', options.requestTimeoutMs ?? 10_000),
    times: options.times ?? 'utc',
    canPause,
  };
}

/** An empty list would mean all calls to the server, which nobody means who names none. */
export function patternsOf(
  extensions: readonly (string | ExtensionPattern)[] | undefined,
): readonly ExtensionPattern[] {
  if (extensions === undefined) return [];
  if (extensions.length === 0) {
    throw new TypeError(
      'extensions is empty; expected at least one, or none at all for all calls.',
    );
  }
  return extensions.map((text) => {
    const pattern = typeof text === 'string' ? parsePattern(text) : text;
    if (pattern === undefined) throw wrong('extensions', text, '1001, 10* or 1000-1099');
    return pattern;
  });
}

function eventsOf(events: readonly NotificationType[] | undefined): readonly NotificationType[] {
  if (events === undefined) return notificationTypes;
  const stranger = events.find((event) => !notificationTypes.includes(event));
  if (stranger !== undefined || events.length === 0) {
    throw wrong('events', stranger ?? events, `some of ${notificationTypes.join(', ')}`);
  }
  return [...new Set(events)];
}

function positive(name: string, value: number): number {
  if (value > 0) return value;
  throw wrong(name, value, 'a number above 0');
}

function wrong(name: string, seen: unknown, expected: string): TypeError {
  return new TypeError(`${name} is ${JSON.stringify(seen)}; expected ${expected}.`);
}
