/** Everybody gets every event: how many deliveries a second each server sustains, and how late. */
import { fixed, ms, table, times, whole, yesNo } from '../table.mjs';
import { offhooks, remarks, rivals, withAudience } from './with-server.mjs';

const subscribers = 1_000;
/** Where the search begins, events a second: well below what each was ever seen to do. */
const from = { 'offhook tcp': 1_000, 'offhook ws': 1_000, redis: 300, nats: 300, 'naive ws': 40 };
/** Beyond it the load process is sure to be the limit. */
const mostRate = 12_000;

export async function broadcast(load, { quick, say }) {
  const plan = quick
    ? { settleS: 0.3, windowS: 1, factor: 2, halvings: 1, tries: 1 }
    : { settleS: 1, windowS: 4, factor: 1.6, halvings: 2, tries: 2 };
  say(
    `broadcast: ${whole(subscribers)} subscribers get every event; the rate is raised until the server falls behind`,
  );
  const results = [];
  for (const wire of [...offhooks, ...rivals]) {
    const found = await search(load, wire, plan);
    if (found === undefined) say(`${wire}: not installed, left out`);
    else results.push({ wire, ...found });
  }
  const rows = results.flatMap(({ wire, best, half }) =>
    [best, half]
      .filter(Boolean)
      .map((step) => [
        wire,
        step === best ? 'highest sustained' : 'half of it',
        whole(step.rate),
        whole(step.deliveriesPerS),
        ms(step.p50),
        ms(step.p99),
        ms(step.p999),
        fixed(step.cores.server),
        fixed(step.cores.load),
        remarks(step),
      ]),
  );
  say(
    table(
      [
        'server',
        'at',
        'events/s',
        'deliveries/s',
        'p50 ms',
        'p99 ms',
        'p99.9 ms',
        'server cores',
        'load cores',
        'remarks',
      ],
      rows,
    ),
  );
  say('');
  say(
    table(
      [
        'every step',
        'events/s',
        'delivered of offered',
        'sustained',
        'p99 ms',
        'server cores',
        'load cores',
        'remarks',
      ],
      results.flatMap(({ wire, steps }) =>
        steps.map((step) => [
          wire,
          whole(step.rate),
          `${fixed(step.share * 100, 1)} %`,
          yesNo(step.sustained),
          ms(step.p99),
          fixed(step.cores.server),
          fixed(step.cores.load),
          remarks(step),
        ]),
      ),
    ),
  );
  const best = (wire) => results.find((each) => each.wire === wire)?.best?.deliveriesPerS;
  const ratios = results
    .filter(({ wire }) => rivals.includes(wire))
    .map(({ wire }) => [
      `offhook : ${wire}`,
      ...offhooks.map((each) => times(best(each) / best(wire))),
    ]);
  say('');
  say(table(['deliveries/s sustained', 'over TCP', 'over WebSocket'], ratios));
  say(
    `\n${results.map(({ wire, best: step }) => `${wire}: ${whole(step?.documentBytes)}`).join('; ')} bytes a delivery, framing included\n`,
  );
  return results;
}

/** The highest rate that is sustained: up by a factor, then halving between the last two. */
async function search(load, wire, { settleS, windowS, factor, halvings, tries }) {
  const open = () => withAudience(load, wire, { subscribers, own: false, looking: 10 });
  let here = await open();
  if (here === undefined) return undefined;
  const steps = [];
  const at = async (rate) => {
    // One bad second of the machine is no limit of the server.
    for (let left = tries; left > 0; left -= 1) {
      const step = await load.ask('step', { rate: Math.round(rate), settleS, windowS });
      steps.push(step);
      if (step.sustained) return step;
      // What has fallen behind is no place to go on from.
      await here.close();
      here = await open();
      await load.ask('step', { rate: 100, settleS: 0, windowS: 0.5 });
    }
    return undefined;
  };
  await load.ask('step', { rate: from[wire], settleS: 0, windowS: 1 });
  let best;
  let low;
  let high;
  let rate = from[wire];
  while ((low === undefined || high === undefined) && rate <= mostRate && rate >= from[wire] / 16) {
    const step = await at(rate);
    if (step === undefined) high = rate;
    else [best, low] = [step, rate];
    rate = step === undefined ? rate / factor : rate * factor;
  }
  for (let left = halvings; left > 0 && best !== undefined && high !== undefined; left -= 1) {
    const between = Math.sqrt(low * high);
    const step = await at(between);
    if (step === undefined) high = between;
    else [best, low] = [step, between];
  }
  const half =
    best && (await load.ask('step', { rate: Math.round(best.rate / 2), settleS, windowS }));
  await here.close();
  return { best, half, steps };
}
