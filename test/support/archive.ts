/**
 * An archive of recordings behind a real HTTP server: a real store, real media files, a recorder that answers what a
 * test says.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { anybody, type Grant } from '../../src/access/grant.ts';
import type { CustomField, Finding } from '../../src/api/recording-schemas.ts';
import { type ApiPorts, createApiServer } from '../../src/api/server.ts';
import type { Call } from '../../src/call/call.ts';
import { seesAny } from '../../src/call/extension.ts';
import type { Ordered, RecorderOrder } from '../../src/record/control.ts';
import type { MediaOutcome } from '../../src/record/media-answer.ts';
import { MediaFiles } from '../../src/record/media.ts';
import { RecordingBooks } from '../../src/record/recordings.ts';
import { StoreClient } from '../../src/store/client.ts';
import type { ImportedRecording, RecordingRows } from '../../src/store/recording-messages.ts';
import { newFolder } from './data-folder.ts';

export const fields: readonly CustomField[] = [
  { id: 1, name: 'Ticket', searchable: true },
  { id: 2, name: 'Note', searchable: false },
];

export interface Archive {
  readonly store: StoreClient;
  readonly books: RecordingBooks;
  readonly media: MediaFiles;
  /** The only media root. */
  readonly root: string;
  /** Beside the media root. */
  readonly outside: string;
  /** How often somebody marked recordings to be deleted, and how often some were taken over. */
  readonly nudges: { flagged: number; imported: number };
  /** Takes recordings over; it must be possible. */
  keep(...recordings: readonly ImportedRecording[]): Promise<void>;
  /** As events tell of them. */
  feed(rows: Partial<RecordingRows>): Promise<void>;
  /** Writes a file below the media root. @returns its path */
  file(name: string, content?: string): string;
}

export async function openArchive(): Promise<Archive> {
  const base = await newFolder();
  const [root, outside, data] = ['media', 'outside', 'data'].map((name) => join(base, name));
  for (const folder of [root, outside, data]) mkdirSync(folder ?? '');
  const store = await StoreClient.open({ folder: data ?? '', onFailure: () => undefined });
  onTestFinished(() => store.close());
  const nudges = { flagged: 0, imported: 0 };
  const books = new RecordingBooks({
    store: store.recordings,
    reserveIds: () => undefined,
    onFlagged: () => (nudges.flagged += 1),
  });
  let seq = store.head;
  return {
    ...{ store, books, nudges, root: root ?? '', outside: outside ?? '' },
    media: new MediaFiles([root ?? '']),
    async keep(...recordings) {
      const taken = await books.import(recordings);
      if (taken.length > 0) throw new Error(`${taken.join()} are taken`);
    },
    async feed(rows) {
      const firstSeq = seq + 1;
      seq += 1;
      await store.commit({
        firstSeq,
        kinds: ['call.updated'],
        callIds: ['call-of-the-feed'],
        open: [false],
        seenMs: [1],
        bodies: ['{}'],
        cdrs: [],
        sights: [],
        signalIds: [],
        recordings: { recordings: [], segments: [], ...rows },
      });
    },
    file(name, content = 'RIFF1234') {
      const path = join(root ?? '', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
  };
}

export interface ArchiveServer {
  readonly base: string;
  /** What every request may do, from now on; undefined: nothing. */
  grant: Grant | undefined;
  /** Orders that the recorder got. */
  readonly orders: RecorderOrder[];
  /** What it answers. */
  ordered: (order: RecorderOrder) => Ordered;
  readonly calls: Map<string, Call>;
  verify: () => AsyncGenerator<Finding>;
  readonly faults: unknown[];
  /** What came of requests for media. */
  readonly outcomes: MediaOutcome[];
  nowMs: number;
}

export async function serveArchive(
  { books, media, nudges }: Archive,
  ports: Partial<ApiPorts> = {},
): Promise<ArchiveServer> {
  const world: Omit<ArchiveServer, 'base'> = {
    grant: { ...anybody, name: 'ada' },
    orders: [],
    ordered: () => ({ kind: 'done' }),
    calls: new Map(),
    verify: async function* () {},
    faults: [],
    outcomes: [],
    nowMs: Date.UTC(2030, 0, 1),
  };
  const server = createApiServer(
    { host: '127.0.0.1', port: 0, bodyBytes: 1_000 },
    {
      calls: {
        ongoing: () => [...world.calls.values()],
        position: () => 'epoch1-42',
        find: (id, scope) => {
          const call = world.calls.get(id);
          const isSeen = call !== undefined && seesAny(scope, call.extensions);
          return Promise.resolve(isSeen ? { call, xml: '<verbacdr/>' } : undefined);
        },
        recent: () => Promise.resolve([]),
      },
      metrics: { contentType: 'text/plain', text: () => Promise.resolve('') },
      health: { sources: () => [], journalTrouble: () => undefined },
      guard: { authorize: () => world.grant, waitMs: () => 0 },
      recordings: {
        ...{ books, media, fields },
        calls: {
          find: (id, scope) => {
            const call = world.calls.get(id);
            const isSeen = call !== undefined && seesAny(scope, call.extensions);
            return Promise.resolve(isSeen ? { call, xml: '<verbacdr/>' } : undefined);
          },
        },
        control: {
          order: (order) => {
            world.orders.push(order);
            return Promise.resolve(world.ordered(order));
          },
        },
        verify: () => world.verify(),
        onImported: () => (nudges.imported += 1),
        now: () => world.nowMs,
        onMedia: (outcome) => world.outcomes.push(outcome),
      },
      onFault: (error) => world.faults.push(error),
      ...ports,
    },
  );
  const { host, port } = await server.listen();
  onTestFinished(() => server.close());
  return Object.assign(world, { base: `http://${host}:${port}` });
}
