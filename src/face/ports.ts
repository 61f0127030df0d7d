/**
 * What the vendor's interface needs of the rest of the house, and how it is set.
 */
import type { Readable } from 'node:stream';
import type { Call } from '../call/call.ts';
import type { RecorderControl } from '../record/control.ts';
import type { RecordingBooks } from '../record/recordings.ts';
import type { Log } from '../telemetry/log.ts';
import type { Parameters } from './parameters.ts';

export interface FacePorts {
  readonly books: Pick<
    RecordingBooks,
    'search' | 'searchSegments' | 'find' | 'supplement' | 'change' | 'changeSegment'
  >;
  readonly recorders: RecorderControl;
  readonly calls: LiveCalls;
  readonly logins: LoginPort;
  readonly media: MediaPort;
  readonly policies: PolicyPort;
  /** Asked for every request, as it may be set anew while the server runs. */
  readonly settings: () => FaceSettings;
  readonly clock: { now(): number };
  readonly log: Log;
  /** Told of every mistake of ours, with the pattern of the route; never with an address. */
  readonly onFault: (error: unknown, route: string) => void;
}

export interface FaceSettings {
  /** What `version` says. */
  readonly version: string;
  /** Whether an answer has the HTTP status of its code; else it is 200. */
  readonly strictStatus: boolean;
  /** The master list of custom data fields. */
  readonly customData: readonly CustomField[];
}

export interface CustomField {
  readonly id: number;
  readonly name: string;
  readonly searchable: boolean;
}

export interface LiveCalls {
  ongoing(): Iterable<Call>;
  /** The account that recordings of the call belong to. */
  accountOf(call: Call): number;
}

/** What is known of who asks. */
export interface ApiUser {
  readonly email: string;
  /** The account whose recordings may be seen; absent: those of every account. */
  readonly account?: number;
  /** Whether recorders may be driven, and recordings changed and deleted. */
  readonly control: boolean;
  /** Whether video and other supplemental files may be seen. */
  readonly video: boolean;
  /** A name of the IANA database. */
  readonly timeZone: string;
}

export type LoggedIn =
  | { readonly kind: 'token'; readonly token: string; readonly expiresSeconds: number }
  /** No such user, another password, or locked: which of them is not told. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'password-expired' }
  | { readonly kind: 'busy' };

export interface LoginPort {
  /** @param seconds how long the token shall hold; absent: as long as it may */
  login(
    email: string,
    password: string,
    seconds: number | undefined,
    address: string,
  ): Promise<LoggedIn>;
  /** Undefined when the token does not hold (any more). */
  userOf(token: string): ApiUser | undefined;
  /** Milliseconds after which this token may ask again; 0 when it may now, which counts as asking. */
  waitMs(token: string): number;
}

/** A media file that is open: read it or close it. */
export interface Media {
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Media type, by the extension. */
  readonly type: string;
  readonly filename: string;
  /** Which of the media roots it lies below, from 1. */
  readonly root: number;
  /** "/" and the way from the root to its folder. */
  readonly directory: string;
  /** From byte to byte, both included; the end of the stream closes the file. */
  read(from: number, through: number): Readable;
  /** Harmless when it has been read, or closed. */
  close(): Promise<void>;
}

/** `outside` is what may not be read, whether it is there or not. */
export type NoMedia = 'missing' | 'outside';

export type Renamed =
  /** @property file the new path, written as the old one was */
  { readonly kind: 'renamed'; readonly file: string } | { readonly kind: 'taken' | NoMedia };

export interface MediaRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly nowMs: number;
}

export interface MediaAnswer {
  readonly status: 200 | 206 | 304 | 416;
  readonly headers: Readonly<Record<string, string>>;
  /** Absent: the answer has no body. */
  readonly body?: { readonly from: number; readonly through: number };
}

export interface MediaPort {
  locate(file: string): Promise<Media | NoMedia>;
  rename(file: string, filename: string): Promise<Renamed>;
  /** Which of its bytes a request gets, and under which headers. */
  answer(media: Media, request: MediaRequest): MediaAnswer;
}

/** Code and message, as `codes.ts` has them. */
export interface Told {
  readonly code: number;
  readonly message: string;
}

/** Event policies: each is told the parameters of the request, and answers once what follows is under way. */
export interface PolicyPort {
  eventNotify(parameters: Parameters): Told | Promise<Told>;
  startScreenCapture(parameters: Parameters): Told | Promise<Told>;
  stopScreenCapture(parameters: Parameters): Told | Promise<Told>;
}
