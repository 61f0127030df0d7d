/** Destinations of a server and the receivers of their requests. */
import { randomBytes } from 'node:crypto';

const secret = `whsec_${randomBytes(32).toString('base64')}`;

/**
 * The tables of destinations of the dialect `standard`, one for each URL.
 * @param each how one differs from the usual: `extensions`, `events`, `concurrency`
 * @param bounds of `[webhooks]`; absent: as they are when nobody sets them
 */
export function destinationTables(urls, each, bounds = {}) {
  const lines = Object.entries(bounds).map(([name, value]) => `${name} = ${value}`);
  const tables = urls.map((url, i) => {
    const { extensions, events, concurrency } = each(i);
    return [
      `[[destination]]\nid = "d${i}"\ndialect = "standard"\nurl = "${url}"`,
      extensions && `extensions = ${JSON.stringify(extensions)}`,
      concurrency && `concurrency = ${concurrency}`,
      `allowAddresses = ["127.0.0.1"]\n[destination.standard]\nsecrets = ["${secret}"]`,
      `events = ${JSON.stringify(events)}\n`,
    ]
      .filter(Boolean)
      .join('\n');
  });
  return `[webhooks]\n${lines.join('\n')}\n${tables.join('')}`;
}

export const urlOf = (port, i) => `http://127.0.0.1:${port}/d/${i}`;

/**
 * A thousand destinations, each of one extension; every tenth has a receiver that is dead at times. The dead have
 * ports of their own, since a host and port are one bulkhead.
 */
export const crowd = {
  count: 1_000,
  finePorts: 9,
  turningPorts: 12,
  isTurning: (i) => i % 10 === 9,
  /** Which of the receivers is the destination's. */
  placeOf(i) {
    if (!crowd.isTurning(i)) return i % 10;
    return crowd.finePorts + (Math.floor(i / 10) % crowd.turningPorts);
  },
};

export const turning = Array.from({ length: crowd.count }, (_, i) => i).filter(crowd.isTurning);

/** The ways in which receivers are dead, in turns. */
export const waysToBeDead = ['refusing', 'hanging', 'failing'];

/** Opens the receivers of the crowd; @returns the tables, and how to make its dead die and live again */
export async function openCrowd(load, extension, events, ways = waysToBeDead) {
  const count = crowd.finePorts + crowd.turningPorts;
  const { ports } = await load.ask('openReceivers', { count, looking: true });
  await load.ask('turning', { destinations: turning });
  const urls = Array.from({ length: crowd.count }, (_, i) => urlOf(ports[crowd.placeOf(i)], i));
  const places = ports.map((_, at) => at).slice(crowd.finePorts);
  const wayOf = (at) => ways[(at - crowd.finePorts) % ways.length];
  return {
    more: destinationTables(urls, (i) => ({ extensions: [extension(i)], events })),
    die: () => load.ask('become', { changes: places.map((at) => [at, wayOf(at)]) }),
    live: () => load.ask('become', { changes: places.map((at) => [at, 'fine']) }),
    /** Requests at the dead so far, by way. */
    async tried() {
      const counts = await load.ask('receiverCounts');
      const sum = (way) => counts.reduce((all, each) => all + each[way], 0);
      return { hanging: sum('hanging'), failing: sum('failing') };
    },
  };
}

/** What the server says of its webhooks, by name of the metric and, of those with labels, by label. */
export async function webhookMetrics(port) {
  const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
  if (!answer.ok) throw new Error(`/metrics answered ${answer.status}.`);
  const found = {};
  for (const line of (await answer.text()).split('\n')) {
    const [, name, labels = '', value] =
      /^offhook_webhook_([a-z_]+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    const label = /(?:state|outcome|status)="([^"]*)"/.exec(labels)?.[1];
    const key = label === undefined ? name : `${name} ${label}`;
    found[key] = (found[key] ?? 0) + Number(value);
  }
  return found;
}
