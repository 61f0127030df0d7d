/**
 * What is said to the store about recordings, and what it answers: rows and columns, without a word of SQL.
 * A recording is a chain of segments, a segment is one media file; what the columns mean to people is the
 * business of the room `record`.
 */

/** What a source's events say of one segment; written in the transaction of the event. Times in milliseconds since 1970. */
export interface SegmentRow {
  readonly id: number;
  /** Number of the recording. */
  readonly recording: number;
  readonly callId: string;
  /** Key of the recorded leg. */
  readonly leg: string;
  readonly startMs: number;
  readonly endMs: number | null;
  readonly pauseMs: number;
  /** Since when it is paused, both sides; null while it is not. */
  readonly pausedSinceMs: number | null;
  /** Whether pauses hold silence; otherwise they are left out of the file. */
  readonly pausedWithSilence: boolean;
  /** Path of the media file as the source tells it; null where it does not. */
  readonly file: string | null;
  /** Last part of that path. */
  readonly filename: string | null;
  /** Whether the recording goes on in another segment. */
  readonly goesOn: boolean;
}

/** What a source's events say of a recording; written with its first segment, and as the call goes on. */
export interface RecordingRow {
  readonly id: number;
  readonly callId: string;
  readonly source: string;
  readonly account: number;
  readonly route: number;
  readonly rss: number;
  readonly ani: string | null;
  readonly dnis: string | null;
  readonly isrUcid: string | null;
  readonly ingressCallId: string | null;
  readonly egressCallId: string | null;
  /** Agent that talks, as the platform names them; a person's word outranks it. */
  readonly agentId: string | null;
  readonly startMs: number;
  /** A JSON array of participants, as `record` writes them. */
  readonly participants: string;
  /** A JSON array of text: everybody by whom the call could be watched. */
  readonly extensions: string;
  /** SIP addresses of record of all participants. */
  readonly aors: readonly string[];
}

/** Of one commit, in order. */
export interface RecordingRows {
  readonly recordings: readonly RecordingRow[];
  /**
   * Recordings that began in another call, as the call tells of them in which they go on. The addresses come to those
   * that are known; the row is taken only where there is none, as when nobody was ever told of the other call.
   */
  readonly continued?: readonly RecordingRow[];
  readonly segments: readonly SegmentRow[];
}

/** One field of a recording (`segment` null) or of one of its segments. */
export interface CustomDatum {
  readonly recording: number;
  readonly segment: number | null;
  /** Number of the field in the master list. */
  readonly field: number;
  readonly value: string;
}

export interface SupplementRow {
  readonly id: number;
  readonly recording: number;
  readonly kind: 'video' | 'other';
  readonly file: string;
  readonly filename: string;
}

/** As it is kept. */
export interface KeptRecording extends Omit<RecordingRow, 'aors'> {
  /** Null while it goes on. */
  readonly endMs: number | null;
  readonly pauseMs: number;
  readonly agentTerminal: string | null;
  readonly sensitive: boolean;
  readonly neverExpire: boolean;
  /** Marked to be deleted: files and rows go when nobody needs them any more. */
  readonly deleteFlag: boolean;
  readonly thirdpartyId: string | null;
}

/** What became of a segment's media file, as far as anybody has looked. */
export type FileState = 'unknown' | 'present' | 'missing';

export interface KeptSegment extends SegmentRow {
  /** From 1 within its recording. */
  readonly sequence: number;
  readonly fileState: FileState;
  /** Size of the file when it was last looked at; null: never. */
  readonly bytes: number | null;
  readonly sha256: string | null;
}

/** A recording with all that belongs to it. */
export interface RecordingDossier {
  readonly recording: KeptRecording;
  /** In order. */
  readonly segments: readonly KeptSegment[];
  readonly customData: readonly CustomDatum[];
  readonly supplements: readonly SupplementRow[];
}

/** From and through, both included; either may be absent. */
export interface Span {
  readonly from?: number;
  readonly through?: number;
}

/** All that is given must hold. Texts are compared as they are. */
export interface RecordingCriteria {
  /** Only of these accounts; absent: of all. */
  readonly account?: number;
  readonly recording?: number;
  readonly segment?: number;
  /** The call in which it began, or one in which it went on. */
  readonly callId?: string;
  readonly source?: string;
  readonly isrUcid?: string;
  readonly ingressCallId?: string;
  readonly egressCallId?: string;
  readonly thirdpartyId?: string;
  readonly ani?: string;
  readonly dnis?: string;
  /** Of any participant. */
  readonly aor?: string;
  readonly agentId?: string;
  readonly agentTerminal?: string;
  /** Of any of its segments. */
  readonly filename?: string;
  readonly start?: Span;
  /** What goes on has no end and is not found by one. */
  readonly end?: Span;
  readonly inProgress?: boolean;
  readonly rss?: number;
  readonly hasSupplements?: boolean;
  readonly hasVideo?: boolean;
  readonly customData?: readonly { readonly field: number; readonly value: string }[];
}

/** The newest ones first, by start and number. */
export interface RecordingSearch {
  readonly criteria: RecordingCriteria;
  /** 1 to 1,001. */
  readonly limit: number;
  /** Only what comes after this in the order. */
  readonly after?: SearchPlace;
}

export interface FoundRecording {
  readonly id: number;
  readonly isrUcid: string | null;
  readonly ingressCallId: string | null;
  readonly ani: string | null;
  readonly dnis: string | null;
  readonly account: number;
  readonly callId: string;
  readonly source: string;
  readonly agentId: string | null;
  readonly startMs: number;
  readonly endMs: number | null;
  /** Of its first segment. */
  readonly filename: string | null;
  readonly extensions: string;
}

export interface FoundSegment {
  readonly id: number;
  readonly recording: number;
  readonly sequence: number;
  readonly filename: string | null;
  readonly startMs: number;
  readonly endMs: number | null;
  readonly hasVideo: boolean;
  /** Whether its recording is in progress, perhaps in another segment. */
  readonly inProgress: boolean;
  readonly account: number;
  readonly extensions: string;
}

/** Where one is in the order of a search. */
export interface SearchPlace {
  readonly startMs: number;
  readonly id: number;
}

/** What a search has found. One that would look at too many rows ends early, and says how far it came. */
export interface Found<Row> {
  /** Fewer than `limit` when there are no more, or when it ended early. */
  readonly rows: readonly Row[];
  /** False when it ended early: there may be more, which are found by going on after `lookedThrough`. */
  readonly isComplete: boolean;
  /** Up to here everything has been looked at; null when it is complete. */
  readonly lookedThrough: SearchPlace | null;
}

export type FoundRecordings = Found<FoundRecording>;
export type FoundSegments = Found<FoundSegment>;

/** Absent: stays. Null: is taken away. */
export interface RecordingChange {
  readonly id: number;
  readonly agentId?: string | null;
  readonly agentTerminal?: string | null;
  readonly sensitive?: boolean;
  readonly neverExpire?: boolean;
  readonly deleteFlag?: boolean;
  readonly thirdpartyId?: string | null;
  readonly customData?: readonly { readonly field: number; readonly value: string | null }[];
}

export interface SegmentChange {
  readonly id: number;
  readonly file?: string;
  readonly filename?: string;
  readonly fileState?: FileState;
  readonly bytes?: number | null;
  readonly sha256?: string | null;
  readonly customData?: readonly { readonly field: number; readonly value: string | null }[];
}

/** Recordings of another system, with numbers of their own, that have ended. */
export interface ImportedRecording {
  readonly recording: KeptRecording;
  readonly aors: readonly string[];
  readonly segments: readonly KeptSegment[];
  readonly customData: readonly CustomDatum[];
}

/** What retention and verification look through, in order of start and number. */
export interface MediaWalk {
  readonly after: SearchPlace | null;
  readonly limit: number;
  /** Only those that ended before this, may expire, and are of no call that goes on; null: all. */
  readonly expiringBeforeMs: number | null;
  /** Only those that are marked to be deleted, have ended, and are of no call that goes on. */
  readonly flaggedOnly: boolean;
}

/** A token of the FACE interface, by its hash. */
export interface ApiTokenRow {
  /** SHA-256, 64 hexadecimal digits. */
  readonly hash: string;
  readonly user: string;
  readonly expiresMs: number;
}
