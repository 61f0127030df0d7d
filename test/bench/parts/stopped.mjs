/**
 * One subscriber in twenty stops reading: what the others notice of it. Phases with and without follow
 * each other on the same server, so that a ratio is of minutes that are alike; two phases without show how
 * far the machine wanders by itself.
 */
import { ms, percent, table, times, whole } from '../table.mjs';
import { offhooks, remarks, withAudience } from './with-server.mjs';

const share = 0.05;
const loads = [
  { name: 'broadcast', subscribers: 1_000, own: false, looking: 10, rate: 1_000 },
  { name: 'selective', subscribers: 10_000, own: true, looking: 10_000, rate: 2_000 },
];

export async function stopped(load, { quick, say }) {
  const pairs = quick ? 1 : 4;
  const plan = quick ? { settleS: 0.5, windowS: 2.5 } : { settleS: 1, windowS: 9 };
  say(
    `stopped readers: ${percent(share, 0)} of the subscribers stop reading; p99 of the others, ${pairs} × without, with, without again`,
  );
  const results = [];
  for (const wire of quick ? offhooks.slice(0, 1) : offhooks) {
    for (const each of loads) results.push(await measure(load, wire, each, plan, pairs));
  }
  const rows = results.map(
    ({ wire, name, rate, without, with: withThem, ratio, wander, closed, last }) => [
      `${name}, ${wire}`,
      whole(rate),
      ms(median(without.map(({ p99 }) => p99))),
      ms(median(withThem.map(({ p99 }) => p99))),
      times(ratio),
      times(wander),
      `${closed.join(' ')}`,
      remarks(last),
    ],
  );
  say(
    table(
      [
        'load',
        'events/s',
        'p99 ms without',
        'p99 ms with',
        'with : without',
        'without : without',
        'of the stopped, closed',
        'remarks',
      ],
      rows,
    ),
  );
  say('\nmedians over the pairs\n');
  return results;
}

async function measure(load, wire, { name, rate, ...audience }, plan, pairs) {
  const here = await withAudience(load, wire, audience);
  const phase = () => load.ask('step', { rate, ...plan });
  const count = audience.subscribers * share;
  const without = [];
  const withThem = [];
  const closed = [];
  const ratios = [];
  const wander = [];
  await phase();
  for (let left = pairs; left > 0; left -= 1) {
    const first = await phase();
    await load.ask('stop', { count });
    const among = await phase();
    // The server's log tells it; who does not read does not notice that it was closed either.
    const slow = here.server.closes['slow-consumer'] ?? 0;
    closed.push(slow - closed.reduce((sum, each) => sum + each, 0));
    await load.ask('refill');
    const last = await phase();
    without.push(first, last);
    withThem.push(among);
    // Geometric mean of before and after: a drift of the machine falls out.
    ratios.push(among.p99 / Math.sqrt(first.p99 * last.p99));
    wander.push(Math.max(first.p99, last.p99) / Math.min(first.p99, last.p99));
  }
  await here.close();
  const last = withThem.at(-1);
  return {
    wire,
    name,
    rate,
    without,
    with: withThem,
    ratio: median(ratios),
    ratios,
    wander: median(wander),
    closed,
    last,
  };
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}
