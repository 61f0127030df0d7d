/**
 * The books of ended calls: one call with its CDR, or the latest ones. What is ongoing is not here.
 */
import type { Call, Outcome } from '../call/call.ts';
import type { StoreClient } from '../store/client.ts';
import type { CdrSummaryRow } from '../store/messages.ts';

export interface Cdr {
  readonly call: Call;
  /** The CDR as it was written when the call ended: one element, without declaration. */
  readonly xml: string;
}

export interface CdrSummary {
  readonly callId: string;
  readonly source: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Numbers, as text. */
  readonly caller?: string;
  readonly called?: string;
  readonly outcome?: Outcome;
  /** Everybody by whom the call could be watched. */
  readonly extensions: readonly string[];
  /** Number of the event that ended the call. */
  readonly seq: number;
}

/** Every look-up rejects with a StoreError when the store cannot be read. */
export class Cdrs {
  readonly #store: Pick<StoreClient, 'cdr' | 'recentCdrs'>;

  constructor(store: Pick<StoreClient, 'cdr' | 'recentCdrs'>) {
    this.#store = store;
  }

  /** The ended call of this id of ours, or undefined when the books do not know it (any more). */
  async find(callId: string): Promise<Cdr | undefined> {
    const row = await this.#store.cdr(callId);
    return row === null ? undefined : { call: callOf(row.body), xml: row.xml };
  }

  /**
   * The calls that ended last, newest first.
   * @param limit 1 to 1,000; what lies outside is brought inside
   * @param beforeSeq only calls that ended before the event of this number; `seq` of the last summary
   *   of one answer asks for the next
   */
  async recent(limit: number, beforeSeq = Number.MAX_SAFE_INTEGER): Promise<readonly CdrSummary[]> {
    const rows = await this.#store.recentCdrs(beforeSeq, Math.max(1, Math.min(limit, 1000)));
    return rows.map(summaryOf);
  }
}

function summaryOf(row: CdrSummaryRow): CdrSummary {
  return {
    callId: row.callId,
    source: row.source,
    startedAtMs: row.startedMs,
    endedAtMs: row.endedMs,
    seq: row.seq,
    // Parse door: the journal wrote the extensions of a Call here.
    extensions: JSON.parse(row.extensions ?? '[]') as string[],
    ...(row.caller === null ? {} : { caller: row.caller }),
    ...(row.called === null ? {} : { called: row.called }),
    // Parse door: the journal wrote the outcome of a Call here.
    ...(row.outcome === null ? {} : { outcome: row.outcome as Outcome }),
  };
}

/** Parse door: the journal wrote a Call here, and nobody else writes the books. */
export function callOf(body: string): Call {
  return JSON.parse(body) as Call;
}
