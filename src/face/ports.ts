/**
 * What the vendor's interface needs of the rest of the house, and how it is set.
 */
import type { Logins } from '../access/logins.ts';
import type { Call } from '../call/call.ts';
import type { RecorderControl } from '../record/control.ts';
import type { MediaOutcome } from '../record/media-answer.ts';
import type { MediaFiles } from '../record/media.ts';
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
  readonly logins: Pick<Logins, 'login' | 'userOf' | 'waitMs'>;
  readonly media: Pick<MediaFiles, 'locate' | 'rename' | 'downloads'>;
  readonly policies: PolicyPort;
  /** Asked for every request, as it may be set anew while the server runs. */
  readonly settings: () => FaceSettings;
  readonly clock: { now(): number };
  /** Milliseconds after which an address may ask again; 0 when it may now, which counts as asking. */
  readonly waitMs: (address: string) => number;
  readonly log: Log;
  /** Told of every mistake of ours, with the pattern of the route; never with an address. */
  readonly onFault: (error: unknown, route: string) => void;
  /** Told of every answer: the pattern of the command, absent where there is none, and its return code, if it has one. */
  readonly onAnswered?: (command: string | undefined, code: number | undefined) => void;
  /** Told of what whoever asked for a media file got. */
  readonly onMedia?: (outcome: MediaOutcome) => void;
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
