/**
 * A restart under way: all clients are said goodbye to, the server starts anew on the same folder, and
 * all come back from their positions while calls go on. Nothing may be missed or told twice.
 */
import { end, folder, freePort, startOffhook } from '../processes.mjs';
import { seconds, table, whole, yesNo } from '../table.mjs';
import { offhooks } from './with-server.mjs';

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
/** Whoever is not back by then is counted as lost. */
const patienceS = 60;

export async function resume(load, { quick, say }) {
  const subscribers = quick ? 2_000 : 10_000;
  const rate = quick ? 100 : 500;
  say(
    `resume: ${whole(subscribers)} clients, ${rate} events/s; SIGTERM, a new server on the same folder, everybody comes back with a position after a wait of 0 to 1 s, doubled with each failure`,
  );
  const results = [];
  for (const wire of quick ? offhooks.slice(0, 1) : offhooks)
    results.push(await restart(load, wire, subscribers, rate));
  const rows = results.map((each) => [
    each.wire,
    `${whole(each.back)} of ${whole(subscribers)}`,
    seconds(each.stoppedMs),
    seconds(each.startedMs),
    seconds(each.medianMs),
    seconds(each.lastMs),
    whole(each.attempts),
    whole(each.unrecovered),
    whole(each.events),
    whole(each.deliveries),
    each.wrong === 0 && each.isOver ? 'none' : `${whole(each.wrong)} CLIENTS`,
    yesNo(each.back === subscribers && each.wrong === 0 && each.isOver && each.unrecovered === 0),
  ]);
  say(
    table(
      [
        'clients',
        'back',
        'stopped after',
        'started after',
        'median back after',
        'last back after',
        'attempts',
        'not recovered',
        'events',
        'told',
        'missed or double',
        'right',
      ],
      rows,
    ),
  );
  say('\ntimes from SIGTERM\n');
  return results;
}

export async function restart(load, wire, subscribers, rate) {
  const data = folder();
  const [tcpPort, wsPort] = [await freePort(), await freePort()];
  const { port: pbxPort } = await load.ask('pbx');
  const start = () => startOffhook({ dir: data.path, pbxPort, tcpPort, wsPort });
  let server = await start();
  await load.ask('openCrowd', { wire, ports: server.ports, subscribers });
  await load.ask('traffic', { rate, seconds: 120, extensions: subscribers });
  await sleep(2_000);
  const fromMs = await load.ask('now');
  const startMs = performance.now();
  await end(server.child);
  const stoppedMs = performance.now() - startMs;
  server = await start();
  const startedMs = performance.now() - startMs;
  const back = await load.ask('returned', { fromMs, seconds: patienceS });
  await sleep(1_000);
  const { lastKey } = await load.ask('quiet');
  const check = await load.ask('check', { lastKey });
  await load.ask('closeCrowd');
  await end(server.child);
  data.remove();
  return { wire, subscribers, stoppedMs, startedMs, closes: server.closes, ...back, ...check };
}
