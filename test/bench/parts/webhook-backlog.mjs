/**
 * An hour's worth of deliveries to destinations that are dead, in fast forward: what of it is in memory. Then
 * the receivers come back, and it is told.
 */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { end, folder, freePort, startOffhook } from '../processes.mjs';
import { fixed, seconds, table, whole } from '../table.mjs';
import { Inspection } from '../inspect.mjs';
import { extension } from '../load/publishers.mjs';
import { openCrowd, turning, webhookMetrics } from './with-destinations.mjs';

const wire = 'offhook tcp';
/** Recordings begun and ended and the end of the call, each for two destinations. */
const recordsPerCall = 6;
const mib = 2 ** 20;

export async function backlog(load, { quick, say }) {
  // 200 calls/s, one destination in ten dead: 40 records a second without recordings, for an hour.
  const plan = quick ? { calls: 2_400, steps: 4 } : { calls: 24_000, steps: 8 };
  say(
    `webhook, backlog: ${whole(plan.calls * recordsPerCall)} records for ${whole(turning.length)} dead destinations, as fast as the server takes the events; then they are back`,
  );
  const result = await measure(load, plan);
  const { points, back } = result;
  say(
    table(
      ['waiting', 'in memory', 'RSS MiB', 'heap MiB', 'external MiB', 'files MiB', 'events/s'],
      points.map((point) => [
        whole(point.waiting),
        whole(point.inMemory),
        fixed(point.rss / mib, 1),
        fixed(point.heapUsed / mib, 1),
        fixed(point.external / mib, 1),
        fixed(point.files / mib, 0),
        whole(point.eventsPerS),
      ]),
    ),
  );
  // In the first half still grows what has a bound of its own.
  const half = points.slice(points.length >> 1);
  const slope = (some, key) => whole(slopeOf(some, key) / 1024);
  say(
    `\nafter collections asked for by the inspector; KiB per 10,000 waiting: RSS ${slope(points, 'rss')}, heap ${slope(points, 'heapUsed')}; ` +
      `in the second half RSS ${slope(half, 'rss')}, heap ${slope(half, 'heapUsed')}\n`,
  );
  say(
    table(
      ['back', 'told', 'first after', 'half after', 'last after', 'deliveries/s', 'out of order'],
      [
        [
          `${whole(points.at(-1).waiting)} waiting`,
          whole(back.count),
          seconds(back.firstMs - back.fromMs),
          seconds(back.halfMs - back.fromMs),
          seconds(back.lastMs - back.fromMs),
          whole(back.perS),
          whole(back.disordered),
        ],
      ],
    ),
  );
  say(
    `\ndeliveries/s from the first tenth to the ninth; ${whole(back.repeated)} came twice, ${whole(back.stillWaiting)} still wait; ` +
      `RSS then ${fixed(back.rss / mib, 1)} MiB, heap ${fixed(back.heapUsed / mib, 1)} MiB\n`,
  );
  return result;
}

async function measure(load, { calls, steps }) {
  const data = folder();
  const receivers = await openCrowd(load, extension, ['call.ended', 'recording.*']);
  const inspectPort = await freePort();
  const server = await startOffhook({
    dir: data.path,
    pbxPort: (await load.ask('pbx')).port,
    nodeOptions: `--inspect-port=${inspectPort}`,
    more: receivers.more,
  });
  const { ports, pid } = server;
  const inspection = await Inspection.of(pid, inspectPort);
  await load.ask('openFlood', { wire, ports });
  const flood = (count) =>
    load.ask('flood', { calls: count, extensions: turning, withRecording: true });
  const eventsPerCall = 4;
  // Whatever grows up to a bound of its own has grown, and the receivers have been seen to work.
  await load.ask('beginTaking');
  await flood(calls / steps);
  await load.ask('taken', { count: (calls / steps) * recordsPerCall, patienceS: 5 });
  // What came of the last ones is written as well.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  await receivers.die();
  const points = [];
  const look = async (eventsPerS) => {
    const told = await webhookMetrics(ports.ws);
    const memory = await inspection.settled();
    points.push({
      waiting: told['deliveries waiting'],
      inMemory: told['in_memory'],
      ...memory,
      files: bytesOf(join(data.path, 'data')),
      eventsPerS,
    });
  };
  await look(NaN);
  for (let step = 0; step < steps; step += 1) {
    const { tookMs } = await flood(calls / steps);
    await look(((calls / steps) * eventsPerCall * 1000) / tookMs);
  }
  await load.ask('beginTaking');
  const fromMs = await load.ask('now');
  await receivers.live();
  // Those that were left alone for longest are tried again within a minute.
  const taken = await load.ask('taken', { count: points.at(-1).waiting, patienceS: 75 });
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const memory = await inspection.settled();
  const { 'deliveries waiting': stillWaiting } = await webhookMetrics(ports.ws);
  const perS = (taken.count * 0.8 * 1000) / (taken.ninetiethMs - taken.tenthMs);
  inspection.close();
  await load.ask('closeFlood');
  await end(server.child);
  await load.ask('closeReceivers');
  data.remove();
  return { points, back: { ...taken, ...memory, fromMs, perS, stillWaiting } };
}

function bytesOf(dir) {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((each) => each.isFile())
    .reduce((sum, each) => sum + statSync(join(each.parentPath, each.name)).size, 0);
}

/** Least squares, bytes per 10,000 deliveries that wait. */
function slopeOf(points, key) {
  const mean = (read) => points.reduce((sum, point) => sum + read(point), 0) / points.length;
  const x = mean((point) => point.waiting);
  const y = mean((point) => point[key]);
  const both = mean((point) => (point.waiting - x) * (point[key] - y));
  return (10_000 * both) / mean((point) => (point.waiting - x) ** 2);
}
