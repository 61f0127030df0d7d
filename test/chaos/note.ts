/**
 * What a client writes down of each document that it gets: enough to hold it against the journal later,
 * small enough for millions. Documents that many clients get are read once and noted once.
 */
import { createHash } from 'node:crypto';
import { ProtocolError } from '../../src/base/errors.ts';
import { readServerJson } from '../../src/client/json-codec.ts';
import type { CallView } from '../../src/subscriber/call-view.ts';
import { type CdrReading, readServerDocument } from '../../src/subscriber/reading.ts';

export type Note =
  | {
      readonly kind: 'answer';
      /** Only to whoever opted in. */
      readonly at?: Place;
      readonly calls?: number;
      readonly recovered?: boolean;
    }
  | {
      readonly kind: 'call';
      readonly type: string;
      readonly id: string;
      readonly snapshot: boolean;
      /** Of everything that was told of the call. */
      readonly face: string;
      readonly at?: Place;
      readonly revision?: number;
    }
  | {
      readonly kind: 'source';
      readonly type: string;
      readonly source: string;
      readonly at?: Place;
    }
  | { readonly kind: 'alive'; readonly at?: Place }
  | { readonly kind: 'goodbye'; readonly reason: string; readonly at?: Place }
  /** What no server should say. */
  | { readonly kind: 'strange'; readonly what: string };

/** A position, taken apart. */
export interface Place {
  readonly epoch: string;
  readonly seq: number;
}

export const positionOf = ({ epoch, seq }: Place): string => `${epoch}-${seq}`;

function placeOf(position: string | undefined): { readonly at?: Place } {
  if (position === undefined || position === '') return {};
  const cut = position.lastIndexOf('-');
  return { at: { epoch: position.slice(0, cut), seq: Number(position.slice(cut + 1)) } };
}

/** Everything that a record and, for whoever opted in, a view tell, in a few bytes. */
function faceOf(cdr: CdrReading, view: CallView | undefined): string {
  const text = JSON.stringify([cdr.ended, [...cdr.fields], view]);
  return createHash('sha1').update(text).digest('base64url').slice(0, 16);
}

const remembered = 20_000;
const notes = new Map<string, Note>();

/** The note of a document; the same note for the same document while it is remembered. */
export function noteOf(document: string): Note {
  const known = notes.get(document);
  if (known !== undefined) return known;
  const note = read(document);
  if (note.kind !== 'call' && note.kind !== 'source') return note;
  if (notes.size >= remembered) notes.clear();
  notes.set(document, note);
  return note;
}

/** The same, without remembering. */
export function read(document: string): Note {
  const message = document.startsWith('{')
    ? readServerJson(document)
    : readServerDocument(document);
  if (message === undefined || message instanceof ProtocolError) return strange(document);
  switch (message.kind) {
    case 'answer': {
      const { feed } = message;
      return {
        kind: 'answer',
        ...placeOf(feed?.position),
        ...(feed?.calls !== undefined && { calls: feed.calls }),
        ...(feed?.recovered !== undefined && { recovered: feed.recovered }),
      };
    }
    case 'call': {
      const { type, cdr, view, snapshot } = message;
      const id = cdr.fields.get('id') ?? '';
      const revision = view === undefined ? {} : { revision: view.revision };
      const where = placeOf(message.position);
      return { kind: 'call', type, id, snapshot, face: faceOf(cdr, view), ...where, ...revision };
    }
    case 'source': {
      const { type, source } = message;
      return { kind: 'source', type, source, ...placeOf(message.position) };
    }
    case 'keepalive':
      return { kind: 'alive', ...placeOf(message.position) };
    case 'goodbye':
      return { kind: 'goodbye', reason: message.reason, ...placeOf(message.position) };
    case 'failure':
    case 'unknown':
      return strange(document);
  }
}

const strange = (document: string): Note => ({ kind: 'strange', what: document.slice(0, 300) });
