/**
 * What has happened and may be told to destinations: an event of the journal, or something that the journal
 * does not know, such as what an administrator did. A value; as JSON it is what the outbox keeps.
 */
import type { Call } from '../call/call.ts';
import type { OfCall, OfSource } from '../call/event.ts';

interface Happened {
  /** The same on every repeat; what receivers tell a repeat by. */
  readonly id: string;
  /** When it happened, milliseconds since 1970. */
  readonly atMs: number;
}

/** What a recorder was told to do. */
export type RecorderCommand = 'start' | 'pause' | 'resume' | 'stop' | 'split';

/** A recorder did not do what it was told; what it did is an event of the call. */
export interface CommandFailed extends Happened {
  readonly kind: 'command-failed';
  readonly command: RecorderCommand;
  /** What the recorder said, for a person. */
  readonly reason: string;
  readonly call: Call;
  /** Key of the leg that was meant. */
  readonly leg?: string;
}

/** An object of one of the models that a destination may subscribe to, given to us ready made. */
export interface ModelObject extends Happened {
  readonly kind: 'model';
  /** Name of the model, such as `voicemail`. */
  readonly model: string;
  /** What is told in order: objects of one lane. */
  readonly lane: string;
  readonly object: Readonly<Record<string, unknown>>;
}

/** Somebody notified us of an event that is no call's, and a policy wants it told. */
export interface Notified extends Happened {
  readonly kind: 'notified';
  /** Its name, 1 to 64 visible characters of ASCII. */
  readonly event: string;
  /** What was told with it, by the caller's own names. */
  readonly parameters: Readonly<Record<string, string>>;
}

export type Occurrence =
  | { readonly kind: 'call'; readonly event: OfCall }
  | { readonly kind: 'source'; readonly event: OfSource }
  | CommandFailed
  | ModelObject
  | Notified;

/** The call that it is about; undefined for what is of no call. */
export function callOf(occurrence: Occurrence): Call | undefined {
  if (occurrence.kind === 'call') return occurrence.event.call;
  return occurrence.kind === 'command-failed' ? occurrence.call : undefined;
}

export function idOf(occurrence: Occurrence): string {
  return 'id' in occurrence ? occurrence.id : occurrence.event.id;
}

export function atMsOf(occurrence: Occurrence): number {
  return 'atMs' in occurrence ? occurrence.atMs : occurrence.event.atMs;
}

const longestLane = 255;

/**
 * What is told in order: everything of one call, of one source, of one lane of a model, or of one session that
 * notifications name.
 */
export function laneOf(occurrence: Occurrence): string {
  const call = callOf(occurrence);
  if (call !== undefined) return call.id;
  if (occurrence.kind === 'model') return `${occurrence.model} ${occurrence.lane}`;
  if (occurrence.kind !== 'notified') {
    return `source ${occurrence.kind === 'source' ? occurrence.event.source : ''}`;
  }
  const { event, parameters } = occurrence;
  return `event ${parameters['ucid'] ?? event}`.slice(0, longestLane);
}
