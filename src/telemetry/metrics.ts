/**
 * The numbers of one server in the text form that Prometheus scrapes. Rooms count in plain numbers, which
 * are read all at once when somebody scrapes; only what has to be sorted into buckets is told as it
 * happens. The only file that knows the library; nothing here is shared between two servers.
 */
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { type Instrument, type InstrumentName, instruments } from './instruments.ts';

type Labels<N extends InstrumentName> = (typeof instruments)[N]['labels'][number];
type OfType<T extends Instrument['type']> = {
  [N in InstrumentName]: (typeof instruments)[N]['type'] extends T ? N : never;
}[InstrumentName];

/** One value with its labels. */
export type Sample<N extends InstrumentName> = readonly [
  labels: Readonly<Record<Labels<N>, string>>,
  value: number,
];

/**
 * What is read at a scrape: for each instrument a number, or one for each set of labels. Counters are
 * given as their sum since the start. What is left out of the samples is shown no longer.
 */
export type Reading = {
  readonly [N in OfType<'counter' | 'gauge'>]: [Labels<N>] extends [never]
    ? number
    : Iterable<Sample<N>>;
};

export interface Metrics {
  /** Sorts a value into its bucket, in the unit of the instrument's name. */
  observe(name: OfType<'histogram'>, value: number): void;
  /** From here on, this is asked once at every scrape; before, counters and gauges show nothing. */
  attach(read: () => Reading): void;
  /** The media type of `text`. */
  readonly contentType: string;
  /**
   * All instruments, and those of the process: event loop, garbage collector, memory, processor.
   * Rejects with what the reading throws.
   */
  text(): Promise<string>;
}

/**
 * Numbers of the process that walk through everything it has open, at every scrape: with ten thousand
 * sockets they hold up the feed for tens of milliseconds.
 */
const costly = [
  'process_open_fds',
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources',
  'nodejs_active_resources_total',
];

export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of costly) registry.removeSingleMetric(name);
  const read = new Map<string, Counter | Gauge>();
  const told = new Map<string, Histogram>();
  for (const [name, { type, help, labels, buckets = [] }] of Object.entries<Instrument>(
    instruments,
  )) {
    const options = { name, help, labelNames: [...labels], registers: [registry] };
    if (type === 'histogram') told.set(name, new Histogram({ ...options, buckets: [...buckets] }));
    else read.set(name, type === 'counter' ? new Counter(options) : new Gauge(options));
  }
  let look: () => Reading | undefined = () => undefined;
  const scrape = (): Promise<string> => {
    for (const [name, values] of Object.entries<number | AnySamples>(look() ?? {})) {
      const metric = read.get(name);
      // What is no longer there must not be shown for ever.
      metric?.reset();
      if (typeof values === 'number') metric?.inc({}, values);
      else for (const [labels, value] of values) metric?.inc(labels, value);
    }
    return registry.metrics();
  };
  let last: Promise<unknown> = Promise.resolve();
  return {
    observe: (name, value) => told.get(name)?.observe(value),
    attach: (next) => void (look = next),
    contentType: registry.contentType,
    text: () => {
      // One after the other: values that belong together must come from one reading.
      const mine = last.then(scrape, scrape);
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

type AnySamples = Iterable<readonly [labels: Readonly<Record<string, string>>, value: number]>;
