/**
 * What a new run is told of the last one, read from the store piece by piece.
 */
import type { Call } from '../call/call.ts';
import { isOfCall } from '../call/event.ts';
import type { StoreClient } from '../store/client.ts';
import type { Remembered } from './journal.ts';
import { callOf, eventOf } from './rows.ts';

/** Late signals of calls that ended longer ago than this are not expected. */
const endedWithinMs = 3_600_000;
const maxEnded = 20_000;
const callsPerRead = 500;

export async function remember(store: StoreClient, nowMs: number): Promise<Remembered> {
  const lost = await store.lostSources();
  return {
    open: await openCalls(store),
    ended: await endedCalls(store, nowMs - endedWithinMs),
    lastSegmentId: await store.recordings.lastSegmentId(),
    gaps: lost.map(({ source, lostSinceMs }) => ({ source, fromMs: lostSinceMs ?? 0 })),
  };
}

async function openCalls(store: StoreClient): Promise<Call[]> {
  const calls: Call[] = [];
  for (let afterSeq = 0; ;) {
    const { seqs, bodies } = await store.openCalls(afterSeq, callsPerRead);
    const last = seqs.at(-1);
    if (last === undefined) return calls;
    calls.push(
      ...bodies
        .map(eventOf)
        .filter(isOfCall)
        .map(({ call }) => call),
    );
    afterSeq = last;
  }
}

async function endedCalls(store: StoreClient, seenSinceMs: number): Promise<Call[]> {
  const newestFirst: Call[] = [];
  for (let beforeSeq = Number.MAX_SAFE_INTEGER; newestFirst.length < maxEnded;) {
    const { seqs, bodies } = await store.endedCalls({
      beforeSeq,
      seenSinceMs,
      limit: callsPerRead,
    });
    const last = seqs.at(-1);
    if (last === undefined) break;
    newestFirst.push(...bodies.map(callOf));
    beforeSeq = last;
  }
  return newestFirst.reverse();
}
