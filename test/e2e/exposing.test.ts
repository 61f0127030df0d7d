/**
 * EXPOSING.md, run from its first command to its last on the built command and a server of its own. Paths
 * become those of a test folder and ports free ones; what belongs to the machine (users, services, the
 * firewall) is stood in for, and the stand-in for systemd does what the unit says.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fixed } from '../../src/app/reload.ts';
import { sections } from '../../src/config/settings.ts';
import { loadConfig } from '../../src/config/load.ts';
import { readers } from '../../src/cli/readers.ts';
import { Authority } from '../support/certificates.ts';
import { eventually } from '../support/house.ts';

const root = join(import.meta.dirname, '..', '..');
const page = readFileSync(join(root, 'EXPOSING.md'), 'utf8');
const folder = mkdtempSync(join(tmpdir(), 'offhook-exposing-'));
const at = (path: string): string => join(folder, path);
let ports: readonly [feed: number, http: number];
/** Tokens as they were shown, by name. */
const shown = new Map<string, string>();

const blocksOf = (language: string): readonly string[] =>
  Array.from(
    page.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\`$`, 'gm')),
    ([, text = '']) => text,
  );
const commands = blocksOf('sh').flatMap((block) => block.trim().split('\n'));

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

/** The text with places that are the test's own. */
function here(text: string): string {
  return text
    .replaceAll(/-o (root|offhook) -g offhook /g, '')
    .replaceAll('/usr/local/lib/node_modules/offhook', root)
    .replaceAll('/usr/bin/node', process.execPath)
    .replaceAll(/(?<!\w)\/(etc|var\/lib)\//g, (path) => at(path))
    .replaceAll('feed.example', '127.0.0.1')
    .replaceAll('0.0.0.0', '127.0.0.1')
    .replaceAll('7400', String(ports[0]))
    .replaceAll('7480', String(ports[1]));
}

function run(command: string): { readonly status: number | null; readonly said: string } {
  const result = spawnSync('bash', ['-c', here(command)], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 15_000,
    env: { ...process.env, PATH: `${at('bin')}:${process.env['PATH']}` },
  });
  return { status: result.status, said: result.stdout + result.stderr };
}

function succeed(command: string): string {
  const { status, said } = run(command);
  if (status !== 0) throw new Error(`${here(command)} ended with ${status}: ${said}`);
  return said;
}

/** The command with a token that is in force in the place of the dots. */
const withToken = (command: string, name: string): string =>
  command.replace('ohk_...', shown.get(name) ?? `no token of ${name}`);

let child: ChildProcess | undefined;
let exited: Promise<unknown> = Promise.resolve();
let log = '';
const logged = (event: string): boolean => log.includes(`"event":"${event}"`);

/** What systemd does with the unit that was put into its folder. */
async function startUnit(): Promise<void> {
  const unit = here(readFileSync(at('etc/systemd/system/offhook.service'), 'utf8'));
  const valueOf = (name: string): string =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(unit)?.[1] ?? `no ${name}`;
  succeed(valueOf('ExecStartPre'));
  const [program = '', ...words] = valueOf('ExecStart').split(' ');
  log = '';
  const started = spawn(program, words, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  started.stderr.on('data', (chunk) => (log += String(chunk)));
  child = started;
  exited = new Promise((resolve) => started.once('exit', resolve));
  await eventually(() => logged('server.started'), 30_000);
}

async function stopUnit(): Promise<void> {
  child?.kill('SIGTERM');
  expect(await exited).toBe(0);
}

/** A tool that changes the machine itself: shown as it is, and not carried out. */
function standIn(name: string): void {
  writeFileSync(at(`bin/${name}`), '#!/bin/sh\nprintf "%s\\n" "$*"\n', { mode: 0o755 });
}

beforeAll(async () => {
  ports = [await freePort(), await freePort()];
  for (const each of ['bin', 'etc/systemd/system', 'var/lib'])
    mkdirSync(at(each), { recursive: true });
  symlinkSync(join(root, 'dist/cli/main.js'), at('bin/offhook'));
  for (const each of ['npm', 'useradd', 'systemctl', 'nft']) standIn(each);
  // As that user, which the test is.
  writeFileSync(at('bin/runuser'), '#!/bin/sh\nshift 3\nexec "$@"\n', { mode: 0o755 });
  const authority = new Authority(folder);
  const [server, desk] = [authority.sign('feed.example'), authority.sign('desk')];
  for (const [from, to] of [
    [server.certificate, 'fullchain.pem'],
    [server.key, 'privkey.pem'],
    [desk.certificate, 'desk.pem'],
    [desk.key, 'desk.key'],
    [authority.certificate, 'ca.pem'],
  ] as const) {
    copyFileSync(from, at(to));
  }
});

afterAll(async () => {
  child?.kill('SIGKILL');
  await exited;
  rmSync(folder, { recursive: true, force: true });
});

const simulator =
  '[[source]]\ntype = "simulator"\nname = "centre"\nrate = 200\nagents = 20\ntimeScale = 0.02\n';

/** The page's own configuration, found to be good; then a simulation, as there is no PBX here. */
function configure(more = ''): void {
  const [toml = ''] = blocksOf('toml');
  const path = at('etc/offhook/offhook.toml');
  writeFileSync(path, here(toml));
  expect(loadConfig(path, readers).sources).toMatchObject([{ type: 'ami', secret: 'secret' }]);
  const changed = toml
    .replace(/^\[\[source\]\][^]*/m, simulator)
    .replace('[feed]\n', '[feed]\nport = 7400\n')
    .replace('[http]\n', '[http]\nport = 7480\n')
    .replace('[tls]\n', `[tls]\n${more}\n`);
  writeFileSync(path, here(changed));
}

/** Makes the token, and keeps it as its user would. */
function addToken(command: string): void {
  const said = succeed(command);
  const [, name = ''] = /--name (\S+)/.exec(command) ?? [];
  const [token] = /ohk_[\w-]{43}/.exec(said) ?? [];
  expect(said).toContain(name);
  shown.set(name, token ?? 'no token');
}

const runAsItIs = (command: string): void => void succeed(command);
const onOneEvent = (command: string, name: string): void => {
  const said = succeed(`${withToken(command, name)} --count 1`);
  expect(said).toMatch(/^\d\d:\d\d:\d\d +\S+ /m);
};

/** How each kind of command is tried. */
const trials: readonly (readonly [begins: string, trial: (command: string) => unknown])[] = [
  ['npm install', runAsItIs],
  ['useradd', runAsItIs],
  ['install -d', runAsItIs],
  [
    'install -o root -g offhook -m 0640 offhook.toml',
    (command) => {
      writeFileSync(at('pbx.secret'), 'secret\n');
      writeFileSync(at('offhook.toml'), here(blocksOf('toml')[0] ?? ''));
      succeed(command);
    },
  ],
  [
    'install -o root -g offhook -m 0640 fullchain.pem',
    (command) => {
      succeed(command);
      expect(statSync(at('etc/offhook/tls/privkey.pem')).mode & 0o777).toBe(0o640);
    },
  ],
  ['runuser -u offhook -- offhook tokens add', addToken],
  [
    'runuser -u offhook -- offhook tokens list',
    (command) => {
      const said = succeed(command);
      for (const name of shown.keys()) expect(said).toContain(name);
    },
  ],
  [
    'runuser -u offhook -- offhook users add',
    (command) => {
      expect(succeed(command)).toMatch(/^The password of crm@example\.com; .*\n {2}\S{24}\n/);
      const [user] = loadConfig(at('etc/offhook/offhook.toml'), readers).filedUsers;
      expect(user).toMatchObject({ email: 'crm@example.com', account: 1, control: false });
    },
  ],
  [
    'runuser -u offhook -- offhook users list',
    (command) => {
      expect(succeed(command)).toContain('crm@example.com');
    },
  ],
  [
    'runuser -u offhook -- offhook check',
    (command) => {
      configure();
      const said = succeed(command);
      expect(said).toContain('is good, with one source.');
      expect(said).not.toContain('in clear');
    },
  ],
  [
    'cp ',
    (command) => {
      succeed(command);
      expect(existsSync(at('etc/systemd/system/offhook.service'))).toBe(true);
    },
  ],
  ['systemctl daemon-reload', runAsItIs],
  ['systemctl enable --now offhook', startUnit],
  ['nft ', runAsItIs],
  ['OFFHOOK_TOKEN=ohk_... offhook tail', (command) => onOneEvent(command, 'desk-1001')],
  [
    'curl -s --cacert ca.pem -H "Authorization: Bearer ohk_..." https://feed.example:7480/v1/calls',
    (command) => {
      expect(succeed(withToken(command, 'desk-1001'))).toContain('"position":');
      expect(succeed(command)).toContain('"code":"UNAUTHORIZED"');
    },
  ],
  [
    'runuser -u offhook -- offhook tokens remove desk-1001',
    (command) => {
      succeed(command);
      expect(
        succeed('runuser -u offhook -- offhook tokens list --config /etc/offhook/offhook.toml'),
      ).not.toContain('desk-1001');
    },
  ],
  [
    'systemctl reload offhook',
    async (command) => {
      succeed(command);
      child?.kill('SIGHUP');
      await eventually(() => logged('config.reloaded'));
      const url = 'https://feed.example:7480/v1/calls';
      const asked = `curl -s --cacert ca.pem -H "Authorization: Bearer ohk_..." ${url}`;
      expect(succeed(withToken(asked, 'desk-1001'))).toContain('"code":"UNAUTHORIZED"');
      expect(succeed(withToken(asked, 'billing'))).toContain('"position":');
    },
  ],
  [
    'systemctl restart offhook',
    async (command) => {
      succeed(command);
      await stopUnit();
      copyFileSync(at('ca.pem'), at('etc/offhook/tls/clients.pem'));
      addToken(
        'offhook tokens add --config /etc/offhook/offhook.toml --name desk-1001 --extension 1001',
      );
      configure('clientCa = "/etc/offhook/tls/clients.pem"');
      await startUnit();
    },
  ],
  [
    'offhook tail --server tls://feed.example:7400 --ca ca.pem --cert desk.pem',
    async (command) => {
      onOneEvent(`OFFHOOK_TOKEN=ohk_... ${command}`, 'desk-1001');
      expect(run('curl -s --cacert ca.pem https://feed.example:7480/readyz').status).not.toBe(0);
      // The rest of the page is about a server that asks for none.
      await stopUnit();
      configure();
      await startUnit();
    },
  ],
  [
    'curl -s --cacert ca.pem https://feed.example:7480/readyz',
    (command) => void expect(succeed(command)).toContain('"status":"ready"'),
  ],
  [
    'curl -s --cacert ca.pem -H "Authorization: Bearer ohk_..." https://feed.example:7480/metrics',
    (command) => {
      const said = succeed(withToken(command, 'monitoring'));
      for (const [, name = ''] of page.matchAll(/`(offhook_[a-z_]+)`/g))
        expect(said).toContain(name);
    },
  ],
];

describe('EXPOSING.md', () => {
  for (const command of commands) {
    test(`runs: ${command}`, { timeout: 60_000 }, async () => {
      const trial = trials.find(([begins]) => command.startsWith(begins));
      expect(trial, 'a command that no trial covers').toBeDefined();
      await trial?.[1](command);
    });
  }

  test('has no trial for a command that it no longer shows', () => {
    const stale = trials.filter(([begins]) => !commands.some((each) => each.startsWith(begins)));
    expect(stale).toEqual([]);
  });

  test('names every setting that holds only after a restart, and no setting that is none', () => {
    const [told = ''] = /Only a restart takes up [^]*?is set\./.exec(page) ?? [];
    const names = Object.values(fixed)
      .flat()
      .filter((name) => !['location', 'recorderServiceId', 'times'].includes(name));
    for (const name of names) {
      expect(told).toContain(
        name.replace(/(Ms|Bytes)$/, (unit) => (name === 'queueBytes' ? unit : '')),
      );
    }
    for (const [, list = ''] of page.matchAll(
      /`((?:feed|http|access|data|journal|record|tls|face)\.[A-Za-z]+)`/g,
    )) {
      if (list === 'feed.example') continue;
      const [section = '', name = ''] = list.split('.');
      expect(Object.keys(sections[section as keyof typeof sections] ?? {}), list).toContain(name);
    }
  });
});
