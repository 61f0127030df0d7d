/**
 * Receivers of webhooks: HTTP servers of Node that answer at once, and can be told to fail in one of the ways
 * in which receivers do, on the same port. What they look at is dated by the clock that dates the frames.
 */
import { createServer } from 'node:http';
import { percentiles, until } from './pace.mjs';

/** `refusing`: the port is closed; `hanging`: requests are read and not answered; `failing`: 500. */
const modes = ['fine', 'refusing', 'hanging', 'failing'];
const platformMark = Buffer.from('"platformId":"');
const drainS = 4;
const none = Buffer.alloc(0);

class Receiver {
  port;
  mode = 'fine';
  /** Requests that came whole, by what was done with them. */
  counts = { fine: 0, hanging: 0, failing: 0 };
  #take;
  #server = createServer((request, response) => this.#read(request, response));
  #hanging = [];

  /** @param take called with the request and its body when it is taken */
  constructor(take) {
    this.#take = take;
    // More patient than who sends: a connection is never closed while a request is on its way.
    this.#server.keepAliveTimeout = 120_000;
    this.#server.requestTimeout = 0;
    this.#server.headersTimeout = 0;
  }

  async open() {
    await this.#listen(0);
    this.port = this.#server.address().port;
  }

  #listen(port) {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host: '127.0.0.1', port, backlog: 4096 }, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  #read(request, response) {
    let body = none;
    request.on('data', (chunk) => {
      body = body.length === 0 ? chunk : Buffer.concat([body, chunk]);
    });
    request.on('end', () => {
      const { mode } = this;
      this.counts[mode] += 1;
      if (mode === 'hanging') {
        this.#hanging.push(response);
        return;
      }
      if (mode === 'fine') this.#take(request, body);
      response.writeHead(mode === 'fine' ? 200 : 500, { 'content-length': 0 });
      response.end();
    });
  }

  async become(mode) {
    if (!modes.includes(mode)) throw new Error(`There is no mode ${mode}.`);
    const before = this.mode;
    this.mode = mode;
    for (const response of this.#hanging.splice(0)) response.destroy();
    if (mode === 'refusing' && before !== 'refusing') await this.#shut();
    if (mode !== 'refusing' && before === 'refusing') await this.#listen(this.port);
  }

  #shut() {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    return closed;
  }

  close() {
    return this.mode === 'refusing' ? undefined : this.#shut();
  }
}

/** What came in at one time or later, in slots of 100 ms. */
class Arrivals {
  #slots = new Map();
  firstMs;
  lastMs;

  add(atMs) {
    this.firstMs ??= atMs;
    this.lastMs = atMs;
    const slot = Math.floor(atMs / 100);
    this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + 1);
  }

  /** Milliseconds at which so many had come, 100 ms coarse. */
  whenMs(count) {
    let sum = 0;
    for (const [slot, here] of this.#slots) {
      sum += here;
      if (sum >= count) return (slot + 1) * 100;
    }
    return NaN;
  }

  get count() {
    return [...this.#slots.values()].reduce((sum, here) => sum + here, 0);
  }
}

export class Receivers {
  #all = [];
  #turning = new Set();
  #isLooking;
  /** When each event was said, ms; only those that count. */
  #saidMs = new Map();
  #expected = 0;
  #samples = [];
  /** What was told last of each call at each destination, while the call goes on. */
  #sequences = new Map();
  #arrivals = new Arrivals();
  #last;
  disordered = 0;
  repeated = 0;

  /**
   * Opens so many receivers. @param looking whether each request is looked at: which event it tells, and
   * whether its call is told in order
   */
  async open({ count, looking }) {
    this.#isLooking = looking;
    for (let at = 0; at < count; at += 1) {
      const receiver = new Receiver((request, body) => this.#take(request, body));
      await receiver.open();
      this.#all.push(receiver);
    }
    return { ports: this.#all.map(({ port }) => port) };
  }

  #take(request, body) {
    const atMs = performance.now();
    this.#arrivals.add(atMs);
    this.#last = { headers: request.headers, url: request.url, body };
    if (this.#isLooking) this.#look(request, body, atMs);
  }

  #look({ url, headers }, body, atMs) {
    const from = body.indexOf(platformMark) + platformMark.length;
    const key = body.toString('latin1', from, body.indexOf(0x22, from));
    const isEnd = body.includes('"type":"call.ended"');
    const lane = `${url} ${key}`;
    const sequence = Number(headers['offhook-call-sequence']);
    const before = this.#sequences.get(lane);
    if (before === sequence) this.repeated += 1;
    else if (before > sequence) this.disordered += 1;
    // The end is kept as well: what comes after it is out of order.
    this.#sequences.set(lane, sequence);
    if (this.#turning.has(Number(url.slice('/d/'.length)))) return;
    const saidMs = this.#saidMs.get(isEnd ? `${key}/end` : key);
    if (saidMs !== undefined && before !== sequence) this.#samples.push(atMs - saidMs);
  }

  /** Those that are dead at times: their requests are not among the samples. */
  turning({ destinations }) {
    this.#turning = new Set(destinations);
    return {};
  }

  /** From here on it is counted anew. */
  begin() {
    this.#saidMs.clear();
    this.#expected = 0;
    this.#samples = [];
    this.#arrivals = new Arrivals();
  }

  /** @param numbers destinations that it must reach */
  said({ key, isEnd }, numbers, atMs) {
    this.#saidMs.set(isEnd ? `${key}/end` : key, atMs);
    for (const number of numbers) if (!this.#turning.has(number)) this.#expected += 1;
  }

  async measured() {
    await until(() => this.#samples.length >= this.#expected, drainS);
    return {
      ...percentiles(this.#samples),
      share: this.#samples.length / this.#expected,
      disordered: this.disordered,
      repeated: this.repeated,
    };
  }

  /** @param changes pairs of a receiver's place and its mode */
  async become({ changes }) {
    for (const [at, mode] of changes) await this.#all[at].become(mode);
    return {};
  }

  get counts() {
    return this.#all.map(({ counts }) => ({ ...counts }));
  }

  /** Resolves when so many requests have been taken since `begin`, or nothing came for `patienceS`. */
  async taken({ count, patienceS }) {
    let seen = -1;
    let sinceMs = performance.now();
    await until(() => {
      const now = this.#arrivals.count;
      if (now !== seen) sinceMs = performance.now();
      seen = now;
      return now >= count || performance.now() - sinceMs > patienceS * 1000;
    }, 3_600);
    const all = this.#arrivals;
    const total = all.count;
    return {
      count: total,
      firstMs: all.firstMs,
      lastMs: all.lastMs,
      // Without the first and the last tenth: how it goes once it goes.
      tenthMs: all.whenMs(total * 0.1),
      halfMs: all.whenMs(total * 0.5),
      ninetiethMs: all.whenMs(total * 0.9),
      disordered: this.disordered,
      repeated: this.repeated,
    };
  }

  /** One request as it came, so that somebody else can make the same. */
  sample() {
    const { headers, url, body } = this.#last;
    return { headers, url, body: body.toString('latin1') };
  }

  async close() {
    for (const each of this.#all) await each.close();
    return {};
  }
}
