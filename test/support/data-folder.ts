/**
 * Folders of a test's own, gone when the test is over.
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty folder; its path has no links in it. */
export async function newFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'offhook-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
