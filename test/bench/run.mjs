/**
 * The bench: `npm run bench`. Starts the built server as a process of its own, a load process beside it,
 * and prints what was measured. See README.md for what the figures mean and what limits them.
 */
import { fork, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const here = import.meta.dirname;
const root = join(here, '..', '..');
const hasTaskset = false;

/** The CPU time a process has used so far, seconds (Linux: clock ticks of 10 ms). */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

function residentMiB(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
}

async function startLoad() {
  const load = fork(join(here, 'load.mjs'), {
    execArgv: process.env.OFFHOOK_BENCH_LOAD_ARGS?.split(' ') ?? [],
  });
  if (hasTaskset) spawnSync('taskset', ['-cp', '1', String(load.pid)]);
  const [port] = await message(load, 'listening');
  return { load, port: port.port };
}

function message(load, kind) {
  return new Promise((resolve) => {
    const hear = (value) => {
      if (value.kind !== kind) return;
      load.off('message', hear);
      resolve([value]);
    };
    load.on('message', hear);
  });
}

async function startServer(folder, amiPort) {
  const config = join(folder, 'offhook.toml');
  writeFileSync(
    config,
    `[feed]\nport = 0\n[http]\nenabled = false\n[data]\ndir = "${join(folder, 'data')}"\n` +
      `[record]\nmetadataFiles = false\n[log]\nlevel = "info"\n` +
      `[[source]]\ntype = "ami"\nname = "bench"\nhost = "127.0.0.1"\nport = ${amiPort}\n` +
      `username = "bench"\nsecret = "bench"\nlogin = "plain"\n`,
  );
  const command = [
    process.execPath,
    ...(process.env.OFFHOOK_BENCH_NODE_ARGS?.split(' ') ?? []),
    join(root, 'dist/cli/main.js'),
    'serve',
    '--config',
    config,
  ];
  const [file, ...args] = hasTaskset ? ['taskset', '-c', '0', ...command] : command;
  const server = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const port = await new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface({ input: server.stderr }).on('line', (line) => {
      if (!line.startsWith('{')) return process.stderr.write(`${line}\n`);
      const entry = JSON.parse(line);
      if (entry.event === 'server.started') resolve(entry.feed.port);
    });
  });
  return { server, port };
}

async function measure(run) {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-bench-'));
  const { load, port: amiPort } = await startLoad();
  const { server, port } = await startServer(folder, amiPort);
  try {
    const cpu = { before: 0, after: 0 };
    void message(load, 'measuring').then(() => (cpu.before = cpuSeconds(server.pid)));
    void message(load, 'measured').then(() => (cpu.after = cpuSeconds(server.pid)));
    const result = message(load, 'result');
    load.send({ ...run, port });
    const [{ result: figures }] = await result;
    return { ...figures, cpuS: cpu.after - cpu.before, rssMiB: residentMiB(server.pid) };
  } finally {
    load.disconnect();
    const gone = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
}

const ms = (value) => `${value.toFixed(2)} ms`;
const chosen = process.argv.slice(2);
const wanted = (name) => chosen.length === 0 || chosen.includes(name);

console.log(
  `node ${process.version}, ${cpus().length} × ${cpus()[0].model}, ${hasTaskset ? 'server on core 0, load on core 1' : 'not pinned'}\n`,
);

if (wanted('selective')) {
  console.log(
    'selective: 10,000 subscribers on their own extension, each event matches two, durable appends',
  );
  console.log('| events/s | p50 | p99 | p99.9 | max | delivered | CPU s per 1,000 events | RSS |');
  console.log('|---|---|---|---|---|---|---|---|');
  for (const rate of (process.env.RATES ?? '2000,4000').split(',').map(Number)) {
    const run = { kind: 'selective', subscribers: 10_000, rate, seconds: 15, warmUpSeconds: 5 };
    const f = await measure(run);
    const share = `${((100 * f.samples) / f.expected).toFixed(2)} %`;
    const cpu = ((f.cpuS / f.events) * 1000).toFixed(3);
    console.log(
      `| ${rate} | ${ms(f.p50)} | ${ms(f.p99)} | ${ms(f.p999)} | ${ms(f.max)} | ${share} | ${cpu} | ${f.rssMiB.toFixed(0)} MiB |`,
    );
  }
  console.log();
}

if (wanted('broadcast')) {
  console.log(
    'broadcast: 1,000 subscribers with the same filter, the rate raised until the server falls behind',
  );
  console.log('| events/s | deliveries/s | kept up | p50 | p99 | p99.9 |');
  console.log('|---|---|---|---|---|---|');
  const rates = [100, 500, 1000, 1500, 2000, 3000, 4000, 6000];
  const { steps, rssMiB } = await measure({
    kind: 'broadcast',
    subscribers: 1_000,
    rates,
    seconds: 5,
  });
  for (const s of steps) {
    console.log(
      `| ${s.rate} | ${Math.round(s.deliveriesPerS).toLocaleString('en')} | ${s.complete ? 'yes' : 'no'} | ${ms(s.p50)} | ${ms(s.p99)} | ${ms(s.p999)} |`,
    );
  }
  console.log(
    `\n${Math.round(steps[0].meanBytes)} bytes a document; server ${rssMiB.toFixed(0)} MiB at the end`,
  );
}
