/**
 * Bringing one session up to the present: the calls that go on, then missed events from the journal, as
 * fast as the reader drains, until there is nothing between it and the live feed. A reader that drains
 * is never slow, however much it has missed.
 */
import type { Call } from '../call/call.ts';
import type { ExtensionFilter } from '../feed/filter.ts';
import { sightOf } from '../feed/filter.ts';
import type { Journal } from '../journal/journal.ts';
import type { Encoder, Form } from './encoding.ts';
import { typeFor } from './group.ts';
import type { Subscription } from './session.ts';

/** Written at once before waiting for the reader to drain. */
const chunkBytes = 64 * 1024;
/** Read from the journal at once. */
const batchEvents = 512;

/** The session as this file needs it. */
export interface Reader {
  /** Writes whole messages; `seq` says up to where the reader has got everything with them. */
  take(bytes: Buffer, seq: number): void;
  /** Resolves when what was written has drained, or the session has ended. */
  drained(): Promise<void>;
  /** False once the session has ended or its subscription was replaced. */
  isCurrent(): boolean;
}

export interface Feeding {
  readonly journal: Pick<Journal, 'readAfter'>;
  readonly head: () => number;
  readonly encoder: Encoder;
  readonly form: Form;
}

export type FeedingEnd = 'live' | 'gone' | 'dropped';

/** Tells the calls that go on as of `seq`. */
export async function feedSnapshot(
  reader: Reader,
  calls: readonly Call[],
  seq: number,
  { encoder, form }: Pick<Feeding, 'encoder' | 'form'>,
): Promise<void> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for (const call of calls) {
    const part = encoder.snapshot(call, seq, form.transport);
    parts.push(part);
    bytes += part.length;
    if (bytes < chunkBytes) continue;
    if (!reader.isCurrent()) return;
    reader.take(Buffer.concat(parts), seq);
    parts = [];
    bytes = 0;
    await reader.drained();
  }
  if (parts.length > 0 && reader.isCurrent()) reader.take(Buffer.concat(parts), seq);
}

/**
 * Tells the journal's events after `afterSeq` until the present is reached. When it resolves with
 * `live`, nothing lies between what was told and `head()`, as long as the caller does not wait.
 */
export async function feedMissed(
  reader: Reader,
  subscription: Subscription,
  afterSeq: number,
  feeding: Feeding,
): Promise<FeedingEnd> {
  const types = new Set(subscription.types);
  let seq = afterSeq;
  while (seq < feeding.head()) {
    const read = await feeding.journal.readAfter(seq, batchEvents);
    if (!reader.isCurrent()) return 'dropped';
    if (read.kind === 'gone') return 'gone';
    let parts: Buffer[] = [];
    let bytes = 0;
    for (const entry of read.entries) {
      seq = entry.seq;
      const part = encodeFor(subscription.filter, types, entry, feeding);
      if (part === undefined) continue;
      parts.push(part);
      bytes += part.length;
      if (bytes < chunkBytes) continue;
      reader.take(Buffer.concat(parts), seq);
      parts = [];
      bytes = 0;
      await reader.drained();
      if (!reader.isCurrent()) return 'dropped';
    }
    if (parts.length > 0) reader.take(Buffer.concat(parts), seq);
    await reader.drained();
    if (!reader.isCurrent()) return 'dropped';
  }
  return 'live';
}

function encodeFor(
  filter: ExtensionFilter,
  types: ReadonlySet<Subscription['types'][number]>,
  entry: Parameters<Encoder['notification']>[0],
  { encoder, form }: Feeding,
): Buffer | undefined {
  const sight = sightOf(filter, entry.event);
  if (sight === 'none') return undefined;
  const type = typeFor({ entry, first: sight === 'first' }, types);
  return type === undefined ? undefined : encoder.notification(entry, type, form);
}
