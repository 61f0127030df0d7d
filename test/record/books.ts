/**
 * A store with finished calls in it, for tests of the books.
 */
import { onTestFinished } from 'vitest';
import type { Call } from '../../src/call/call.ts';
import { StoreClient } from '../../src/store/client.ts';
import { newFolder } from '../support/data-folder.ts';

export interface Books {
  readonly store: StoreClient;
  readonly folder: string;
  /** Puts ended calls into the books, durable when it resolves. */
  end(...calls: readonly Call[]): Promise<void>;
}

export function xmlOf(call: Call): string {
  return `<verbacdr state="1"><id>${call.id}</id></verbacdr>`;
}

export async function openBooks(folder?: string): Promise<Books> {
  const dataFolder = folder ?? (await newFolder());
  const store = await StoreClient.open({ folder: dataFolder, onFailure: () => undefined });
  onTestFinished(() => store.close());
  let seq = store.head;
  return {
    store,
    folder: dataFolder,
    async end(...calls) {
      const firstSeq = seq + 1;
      await store.commit({
        firstSeq,
        kinds: calls.map(() => 'call.ended'),
        callIds: calls.map(({ id }) => id),
        open: calls.map(() => false),
        seenMs: calls.map(({ endedAtMs }) => endedAtMs ?? 0),
        bodies: calls.map((call) => JSON.stringify({ call })),
        cdrs: calls.map((call) => ({
          seq: (seq += 1),
          callId: call.id,
          source: call.source,
          startedMs: call.startedAtMs,
          endedMs: call.endedAtMs ?? 0,
          seenMs: call.endedAtMs ?? 0,
          caller: call.caller.number ?? null,
          called: call.called.number ?? null,
          outcome: call.outcome ?? null,
          body: JSON.stringify(call),
          xml: xmlOf(call),
          file: 'pending',
        })),
        sights: [],
        signalIds: [],
      });
    },
  };
}
