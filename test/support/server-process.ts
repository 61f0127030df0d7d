/**
 * A server as its users run it: the built command as a process of its own, on free ports, in a folder of
 * its own.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

const main = join(import.meta.dirname, '..', '..', 'dist', 'cli', 'main.js');

export interface ServerProcess {
  readonly child: ChildProcess;
  readonly feedPort: number;
  readonly httpPort: number | undefined;
  /** Log lines so far, parsed. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** What it said that is no log line, such as why it ended. */
  readonly words: readonly string[];
  readonly exited: Promise<number | null>;
  kill(signal: NodeJS.Signals): Promise<number | null>;
}

interface Started {
  readonly feed: { readonly port: number };
  readonly http?: { readonly port: number };
}

/**
 * Starts `offhook serve` with the given TOML; resolves when it says that it listens.
 * @param env variables that the process has beside our own
 * @param nodeArgs for Node itself; where there are any, the process can be talked to over IPC
 */
export async function startServerProcess(
  folder: string,
  toml: string,
  env: Readonly<Record<string, string>> = {},
  nodeArgs: readonly string[] = [],
): Promise<ServerProcess> {
  const config = join(folder, 'offhook.toml');
  writeFileSync(config, toml);
  const child = spawn(process.execPath, [...nodeArgs, main, 'serve', '--config', config], {
    stdio: ['ignore', 'ignore', 'pipe', ...(nodeArgs.length > 0 ? (['ipc'] as const) : [])],
    env: { ...process.env, ...env },
  });
  const log: Record<string, unknown>[] = [];
  const words: string[] = [];
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const started = await new Promise<Started>((resolve, reject) => {
    void exited.then((code) => reject(new Error(`ended with ${code}: ${words.join('\n')}`)));
    createInterface({ input: stderrOf(child) }).on('line', (line) => {
      if (!line.startsWith('{')) {
        words.push(line);
        return;
      }
      const entry = JSON.parse(line) as Record<string, unknown>;
      log.push(entry);
      if (entry['event'] === 'server.started') resolve(entry as unknown as Started);
    });
  });
  return {
    child,
    feedPort: started.feed.port,
    httpPort: started.http?.port,
    log,
    words,
    exited,
    kill: (signal) => {
      child.kill(signal);
      return exited;
    },
  };
}

function stderrOf({ stderr }: ChildProcess): Readable {
  if (stderr === null) throw new Error('the process was started without its log');
  return stderr;
}
