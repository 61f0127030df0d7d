/**
 * The processes of a run: started here, ended here by their own id, and what the kernel knows of them. A
 * server is started as its user starts it.
 */
import { fork, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { asker } from './ask.mjs';

const here = import.meta.dirname;
const bin = join(here, '..', '..', 'dist/cli/main.js');
/** Whatever does not answer in this time is taken for broken. */
const startMs = 20_000;
const stopMs = 30_000;
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));

function begin(file, args, options) {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** SIGTERM, and SIGKILL for one that does not mind it. */
export function end(child) {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const late = setTimeout(() => child.kill('SIGKILL'), stopMs);
    child.once('exit', () => {
      clearTimeout(late);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

/** A port that was free a moment ago. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen({ host: '127.0.0.1', port: 0 }, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** A folder of one server, gone with it. */
export function folder() {
  const path = mkdtempSync(join(tmpdir(), 'offhook-bench-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** The one load process of a run, spoken to by name of what it shall do. */
export async function startLoad({ helpers }) {
  const child = fork(join(here, 'load/main.mjs'), [String(helpers)], {
    execArgv: ['--max-semi-space-size=32', '--max-old-space-size=4096'],
  });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return { ask: asker(child), end: () => end(child) };
}

/** A bare `undici` loop in a process of its own. */
export function startPosts() {
  const child = fork(join(here, 'posts.mjs'), { execArgv: ['--max-semi-space-size=32'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return { pid: child.pid, ask: asker(child), end: () => end(child) };
}

const limitsOff = '[access]\nmaxPerAddress = 0\nacceptRate = 0\n';

/**
 * `offhook serve`, with one AMI source, durable appends, metadata files off, and the limits per address
 * off, since all subscribers have one address.
 * @param more TOML: further tables of the configuration
 */
export async function startOffhook({
  dir,
  pbxPort,
  tcpPort = 0,
  wsPort = 0,
  nodeOptions = '',
  more = '',
}) {
  const config = join(dir, 'offhook.toml');
  writeFileSync(
    config,
    `[feed]\nport = ${tcpPort}\n[http]\nport = ${wsPort}\n[data]\ndir = "${join(dir, 'data')}"\n` +
      `[record]\nmetadataFiles = false\n[site]\nlocation = "bench"\n[stop]\ndeadline = 20\n${limitsOff}` +
      `[[source]]\ntype = "ami"\nname = "bench"\nhost = "127.0.0.1"\nport = ${pbxPort}\n` +
      `username = "bench"\nsecret = "bench"\nlogin = "plain"\nreconnectMin = 0.1\nreconnectMax = 0.5\n${more}`,
  );
  const options = [process.env.NODE_OPTIONS, nodeOptions].filter(Boolean).join(' ');
  const child = begin(bin, ['serve', '--config', config], {
    env: { ...process.env, NODE_OPTIONS: options },
  });
  const closes = {};
  const [tcp, ws] = await new Promise((resolve, reject) => {
    const said = [];
    child.once('exit', (code) =>
      reject(new Error([`offhook ended with ${code}.`, ...said].join('\n'))),
    );
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!line.startsWith('{')) return said.push(line);
      const entry = JSON.parse(line);
      if (entry.event === 'server.started') resolve([entry.feed.port, entry.http.port]);
      if (entry.event === 'session.closed') closes[entry.reason] = (closes[entry.reason] ?? 0) + 1;
    });
  });
  return { child, pid: child.pid, ports: { tcp, ws }, closes };
}

/** The other servers, persistence off; `undefined` where one is not installed. */
export async function startRival(name, dir) {
  const port = await freePort();
  if (name === 'naive ws') {
    const publish = await freePort();
    const child = begin(
      process.execPath,
      [join(here, 'naive-ws.mjs'), String(port), String(publish)],
      {},
    );
    await answering(publish, child);
    return { child, pid: child.pid, ports: { port, publish } };
  }
  const file = [name === 'redis' ? 'redis-server' : 'nats-server']
    .flatMap((each) => [`/usr/bin/${each}`, `/usr/sbin/${each}`, `/usr/local/bin/${each}`])
    .find((path) => existsSync(path));
  if (file === undefined) return undefined;
  let args = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    dir,
  ];
  args.push('--maxclients', '15000', '--tcp-backlog', '4096');
  if (name === 'nats') {
    const config = join(dir, 'nats.conf');
    // A client of the bench that only counts bytes answers no pings.
    writeFileSync(
      config,
      `listen: "127.0.0.1:${port}"\nping_interval: "1h"\nmax_connections: 15000\n`,
    );
    args = ['-c', config];
  }
  const child = begin(file, args, { stdio: 'ignore', cwd: dir });
  await answering(port, child);
  return { child, pid: child.pid, ports: { port } };
}

export const versionOf = (name) =>
  spawnSync(`${name}-server`, ['--version'], { encoding: 'utf8' }).stdout?.match(
    /v=?([\d.]+)/,
  )?.[1];

/** Resolves when something listens on the port. */
async function answering(port, child) {
  const endMs = performance.now() + startMs;
  for (;;) {
    const isUp = await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port });
      socket.once('connect', () => resolve(true) || socket.destroy());
      socket.once('error', () => resolve(false));
    });
    if (isUp) return;
    if (child.exitCode !== null || performance.now() > endMs)
      throw new Error('A server did not start.');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
