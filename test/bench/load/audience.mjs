/**
 * Subscribers of one server and the events they are sent: the work of the broadcast, the selective and
 * the stopped-readers part, and the same for every server.
 */
import { Cores, pace, percentiles, until } from './pace.mjs';
import { Calls, extension, openPublisher } from './publishers.mjs';
import { openMany, Subscriber } from './subscribers.mjs';

/** Delivered within this share of what was offered counts as sustained. */
const sustainedShare = 0.98;
/** How long what is under way when the offering ends may take to arrive, seconds. */
const drainS = 4;

export class Audience {
  #about;
  #helper;
  #publisher;
  #subscribers = [];
  #stopped = [];
  #calls;
  /** When each event was said, ms; only those that count. */
  #saidMs = new Map();
  #samples = [];
  /** Bytes and documents of those who look, since they were opened: how long a document is. */
  #scratch = Buffer.allocUnsafeSlow(256 * 1024);
  /** Told of each event that counts, and when it is said. */
  #onSaid;

  /**
   * @param about wire, ports, serverPid, subscribers; own: each its own extension; looking: how many of
   *   them look at every document; openAtOnce: how many calls stay open
   * @param helper a second load process that only counts, or undefined
   */
  constructor(about, helper, onSaid = () => {}) {
    this.#about = about;
    this.#helper = helper;
    this.#onSaid = onSaid;
  }

  async open(pbx) {
    const { wire, ports, subscribers, own, looking, openAtOnce } = this.#about;
    if (wire.startsWith('offhook')) await until(() => pbx.isReady, 10);
    this.#publisher = await openPublisher({ wire, ports, selective: own }, pbx);
    // Both processes get half of those who only count.
    const here = this.#helper === undefined ? subscribers : Math.ceil(subscribers / 2);
    const [all] = await Promise.all([
      openMany({ wire, ports, count: here, looking, own }, this.#look),
      this.#helper?.ask('count', { wire, ports, count: subscribers - here, own, first: here }),
    ]);
    this.#subscribers = all;
    this.#calls = new Calls(subscribers, openAtOnce);
    return { opened: subscribers };
  }

  #look = (key, isEnd, atMs) => {
    const saidMs = this.#saidMs.get(isEnd ? `${key}/end` : key);
    if (saidMs !== undefined) this.#samples.push(atMs - saidMs);
  };

  /** Those who look and read: in a broadcast the first few, who are never stopped. */
  get #lookers() {
    return this.#subscribers.slice(0, this.#about.looking);
  }

  /** How many of those who look get the event, and how many in all. */
  #copies({ caller, dialled }) {
    const { own, subscribers } = this.#about;
    const reading = subscribers - this.#stopped.length;
    if (!own) return { looked: this.#lookers.length, all: reading };
    const reads = (who) => (Number(who) - Number(extension(0)) < reading ? 1 : 0);
    const looked = reads(caller) + reads(dialled);
    return { looked, all: looked };
  }

  async #counts() {
    const sum = (key, of) => of.reduce((all, each) => all + each[key], 0);
    const looked = this.#subscribers.slice(0, this.#about.looking);
    const here = {
      bytes: sum('bytes', this.#subscribers),
      lookedBytes: sum('bytes', looked),
      documents: sum('documents', looked),
    };
    return { ...here, bytes: here.bytes + ((await this.#helper?.ask('bytes')) ?? 0) };
  }

  /**
   * Offers events at `rate` for a while, and measures the last `windowS` of it.
   * @returns what was offered and delivered in the window, how late, and whether the server kept up
   */
  async step({ rate, settleS, windowS }) {
    const { own, serverPid } = this.#about;
    this.#saidMs.clear();
    this.#samples = [];
    let counted = false;
    let offered = 0;
    const expected = { looked: 0, all: 0 };
    const emit = (count) => {
      const events = [];
      const atMs = performance.now();
      for (let i = 0; i < count; i += 1) {
        const event = this.#calls.next();
        if (counted) {
          const copies = this.#copies(event);
          expected.looked += copies.looked;
          expected.all += copies.all;
          this.#saidMs.set(event.isEnd ? `${event.key}/end` : event.key, atMs);
          this.#onSaid(event, atMs);
        }
        events.push(event);
      }
      offered += count;
      this.#publisher.publish(events);
    };
    await pace(rate, settleS, emit);
    counted = true;
    offered = 0;
    const before = await this.#counts();
    const cores = new Cores(serverPid, this.#helper?.pid);
    const startMs = performance.now();
    await pace(rate, windowS, emit);
    const tookS = (performance.now() - startMs) / 1000;
    const used = cores.used();
    const after = await this.#counts();
    const complete = await until(() => this.#samples.length >= expected.looked, drainS);
    const documentBytes = after.lookedBytes / Math.max(1, after.documents);
    const delivered = own
      ? after.documents - before.documents
      : (after.bytes - before.bytes) / documentBytes;
    const share = delivered / expected.all;
    const lost = this.#subscribers.filter(
      (each) => each.isClosed && !this.#stopped.includes(each),
    ).length;
    return {
      rate,
      events: offered,
      deliveriesPerS: delivered / tookS,
      share,
      sustained: complete && share >= sustainedShare && lost === 0,
      complete,
      lost,
      documentBytes,
      cores: used,
      // Of what was done: a server that falls behind has not done the rest.
      cpuPer1000: (used.serverS / (offered * share)) * 1000,
      ...percentiles(this.#samples),
    };
  }

  /** So many subscribers more, for those who only want them to be there. */
  async more(count) {
    const { wire, ports, own } = this.#about;
    const first = this.#subscribers.length;
    const more = await openMany({ wire, ports, count, looking: 0, own, first });
    this.#subscribers.push(...more);
    return {};
  }

  /** How many connections are open. */
  get alive() {
    return this.#subscribers.filter((each) => !each.isClosed).length;
  }

  /** The last `count` subscribers read no more. */
  stop(count) {
    this.#stopped = this.#subscribers.slice(-count);
    for (const each of this.#stopped) each.stop();
    return {};
  }

  /** Those that were stopped go, and others come in their place. */
  async refill() {
    const { wire, ports, own, looking } = this.#about;
    const first = this.#subscribers.length - this.#stopped.length;
    const gone = new Set(this.#stopped);
    for (const each of this.#stopped) each.close();
    this.#subscribers = this.#subscribers.filter((each) => !gone.has(each));
    const count = gone.size;
    this.#stopped = [];
    for (let at = first; at < first + count; at += 1) {
      const subscriber = new Subscriber(at < looking ? this.#look : undefined);
      const who = own ? extension(at) : undefined;
      this.#subscribers.push(await subscriber.open(wire, ports, who, this.#scratch));
    }
    return {};
  }

  async close() {
    await this.#helper?.ask('closeCounting');
    for (const each of this.#subscribers) each.close();
    this.#publisher?.close();
    await until(() => this.#subscribers.every((each) => each.isClosed), 5);
    return {};
  }
}
