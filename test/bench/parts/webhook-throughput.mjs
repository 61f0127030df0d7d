/**
 * Deliveries a second when there are always more of them, to one receiver and to a hundred, beside a bare
 * `undici` loop that makes the same requests of the same receivers.
 */
import { cpuSeconds } from '../proc.mjs';
import { end, folder, startOffhook, startPosts } from '../processes.mjs';
import { fixed, table, times, whole } from '../table.mjs';
import { destinationTables, urlOf } from './with-destinations.mjs';

const wire = 'offhook tcp';
const numbers = (first) => Array.from({ length: 1_000 }, (_, i) => first + i);
/** Extensions 10000 to 10999, whose calls are told, and others. */
const told = { pattern: '10*', extensions: numbers(0) };
const untold = { extensions: numbers(10_000) };
/** The loop has as many connections to each port. */
const perHost = 64;
/** Half of all places are for destinations that have nothing under way. */
const bounds = { perHost, concurrency: 512 };
const cases = [
  { name: 'one receiver', destinations: 1, ports: 1, concurrency: 64, inAll: 64 },
  { name: '100 receivers', destinations: 100, ports: 4, concurrency: 4, inAll: 256 },
];

export async function throughput(load, { quick, say }) {
  const deliveries = quick ? 4_000 : 40_000;
  const rounds = quick ? 1 : 3;
  say(
    `webhook, throughput: ${whole(deliveries)} ends of calls, as fast as the server takes the events, to one destination and to 100; ` +
      `beside it a bare undici loop in a process of its own with the same body, headers and concurrency; ${rounds} × in turns`,
  );
  const results = [];
  for (const each of cases) results.push(await measure(load, each, deliveries, rounds));
  const rows = results.flatMap(({ name, inAll, bytes, ours, bare, alone }) => {
    const row = (who, runs, eventsCpu) => [
      `${name}, ${who}`,
      whole(inAll),
      whole(bytes),
      whole(median(runs.map(({ perS }) => perS))),
      fixed(median(runs.map(({ cpuPer1000 }) => cpuPer1000)), 3),
      fixed(eventsCpu, 3),
      fixed(median(runs.map(({ cores }) => cores))),
      fixed(median(runs.map(({ loadCores }) => loadCores))),
    ];
    return [row('offhook', ours, median(alone)), row('undici', bare, NaN)];
  });
  const heads = [
    'to',
    'at a time',
    'bytes',
    'deliveries/s',
    'CPU s/1,000',
    'of it events',
    'cores',
    'load cores',
  ];
  say(table(heads, rows));
  say('');
  say(
    table(
      ['offhook : undici', 'deliveries/s', 'CPU', 'CPU without events', 'took ms, events and all'],
      results.map(({ name, ours, bare, alone }) => {
        const cpu = (runs) => median(runs.map(({ cpuPer1000 }) => cpuPer1000));
        const perS = (runs) => median(runs.map((run) => run.perS));
        return [
          name,
          times(perS(ours) / perS(bare)),
          times(cpu(ours) / cpu(bare)),
          times((cpu(ours) - median(alone)) / cpu(bare)),
          ours.map(({ floodMs, tookMs }) => `${whole(floodMs)}/${whole(tookMs)}`).join(' '),
        ];
      }),
    ),
  );
  say('\nmedians over the rounds; from the first frame to the last request\n');
  return results;
}

async function measure(
  load,
  { name, destinations, ports: count, concurrency, inAll },
  all,
  rounds,
) {
  const data = folder();
  const { ports } = await load.ask('openReceivers', { count, looking: false });
  const urls = Array.from({ length: destinations }, (_, i) => urlOf(ports[i % count], i));
  const each = () => ({ extensions: [told.pattern], events: ['call.ended'], concurrency });
  const server = await startOffhook({
    dir: data.path,
    pbxPort: (await load.ask('pbx')).port,
    more: destinationTables(urls, each, bounds),
  });
  await load.ask('openFlood', { wire, ports: server.ports });
  const posts = startPosts();
  const calls = Math.round(all / destinations);
  const deliveries = calls * destinations;
  const ours = [];
  const bare = [];
  const alone = [];
  const loadPid = await load.ask('pid');
  const run = async (pid, work) => {
    await load.ask('beginTaking');
    const fromMs = await load.ask('now');
    const before = { own: cpuSeconds(pid), load: cpuSeconds(loadPid) };
    const more = await work();
    const { count: came, lastMs } = await load.ask('taken', { count: deliveries, patienceS: 20 });
    const tookMs = lastMs - fromMs;
    const cpuS = cpuSeconds(pid) - before.own;
    const loadCpuS = cpuSeconds(loadPid) - before.load;
    return {
      came,
      tookMs,
      perS: (came * 1000) / tookMs,
      cpuPer1000: (cpuS / came) * 1000,
      cores: (cpuS * 1000) / tookMs,
      loadCores: (loadCpuS * 1000) / tookMs,
      ...more,
    };
  };
  const flood = async () => {
    const { tookMs: floodMs } = await load.ask('flood', { calls, extensions: told.extensions });
    return { floodMs };
  };
  /** The same events, of which nobody is told: what a delivery costs is what is left. */
  const events = async () => {
    const before = cpuSeconds(server.pid);
    await load.ask('flood', { calls, extensions: untold.extensions });
    return ((cpuSeconds(server.pid) - before) / deliveries) * 1000;
  };
  // Once each to warm up; of the first the body is taken.
  await run(server.pid, flood);
  const { headers, body } = await load.ask('sample');
  const about = { urls, headers, body, count: deliveries };
  const post = () => posts.ask('post', { ...about, concurrency: inAll, connections: perHost });
  await run(posts.pid, post);
  for (let left = rounds; left > 0; left -= 1) {
    ours.push(await run(server.pid, flood));
    bare.push(await run(posts.pid, post));
    alone.push(await events());
  }
  await load.ask('closeFlood');
  await posts.end();
  await end(server.child);
  await load.ask('closeReceivers');
  data.remove();
  const bytes = Buffer.byteLength(body, 'latin1');
  return { name, inAll, bytes, ours, bare, alone };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
