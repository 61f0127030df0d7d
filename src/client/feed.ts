/**
 * A feed as its consumer holds it: events to iterate, questions to ask, a position to keep. Types only.
 */
import type { CallRecord, FeedEvent } from './event.ts';
import type { ExtensionPattern } from './options.ts';

/** An ongoing call as a list tells it. */
export interface OngoingCall {
  readonly id: string;
  readonly caller: string | undefined;
  readonly called: string | undefined;
  /** ISO 8601. */
  readonly start: string;
}

export interface CallDetail {
  readonly ended: boolean;
  readonly record: CallRecord;
}

export interface MuteState {
  readonly callerMuted: boolean;
  readonly calleeMuted: boolean;
}

export interface SourceState {
  readonly name: string;
  /** `connecting`, `syncing`, `up` or `down`. */
  readonly state: string;
  /** When it was last heard, ISO 8601. */
  readonly heard: string | undefined;
  /** How late the server took its last signal, milliseconds; undefined where the source tells no times. */
  readonly lagMs: number | undefined;
}

export interface ServerSummary {
  readonly version: string;
  /** Seconds since the server's start. */
  readonly uptimeS: number;
  readonly subscribers: number;
  readonly calls: number;
  readonly sources: readonly SourceState[];
}

/**
 * Events of a server for as long as somebody iterates, over every restart of either. It has one consumer: all
 * iterations take from the same events, and leaving a loop closes the feed.
 */
export interface Feed extends AsyncIterable<FeedEvent> {
  /**
   * Up to here everything has been handled: an event counts as handled when the consumer asks for the next
   * one. Whoever keeps it, and gives it as `after` another day, loses nothing. Undefined before there is
   * such a place.
   *
   * @example
   * for await (const event of feed) {
   *   await store(event);
   *   if (feed.position !== undefined) await keep(feed.position); // of the events before this one
   * }
   */
  readonly position: string | undefined;

  /** The sources that the server watches, as its last keep-alive told them; none before the first. */
  readonly sources: readonly SourceState[];

  /**
   * The calls that go on now.
   * @param extensions as in the options; left out: all calls
   * @throws {FeedError} where the server refuses, or the answer does not come
   *
   * @example
   * for (const call of await feed.ongoing(['1001'])) console.log(call.id, call.caller);
   */
  ongoing(extensions?: readonly (string | ExtensionPattern)[]): Promise<readonly OngoingCall[]>;

  /**
   * The record of a call, ongoing or finished.
   * @throws {FeedError} `CALL_NOT_FOUND`, or as `ongoing`
   *
   * @example
   * const { ended, record } = await feed.detail(id);
   */
  detail(id: string): Promise<CallDetail>;

  /**
   * Leaves a party out of the recording, or takes it in again. Resolves when the recorder has been told.
   * @throws {FeedError} `CALL_NOT_FOUND`; `NOT_AUTHORIZED` where the token may not; `PROCESSING_ERROR` with the
   *   telephony system's reason; or as `ongoing`
   *
   * @example
   * await feed.mute(id, { callerMuted: true, calleeMuted: false });
   */
  mute(id: string, state: MuteState): Promise<void>;

  /**
   * Which parties the recording leaves out.
   * @throws {FeedError} `CALL_NOT_FOUND`, or as `ongoing`
   *
   * @example
   * if ((await feed.muteState(id)).callerMuted) warn();
   */
  muteState(id: string): Promise<MuteState>;

  /**
   * The server and its sources as they are now.
   * @throws {FeedError} as `ongoing`
   *
   * @example
   * const { version, calls } = await feed.summary();
   */
  summary(): Promise<ServerSummary>;

  /** Ends the iteration and lets the connection go. Events that wait are dropped. */
  close(): void;
}
