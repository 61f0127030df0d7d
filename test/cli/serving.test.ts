// A server as a process, from its greeting to its end.
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

let folder: string;
const children: ChildProcessWithoutNullStreams[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-cli-'));
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

class Started {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<readonly unknown[]>;
  out = '';
  err = '';

  constructor(args: readonly string[], env: Record<string, string> = {}) {
    const options = { cwd: folder, env: { PATH: process.env['PATH'], ...env } };
    this.child = spawn(process.execPath, [program, ...args], options);
    children.push(this.child);
    this.child.stdout.setEncoding('utf8').on('data', (text: string) => (this.out += text));
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => (this.err += text));
    this.ended = once(this.child, 'close');
  }

  /** What `pattern` finds on standard output, once it is there. */
  async says(pattern: RegExp): Promise<string> {
    for (;;) {
      const found = pattern.exec(this.out);
      if (found !== null) return found[1] ?? found[0];
      await Promise.race([
        once(this.child.stdout, 'data'),
        this.ended.then(() => {
          throw new Error(`ended without saying ${String(pattern)}: ${this.out}${this.err}`);
        }),
      ]);
    }
  }
}

const anyPorts = ['--feed-port', '0', '--http-port', '0'];
const simulation = ['simulate', '--rate', '20', '--data', 'data', ...anyPorts];

describe('a simulation', () => {
  it('says where it listens, and what it suggests works', async () => {
    const server = new Started(simulation);
    const feed = await server.says(/feed, TCP +(127\.0\.0\.1:\d+)\n/);
    const suggested = await server.says(/\n {2}node .*main\.js (tail .*)\n/);
    expect(suggested).toBe(`tail --extension 1001 --server ${feed}`);
    const tail = new Started([...suggested.split(' '), '--count', '1', '--json']);
    expect(await tail.ended).toEqual([0, null]);
    expect(tail.out).toContain('"kind":"call"');
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('stops in order at %s', async (signal) => {
    const server = new Started(simulation);
    await server.says(/Ctrl-C/);
    server.child.kill(signal);
    expect(await server.ended).toEqual([0, null]);
    expect(server.err).toBe('Stopping; once more ends at once.\n');
  });

  it('logs its settings where the environment asks for it, as JSON lines beside the greeting', async () => {
    const server = new Started(simulation, { OFFHOOK_LOG_LEVEL: 'info' });
    await server.says(/Ctrl-C/);
    server.child.kill('SIGTERM');
    await server.ended;
    const lines = server.err.split('\n').filter((line) => line.startsWith('{'));
    const events = lines.map((line): unknown => JSON.parse(line));
    expect(events).toContainEqual(
      expect.objectContaining({
        event: 'config.effective',
        settings: expect.objectContaining({
          sources: expect.objectContaining({ simulator: expect.anything() }),
        }),
      }),
    );
    expect(events).toContainEqual(expect.objectContaining({ event: 'server.stopped' }));
    expect(server.out).not.toContain('{');
  });

  it('does not start where another has the port or the folder', async () => {
    const server = new Started(simulation);
    const port = await server.says(/feed, TCP +127\.0\.0\.1:(\d+)\n/);
    const samePort = new Started(['simulate', '--data', 'other', '--feed-port', port]);
    const sameFolder = new Started(simulation);
    expect(await samePort.ended).toEqual([1, null]);
    expect(samePort.err).toContain(`Port ${port} on 127.0.0.1 is in use by another program.`);
    expect(await sameFolder.ended).toEqual([1, null]);
    expect(sameFolder.err).toMatch(/^offhook: the data folder .* in use by another server/);
  });
});
