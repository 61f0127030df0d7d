/**
 * The server under attack, as its users run it, with a healthy neighbour on it: what it holds can be asked
 * for, so that a test can see that an attack leaves nothing behind.
 */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, vi } from 'vitest';
import { type ServerProcess, startServerProcess } from '../../support/server-process.ts';
import { expectUnharmed, Neighbour, type Report } from './neighbour.ts';

/** What the server holds once everything that can be let go of has been. */
export interface Held {
  /** Of the JavaScript heap and of buffers beside it. */
  readonly heldBytes: number;
  readonly sockets: number;
}

/** What an attack may leave behind: caches, compiled code, shapes of objects. Bytes. */
const slackBytes = 12_000_000;

export class Victim {
  readonly server: ServerProcess;
  readonly neighbour: Neighbour;
  readonly #folder: string;
  #calm: Report | undefined;

  private constructor(server: ServerProcess, neighbour: Neighbour, folder: string) {
    this.server = server;
    this.neighbour = neighbour;
    this.#folder = folder;
  }

  /**
   * @param toml settings beside addresses, data folder and the neighbour's source
   * @param token the neighbour's, where one is asked for
   */
  static async start(toml: Readonly<Record<string, string>> = {}, token?: string): Promise<Victim> {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-attack-'));
    const neighbour = await Neighbour.start();
    const server = await startServerProcess(folder, settings(folder, neighbour.pbxPort, toml), {}, [
      '--expose-gc',
      '--import',
      join(import.meta.dirname, 'probe.mjs'),
    ]);
    await neighbour.live(server.feedPort, server.httpPort ?? 0, token);
    const victim = new Victim(server, neighbour, folder);
    // The first second is that of the compiler.
    await neighbour.during(undefined, 1_000);
    victim.#calm = await neighbour.during(undefined, 2_500);
    return victim;
  }

  get feed(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.server.feedPort };
  }

  get http(): { readonly host: string; readonly port: number } {
    return { host: '127.0.0.1', port: this.server.httpPort ?? 0 };
  }

  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.http.port}/feed`;
  }

  get calm(): Report {
    if (this.#calm === undefined) throw new Error('nothing has been measured');
    return this.#calm;
  }

  async held(): Promise<Held> {
    const { child } = this.server;
    const told = new Promise<Held>((resolve) => {
      // Parse door: the probe says nothing else.
      child.once('message', (message) => resolve(message as Held));
    });
    child.send('held?');
    return told;
  }

  /** Resident memory of the process. */
  get residentMiB(): number {
    const status = readFileSync(`/proc/${this.server.child.pid}/status`, 'utf8');
    return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024;
  }

  /** Does what an attacker does; nobody else must notice, and nothing must stay of it. */
  async attacked(deed: () => Promise<void>, leastMs?: number): Promise<Report> {
    const before = await this.held();
    const report = await this.neighbour.during(deed, leastMs);
    if (process.env['OFFHOOK_ATTACK_FIGURES'] !== undefined) {
      const figures = { calm: this.calm.feed, feed: report.feed, http: report.http };
      process.stderr.write(`${expect.getState().currentTestName}\n  ${JSON.stringify(figures)}\n`);
    }
    const { child, words } = this.server;
    expect([child.exitCode, child.signalCode], words.join('\n')).toEqual([null, null]);
    expectUnharmed(this.calm, report);
    await vi.waitFor(
      async () => {
        const after = await this.held();
        // The neighbour's own request may be under way at either look.
        expect(after.sockets).toBeLessThanOrEqual(before.sockets + 1);
        expect(after.heldBytes - before.heldBytes).toBeLessThan(slackBytes);
      },
      { timeout: 10_000, interval: 200 },
    );
    return report;
  }

  async stop(): Promise<void> {
    this.neighbour.stop();
    await this.server.kill('SIGKILL');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function settings(folder: string, pbxPort: number, toml: Readonly<Record<string, string>>): string {
  return `
[feed]
port = 0
${toml['feed'] ?? ''}
[http]
port = 0
${toml['http'] ?? ''}
[data]
dir = "${join(folder, 'data')}"
[record]
metadataFiles = false
${toml['rest'] ?? ''}
[[source]]
type = "ami"
name = "neighbour"
host = "127.0.0.1"
port = ${pbxPort}
username = "neighbour"
secret = "neighbour"
login = "plain"
`;
}
