/**
 * Events to rows of the store and back. An event is made text once, here; whoever needs its bytes on
 * disk gets this text, and reading back gives the same value.
 */
import { StoreError } from '../base/errors.ts';
import type { Call } from '../call/call.ts';
import { isOfCall, type CallEvent, type OfCall } from '../call/event.ts';
import type { Batch, CdrRow, SightRow, SignalIdRows } from '../store/messages.ts';
import type { Enqueued, OutboxRows } from '../store/outbox-messages.ts';
import type { JournalEntry, SignalId } from './journal.ts';

/** One call of `append`. */
export interface Append {
  readonly entries: readonly JournalEntry[];
  readonly signalIds: readonly SignalId[];
  /** Our time of the append. */
  readonly seenMs: number;
}

export interface CdrMaker {
  /** The CDR of an ended call as XML text, without declaration. */
  readonly xmlOf: (call: Call) => string;
  /** Whether a metadata file will be written for it. */
  readonly file: CdrRow['file'];
}

/** Says what of the journal is to be delivered to whom, and hears when that is on the disk. */
export interface OutboxMaker {
  /** Asked once of every entry, in order, before its commit. Never rejects. */
  readonly rowsOf: (entries: readonly JournalEntry[]) => Promise<OutboxRows>;
  /** Called after the commit, when everybody else has been told. */
  readonly committed: (rows: OutboxRows, enqueued: Enqueued) => void;
}

/** The rows of some appends, in order. */
export function batchOf(appends: readonly Append[], nextSeq: number, cdrs: CdrMaker): Batch {
  const rows = {
    firstSeq: nextSeq,
    kinds: Array<string>(),
    callIds: Array<string | null>(),
    open: Array<boolean>(),
    seenMs: Array<number>(),
    bodies: Array<string>(),
    cdrs: Array<CdrRow>(),
    sights: Array<SightRow>(),
    signalIds: Array<SignalIdRows>(),
  };
  for (const { entries, signalIds, seenMs } of appends) {
    for (const { seq, event } of entries) {
      rows.kinds.push(event.kind);
      rows.seenMs.push(wholeMs(event.seenAtMs));
      rows.callIds.push(isOfCall(event) ? event.call.id : null);
      rows.open.push(isOfCall(event) && event.call.state !== 'ended');
      if (!isOfCall(event)) {
        rows.bodies.push(JSON.stringify(event));
        rows.sights.push({
          source: event.source,
          lostSinceMs: event.kind === 'source.gap' ? wholeMs(event.fromMs) : null,
        });
      } else if (event.kind === 'call.ended') {
        const callText = JSON.stringify(event.call);
        rows.bodies.push(textAround(event, callText));
        rows.cdrs.push(cdrRow(seq, event, callText, cdrs));
      } else {
        rows.bodies.push(JSON.stringify(event));
      }
    }
    rows.signalIds.push(...signalIdRows(signalIds, seenMs));
  }
  return rows;
}

/** The event as JSON, around the text of its call, so that the call is not made text twice. */
function textAround(event: OfCall, callText: string): string {
  const { call: _, ...rest } = event;
  return `${JSON.stringify(rest).slice(0, -1)},"call":${callText}}`;
}

function cdrRow(seq: number, event: OfCall, body: string, { xmlOf, file }: CdrMaker): CdrRow {
  const { call } = event;
  return {
    seq,
    callId: call.id,
    source: call.source,
    startedMs: wholeMs(call.startedAtMs),
    endedMs: wholeMs(call.endedAtMs ?? event.atMs),
    seenMs: wholeMs(event.seenAtMs),
    caller: call.caller.number ?? null,
    called: call.called.number ?? null,
    outcome: call.outcome ?? null,
    body,
    xml: xmlOf(call),
    file,
  };
}

function signalIdRows(signalIds: readonly SignalId[], seenMs: number): SignalIdRows[] {
  const bySource = new Map<string, string[]>();
  for (const { source, id } of signalIds) {
    const ids = bySource.get(source);
    if (ids === undefined) bySource.set(source, [id]);
    else ids.push(id);
  }
  return Array.from(bySource, ([source, ids]) => ({ source, ids, seenMs: wholeMs(seenMs) }));
}

/** A time as the store can hold it; a source's clock may say anything. */
function wholeMs(atMs: number): number {
  return Number.isFinite(atMs) ? Math.trunc(atMs) : 0;
}

/**
 * Parse door: the store holds what `batchOf` made of events, and nobody else writes it.
 * @throws {StoreError} STORE_UNAVAILABLE when the text was damaged on the disk
 */
export function eventOf(body: string): CallEvent {
  return read(body) as CallEvent;
}

/** Parse door: as `eventOf`, for the call in a row of the books. */
export function callOf(body: string): Call {
  return read(body) as Call;
}

function read(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw new StoreError(
      'STORE_UNAVAILABLE',
      `the database holds a damaged record, ${JSON.stringify(body.slice(0, 40))}; ` +
        'restore it from a backup, or move it away to begin with an empty one',
      { cause },
    );
  }
}
