/**
 * One destination in ten is dead: what the others notice of it, and the sockets. Phases with and without
 * follow each other on the same server, as with stopped readers.
 */
import { end, folder, startOffhook } from '../processes.mjs';
import { fixed, ms, percent, table, times, whole } from '../table.mjs';
import { extension } from '../load/publishers.mjs';
import { crowd, openCrowd, turning, waysToBeDead, webhookMetrics } from './with-destinations.mjs';
import { remarks } from './with-server.mjs';

const subscribers = 1_000;
const callsPerS = 200;
/** Starts and ends. */
const rate = 2 * callsPerS;
/** A call lasts half a second or longer, so that a start is told before its end supersedes it. */
const openAtOnce = 100;
/** What waits for the dead ones is told before the next phase, if it takes no longer. */
const catchUpS = 75;

export async function dead(load, { quick, say }) {
  const plan = quick ? { settleS: 1, windowS: 4 } : { settleS: 3, windowS: 15 };
  const runs = [
    { name: 'mixed', ways: waysToBeDead, pairs: quick ? 1 : 3 },
    { name: 'all hang', ways: ['hanging'], pairs: quick ? 1 : 2 },
  ];
  say(
    `webhook, dead destinations: ${whole(crowd.count)} destinations (standard), each of one extension, ${whole(callsPerS)} calls/s, ` +
      `start and end; ${whole(turning.length)} of them dead: closed port, no answer, 500 (mixed), or no answer (all hang); ` +
      `${whole(subscribers)} TCP sessions beside them; ${runs.map(({ pairs }) => pairs).join(' and ')} × without, with, without again`,
  );
  const results = [];
  for (const run of runs) results.push({ ...run, ...(await measure(load, plan, run)) });
  say(
    table(
      [
        'dead, and from frame to',
        'p50 without',
        'p50 with',
        'p99 without',
        'p99 with',
        'with : without',
        'without : without',
        'delivered',
      ],
      results.flatMap((result) => [
        rowOf(result, 'request at a healthy one', ({ requests }) => requests),
        rowOf(result, 'document at a session', (step) => step),
      ]),
    ),
  );
  say('');
  say(
    table(
      ['phase', 'server cores', 'load cores', 'out of order', 'remarks'],
      results.flatMap(({ name, without, withDead }) => [
        phaseRow(`${name}, without`, without.at(-1)),
        phaseRow(`${name}, with`, withDead.at(-1)),
      ]),
    ),
  );
  say('\nms, medians over the pairs');
  for (const { name, tried, attempts, caughtUpS } of results) {
    say(
      `${name}: at the dead ${whole(tried.hanging)} requests hung, ${whole(tried.failing)} were answered with 500, ` +
        `${whole(attempts['attempts_total connect'] ?? 0)} found no connection; alive again, what waited was told within ` +
        `${caughtUpS.map((s) => fixed(s, 0)).join(', ')} s`,
    );
  }
  say('');
  return results;
}

function rowOf(result, name, read) {
  const { without, withDead } = result;
  const of = (steps, key) => ms(median(steps.map((step) => read(step)[key])));
  const { ratio, wander } = compared(result, (step) => read(step).p99);
  return [
    `${result.name}, ${name}`,
    of(without, 'p50'),
    of(withDead, 'p50'),
    of(without, 'p99'),
    of(withDead, 'p99'),
    times(ratio),
    times(wander),
    percent(Math.min(...withDead.map((step) => read(step).share))),
  ];
}

function phaseRow(name, step) {
  const { cores, requests } = step;
  return [name, fixed(cores.server), fixed(cores.load), whole(requests.disordered), remarks(step)];
}

async function measure(load, plan, { ways, pairs }) {
  const data = folder();
  const receivers = await openCrowd(load, extension, ['call.*'], ways);
  const { port: pbxPort } = await load.ask('pbx');
  const server = await startOffhook({ dir: data.path, pbxPort, more: receivers.more });
  await load.ask('open', {
    wire: 'offhook tcp',
    ports: server.ports,
    serverPid: server.pid,
    ...{ subscribers, own: true, looking: subscribers, openAtOnce },
  });
  const phase = () => load.ask('stepWithReceivers', { rate, ...plan });
  const result = { without: [], withDead: [], pairs: [], caughtUpS: [] };
  await phase();
  for (let left = pairs; left > 0; left -= 1) {
    const first = await phase();
    await receivers.die();
    const among = await phase();
    await receivers.live();
    result.caughtUpS.push(await caughtUp(server.ports.ws));
    const last = await phase();
    result.without.push(first, last);
    result.withDead.push(among);
    result.pairs.push({ first, among, last });
  }
  result.tried = await receivers.tried();
  result.attempts = await webhookMetrics(server.ports.ws);
  await load.ask('close');
  await end(server.child);
  await load.ask('closeReceivers');
  data.remove();
  return result;
}

/** Waits until nothing waits any more; @returns the seconds it took */
async function caughtUp(port) {
  const startMs = performance.now();
  const elapsedS = () => (performance.now() - startMs) / 1000;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { 'deliveries waiting': waiting } = await webhookMetrics(port);
    if (waiting === 0 || elapsedS() > catchUpS) return elapsedS();
  }
}

/** Against the geometric mean of before and after, so that a drift of the machine falls out. */
function compared({ pairs }, read) {
  const ratios = pairs.map(
    ({ first, among, last }) => read(among) / Math.sqrt(read(first) * read(last)),
  );
  const wander = pairs.map(({ first, last }) => {
    const both = [read(first), read(last)];
    return Math.max(...both) / Math.min(...both);
  });
  return { ratio: median(ratios), wander: median(wander) };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
