/**
 * Bringing one session up to the present: the calls that go on, then missed events from the journal, as
 * fast as the reader drains, until there is nothing between it and the live feed. A reader that drains
 * is never slow, however much it has missed.
 */
import type { Call } from '../call/call.ts';
import type { ExtensionFilter } from '../call/extension.ts';
import { sightOf } from '../feed/sight.ts';
import { placesOf } from '../feed/stretch.ts';
import type { Journal, JournalEntry } from '../journal/journal.ts';
import type { Encoder, Form } from './encoding.ts';
import { typeFor } from './group.ts';
import type { NotificationType } from './message.ts';
import type { Subscription } from './subscription.ts';

/** Written at once before waiting for the reader to drain. */
const chunkBytes = 64 * 1024;
/** Read from the journal at once. */
const batchEvents = 512;

/** The session as this file needs it. */
export interface Reader {
  /**
   * Writes whole messages.
   * @param seq up to where the reader has got everything with them; absent in the middle of a snapshot,
   *   from where nobody can go on
   * @param events how many events are in them; absent in a snapshot
   */
  take(bytes: Buffer, seq?: number, events?: number): void;
  /** Everything up to this number has been told or passed over; since last time, so many passed over. */
  passed(seq: number, filtered: number): void;
  /** Resolves when what was written has gone out, or the session has ended. */
  drained(): Promise<void>;
  /** False once the session has ended or its subscription was replaced. */
  isCurrent(): boolean;
}

export interface Feeding {
  readonly journal: Pick<Journal, 'readAfter'>;
  readonly head: () => number;
  /** Called in the very moment in which nothing lies between what was told and `head`. */
  readonly join: () => void;
  readonly encoder: Encoder;
  readonly form: Form;
}

export type FeedingEnd =
  /** The reader has joined. */
  | 'live'
  /** What it had yet to read was dropped by retention. */
  | 'gone'
  /** Nobody wants it any more. */
  | 'dropped';

/** Tells the calls that go on as of `seq`. */
export async function feedSnapshot(
  reader: Reader,
  calls: readonly Call[],
  seq: number,
  { encoder, form }: Pick<Feeding, 'encoder' | 'form'>,
): Promise<void> {
  let parts: Buffer[] = [];
  let bytes = 0;
  for (const [index, call] of calls.entries()) {
    const part = encoder.snapshot(call, seq, form);
    parts.push(part);
    bytes += part.length;
    const isLast = index === calls.length - 1;
    if (bytes < chunkBytes && !isLast) continue;
    if (!reader.isCurrent()) return;
    reader.take(Buffer.concat(parts), isLast ? seq : undefined);
    parts = [];
    bytes = 0;
    await reader.drained();
  }
}

/**
 * Tells the journal's events after `afterSeq` until the present is reached.
 * @throws {Error} when the journal cannot be read
 */
export async function feedMissed(
  reader: Reader,
  subscription: Subscription,
  afterSeq: number,
  feeding: Feeding,
): Promise<FeedingEnd> {
  const types = new Set(subscription.types);
  let seq = afterSeq;
  while (reader.isCurrent()) {
    if (seq >= feeding.head()) {
      // Not after this function has returned: whoever awaits it runs later, and an event may be first.
      feeding.join();
      return 'live';
    }
    const read = await feeding.journal.readAfter(seq, batchEvents);
    if (read.kind === 'gone') return reader.isCurrent() ? 'gone' : 'dropped';
    if (read.entries.length === 0) throw new Error(`The journal holds nothing after ${seq}.`);
    const { filter } = subscription;
    seq = await feedBatch(reader, read.entries, filter, (entry) =>
      encodeFor(filter, types, entry, feeding),
    );
  }
  return 'dropped';
}

/** Tells a batch as the reader drains; the number of the last event that was told or passed over. */
async function feedBatch(
  reader: Reader,
  entries: readonly JournalEntry[],
  filter: ExtensionFilter,
  encode: (entry: JournalEntry) => Buffer | undefined,
): Promise<number> {
  let parts: Buffer[] = [];
  let bytes = 0;
  let filtered = 0;
  let next = 0;
  for (const place of placesOf(filter, entries)) {
    const entry = entries[place];
    if (entry === undefined) break;
    filtered += place - next;
    next = place + 1;
    const part = encode(entry);
    if (part === undefined) filtered += 1;
    else parts.push(part);
    bytes += part?.length ?? 0;
    if (bytes < chunkBytes) continue;
    if (!reader.isCurrent()) return entry.seq;
    reader.take(Buffer.concat(parts), entry.seq, parts.length);
    reader.passed(entry.seq, filtered);
    [parts, bytes, filtered] = [[], 0, 0];
    await reader.drained();
  }
  filtered += entries.length - next;
  const seq = entries.at(-1)?.seq ?? 0;
  if (!reader.isCurrent()) return seq;
  if (parts.length > 0) reader.take(Buffer.concat(parts), seq, parts.length);
  reader.passed(seq, filtered);
  if (parts.length > 0) await reader.drained();
  return seq;
}

function encodeFor(
  filter: ExtensionFilter,
  types: ReadonlySet<NotificationType>,
  entry: JournalEntry,
  { encoder, form }: Feeding,
): Buffer | undefined {
  const sight = sightOf(filter, entry.event);
  if (sight === 'none') return undefined;
  const type = typeFor({ entry, first: sight === 'first' }, types);
  return type === undefined ? undefined : encoder.missed(entry, type, form);
}
