/** Everybody sees one extension, every event has two: how late it comes, and what it costs. */
import { fixed, ms, percent, table, times, whole, yesNo } from '../table.mjs';
import { residentBytes } from '../proc.mjs';
import { offhooks, remarks, rivals, withAudience } from './with-server.mjs';

const subscribers = 10_000;
const rates = [2_000, 8_000];

export async function selective(load, { quick, say }) {
  const plan = quick ? { settleS: 0.5, windowS: 2 } : { settleS: 5, windowS: 20 };
  say(
    `selective: ${whole(subscribers)} subscribers, each on its own extension; every event matches two. offhook ` +
      'makes each event durable before it tells it; the others keep nothing',
  );
  const results = [];
  for (const wire of [...offhooks, ...rivals]) {
    const here = await withAudience(load, wire, { subscribers, own: true, looking: subscribers });
    if (here === undefined) {
      say(`${wire}: not installed, left out`);
      continue;
    }
    for (const rate of rates) {
      const step = await load.ask('step', { rate, ...plan });
      results.push({ wire, ...step, rss: residentBytes(here.server.pid) });
    }
    await here.close();
  }
  const rows = results.map((step) => [
    step.wire,
    whole(step.rate),
    ms(step.p50),
    ms(step.p99),
    ms(step.p999),
    ms(step.max),
    percent(step.share),
    yesNo(step.sustained),
    fixed(step.cpuPer1000, 3),
    fixed(step.cores.load),
    whole(step.rss / 2 ** 20),
    remarks(step),
  ]);
  say(
    table(
      [
        'server',
        'events/s',
        'p50 ms',
        'p99 ms',
        'p99.9 ms',
        'max ms',
        'delivered',
        'sustained',
        'CPU s/1,000 events',
        'load cores',
        'RSS MiB',
        'remarks',
      ],
      rows,
    ),
  );
  const of = (wire, rate) => results.find((each) => each.wire === wire && each.rate === rate);
  const ratios = rivals.flatMap((wire) =>
    rates
      .filter((rate) => of(wire, rate))
      .map((rate) => [
        `offhook : ${wire}, ${whole(rate)}/s`,
        ...offhooks.flatMap((each) => [
          times(of(each, rate).p99 / of(wire, rate).p99),
          times(of(each, rate).cpuPer1000 / of(wire, rate).cpuPer1000),
        ]),
      ]),
  );
  say('');
  say(table(['', 'p99 TCP', 'CPU TCP', 'p99 WebSocket', 'CPU WebSocket'], ratios));
  say('');
  return results;
}
