/** Subscribed sessions with nothing to tell but keep-alives: memory and processor. */
import { cpuSeconds, residentBytes } from '../proc.mjs';
import { fixed, percent, table, whole } from '../table.mjs';
import { Inspection } from '../inspect.mjs';
import { end, folder, freePort, startOffhook } from '../processes.mjs';
import { offhooks } from './with-server.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export async function idle(load, { quick, say }) {
  const subscribers = 10_000;
  const watchS = quick ? 10 : 30;
  const settleS = quick ? 1 : 10;
  say(
    `idle: ${whole(subscribers)} sessions, each subscribed to its own extension, keep-alives every 10 s`,
  );
  const results = [];
  for (const wire of offhooks)
    results.push(await measure(load, wire, subscribers, { settleS, watchS }));
  const per = (result, key) => (result.after[key] - result.before[key]) / subscribers;
  const rows = results.map((result) => [
    `${result.wire}, ${whole(result.alive)} open`,
    whole(per(result, 'rss')),
    fixed(per(result, 'rss') / 1024, 1),
    whole((result.after.rss - result.half.rss) / (subscribers / 2)),
    whole(per(result, 'heapUsed')),
    whole(per(result, 'external')),
    whole((result.unsettledRss - result.before.rss) / subscribers),
    whole(result.before.rss / 2 ** 20),
    whole(result.after.rss / 2 ** 20),
    percent(result.cpuShare),
  ]);
  say(
    table(
      [
        'sessions',
        'RSS B',
        'RSS KiB',
        'RSS B of the second half',
        'heap B',
        'external B',
        'RSS B not settled',
        'RSS MiB before',
        'RSS MiB after',
        'CPU of a core',
      ],
      rows,
    ),
  );
  say(
    '\nper session where not said otherwise; settled: after collections asked for by the inspector\n',
  );
  return results;
}

async function measure(load, wire, subscribers, { settleS, watchS }) {
  const data = folder();
  const inspectPort = await freePort();
  const server = await startOffhook({
    dir: data.path,
    pbxPort: (await load.ask('pbx')).port,
    nodeOptions: `--inspect-port=${inspectPort}`,
  });
  const { pid } = server;
  const inspection = await Inspection.of(pid, inspectPort);
  await sleep(1_000);
  const before = await inspection.settled();
  const audience = { wire, ports: server.ports, serverPid: pid, own: true, looking: 0 };
  await load.ask('open', { ...audience, subscribers: subscribers / 2 });
  const half = await inspection.settled();
  await load.ask('more', { count: subscribers / 2 });
  // Every session is sent its first keep-alive an interval after it subscribed, so in every interval from
  // here on there is one; only the opening itself should be over.
  await sleep(settleS * 1000);
  const cpuBefore = cpuSeconds(pid);
  await sleep(watchS * 1000);
  const cpuShare = (cpuSeconds(pid) - cpuBefore) / watchS;
  const unsettledRss = residentBytes(pid);
  const after = await inspection.settled();
  inspection.close();
  const alive = await load.ask('alive');
  await load.ask('close');
  await end(server.child);
  data.remove();
  return { wire, subscribers, alive, before, half, after, unsettledRss, cpuShare };
}
