/**
 * What exists on the feed protocol: every message as a value, and the one table of the names that the
 * wire uses. Codec and session agree through this file; nobody else spells a wire name.
 */
import type { Call } from '../call/call.ts';
import type { ExtensionPattern } from '../call/extension.ts';

export type { ExtensionPattern };

/** Every name on the wire that no outside document fixes stands here and nowhere else. */
export const wire = {
  root: 'VerbaApi',
  notification: 'Notification',
  requests: {
    subscribe: 'SubscribeOnCallEvent',
    unsubscribe: 'Unsubscribe',
    ongoing: 'GetOngoingCalls',
    /** The first is ours; the others are accepted and echoed as sent. */
    detail: ['GetCallDetail', 'GetCallDetails', 'GetCallDetailRecord'],
    mute: 'MuteChannel',
    muteState: 'GetMuteState',
    /** The vendor's echo of GetMuteState. */
    muteStateEcho: 'MuteState',
    summary: 'GetManagementSummary',
    authenticate: 'Authenticate',
    keepalive: 'Keepalive',
  },
  callStart: 'CallStart',
  callEnd: 'CallEnd',
  goodbye: 'Goodbye',
  /** Elements of the opt-in part. */
  elements: {
    feed: 'Feed',
    source: 'Source',
    summary: 'Summary',
    callState: 'CallState',
    party: 'Party',
    transfer: 'Transfer',
    queue: 'Queue',
    missedBy: 'MissedBy',
    recording: 'Recording',
  },
} as const;

/** Notification types; a client without a Feed element gets the first two. */
export const notificationTypes = [
  'CallStart',
  'CallEnd',
  'CallAnswer',
  'CallUpdate',
  'RecordingStart',
  'RecordingPause',
  'RecordingResume',
  'RecordingEnd',
  'SourceGap',
  'SourceUp',
] as const;
export type NotificationType = (typeof notificationTypes)[number];

/** Bounds on what a peer may send, checked before memory is taken. */
export const bounds = {
  messageBytes: 64 * 1024,
  depth: 16,
  elements: 256,
  attributesPerElement: 32,
  valueBytes: 4 * 1024,
  /** A message half received for longer ends the session; milliseconds. */
  halfMessageMs: 10_000,
} as const;

/** The `Feed` element of a subscribe request: everything the vendor's clients do not know. */
export interface FeedOptions {
  /** Absent: CallStart and CallEnd. */
  readonly events?: readonly NotificationType[];
  readonly snapshot: boolean;
  /** The position as the client sent it; the session checks it. */
  readonly after?: string;
  readonly ack: boolean;
}

/** `type` and `id` are echoed as sent; id is absent when the client sent none. */
export interface RequestHead {
  readonly type: string;
  readonly id?: string;
}

export type Request = { readonly head: RequestHead } & (
  | {
      readonly kind: 'subscribe';
      readonly extensions: readonly ExtensionPattern[];
      readonly feed?: FeedOptions;
    }
  | { readonly kind: 'unsubscribe' }
  | { readonly kind: 'ongoing'; readonly extensions: readonly ExtensionPattern[] }
  | { readonly kind: 'detail'; readonly call: string }
  | {
      readonly kind: 'mute';
      readonly call: string;
      readonly callerMuted: boolean;
      readonly calleeMuted: boolean;
    }
  | { readonly kind: 'mute-state'; readonly call: string }
  | { readonly kind: 'summary' }
  | { readonly kind: 'authenticate'; readonly token: string }
  | { readonly kind: 'keepalive' }
);

export type FailureClass =
  'Invalid Request' | 'Unknown Request' | 'Call Not Found' | 'Not Authorized' | 'Processing Error';

/** A document that is well-formed but no request we can serve: answered, the session goes on. */
export interface Refusal {
  readonly kind: 'refusal';
  /** Absent when the document names no request type. */
  readonly head?: RequestHead;
  readonly failure: FailureClass;
  readonly detail: string;
}

export interface SourceStatus {
  readonly name: string;
  readonly state: 'connecting' | 'syncing' | 'up' | 'down';
  /** When it was last heard, milliseconds since 1970. */
  readonly heardAtMs?: number;
  /** From its own time of its last signal to when we took it, milliseconds; absent where it tells no times. */
  readonly lagMs?: number;
}

export interface Summary {
  readonly version: string;
  readonly uptimeS: number;
  readonly subscribers: number;
  readonly ongoingCalls: number;
  readonly sources: readonly SourceStatus[];
}

/** Why the server ends a session. ARCHITECTURE.md has the WebSocket close code of each. */
export type GoodbyeReason =
  'going-away' | 'slow-consumer' | 'unauthorized' | 'idle' | 'protocol-error';

/** What answers a request. A failure may lack a head: then the document could not be read at all. */
export type Answer =
  | {
      readonly kind: 'subscribed';
      readonly head: RequestHead;
      /** Seconds; 0 leaves the element out. */
      readonly keepAliveS: number;
      /** Only for a client that sent a Feed element. */
      readonly feed?: {
        readonly position: string;
        /** How many snapshot calls follow. */
        readonly calls?: number;
        /** False: the asked position is not available; a snapshot follows. */
        readonly recovered?: boolean;
      };
    }
  | { readonly kind: 'done'; readonly head: RequestHead }
  | { readonly kind: 'ongoing'; readonly head: RequestHead; readonly calls: readonly Call[] }
  /** `cdr` is the ready `verbacdr` element. */
  | { readonly kind: 'detail'; readonly head: RequestHead; readonly cdr: string }
  | {
      readonly kind: 'mute-state';
      readonly head: RequestHead;
      readonly callerMuted: boolean;
      readonly calleeMuted: boolean;
    }
  | { readonly kind: 'summary'; readonly head: RequestHead; readonly summary: Summary }
  | {
      readonly kind: 'failure';
      readonly head?: RequestHead;
      readonly failure: FailureClass;
      readonly detail: string;
    };
