/**
 * What the two sides of the store say to each other across the thread border, in rows and columns and
 * without a word of SQL. The store knows texts, numbers and times; what the texts mean is the business
 * of the journal and the books above it.
 */
import type { ErrorCode } from '../base/errors.ts';
import type {
  DeliveriesAsk,
  DeliveryDetail,
  DeliverySummary,
  DestinationRow,
  DestinationStateRow,
  DueAsk,
  DueRows,
  Enqueued,
  OutboxHead,
  OutboxRetainStep,
  OutboxRows,
  Replayed,
  ReplayAsk,
  SettleAsk,
} from './outbox-messages.ts';

import type {
  ApiTokenRow,
  FoundRecordings,
  FoundSegments,
  ImportedRecording,
  MediaWalk,
  RecordingChange,
  RecordingDossier,
  RecordingRows,
  RecordingSearch,
  SegmentChange,
  SupplementRow,
} from './recording-messages.ts';

/** What a finished call leaves in the books. */
export interface CdrRow {
  /** Number of the event that ended the call. */
  readonly seq: number;
  readonly callId: string;
  readonly source: string;
  readonly startedMs: number;
  readonly endedMs: number;
  /** When we saw the end, our clock; retention goes by it. */
  readonly seenMs: number;
  readonly caller: string | null;
  readonly called: string | null;
  readonly outcome: string | null;
  /** The call as JSON. */
  readonly body: string;
  readonly xml: string;
  /** Whether a metadata file is to be written for it. */
  readonly file: 'pending' | 'off';
}

/** A source lost from `fromMs` on, or seen again. */
export interface SightRow {
  readonly source: string;
  readonly lostSinceMs: number | null;
}

/** Ids of signals that need not be heard again. */
export interface SignalIdRows {
  readonly source: string;
  readonly ids: readonly string[];
  readonly seenMs: number;
}

/**
 * One transaction. Events are columns, not rows: arrays of texts cross the border several times faster
 * than arrays of objects.
 */
export interface Batch {
  /** Number of the first event; the others follow without gaps. */
  readonly firstSeq: number;
  readonly kinds: readonly string[];
  /** Null for an event that is of no call. */
  readonly callIds: readonly (string | null)[];
  /** Whether the call is still going on after the event; false for an event of no call. */
  readonly open: readonly boolean[];
  readonly seenMs: readonly number[];
  readonly bodies: readonly string[];
  readonly cdrs: readonly CdrRow[];
  readonly sights: readonly SightRow[];
  readonly signalIds: readonly SignalIdRows[];
  /** Absent: nothing is to be delivered. */
  readonly outbox?: OutboxRows;
  /** Absent: nothing is being recorded. */
  readonly recordings?: RecordingRows;
}

/** One small step of retention; null means "no bound". */
export interface RetainStep {
  readonly eventsSeenBeforeMs: number | null;
  /** Bytes of event text that may stay, UTF-8. */
  readonly maxEventBytes: number | null;
  readonly cdrsSeenBeforeMs: number | null;
  readonly signalIdsSeenBeforeMs: number | null;
  /** Most rows of each kind that one step drops; bounds how long a commit waits behind it. */
  readonly limit: number;
}

export interface Retained {
  readonly events: number;
  readonly cdrs: number;
  readonly signalIds: number;
  /** Whether another step would find something to do. */
  readonly more: boolean;
}

export interface TextRows {
  readonly seqs: readonly number[];
  readonly bodies: readonly string[];
}

export type EventRows =
  | ({ readonly kind: 'rows' } & TextRows)
  /** Retention has dropped what was asked for. */
  | { readonly kind: 'gone'; readonly oldestSeq: number };

export interface CdrText {
  readonly body: string;
  readonly xml: string;
}

export type CdrSummaryRow = Omit<CdrRow, 'body' | 'xml' | 'file'> & {
  /** A JSON array of text. */
  readonly extensions: string | null;
};
export type PendingFileRow = Pick<CdrRow, 'seq' | 'callId' | 'body' | 'xml'>;

interface Exchange<Ask, Answer> {
  readonly ask: Ask;
  readonly answer: Answer;
}

/** What the writing side does. Requests are carried out one by one, in the order they were sent. */
export interface Writes {
  readonly commit: Exchange<Batch, Enqueued>;
  readonly retain: Exchange<RetainStep, Retained>;
  readonly markFiled: Exchange<readonly string[], null>;
  /** Deliveries of what is no event of the journal. */
  readonly enqueue: Exchange<OutboxRows, Enqueued>;
  readonly settle: Exchange<SettleAsk, null>;
  readonly replay: Exchange<ReplayAsk, Replayed>;
  readonly putDestination: Exchange<DestinationRow, null>;
  /** Gives up what waits for a destination, with this reason, at most `limit`; whether there is more. */
  readonly abandon: Exchange<
    {
      readonly destination: string;
      readonly reason: string;
      readonly nowMs: number;
      readonly limit: number;
    },
    boolean
  >;
  readonly dropDestination: Exchange<string, null>;
  readonly pause: Exchange<{ readonly destination: string; readonly paused: boolean }, null>;
  readonly retainOutbox: Exchange<
    OutboxRetainStep,
    { readonly gone: number; readonly more: boolean }
  >;
  /** Whether there is such a recording; false too when one of its custom data has no such segment. */
  readonly changeRecording: Exchange<RecordingChange, boolean>;
  readonly changeSegment: Exchange<SegmentChange, boolean>;
  /** Numbers that are there already, stand twice or are none; nothing is imported then. */
  readonly importRecordings: Exchange<readonly ImportedRecording[], readonly number[]>;
  /** With their segments and all that belongs to them. Those of a call that goes on stay: its events tell of them. */
  readonly dropRecordings: Exchange<readonly number[], null>;
  /** The number that it was given. */
  readonly addSupplement: Exchange<Omit<SupplementRow, 'id'>, number>;
  readonly putApiToken: Exchange<ApiTokenRow, null>;
  readonly dropApiTokens: Exchange<readonly string[], null>;
  readonly close: Exchange<null, null>;
}

/** What is asked of recordings; in a thread of its own, so that a long search delays nobody. */
export interface Searches {
  readonly searchRecordings: Exchange<RecordingSearch, FoundRecordings>;
  readonly searchSegments: Exchange<RecordingSearch, FoundSegments>;
  readonly recording: Exchange<number, RecordingDossier | null>;
  readonly supplement: Exchange<number, SupplementRow | null>;
  readonly walkMedia: Exchange<MediaWalk, readonly RecordingDossier[]>;
  /** Bytes of all media files that are known to be there. */
  readonly mediaBytes: Exchange<null, number>;
  /** Of a file name, the segments of which it is the path or the last part. */
  readonly segmentsOfFile: Exchange<string, readonly number[]>;
  readonly supplementsNamed: Exchange<string, readonly SupplementRow[]>;
  readonly lastSegmentId: Exchange<null, number>;
  readonly apiTokens: Exchange<null, readonly ApiTokenRow[]>;
  readonly close: Exchange<null, null>;
}

/** What the reading side does, beside the writing one, so that no read delays a commit. */
export interface Reads {
  readonly eventsAfter: Exchange<
    { afterSeq: number; throughSeq: number; limit: number; maxBytes: number },
    EventRows
  >;
  readonly openCalls: Exchange<{ afterSeq: number; limit: number }, TextRows>;
  readonly endedCalls: Exchange<
    { beforeSeq: number; seenSinceMs: number; limit: number },
    TextRows
  >;
  readonly lostSources: Exchange<null, readonly SightRow[]>;
  readonly knownSignalIds: Exchange<{ source: string; ids: readonly string[] }, readonly string[]>;
  readonly cdr: Exchange<string, CdrText | null>;
  readonly recentCdrs: Exchange<{ beforeSeq: number; limit: number }, readonly CdrSummaryRow[]>;
  readonly pendingFiles: Exchange<{ afterSeq: number; limit: number }, readonly PendingFileRow[]>;
  readonly outboxHead: Exchange<null, OutboxHead>;
  readonly due: Exchange<DueAsk, DueRows>;
  readonly destinations: Exchange<null, readonly DestinationRow[]>;
  readonly destinationStates: Exchange<null, readonly DestinationStateRow[]>;
  readonly deliveries: Exchange<DeliveriesAsk, readonly DeliverySummary[]>;
  readonly delivery: Exchange<number, DeliveryDetail | null>;
  readonly close: Exchange<null, null>;
}

/** Either side's table of exchanges. */
export type Exchanges<E> = { readonly [K in keyof E]: Exchange<unknown, unknown> };

/** A request of one kind, or of any. */
export type Request<E extends Exchanges<E>, K extends keyof E = keyof E> = {
  readonly [P in K]: { readonly id: number; readonly kind: P; readonly ask: E[P]['ask'] };
}[K];

/** One function for each kind of request. */
export type Handlers<E extends Exchanges<E>> = {
  readonly [K in keyof E]: (ask: E[K]['ask']) => E[K]['answer'];
};

/** The first word of a worker, and the answers to its requests. */
export type Reply =
  | { readonly kind: 'opened'; readonly epoch: string; readonly head: number }
  | { readonly kind: 'refused'; readonly code: StoreErrorCode; readonly message: string }
  | { readonly kind: 'done'; readonly id: number; readonly answer: unknown }
  /** The database refused; `message` names what it said. */
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

export type StoreErrorCode = Extract<ErrorCode, `STORE_${string}`>;

/** What the thread that folds the log can be asked. */
export interface Folds {
  readonly close: Exchange<null, null>;
}

/** What a worker is started with. */
export interface WorkerOptions {
  readonly mode: 'write' | 'read' | 'search' | 'fold';
  /** The data folder; one server per folder. */
  readonly folder: string;
  /** Most pages the database file may have; absent: as many as the disk holds. Of `write` only. */
  readonly maxPages?: number;
}
