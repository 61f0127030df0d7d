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

export type Occurrence =
  | { readonly kind: 'call'; readonly event: OfCall }
  | { readonly kind: 'source'; readonly event: OfSource }
  | CommandFailed
  | ModelObject;

/** The call that it is about; undefined for what is of no call. */
export function callOf(occurrence: Occurrence): Call | undefined {
  if (occurrence.kind === 'call') return occurrence.event.call;
  return occurrence.kind === 'command-failed' ? occurrence.call : undefined;
}

export function idOf(occurrence: Occurrence): string {
  return 'event' in occurrence ? occurrence.event.id : occurrence.id;
}

export function atMsOf(occurrence: Occurrence): number {
  return 'event' in occurrence ? occurrence.event.atMs : occurrence.atMs;
}

/** What is told in order: everything of one call, of one source, or of one lane of a model. */
export function laneOf(occurrence: Occurrence): string {
  const call = callOf(occurrence);
  if (call !== undefined) return call.id;
  return occurrence.kind === 'model'
    ? `${occurrence.model} ${occurrence.lane}`
    : `source ${occurrence.kind === 'source' ? occurrence.event.source : ''}`;
}
