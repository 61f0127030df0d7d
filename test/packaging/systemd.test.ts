/**
 * The systemd unit of the package: systemd itself finds nothing wrong with it, and its commands do what it
 * counts on.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { readConfig } from '../../src/config/read.ts';
import { newFolder } from '../support/data-folder.ts';
import { bareMachine } from '../support/surroundings.ts';

const root = join(import.meta.dirname, '..', '..');
const unit = readFileSync(join(root, 'packaging/systemd/offhook.service'), 'utf8');
const installed = '/usr/local/lib/node_modules/offhook';

/** The values of a directive, in their order. */
const valuesOf = (name: string): readonly string[] =>
  Array.from(unit.matchAll(new RegExp(`^${name}=(.*)$`, 'gm')), ([, value = '']) => value);

/** The unit with paths that this machine has. */
const here = (text: string, folder: string): string =>
  text
    .replaceAll('/usr/bin/node', process.execPath)
    .replaceAll(installed, root)
    .replaceAll('/etc/offhook', folder);

function verify(path: string): { status: number | null; said: string } {
  const result = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
  if (result.error !== undefined) {
    throw new Error('This test needs systemd-analyze (Debian: apt-get install systemd).', {
      cause: result.error,
    });
  }
  return { status: result.status, said: result.stdout + result.stderr };
}

test('systemd finds nothing wrong with the unit', async () => {
  const folder = await newFolder();
  const path = join(folder, 'offhook.service');
  writeFileSync(path, here(unit, folder));
  expect(verify(path)).toEqual({ status: 0, said: '' });
  // What it would say of a mistake, so that silence means something.
  writeFileSync(path, here(unit, folder).replace('SystemCallFilter=@', 'SystemCallFilters=@'));
  expect(verify(path).said).toContain('SystemCallFilters');
});

test('the unit’s commands check a configuration and serve it, and SIGHUP is no end', async () => {
  const folder = await newFolder();
  mkdirSync(join(folder, 'data'));
  writeFileSync(
    join(folder, 'offhook.toml'),
    `[feed]\nport = 0\n[http]\nport = 0\n[data]\ndir = "data"\n`,
  );
  const words = (name: string): readonly string[] =>
    here(valuesOf(name)[0] ?? '', folder).split(' ');
  const [node = '', ...check] = words('ExecStartPre');
  expect(spawnSync(node, check, { encoding: 'utf8' })).toMatchObject({ status: 0 });

  const [program = '', ...serve] = words('ExecStart');
  const child = spawn(program, serve, { stdio: ['ignore', 'ignore', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const heard = new Set<string>();
  const lines = createInterface({ input: child.stderr });
  const logged = (event: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (!heard.has(event)) return;
        lines.off('line', look);
        resolve();
      };
      lines.on('line', look);
      void exited.then((code) => reject(new Error(`ended with ${String(code)}`)));
    });
  lines.on('line', (line) => {
    if (line.startsWith('{')) heard.add((JSON.parse(line) as { event: string }).event);
  });
  await logged('server.started');
  expect(valuesOf('ExecReload')).toEqual(['/bin/kill -HUP $MAINPID']);
  child.kill('SIGHUP');
  await logged('config.reloaded');
  child.kill(valuesOf('KillSignal')[0] as NodeJS.Signals);
  expect(await exited).toBe(0);
});

test('systemd waits longer than an orderly stop may take', () => {
  const { stop } = readConfig('', 'offhook.toml', bareMachine);
  expect(Number(valuesOf('TimeoutStopSec')[0]) * 1000).toBeGreaterThanOrEqual(
    stop.deadlineMs + 10_000,
  );
});

test('the package brings the unit', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    files: readonly string[];
  };
  expect(manifest.files).toContain('packaging');
  expect(manifest.files).toContain('EXPOSING.md');
});
