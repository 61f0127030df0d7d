/**
 * The store across the thread border: who may open it, and what happens when a thread is lost.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreError } from '../../src/base/errors.ts';
import { StoreClient } from '../../src/store/client.ts';
import type { Batch } from '../../src/store/messages.ts';
import { newFolder } from '../support/data-folder.ts';

const noFailure = (error: StoreError): never => {
  throw error;
};

async function open(
  folder: string,
  onFailure: (error: StoreError) => void = noFailure,
): Promise<StoreClient> {
  const store = await StoreClient.open({ folder, onFailure });
  onTestFinished(() => store.close());
  return store;
}

/** Events without a call, numbered from `firstSeq`. */
function batch(firstSeq: number, bodies: readonly string[]): Batch {
  return {
    firstSeq,
    kinds: bodies.map(() => 'source.up'),
    callIds: bodies.map(() => null),
    open: bodies.map(() => false),
    seenMs: bodies.map(() => 1),
    bodies,
    cdrs: [],
    sights: [],
    signalIds: [],
  };
}

const everything = { afterSeq: 0, throughSeq: 99, limit: 99, maxBytes: 1_000_000 };

describe('the store', () => {
  it('gives the folder to one server in a process at a time', async () => {
    const folder = await newFolder();
    const first = await open(folder);

    await expect(open(folder)).rejects.toMatchObject({ code: 'STORE_IN_USE' });
    await first.commit(batch(1, ['{}']));
    await first.close();

    expect((await open(folder)).head).toBe(1);
  });

  it('keeps a server of another process out, until that one dies', async () => {
    const folder = await newFolder();
    const child = spawn(process.execPath, ['test/support/journal-child.mjs', folder]);
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');

    await expect(open(folder)).rejects.toMatchObject({ code: 'STORE_IN_USE' });
    child.kill('SIGKILL');
    await once(child, 'exit');

    expect((await open(folder)).head).toBeGreaterThan(0);
  });

  it('says which file is broken, and lets go of the folder', async () => {
    const folder = await newFolder();
    const path = join(folder, 'offhook.db');
    writeFileSync(path, 'x'.repeat(20_000));

    const refused = open(folder);

    await expect(refused).rejects.toBeInstanceOf(StoreError);
    await expect(refused).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(refused).rejects.toThrow(path);
    writeFileSync(path, '');
    await open(folder);
  });

  it('leaves one file behind when it is closed, with everything in it', async () => {
    const folder = await newFolder();
    const store = await open(folder);
    await store.commit(batch(1, ['{"a":1}', '{"b":2}']));

    await Promise.all([store.close(), store.close()]);

    expect(existsSync(join(folder, 'offhook.db-wal'))).toBe(false);
    const again = await open(folder);
    expect(await again.eventsAfter(everything)).toEqual({
      kind: 'rows',
      seqs: [1, 2],
      bodies: ['{"a":1}', '{"b":2}'],
    });
  });

  it('takes a batch again whose success was never reported', async () => {
    const store = await open(await newFolder());
    await store.commit(batch(1, ['1', '2']));
    await store.commit(batch(1, ['1', '2']));
    await store.commit(batch(3, ['3']));

    expect(await store.eventsAfter(everything)).toMatchObject({ seqs: [1, 2, 3] });
  });

  it('gives at least one event, however long, and not much more than asked for', async () => {
    const store = await open(await newFolder());
    await store.commit(batch(1, ['x'.repeat(500), 'y', 'z'.repeat(500)]));

    const of = (afterSeq: number) => store.eventsAfter({ ...everything, afterSeq, maxBytes: 100 });
    expect(await of(0)).toMatchObject({ seqs: [1] });
    expect(await of(1)).toMatchObject({ seqs: [2] });
    expect(await of(2)).toMatchObject({ seqs: [3] });
  });

  it('says so once when its thread is lost, and answers nothing any more', async () => {
    const failures: StoreError[] = [];
    const store = await open(await newFolder(), (error) => failures.push(error));

    // A gap in the numbering is a bug, and ends the thread.
    const gap = store.commit(batch(5, ['{}']));
    const behind = store.commit(batch(1, ['{}']));

    await expect(gap).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(gap).rejects.toThrow('event 5 cannot follow event 0');
    await expect(behind).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(store.commit(batch(1, ['{}']))).rejects.toThrow(store.folder);
    expect(failures.map(({ code }) => code)).toEqual(['STORE_UNAVAILABLE']);
    await store.close();
    await open(store.folder);
  });
});
