/**
 * One transcript through a whole server: a store in a temporary folder, the replay as its only source,
 * the feed open for whoever wants to listen, until the transcript has been heard to its end.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CallEvent, isOfCall } from '../call/event.ts';
import type { Config } from '../config/settings.ts';
import type { Log } from '../telemetry/log.ts';
import { type Address, startServer } from './server.ts';

export interface ReplayRun {
  /** The settings of the server; its data folder and sources are the replay's own. */
  readonly config: Config;
  readonly file: string;
  /** Times as fast as recorded; 0 is as fast as possible. */
  readonly speed: number;
  readonly log: Log;
  /** Where subscribers can listen, before anything is played. */
  onListening(feed: Address): void;
  /** Every event of a call, once it is durable. */
  onEvent(event: CallEvent): void;
}

export interface ReplaySummary {
  readonly calls: number;
  readonly events: number;
}

/**
 * Resolves when the transcript has been heard to its end and the server has stopped.
 * @throws {SourceError} REPLAY_UNREADABLE when the file is no transcript
 */
export async function runReplay(run: ReplayRun): Promise<ReplaySummary> {
  const { file, speed, log } = run;
  const dir = await mkdtemp(join(tmpdir(), 'offhook-replay-'));
  const source = { type: 'replay', name: 'replay', enabled: true, giveUpAfterMs: 60_000 } as const;
  const config: Config = {
    ...run.config,
    data: { dir },
    sources: [{ ...source, file, speed }],
  };
  let calls = 0;
  let events = 0;
  const onEvents = (batch: readonly CallEvent[]): void => {
    // The loss and return of the transcript's own connection are the replay's doing, not the PBX's.
    for (const event of batch.filter(isOfCall)) {
      events += 1;
      if (event.kind === 'call.started') calls += 1;
      run.onEvent(event);
    }
  };
  try {
    const server = await startServer(config, { log, onEvents });
    run.onListening(server.feedAddress);
    try {
      await server.replayed;
    } finally {
      await server.stop('the transcript has ended');
    }
    return { calls, events };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
