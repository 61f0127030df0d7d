/**
 * The README, run: every command in its `sh` blocks is tried here, on the built command, and a command
 * that nobody tries is an error. `npm ci` is what has built what runs here.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { settingsTable } from '../../src/config/document.ts';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
/** The section on recordings has a server and a test of its own. */
const own = readme.replace(/^## Recordings\n[^]*?^## /m, '## ');
const folder = mkdtempSync(join(tmpdir(), 'offhook-readme-'));

/** Commands of the README's shell blocks; lines that go on are one command. */
function commands(): string[] {
  const blocks = [...own.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map((match) => match[1] ?? '');
  const all = blocks.flatMap((block) => block.trim().split(/\n(?=npx |npm |curl |node )/));
  return all.map((each) => each.trim());
}

function run(command: string, env: Readonly<Record<string, string>> = {}): string {
  const result = spawnSync('bash', ['-c', command], {
    cwd: command.includes('test/fixtures') ? root : folder,
    encoding: 'utf8',
    timeout: 15_000,
    env: { ...process.env, ...env },
  });
  return `${result.stdout}${result.stderr}`;
}

/** The command as a user's shell would find it, from any folder. */
const local = (command: string): string =>
  command.replace('npx offhook', `npx --prefix "${root}" offhook`);

/** Resolves when the process has printed the text; rejects when it ends before. */
function said(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let all = '';
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${all}`)));
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk) => {
        all += String(chunk);
        if (all.includes(text)) resolve();
      });
    }
  });
}

let server: ChildProcess;
let receiver: ChildProcess | undefined;

/** The whole command, as the README has it. */
const shown = (part: string): string => commands().find((each) => each.includes(part)) ?? '';

beforeAll(async () => {
  // What `npm start` runs once it has built.
  const start = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    scripts: { start: string };
  };
  expect(start.scripts.start).toBe('node dist/cli/main.js simulate');
  server = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'simulate'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await said(server, 'tail --extension 1001');
});

afterAll(async () => {
  const gone = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  receiver?.kill('SIGTERM');
  await gone;
  rmSync(folder, { recursive: true, force: true });
});

/** How each command is tried; the text is what it must print. */
const trials: Readonly<Record<string, () => void | Promise<void>>> = {
  'npm ci && npm start': () => undefined,
  'npm ci && npm test': () => undefined,
  'npx offhook tail --extension 1001': () => {
    expect(run(`${local('npx offhook tail --extension 1001')} --count 1`)).toMatch(
      /\d\d:\d\d:\d\d +\S+ .*1001/,
    );
  },
  'npx offhook calls': () => {
    expect(run(local('npx offhook calls'))).toMatch(/State +Caller +Called/);
  },
  'npx offhook cdr <id>': () => {
    const listed = run(`${local('npx offhook calls')} --json`);
    const id = /"id": ?"([0-9a-f-]{36})"/.exec(listed)?.[1];
    expect(run(local(`npx offhook cdr ${id}`))).toContain('<verbacdr state=');
  },
  'curl -s http://127.0.0.1:7480/v1/calls?extension=1001': () => {
    expect(run('curl -s http://127.0.0.1:7480/v1/calls?extension=1001')).toContain('"position":');
  },
  'curl -s http://127.0.0.1:7480/readyz': () => {
    expect(run('curl -s http://127.0.0.1:7480/readyz')).toContain('"status":"ready"');
  },
  'npx offhook check --config offhook.toml': () => {
    const toml = /^```toml\n([\s\S]*?)^```$/m.exec(readme)?.[1] ?? '';
    writeFileSync(join(folder, 'offhook.toml'), toml);
    const command = `${local('npx offhook check')} --config ${join(folder, 'offhook.toml')}`;
    expect(run(command, { ASTERISK_SECRET: 's' })).toContain('pbx1');
    expect(run(command, { ASTERISK_SECRET: '' })).toMatch(/secret/);
  },
  'npx offhook serve --config offhook.toml': async () => {
    const ports = { OFFHOOK_FEED_PORT: '0', OFFHOOK_HTTP_PORT: '0', ASTERISK_SECRET: 's' };
    const command = `${local('npx offhook serve')} --config ${join(folder, 'offhook.toml')}`;
    const data = { OFFHOOK_DATA_DIR: join(folder, 'served') };
    // A group of its own, so that what the package runner starts ends with it.
    const child = spawn('bash', ['-c', command], {
      cwd: folder,
      detached: true,
      env: { ...process.env, ...ports, ...data },
    });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    try {
      await said(child, 'is listening');
    } finally {
      process.kill(-(child.pid ?? 0), 'SIGTERM');
      await gone;
    }
  },
  'npx offhook replay test/fixtures/ami/ami-sip-blind-transfer-refer.txt': () => {
    const said = run('npx offhook replay test/fixtures/ami/ami-sip-blind-transfer-refer.txt');
    expect(said).toMatch(/transferred .*blind to 1003 by 1001/);
  },
  'npx offhook tokens add --name wallboard': () => {
    const command = local(shown('tokens add')).replace(
      'offhook.toml',
      join(folder, 'offhook.toml'),
    );
    const env = { ASTERISK_SECRET: 's' };
    expect(run(command, env)).toMatch(/ohk_[\w-]{43}/);
    const kept = readFileSync(join(folder, 'offhook-tokens.json'), 'utf8');
    expect(kept).toContain('"20*"');
    expect(kept).not.toContain('ohk_');
  },
  'npx offhook receiver': async () => {
    receiver = spawn(process.execPath, [join(root, 'dist/cli/main.js'), 'receiver'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await said(receiver, 'http://127.0.0.1:7490');
  },
  'npx offhook destinations add --id try': () => {
    expect(run(local(shown('destinations add')))).toContain('try is made');
  },
  'npx offhook destinations test try': () => {
    expect(run(local('npx offhook destinations test try'))).toMatch(/Delivery \d+ is on its way/);
  },
  'npx offhook destinations list': () => {
    expect(run(local('npx offhook destinations list'))).toMatch(
      /try +(active|pending) +focalscope/,
    );
  },
  'npx offhook deliveries list --destination try': () => {
    expect(run(local('npx offhook deliveries list --destination try'))).toMatch(/start|hangup/);
  },
  'npx offhook deliveries why try <id>': () => {
    const listed = run(`${local('npx offhook deliveries list --destination try')} --json`);
    const id = /"call": ?"([0-9a-f-]{36})"/.exec(listed)?.[1];
    expect(run(local(`npx offhook deliveries why try ${id}`))).toMatch(/deliver|wait|collapse/i);
  },
  "curl -s http://127.0.0.1:7480/v1/signals -H 'content-type: application/json'": () => {
    expect(run(shown('/v1/signals'))).toContain('"accepted":2');
  },
};

describe('the README', () => {
  for (const command of commands()) {
    const trial = Object.keys(trials).find((each) => command.startsWith(each));
    test(`runs: ${command.split('\n')[0]}`, async () => {
      expect(trial, 'a command that no trial covers').toBeDefined();
      await trials[trial ?? '']?.();
    });
  }

  test('has no trial for a command that it no longer shows', () => {
    const shown = commands();
    const stale = Object.keys(trials).filter((each) => !shown.some((one) => one.startsWith(each)));
    expect(stale).toEqual([]);
  });

  test('points to settings that are the program’s own', () => {
    expect(readFileSync(join(root, 'SETTINGS.md'), 'utf8')).toContain(settingsTable());
  });
});
